#include "xml/elements.h"

#include <stdlib.h>
#include <string.h>

#include "base/error.h"
#include "xml/reference.h"

#define STREAMS     "http://etherx.jabber.org/streams"
#define FIRST_DEPTH 8u

/* An element whose end tag has not come. */
struct open_element {
    uint32_t name; /* offset */
    uint32_t length;
    uint32_t bindings; /* in scope outside it */
};

void elements_init(struct elements *e, const struct tokenizer_sink *sink,
                   const struct tokenizer_limits *limits)
{
    *e = (struct elements){.sink = *sink, .limits = *limits};
    tag_init(&e->tag, UINT32_MAX);
    namespaces_init(&e->scope);
    buf_init(&e->decoded, UINT32_MAX);
}

/* All but what the header left. */
static void free_spare(struct elements *e)
{
    tag_free(&e->tag);
    buf_free(&e->decoded);
    free(e->open);
    e->open = NULL;
    e->capacity = 0;
}

void elements_free(struct elements *e)
{
    free_spare(e);
    namespaces_free(&e->scope);
    free(e->root);
}

void elements_compact(struct elements *e)
{
    free_spare(e);
    namespaces_shrink(&e->scope);
}

static int out_of_memory(struct fault *fault, size_t at)
{
    return fault_set(fault, S2S_ENO_MEMORY, at, "out of memory");
}

/* What the sink returned, for what ends before `end`. */
static int reported(int result, size_t end, struct fault *fault)
{
    return result < 0 ? fault_set(fault, result, end - 1, "refused") : S2S_OK;
}

static int count_node(struct elements *e, size_t at, struct fault *fault)
{
    if (e->nodes >= e->limits.nodes)
        return fault_set(fault, S2S_ELIMIT, at, "too many nodes");
    e->nodes++;
    return S2S_OK;
}

int elements_text(struct elements *e, const uint8_t *bytes, size_t at,
                  size_t length, bool plain, struct fault *fault)
{
    const uint8_t *text = bytes + at;
    size_t end = at + length;
    if (!plain) {
        e->decoded.length = 0;
        if (buf_reserve(&e->decoded, length) != S2S_OK)
            return out_of_memory(fault, at);
        length = reference_decode_text(text, length, e->decoded.data);
        text = e->decoded.data;
    }
    if (length == 0) /* <![CDATA[]]> */
        return S2S_OK;
    int r = count_node(e, at, fault);
    if (r != S2S_OK)
        return r;
    return reported(e->sink.text(e->sink.user, (const char *)text, length), end,
                    fault);
}

int elements_open(struct elements *e, size_t at, struct fault *fault)
{
    if (e->depth == 0)
        e->nodes = 0;
    if (e->depth >= e->limits.depth)
        return fault_set(fault, S2S_ELIMIT, at, "elements nested too deep");
    return count_node(e, at, fault);
}

static bool is(struct tokenizer_span s, const char *text)
{
    return span_equal(s, (struct tokenizer_span){text, strlen(text)});
}

/* The root must be {http://etherx.jabber.org/streams}stream. */
static int check_root(const struct tokenizer_element *root, bool empty,
                      size_t at, struct fault *fault)
{
    bool local = is(root->local, "stream");
    bool ns = is(root->ns, STREAMS);
    if (!local && !ns)
        return fault_set(fault, S2S_ENOT_XMPP, at, "the root is no stream");
    if (!local || !ns)
        return fault_set(fault, S2S_ENAMESPACE, at, "the root is no stream");
    if (empty)
        return fault_set(fault, S2S_EXML, at, "the stream is an empty element");
    return S2S_OK;
}

static int keep_root(struct elements *e, const uint8_t *bytes,
                     struct fault *fault)
{
    const struct tag_name *name = &e->tag.name;
    char *copy = malloc(name->length);
    if (copy == NULL)
        return out_of_memory(fault, name->at);
    memcpy(copy, bytes + name->at, name->length);
    e->root = copy;
    e->root_length = name->length;
    return S2S_OK;
}

static int push(struct elements *e, size_t bindings, struct fault *fault)
{
    if (e->depth == e->capacity) {
        size_t capacity = e->capacity != 0 ? 2 * e->capacity : FIRST_DEPTH;
        struct open_element *open = realloc(e->open, capacity * sizeof(*open));
        if (open == NULL)
            return out_of_memory(fault, e->tag.name.at);
        e->open = open;
        e->capacity = capacity;
    }
    e->open[e->depth++] = (struct open_element){
        e->tag.name.at, e->tag.name.length, (uint32_t)bindings};
    return S2S_OK;
}

int elements_start(struct elements *e, const uint8_t *bytes, size_t end,
                   bool empty, struct fault *fault)
{
    const struct tag_limits limits = {e->limits.bindings, e->limits.name};
    struct tokenizer_element element;
    size_t bindings = e->scope.count;
    int r = tag_resolve(&e->tag, bytes, &e->scope, &limits, &element, fault);
    if (r != S2S_OK)
        return r;
    element.is_header = e->root == NULL;
    if (element.is_header) {
        r = check_root(&element, empty, e->tag.name.at - 1u, fault);
        if (r == S2S_OK)
            r = keep_root(e, bytes, fault);
    } else {
        r = push(e, bindings, fault);
    }
    if (r == S2S_OK)
        r = reported(e->sink.start(e->sink.user, &element), end, fault);
    return r == S2S_OK && empty ? elements_end(e, end, fault) : r;
}

int elements_end(struct elements *e, size_t end, struct fault *fault)
{
    e->depth--;
    namespaces_pop(&e->scope, e->open[e->depth].bindings);
    return reported(e->sink.end(e->sink.user), end, fault);
}

struct tokenizer_span elements_name(const struct elements *e,
                                    const uint8_t *bytes)
{
    if (e->depth == 0)
        return (struct tokenizer_span){e->root, e->root_length};
    const struct open_element *o = &e->open[e->depth - 1];
    return (struct tokenizer_span){(const char *)bytes + o->name, o->length};
}
