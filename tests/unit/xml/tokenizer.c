#include <setjmp.h>
#include <stdarg.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "cases.h"
#include "trace.h"

#define COUNT(list) (sizeof(list) / sizeof((list)[0]))

/* The same trace whole, in equal pieces, and cut in two anywhere. */
static void check(const struct tokenizer_limits *limits, bool inside,
                  const struct xml_case *c)
{
    struct cutting how = {0, c->length};
    char *whole = trace(limits, inside, c->bytes, c->length, how);
    if (strcmp(whole, c->trace) != 0)
        print_error("%s\n", c->name);
    assert_string_equal(whole, c->trace);
    for (how.step = 1; how.step <= 7; how.step++) {
        char *again = trace(limits, inside, c->bytes, c->length, how);
        assert_string_equal(again, whole);
        free(again);
    }
    how.step = 0;
    for (how.cut = 0; how.cut < c->length; how.cut++) {
        char *again = trace(limits, inside, c->bytes, c->length, how);
        assert_string_equal(again, whole);
        free(again);
    }
    free(whole);
}

static void known_cases(void **state)
{
    (void)state;
    assert_int_equal(COUNT(xml_cases), 142);
    for (size_t i = 0; i < COUNT(xml_cases); i++)
        check(&usual_limits, true, &xml_cases[i]);
}

static void edges(void **state)
{
    (void)state;
    for (size_t i = 0; i < COUNT(xml_edges); i++)
        check(&usual_limits, true, &xml_edges[i]);
}

static void documents(void **state)
{
    (void)state;
    for (size_t i = 0; i < COUNT(xml_documents); i++)
        check(&usual_limits, false, &xml_documents[i]);
}

/* --- limits --- */

#define N32    "n2345678901234567890123456789012"
#define STREAM "<stream:stream xmlns:stream='http://etherx.jabber.org/streams'>"

struct limit_case {
    size_t which; /* offset of the limit */
    uint32_t value;
    bool inside;
    struct xml_case input;
};

#define LIMIT(name, value, inside, text, trace)                                \
    {                                                                          \
        offsetof(struct tokenizer_limits, name), value, inside,                \
        {                                                                      \
#name, BYTES(text), trace                                          \
        }                                                                      \
    }

/* Each at its last good value, and one more. HEADER has three bindings, and a
 * namespace of 32 bytes. */
static const struct limit_case limit_cases[] = {
    LIMIT(element, 8, true, "<a>x</a>", "<a>[x]</>;"),
    LIMIT(element, 7, true, "<a>x</a>", "<a>[x]!limit@7"),
    LIMIT(element, 3, true, "<a>x</a>", "<a>!limit@3"),
    LIMIT(element, 4, true, "<a/><b/>", "<a></>;<b></>;"),
    LIMIT(element, 8, true, "        ", ""),
    LIMIT(element, 7, true, "        ", "!limit@7"),
    LIMIT(element, 8, true, "    <a/>    <a/>", "<a></>;<a></>;"),
    LIMIT(element, 7, true, "    <a/>", "!limit@7"),
    LIMIT(element, 4, true, "    <a/>", "!limit@4"),
    LIMIT(element, 4, true, "    x", "!limit@4"),
    LIMIT(element, 5, true, "    x", "!xml@4"),
    LIMIT(element, 16, true, "</stream:stream>", "."),
    LIMIT(element, 15, true, "</stream:stream>", "!limit@15"),
    LIMIT(element, 16, true, "</stream:stream>                ", "."),
    LIMIT(element, 16, true, "</stream:stream>                 ", ".!limit@32"),
    LIMIT(element, 9, true, "<a>&amp;", "<a>?"),
    LIMIT(element, 5, true, "<a>&amp;", "<a>!limit@5"),
    LIMIT(element, 5, true, "<a>\xc3\xa9", "<a>?"),
    LIMIT(element, 4, true, "<a>\xc3\xa9", "<a>!limit@4"),
    LIMIT(depth, 3, true, "<a><b><c/></b></a>", "<a><b><c></></></>;"),
    LIMIT(depth, 2, true, "<a><b><c/></b></a>", "<a><b>!limit@6"),
    LIMIT(depth, 1, true, "<a>x</a><b/>", "<a>[x]</>;<b></>;"),
    LIMIT(depth, 1, true, "<a>x<b/></a>", "<a>[x]!limit@4"),
    LIMIT(nodes, 1, true, "<a/><b/>", "<a></>;<b></>;"),
    LIMIT(nodes, 2, true, "<a>x</a>", "<a>[x]</>;"),
    LIMIT(nodes, 1, true, "<a>x</a>", "<a>!limit@3"),
    LIMIT(nodes, 5, true, "<a>x<b/>y<c/></a>", "<a>[x]<b></>[y]<c></></>;"),
    LIMIT(nodes, 4, true, "<a>x<b/>y<c/></a>", "<a>[x]<b></>[y]!limit@9"),
    LIMIT(nodes, 1, true, "<a><![CDATA[]]></a>", "<a></>;"),
    LIMIT(nodes, 2, true, "<a>x&lt;<![CDATA[y]]>\r</a>", "<a>[x<y\n]</>;"),
    LIMIT(attributes, 4, true, "<a b='' c='' d='' e=''/>",
          "<a b='' c='' d='' e=''></>;"),
    LIMIT(attributes, 4, true, "<a b='' c='' d='' e='' f=''/>", "!limit@23"),
    LIMIT(attributes, 4, true, "<a xmlns='' b='' c='' d='' e=''/>",
          "!limit@27"),
    LIMIT(bindings, 5, true, "<a xmlns:x='u' xmlns:y='u'/>",
          "<a xmlns:x='u' xmlns:y='u'></>;"),
    LIMIT(bindings, 4, true, "<a xmlns:x='u' xmlns:y='u'/>", "!limit@15"),
    LIMIT(bindings, 4, true, "<a xmlns=''/><b xmlns=''/>",
          "<{}a xmlns=''></>;<{}b xmlns=''></>;"),
    LIMIT(bindings, 4, true, "<a><b xmlns=''/><b xmlns=''/></a>",
          "<a><{}b xmlns=''></><{}b xmlns=''></></>;"),
    LIMIT(bindings, 4, true, "<a xmlns=''><b xmlns=''/></a>",
          "<{}a xmlns=''>!limit@15"),
    LIMIT(bindings, 3, true, "<a/>", "<a></>;"),
    LIMIT(name, 32, true, "<" N32 "/>", "<" N32 "></>;"),
    LIMIT(name, 32, true, "<" N32 "3/>", "!limit@33"),
    LIMIT(name, 32, true, "<" N32 ":/>", "!limit@33"),
    LIMIT(name, 32, true, "<" N32 " />", "<" N32 "></>;"),
    LIMIT(name, 33, true, "<" N32 "\xc3\xa9/>", "!limit@33"),
    LIMIT(name, 34, true, "<" N32 "\xc3\xa9/>", "<" N32 "\xc3\xa9></>;"),
    LIMIT(name, 32, true, "<a " N32 "=''/>", "<a " N32 "=''></>;"),
    LIMIT(name, 32, true, "<a " N32 "3=''/>", "!limit@35"),
    LIMIT(name, 32, true, "<a xmlns='" N32 "'/>",
          "<{" N32 "}a xmlns='" N32 "'></>;"),
    LIMIT(name, 32, true, "<a xmlns='" N32 "3'/>", "!limit@3"),
    LIMIT(header, 63, false, STREAM,
          "<{http://etherx.jabber.org/streams}stream "
          "xmlns:stream='http://etherx.jabber.org/streams'>#"),
    LIMIT(header, 62, false, STREAM, "!limit@62"),
    LIMIT(header, 84, false, "<?xml version='1.0'?>" STREAM,
          "<{http://etherx.jabber.org/streams}stream "
          "xmlns:stream='http://etherx.jabber.org/streams'>#"),
    LIMIT(header, 83, false, "<?xml version='1.0'?>" STREAM, "!limit@83"),
    LIMIT(header, 20, false, "<?xml version='1.0'?>" STREAM, "!limit@20"),
    LIMIT(header, 21, false, "<?xml version='1.0'?>" STREAM, "!limit@21"),
    LIMIT(header, 65, false, "\r\n" STREAM,
          "<{http://etherx.jabber.org/streams}stream "
          "xmlns:stream='http://etherx.jabber.org/streams'>#"),
    LIMIT(header, 64, false, "\r\n" STREAM, "!limit@64"),
    LIMIT(header, 4, false, "     ", "!limit@4"),
    LIMIT(bindings, 1, false, STREAM,
          "<{http://etherx.jabber.org/streams}stream "
          "xmlns:stream='http://etherx.jabber.org/streams'>#"),
    LIMIT(attributes, 0, false, STREAM, "!limit@15"),
};

static void each_limit(void **state)
{
    (void)state;
    for (size_t i = 0; i < COUNT(limit_cases); i++) {
        const struct limit_case *c = &limit_cases[i];
        struct tokenizer_limits limits = usual_limits;
        memcpy((char *)&limits + c->which, &c->value, sizeof(c->value));
        check(&limits, c->inside, &c->input);
    }
}

/* --- one tokenizer, step by step --- */

struct fixture {
    struct tokenizer *t;
    struct tokenizer_sink sink;
    int result; /* of the next event */
    unsigned starts, texts, ends;
};

static int count_start(void *user, const struct tokenizer_element *element)
{
    struct fixture *f = user;
    f->starts++;
    assert_true(element->name.length >= element->local.length);
    return f->result;
}

static int count_text(void *user, const char *text, size_t length)
{
    struct fixture *f = user;
    f->texts++;
    assert_non_null(text);
    assert_true(length > 0);
    return f->result;
}

static int count_end(void *user)
{
    struct fixture *f = user;
    f->ends++;
    return f->result;
}

static void feed(struct fixture *f, const char *text, int expected,
                 size_t expected_used)
{
    size_t used = 0;
    assert_int_equal(tokenizer_feed(f->t, text, strlen(text), &used), expected);
    assert_int_equal(used, expected_used);
}

static void begin(struct fixture *f, const struct tokenizer_limits *limits)
{
    *f = (struct fixture){.sink = {f, count_start, count_text, count_end}};
    f->t = tokenizer_new(&f->sink, limits);
    assert_non_null(f->t);
    feed(f, HEADER, TOKENIZER_HEADER, strlen(HEADER));
    assert_int_equal(f->starts, 1);
}

static void assert_verbatim(const struct fixture *f, const char *text)
{
    struct tokenizer_span s = tokenizer_verbatim(f->t);
    assert_int_equal(s.length, strlen(text));
    assert_memory_equal(s.text, text, s.length);
}

/* What is behind an event is not taken. */
static void stops_after_each(void **state)
{
    struct fixture f;
    (void)state;
    begin(&f, &usual_limits);
    assert_verbatim(&f, HEADER);
    feed(&f, " <a b='1' >x</a\n>\x15\x03\x01", TOKENIZER_ELEMENT, 17);
    assert_verbatim(&f, "<a b='1' >x</a\n>");
    assert_true(tokenizer_at_rest(f.t));
    feed(&f, " ", TOKENIZER_MORE, 1);
    assert_true(tokenizer_at_rest(f.t));
    feed(&f, "<", TOKENIZER_MORE, 1);
    assert_false(tokenizer_at_rest(f.t));
    feed(&f, "", TOKENIZER_MORE, 0);
    feed(&f, "a/", TOKENIZER_MORE, 2);
    feed(&f, "></stream:stream>", TOKENIZER_ELEMENT, 1);
    assert_verbatim(&f, "<a/>");
    feed(&f, "</stream:stream>\n\n", TOKENIZER_FOOTER, 16);
    assert_true(tokenizer_at_rest(f.t));
    feed(&f, "\n\n", TOKENIZER_MORE, 2);
    tokenizer_free(f.t);
}

static void errors_stay(void **state)
{
    struct fixture f;
    (void)state;
    begin(&f, &usual_limits);
    feed(&f, "<a><b/", TOKENIZER_MORE, 6);
    size_t used = 1;
    assert_int_equal(tokenizer_feed(f.t, "x", 1, &used), S2S_EXML);
    assert_int_equal(tokenizer_error_offset(f.t), strlen(HEADER) + 5);
    assert_true(strlen(tokenizer_error_text(f.t)) > 0);
    feed(&f, "></a>", S2S_EXML, 0);
    assert_int_equal(tokenizer_error_offset(f.t), strlen(HEADER) + 5);
    assert_int_equal(f.starts, 2);
    assert_int_equal(f.ends, 0);
    tokenizer_free(f.t);
}

/* What the sink returns ends the tokenizer, at each event. */
static void sink_refuses(void **state)
{
    static const struct {
        const char *before, *refused;
        unsigned starts, texts, ends;
    } rows[] = {
        {"", "<a>", 2, 0, 0},      {"<a>", "x</a>", 2, 1, 0},
        {"<a>", "</a>", 2, 0, 1},  {"<a", "/>", 2, 0, 0},
        {"<a>x", "<b/>", 2, 1, 0},
    };
    (void)state;
    for (size_t i = 0; i < COUNT(rows); i++) {
        struct fixture f;
        size_t used;
        begin(&f, &usual_limits);
        tokenizer_feed(f.t, rows[i].before, strlen(rows[i].before), &used);
        f.result = -1234;
        assert_int_equal(tokenizer_feed(f.t, rows[i].refused,
                                        strlen(rows[i].refused), &used),
                         -1234);
        f.result = 0;
        feed(&f, "<c/>", -1234, 0);
        assert_int_equal(f.starts, rows[i].starts);
        assert_int_equal(f.texts, rows[i].texts);
        assert_int_equal(f.ends, rows[i].ends);
        tokenizer_free(f.t);
    }
}

/* The header's namespaces and name outlive all that is given back. */
static void compact(void **state)
{
    struct fixture f;
    (void)state;
    begin(&f, &usual_limits);
    for (int i = 0; i < 3; i++) {
        tokenizer_compact(f.t);
        tokenizer_compact(f.t);
        feed(&f, "<db:a xmlns:x='&lt;'><x:b>&amp;</x:b></db:a>",
             TOKENIZER_ELEMENT, 44);
        feed(&f, "  <a", TOKENIZER_MORE, 4);
        tokenizer_compact(f.t); /* not at rest */
        feed(&f, ">x</a>", TOKENIZER_ELEMENT, 6);
        assert_verbatim(&f, "<a>x</a>");
    }
    tokenizer_compact(f.t);
    feed(&f, "</stream:stream>", TOKENIZER_FOOTER, 16);
    assert_int_equal(f.starts, 10);
    tokenizer_free(f.t);
}

static void compact_before_the_header(void **state)
{
    struct tokenizer_sink sink = {NULL, NULL, NULL, NULL};
    size_t used;
    (void)state;
    struct tokenizer *t = tokenizer_new(&sink, &usual_limits);
    assert_non_null(t);
    assert_true(tokenizer_at_rest(t));
    assert_int_equal(tokenizer_error_offset(t), 0);
    assert_string_equal(tokenizer_error_text(t), "");
    tokenizer_compact(t);
    assert_int_equal(tokenizer_feed(t, "\n", 1, &used), TOKENIZER_MORE);
    tokenizer_compact(t);
    assert_int_equal(tokenizer_feed(t, "x", 1, &used), S2S_ENOT_XMPP);
    tokenizer_free(t);
    tokenizer_free(NULL);
}

static void element_limit_changes(void **state)
{
    struct tokenizer_limits limits = usual_limits;
    struct fixture f;
    (void)state;
    limits.element = 4;
    begin(&f, &limits);
    feed(&f, "<a/>", TOKENIZER_ELEMENT, 4);
    tokenizer_set_element_limit(f.t, 8, 16);
    feed(&f, "<a></a>", TOKENIZER_ELEMENT, 7);
    feed(&f, "   <a", TOKENIZER_MORE, 5);
    tokenizer_set_element_limit(f.t, 4, 16); /* less than has come */
    feed(&f, "/>", S2S_ELIMIT, 0);
    assert_int_equal(tokenizer_error_offset(f.t), strlen(HEADER) + 16);
    tokenizer_free(f.t);
}

/* Expanded names of attributes; declarations have a namespace of their own. */
static int check_attributes(void *user, const struct tokenizer_element *e)
{
    static const struct {
        const char *name, *local, *ns, *value;
    } rows[] = {
        {"xmlns", "xmlns", "http://www.w3.org/2000/xmlns/", "u"},
        {"x:b", "b", "v", "1"},
        {"xmlns:x", "x", "http://www.w3.org/2000/xmlns/", "v"},
        {"xml:lang", "lang", "http://www.w3.org/XML/1998/namespace", "en"},
        {"c", "c", "", "<\t &"},
        {"d", "d", "", ""},
    };
    if (e->is_header)
        return 0;
    assert_int_equal(e->attribute_count, COUNT(rows));
    for (size_t i = 0; i < COUNT(rows); i++) {
        const struct tokenizer_attribute *a = &e->attributes[i];
        assert_int_equal(a->name.length, strlen(rows[i].name));
        assert_memory_equal(a->name.text, rows[i].name, a->name.length);
        assert_int_equal(a->local.length, strlen(rows[i].local));
        assert_memory_equal(a->local.text, rows[i].local, a->local.length);
        assert_int_equal(a->ns.length, strlen(rows[i].ns));
        assert_memory_equal(a->ns.text, rows[i].ns, a->ns.length);
        assert_int_equal(a->value.length, strlen(rows[i].value));
        assert_memory_equal(a->value.text, rows[i].value, a->value.length);
    }
    ++*(int *)user;
    return 0;
}

static void attributes(void **state)
{
    static const char input[] =
        HEADER "<a xmlns='u' x:b='&#49;' xmlns:x='v' xml:lang='en' "
               "c='&lt;&#9;\t&amp;' d=''>";
    int seen = 0;
    struct tokenizer_sink sink = {&seen, check_attributes, NULL, NULL};
    size_t used;
    (void)state;
    struct tokenizer *t = tokenizer_new(&sink, &usual_limits);
    assert_non_null(t);
    assert_int_equal(tokenizer_feed(t, input, sizeof(input) - 1, &used),
                     TOKENIZER_HEADER);
    assert_int_equal(
        tokenizer_feed(t, input + used, sizeof(input) - 1 - used, &used),
        TOKENIZER_MORE);
    assert_int_equal(seen, 1);
    tokenizer_free(t);
}

/* A token of 1 MiB that comes byte by byte ends within the test's time only
 * when nothing is read or moved again for each byte. */
static void trickle(void **state)
{
    static const struct {
        const char *before, *fill, *after;
    } rows[] = {
        {"<a>", "x", "</a>"},    {"<a>", "\xc3\xa9", "</a>"},
        {"<a>", "&lt;", "</a>"}, {"<a>", "]", "</a>"},
        {"<a>", "\r", "</a>"},   {"<a><![CDATA[", "]", "]]></a>"},
        {"<a b='", "x", "'/>"},  {"<a b='", "\n", "'/>"},
        {"<a ", " ", "/>"},      {"<a b", " ", "=''/>"},
        {"<a></a", " ", ">"},    {"<a>", "<b/>", "</a>"},
    };
    struct tokenizer_limits limits = usual_limits;
    limits.element = 2u << 20;
    limits.nodes = 1u << 20;
    (void)state;
    for (size_t i = 0; i < COUNT(rows); i++) {
        struct fixture f;
        size_t used;
        size_t fill = strlen(rows[i].fill);
        begin(&f, &limits);
        feed(&f, rows[i].before, TOKENIZER_MORE, strlen(rows[i].before));
        for (size_t n = 0; n < 1u << 20; n++)
            assert_int_equal(
                tokenizer_feed(f.t, rows[i].fill + n % fill, 1, &used),
                TOKENIZER_MORE);
        feed(&f, rows[i].after, TOKENIZER_ELEMENT, strlen(rows[i].after));
        tokenizer_free(f.t);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(known_cases),
        cmocka_unit_test(edges),
        cmocka_unit_test(documents),
        cmocka_unit_test(each_limit),
        cmocka_unit_test(stops_after_each),
        cmocka_unit_test(errors_stay),
        cmocka_unit_test(sink_refuses),
        cmocka_unit_test(compact),
        cmocka_unit_test(compact_before_the_header),
        cmocka_unit_test(element_limit_changes),
        cmocka_unit_test(attributes),
        cmocka_unit_test(trickle),
    };
    return cmocka_run_group_tests_name("xml/tokenizer", tests, NULL, NULL);
}
