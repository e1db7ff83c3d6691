#include "xml/tag.h"

#include <stdlib.h>
#include <string.h>

#include "base/error.h"
#include "xml/reference.h"

#define FIRST_CAPACITY 8u

void tag_init(struct tag *tag, size_t limit)
{
    *tag = (struct tag){0};
    buf_init(&tag->decoded, limit);
}

void tag_free(struct tag *tag)
{
    free(tag->list);
    free(tag->out);
    buf_free(&tag->decoded);
    tag_init(tag, tag->decoded.limit);
}

void tag_begin(struct tag *tag, struct tag_name name)
{
    tag->name = name;
    tag->count = 0;
}

static int grow(struct tag *tag)
{
    if (tag->count < tag->capacity)
        return S2S_OK;
    size_t capacity = tag->capacity != 0 ? 2 * tag->capacity : FIRST_CAPACITY;
    struct tag_attribute *list = realloc(tag->list, capacity * sizeof(*list));
    if (list == NULL)
        return S2S_ENO_MEMORY;
    tag->list = list;
    struct tokenizer_attribute *out =
        realloc(tag->out, capacity * sizeof(*out));
    if (out == NULL)
        return S2S_ENO_MEMORY;
    tag->out = out;
    tag->capacity = capacity;
    return S2S_OK;
}

int tag_attribute(struct tag *tag, struct tag_name name)
{
    if (grow(tag) != S2S_OK)
        return S2S_ENO_MEMORY;
    tag->list[tag->count++] = (struct tag_attribute){.name = name};
    return S2S_OK;
}

void tag_value(struct tag *tag, size_t at, size_t length, bool plain)
{
    struct tag_attribute *a = &tag->list[tag->count - 1];
    a->value = (uint32_t)at;
    a->value_length = (uint32_t)length;
    a->plain = plain;
}

/* What the steps of a resolution share. */
struct resolution {
    struct tag *tag;
    const uint8_t *bytes;
    struct namespaces *scope;
    const struct tag_limits *limits;
    struct fault *fault;
};

static int refuse(const struct resolution *r, size_t i, int error,
                  const char *text)
{
    return fault_set(r->fault, error, r->tag->list[i].name.at, text);
}

static int out_of_memory(const struct resolution *r)
{
    return fault_set(r->fault, S2S_ENO_MEMORY, r->tag->name.at,
                     "out of memory");
}

static struct tokenizer_span span(const uint8_t *bytes, size_t at,
                                  size_t length)
{
    return (struct tokenizer_span){(const char *)bytes + at, length};
}

static struct tokenizer_span prefix_of(const struct resolution *r,
                                       const struct tag_name *name)
{
    return span(r->bytes, name->at, name->prefix);
}

static struct tokenizer_span local_of(const struct resolution *r,
                                      const struct tag_name *name)
{
    size_t skip = name->prefix != 0 ? name->prefix + 1u : 0;
    return span(r->bytes, name->at + skip, name->length - skip);
}

static bool is_xmlns(struct tokenizer_span s)
{
    return s.length == 5 && memcmp(s.text, "xmlns", 5) == 0;
}

static bool declares(const struct resolution *r, const struct tag_name *name)
{
    return is_xmlns(span(r->bytes, name->at,
                         name->prefix != 0 ? name->prefix : name->length));
}

/* All room is made first, so that no decoded value moves. */
static int decode_values(const struct resolution *r)
{
    struct tag *tag = r->tag;
    struct buf *decoded = &tag->decoded;
    size_t need = 0;
    for (size_t i = 0; i < tag->count; i++)
        need += tag->list[i].plain ? 0 : tag->list[i].value_length;
    decoded->length = 0;
    if (need != 0 && buf_reserve(decoded, need) != S2S_OK)
        return out_of_memory(r);
    for (size_t i = 0; i < tag->count; i++) {
        const struct tag_attribute *a = &tag->list[i];
        struct tokenizer_span *value = &tag->out[i].value;
        *value = span(r->bytes, a->value, a->value_length);
        if (a->plain)
            continue;
        uint8_t *out = decoded->data + decoded->length;
        value->length =
            reference_decode_value(r->bytes + a->value, a->value_length, out);
        value->text = (const char *)out;
        decoded->length += value->length;
    }
    return S2S_OK;
}

static int refuse_same_names(const struct resolution *r)
{
    const struct tokenizer_attribute *out = r->tag->out;
    for (size_t i = 1; i < r->tag->count; i++) {
        for (size_t j = 0; j < i; j++) {
            if (span_equal(out[i].name, out[j].name))
                return refuse(r, i, S2S_EXML, "a duplicate attribute");
        }
    }
    return S2S_OK;
}

static int declare(const struct resolution *r, size_t i)
{
    const struct tag_name *name = &r->tag->list[i].name;
    struct tokenizer_span uri = r->tag->out[i].value;
    struct tokenizer_span prefix = {"", 0};
    if (name->prefix != 0)
        prefix = local_of(r, name);
    const char *wrong = namespace_refuses(prefix, uri);
    if (wrong != NULL)
        return refuse(r, i, S2S_EXML, wrong);
    if (uri.length > r->limits->name)
        return refuse(r, i, S2S_ELIMIT, "a namespace is too long");
    if (r->scope->count >= r->limits->bindings)
        return refuse(r, i, S2S_ELIMIT, "too many namespace declarations");
    if (namespaces_push(r->scope, prefix, uri) != S2S_OK)
        return out_of_memory(r);
    return S2S_OK;
}

static int declare_all(const struct resolution *r)
{
    int e = S2S_OK;
    for (size_t i = 0; i < r->tag->count && e == S2S_OK; i++) {
        if (declares(r, &r->tag->list[i].name))
            e = declare(r, i);
    }
    return e;
}

static int resolve_element(const struct resolution *r,
                           struct tokenizer_element *element)
{
    const struct tag_name *name = &r->tag->name;
    struct tokenizer_span ns;
    if (namespaces_find(r->scope, prefix_of(r, name), &ns) != S2S_OK)
        return fault_set(r->fault, S2S_EXML, name->at,
                         "an undeclared prefix of an element");
    *element = (struct tokenizer_element){
        .name = span(r->bytes, name->at, name->length),
        .local = local_of(r, name),
        .ns = ns,
        .attributes = r->tag->out,
        .attribute_count = r->tag->count,
    };
    return S2S_OK;
}

/* Whether an earlier attribute with a prefix has the same expanded name. */
static bool expanded_before(const struct resolution *r, size_t i,
                            struct tokenizer_span ns)
{
    const struct tokenizer_attribute *out = r->tag->out;
    for (size_t j = 0; j < i; j++) {
        if (r->tag->list[j].name.prefix == 0 ||
            !span_equal(out[j].local, out[i].local))
            continue;
        if (span_equal(out[j].ns, ns))
            return true;
    }
    return false;
}

static int resolve_attribute(const struct resolution *r, size_t i)
{
    const struct tag_name *name = &r->tag->list[i].name;
    struct tokenizer_attribute *out = &r->tag->out[i];
    struct tokenizer_span ns;
    out->ns = (struct tokenizer_span){"", 0};
    out->local = local_of(r, name);
    if (declares(r, name)) {
        out->ns =
            (struct tokenizer_span){NAMESPACE_XMLNS, strlen(NAMESPACE_XMLNS)};
        return S2S_OK;
    }
    if (name->prefix == 0)
        return S2S_OK;
    if (namespaces_find(r->scope, prefix_of(r, name), &ns) != S2S_OK)
        return refuse(r, i, S2S_EXML, "an undeclared prefix of an attribute");
    if (expanded_before(r, i, ns))
        return refuse(r, i, S2S_EXML, "a duplicate attribute");
    out->ns = ns;
    return S2S_OK;
}

int tag_resolve(struct tag *tag, const uint8_t *bytes, struct namespaces *scope,
                const struct tag_limits *limits,
                struct tokenizer_element *element, struct fault *fault)
{
    struct resolution r = {tag, bytes, scope, limits, fault};
    for (size_t i = 0; i < tag->count; i++)
        tag->out[i].name =
            span(bytes, tag->list[i].name.at, tag->list[i].name.length);
    int e = decode_values(&r);
    if (e == S2S_OK)
        e = refuse_same_names(&r);
    if (e == S2S_OK)
        e = declare_all(&r);
    if (e == S2S_OK)
        e = resolve_element(&r, element);
    for (size_t i = 0; i < tag->count && e == S2S_OK; i++)
        e = resolve_attribute(&r, i);
    return e;
}
