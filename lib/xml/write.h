/*
 * What we send. Names and fixed parts are compile-time text; everything else
 * goes through the escaping ones. Errors: S2S_ENO_MEMORY, S2S_ELIMIT, and
 * S2S_EINTERNAL for a value that is not valid UTF-8 or has a character that
 * XML does not allow: it is refused, never repaired.
 */
#ifndef XML_WRITE_H
#define XML_WRITE_H

#include <stdbool.h>
#include <stddef.h>

#include "base/buf.h"
#include "xml/tokenizer.h"

/* Append ` name='value'`. NULL value: nothing. */
int write_attribute(struct buf *b, const char *name, const char *value);
/* Append character data. */
int write_text(struct buf *b, const char *text);

/*
 * Whether `bytes` are what our own tokenizer accepts: a stream header when
 * `header`, else one whole element below a header of ours. What we would not
 * accept we never send. S2S_OK or S2S_EINTERNAL or S2S_ENO_MEMORY.
 */
int write_check(const void *bytes, size_t length, bool header);
/* The same for an element, of which the sink is told. */
int write_check_into(const struct tokenizer_sink *sink, const void *bytes,
                     size_t length);

#endif
