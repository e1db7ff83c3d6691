#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>

#include <cmocka.h>

#include "parse.h"
#include "xmpp/stream_header.h"

#define STREAMS "http://etherx.jabber.org/streams"
#define OURS    "us.example"
#define THEIRS                                                                 \
    "b\xc3\xbc"                                                                \
    "cher.example" /* xn--bcher-kva.example */

/* ---- Writing ---- */

static void written(void **state)
{
    static const struct {
        const char *from, *to;
        size_t limit;
        int error;
        const char *text; /* from the first value on */
    } rows[] = {
        {"a.example", "b.example", 1024, S2S_OK,
         "from='a.example' to='b.example' version='1.0' xml:lang='en'>"},
        {"b\xc3\xbc"
         "cher.example",
         "b.example", 1024, S2S_OK,
         "from='b\xc3\xbc"
         "cher.example' to='b.example' version='1.0' xml:lang='en'>"},
        {"a'<&>\"", "b", 1024, S2S_OK,
         "from='a&apos;&lt;&amp;&gt;&quot;' to='b' version='1.0' "
         "xml:lang='en'>"},
        {"a", "b\n", 1024, S2S_OK, NULL},
        {"a", "\xff", 1024, S2S_EINTERNAL, NULL},
        {"a", "\x01", 1024, S2S_EINTERNAL, NULL},
        {"a", "b", 100, S2S_ELIMIT, NULL},
        {"a", "b", 183, S2S_ELIMIT, NULL},
        {"a", "b", 184, S2S_OK, NULL},
    };
    static const char begin[] =
        "<?xml version='1.0'?><stream:stream xmlns='jabber:server' "
        "xmlns:db='jabber:server:dialback' xmlns:stream='" STREAMS "' ";
    char want[512];
    (void)state;
    for (size_t i = 0; i < COUNT(rows); i++) {
        struct buf b;
        buf_init(&b, rows[i].limit);
        int e = stream_header_write(&b, rows[i].from, rows[i].to);
        assert_int_equal(e, rows[i].error);
        if (e == S2S_OK) /* some servers take a line for a line */
            assert_null(memchr(b.data, '\n', b.length));
        if (rows[i].text != NULL) {
            snprintf(want, sizeof(want), "%s%s", begin, rows[i].text);
            assert_int_equal(b.length, strlen(want));
            assert_memory_equal(b.data, want, b.length);
        }
        buf_free(&b);
    }
}

/* ---- Judging ---- */

#define START     "<stream:stream xmlns:stream='" STREAMS "' "
#define GOOD_FROM "from='" THEIRS "' "
#define GOOD      "id='1' version='1.0' xml:lang='en' "

enum { CLEAR = 1, SECURE = 2, BOTH = 3 };

static const struct {
    const char *header;
    unsigned where; /* CLEAR, SECURE or BOTH */
    int error;
    const char *found;    /* codes of the findings, with what was seen */
    enum finding finding; /* with an error */
    const char *seen;
} rows[] = {
    {START GOOD GOOD_FROM ">", BOTH, 0, "", 0, NULL},
    {START GOOD GOOD_FROM "xmlns='jabber:server'>", BOTH, 0, "", 0, NULL},
    {START GOOD GOOD_FROM "to='" OURS "'>", BOTH, 0, "", 0, NULL},
    {"<stream xmlns='" STREAMS "' " GOOD GOOD_FROM ">", BOTH, 0, "", 0, NULL},
    {START GOOD GOOD_FROM "xmlns='urn:x'>", BOTH, 0, "", 0, NULL},
    {START GOOD GOOD_FROM "other='1'>", BOTH, 0, "", 0, NULL},
    /* The domain, however it is spelled */
    {START GOOD "from='xn--bcher-kva.example'>", BOTH, 0, "", 0, NULL},
    {START GOOD "from='XN--BCHER-KVA.Example'>", BOTH, 0, "", 0, NULL},
    {START GOOD "from='B\xc3\x9c"
                "CHER.EXAMPLE.'>",
     BOTH, 0, "", 0, NULL},
    {START GOOD ">", BOTH, 0, "from_missing=", 0, NULL},
    {START GOOD "from=''>", BOTH, 0, "from_missing=", 0, NULL},
    {START GOOD "from='bucher.example'>", CLEAR, 0,
     "from_differs=bucher.example", 0, NULL},
    {START GOOD "from='bucher.example'>", SECURE, S2S_ESTREAM_HEADER,
     "from_differs=bucher.example", FINDING_FROM_DIFFERS, "bucher.example"},
    {START GOOD "from='b\xc3\xbc"
                "cher.example.evil'>",
     SECURE, S2S_ESTREAM_HEADER,
     "from_differs=b\xc3\xbc"
     "cher.example.evil",
     FINDING_FROM_DIFFERS,
     "b\xc3\xbc"
     "cher.example.evil"},
    {START GOOD "from='a b'>", SECURE, S2S_ESTREAM_HEADER, "from_differs=a b",
     FINDING_FROM_DIFFERS, "a b"},
    {START GOOD GOOD_FROM "to='other.example'>", BOTH, 0,
     "to_differs=other.example", 0, NULL},
    {START GOOD GOOD_FROM "to=''>", BOTH, 0, "", 0, NULL},
    {START "id='1' version='1.0' " GOOD_FROM ">", BOTH, 0, "lang_missing=", 0,
     NULL},
    {START "id='1' version='1.0' to='x'>", BOTH, 0,
     "from_missing= to_differs=x lang_missing=", 0, NULL},
    /* Ids */
    {START "version='1.0' " GOOD_FROM ">", BOTH, S2S_ESTREAM_HEADER, "",
     FINDING_NO_STREAM_ID, NULL},
    {START "id='' version='1.0' " GOOD_FROM ">", BOTH, S2S_ESTREAM_HEADER, "",
     FINDING_NO_STREAM_ID, NULL},
    {START "id=' ' version='1.0' xml:lang='' " GOOD_FROM ">", BOTH, 0, "", 0,
     NULL},
    {"<stream:stream xmlns:stream='" STREAMS "' xmlns:x='urn:x' x:id='1' "
     "version='1.0'>",
     BOTH, S2S_ESTREAM_HEADER, "", FINDING_NO_STREAM_ID, NULL},
    /* Versions */
    {START "id='1' " GOOD_FROM ">", BOTH, S2S_EVERSION, "", FINDING_PRE_XMPP_1,
     NULL},
    {START "id='1' version='' " GOOD_FROM ">", BOTH, S2S_EVERSION, "",
     FINDING_PRE_XMPP_1, NULL},
    {START "id='1' version='0.9' " GOOD_FROM ">", BOTH, S2S_EVERSION, "",
     FINDING_PRE_XMPP_1, NULL},
    {START "id='1' version='1' " GOOD_FROM ">", BOTH, S2S_EVERSION, "",
     FINDING_PRE_XMPP_1, NULL},
    {START "id='1' version='x1.0' " GOOD_FROM ">", BOTH, S2S_EVERSION, "",
     FINDING_PRE_XMPP_1, NULL},
    {START "id='1' version='-1.0' " GOOD_FROM ">", BOTH, S2S_EVERSION, "",
     FINDING_PRE_XMPP_1, NULL},
    {START "id='1' version='.1' " GOOD_FROM ">", BOTH, S2S_EVERSION, "",
     FINDING_PRE_XMPP_1, NULL},
    {START "id='1' version='00.1' " GOOD_FROM ">", BOTH, S2S_EVERSION, "",
     FINDING_PRE_XMPP_1, NULL},
    {START "id='1' xml:lang='en' version='001.0' " GOOD_FROM ">", BOTH, 0, "",
     0, NULL},
    {START "id='1' xml:lang='en' version='1.' " GOOD_FROM ">", BOTH, 0, "", 0,
     NULL},
    {START "id='1' xml:lang='en' version='2.0' " GOOD_FROM ">", BOTH, 0, "", 0,
     NULL},
    {START "id='1' xml:lang='en' version='99999999999999999999999.0' " GOOD_FROM
           ">",
     BOTH, 0, "", 0, NULL},
    /* Content namespaces: client ports, and components' */
    {START GOOD GOOD_FROM "xmlns='jabber:client'>", BOTH, S2S_ENAMESPACE, "",
     FINDING_CLIENT_PORT, NULL},
    {START GOOD GOOD_FROM "xmlns='jabber:component:accept'>", BOTH,
     S2S_ENAMESPACE, "", FINDING_CLIENT_PORT, NULL},
    {START GOOD GOOD_FROM "xmlns='jabber:clients'>", BOTH, 0, "", 0, NULL},
    /* The first cause */
    {START "xmlns='jabber:client'>", BOTH, S2S_EVERSION, "", FINDING_PRE_XMPP_1,
     NULL},
    {START "version='1.0' xmlns='jabber:client'>", BOTH, S2S_ENAMESPACE, "",
     FINDING_CLIENT_PORT, NULL},
    {START "version='1.0' from='x'>", BOTH, S2S_ESTREAM_HEADER, "",
     FINDING_NO_STREAM_ID, NULL},
};

static void join(const s2s_result *r, char *out, size_t size)
{
    size_t used = 0;
    out[0] = '\0';
    for (const struct result_finding *f = r->findings; f != NULL; f = f->next) {
        int n =
            snprintf(out + used, size - used, "%s%s=%s", used > 0 ? " " : "",
                     finding_info(f->id)->code, f->seen);
        assert_true(n > 0 && (size_t)n < size - used);
        used += (size_t)n;
    }
}

static void judge(size_t i, const struct domain *to, bool secure)
{
    struct parse p;
    char found[512];
    s2s_result *r = result_new(S2S_OP_CONNECT);
    struct result_stream *s = result_add_stream(r, secure);
    const tree_node *n = parse_header(&p, rows[i].header);
    struct stream_header_verdict v = stream_header_judge(n, to, s, r);
    parse_close(&p);
    if (v.error == S2S_OK || v.finding == FINDING_FROM_DIFFERS)
        stream_header_lint(s, OURS, to, r);
    join(r, found, sizeof(found));
    if (v.error != rows[i].error)
        fail_msg("%s: %d", rows[i].header, v.error);
    if (strcmp(found, rows[i].found) != 0)
        fail_msg("%s: found \"%s\"", rows[i].header, found);
    if (v.error != S2S_OK) {
        assert_int_equal(v.finding, rows[i].finding);
        assert_non_null(v.text);
    }
    if (rows[i].seen != NULL)
        assert_string_equal(v.seen, rows[i].seen);
    else
        assert_null(v.seen);
    assert_true(s->header_received);
    assert_int_equal(r->error, S2S_OK); /* held back: that is the caller's */
    result_free(r);
}

static struct domain *theirs(void)
{
    struct domain *to;
    assert_int_equal(domain_parse(THEIRS, &to), S2S_OK);
    return to;
}

static void judged(void **state)
{
    struct domain *to = theirs();
    (void)state;
    for (size_t i = 0; i < COUNT(rows); i++) {
        if ((rows[i].where & CLEAR) != 0)
            judge(i, to, false);
        if ((rows[i].where & SECURE) != 0)
            judge(i, to, true);
    }
    free(to);
}

static void id_length(void **state)
{
    static char text[4096];
    struct domain *to = theirs();
    (void)state;
    for (int length = 1023; length <= 1025; length++) {
        struct parse p;
        s2s_result *r = result_new(S2S_OP_CONNECT);
        struct result_stream *s = result_add_stream(r, true);
        snprintf(text, sizeof(text), START "version='1.0' id='%0*d'>", length,
                 0);
        struct stream_header_verdict v =
            stream_header_judge(parse_header(&p, text), to, s, r);
        parse_close(&p);
        assert_int_equal(v.error, length > 1024 ? S2S_ESTREAM_HEADER : 0);
        assert_int_equal(strlen(s->id), length); /* shown all the same */
        result_free(r);
    }
    free(to);
}

/* ---- What is kept ---- */

static void recorded(void **state)
{
    struct parse p;
    struct domain *to = theirs();
    s2s_result *r = result_new(S2S_OP_CONNECT);
    struct result_stream *s = result_add_stream(r, false);
    (void)state;
    stream_header_judge(parse_header(&p, START
                                     "id='a&amp;\xc3\xa9' from='F' to='T' "
                                     "version='1.0' xml:lang='de' "
                                     "xmlns:x='jabber:server:dialback'>"),
                        to, s, r);
    parse_close(&p);
    assert_string_equal(s->id, "a&\xc3\xa9");
    assert_string_equal(s->from, "F");
    assert_string_equal(s->to, "T");
    assert_string_equal(s->version, "1.0");
    assert_string_equal(s->lang, "de");
    assert_true(s->dialback_namespace);
    s = result_add_stream(r, true);
    stream_header_judge(parse_header(&p, START "id='' from='' to='' "
                                               "version='' xml:lang=''>"),
                        to, s, r);
    parse_close(&p);
    assert_null(s->id);
    assert_null(s->from);
    assert_null(s->to);
    assert_string_equal(s->version, "");
    assert_string_equal(s->lang, "");
    assert_false(s->dialback_namespace);
    result_free(r);
    free(to);
}

/* RFC 6120, 4.3.3: a new stream has a new id. */
static void id_again(void **state)
{
    static const struct {
        const char *ids[2];
        size_t found;
    } pairs[] = {{{"a", "b"}, 0}, {{"a", "a"}, 1}, {{"a", "A"}, 0}};
    char text[256];
    struct domain *to = theirs();
    (void)state;
    for (size_t i = 0; i < COUNT(pairs); i++) {
        s2s_result *r = result_new(S2S_OP_CONNECT);
        for (int k = 0; k < 2; k++) {
            struct parse p;
            snprintf(text, sizeof(text),
                     START "id='%s' version='1.0' xml:lang='en' " GOOD_FROM ">",
                     pairs[i].ids[k]);
            struct result_stream *s = result_add_stream(r, k == 1);
            stream_header_judge(parse_header(&p, text), to, s, r);
            stream_header_lint(s, OURS, to, r);
            parse_close(&p);
        }
        assert_int_equal(r->finding_count, pairs[i].found);
        if (pairs[i].found > 0) {
            assert_int_equal(r->findings->id, FINDING_STREAM_ID_REUSED);
            assert_string_equal(r->findings->seen, "a");
        }
        result_free(r);
    }
    free(to);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(written),   cmocka_unit_test(judged),
        cmocka_unit_test(id_length), cmocka_unit_test(recorded),
        cmocka_unit_test(id_again),
    };
    return cmocka_run_group_tests_name("xmpp/stream_header", tests, NULL, NULL);
}
