/*
 * The tokenizer against expat: both take a document or refuse it, and report
 * the same elements, attributes and texts up to there. What XMPP restricts
 * (RFC 6120, 11), the handlers refuse on expat's side. What differs besides is
 * in differs(), and nothing else may.
 */
#include <expat.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/buf.h"
#include "base/error.h"
#include "base/utf8.h"
#include "xml/chars.h"
#include "xml/tokenizer.h"

#define SEPARATOR '\1' /* between the parts of expat's names; no XML has it */
#define STREAM    "http://etherx.jabber.org/streams\1stream"

/* What one parser makes of the document. */
struct side {
    struct buf log;  /* its events, each a run of strings */
    struct buf text; /* of the run that is being read */
    unsigned depth;
    bool refused;
    size_t at; /* refused: where; otherwise where its last token ends */
    const char *why;
    XML_Parser parser; /* NULL: it is the tokenizer */
    const uint8_t *data;
};

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static void must(int condition)
{
    if (!condition)
        abort();
}

/* ---- The log ---- */

static void note(struct side *s, const char *text, size_t length)
{
    must(buf_add(&s->log, text, length) == S2S_OK &&
         buf_add(&s->log, "\xff", 1) == S2S_OK); /* no UTF-8 has it */
}

static void note_word(struct side *s, const char *text)
{
    note(s, text, strlen(text));
}

static void end_text(struct side *s)
{
    if (s->text.length == 0)
        return;
    note_word(s, "text");
    note(s, (const char *)s->text.data, s->text.length);
    s->text.length = 0;
}

static void begin(struct side *s, const char *word)
{
    end_text(s);
    note_word(s, word);
}

/* ---- The tokenizer ---- */

/* As expat writes a name: "uri SEPARATOR local SEPARATOR prefix". */
static void note_name(struct side *s, struct tokenizer_span ns,
                      struct tokenizer_span local, struct tokenizer_span name)
{
    struct buf b;
    buf_init(&b, SIZE_MAX);
    if (ns.length != 0)
        must(buf_add(&b, ns.text, ns.length) == S2S_OK &&
             buf_add(&b, "\1", 1) == S2S_OK);
    must(buf_add(&b, local.text, local.length) == S2S_OK);
    if (name.length > local.length)
        must(buf_add(&b, "\1", 1) == S2S_OK &&
             buf_add(&b, name.text, name.length - local.length - 1) == S2S_OK);
    note(s, (const char *)b.data, b.length);
    buf_free(&b);
}

static bool is_declaration(const struct tokenizer_attribute *a)
{
    return a->name.length >= 5 && memcmp(a->name.text, "xmlns", 5) == 0 &&
           (a->name.length == 5 || a->name.text[5] == ':');
}

static int ours_start(void *user, const struct tokenizer_element *e)
{
    struct side *s = user;
    end_text(s);
    for (size_t i = 0; i < e->attribute_count; i++) {
        const struct tokenizer_attribute *a = &e->attributes[i];
        if (!is_declaration(a))
            continue;
        note_word(s, "declare");
        note(s, a->local.text, a->name.length == 5 ? 0 : a->local.length);
        note(s, a->value.text, a->value.length);
    }
    note_word(s, "start");
    note_name(s, e->ns, e->local, e->name);
    for (size_t i = 0; i < e->attribute_count; i++) {
        const struct tokenizer_attribute *a = &e->attributes[i];
        if (is_declaration(a))
            continue;
        note_name(s, a->ns, a->local, a->name);
        note(s, a->value.text, a->value.length);
    }
    return 0;
}

static int ours_text(void *user, const char *text, size_t length)
{
    struct side *s = user;
    must(s->text.length == 0 && length > 0);
    must(buf_add(&s->text, text, length) == S2S_OK);
    return 0;
}

static int ours_end(void *user)
{
    begin(user, "end");
    return 0;
}

static void run_ours(struct side *s, const uint8_t *data, size_t size)
{
    const uint32_t most = 1u << 20;
    const struct tokenizer_limits limits = {most, most, most, most,
                                            most, most, most};
    const struct tokenizer_sink sink = {s, ours_start, ours_text, ours_end};
    struct tokenizer *t = tokenizer_new(&sink, &limits);
    must(t != NULL);
    for (size_t at = 0, used = 0; at < size && !s->refused; at += used) {
        int event = tokenizer_feed(t, data + at, size - at, &used);
        if (event == TOKENIZER_FOOTER)
            begin(s, "end");
        s->refused = event < 0;
    }
    s->at = (size_t)tokenizer_error_offset(t);
    s->why = tokenizer_error_text(t);
    tokenizer_free(t);
}

/* ---- Expat ---- */

static void refuse(struct side *s, const char *why)
{
    if (s->refused)
        return;
    s->refused = true;
    s->why = why;
    s->at = (size_t)XML_GetCurrentByteIndex(s->parser);
    XML_StopParser(s->parser, XML_FALSE);
}

static void took(struct side *s)
{
    s->at = (size_t)(XML_GetCurrentByteIndex(s->parser) +
                     XML_GetCurrentByteCount(s->parser));
}

static void XMLCALL on_declare(void *user, const char *prefix, const char *uri)
{
    struct side *s = user;
    begin(s, "declare");
    note_word(s, prefix != NULL ? prefix : "");
    note_word(s, uri != NULL ? uri : "");
}

/* A name begins with the other's, and the prefix follows. */
static bool is_stream(const char *name)
{
    const size_t length = strlen(STREAM);
    return strncmp(name, STREAM, length) == 0 &&
           (name[length] == '\0' || name[length] == SEPARATOR);
}

static void XMLCALL on_start(void *user, const char *name, const char **list)
{
    struct side *s = user;
    if (s->refused)
        return;
    if (s->depth++ == 0 && !is_stream(name)) {
        refuse(s, "the root is no stream");
        return;
    }
    took(s);
    begin(s, "start");
    note_word(s, name);
    for (; *list != NULL; list++)
        note_word(s, *list);
}

static void XMLCALL on_end(void *user, const char *name)
{
    struct side *s = user;
    (void)name;
    if (s->refused)
        return;
    if (--s->depth == 0 && XML_GetCurrentByteCount(s->parser) == 0) {
        refuse(s, "an empty stream");
        return;
    }
    took(s);
    begin(s, "end");
}

static void XMLCALL on_text(void *user, const char *text, int length)
{
    struct side *s = user;
    if (s->refused)
        return;
    const uint8_t *raw = s->data + XML_GetCurrentByteIndex(s->parser);
    const uint8_t *end = raw + XML_GetCurrentByteCount(s->parser);
    if (s->depth > 1)
        must(buf_add(&s->text, text, (size_t)length) == S2S_OK);
    else if (chars_skip(raw, end, CHARS_SPACE) != end)
        refuse(s, "text between elements");
    if (!s->refused)
        took(s);
}

static void XMLCALL on_section(void *user)
{
    struct side *s = user;
    if (s->depth < 2)
        refuse(s, "a section between elements");
}

static void XMLCALL on_comment(void *user, const char *text)
{
    (void)text;
    refuse(user, "a comment");
}

static void XMLCALL on_instruction(void *user, const char *target,
                                   const char *data)
{
    (void)target;
    (void)data;
    refuse(user, "a processing instruction");
}

static void XMLCALL on_doctype(void *user, const char *name, const char *system,
                               const char *public, int internal)
{
    (void)name;
    (void)system;
    (void)public;
    (void)internal;
    refuse(user, "a DTD");
}

static void XMLCALL on_xml(void *user, const char *version,
                           const char *encoding, int standalone)
{
    struct side *s = user;
    (void)standalone;
    size_t digits = version != NULL && strncmp(version, "1.", 2) == 0
                        ? strspn(version + 2, "0123456789")
                        : 0;
    if (digits == 0 || version[2 + digits] != '\0')
        refuse(s, "another version");
    else if (encoding != NULL && strcasecmp(encoding, "utf-8") != 0)
        refuse(s, "another encoding");
    else
        took(s);
}

static void run_expat(struct side *s, const uint8_t *data, size_t size)
{
    XML_Parser p = XML_ParserCreateNS("UTF-8", SEPARATOR);
    must(p != NULL && size <= INT32_MAX);
    s->parser = p;
    s->data = data;
    XML_SetUserData(p, s);
    XML_SetReturnNSTriplet(p, 1);
    XML_SetElementHandler(p, on_start, on_end);
    XML_SetNamespaceDeclHandler(p, on_declare, NULL);
    XML_SetCharacterDataHandler(p, on_text);
    XML_SetCdataSectionHandler(p, on_section, NULL);
    XML_SetCommentHandler(p, on_comment);
    XML_SetProcessingInstructionHandler(p, on_instruction);
    XML_SetStartDoctypeDeclHandler(p, on_doctype);
    XML_SetXmlDeclHandler(p, on_xml);
    if (XML_Parse(p, (const char *)data, (int)size, 0) == XML_STATUS_ERROR &&
        !s->refused) {
        s->refused = true;
        s->why = XML_ErrorString(XML_GetErrorCode(p));
        s->at = (size_t)XML_GetErrorByteIndex(p);
    }
    XML_ParserFree(p);
}

/* ---- The verdict ---- */

/* A character cut off, which we wait for; or one of the names of XML 1.0's
 * fifth edition: expat knows the fourth. */
static bool other_character(const struct side *expat, const uint8_t *data,
                            size_t size)
{
    uint32_t code = 0;
    if (!expat->refused || expat->at >= size || data[expat->at] < 0x80)
        return false;
    int n = utf8_decode(data + expat->at, size - expat->at, &code);
    return n == 0 || (n > 0 && chars_is_name(code));
}

/* We read an XML declaration when all of it is there. */
static bool in_declaration(const uint8_t *data, size_t size)
{
    return chars_match(data, size, "<?xml", false) > 0 &&
           memchr(data, '>', size) == NULL;
}

static bool differs(const struct side *ours, const struct side *expat,
                    const uint8_t *data, size_t size)
{
    static const char *const stricter[] = {
        "a byte order mark",
        "a character reference is too long",
    };
    for (size_t i = 0; i < sizeof(stricter) / sizeof(stricter[0]); i++)
        if (ours->refused && strcmp(ours->why, stricter[i]) == 0)
            return true;
    return other_character(expat, data, size) || in_declaration(data, size);
}

static void find(const char *what, const struct side *ours,
                 const struct side *expat)
{
    fprintf(stderr, "expat: %s; ours: %s at %zu; expat: %s at %zu\n", what,
            ours->refused ? ours->why : "fine", ours->at,
            expat->refused ? expat->why : "fine", expat->at);
    abort();
}

static void compare(const struct side *ours, const struct side *expat,
                    const uint8_t *data, size_t size)
{
    const struct buf *a = &ours->log, *b = &expat->log;
    size_t both = a->length < b->length ? a->length : b->length;
    if (both != 0 && memcmp(a->data, b->data, both) != 0)
        find("the events differ", ours, expat);
    if (differs(ours, expat, data, size))
        return;
    if (!ours->refused && expat->refused)
        find("only expat refuses", ours, expat);
    /* Expat may see later what is wrong, but not pass it. */
    if (ours->refused && !expat->refused && expat->at > ours->at)
        find("only we refuse", ours, expat);
    if (!ours->refused && !expat->refused && a->length != b->length)
        find("one has more events", ours, expat);
}

/* Expat then takes it for UTF-16, whatever it is told. */
static bool looks_like_utf16(const uint8_t *data, size_t size)
{
    return size > 1 && (data[0] >= 0xfe || data[0] == 0 || data[1] == 0);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    struct side ours = {0}, expat = {0};
    struct side *sides[] = {&ours, &expat};
    if (looks_like_utf16(data, size))
        return 0;
    for (size_t i = 0; i < 2; i++) {
        buf_init(&sides[i]->log, SIZE_MAX);
        buf_init(&sides[i]->text, SIZE_MAX);
    }
    run_ours(&ours, data, size);
    run_expat(&expat, data, size);
    compare(&ours, &expat, data, size);
    for (size_t i = 0; i < 2; i++) {
        buf_free(&sides[i]->log);
        buf_free(&sides[i]->text);
    }
    return 0;
}
