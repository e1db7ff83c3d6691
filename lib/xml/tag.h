/*
 * A start tag. While it is read, names and values are noted as offsets into
 * the item's bytes, which may move; when it is complete, it is resolved into
 * what the tokenizer reports.
 */
#ifndef XML_TAG_H
#define XML_TAG_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/buf.h"
#include "xml/event.h"
#include "xml/fault.h"
#include "xml/namespace.h"

struct tag_name {
    uint32_t at;
    uint32_t length;
    uint32_t prefix; /* its length; 0: none */
};

struct tag_attribute {
    struct tag_name name;
    uint32_t value;
    uint32_t value_length;
    bool plain; /* the value's bytes are the value */
};

struct tag {
    struct tag_name name;
    struct tag_attribute *list;
    struct tokenizer_attribute *out;
    size_t count;
    size_t capacity;    /* of both lists */
    struct buf decoded; /* values that are not plain */
};

void tag_init(struct tag *tag, size_t limit);
void tag_free(struct tag *tag);

void tag_begin(struct tag *tag, struct tag_name name);
/* Add an attribute without a value yet. S2S_ENO_MEMORY. */
int tag_attribute(struct tag *tag, struct tag_name name);
/* The value of the one added last. */
void tag_value(struct tag *tag, size_t at, size_t length, bool plain);

struct tag_limits {
    size_t bindings; /* in scope */
    size_t name;     /* bytes of a namespace */
};

/*
 * Decode values, refuse duplicates, push the declarations on `scope` and
 * resolve all prefixes. S2S_OK and *element, which is valid until the tag, the
 * scope or `bytes` change; or S2S_EXML, S2S_ELIMIT or S2S_ENO_MEMORY with
 * *fault.
 */
int tag_resolve(struct tag *tag, const uint8_t *bytes, struct namespaces *scope,
                const struct tag_limits *limits,
                struct tokenizer_element *element, struct fault *fault);

#endif
