/* Questions of any type, and what becomes of them; neighbours: lookup. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include <s2sprobe.h>

#include "../failing.h"
#include "net/resolver.h"
#include "dns.h"

#define IN_FLIGHT 100
#define ONE_PORT  1000
#define CD        0x10
#define AD        0x20

static const struct dns_row rows[] = {
    {"all.example", "127.0.0.1 127.0.0.2 ::1 SRV/1/2/5269/Host.example "
                    "SRV/3/4/5270/ TLSA/030101abcd"},
    {"secure.example", "AD 127.0.0.1"},
    {"none.example", "AD"},
    {"kept.example", "AD TTL=60 127.0.0.1"},
    {"bogus.example", "BOGUS AD TTL=60 127.0.0.1"},
    {"bogus-none.example", "BOGUS "},
    {"alias.example", "ALIAS 127.0.0.1"},
    {"old.example", "OLD AD 127.0.0.3"},
    {"picky.example", "PICKY AD 127.0.0.3"},
    {"big.example", "BIG AD 127.0.0.4"},
    {"bad.example", "BAD 127.0.0.1"},
    {"servfail.example", "SERVFAIL"},
    {"refused.example", "REFUSED"},
    {"formerr.example", "FORMERR"},
    {"*.silent.example", "SILENT"},
    {NULL, NULL},
};

/* For the time when validation is not asked for. */
static const struct dns_row mute[] = {{"servfail.example", "SILENT"},
                                      {NULL, NULL}};

struct fixture {
    struct dns dns;
    struct resolver *resolver;
    size_t done;
    bool inside; /* a call may be made */
};

struct question { /* and how it ended */
    struct fixture *f;
    resolver_query *query;
    int calls;
    int error;
    struct dns_answer *answer; /* held */
};

static void note(void *user, struct dns_answer *answer)
{
    struct question *q = user;
    assert_true(q->f->inside);
    q->query = NULL;
    q->calls++;
    q->f->done++;
    q->error = answer->error;
    if (answer->error != S2S_ENO_MEMORY)
        q->answer = dns_answer_hold(answer);
}

static void ask(struct question *q, struct fixture *f, const char *name,
                uint16_t type, bool hosts)
{
    *q = (struct question){.f = f};
    assert_int_equal(
        resolver_ask(f->resolver, name, type, hosts, note, q, &q->query),
        S2S_OK);
    assert_int_equal(q->calls, 0);
}

static void step(struct fixture *f)
{
    f->inside = true;
    dns_step(&f->dns, f->resolver, -1, 0);
    f->inside = false;
}

static void run(struct fixture *f, size_t done)
{
    while (f->done < done)
        step(f);
    assert_int_equal(f->done, done);
}

/* Ask, and have the answer, which the caller releases. */
static struct dns_answer *answer_to(struct fixture *f, const char *name,
                                    uint16_t type, bool hosts)
{
    struct question q;
    ask(&q, f, name, type, hosts);
    run(f, f->done + 1);
    assert_int_equal(q.calls, 1);
    assert_non_null(q.answer);
    return q.answer;
}

static bool readable(const struct resolver *r)
{
    struct pollfd p = {.fd = resolver_fd(r), .events = POLLIN};
    return poll(&p, 1, 0) == 1;
}

static void use(struct fixture *f, const char *servers, bool trust_ad)
{
    const struct resolver_settings settings = {
        .servers = servers, .config = "/dev/null", .trust_ad = trust_ad};
    resolver_free(f->resolver);
    f->resolver = NULL;
    assert_int_equal(resolver_new(&settings, &f->resolver), S2S_OK);
}

static int set_up(void **state)
{
    struct fixture *f = calloc(1, sizeof(*f));
    assert_non_null(f);
    dns_open(&f->dns, rows);
    use(f, f->dns.server, false);
    *state = f;
    return 0;
}

static int tear_down(void **state)
{
    struct fixture *f = *state;
    resolver_free(f->resolver);
    dns_close(&f->dns);
    free(f);
    return 0;
}

/* ---- Answers ---------------------------------------------------------- */

static void answers(void **state)
{
    static const struct {
        const char *name;
        uint16_t type;
        int error;
        const char *text;
        enum dns_security security;
        size_t count, queries;
        bool alias;
    } cases[] = {
        {"all.example", DNS_A, S2S_OK, "", DNS_INSECURE, 2, 1, false},
        {"all.example", DNS_AAAA, S2S_OK, "", DNS_INSECURE, 1, 1, false},
        {"all.example", DNS_SRV, S2S_OK, "", DNS_INSECURE, 2, 1, false},
        {"all.example", DNS_TLSA, S2S_OK, "", DNS_INSECURE, 1, 1, false},
        {"ALL.example", DNS_A, S2S_OK, "", DNS_INSECURE, 2, 1, false},
        {"secure.example", DNS_A, S2S_OK, "", DNS_SECURE, 1, 1, false},
        {"secure.example", DNS_SRV, S2S_OK, "no record", DNS_SECURE, 0, 1,
         false},
        {"none.example", DNS_SRV, S2S_OK, "no record", DNS_SECURE, 0, 1, false},
        {"nowhere.example", DNS_SRV, S2S_OK, "NXDOMAIN", DNS_INSECURE, 0, 1,
         false},
        {"alias.example", DNS_A, S2S_OK, "", DNS_INSECURE, 1, 1, true},
        {"big.example", DNS_A, S2S_OK, "", DNS_SECURE, 1, 2, false},
        {"bogus.example", DNS_A, S2S_EDNS, "DNSSEC validation failed",
         DNS_BOGUS, 0, 2, false},
        {"bogus.example", DNS_SRV, S2S_EDNS, "DNSSEC validation failed",
         DNS_BOGUS, 0, 2, false},
        {"bogus-none.example", DNS_A, S2S_EDNS, "DNSSEC validation failed",
         DNS_BOGUS, 0, 2, false},
        {"servfail.example", DNS_A, S2S_EDNS, "SERVFAIL", DNS_INSECURE, 0, 2,
         false},
        {"refused.example", DNS_A, S2S_EDNS, "REFUSED", DNS_INSECURE, 0, 1,
         false},
        {"bad.example", DNS_A, S2S_EDNS, "malformed answer", DNS_INSECURE, 0, 1,
         false},
        {"localhost", DNS_A, S2S_OK, "NXDOMAIN", DNS_INSECURE, 0, 1, false},
        {"a..example", DNS_A, S2S_EDNS, "not a name that DNS can hold",
         DNS_INSECURE, 0, 0, false},
        {"picky.example", DNS_A, S2S_OK, "", DNS_SECURE, 1, 2, false},
        /* the server's refusal turns EDNS off, so these come last */
        {"old.example", DNS_A, S2S_OK, "", DNS_SECURE, 1, 2, false},
        {"formerr.example", DNS_A, S2S_EDNS, "FORMERR", DNS_INSECURE, 0, 2,
         false},
        {"all.example", DNS_SRV, S2S_OK, "", DNS_INSECURE, 2, 1, false},
    };
    struct fixture *f = *state;
    for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
        f->dns.queries = 0;
        struct dns_answer *a =
            answer_to(f, cases[i].name, cases[i].type, false);
        if (a->error != cases[i].error || strcmp(a->text, cases[i].text) != 0 ||
            a->security != cases[i].security || a->count != cases[i].count ||
            a->alias != cases[i].alias || a->unanswered ||
            f->dns.queries != cases[i].queries)
            fail_msg("%s %u: %d %s, security %d, %zu records, %zu queries",
                     cases[i].name, cases[i].type, a->error, a->text,
                     (int)a->security, a->count, f->dns.queries);
        dns_answer_release(a);
    }
    assert_int_equal(f->dns.tcp_queries, 1);
    assert_int_equal(f->dns.plain_queries, 3);
    assert_false(readable(f->resolver));
}

static void records(void **state)
{
    struct fixture *f = *state;
    struct dns_srv srv;
    struct dns_answer *a = answer_to(f, "all.example", DNS_SRV, false);
    assert_true(dns_read_srv(&a->records[0], &srv));
    assert_int_equal(srv.priority, 1);
    assert_int_equal(srv.weight, 2);
    assert_int_equal(srv.port, 5269);
    assert_string_equal(srv.target, "host.example");
    assert_true(dns_read_srv(&a->records[1], &srv));
    assert_string_equal(srv.target, "");
    dns_answer_release(a);
    a = answer_to(f, "all.example", DNS_TLSA, false);
    assert_int_equal(a->records[0].size, 5);
    assert_memory_equal(a->records[0].data, "\x03\x01\x01\xab\xcd", 5);
    dns_answer_release(a);
}

/* The bits of a question: what was validated is to be marked so, and what was
 * refused is asked for without. */
static void bits(void **state)
{
    struct fixture *f = *state;
    dns_answer_release(answer_to(f, "all.example", DNS_A, false));
    assert_int_equal(f->dns.flags, AD);
    dns_answer_release(answer_to(f, "servfail.example", DNS_A, false));
    assert_int_equal(f->dns.flags, AD | CD);
}

/* With the hosts file nothing is known of DNSSEC. */
static void with_hosts(void **state)
{
    struct fixture *f = *state;
    struct dns_answer *a = answer_to(f, "secure.example", DNS_A, true);
    assert_int_equal(a->count, 1);
    assert_int_equal(a->security, DNS_INSECURE);
    dns_answer_release(a);
    f->dns.queries = 0;
    a = answer_to(f, "bogus.example", DNS_A, true);
    assert_string_equal(a->text, "SERVFAIL");
    assert_int_equal(a->security, DNS_INSECURE);
    assert_int_equal(f->dns.queries, 1);
    dns_answer_release(a);
    a = answer_to(f, "localhost", DNS_A, true);
    assert_int_equal(a->ttl, 0); /* the file is read again */
    assert_int_equal(f->dns.queries, 1);
    dns_answer_release(a);
}

/* The last of the servers is never asked, but it might be. */
static void trust(void **state)
{
    static const struct {
        const char *others;
        bool trust_ad;
        enum dns_security security;
    } cases[] = {
        {"", false, DNS_SECURE},
        {",127.255.255.254:53,[::1]:53", false, DNS_SECURE},
        {",192.0.2.1:53", false, DNS_INSECURE},
        {",192.0.2.1:53", true, DNS_SECURE},
        {",[2001:db8::1]:53", false, DNS_INSECURE},
        {",128.0.0.1:53", false, DNS_INSECURE},
    };
    struct fixture *f = *state;
    for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
        char servers[128];
        (void)snprintf(servers, sizeof(servers), "%s%s", f->dns.server,
                       cases[i].others);
        use(f, servers, cases[i].trust_ad);
        struct dns_answer *a = answer_to(f, "secure.example", DNS_A, false);
        assert_int_equal(a->security, cases[i].security);
        dns_answer_release(a);
        a = answer_to(f, "all.example", DNS_A, false);
        assert_int_equal(a->security, DNS_INSECURE);
        dns_answer_release(a);
    }
}

static void timed_out(void **state)
{
    struct fixture *f = *state;
    struct dns_answer *a = answer_to(f, "a.silent.example", DNS_SRV, false);
    assert_int_equal(a->error, S2S_EDNS);
    assert_string_equal(a->text, "timed out");
    assert_true(a->unanswered);
    assert_int_equal(f->dns.queries, 2);
    dns_answer_release(a);
}

/* ---- The cache -------------------------------------------------------- */

static void kept(void **state)
{
    struct fixture *f = *state;
    struct dns_answer *first = answer_to(f, "kept.example", DNS_A, false);
    struct dns_answer *again = answer_to(f, "kept.example", DNS_A, false);
    assert_ptr_equal(again, first);
    assert_int_equal(first->ttl, 60);
    assert_int_equal(first->security, DNS_SECURE);
    assert_int_equal(f->dns.queries, 1);
    dns_answer_release(first);
    dns_answer_release(again);
    again = answer_to(f, "kept.example", DNS_A, true);
    assert_int_equal(again->security, DNS_INSECURE);
    assert_int_equal(f->dns.queries, 2);
    dns_answer_release(again);
    dns_answer_release(answer_to(f, "kept.example", DNS_A, true));
    assert_int_equal(f->dns.queries, 2);
}

static void not_kept(void **state)
{
    static const struct {
        const char *name;
        size_t queries;
    } cases[] = {{"all.example", 2},     {"none.example", 2},
                 {"nowhere.example", 2}, {"bogus.example", 4},
                 {"refused.example", 2}, {"bad.example", 2}};
    struct fixture *f = *state;
    for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
        f->dns.queries = 0;
        for (int n = 0; n < 2; n++)
            dns_answer_release(answer_to(f, cases[i].name, DNS_A, false));
        assert_int_equal(f->dns.queries, cases[i].queries);
    }
}

/* ---- Many ------------------------------------------------------------- */

static void in_flight(void **state)
{
    static struct question q[IN_FLIGHT + 50];
    struct fixture *f = *state;
    size_t count = sizeof(q) / sizeof(q[0]);
    for (size_t i = 0; i < count; i++)
        ask(&q[i], f, "a.silent.example", DNS_SRV, false);
    assert_int_equal(dns_serve(&f->dns, SIZE_MAX), IN_FLIGHT);
    assert_false(readable(f->resolver));
    for (size_t i = 0; i < 10; i++)
        resolver_cancel(q[i].query); /* ten places */
    assert_true(readable(f->resolver));
    resolver_process(f->resolver);
    assert_int_equal(dns_serve(&f->dns, SIZE_MAX), 10);
    for (size_t i = 10; i < count; i++)
        resolver_cancel(q[i].query);
    assert_false(readable(f->resolver));
    assert_int_equal(f->done, 0);
}

/* While something is under way c-ares keeps its port, but not for ever. */
static void ports(void **state)
{
    struct fixture *f = *state;
    struct question silent;
    ask(&silent, f, "a.silent.example", DNS_A, false);
    for (size_t i = 1; i < ONE_PORT; i++)
        dns_answer_release(answer_to(f, "all.example", DNS_A, false));
    assert_int_equal(f->dns.ports, 1);
    dns_answer_release(answer_to(f, "all.example", DNS_A, false));
    assert_int_equal(f->dns.ports, 2);
    resolver_cancel(silent.query);
}

/* The last answer of a channel leads to one more question, from inside. */
static void asked_from_inside(void **state)
{
    struct fixture *f = *state;
    for (size_t i = 1; i < ONE_PORT; i++)
        dns_answer_release(answer_to(f, "all.example", DNS_A, false));
    struct dns_answer *a = answer_to(f, "bogus.example", DNS_A, false);
    assert_int_equal(a->security, DNS_BOGUS);
    dns_answer_release(a);
}

/* Where questions wait, the old ports last until they are answered. */
static void ports_busy(void **state)
{
    struct fixture *f = *state;
    struct question silent[5];
    for (size_t i = 0; i < 5; i++) {
        ask(&silent[i], f, "a.silent.example", DNS_A, false);
        for (size_t n = 0; n < ONE_PORT; n++)
            dns_answer_release(answer_to(f, "all.example", DNS_A, false));
    }
    assert_true(f->dns.ports >= 4);
    for (size_t i = 0; i < 5; i++)
        resolver_cancel(silent[i].query);
    size_t before = f->dns.ports;
    dns_answer_release(answer_to(f, "all.example", DNS_A, false));
    assert_int_equal(f->dns.ports, before + 1);
}

/* ---- Cancelling ------------------------------------------------------- */

static void cancelled_waiting(void **state)
{
    struct fixture *f = *state;
    static struct question q[IN_FLIGHT + 1];
    for (size_t i = 0; i <= IN_FLIGHT; i++)
        ask(&q[i], f, "a.silent.example", DNS_A, false);
    resolver_cancel(q[IN_FLIGHT].query);
    assert_int_equal(dns_serve(&f->dns, SIZE_MAX), IN_FLIGHT);
    for (size_t i = 0; i < IN_FLIGHT; i++)
        resolver_cancel(q[i].query);
    assert_int_equal(f->done, 0);
}

static void cancelled_running(void **state)
{
    struct fixture *f = *state;
    struct question q, other;
    ask(&q, f, "all.example", DNS_A, false);
    ask(&other, f, "all.example", DNS_SRV, false);
    assert_int_equal(dns_serve(&f->dns, SIZE_MAX), 2);
    resolver_cancel(q.query); /* its answer has been sent */
    run(f, 1);
    assert_int_equal(other.calls, 1);
    assert_int_equal(q.calls, 0);
    dns_answer_release(other.answer);
}

/* While it is asked without validation; alone, and with another. */
static void cancelled_unchecked(void **state)
{
    struct fixture *f = *state;
    for (int with = 0; with < 2; with++) {
        struct question q, other;
        f->dns.rows = rows;
        f->dns.queries = 0;
        if (with)
            ask(&other, f, "a.silent.example", DNS_A, false);
        ask(&q, f, "servfail.example", DNS_A, false);
        while (f->dns.queries < 2u + (unsigned)with) {
            step(f);
            f->dns.rows = mute;
        }
        assert_int_equal(f->dns.flags & CD, CD);
        resolver_cancel(q.query);
        if (with)
            resolver_cancel(other.query);
        assert_int_equal(f->done, 0);
        assert_false(readable(f->resolver));
    }
}

/* Cancelled, and its answer says SERVFAIL: nobody asks again. */
static void cancelled_refused(void **state)
{
    struct fixture *f = *state;
    struct question q, other;
    ask(&q, f, "servfail.example", DNS_A, false);
    ask(&other, f, "all.example", DNS_A, false);
    resolver_cancel(q.query);
    run(f, 1);
    assert_int_equal(f->dns.queries, 2);
    dns_answer_release(other.answer);
}

static void cancelled_ended(void **state)
{
    struct fixture *f = *state;
    struct question q;
    dns_answer_release(answer_to(f, "kept.example", DNS_A, false));
    ask(&q, f, "kept.example", DNS_A, false);
    assert_true(readable(f->resolver));
    resolver_cancel(q.query);
    assert_false(readable(f->resolver));
    assert_int_equal(f->done, 1);
}

static void freed_while_cancelled(void **state)
{
    struct fixture *f = *state;
    struct question q, other;
    ask(&q, f, "servfail.example", DNS_A, false);
    ask(&other, f, "all.example", DNS_A, false);
    resolver_cancel(q.query);
    run(f, 1);
    dns_answer_release(other.answer);
}

/* ---- Answers that are known ------------------------------------------- */

static void known(void **state)
{
    struct fixture *f = *state;
    struct question q = {.f = f}, none = {.f = f}, gone = {.f = f};
    struct dns_answer *a = dns_answer_failed(S2S_EDNS, "no");
    a->ttl = 60;
    assert_int_equal(resolver_answer(f->resolver, a, note, &q, &q.query), 0);
    assert_int_equal(
        resolver_answer(f->resolver, NULL, note, &none, &none.query), 0);
    assert_int_equal(resolver_answer(f->resolver,
                                     dns_answer_failed(S2S_EDNS, "gone"), note,
                                     &gone, &gone.query),
                     0);
    resolver_cancel(gone.query);
    assert_int_equal(f->done, 0);
    assert_true(readable(f->resolver));
    run(f, 2);
    assert_ptr_equal(q.answer, a);
    assert_int_equal(a->holders, 1);
    assert_int_equal(none.error, S2S_ENO_MEMORY);
    assert_int_equal(gone.calls, 0);
    assert_int_equal(f->dns.queries, 0);
    dns_answer_release(a);
}

/* ---- Delays ----------------------------------------------------------- */

struct delay {
    struct timer d;
    struct fixture *f;
    struct delay *stops, *starts;
    int fired;
};

static void fire(void *user)
{
    struct delay *d = user;
    assert_true(d->f->inside);
    d->fired++;
    if (d->stops != NULL)
        resolver_delay_stop(d->f->resolver, &d->stops->d);
    if (d->starts != NULL)
        assert_int_equal(resolver_delay(d->f->resolver, &d->starts->d, 50),
                         S2S_OK);
}

/* In the order of their times; one stops another, one sets another. */
static void delays(void **state)
{
    struct fixture *f = *state;
    struct delay d[5];
    memset(d, 0, sizeof(d));
    for (size_t i = 0; i < 5; i++) {
        d[i].f = f;
        d[i].d.fire = fire;
        d[i].d.user = &d[i];
    }
    d[0].stops = &d[1];
    d[2].starts = &d[4];
    for (size_t i = 0; i < 4; i++)
        assert_int_equal(resolver_delay(f->resolver, &d[i].d, 50 + (uint32_t)i),
                         S2S_OK);
    resolver_delay_stop(f->resolver, &d[3].d);
    resolver_delay_stop(f->resolver, &d[3].d);
    resolver_delay_stop(f->resolver, &d[4].d); /* never set */
    while (d[4].fired == 0) {
        step(f);
        assert_true(d[2].fired >= d[4].fired && d[0].fired >= d[2].fired);
    }
    assert_int_equal(d[0].fired, 1);
    assert_int_equal(d[1].fired, 0);
    assert_int_equal(d[2].fired, 1);
    assert_int_equal(d[3].fired, 0);
    assert_int_equal(d[4].fired, 1);
    assert_false(readable(f->resolver));
}

/* ---- Shortages -------------------------------------------------------- */

static void without_memory(void **state)
{
    struct fixture *f = *state;
    const struct resolver_settings settings = {.servers = f->dns.server};
    struct loopback_descriptors before;
    struct question q = {.f = f};
    struct resolver *other = NULL;
    loopback_note(&before);
    for (unsigned long nth = 1; nth <= 4; nth++) {
        failing_arm(nth, false);
        int e = resolver_new(&settings, &other);
        failing_off();
        assert_int_equal(e, S2S_ENO_MEMORY);
        assert_null(other);
    }
    assert_int_equal(loopback_opened(&before), 0);
    failing_arm(1, false);
    assert_int_equal(resolver_ask(f->resolver, "all.example", DNS_A, false,
                                  note, &q, &q.query),
                     S2S_ENO_MEMORY);
    assert_int_equal(resolver_answer(f->resolver, NULL, note, &q, &q.query),
                     S2S_OK);
    failing_arm(2, false); /* the question's own half is there */
    struct question late;
    ask(&late, f, "all.example", DNS_A, false);
    failing_off();
    run(f, 2);
    assert_int_equal(q.error, S2S_ENO_MEMORY);
    assert_int_equal(late.error, S2S_ENO_MEMORY);
    assert_int_equal(f->dns.queries, 0);
}

/* Neither the first nor the second answer, nor the verdict, finds memory. */
static void without_memory_later(void **state)
{
    struct fixture *f = *state;
    int ended = 0;
    for (unsigned long nth = 1; ended < 3; nth++) {
        struct question q;
        ask(&q, f, "bogus.example", DNS_A, false);
        failing_arm(nth, false);
        run(f, f->done + 1);
        bool all = failing_count() < nth;
        failing_off();
        assert_true(q.error == S2S_ENO_MEMORY ||
                    (q.error == S2S_EDNS && q.answer->count == 0));
        if (all)
            assert_int_equal(q.answer->security, DNS_BOGUS);
        ended += all;
        dns_answer_release(q.answer);
        assert_true(nth < 100);
    }
}

#define TEST(name) cmocka_unit_test_setup_teardown(name, set_up, tear_down)

int main(void)
{
    const struct CMUnitTest tests[] = {
        TEST(answers),
        TEST(records),
        TEST(bits),
        TEST(with_hosts),
        TEST(trust),
        TEST(timed_out),
        TEST(kept),
        TEST(not_kept),
        TEST(in_flight),
        TEST(ports),
        TEST(asked_from_inside),
        TEST(ports_busy),
        TEST(cancelled_waiting),
        TEST(cancelled_running),
        TEST(cancelled_unchecked),
        TEST(cancelled_refused),
        TEST(cancelled_ended),
        TEST(freed_while_cancelled),
        TEST(known),
        TEST(delays),
        TEST(without_memory),
        TEST(without_memory_later),
    };
    return cmocka_run_group_tests_name("net/resolver", tests, NULL, NULL);
}
