/*
 * Stream bytes to events. This is the authority over untrusted bytes: what it
 * accepts is well-formed, namespace-well-formed, restricted XML (RFC 6120,
 * section 11) within the limits; nothing else is handed on.
 *
 * Push and resumable: any segmentation of the same bytes gives the same
 * events, errors and offsets, in linear time. It stops after the stream
 * header, after each top-level element and after the stream's end tag, so
 * that the caller decides what the next byte means.
 */
#ifndef XML_TOKENIZER_H
#define XML_TOKENIZER_H

#include <s2sprobe.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "xml/event.h"

struct tokenizer;

enum tokenizer_event {
    TOKENIZER_MORE,    /* all input is used, nothing happened yet */
    TOKENIZER_HEADER,  /* the stream's start tag; no end event for it */
    TOKENIZER_ELEMENT, /* a top-level element is complete */
    TOKENIZER_FOOTER   /* the stream's end tag */
};

/* The caller's limits, as they are before anybody has authenticated. */
struct tokenizer_limits tokenizer_limits_of(const s2s_limits *limits);

/* NULL when there is no memory. The sink and the limits are copied. */
struct tokenizer *tokenizer_new(const struct tokenizer_sink *sink,
                                const struct tokenizer_limits *limits);
void tokenizer_free(struct tokenizer *t);

/*
 * Take bytes until something happens or they are used up. Returns an enum
 * tokenizer_event, or a negative enum s2s_error, which is then returned for
 * ever: S2S_EXML, S2S_EXML_FORBIDDEN, S2S_EENCODING, S2S_ENAMESPACE (an
 * undeclared prefix or a bad declaration is S2S_EXML: RFC 6120, 4.9.3.13;
 * S2S_ENAMESPACE is for a root that is no stream), S2S_ENOT_XMPP (the first
 * bytes are not the beginning of an XML document), S2S_ELIMIT,
 * S2S_ENO_MEMORY, or what the sink returned. *used is how many bytes were
 * taken, whatever is returned.
 */
int tokenizer_feed(struct tokenizer *t, const void *bytes, size_t length,
                   size_t *used);

/*
 * The exact bytes of the top-level element that TOKENIZER_ELEMENT reported,
 * '<' to '>' (of the header after TOKENIZER_HEADER). Valid until the next
 * call of tokenizer_feed(), tokenizer_compact() or tokenizer_free().
 */
struct tokenizer_span tokenizer_verbatim(const struct tokenizer *t);

/* After an error: the offset in the whole input of the byte that shows it,
 * and what is wrong, as static text. */
uint64_t tokenizer_error_offset(const struct tokenizer *t);
const char *tokenizer_error_text(const struct tokenizer *t);

/* Whether no byte of an unfinished item is held: white space alone, if
 * anything, has come since the last event. */
bool tokenizer_at_rest(const struct tokenizer *t);

/* The limits of top-level elements from now on (authenticated streams). */
void tokenizer_set_element_limit(struct tokenizer *t, uint32_t bytes,
                                 uint32_t nodes);

/* Give back what memory can be given back between two items. */
void tokenizer_compact(struct tokenizer *t);

#endif
