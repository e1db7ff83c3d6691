#include "xml/reference.h"

#include <stdbool.h>
#include <string.h>

#include "base/error.h"
#include "base/utf8.h"
#include "xml/chars.h"

static const struct {
    const char *text;
    uint32_t code;
} entities[] = {
    {"&lt;", '<'},    {"&gt;", '>'},   {"&amp;", '&'},
    {"&apos;", '\''}, {"&quot;", '"'},
};

static int refuse(const char **why, int error, const char *text)
{
    *why = text;
    return error;
}

static int hex_digit(uint8_t c)
{
    if (c >= '0' && c <= '9')
        return c - '0';
    c = (uint8_t)(c | 0x20);
    return c >= 'a' && c <= 'f' ? c - 'a' + 10 : -1;
}

/* "&#" is there. */
static int read_number(const uint8_t *p, size_t length, uint32_t *code,
                       const char **why)
{
    uint32_t base = length > 2 && p[2] == 'x' ? 16 : 10;
    size_t first = base == 16 ? 3 : 2;
    uint32_t sum = 0;
    for (size_t i = first; i < length && i < REFERENCE_MAX; i++) {
        int digit = hex_digit(p[i]);
        if (p[i] == ';' && i > first && chars_is_xml(sum)) {
            *code = sum;
            return (int)i + 1;
        }
        if (digit < 0 || (uint32_t)digit >= base)
            return refuse(why, S2S_EXML, "a bad character reference");
        sum = sum * base + (uint32_t)digit;
        if (sum > 0x10ffff)
            return refuse(why, S2S_EXML, "a reference to no character");
    }
    if (length < REFERENCE_MAX)
        return 0;
    return refuse(why, S2S_ELIMIT, "a character reference is too long");
}

static int read_entity(const uint8_t *p, size_t length, uint32_t *code,
                       const char **why)
{
    for (size_t i = 0; i < sizeof(entities) / sizeof(entities[0]); i++) {
        int match = chars_match(p, length, entities[i].text, false);
        if (match == 0)
            return 0;
        if (match > 0) {
            *code = entities[i].code;
            return (int)strlen(entities[i].text);
        }
    }
    for (size_t i = 1; i < length && i < REFERENCE_MAX; i++) {
        if (p[i] == ';' && i > 1)
            return refuse(why, S2S_EXML_FORBIDDEN, "an entity reference");
        if (!chars_is(p[i], i == 1 ? CHARS_NAME_START : CHARS_NAME))
            return refuse(why, S2S_EXML, "an ampersand without a reference");
    }
    if (length < REFERENCE_MAX)
        return 0;
    return refuse(why, S2S_EXML_FORBIDDEN, "an entity reference");
}

int reference_read(const uint8_t *bytes, size_t length, uint32_t *code,
                   const char **why)
{
    if (length < 2)
        return 0;
    if (bytes[1] == '#')
        return read_number(bytes, length, code, why);
    return read_entity(bytes, length, code, why);
}

/* A reference of `bytes`, decoded to *out; returns its length. */
static size_t decode_reference(const uint8_t *bytes, size_t length,
                               uint8_t **out)
{
    uint32_t code = 0;
    const char *why;
    int n = reference_read(bytes, length, &code, &why);
    *out += utf8_encode(code, *out);
    return n > 0 ? (size_t)n : length;
}

/* The bytes of a line end that begins with CR. */
static size_t line_end(const uint8_t *p, const uint8_t *end)
{
    return end - p > 1 && p[1] == '\n' ? 2 : 1;
}

static uint8_t *copy_section(const uint8_t *p, const uint8_t *end, uint8_t *out)
{
    while (p < end) {
        if (*p == '\r') {
            p += line_end(p, end);
            *out++ = '\n';
        } else {
            *out++ = *p++;
        }
    }
    return out;
}

/* "<![CDATA[...]]>" decoded to *out; returns its length. */
static size_t decode_section(const uint8_t *bytes, size_t length, uint8_t **out)
{
    const size_t head = strlen("<![CDATA[");
    const uint8_t *inside = bytes + head;
    const uint8_t *end = memmem(inside, length - head, "]]>", 3);
    if (end == NULL) /* never: it was accepted */
        return length;
    *out = copy_section(inside, end, *out);
    return (size_t)(end - bytes) + 3;
}

size_t reference_decode_text(const uint8_t *bytes, size_t length, uint8_t *out)
{
    const uint8_t *p = bytes;
    const uint8_t *end = bytes + length;
    uint8_t *o = out;
    while (p < end) {
        if (*p == '&') {
            p += decode_reference(p, (size_t)(end - p), &o);
        } else if (*p == '<') {
            p += decode_section(p, (size_t)(end - p), &o);
        } else if (*p == '\r') {
            p += line_end(p, end);
            *o++ = '\n';
        } else {
            *o++ = *p++;
        }
    }
    return (size_t)(o - out);
}

size_t reference_decode_value(const uint8_t *bytes, size_t length, uint8_t *out)
{
    const uint8_t *p = bytes;
    const uint8_t *end = bytes + length;
    uint8_t *o = out;
    while (p < end) {
        if (*p == '&') {
            p += decode_reference(p, (size_t)(end - p), &o);
        } else if (chars_is(*p, CHARS_SPACE)) {
            p += *p == '\r' ? line_end(p, end) : 1;
            *o++ = ' ';
        } else {
            *o++ = *p++;
        }
    }
    return (size_t)(o - out);
}
