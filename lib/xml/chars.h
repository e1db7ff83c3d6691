/* Character classes of XML 1.0 (fifth edition), and fast runs over them. */
#ifndef XML_CHARS_H
#define XML_CHARS_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

enum {
    CHARS_SPACE = 1,
    CHARS_NAME_START = 2, /* without ':' */
    CHARS_NAME = 4,       /* without ':' */
    CHARS_TEXT = 8,       /* nothing to look at in character data */
    CHARS_VALUE = 16,     /* ... in an attribute value, whatever its quote */
    CHARS_CDATA = 32      /* ... in a CDATA section */
};

/* The classes of each byte. Bytes from 0x80 have none. */
extern const uint8_t chars_class[256];

static inline bool chars_is(uint8_t byte, int classes)
{
    return (chars_class[byte] & classes) != 0;
}

/* The end of the run of bytes of these classes. */
static inline const uint8_t *chars_skip(const uint8_t *p, const uint8_t *end,
                                        int classes)
{
    while (p < end && chars_is(*p, classes))
        p++;
    return p;
}

/* The same for CHARS_TEXT, made for long runs. */
const uint8_t *chars_skip_text(const uint8_t *p, const uint8_t *end);

/*
 * The end of the run of characters above U+007F. What stops it, if that is a
 * byte of 0x80 or above, is in *why: 0 when more bytes are needed, else
 * S2S_EENCODING or S2S_EXML.
 */
const uint8_t *chars_skip_high(const uint8_t *p, const uint8_t *end, int *why);

bool chars_is_xml(uint32_t code);        /* production [2] */
bool chars_is_name_start(uint32_t code); /* [4] without ':' */
bool chars_is_name(uint32_t code);       /* [4a] without ':' */

/* How `length` bytes compare to the `text` that must stand there: negative
 * when they differ, 0 when they are a beginning of it, 1 when all is there.
 * `text` is in lower case when `any_case`. */
int chars_match(const uint8_t *bytes, size_t length, const char *text,
                bool any_case);

#endif
