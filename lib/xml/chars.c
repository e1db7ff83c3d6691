#include "xml/chars.h"

#include <string.h>

#include "base/error.h"
#include "base/utf8.h"

/* clang-format off */
enum {
    P = CHARS_TEXT | CHARS_VALUE | CHARS_CDATA,      /* plain */
    N = P | CHARS_NAME,
    L = P | CHARS_NAME | CHARS_NAME_START,           /* letter */
    S = P | CHARS_SPACE,
    T = CHARS_TEXT | CHARS_CDATA | CHARS_SPACE,      /* TAB, LF */
    R = CHARS_CDATA | CHARS_SPACE,                   /* CR */
    Q = CHARS_TEXT | CHARS_CDATA,                    /* quote */
    M = CHARS_CDATA,                                 /* markup: & < */
    G = CHARS_VALUE /* > ends "]]>", which ends a section, or is wrong */
};

const uint8_t chars_class[256] = {
    /* 00 */ 0, 0, 0, 0, 0, 0, 0, 0, 0, T, T, 0, 0, R, 0, 0,
    /* 10 */ 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0,
    /* 20 */ S, P, Q, P, P, P, M, Q, P, P, P, P, P, N, N, P,
    /* 30 */ N, N, N, N, N, N, N, N, N, N, P, P, M, P, G, P,
    /* 40 */ P, L, L, L, L, L, L, L, L, L, L, L, L, L, L, L,
    /* 50 */ L, L, L, L, L, L, L, L, L, L, L, P, P, P, P, L,
    /* 60 */ P, L, L, L, L, L, L, L, L, L, L, L, L, L, L, L,
    /* 70 */ L, L, L, L, L, L, L, L, L, L, L, P, P, P, P, P,
};
/* clang-format on */

#define ONES  (UINT64_MAX / 255)
#define HIGHS (ONES << 7)

/* The high bit of some byte is set when a byte of `w` is zero. */
static uint64_t zeros(uint64_t w)
{
    return (w - ONES) & ~w;
}

/* Whether 8 bytes are all above U+001F, below U+0080, and none of & < >. */
static bool plain_word(const uint8_t *p)
{
    uint64_t w;
    memcpy(&w, p, sizeof(w));
    uint64_t stop = w | ((w - ONES * 0x20) & ~w);
    stop |= zeros(w ^ ONES * '&') | zeros((w | ONES * 2) ^ ONES * '>');
    return (stop & HIGHS) == 0;
}

const uint8_t *chars_skip_text(const uint8_t *p, const uint8_t *end)
{
    const uint8_t *stop;
    do {
        while (end - p >= 8 && plain_word(p))
            p += 8;
        stop = end - p >= 8 ? p + 8 : end;
        p = chars_skip(p, stop, CHARS_TEXT);
    } while (p == stop && p < end);
    return p;
}

static bool continues(uint8_t byte)
{
    return (byte & 0xc0) == 0x80;
}

/* The length of a character that needs no more than its form to be good, or
 * 0: two bytes, or three with a lead byte of no special range. */
static int easy_character(const uint8_t *p, size_t length)
{
    if (p[0] >= 0xc2 && p[0] <= 0xdf)
        return length >= 2 && continues(p[1]) ? 2 : 0;
    if (p[0] >= 0xe1 && p[0] <= 0xee && p[0] != 0xed)
        return length >= 3 && continues(p[1]) && continues(p[2]) ? 3 : 0;
    return 0;
}

const uint8_t *chars_skip_high(const uint8_t *p, const uint8_t *end, int *why)
{
    while (p < end && *p >= 0x80) {
        uint32_t code = 0;
        int n = easy_character(p, (size_t)(end - p));
        if (n == 0) {
            n = utf8_decode(p, (size_t)(end - p), &code);
            *why = n == 0 ? 0 : n < 0 ? S2S_EENCODING : S2S_EXML;
            if (n <= 0 || !chars_is_xml(code))
                return p;
        }
        p += n;
    }
    return p;
}

struct range {
    uint32_t first, last;
};

static const struct range start_ranges[] = {
    {0xc0, 0xd6},     {0xd8, 0xf6},     {0xf8, 0x2ff},    {0x370, 0x37d},
    {0x37f, 0x1fff},  {0x200c, 0x200d}, {0x2070, 0x218f}, {0x2c00, 0x2fef},
    {0x3001, 0xd7ff}, {0xf900, 0xfdcf}, {0xfdf0, 0xfffd}, {0x10000, 0xeffff},
};
static const struct range more_ranges[] = {
    {0xb7, 0xb7},
    {0x300, 0x36f},
    {0x203f, 0x2040},
};

static bool within(uint32_t code, const struct range *list, size_t count)
{
    for (size_t i = 0; i < count; i++) {
        if (code <= list[i].last)
            return code >= list[i].first;
    }
    return false;
}

#define COUNT(list) (sizeof(list) / sizeof((list)[0]))

bool chars_is_xml(uint32_t code)
{
    if (code < 0x20)
        return code == 0x09 || code == 0x0a || code == 0x0d;
    return code < 0xd800 || (code >= 0xe000 && code < 0xfffe) ||
           (code >= 0x10000 && code <= 0x10ffff);
}

bool chars_is_name_start(uint32_t code)
{
    if (code < 0x80)
        return chars_is((uint8_t)code, CHARS_NAME_START);
    return within(code, start_ranges, COUNT(start_ranges));
}

bool chars_is_name(uint32_t code)
{
    if (code < 0x80)
        return chars_is((uint8_t)code, CHARS_NAME);
    return within(code, start_ranges, COUNT(start_ranges)) ||
           within(code, more_ranges, COUNT(more_ranges));
}

int chars_match(const uint8_t *bytes, size_t length, const char *text,
                bool any_case)
{
    for (size_t i = 0; text[i] != '\0'; i++) {
        if (i == length)
            return 0;
        uint8_t c = bytes[i];
        if (any_case && c >= 'A' && c <= 'Z')
            c = (uint8_t)(c | 0x20);
        if (c != (uint8_t)text[i])
            return -1;
    }
    return 1;
}
