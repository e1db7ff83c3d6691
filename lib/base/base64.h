/* Base64 (RFC 4648, 4), strict: padded, no white space, no loose bits. */
#ifndef BASE_BASE64_H
#define BASE_BASE64_H

#include <stddef.h>

#include "base/buf.h"

/* Append the text. Errors of buf_add(). */
int base64_write(struct buf *out, const void *bytes, size_t length);

/* Append the bytes. Errors of buf_add(), or S2S_EPROTOCOL when the text is
 * not strict base64. Unchanged on failure. */
int base64_read(struct buf *out, const char *text);

#endif
