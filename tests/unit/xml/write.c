#include <setjmp.h>
#include <stdarg.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "../failing.h"
#include "base/utf8.h"
#include "trace.h"
#include "xml/tree.h"
#include "xml/write.h"

#define COUNT(list) (sizeof(list) / sizeof((list)[0]))
#define LIMIT       65536u

static void is(const struct buf *b, const char *text)
{
    assert_int_equal(b->length, strlen(text));
    assert_memory_equal(b->data, text, b->length);
}

/* ---- Escapes ---- */

static void escapes(void **state)
{
    static const struct {
        const char *in, *text, *value;
    } rows[] = {
        {"", "", ""},
        {"plain", "plain", "plain"},
        {"&", "&amp;", "&amp;"},
        {"&amp;", "&amp;amp;", "&amp;amp;"},
        {"a<b", "a&lt;b", "a&lt;b"},
        {"]]>", "]]&gt;", "]]&gt;"},
        {"'\"", "'\"", "&apos;&quot;"},
        {"\t\n\r", "\t\n&#13;", "&#9;&#10;&#13;"},
        {"<&>", "&lt;&amp;&gt;", "&lt;&amp;&gt;"},
        {"\x7f\xc2\x80\xc2\x9f", "\x7f\xc2\x80\xc2\x9f",
         "\x7f\xc2\x80\xc2\x9f"},
        {"\xed\x9f\xbf\xee\x80\x80\xef\xbf\xbd\xf4\x8f\xbf\xbf",
         "\xed\x9f\xbf\xee\x80\x80\xef\xbf\xbd\xf4\x8f\xbf\xbf",
         "\xed\x9f\xbf\xee\x80\x80\xef\xbf\xbd\xf4\x8f\xbf\xbf"},
    };
    char value[128];
    (void)state;
    for (size_t i = 0; i < COUNT(rows); i++) {
        struct buf b;
        buf_init(&b, LIMIT);
        assert_int_equal(write_text(&b, rows[i].in), S2S_OK);
        is(&b, rows[i].text);
        b.length = 0;
        assert_int_equal(write_attribute(&b, "to", rows[i].in), S2S_OK);
        snprintf(value, sizeof(value), " to='%s'", rows[i].value);
        is(&b, value);
        buf_free(&b);
    }
}

static void no_value(void **state)
{
    struct buf b;
    (void)state;
    buf_init(&b, 0);
    assert_int_equal(write_attribute(&b, "to", NULL), S2S_OK);
    assert_int_equal(b.length, 0);
    buf_free(&b);
}

static void refused(void **state)
{
    static const char *const rows[] = {
        "\x01",          "a\x08",         "\x0b",
        "\x0c",          "\x0e",          "\x1f<",
        "\xff",          "\xfe",          "a\x80",
        "\xc0\xbc",      "\xc3",          "a\xe2\x82",
        "\xf0\x9f\x98",  "\xed\xa0\x80",  "\xc3(",
        "&\xef\xbf\xbe", "\xef\xbf\xbf&", "\xf4\x90\x80\x80",
        "\xe0\x80\xbc",
    };
    (void)state;
    for (size_t i = 0; i < COUNT(rows); i++) {
        struct buf b;
        buf_init(&b, LIMIT);
        assert_int_equal(buf_add_text(&b, "before"), S2S_OK);
        assert_int_equal(write_text(&b, rows[i]), S2S_EINTERNAL);
        assert_int_equal(write_attribute(&b, "to", rows[i]), S2S_EINTERNAL);
        is(&b, "before");
        buf_free(&b);
    }
}

/* ---- Whether it can be read again ---- */

/* An element with this text, and with it as a value. */
static void make_element(struct buf *b, const char *text)
{
    assert_int_equal(buf_add_text(b, "<a"), S2S_OK);
    assert_int_equal(write_attribute(b, "b", text), S2S_OK);
    assert_int_equal(buf_add_text(b, ">"), S2S_OK);
    assert_int_equal(write_text(b, text), S2S_OK);
    assert_int_equal(buf_add_text(b, "</a>"), S2S_OK);
}

static void comes_back(struct tokenizer *t, const struct tree *tree,
                       const char *text)
{
    struct buf b;
    size_t used;
    buf_init(&b, LIMIT);
    make_element(&b, text);
    assert_int_equal(tokenizer_feed(t, b.data, b.length, &used),
                     TOKENIZER_ELEMENT);
    assert_string_equal(tree_text(tree_root(tree)), text);
    assert_string_equal(tree_attribute(tree_root(tree), "b"), text);
    assert_int_equal(write_check(b.data, b.length, false), S2S_OK);
    buf_free(&b);
}

static bool is_character(uint32_t c)
{
    if (c < 0x20)
        return c == '\t' || c == '\n' || c == '\r';
    return (c < 0xd800 || c > 0xdfff) && c != 0xfffe && c != 0xffff;
}

/* Every character that XML has, 256 at a time. */
static void round_trip(void **state)
{
    struct tree *tree = tree_new();
    assert_non_null(tree);
    struct tokenizer_sink sink = tree_sink(tree);
    struct tokenizer *t = tokenizer_new(&sink, &usual_limits);
    assert_non_null(t);
    size_t used;
    (void)state;
    assert_int_equal(tokenizer_feed(t, HEADER, strlen(HEADER), &used),
                     TOKENIZER_HEADER);
    for (uint32_t block = 0; block <= 0x10ff; block++) {
        char text[256 * 4 + 1];
        size_t length = 0;
        for (uint32_t c = block << 8; c < (block + 1) << 8; c++)
            if (is_character(c))
                length += (size_t)utf8_encode(c, (uint8_t *)text + length);
        text[length] = '\0';
        comes_back(t, tree, text);
    }
    tokenizer_free(t);
    tree_free(tree);
}

static void checked(void **state)
{
    static const struct {
        const char *bytes;
        bool header;
        int outcome;
    } rows[] = {
        {"<a/>", false, S2S_OK},
        {"<db:verify from='a' to='b' id='c'>d</db:verify>", false, S2S_OK},
        {"<stream:error><x xmlns='y'/></stream:error>", false, S2S_OK},
        {"", false, S2S_EINTERNAL},
        {"<a>", false, S2S_EINTERNAL},
        {"<a/><b/>", false, S2S_EINTERNAL},
        {"<a/> ", false, S2S_EINTERNAL},
        {"<a b='1' b='2'/>", false, S2S_EINTERNAL},
        {"<a>&</a>", false, S2S_EINTERNAL},
        {"<x:a/>", false, S2S_EINTERNAL},
        {"<a>\x01</a>", false, S2S_EINTERNAL},
        {"<!-- a -->", false, S2S_EINTERNAL},
        {"</stream:stream>", false, S2S_EINTERNAL},
        {HEADER, false, S2S_EINTERNAL},
        {HEADER, true, S2S_OK},
        {"<?xml version='1.0'?>" HEADER, true, S2S_OK},
        {HEADER "<a/>", true, S2S_EINTERNAL},
        {HEADER "\n", true, S2S_EINTERNAL},
        {"<a/>", true, S2S_EINTERNAL},
        {"<stream:stream>", true, S2S_EINTERNAL},
        {"", true, S2S_EINTERNAL},
    };
    (void)state;
    for (size_t i = 0; i < COUNT(rows); i++)
        if (write_check(rows[i].bytes, strlen(rows[i].bytes), rows[i].header) !=
            rows[i].outcome)
            fail_msg("%s", rows[i].bytes);
}

/* ---- Too little room ---- */

/* A tight buffer: all of it, or nothing more than there was. */
static void limits(void **state)
{
    static const char all[] = "0 to='&lt;&apos;'a&amp;";
    (void)state;
    for (size_t limit = 1; limit < sizeof(all) + 1; limit++) {
        struct buf b;
        buf_init(&b, limit);
        assert_int_equal(buf_add_text(&b, "0"), S2S_OK);
        int e = write_attribute(&b, "to", "<'");
        assert_int_equal(e, limit < 17 ? S2S_ELIMIT : S2S_OK);
        assert_int_equal(b.length, e == S2S_OK ? 17 : 1);
        if (e == S2S_OK) {
            e = write_text(&b, "a&");
            assert_int_equal(e, limit < 23 ? S2S_ELIMIT : S2S_OK);
            assert_int_equal(b.length, e == S2S_OK ? 23 : 17);
        }
        assert_memory_equal(b.data, all, b.length);
        buf_free(&b);
    }
}

static int write_all(struct buf *b)
{
    char text[400];
    memset(text, '<', sizeof(text) - 1);
    text[sizeof(text) - 1] = '\0';
    int e = write_attribute(b, "to", text);
    if (e == S2S_OK)
        e = write_text(b, text);
    return e == S2S_OK ? write_check("<a b='c'>d</a>", 14, false) : e;
}

static void memory_runs_out(void **state)
{
    struct buf b;
    (void)state;
    buf_init(&b, LIMIT);
    failing_off();
    assert_int_equal(write_all(&b), S2S_OK);
    unsigned long calls = failing_count();
    buf_free(&b);
    assert_true(calls > 8);
    for (unsigned long nth = 1; nth <= 2 * calls; nth++) {
        failing_arm((nth + 1) / 2, nth % 2 == 0);
        int e = write_all(&b);
        failing_off();
        assert_int_equal(e, S2S_ENO_MEMORY);
        assert_true(b.length == 0 || b.length == 6 + 4 * 399 ||
                    b.length == 6 + 8 * 399);
        buf_free(&b);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(escapes),         cmocka_unit_test(no_value),
        cmocka_unit_test(refused),         cmocka_unit_test(round_trip),
        cmocka_unit_test(checked),         cmocka_unit_test(limits),
        cmocka_unit_test(memory_runs_out),
    };
    return cmocka_run_group_tests_name("xml/write", tests, NULL, NULL);
}
