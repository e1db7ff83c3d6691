/*
 * From complete tags and runs of text to events: open elements, namespaces in
 * scope, the root of the stream, and the limits of all that. Offsets are into
 * the item's bytes, which each call gets.
 */
#ifndef XML_ELEMENTS_H
#define XML_ELEMENTS_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/buf.h"
#include "xml/event.h"
#include "xml/fault.h"
#include "xml/namespace.h"
#include "xml/tag.h"

struct open_element;

struct elements {
    struct tokenizer_sink sink;
    struct tokenizer_limits limits;
    struct tag tag;          /* the start tag that is being read */
    struct namespaces scope; /* the header's declarations first */
    struct open_element *open;
    size_t depth;
    size_t capacity;
    uint32_t nodes; /* of the top-level element so far */
    char *root;     /* the name of the stream's start tag, once it is open */
    size_t root_length;
    struct buf decoded; /* text */
};

void elements_init(struct elements *e, const struct tokenizer_sink *sink,
                   const struct tokenizer_limits *limits);
void elements_free(struct elements *e);
void elements_compact(struct elements *e); /* between two items */

/* All of these: S2S_OK, or an error with *fault. */

/* Text of `length` > 0 bytes at `at`; `plain`: it needs no decoding. */
int elements_text(struct elements *e, const uint8_t *bytes, size_t at,
                  size_t length, bool plain, struct fault *fault);
/* A start tag, not the stream's, begins at `at`. */
int elements_open(struct elements *e, size_t at, struct fault *fault);
/* e->tag is complete, and ends before `end`: the stream's while there is no
 * root. `empty`: "/>". */
int elements_start(struct elements *e, const uint8_t *bytes, size_t end,
                   bool empty, struct fault *fault);
/* An end tag is complete, and ends before `end`. */
int elements_end(struct elements *e, size_t end, struct fault *fault);

/* The name that the next end tag has; the stream's own at depth 0. */
struct tokenizer_span elements_name(const struct elements *e,
                                    const uint8_t *bytes);

#endif
