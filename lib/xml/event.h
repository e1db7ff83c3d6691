/* What the tokenizer reports, and its limits. */
#ifndef XML_EVENT_H
#define XML_EVENT_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

struct tokenizer_span { /* not NUL-terminated */
    const char *text;
    size_t length;
};

struct tokenizer_attribute {
    struct tokenizer_span name; /* as written: "from", "xml:lang" */
    struct tokenizer_span local;
    struct tokenizer_span ns;    /* empty: no namespace */
    struct tokenizer_span value; /* references resolved, normalised */
};

struct tokenizer_element {
    struct tokenizer_span name; /* as written: "stream:features" */
    struct tokenizer_span local;
    struct tokenizer_span ns;                     /* empty: no namespace */
    const struct tokenizer_attribute *attributes; /* xmlns ones included */
    size_t attribute_count;
    bool is_header; /* the stream's own start tag */
};

/*
 * Events inside the header and top-level elements. What they point to is
 * valid only during the call. Each returns 0, or a negative enum s2s_error
 * that ends the tokenizer with that error.
 */
struct tokenizer_sink {
    void *user;
    int (*start)(void *user, const struct tokenizer_element *element);
    /* A whole run of text: character data, CDATA and references between two
     * tags, merged, decoded, with line ends normalised. Never empty. */
    int (*text)(void *user, const char *text, size_t length);
    int (*end)(void *user);
};

struct tokenizer_limits { /* none is 0 */
    uint32_t header;      /* bytes up to the '>' of the stream's start tag */
    uint32_t element;     /* bytes of a top-level element */
    uint32_t depth;       /* the top-level element is 1 */
    uint32_t nodes;       /* elements and text runs of a top-level element */
    uint32_t attributes;  /* of one element, declarations included */
    uint32_t bindings;    /* declarations in scope, the header's included */
    uint32_t name;        /* bytes of a qualified name, and of a namespace */
};

#endif
