/*
 * One item of the stream while it is read: the XML declaration, the stream's
 * start tag, one top-level element, or the stream's end tag. Its bytes are
 * appended as they come, and looked at by the functions of the states.
 */
#ifndef XML_ITEM_H
#define XML_ITEM_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/buf.h"
#include "xml/elements.h"
#include "xml/fault.h"

enum item_state {
    IN_FIRST,  /* at the '<' or byte order mark that the input begins with */
    IN_ROOT,   /* at the '<' behind the XML declaration or white space */
    IN_MARKUP, /* at any other '<' */
    IN_DECLARATION,
    IN_TEXT,
    IN_SECTION, /* CDATA */
    IN_START_NAME,
    IN_START_TAG, /* behind the name or a value */
    IN_NAME,      /* of an attribute */
    IN_EQUALS,
    IN_QUOTE,
    IN_VALUE,
    IN_END_NAME,
    IN_END_TAG
};

struct item {
    struct elements elements;
    struct buf bytes;
    enum item_state state;
    bool declared; /* an XML declaration has come */
    bool plain;    /* the text or value so far needs no decoding */
    uint8_t quote; /* of the value */
    size_t at;     /* the next byte to look at */
    size_t mark;   /* where the name, value or run of text begins */
    size_t colon;  /* of the name; 0: none yet */
    struct fault fault;
};

/*
 * The function of a state looks at least at the one byte at i->at. It returns
 * ITEM_GO when it took something; ITEM_MORE when it needs more bytes, to be
 * called again with the same i->at, so that only what is bounded is ever read
 * twice; another result at the end of the item; or a negative error, with
 * i->fault.
 */
enum item_result {
    ITEM_MORE,
    ITEM_GO,
    ITEM_DECLARED,
    ITEM_HEADER,
    ITEM_ELEMENT,
    ITEM_FOOTER
};

static inline int item_fail(struct item *i, int error, size_t at,
                            const char *text)
{
    return fault_set(&i->fault, error, at, text);
}

static inline const uint8_t *item_here(const struct item *i)
{
    return i->bytes.data + i->at;
}

static inline const uint8_t *item_end(const struct item *i)
{
    return i->bytes.data + i->bytes.length;
}

static inline size_t item_left(const struct item *i)
{
    return i->bytes.length - i->at;
}

static inline bool item_at_end(const struct item *i)
{
    return i->at == i->bytes.length;
}

static inline void item_move_to(struct item *i, const uint8_t *p)
{
    i->at = (size_t)(p - i->bytes.data);
}

/* Skip `length` bytes; the token of `state` begins behind them. */
static inline int item_enter(struct item *i, enum item_state state,
                             size_t length)
{
    i->at += length;
    i->mark = i->at;
    i->colon = 0;
    i->plain = true;
    i->state = state;
    return ITEM_GO;
}

/* What is wrong when the byte at i->at may not stand there: ITEM_MORE when
 * that is open, or S2S_EENCODING, or S2S_EXML with this text. */
int item_unexpected(struct item *i, const char *text);

#endif
