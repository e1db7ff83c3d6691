#include <setjmp.h>
#include <stdarg.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "../failing.h"
#include "cases.h"
#include "tree_trace.h"

#define COUNT(list) (sizeof(list) / sizeof((list)[0]))

/* Feed all; write each element as it comes. The last result. */
static int feed(struct tokenizer *t, const struct tree *tree, const char *bytes,
                size_t length, FILE *out)
{
    size_t at = 0;
    int r = 0;
    while (at < length && r >= 0) {
        size_t used;
        r = tokenizer_feed(t, bytes + at, length - at, &used);
        at += used;
        if (r == TOKENIZER_ELEMENT && out != NULL) {
            write_tree(out, tree_root(tree));
            fputc(';', out);
        }
    }
    return r;
}

/* What the case's accepted elements must look like. */
static bool is_whole(const struct xml_case *c)
{
    size_t length = strlen(c->trace);
    return length > 0 && c->trace[length - 1] == ';';
}

static void check(const struct xml_case *c)
{
    char *text = NULL;
    size_t size = 0;
    FILE *out = open_memstream(&text, &size);
    struct tree *tree = tree_new();
    assert_non_null(out);
    assert_non_null(tree);
    struct tokenizer_sink sink = tree_sink(tree);
    struct tokenizer *t = tokenizer_new(&sink, &usual_limits);
    assert_non_null(t);
    assert_int_equal(feed(t, tree, HEADER, strlen(HEADER), NULL),
                     TOKENIZER_HEADER);
    assert_true(feed(t, tree, c->bytes, c->length, out) >= 0);
    fclose(out);
    assert_string_equal(text, c->trace);
    free(text);
    tokenizer_free(t);
    tree_free(tree);
}

static void trees_of_cases(void **state)
{
    unsigned checked = 0;
    (void)state;
    for (size_t i = 0; i < COUNT(xml_cases); i++) {
        if (is_whole(&xml_cases[i])) {
            check(&xml_cases[i]);
            checked++;
        }
    }
    assert_int_equal(checked, 39);
    for (size_t i = 0; i < COUNT(xml_edges); i++) {
        if (is_whole(&xml_edges[i]))
            check(&xml_edges[i]);
    }
}

/* --- reading --- */

struct fixture {
    struct tree *tree;
    struct tokenizer *t;
};

static void begin(struct fixture *f, const char *header)
{
    f->tree = tree_new();
    assert_non_null(f->tree);
    struct tokenizer_sink sink = tree_sink(f->tree);
    f->t = tokenizer_new(&sink, &usual_limits);
    assert_non_null(f->t);
    assert_null(tree_root(f->tree));
    assert_int_equal(feed(f->t, f->tree, header, strlen(header), NULL),
                     TOKENIZER_HEADER);
}

static void end(struct fixture *f)
{
    tokenizer_free(f->t);
    tree_free(f->tree);
}

static const tree_node *element(struct fixture *f, const char *text)
{
    assert_int_equal(feed(f->t, f->tree, text, strlen(text), NULL),
                     TOKENIZER_ELEMENT);
    assert_non_null(tree_root(f->tree));
    return tree_root(f->tree);
}

static void header(void **state)
{
    struct fixture f;
    (void)state;
    begin(&f, "<s:stream xmlns:s='http://etherx.jabber.org/streams' id='1' "
              "xmlns='jabber:server' xml:lang='en' xmlnsx='x' xmlns:a='b' "
              "abcde='f'>");
    const tree_node *root = tree_root(f.tree);
    assert_non_null(root);
    assert_true(tree_is(root, "http://etherx.jabber.org/streams", "stream"));
    assert_string_equal(tree_attribute(root, "id"), "1");
    assert_string_equal(tree_attribute(root, "xml:lang"), "en");
    assert_null(tree_attribute(root, "to"));
    assert_true(tree_declares(root, "jabber:server"));
    assert_true(tree_declares(root, "http://etherx.jabber.org/streams"));
    assert_true(tree_declares(root, "b"));
    assert_false(tree_declares(root, "x"));
    assert_false(tree_declares(root, "en"));
    assert_false(tree_declares(root, "f"));
    assert_false(tree_declares(root, "1"));
    tree_clear(f.tree);
    assert_null(tree_root(f.tree));
    assert_true(tree_is(element(&f, "<s:features/>"),
                        "http://etherx.jabber.org/streams", "features"));
    end(&f);
}

static void look_ups(void **state)
{
    struct fixture f;
    (void)state;
    begin(&f, HEADER);
    const tree_node *n = element(&f, "<x:a xmlns:x='u'>1<b/>2<x:b i='2'/><c/>"
                                     "<b i='3'>4<d/></b></x:a>");
    assert_true(tree_is(n, "u", "a"));
    assert_true(tree_is(n, "u", NULL));
    assert_true(tree_is(n, NULL, "a"));
    assert_false(tree_is(n, "v", "a"));
    assert_false(tree_is(n, "u", "x:a"));
    assert_string_equal(tree_local(n), "a");
    assert_string_equal(tree_ns(n), "u");
    const tree_node *b = tree_first(n, "jabber:server", "b");
    assert_non_null(b);
    assert_null(tree_attribute(b, "i"));
    b = tree_next(b, "jabber:server", "b");
    assert_non_null(b);
    assert_string_equal(tree_attribute(b, "i"), "3");
    assert_null(tree_next(b, NULL, NULL));
    b = tree_next(tree_first(n, NULL, NULL), NULL, NULL);
    assert_string_equal(tree_attribute(b, "i"), "2");
    assert_non_null(tree_next(b, NULL, "c"));
    assert_null(tree_next(b, "u", NULL));
    assert_null(tree_first(n, "u", "c"));
    assert_null(tree_first(b, NULL, NULL));
    end(&f);
}

static void text(void **state)
{
    static const struct {
        const char *xml, *text;
    } rows[] = {
        {"<a/>", ""},
        {"<a></a>", ""},
        {"<a><![CDATA[]]></a>", ""},
        {"<a> x&lt;<![CDATA[y&]]>\r\n</a>", " x<y&\n"},
        {"<a>x<b/></a>", NULL},
        {"<a><b/></a>", NULL},
        {"<a><b/>x</a>", NULL},
    };
    struct fixture f;
    (void)state;
    begin(&f, HEADER);
    for (size_t i = 0; i < COUNT(rows); i++) {
        const char *got = tree_text(element(&f, rows[i].xml));
        if (rows[i].text == NULL)
            assert_null(got);
        else
            assert_string_equal(got, rows[i].text);
    }
    end(&f);
}

/* Only what is complete is shown, and one item at a time. */
static void completeness(void **state)
{
    struct fixture f;
    (void)state;
    begin(&f, HEADER);
    assert_int_equal(feed(f.t, f.tree, "<", 1, NULL), TOKENIZER_MORE);
    assert_true(tree_is(tree_root(f.tree), NULL, "stream"));
    assert_int_equal(feed(f.t, f.tree, "a><b/>", 6, NULL), TOKENIZER_MORE);
    assert_null(tree_root(f.tree));
    assert_int_equal(feed(f.t, f.tree, "</a", 3, NULL), TOKENIZER_MORE);
    assert_null(tree_root(f.tree));
    assert_int_equal(feed(f.t, f.tree, ">", 1, NULL), TOKENIZER_ELEMENT);
    assert_true(tree_is(tree_root(f.tree), "jabber:server", "a"));
    assert_int_equal(feed(f.t, f.tree, " ", 1, NULL), TOKENIZER_MORE);
    assert_non_null(tree_root(f.tree));
    tree_clear(f.tree);
    tree_clear(f.tree);
    assert_null(tree_root(f.tree));
    assert_int_equal(feed(f.t, f.tree, "<c><d>", 6, NULL), TOKENIZER_MORE);
    assert_int_equal(feed(f.t, f.tree, "</c>", 4, NULL), S2S_EXML);
    assert_null(tree_root(f.tree));
    end(&f);
    tree_free(NULL);
}

/* The namespace of a prefix that another element declared, and the depth of
 * a declaration. */
static void scopes(void **state)
{
    struct fixture f;
    (void)state;
    begin(&f, HEADER);
    const tree_node *n =
        element(&f, "<a xmlns='u'><b xmlns='v'><c xmlns='w'/><d/></b>"
                    "<e xmlns=''/><f xmlns='jabber:server'/><xml:g/></a>");
    const tree_node *b = tree_first(n, NULL, "b");
    assert_string_equal(tree_ns(n), "u");
    assert_string_equal(tree_ns(b), "v");
    assert_string_equal(tree_ns(tree_first(b, NULL, "c")), "w");
    assert_string_equal(tree_ns(tree_first(b, NULL, "d")), "v");
    assert_string_equal(tree_ns(tree_first(n, NULL, "e")), "");
    assert_string_equal(tree_ns(tree_first(n, NULL, "f")), "jabber:server");
    assert_string_equal(tree_ns(tree_first(n, NULL, "g")),
                        "http://www.w3.org/XML/1998/namespace");
    assert_string_equal(tree_ns(element(&f, "<db:h/>")),
                        "jabber:server:dialback");
    end(&f);
}

/* --- memory --- */

static unsigned long cost(struct fixture *f, const char *text)
{
    failing_off();
    assert_int_equal(feed(f->t, f->tree, text, strlen(text), NULL),
                     TOKENIZER_MORE);
    return failing_count();
}

/* Namespaces cost what they cost in the input, however often they are used:
 * an element with one costs no more than one without. */
static void namespaces_are_shared(void **state)
{
    struct fixture f;
    (void)state;
    begin(&f, HEADER);
    cost(&f, "<a xmlns:x='u' xmlns:y='v' xmlns=''><b/><b/>");
    unsigned long bare = cost(&f, "<b/>");
    for (int i = 0; i < 20; i++)
        assert_int_equal(cost(&f, i % 2 == 0 ? "<y:b/>" : "<x:b/>"), bare);
    end(&f);
}

static const char session_header[] = "<?xml version='1.0'?>" HEADER;
static const char session[] =
    "<stream:features><starttls xmlns='urn:ietf:params:xml:ns:xmpp-tls'>"
    "<required/></starttls><x:y xmlns:x='u' x:a='&lt;' b='1' c='2'/>"
    "</stream:features> <db:result from='a' to='b'>key&#x21;"
    "<![CDATA[<>]]></db:result></stream:stream>";

/* A whole stream; its result, and what was seen. */
static int run_session(FILE *out)
{
    struct tree *tree = tree_new();
    if (tree == NULL)
        return S2S_ENO_MEMORY;
    struct tokenizer_sink sink = tree_sink(tree);
    struct tokenizer *t = tokenizer_new(&sink, &usual_limits);
    int r = S2S_ENO_MEMORY;
    if (t != NULL)
        r = feed(t, tree, session_header, strlen(session_header), out);
    assert_true(r >= 0 || tree_root(tree) == NULL);
    if (r >= 0)
        r = feed(t, tree, session, strlen(session), out);
    tokenizer_free(t);
    tree_free(tree);
    return r;
}

/* Whichever call fails, alone or with all after it: a clean error and no
 * other trees than without. */
static void sweep(bool sticky)
{
    char *good = NULL;
    size_t size = 0;
    FILE *out = open_memstream(&good, &size);
    failing_off();
    assert_int_equal(run_session(out), TOKENIZER_FOOTER);
    unsigned long calls = failing_count();
    fclose(out);
    assert_true(calls > 10);
    for (unsigned long nth = 1; nth <= calls; nth++) {
        char *text = NULL;
        out = open_memstream(&text, &size);
        failing_arm(nth, sticky);
        int r = run_session(out);
        failing_off();
        fclose(out);
        assert_int_equal(r, S2S_ENO_MEMORY);
        assert_memory_equal(text, good, strlen(text));
        free(text);
    }
    free(good);
}

/* Sanitizers and valgrind tell of leaks. */
static void memory_runs_out(void **state)
{
    (void)state;
    sweep(false);
    sweep(true);
}

#if MXML_MAJOR_VERSION < 4
static void silent(const char *message)
{
    (void)message;
}
#endif

/* Of LeakSanitizer, when it is there. */
__attribute__((weak)) void __lsan_disable(void);
__attribute__((weak)) void __lsan_enable(void);

/* From here on Mini-XML's own memory fails as well: four functions, or more.
 * Leaks are not looked for: Mini-XML forgets an element's list of attributes
 * when there is no memory for the first one's name. */
static void memory_of_mini_xml_runs_out(void **state)
{
    (void)state;
#if MXML_MAJOR_VERSION < 4
    /* Or it tells stderr when its memory runs out, and crashes when there is
     * none left to note who is to be told. */
    mxmlSetErrorCallback(silent);
#endif
    assert_true(failing_include("libmxml") >= 4);
    if (__lsan_disable != NULL)
        __lsan_disable();
    sweep(false);
    sweep(true);
    if (__lsan_enable != NULL)
        __lsan_enable();
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(trees_of_cases),
        cmocka_unit_test(header),
        cmocka_unit_test(look_ups),
        cmocka_unit_test(text),
        cmocka_unit_test(completeness),
        cmocka_unit_test(scopes),
        cmocka_unit_test(namespaces_are_shared),
        cmocka_unit_test(memory_runs_out),
        cmocka_unit_test(memory_of_mini_xml_runs_out),
    };
    return cmocka_run_group_tests_name("xml/tree", tests, NULL, NULL);
}
