/*
 * Probes that ask DNS where to go, over connections in memory, with a resolver
 * that follows a script and time that moves only when told to.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>

#include <cmocka.h>

#include "wire_script.h"

#define CLEAR ((s2s_options){.tls_mode = S2S_TLS_NONE})

/* ---- From one endpoint to the next ------------------------------------ */

static const struct dns_row three[] = {
    {STARTTLS, "SRV/3/0/5269/c.example SRV/1/0/5299/a.example "
               "SRV/2/0/5269/b.example"},
    {NULL, NULL}};

static void next_endpoint(void **state)
{
    static const struct {
        const char *only;
        int refuses, error;
        const char *hosts, *host;
    } rows[] = {
        {NULL, 0, S2S_OK, "a.example:5299 ", "a.example"},
        {"a.example", S2S_ECONNECT, S2S_OK, "a.example:5299 b.example:5269 ",
         "b.example"},
        {"a.example", S2S_EDNS, S2S_OK, "a.example:5299 b.example:5269 ",
         "b.example"},
        {NULL, S2S_ECONNECT, S2S_ECONNECT,
         "a.example:5299 b.example:5269 c.example:5269 ", NULL},
        /* What is not about the endpoint ends it. */
        {"a.example", S2S_CALLBACK_ERROR, S2S_CALLBACK_ERROR, "a.example:5299 ",
         NULL},
    };
    (void)state;
    for (size_t i = 0; i < COUNT(rows); i++) {
        struct wire w = {
            .answers = true, .refuses = rows[i].refuses, .only = rows[i].only};
        s2s_result *r = run(three, &w, CLEAR, rows[i].error);
        assert_string_equal(w.hosts, rows[i].hosts);
        is(r, "dns.plan", "srv");
        is(r, "dns.xmpp", "records");
        is(r, "dns.xmpps", "none");
        if (rows[i].host != NULL)
            is(r, "host", rows[i].host);
        s2s_result_free(r);
    }
}

static void ports(void **state)
{
    static const struct dns_row some[] = {
        {STARTTLS, "SRV/1/0/25/a.example SRV/2/0/5269/b.example"},
        {NULL, NULL}};
    static const struct dns_row all[] = {
        {STARTTLS, "SRV/1/0/25/a.example SRV/2/0/6667/b.example"},
        {NULL, NULL}};
    struct wire w = {.answers = true};
    (void)state;
    s2s_result *r = run(some, &w, CLEAR, S2S_OK);
    assert_string_equal(w.hosts, "b.example:5269 ");
    assert_true(found(r, "srv_port"));
    s2s_result_free(r);
    w = (struct wire){.answers = true};
    r = run(all, &w, CLEAR, S2S_EADDRESS_FORBIDDEN);
    assert_string_equal(w.hosts, "");
    assert_true(found(r, "srv_port"));
    assert_false(found(r, "no_endpoint"));
    s2s_result_free(r);
}

/* Nothing vouches for where a caller's transport goes. */
static void no_tlsa(void **state)
{
    static const struct dns_row rows[] = {
        {STARTTLS, "AD SRV/1/0/5269/a.example"},
        {"*", "AD TLSA/030101aa"},
        {NULL, NULL}};
    struct wire w = {.answers = true};
    (void)state;
    s2s_result *r = run(rows, &w, CLEAR, S2S_OK);
    assert_int_equal(script.count, 2);
    s2s_result_free(r);
}

/* No more than ten are tried. */
static void many(void **state)
{
    static const struct dns_row rows[] = {
        {STARTTLS, "SRV/1/0/5269/a.example SRV/2/0/5269/b.example "
                   "SRV/3/0/5269/c.example SRV/4/0/5269/d.example "
                   "SRV/5/0/5269/e.example SRV/6/0/5269/f.example "
                   "SRV/7/0/5269/g.example SRV/8/0/5269/h.example "
                   "SRV/9/0/5269/i.example SRV/10/0/5269/j.example "
                   "SRV/11/0/5269/k.example"},
        {NULL, NULL}};
    struct wire w = {.refuses = S2S_ECONNECT};
    (void)state;
    s2s_result *r = run(rows, &w, CLEAR, S2S_ECONNECT);
    if (strstr(w.hosts, "j.example") == NULL)
        fail_msg("%s", w.hosts);
    assert_null(strstr(w.hosts, "k.example"));
    assert_true(found(r, "srv_many"));
    s2s_result_free(r);
}

/* ---- Names ------------------------------------------------------------ */

static void deviation(void **state)
{
    static const struct dns_row rows[] = {{NULL, NULL}};
    static const char to[] = "stra\xc3\x9f"
                             "e.example";
    static const char *const xml_to[] = {NULL, "xn--strae-oqa.example"};
    (void)state;
    for (size_t i = 0; i < COUNT(xml_to); i++) {
        struct wire w = {.answers = true};
        s2s_context *c = open_scripted(rows, 0);
        const s2s_transport transport = wire_transport(&w);
        const s2s_options options = {.size = sizeof(options),
                                     .tls_mode = S2S_TLS_NONE,
                                     .transport = &transport,
                                     .xml_to = xml_to[i]};
        uint64_t id;
        assert_int_equal(s2s_context_submit(c, S2S_OP_CONNECT, "us.example", to,
                                            &options, NULL, &id),
                         S2S_OK);
        work(c);
        s2s_result *r = take(c, S2S_OK);
        assert_true(found(r, "deviation_characters"));
        assert_int_equal(
            scripted_count(&script, "_xmpp-server._tcp.xn--strae-oqa.example"),
            1);
        assert_non_null(strstr(w.sent, xml_to[i] != NULL ? xml_to[i] : to));
        assert_string_equal(w.hosts, "xn--strae-oqa.example:5269 ");
        s2s_result_free(r);
        s2s_context_free(c);
    }
}

/* The peer's `from` may be the domain, or what the stream calls it. */
static void named(void **state)
{
    static const struct dns_row rows[] = {{NULL, NULL}};
    static const struct {
        const char *xml_to;
        bool differs;
    } names[] = {{NULL, false}, {"other.example", false}};
    (void)state;
    for (size_t i = 0; i < COUNT(names); i++) {
        struct wire w = {.answers = true};
        s2s_options options = CLEAR;
        options.xml_to = names[i].xml_to;
        s2s_result *r = run(rows, &w, options, S2S_OK);
        assert_int_equal(found(r, "from_differs"), names[i].differs);
        assert_non_null(
            strstr(w.sent, i > 0 ? "to='other.example'" : "to='" THEM "'"));
        assert_int_equal(scripted_count(&script, STARTTLS), 1);
        is(r, "to", THEM);
        s2s_result_free(r);
    }
}

/* A key for another domain than the one that was found by DNS, or verified, is
 * not for this peer. */
static void no_key_for_another(void **state)
{
    static const struct dns_row rows[] = {{NULL, NULL}};
    static const char offer[] =
        "<stream:stream xmlns='jabber:server' id='1' version='1.0' "
        "xmlns:db='jabber:server:dialback' "
        "xmlns:stream='http://etherx.jabber.org/streams' "
        "from='them.example' to='us.example'><stream:features>"
        "<dialback xmlns='urn:xmpp:features:dialback'/></stream:features>";
    static const struct {
        const char *xml_to;
        int error;
        bool key;
    } names[] = {
        {NULL, S2S_ETIMEOUT, true},
        {"Them.Example.", S2S_ETIMEOUT, true},
        {"other.example", S2S_EAUTH_FAILED, false},
    };
    (void)state;
    for (size_t i = 0; i < COUNT(names); i++) {
        struct wire w = {.answers = true, .says = offer};
        s2s_options options = CLEAR;
        options.xml_to = names[i].xml_to;
        options.flags = S2S_AUTHENTICATE | S2S_DIALBACK_UNVERIFIED;
        s2s_context *c = open_scripted(rows, 0);
        submit_op(c, &w, S2S_OP_CONNECT, options);
        work(c);
        now_us += TIMEOUT_MS * 1000;
        work(c);
        s2s_result_free(take(c, names[i].error));
        assert_int_equal(strstr(w.sent, "<db:result") != NULL, names[i].key);
        s2s_context_free(c);
    }
}

/* ---- Where DNS is not asked ------------------------------------------- */

static void not_asked(void **state)
{
    static const struct dns_row rows[] = {{NULL, NULL}};
    static const struct {
        const char *host;
        uint16_t port;
        const char *hosts;
    } ways[] = {
        {"there.example", 0, "there.example:5269 "},
        {"there.example", 5300, "there.example:5300 "},
        {NULL, 5300, THEM ":5300 "},
    };
    (void)state;
    for (size_t i = 0; i < COUNT(ways); i++) {
        struct wire w = {.answers = true};
        s2s_options options = CLEAR;
        options.host = ways[i].host;
        options.port = ways[i].port;
        s2s_result *r = run(rows, &w, options, S2S_OK);
        assert_int_equal(script.count, 0);
        assert_string_equal(w.hosts, ways[i].hosts);
        assert_null(s2s_result_get(r, "dns.plan"));
        s2s_result_free(r);
    }
}

static void localhost(void **state)
{
    static const char *const names[] = {"localhost", "a.localhost"};
    static const struct dns_row rows[] = {{NULL, NULL}};
    (void)state;
    for (size_t i = 0; i < COUNT(names); i++) {
        struct wire w = {.answers = true};
        s2s_context *c = open_scripted(rows, 0);
        const s2s_transport transport = wire_transport(&w);
        const s2s_options options = {.size = sizeof(options),
                                     .tls_mode = S2S_TLS_NONE,
                                     .transport = &transport};
        uint64_t id;
        assert_int_equal(s2s_context_submit(c, S2S_OP_CONNECT, "us.example",
                                            names[i], &options, NULL, &id),
                         S2S_OK);
        work(c);
        s2s_result_free(take(c, S2S_OK));
        assert_int_equal(script.count, 0);
        s2s_context_free(c);
    }
}

/* ---- Ends during discovery -------------------------------------------- */

static const struct dns_row never[] = {
    {DIRECT, "LATER "}, {STARTTLS, "NEVER"}, {NULL, NULL}};

static const struct {
    int op;
    s2s_options options;
} ops[] = {
    {S2S_OP_CONNECT, {.tls_mode = S2S_TLS_NONE}},
    {S2S_OP_CONNECT, {.flags = S2S_AUTHENTICATE}},
    {S2S_OP_PING, {.count = 2}},
    {S2S_OP_PING, {.ping_method = S2S_PING_DIALBACK_VERIFY}},
    {S2S_OP_SEND, {.stanza = "<message from='us.example' to='" THEM "'/>"}},
    {S2S_OP_SEND,
     {.stanza = "<iq type='get' id='1' from='us.example' to='" THEM "'/>"}},
    {S2S_OP_CHECK, {.flags = S2S_AUTHENTICATE}},
};

/* Each kind of probe, with none or one of the answers there. */
static s2s_context *in_discovery(struct wire *w, size_t op, bool half,
                                 uint64_t *id)
{
    s2s_context *c = open_scripted(never, 0);
    *id = submit_op(c, w, ops[op].op, ops[op].options);
    work(c);
    assert_int_equal(script.count, 2);
    if (half)
        assert_int_equal(scripted_answer(&script, NULL), 1);
    work(c);
    nothing_taken(c);
    return c;
}

static void deadline(void **state)
{
    (void)state;
    for (size_t i = 0; i < 2 * COUNT(ops); i++) {
        struct wire w = {.answers = true};
        uint64_t id;
        s2s_context *c = in_discovery(&w, i / 2, i % 2, &id);
        assert_int_equal(s2s_context_timeout_ms(c), TIMEOUT_MS);
        now_us += (int64_t)TIMEOUT_MS * 1000;
        work(c);
        s2s_result *r = take(c, S2S_ETIMEOUT);
        assert_int_equal(s2s_result_stage(r), S2S_STAGE_DNS);
        assert_non_null(
            strstr(s2s_result_message(r), "looking up SRV records"));
        assert_true(found(r, "timeout"));
        assert_int_equal(script.waiting, 0); /* not asked for any more */
        s2s_result_free(r);
        s2s_context_free(c);
        assert_int_equal(w.opened, 0);
    }
}

static void cancelled(void **state)
{
    (void)state;
    for (size_t i = 0; i < 2 * COUNT(ops); i++) {
        struct wire w = {.answers = true};
        uint64_t id;
        s2s_context *c = in_discovery(&w, i / 2, i % 2, &id);
        s2s_context_cancel(c, id);
        work(c);
        taken(c, id, S2S_ECANCELLED);
        assert_int_equal(script.waiting, 0);
        s2s_context_free(c);
    }
}

static void stopped(void **state)
{
    (void)state;
    for (size_t i = 0; i < 2 * COUNT(ops); i++) {
        struct wire w = {.answers = true};
        uint64_t id;
        s2s_context *c = in_discovery(&w, i / 2, i % 2, &id);
        s2s_context_stop(c);
        work(c);
        taken(c, id, S2S_ECANCELLED);
        assert_int_equal(script.waiting, 0);
        s2s_context_free(c);
    }
}

static void freed(void **state)
{
    (void)state;
    for (size_t i = 0; i < 2 * COUNT(ops); i++) {
        struct wire w = {.answers = true};
        uint64_t id;
        s2s_context_free(in_discovery(&w, i / 2, i % 2, &id));
        assert_int_equal(script.waiting, 0);
        assert_int_equal(w.opened, 0);
    }
}

/* A stream that stays open, closed or freed before it is known where to. */
static void streams(void **state)
{
    (void)state;
    for (int way = 0; way < 3; way++) {
        s2s_context *c = open_scripted(never, 0);
        const s2s_options options = {.size = sizeof(options),
                                     .timeout_ms = TIMEOUT_MS};
        s2s_event event = {.size = sizeof(event)};
        s2s_stream *s;
        assert_int_equal(
            s2s_stream_open(c, "us.example", THEM, &options, NULL, &s), S2S_OK);
        work(c);
        assert_int_equal(script.waiting, 2);
        if (way == 1)
            s2s_stream_close(s);
        if (way == 2)
            now_us += (int64_t)TIMEOUT_MS * 1000;
        if (way > 0) {
            process(c);
            process(c);
            assert_int_equal(s2s_stream_next(s, &event), 1);
            assert_int_equal(event.type, S2S_EVENT_CLOSED);
            assert_int_equal(s2s_result_error(s2s_stream_result(s)),
                             way == 1 ? S2S_ECANCELLED : S2S_ETIMEOUT);
            assert_int_equal(script.waiting, 0);
        }
        s2s_stream_free(s);
        assert_int_equal(script.waiting, 0);
        s2s_context_free(c);
    }
}

/* The queue is kept while DNS is asked; waking changes nothing. */
static void queued(void **state)
{
    struct wire w = {.answers = true};
    (void)state;
    s2s_context *c = open_scripted(never, 1);
    uint64_t first = submit_op(c, &w, S2S_OP_CONNECT, CLEAR);
    uint64_t second =
        submit_op(c, &w, S2S_OP_CONNECT,
                  (s2s_options){.tls_mode = S2S_TLS_NONE, .host = THEM});
    work(c);
    wake(c);
    work(c);
    assert_int_equal(w.opened, 0);
    s2s_context_cancel(c, first);
    work(c);
    taken(c, first, S2S_ECANCELLED);
    taken(c, second, S2S_OK);
    s2s_context_free(c);
}

/* Called from inside start(): the library is busy. */
static s2s_context *inside;

static int calls_back(void *user, s2s_dns_query *query, const char *name,
                      uint16_t type)
{
    s2s_result *r = NULL;
    const s2s_options options = {.size = sizeof(options), .context = inside};
    (void)user;
    (void)query;
    (void)name;
    (void)type;
    assert_int_equal(s2s_context_process(inside), S2S_EBUSY);
    assert_int_equal(s2s_check("us.example", THEM, &options, &r), S2S_EBUSY);
    assert_null(r);
    return S2S_EDNS;
}

static void busy(void **state)
{
    s2s_resolver hook = scripted_open(&script, NULL);
    struct wire w = {.answers = true};
    (void)state;
    hook.start = calls_back;
    inside = open_context_with(&(s2s_context_options){
        .size = sizeof(s2s_context_options), .resolver = &hook});
    submit_op(inside, &w, S2S_OP_CHECK, CLEAR);
    work(inside);
    s2s_result_free(take(inside, S2S_EDNS));
    s2s_context_free(inside);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(next_endpoint), cmocka_unit_test(ports),
        cmocka_unit_test(no_tlsa),       cmocka_unit_test(many),
        cmocka_unit_test(deviation),     cmocka_unit_test(named),
        cmocka_unit_test(not_asked),     cmocka_unit_test(localhost),
        cmocka_unit_test(deadline),      cmocka_unit_test(cancelled),
        cmocka_unit_test(stopped),       cmocka_unit_test(freed),
        cmocka_unit_test(streams),       cmocka_unit_test(queued),
        cmocka_unit_test(busy),          cmocka_unit_test(no_key_for_another),
    };
    return cmocka_run_group_tests_name("probe/discovery", tests, NULL, NULL);
}
