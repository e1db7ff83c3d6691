/* References, and the text that they, CDATA sections and line ends stand for.
 */
#ifndef XML_REFERENCE_H
#define XML_REFERENCE_H

#include <stddef.h>
#include <stdint.h>

#include "xml/fault.h"

#define REFERENCE_MAX 12 /* bytes, '&' and ';' included */

/*
 * Read the reference that `bytes` begin with: one of the five predefined
 * entities, or a character reference to an XML character. Returns its length
 * and the code point; 0 when more bytes are needed; S2S_EXML,
 * S2S_EXML_FORBIDDEN (another entity) or S2S_ELIMIT (a character reference
 * longer than REFERENCE_MAX) with *why.
 */
int reference_read(const uint8_t *bytes, size_t length, uint32_t *code,
                   const char **why);

/*
 * Decode bytes that the tokenizer has accepted. `out` has room for `length`
 * bytes: what is decoded is never longer. Returns the bytes written.
 */
size_t reference_decode_text(const uint8_t *bytes, size_t length, uint8_t *out);
size_t reference_decode_value(const uint8_t *bytes, size_t length,
                              uint8_t *out);

#endif
