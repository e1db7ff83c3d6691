/* UTF-8 (RFC 3629) and XML characters. */
#ifndef BASE_UTF8_H
#define BASE_UTF8_H

#include <stddef.h>
#include <stdint.h>

/*
 * Decode one character of `length` > 0 bytes. Returns its bytes (1..4) and
 * the code point; 0 when the bytes are a proper beginning that needs more;
 * -1 when they are not UTF-8 (overlong, surrogate, above U+10FFFF included).
 */
int utf8_decode(const uint8_t *bytes, size_t length, uint32_t *code);

/* Whether `length` bytes are valid UTF-8. */
int utf8_valid(const void *bytes, size_t length);

/* Encode a code point up to U+10FFFF; returns 1..4. */
int utf8_encode(uint32_t code, uint8_t out[4]);

/* The bytes that utf8_clean() may write for `length` bytes, NUL included. */
size_t utf8_clean_size(size_t length);

/* Copy with each bad byte and each control character replaced by U+FFFD, and
 * a NUL behind. Returns the length without it. */
size_t utf8_clean(const void *bytes, size_t length, char *out);

#endif
