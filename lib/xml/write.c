#include "xml/write.h"

#include <stdint.h>
#include <string.h>

#include "base/error.h"
#include "base/utf8.h"
#include "xml/chars.h"
#include "xml/tokenizer.h"

/* What a character is written as; NULL: as it is. */
static const char *escape(uint8_t c, bool value)
{
    switch (c) {
    case '&':
        return "&amp;";
    case '<':
        return "&lt;";
    case '>':
        return "&gt;";
    case '\r':
        return "&#13;";
    case '"':
        return value ? "&quot;" : NULL;
    case '\'':
        return value ? "&apos;" : NULL;
    case '\t':
        return value ? "&#9;" : NULL;
    case '\n':
        return value ? "&#10;" : NULL;
    default:
        return NULL;
    }
}

static bool allowed(const char *text, size_t length)
{
    const uint8_t *p = (const uint8_t *)text;
    const uint8_t *end = p + length;
    while (p < end) {
        int why;
        if (*p < 0x80 && !chars_is_xml(*p++))
            return false;
        p = chars_skip_high(p, end, &why);
        if (p < end && *p >= 0x80)
            return false;
    }
    return true;
}

static int add_escaped(struct buf *b, const char *text, bool value)
{
    size_t length = strlen(text);
    size_t start = 0;
    int e = allowed(text, length) ? S2S_OK : S2S_EINTERNAL;
    for (size_t i = 0; i < length && e == S2S_OK; i++) {
        const char *as = escape((uint8_t)text[i], value);
        if (as == NULL)
            continue;
        e = buf_add(b, text + start, i - start);
        if (e == S2S_OK)
            e = buf_add_text(b, as);
        start = i + 1;
    }
    return e == S2S_OK ? buf_add(b, text + start, length - start) : e;
}

/* Undo what was appended before a failure. */
static int keep_whole(struct buf *b, size_t length, int e)
{
    if (e != S2S_OK)
        b->length = length;
    return e;
}

int write_text(struct buf *b, const char *text)
{
    size_t before = b->length;
    return keep_whole(b, before, add_escaped(b, text, false));
}

static int add_attribute(struct buf *b, const char *name, const char *value)
{
    int e = buf_add_text(b, " ");
    if (e == S2S_OK)
        e = buf_add_text(b, name);
    if (e == S2S_OK)
        e = buf_add_text(b, "='");
    if (e == S2S_OK)
        e = add_escaped(b, value, true);
    return e == S2S_OK ? buf_add_text(b, "'") : e;
}

int write_attribute(struct buf *b, const char *name, const char *value)
{
    if (value == NULL)
        return S2S_OK;
    size_t before = b->length;
    return keep_whole(b, before, add_attribute(b, name, value));
}

static int ignore_start(void *user, const struct tokenizer_element *element)
{
    (void)user;
    (void)element;
    return 0;
}

static int ignore_text(void *user, const char *text, size_t length)
{
    (void)user;
    (void)text;
    (void)length;
    return 0;
}

static int ignore_end(void *user)
{
    (void)user;
    return 0;
}

/* S2S_OK when `bytes` are exactly what brings this event. */
static int expect(struct tokenizer *t, const void *bytes, size_t length,
                  int event)
{
    size_t used;
    int r = tokenizer_feed(t, bytes, length, &used);
    if (r == S2S_ENO_MEMORY)
        return r;
    return r == event && used == length ? S2S_OK : S2S_EINTERNAL;
}

static int check(const struct tokenizer_sink *sink, const void *bytes,
                 size_t length, bool header)
{
    static const char ours[] =
        "<stream:stream xmlns='jabber:server' "
        "xmlns:stream='http://etherx.jabber.org/streams' "
        "xmlns:db='jabber:server:dialback'>";
    static const struct tokenizer_limits limits = {.header = 8192,
                                                   .element = UINT32_MAX,
                                                   .depth = 64,
                                                   .nodes = 16384,
                                                   .attributes = 64,
                                                   .bindings = 64,
                                                   .name = 1024};
    struct tokenizer *t = tokenizer_new(sink, &limits);
    if (t == NULL)
        return S2S_ENO_MEMORY;
    int e = S2S_OK;
    if (!header)
        e = expect(t, ours, sizeof(ours) - 1, TOKENIZER_HEADER);
    if (e == S2S_OK)
        e = expect(t, bytes, length,
                   header ? TOKENIZER_HEADER : TOKENIZER_ELEMENT);
    tokenizer_free(t);
    return e;
}

int write_check(const void *bytes, size_t length, bool header)
{
    static const struct tokenizer_sink nobody = {NULL, ignore_start,
                                                 ignore_text, ignore_end};
    return check(&nobody, bytes, length, header);
}

int write_check_into(const struct tokenizer_sink *sink, const void *bytes,
                     size_t length)
{
    return check(sink, bytes, length, false);
}
