/* The namespace declarations in scope (Namespaces in XML 1.0). */
#ifndef XML_NAMESPACE_H
#define XML_NAMESPACE_H

#include <stddef.h>
#include <stdint.h>

#include "base/buf.h"
#include "xml/event.h"

#define NAMESPACE_XML   "http://www.w3.org/XML/1998/namespace"
#define NAMESPACE_XMLNS "http://www.w3.org/2000/xmlns/"

struct namespace_binding;

struct namespaces {
    struct namespace_binding *list;
    size_t count;
    size_t capacity;
    struct buf text; /* each prefix and its namespace, in the list's order */
};

void namespaces_init(struct namespaces *s);
void namespaces_free(struct namespaces *s);
void namespaces_shrink(struct namespaces *s); /* give back spare memory */

/* Bind a prefix; empty is the default namespace, an empty uri is none.
 * S2S_ENO_MEMORY; unchanged then. */
int namespaces_push(struct namespaces *s, struct tokenizer_span prefix,
                    struct tokenizer_span uri);
/* Back to `count` bindings. */
void namespaces_pop(struct namespaces *s, size_t count);

/* What a prefix is bound to, "xml" included: S2S_OK, or S2S_EXML when it is to
 * nothing. An empty prefix always has an answer. *found is valid until the
 * next push. */
int namespaces_find(const struct namespaces *s, struct tokenizer_span prefix,
                    struct tokenizer_span *found);

/* Whether a declaration is allowed: NULL, or what is wrong with it. */
const char *namespace_refuses(struct tokenizer_span prefix,
                              struct tokenizer_span uri);

static inline int span_equal(struct tokenizer_span a, struct tokenizer_span b)
{
    return a.length == b.length &&
           (a.length == 0 || __builtin_memcmp(a.text, b.text, a.length) == 0);
}

#endif
