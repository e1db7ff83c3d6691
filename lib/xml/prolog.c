#include "xml/prolog.h"

#include <stdbool.h>
#include <string.h>

#include "base/error.h"
#include "xml/chars.h"

static int no_document(bool declared, struct fault *fault)
{
    if (declared)
        return fault_set(fault, S2S_EXML, 0, "no start tag of a stream");
    return fault_set(fault, S2S_ENOT_XMPP, 0, "not an XML document");
}

/* "<!": an HTML page is no broken stream, but no stream at all. */
static int look_at_dtd(const uint8_t *bytes, size_t length, struct fault *fault)
{
    int match = chars_match(bytes, length, "<!doctype html", true);
    if (match > 0)
        return fault_set(fault, S2S_ENOT_XMPP, 0, "an HTML document");
    if (match < 0)
        return fault_set(fault, S2S_EXML_FORBIDDEN, 0, "a comment or a DTD");
    return PROLOG_MORE;
}

/* "<?": the XML declaration has white space behind its name. */
static int look_at_instruction(const uint8_t *bytes, size_t length, bool first,
                               struct fault *fault)
{
    const size_t name = strlen("<?xml");
    int match = chars_match(bytes, length, "<?xml", false);
    if (first && (match == 0 || (match > 0 && length == name)))
        return PROLOG_MORE;
    if (first && match > 0 && chars_is(bytes[name], CHARS_SPACE))
        return PROLOG_DECLARATION;
    return fault_set(fault, S2S_EXML_FORBIDDEN, 0, "a processing instruction");
}

static int look_at_mark(const uint8_t *bytes, size_t length,
                        struct fault *fault)
{
    int match = chars_match(bytes, length, "\xef\xbb\xbf", false);
    if (match < 0)
        return no_document(false, fault);
    if (match > 0)
        return fault_set(fault, S2S_EXML, 0, "a byte order mark");
    return PROLOG_MORE;
}

int prolog_look(const uint8_t *bytes, size_t length, bool first, bool declared,
                struct fault *fault)
{
    if (bytes[0] != '<')
        return look_at_mark(bytes, length, fault);
    if (length < 2)
        return PROLOG_MORE;
    if (bytes[1] == '?')
        return look_at_instruction(bytes, length, first, fault);
    if (bytes[1] == '!')
        return look_at_dtd(bytes, length, fault);
    if (bytes[1] >= 0x80 || chars_is(bytes[1], CHARS_NAME_START))
        return PROLOG_TAG;
    return no_document(declared, fault);
}

struct cursor {
    const uint8_t *start, *at, *end;
    struct fault *fault;
};

static int refuse(const struct cursor *c, int error, const uint8_t *where,
                  const char *text)
{
    return fault_set(c->fault, error, (size_t)(where - c->start), text);
}

static void skip_space(struct cursor *c)
{
    c->at = chars_skip(c->at, c->end, CHARS_SPACE);
}

/* Take this byte, if it is the next. */
static bool take(struct cursor *c, char byte)
{
    if (c->at == c->end || *c->at != (uint8_t)byte)
        return false;
    c->at++;
    return true;
}

/* Whether `name` comes next, behind white space; then behind it. */
static bool take_name(struct cursor *c, const char *name)
{
    const uint8_t *p = chars_skip(c->at, c->end, CHARS_SPACE);
    size_t length = strlen(name);
    if (p == c->at || chars_match(p, (size_t)(c->end - p), name, false) <= 0)
        return false;
    c->at = p + length;
    return true;
}

/* `= "value"`, the white space around '=' included. */
static int take_value(struct cursor *c, const uint8_t **value, size_t *length)
{
    skip_space(c);
    if (!take(c, '='))
        return refuse(c, S2S_EXML, c->at, "a bad XML declaration");
    skip_space(c);
    const uint8_t *open = c->at;
    if (!take(c, '"') && !take(c, '\''))
        return refuse(c, S2S_EXML, c->at, "a bad XML declaration");
    const uint8_t *close = memchr(c->at, *open, (size_t)(c->end - c->at));
    if (close == NULL)
        return refuse(c, S2S_EXML, open, "a bad XML declaration");
    *value = c->at;
    *length = (size_t)(close - c->at);
    c->at = close + 1;
    return S2S_OK;
}

static bool is(const uint8_t *value, size_t length, const char *text,
               bool any_case)
{
    return length == strlen(text) &&
           chars_match(value, length, text, any_case) > 0;
}

static bool is_version(const uint8_t *value, size_t length)
{
    if (length < 3 || chars_match(value, length, "1.", false) <= 0)
        return false;
    for (size_t i = 2; i < length; i++) {
        if (value[i] < '0' || value[i] > '9')
            return false;
    }
    return true;
}

static int check_version(struct cursor *c)
{
    const uint8_t *value = NULL;
    size_t length = 0;
    if (!take_name(c, "version"))
        return refuse(c, S2S_EXML, c->at, "no version in the XML declaration");
    int e = take_value(c, &value, &length);
    if (e == S2S_OK && !is_version(value, length))
        return refuse(c, S2S_EXML, value, "not a version of XML 1");
    return e;
}

static int check_encoding(struct cursor *c)
{
    const uint8_t *value = NULL;
    size_t length = 0;
    if (!take_name(c, "encoding"))
        return S2S_OK;
    int e = take_value(c, &value, &length);
    if (e == S2S_OK && !is(value, length, "utf-8", true))
        return refuse(c, S2S_EENCODING, value, "an encoding other than UTF-8");
    return e;
}

static int check_standalone(struct cursor *c)
{
    const uint8_t *value = NULL;
    size_t length = 0;
    if (!take_name(c, "standalone"))
        return S2S_OK;
    int e = take_value(c, &value, &length);
    if (e == S2S_OK && !is(value, length, "yes", false) &&
        !is(value, length, "no", false))
        return refuse(c, S2S_EXML, value, "a bad XML declaration");
    return e;
}

int prolog_declaration(const uint8_t *bytes, size_t length, struct fault *fault)
{
    struct cursor c = {bytes, bytes + strlen("<?xml"), bytes + length, fault};
    int e = check_version(&c);
    if (e == S2S_OK)
        e = check_encoding(&c);
    if (e == S2S_OK)
        e = check_standalone(&c);
    if (e != S2S_OK)
        return e;
    skip_space(&c);
    if (!take(&c, '?') || !take(&c, '>') || c.at != c.end)
        return refuse(&c, S2S_EXML, c.at, "a bad XML declaration");
    return S2S_OK;
}
