#include <setjmp.h>
#include <stdarg.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>

#include <cmocka.h>

#include "base/error.h"
#include "element.h"
#include "xmpp/stanza.h"

#define STANZAS "urn:ietf:params:xml:ns:xmpp-stanzas"
#define PING    "<ping xmlns='urn:xmpp:ping'/>"
#define ERROR(type, condition)                                                 \
    "<error type='" type "'><" condition " xmlns='" STANZAS "'/></error>"

static struct domain *domain(const char *text)
{
    struct domain *d = NULL;
    assert_int_equal(domain_parse(text, &d), S2S_OK);
    return d;
}

/* --- kinds and addresses --- */

static void kinds(void **state)
{
    static const struct {
        const char *xml;
        enum stanza_kind kind;
    } rows[] = {
        {"<iq/>", STANZA_IQ},
        {"<message/>", STANZA_MESSAGE},
        {"<presence/>", STANZA_PRESENCE},
        {"<x:iq xmlns:x='jabber:server'/>", STANZA_IQ},
        {"<IQ/>", STANZA_NONE},
        {"<iqs/>", STANZA_NONE},
        {"<iq xmlns='jabber:client'/>", STANZA_NONE},
        {"<iq xmlns=''/>", STANZA_NONE},
        {"<db:message/>", STANZA_NONE},
        {"<r xmlns='urn:xmpp:sm:3'/>", STANZA_NONE},
    };
    struct stream s;
    (void)state;
    stream_begin(&s);
    for (size_t i = 0; i < COUNT(rows); i++)
        assert_int_equal(stanza_kind(stream_element(&s, rows[i].xml)),
                         rows[i].kind);
    stream_end(&s);
}

static void domains(void **state)
{
    static const struct {
        const char *jid;
        bool same;
    } rows[] = {
        {"example.org", true},
        {"EXAMPLE.org", true},
        {"example.org.", true},
        {"user@example.org", true},
        {"user@example.org/resource", true},
        {"example.org/resource", true},
        {"example.org/a@evil.example", true},
        {"example.org/evil.example/@", true},
        {"user@example.org/a/b@evil.example", true},
        {"b\xc3\xbc"
         "cher@example.org/ \xc3\xbc",
         true},
        {"a.b+c=d@example.org", true},
        {NULL, false},
        {"", false},
        {"@", false},
        {"/", false},
        {"@/", false},
        {"@example.org", false},
        {"example.org/", false},
        {"user@example.org/", false},
        {"/example.org", false},
        {"user@", false},
        {"user@/example.org", false},
        {"example.org@evil.example", false},
        {"evil.example/@example.org", false},
        {"evil.example/a@example.org", false},
        {"user@evil.example@example.org", false},
        {"user@example.org@evil.example", false},
        {"user@@example.org", false},
        {"us er@example.org", false},
        {"us\ter@example.org", false},
        {"us\x7f"
         "er@example.org",
         false},
        {"us\"er@example.org", false},
        {"us&er@example.org", false},
        {"us'er@example.org", false},
        {"us:er@example.org", false},
        {"us<er@example.org", false},
        {"us>er@example.org", false},
        {" example.org", false},
        {"example.org ", false},
        {"example.org\n", false},
        {"example.org..", false},
        {".example.org", false},
        {"example", false},
        {"org", false},
        {"example.orga", false},
        {"xexample.org", false},
        {"sub.example.org", false},
        {"xmpp:example.org", false},
        {"example.org:5269", false},
        {"example.org\\@evil.example", false},
        {"[::1]", false},
        {"127.0.0.1", false},
    };
    struct domain *d = domain("example.org");
    (void)state;
    for (size_t i = 0; i < COUNT(rows); i++)
        assert_int_equal(stanza_domain_is(rows[i].jid, d), rows[i].same);
    free(d);
}

static void international(void **state)
{
    static const struct {
        const char *jid;
        bool same;
    } rows[] = {
        {"b\xc3\xbc"
         "cher.example",
         true},
        {"B\xc3\x9c"
         "CHER.example/r",
         true},
        {"xn--bcher-kva.example", true},
        {"u@xn--bcher-kva.example/r", true},
        {"bucher.example", false},
        {"b\xc3"
         "cher.example",
         false},
    };
    struct domain *d = domain("b\xc3\xbc"
                              "cher.example");
    (void)state;
    for (size_t i = 0; i < COUNT(rows); i++)
        assert_int_equal(stanza_domain_is(rows[i].jid, d), rows[i].same);
    free(d);
}

/* Parts have up to 1023 bytes each. */
static void long_parts(void **state)
{
    static const struct {
        size_t local, domain, resource;
        bool same;
    } rows[] = {
        {1023, 0, 0, true},  {1024, 0, 0, false},   {0, 0, 1023, true},
        {0, 0, 1024, false}, {1023, 0, 1023, true}, {0, 1023, 0, false},
        {0, 1024, 0, false}, {0, 5000, 0, false},   {5000, 5000, 5000, false},
    };
    struct domain *d = domain("example.org");
    (void)state;
    for (size_t i = 0; i < COUNT(rows); i++) {
        static char fill[5000];
        static char jid[16000];
        memset(fill, 'x', sizeof(fill));
        snprintf(jid, sizeof(jid), "%.*s%s%.*s%s%s%.*s", (int)rows[i].local,
                 fill, rows[i].local > 0 ? "@" : "", (int)rows[i].domain, fill,
                 "example.org", rows[i].resource > 0 ? "/" : "",
                 (int)rows[i].resource, fill);
        assert_int_equal(stanza_domain_is(jid, d), rows[i].same);
    }
    free(d);
}

static void between(void **state)
{
    static const struct {
        const char *xml;
        bool between;
    } rows[] = {
        {"<iq from='a.example' to='b.example'/>", true},
        {"<iq from='u@a.example/r' to='v@b.example'/>", true},
        {"<message from='a.example' to='b.example/x@y'/>", true},
        {"<iq from='b.example' to='a.example'/>", false},
        {"<iq from='a.example' to='a.example'/>", false},
        {"<iq from='c.example' to='b.example'/>", false},
        {"<iq from='a.example' to='c.example'/>", false},
        {"<iq from='a.example'/>", false},
        {"<iq to='b.example'/>", false},
        {"<iq from='' to='b.example'/>", false},
        {"<iq from='a.example' to=''/>", false},
        {"<iq/>", false},
        {"<iq x:from='a.example' to='b.example' xmlns:x='u'/>", false},
    };
    struct domain *a = domain("a.example");
    struct domain *b = domain("b.example");
    struct stream s;
    (void)state;
    stream_begin(&s);
    for (size_t i = 0; i < COUNT(rows); i++)
        assert_int_equal(
            stanza_is_between(stream_element(&s, rows[i].xml), a, b),
            rows[i].between);
    stream_end(&s);
    free(a);
    free(b);
}

/* --- writing --- */

static int write_ping(struct buf *b, const void *id)
{
    return stanza_write_ping(b, "a.example", "b\xc3\xbc.example", id);
}

static int write_error(struct buf *b, const void *condition)
{
    return stanza_write_error(b, condition);
}

static void written(void **state)
{
    (void)state;
    assert_written(write_ping, "p1",
                   "<iq from='a.example' to='b\xc3\xbc.example' id='p1' "
                   "type='get'>" PING "</iq>");
    assert_written(write_ping, "<'>",
                   "<iq from='a.example' to='b\xc3\xbc.example' "
                   "id='&lt;&apos;&gt;' type='get'>" PING "</iq>");
    assert_written(write_error, "bad-request", ERROR("modify", "bad-request"));
    assert_written(write_error, "forbidden", ERROR("auth", "forbidden"));
    assert_written(write_error, "remote-connection-failed",
                   ERROR("cancel", "remote-connection-failed"));
    assert_written(write_error, "resource-constraint",
                   ERROR("wait", "resource-constraint"));
    assert_written(write_error, "undefined-condition",
                   ERROR("cancel", "undefined-condition"));
    assert_written(write_error, "", ERROR("cancel", "undefined-condition"));
    assert_written(write_error, "x/><y",
                   ERROR("cancel", "undefined-condition"));
    assert_written(write_error, NULL, ERROR("cancel", "undefined-condition"));
}

static void not_written(void **state)
{
    struct buf b;
    (void)state;
    buf_init(&b, 1000);
    assert_int_equal(stanza_write_ping(&b, "a", "b", "\x01"), S2S_EINTERNAL);
    assert_int_equal(stanza_write_ping(&b, "a\xff", "b", "i"), S2S_EINTERNAL);
    assert_int_equal(b.length, 0);
    buf_free(&b);
}

/* --- answering --- */

static int write_answer(struct buf *b, const void *request)
{
    return stanza_write_answer(b, request);
}

#define IQ(attributes, inner)                                                  \
    "<iq from='u@a.example/r' to='b.example'" attributes ">" inner "</iq>"
#define TO   " from='b.example' to='u@a.example/r'"
#define MORE ERROR("cancel", "service-unavailable")

static void answered(void **state)
{
    static const struct {
        const char *xml, *answer; /* "": none */
    } rows[] = {
        {IQ(" id='1' type='get'", PING), "<iq" TO " id='1' type='result'/>"},
        {IQ(" id='1' type='get'", " <p:ping xmlns:p='urn:xmpp:ping'/> "),
         "<iq" TO " id='1' type='result'/>"},
        {IQ(" id='&apos;&lt;&#10;' type='get'", PING),
         "<iq" TO " id='&apos;&lt;&#10;' type='result'/>"},
        {IQ(" id='' type='get'", PING), "<iq" TO " id='' type='result'/>"},
        {IQ(" id='1' type='set'", PING),
         "<iq" TO " id='1' type='error'>" MORE "</iq>"},
        {IQ(" id='1' type='get'", "<ping/>"),
         "<iq" TO " id='1' type='error'>" MORE "</iq>"},
        {IQ(" id='1' type='get'", "<Ping xmlns='urn:xmpp:ping'/>"),
         "<iq" TO " id='1' type='error'>" MORE "</iq>"},
        {IQ(" id='1' type='get'", PING "<x/>"),
         "<iq" TO " id='1' type='error'>" MORE "</iq>"},
        {IQ(" id='1' type='get'", "<x/>" PING),
         "<iq" TO " id='1' type='error'>" MORE "</iq>"},
        {IQ(" id='1' type='get'", "<x>" PING "</x>"),
         "<iq" TO " id='1' type='error'>" MORE "</iq>"},
        {IQ(" id='1' type='get'", ""),
         "<iq" TO " id='1' type='error'>" MORE "</iq>"},
        {IQ(" id='1' type='set'", "<q xmlns='u'>t</q>"),
         "<iq" TO " id='1' type='error'>" MORE "</iq>"},
        {"<message from='u@a.example/r' to='b.example'><body>x</body>"
         "</message>",
         "<message" TO " type='error'>" MORE "</message>"},
        {"<message from='u@a.example/r' to='b.example' id='1' type='chat'/>",
         "<message" TO " id='1' type='error'>" MORE "</message>"},
        {IQ(" id='1' type='result'", PING), ""},
        {IQ(" id='1' type='error'", PING), ""},
        {IQ(" id='1' type='Get'", PING), ""},
        {IQ(" id='1'", PING), ""},
        {IQ(" type='get'", PING), ""},
        {"<iq from='a.example' id='1' type='get'>" PING "</iq>", ""},
        {"<iq to='b.example' id='1' type='get'>" PING "</iq>", ""},
        {"<message from='a.example' id='1'/>", ""},
        {"<message to='b.example' id='1'/>", ""},
        {"<message from='a.example' to='b.example' type='error'/>", ""},
        {"<presence from='a.example' to='b.example'/>", ""},
        {"<presence from='a.example' to='b.example' type='probe'/>", ""},
        {"<iq xmlns='jabber:client' from='a' to='b' id='1' type='get'>" PING
         "</iq>",
         ""},
        {"<x from='a.example' to='b.example' id='1' type='get'/>", ""},
    };
    struct stream s;
    (void)state;
    stream_begin(&s);
    for (size_t i = 0; i < COUNT(rows); i++) {
        const tree_node *n = stream_element(&s, rows[i].xml);
        struct buf b;
        if (rows[i].answer[0] != '\0') {
            assert_written(write_answer, n, rows[i].answer);
            continue;
        }
        buf_init(&b, 0);
        assert_int_equal(stanza_write_answer(&b, n), S2S_OK);
        assert_int_equal(b.length, 0);
    }
    stream_end(&s);
}

/* --- answers, to a request from a.example to b.example with the id "i" --- */

#define ANSWER(type, inner)                                                    \
    "<iq from='b.example' to='a.example' id='i' "                              \
    "type='" type "'>" inner "</iq>"

static void answers(void **state)
{
    static const struct {
        const char *xml;
        enum stanza_answer answer;
        const char *condition;
    } rows[] = {
        {ANSWER("result", ""), STANZA_RESULT, NULL},
        {ANSWER("result", PING), STANZA_RESULT, NULL},
        {ANSWER("result", ERROR("cancel", "gone")), STANZA_RESULT, NULL},
        {"<iq from='B.example.' to='A.EXAMPLE' id='i' type='result'/>",
         STANZA_RESULT, NULL},
        {ANSWER("error", PING ERROR("cancel", "service-unavailable")),
         STANZA_UNSUPPORTED, "service-unavailable"},
        {ANSWER("error", ERROR("cancel", "feature-not-implemented")),
         STANZA_UNSUPPORTED, "feature-not-implemented"},
        {ANSWER("error", ERROR("cancel", "remote-server-not-found")),
         STANZA_ERROR, "remote-server-not-found"},
        {ANSWER("error", "<error><text xmlns='" STANZAS
                         "'/><x/><forbidden xmlns='" STANZAS "'/></error>"),
         STANZA_ERROR, "forbidden"},
        {ANSWER("error", "<error code='503'/>"), STANZA_ERROR, NULL},
        {ANSWER("error", "<error><service-unavailable/></error>"), STANZA_ERROR,
         NULL},
        {ANSWER("error", ""), STANZA_ERROR, NULL},
        {ANSWER("get", PING), STANZA_NO_ANSWER, NULL},
        {ANSWER("set", ERROR("cancel", "gone")), STANZA_NO_ANSWER, NULL},
        {ANSWER("", ""), STANZA_NO_ANSWER, NULL},
        {ANSWER("Result", ""), STANZA_NO_ANSWER, NULL},
        {"<iq from='b.example' to='a.example' id='i'/>", STANZA_NO_ANSWER,
         NULL},
        {"<iq from='b.example' to='a.example' id='I' type='result'/>",
         STANZA_NO_ANSWER, NULL},
        {"<iq from='b.example' to='a.example' id='' type='result'/>",
         STANZA_NO_ANSWER, NULL},
        {"<iq from='b.example' to='a.example' type='result'/>",
         STANZA_NO_ANSWER, NULL},
        {"<iq from='a.example' to='b.example' id='i' type='result'/>",
         STANZA_NO_ANSWER, NULL},
        {"<iq from='c.example' to='a.example' id='i' type='result'/>",
         STANZA_NO_ANSWER, NULL},
        {"<iq from='b.example' to='c.example' id='i' type='result'/>",
         STANZA_NO_ANSWER, NULL},
        {"<iq from='u@b.example' to='a.example' id='i' type='result'/>",
         STANZA_NO_ANSWER, NULL},
        {"<iq from='b.example/r' to='a.example' id='i' type='result'/>",
         STANZA_NO_ANSWER, NULL},
        {"<iq from='b.example' to='u@a.example/r' id='i' type='result'/>",
         STANZA_NO_ANSWER, NULL},
        {"<iq from='' to='a.example' id='i' type='result'/>", STANZA_NO_ANSWER,
         NULL},
        {"<iq to='a.example' id='i' type='result'/>", STANZA_NO_ANSWER, NULL},
        {"<iq from='b.example' id='i' type='result'/>", STANZA_NO_ANSWER, NULL},
        {"<message from='b.example' to='a.example' id='i' type='error'>" ERROR(
             "cancel", "gone") "</message>",
         STANZA_NO_ANSWER, NULL},
        {"<iq xmlns='jabber:client' from='b.example' to='a.example' id='i' "
         "type='result'/>",
         STANZA_NO_ANSWER, NULL},
        {"<db:iq from='b.example' to='a.example' id='i' type='result'/>",
         STANZA_NO_ANSWER, NULL},
    };
    struct domain *a = domain("a.example");
    struct domain *b = domain("b.example");
    struct stream s;
    (void)state;
    stream_begin(&s);
    for (size_t i = 0; i < COUNT(rows); i++) {
        const char *condition = "untouched";
        const tree_node *n = stream_element(&s, rows[i].xml);
        assert_int_equal(stanza_read_answer(n, a, b, "i", &condition),
                         rows[i].answer);
        assert_text(condition, rows[i].condition);
    }
    stream_end(&s);
    free(a);
    free(b);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(kinds),         cmocka_unit_test(domains),
        cmocka_unit_test(international), cmocka_unit_test(long_parts),
        cmocka_unit_test(between),       cmocka_unit_test(written),
        cmocka_unit_test(not_written),   cmocka_unit_test(answered),
        cmocka_unit_test(answers),
    };
    return cmocka_run_group_tests_name("xmpp/stanza", tests, NULL, NULL);
}
