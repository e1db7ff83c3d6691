#include "xml/namespace.h"

#include <stdbool.h>
#include <stdlib.h>
#include <string.h>

#include "base/error.h"

#define FIRST_CAPACITY 4u

struct namespace_binding {
    uint32_t prefix; /* where it is in the text; the uri follows */
    uint32_t prefix_length;
    uint32_t uri_length;
};

void namespaces_init(struct namespaces *s)
{
    *s = (struct namespaces){0};
    buf_init(&s->text, UINT32_MAX);
}

void namespaces_free(struct namespaces *s)
{
    free(s->list);
    buf_free(&s->text);
    namespaces_init(s);
}

void namespaces_shrink(struct namespaces *s)
{
    if (s->count == 0) {
        namespaces_free(s);
        return;
    }
    struct namespace_binding *list = realloc(s->list, s->count * sizeof(*list));
    if (list != NULL) {
        s->list = list;
        s->capacity = s->count;
    }
    uint8_t *text = realloc(s->text.data, s->text.length);
    if (text != NULL) {
        s->text.data = text;
        s->text.capacity = s->text.length;
    }
}

static struct tokenizer_span prefix_of(const struct namespaces *s, size_t i)
{
    return (struct tokenizer_span){(const char *)s->text.data +
                                       s->list[i].prefix,
                                   s->list[i].prefix_length};
}

static struct tokenizer_span uri_of(const struct namespaces *s, size_t i)
{
    struct tokenizer_span prefix = prefix_of(s, i);
    return (struct tokenizer_span){prefix.text + prefix.length,
                                   s->list[i].uri_length};
}

static int grow(struct namespaces *s)
{
    if (s->count < s->capacity)
        return S2S_OK;
    size_t capacity = s->capacity != 0 ? 2 * s->capacity : FIRST_CAPACITY;
    struct namespace_binding *list = realloc(s->list, capacity * sizeof(*list));
    if (list == NULL)
        return S2S_ENO_MEMORY;
    s->list = list;
    s->capacity = capacity;
    return S2S_OK;
}

int namespaces_push(struct namespaces *s, struct tokenizer_span prefix,
                    struct tokenizer_span uri)
{
    size_t start = s->text.length;
    if (grow(s) != S2S_OK ||
        buf_reserve(&s->text, prefix.length + uri.length) != S2S_OK)
        return S2S_ENO_MEMORY;
    buf_add(&s->text, prefix.text, prefix.length);
    buf_add(&s->text, uri.text, uri.length);
    s->list[s->count] = (struct namespace_binding){
        .prefix = (uint32_t)start,
        .prefix_length = (uint32_t)prefix.length,
        .uri_length = (uint32_t)uri.length,
    };
    s->count++;
    return S2S_OK;
}

void namespaces_pop(struct namespaces *s, size_t count)
{
    if (count >= s->count)
        return;
    s->text.length = s->list[count].prefix;
    s->count = count;
}

static bool is(struct tokenizer_span span, const char *text)
{
    return span_equal(span, (struct tokenizer_span){text, strlen(text)});
}

int namespaces_find(const struct namespaces *s, struct tokenizer_span prefix,
                    struct tokenizer_span *found)
{
    for (size_t i = s->count; i-- > 0;) {
        if (span_equal(prefix_of(s, i), prefix)) {
            *found = uri_of(s, i);
            return S2S_OK;
        }
    }
    *found = (struct tokenizer_span){"", 0};
    if (is(prefix, "xml"))
        *found = (struct tokenizer_span){NAMESPACE_XML, strlen(NAMESPACE_XML)};
    return prefix.length == 0 || found->length != 0 ? S2S_OK : S2S_EXML;
}

const char *namespace_refuses(struct tokenizer_span prefix,
                              struct tokenizer_span uri)
{
    if (is(prefix, "xmlns"))
        return "the prefix xmlns is declared";
    if (is(prefix, "xml") != is(uri, NAMESPACE_XML))
        return "the prefix xml and its namespace belong together";
    if (is(uri, NAMESPACE_XMLNS))
        return "the namespace of declarations is bound";
    if (prefix.length != 0 && uri.length == 0)
        return "a prefix is bound to nothing";
    return NULL;
}
