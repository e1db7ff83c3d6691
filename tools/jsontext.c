#include "jsontext.h"

#include <stdlib.h>
#include <string.h>

struct cursor {
    const char *at, *end;
};

static bool is_digit(char c)
{
    return c >= '0' && c <= '9';
}

/* The byte at the cursor, NUL at the end. */
static char here(const struct cursor *c)
{
    return c->at < c->end ? *c->at : '\0';
}

static bool take(struct cursor *c, char wanted)
{
    if (c->at == c->end || *c->at != wanted)
        return false;
    c->at++;
    return true;
}

static void space(struct cursor *c)
{
    while (c->at < c->end && memchr(" \t\r\n", *c->at, 4) != NULL)
        c->at++;
}

/* ---- Grammar ------------------------------------------------------------ */

static int hex(char c)
{
    if (is_digit(c))
        return c - '0';
    if (c >= 'a' && c <= 'f')
        return c - 'a' + 10;
    return c >= 'A' && c <= 'F' ? c - 'A' + 10 : -1;
}

static bool escape(struct cursor *c)
{
    char kind = here(c);
    if (kind == '\0' || strchr("\"\\/bfnrtu", kind) == NULL)
        return false;
    c->at++;
    for (int i = 0; kind == 'u' && i < 4; i++, c->at++)
        if (hex(here(c)) < 0)
            return false;
    return true;
}

static bool string(struct cursor *c)
{
    if (!take(c, '"'))
        return false;
    while (c->at < c->end && *c->at != '"') {
        if ((unsigned char)*c->at < ' ')
            return false;
        if (*c->at++ == '\\' && !escape(c))
            return false;
    }
    return take(c, '"');
}

static bool digits(struct cursor *c)
{
    const char *start = c->at;
    while (is_digit(here(c)))
        c->at++;
    return c->at > start;
}

static bool number(struct cursor *c)
{
    take(c, '-');
    if (!take(c, '0') && !digits(c))
        return false;
    if (take(c, '.') && !digits(c))
        return false;
    if (!take(c, 'e') && !take(c, 'E'))
        return true;
    if (!take(c, '+'))
        take(c, '-');
    return digits(c);
}

static bool word(struct cursor *c)
{
    static const char *const words[] = {"true", "false", "null"};
    for (size_t i = 0; i < sizeof(words) / sizeof(words[0]); i++) {
        size_t n = strlen(words[i]);
        if ((size_t)(c->end - c->at) < n || memcmp(c->at, words[i], n) != 0)
            continue;
        c->at += n;
        return true;
    }
    return false;
}

static bool scalar(struct cursor *c)
{
    if (here(c) == '"')
        return string(c);
    return here(c) == '-' || is_digit(here(c)) ? number(c) : word(c);
}

static bool member_name(struct cursor *c)
{
    space(c);
    if (!string(c))
        return false;
    space(c);
    return take(c, ':');
}

/* What is open, as the brackets that close it. */
struct open {
    char close[JSONTEXT_DEPTH];
    size_t depth;
};

/* A bracket: *empty when it closes at once. */
static bool enter(struct cursor *c, struct open *o, bool *empty)
{
    char close = *c->at == '{' ? '}' : ']';
    if (o->depth == JSONTEXT_DEPTH)
        return false;
    c->at++;
    space(c);
    *empty = take(c, close);
    if (*empty)
        return true;
    o->close[o->depth++] = close;
    return close == ']' || member_name(c);
}

/* Behind a value: brackets that close, or the comma before the next one. */
static bool leave(struct cursor *c, struct open *o)
{
    for (; o->depth > 0; o->depth--) {
        char close = o->close[o->depth - 1];
        space(c);
        if (take(c, ','))
            return close == ']' || member_name(c);
        if (!take(c, close))
            return false;
    }
    return true;
}

static bool value(struct cursor *c)
{
    struct open o = {.depth = 0};
    do {
        bool whole = true;
        space(c);
        if (here(c) != '{' && here(c) != '[') {
            if (!scalar(c))
                return false;
        } else if (!enter(c, &o, &whole)) {
            return false;
        }
        if (whole && !leave(c, &o))
            return false;
    } while (o.depth > 0);
    return true;
}

static struct jsontext between(const char *start, const struct cursor *c)
{
    return (struct jsontext){start, (size_t)(c->at - start)};
}

bool jsontext_read(const char *text, size_t length, struct jsontext *out,
                   size_t *wrong)
{
    struct cursor c = {text, text + length};
    space(&c);
    const char *start = c.at;
    bool ok = value(&c);
    *out = between(start, &c);
    if (ok)
        space(&c);
    *wrong = (size_t)(c.at - text);
    return ok && c.at == c.end;
}

/* ---- Values ------------------------------------------------------------- */

static bool begins(const struct jsontext *j, char first)
{
    return j->length > 0 && j->text[0] == first;
}

bool jsontext_is_object(const struct jsontext *j)
{
    return begins(j, '{');
}

bool jsontext_is_array(const struct jsontext *j)
{
    return begins(j, '[');
}

bool jsontext_is_string(const struct jsontext *j)
{
    return begins(j, '"');
}

bool jsontext_is_null(const struct jsontext *j)
{
    return begins(j, 'n');
}

bool jsontext_is_bool(const struct jsontext *j, bool *out)
{
    *out = begins(j, 't');
    return *out || begins(j, 'f');
}

bool jsontext_is_whole(const struct jsontext *j, uint32_t min, uint32_t max,
                       uint32_t *out)
{
    char text[64];
    if (j->length == 0 || j->length >= sizeof(text) ||
        (!is_digit(j->text[0]) && j->text[0] != '-'))
        return false;
    memcpy(text, j->text, j->length);
    text[j->length] = '\0';
    double n = strtod(text, NULL);
    if (!(n >= (double)min && n <= (double)max))
        return false;
    *out = (uint32_t)n;
    return (double)*out >= n;
}

/* At the next thing in brackets, or at their end. */
static bool next(const struct jsontext *j, size_t *place, struct cursor *c)
{
    *c = (struct cursor){j->text + (*place > 0 ? *place : 1),
                         j->text + j->length - 1};
    space(c);
    if (*place > 0)
        take(c, ',');
    space(c);
    return c->at < c->end;
}

bool jsontext_item(const struct jsontext *array, size_t *place,
                   struct jsontext *out)
{
    struct cursor c;
    if (!next(array, place, &c))
        return false;
    const char *start = c.at;
    value(&c);
    *out = between(start, &c);
    *place = (size_t)(c.at - array->text);
    return true;
}

bool jsontext_member(const struct jsontext *object, size_t *place,
                     struct jsontext *name, struct jsontext *out)
{
    struct cursor c;
    if (!next(object, place, &c))
        return false;
    const char *start = c.at;
    string(&c);
    *name = between(start, &c);
    space(&c);
    take(&c, ':');
    space(&c);
    start = c.at;
    value(&c);
    *out = between(start, &c);
    *place = (size_t)(c.at - object->text);
    return true;
}

/* ---- Strings ------------------------------------------------------------ */

static uint32_t four(const char *text)
{
    uint32_t code = 0;
    for (int i = 0; i < 4; i++)
        code = code << 4 | (uint32_t)hex(text[i]);
    return code;
}

/* At the u of an escape; UINT32_MAX for half of a pair. */
static uint32_t code_point(struct cursor *c)
{
    uint32_t code = four(c->at + 1);
    c->at += 5;
    if (code < 0xd800 || code > 0xdfff)
        return code;
    if (code > 0xdbff || c->end - c->at < 6 || memcmp(c->at, "\\u", 2) != 0)
        return UINT32_MAX;
    uint32_t low = four(c->at + 2);
    if (low < 0xdc00 || low > 0xdfff)
        return UINT32_MAX;
    c->at += 6;
    return 0x10000 + ((code - 0xd800) << 10 | (low - 0xdc00));
}

static size_t encode(uint32_t code, char out[4])
{
    static const unsigned char leads[] = {0, 0, 0xc0, 0xe0, 0xf0};
    size_t n = code < 0x80 ? 1 : code < 0x800 ? 2 : code < 0x10000 ? 3 : 4;
    for (size_t i = n; i-- > 1; code >>= 6)
        out[i] = (char)(0x80 | (code & 0x3f));
    out[0] = (char)(n == 1 ? code : leads[n] | code);
    return n;
}

/* What the next bytes say; 0 bytes: nothing that a text can hold. */
static size_t unit(struct cursor *c, char out[4])
{
    static const char plain[] = "\"\\/bfnrt", means[] = "\"\\/\b\f\n\r\t";
    out[0] = *c->at++;
    if (out[0] != '\\')
        return 1;
    if (*c->at != 'u') {
        out[0] = means[strchr(plain, *c->at++) - plain];
        return 1;
    }
    uint32_t code = code_point(c);
    return code == 0 || code == UINT32_MAX ? 0 : encode(code, out);
}

bool jsontext_string(const struct jsontext *j, char *out, size_t size)
{
    struct cursor c = {j->text + 1, j->text + j->length - 1};
    size_t used = 0;
    if (!jsontext_is_string(j))
        return false;
    while (c.at < c.end) {
        char bytes[4];
        size_t n = unit(&c, bytes);
        if (n == 0 || n >= size - used)
            return false;
        memcpy(out + used, bytes, n);
        used += n;
    }
    out[used] = '\0';
    return true;
}
