#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>

#include <stdlib.h>
#include <sys/resource.h>
#include <s2sprobe.h>

#include "net/address.h"
#include "net/lookup.h"
#include "dns.h"

static const struct dns_row rows[] = {
    {"four.example", "127.0.0.1"},
    {"six.example", "::1"},
    {"both.example", "127.0.0.1 ::1"},
    {"two.example", "127.0.0.2 127.0.0.1"},
    {"unsorted.example", "192.0.2.1 127.0.0.1"},
    {"old.example", "OLD 127.0.0.3"},
    {"big.example", "BIG 127.0.0.4 ::1"},
    {"many.example",
     "127.0.1.1 127.0.1.2 127.0.1.3 127.0.1.4 127.0.1.5 127.0.1.6 127.0.1.7 "
     "127.0.1.8 127.0.1.9 127.0.1.10 127.0.1.11 127.0.1.12 127.0.1.13 "
     "127.0.1.14 127.0.1.15 127.0.1.16 127.0.1.17 127.0.1.18"},
    {"empty.example", ""},
    {"servfail.example", "SERVFAIL"},
    {"refused.example", "REFUSED"},
    {"formerr.example", "FORMERR"},
    {"bad.example", "BAD"},
    {"*.silent.example", "SILENT"},
    {"*.crowd.example", "127.0.0.1"},
    {"single.search.example", "127.0.0.9"},
    {"secure.example", "AD 127.0.0.1 ::1"},
    {"1 half.example", "AD 127.0.0.1"},
    {"28 half.example", "::1"},
    {"1 four-only.example", "AD 127.0.0.1"},
    {"28 four-only.example", "AD"},
    {"alias.example", "AD ALIAS 127.0.0.1"},
    {"1 bogus-four.example", "BOGUS 127.0.0.1"},
    {"28 bogus-four.example", "AD ::1"},
    {"1 bogus-six.example", "AD 127.0.0.1"},
    {"28 bogus-six.example", "BOGUS ::1"},
    {"1 bad-six.example", "127.0.0.1"},
    {"28 bad-six.example", "SERVFAIL"},
    {"1 spoilt-six.example", "AD 127.0.0.1"},
    {"28 spoilt-six.example", "SERVFAIL"},
    {"1 bad-four.example", "REFUSED"},
    {"28 bad-four.example", "::1"},
    {"1 bad-and-none.example", ""},
    {"28 bad-and-none.example", "REFUSED"},
    {"1 slow.example", "AD 127.0.0.1"},
    {"28 slow.example", "SILENT"},
    {"1 slow-none.example", "SILENT"},
    {"28 slow-none.example", "AD ::1"},
    {NULL, NULL},
};

/* When a question comes once more. */
static const struct dns_row answered_late[] = {
    {"slow.example", "AD 127.0.0.1 ::1"},
    {"slow-none.example", "AD 127.0.0.1 ::1"},
    {NULL, NULL},
};

struct fixture {
    struct dns dns;
    struct resolver *resolver;
    size_t done; /* calls */
    bool inside; /* a call may be made */
};

struct look { /* and how it ended */
    struct fixture *f;
    struct lookup *query;
    int calls;
    int error;
    size_t count;
    bool unanswered, alias, hasty;
    enum dns_security security;
    char text[64];
    char addresses[512];
    struct look *then_start, *then_cancel;
};

static void start(struct look *l, struct fixture *f, const char *host);

static void note(void *user, const struct lookup_result *result)
{
    const struct resolver_address *addresses = result->addresses;
    size_t count = result->count;
    struct look *l = user;
    assert_true(l->f->inside);
    l->unanswered = result->unanswered;
    l->alias = result->alias;
    l->hasty = result->hasty;
    l->security = result->security;
    l->query = NULL;
    l->calls++;
    l->f->done++;
    l->error = result->error;
    l->count = count;
    (void)snprintf(l->text, sizeof(l->text), "%s", result->text);
    l->addresses[0] = '\0';
    for (size_t i = 0; i < count; i++) {
        char one[ADDRESS_TEXT];
        size_t used = strlen(l->addresses);
        address_format((const struct sockaddr *)&addresses[i].address,
                       addresses[i].length, one);
        (void)snprintf(l->addresses + used, sizeof(l->addresses) - used, "%s%s",
                       i > 0 ? " " : "", one);
    }
    if (l->then_start != NULL)
        start(l->then_start, l->f, "127.0.0.7");
    if (l->then_cancel != NULL) {
        lookup_cancel(l->then_cancel->query);
        l->then_cancel->query = NULL;
    }
}

static void start_with(struct look *l, struct fixture *f, const char *host,
                       unsigned flags)
{
    bool inside = f->inside;
    l->f = f;
    l->calls = 0;
    f->inside = false;
    assert_int_equal(
        lookup_start(f->resolver, host, 5269, flags, note, l, &l->query),
        S2S_OK);
    f->inside = inside;
}

static void start(struct look *l, struct fixture *f, const char *host)
{
    start_with(l, f, host, LOOKUP_PATIENT); /* by no clock */
}

static void cancel(struct look *l)
{
    l->f->inside = false;
    lookup_cancel(l->query);
    l->query = NULL;
}

static bool readable(const struct resolver *r)
{
    struct pollfd p = {.fd = resolver_fd(r), .events = POLLIN};
    return poll(&p, 1, 0) == 1;
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

static void process(struct fixture *f)
{
    f->inside = true;
    resolver_process(f->resolver);
    f->inside = false;
}

static int set_up(void **state)
{
    struct fixture *f = calloc(1, sizeof(*f));
    assert_non_null(f);
    dns_open(&f->dns, rows);
    assert_int_equal(dns_resolver(f->dns.server, &f->resolver), S2S_OK);
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

static void answers(void **state)
{
    static const struct {
        const char *host;
        int error;
        const char *text;
        const char *addresses;
    } cases[] = {
        {"four.example", S2S_OK, "", "127.0.0.1"},
        {"FOUR.Example", S2S_OK, "", "127.0.0.1"},
        {"four.example.", S2S_OK, "", "127.0.0.1"},
        {"six.example", S2S_OK, "", "::1"},
        {"both.example", S2S_OK, "", "::1 127.0.0.1"},
        {"two.example", S2S_OK, "", "127.0.0.2 127.0.0.1"},
        {"unsorted.example", S2S_OK, "", "192.0.2.1 127.0.0.1"},
        {"big.example", S2S_OK, "", "::1 127.0.0.4"},
        {"empty.example", S2S_EDNS, "no address", ""},
        {"none.example", S2S_EDNS, "NXDOMAIN", ""},
        {"127.1", S2S_EDNS, "NXDOMAIN", ""},
        {"servfail.example", S2S_EDNS, "SERVFAIL", ""},
        {"refused.example", S2S_EDNS, "REFUSED", ""},
        {"bad.example", S2S_EDNS, "malformed answer", ""},
        {"a..example", S2S_EDNS, "not a name that DNS can hold", ""},
        {"localhost.", S2S_OK, "", "::1 127.0.0.1"},
        {"other.localhost", S2S_OK, "", "::1 127.0.0.1"},
        {"127.0.0.1", S2S_OK, "", "127.0.0.1"},
        {"::1", S2S_OK, "", "::1"},
        /* the server's refusal turns EDNS off, so these come last */
        {"old.example", S2S_OK, "", "127.0.0.3"},
        {"formerr.example", S2S_EDNS, "FORMERR", ""},
    };
    struct fixture *f = *state;
    for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
        struct look l = {0};
        start(&l, f, cases[i].host);
        run(f, i + 1);
        assert_false(l.unanswered);
        if (l.error != cases[i].error || strcmp(l.text, cases[i].text) != 0 ||
            strcmp(l.addresses, cases[i].addresses) != 0)
            fail_msg("%s: %d %s [%s]", cases[i].host, l.error, l.text,
                     l.addresses);
    }
    assert_true(f->dns.tcp_queries > 0);
}

static void capped(void **state)
{
    struct fixture *f = *state;
    struct look l = {0};
    start(&l, f, "many.example");
    run(f, 1);
    assert_int_equal(l.error, S2S_OK);
    assert_int_equal(l.count, RESOLVER_ADDRESSES);
}

/* Which addresses a hosts file gives to localhost is its own affair. */
static void hosts_file(void **state)
{
    static const char *const hosts[] = {"localhost", "LOCALHOST"};
    struct fixture *f = *state;
    for (size_t i = 0; i < sizeof(hosts) / sizeof(hosts[0]); i++) {
        struct look l = {0};
        start(&l, f, hosts[i]);
        run(f, i + 1);
        assert_int_equal(l.error, S2S_OK);
        assert_true(l.count >= 1);
        assert_non_null(strstr("::1 127.0.0.1", l.addresses));
    }
    assert_int_equal(f->dns.queries, 0);
}

/* A literal asks nobody, and its end is reported by process() alone. */
static void level_triggered(void **state)
{
    struct fixture *f = *state;
    struct look l = {0};
    assert_false(readable(f->resolver));
    start(&l, f, "192.0.2.1");
    assert_true(readable(f->resolver));
    assert_true(readable(f->resolver));
    assert_int_equal(l.calls, 0);
    process(f);
    assert_int_equal(l.calls, 1);
    assert_false(readable(f->resolver));
    assert_int_equal(f->dns.queries, 0);
}

static void search_domains(void **state)
{
    struct fixture *f = *state;
    struct look l = {0};
    resolver_free(f->resolver);
    assert_int_equal(setenv("LOCALDOMAIN", "search.example", 1), 0);
    assert_int_equal(setenv("RES_OPTIONS", "ndots:5", 1), 0);
    assert_int_equal(dns_resolver(f->dns.server, &f->resolver), S2S_OK);
    unsetenv("LOCALDOMAIN");
    unsetenv("RES_OPTIONS");
    start(&l, f, "single");
    run(f, 1);
    assert_string_equal(l.text, "NXDOMAIN");
    assert_int_equal(f->dns.queries, 2);
}

static void timed_out(void **state)
{
    struct fixture *f = *state;
    struct look l = {0};
    start(&l, f, "a.silent.example");
    run(f, 1);
    assert_int_equal(l.error, S2S_EDNS);
    assert_string_equal(l.text, "timed out");
    assert_true(l.unanswered);
    assert_int_equal(f->dns.queries, 4); /* two tries, A and AAAA */
    assert_false(readable(f->resolver));
}

#define CROWD     1000
#define IN_FLIGHT 100
#define RUNNING   4096 /* cancelled ones included */

static void crowd(void **state)
{
    struct fixture *f = *state;
    struct look *l = calloc(CROWD, sizeof(*l));
    assert_non_null(l);
    for (size_t i = 0; i < CROWD; i++) {
        char host[64];
        (void)snprintf(host, sizeof(host), "h%zu.crowd.example", i);
        start(&l[i], f, host);
    }
    /* What is in flight has been sent; there is no more. */
    assert_int_equal(dns_serve(&f->dns, SIZE_MAX), IN_FLIGHT);
    for (size_t i = 0; i < CROWD; i += 2)
        cancel(&l[i]);
    run(f, CROWD / 2);
    for (size_t i = 0; i < CROWD; i++) {
        assert_int_equal(l[i].calls, i % 2);
        assert_int_equal(l[i].count, i % 2);
    }
    assert_false(readable(f->resolver));
    free(l);
}

/* Cancelling what is in flight makes room at once when nobody else waits for
 * anything that is. */
static void crowd_cancelled(void **state)
{
    struct fixture *f = *state;
    struct look *l = calloc(IN_FLIGHT + 1, sizeof(*l));
    assert_non_null(l);
    for (size_t i = 0; i < IN_FLIGHT; i++)
        start(&l[i], f, "a.silent.example");
    start(&l[IN_FLIGHT], f, "four.example");
    for (size_t i = 0; i < IN_FLIGHT; i++)
        cancel(&l[i]);
    assert_true(readable(f->resolver));
    run(f, 1);
    assert_int_equal(l[IN_FLIGHT].calls, 1);
    free(l);
}

/* Those that were cancelled keep nobody waiting, though another one keeps them
 * running; but there is an end to that. */
static void abandoned(void **state)
{
    struct fixture *f = *state;
    struct look keeper = {0}, l = {0};
    start(&keeper, f, "a.silent.example");
    for (size_t i = 1; i < RUNNING / 2; i++) {
        start(&l, f, "b.silent.example");
        assert_int_equal(dns_serve(&f->dns, SIZE_MAX), i == 1 ? 4 : 2);
        cancel(&l);
        if (i == IN_FLIGHT / 2) {
            start(&l, f, "four.example");
            run(f, 1);
        }
    }
    start(&l, f, "two.example");
    assert_int_equal(dns_serve(&f->dns, SIZE_MAX), 0);
    cancel(&keeper);
    run(f, 2);
    assert_int_equal(l.count, 2);
}

/* A cancelled one that still runs goes with the resolver. */
static void freed_while_cancelled(void **state)
{
    struct fixture *f = *state;
    struct look silent = {0}, waits = {0};
    start(&silent, f, "a.silent.example");
    start(&waits, f, "b.silent.example");
    cancel(&silent);
    cancel(&waits);
    assert_false(readable(f->resolver));
    start(&silent, f, "a.silent.example");
    start(&waits, f, "four.example");
    cancel(&silent);
    run(f, 1);
    assert_int_equal(silent.calls, 0);
    assert_int_equal(waits.calls, 1);
}

static void cancelled_when_ended(void **state)
{
    struct fixture *f = *state;
    struct look a = {0}, b = {0};
    start(&a, f, "127.0.0.1");
    start(&b, f, "127.0.0.2");
    cancel(&a);
    run(f, 1);
    assert_int_equal(a.calls, 0);
    assert_int_equal(b.calls, 1);
    start(&a, f, "127.0.0.1");
    cancel(&a);
    assert_false(readable(f->resolver));
}

/* `done` starts and cancels look-ups; each process() is bounded. */
static void re_entrant(void **state)
{
    struct fixture *f = *state;
    struct look a = {0}, b = {0}, c = {0}, d = {0};
    a.then_start = &b;
    b.then_start = &c;
    b.then_cancel = &d;
    start(&a, f, "127.0.0.1");
    start(&d, f, "a.silent.example");
    process(f);
    assert_int_equal(a.calls, 1);
    assert_int_equal(b.calls, 0);
    assert_true(readable(f->resolver));
    process(f);
    assert_int_equal(b.calls, 1);
    assert_string_equal(b.addresses, "127.0.0.7");
    assert_int_equal(c.calls, 0);
    run(f, 3);
    assert_int_equal(c.calls, 1);
    assert_int_equal(d.calls, 0);
    assert_false(readable(f->resolver));
}

/* One that has ended cancels another that has, too. */
static void cancelled_by_another(void **state)
{
    struct fixture *f = *state;
    struct look a = {0}, b = {0}, c = {0};
    a.then_cancel = &b;
    start(&a, f, "127.0.0.1");
    start(&b, f, "127.0.0.2");
    start(&c, f, "127.0.0.3");
    run(f, 2);
    assert_int_equal(b.calls, 0);
    assert_int_equal(c.calls, 1);
}

static void bad_servers(void **state)
{
    static const char *const servers[] = {"", "nonsense", "127.0.0.1,nonsense"};
    struct loopback_descriptors before;
    (void)state;
    loopback_note(&before);
    for (size_t i = 0; i < sizeof(servers) / sizeof(servers[0]); i++) {
        struct resolver *r = NULL;
        assert_int_equal(dns_resolver(servers[i], &r), S2S_EINVALID_ARGUMENT);
        assert_null(r);
    }
    assert_int_equal(loopback_opened(&before), 0);
    resolver_free(NULL);
}

/* A server that is not there. */
static void no_server(void **state)
{
    struct fixture *f = *state;
    struct look l = {0};
    char server[32];
    int free_port = loopback_bind(SOCK_DGRAM, "127.0.0.1", 0);
    (void)snprintf(server, sizeof(server), "127.0.0.1:%u",
                   loopback_port(free_port));
    close(free_port);
    resolver_free(f->resolver);
    assert_int_equal(dns_resolver(server, &f->resolver), S2S_OK);
    start(&l, f, "four.example");
    run(f, 1);
    assert_int_equal(l.error, S2S_EDNS);
    assert_string_equal(l.text, "no DNS server can be reached");
    assert_true(l.unanswered);
}

/* ---- DNSSEC, and IPv6 that takes its time ---- */

static void secure(void **state)
{
    static const unsigned dns = LOOKUP_DNS, patient = LOOKUP_PATIENT;
    static const char bogus[] = "DNSSEC validation failed";
    const struct {
        const char *host;
        unsigned flags;
        int error;
        const char *text, *addresses;
        enum dns_security security;
        bool alias;
    } cases[] = {
        {"secure.example", dns | patient, S2S_OK, "", "::1 127.0.0.1",
         DNS_SECURE, false},
        {"secure.example", patient, S2S_OK, "", "::1 127.0.0.1", DNS_INSECURE,
         false},
        {"half.example", dns | patient, S2S_OK, "", "::1 127.0.0.1",
         DNS_INSECURE, false},
        {"four-only.example", dns | patient, S2S_OK, "", "127.0.0.1",
         DNS_SECURE, false},
        {"alias.example", dns | patient, S2S_OK, "", "127.0.0.1", DNS_SECURE,
         true},
        {"bogus-four.example", dns | patient, S2S_EDNS, bogus, "", DNS_BOGUS,
         false},
        {"bogus-six.example", dns | patient, S2S_EDNS, bogus, "", DNS_BOGUS,
         false},
        {"bad-six.example", dns | patient, S2S_OK, "", "127.0.0.1",
         DNS_INSECURE, false},
        {"spoilt-six.example", dns | patient, S2S_OK, "", "127.0.0.1",
         DNS_SECURE, false},
        {"bad-four.example", dns | patient, S2S_OK, "", "::1", DNS_INSECURE,
         false},
        {"bad-and-none.example", dns, S2S_EDNS, "REFUSED", "", DNS_INSECURE,
         false},
        {"none.example", dns, S2S_EDNS, "NXDOMAIN", "", DNS_INSECURE, false},
        {"empty.example", dns, S2S_EDNS, "no address", "", DNS_INSECURE, false},
        {"servfail.example", dns, S2S_EDNS, "SERVFAIL", "", DNS_INSECURE,
         false},
        {"127.0.0.1", dns, S2S_OK, "", "127.0.0.1", DNS_INSECURE, false},
    };
    struct fixture *f = *state;
    for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
        struct look l = {0};
        start_with(&l, f, cases[i].host, cases[i].flags);
        run(f, i + 1);
        if (l.error != cases[i].error || strcmp(l.text, cases[i].text) != 0 ||
            strcmp(l.addresses, cases[i].addresses) != 0 ||
            l.security != cases[i].security || l.alias != cases[i].alias ||
            (l.hasty && (cases[i].flags & patient) != 0))
            fail_msg("%s %u: %d %s [%s], security %d, alias %d", cases[i].host,
                     cases[i].flags, l.error, l.text, l.addresses,
                     (int)l.security, l.alias);
    }
}

/* The hosts file has no say; of localhost it does. */
static void dns_alone(void **state)
{
    struct fixture *f = *state;
    struct look l = {0};
    start_with(&l, f, "localhost", LOOKUP_DNS);
    run(f, 1);
    assert_int_equal(l.error, S2S_OK);
    assert_int_equal(f->dns.queries, 0);
}

/* IPv6 says nothing: IPv4 goes on without it. */
static void hasty(void **state)
{
    struct fixture *f = *state;
    for (unsigned flags = 0; flags <= LOOKUP_DNS; flags++) {
        struct look l = {0};
        start_with(&l, f, "slow.example", flags);
        run(f, flags + 1);
        assert_int_equal(l.error, S2S_OK);
        assert_string_equal(l.addresses, "127.0.0.1");
        assert_true(l.hasty);
        assert_int_equal(l.security, flags ? DNS_SECURE : DNS_INSECURE);
        assert_false(readable(f->resolver));
    }
}

/* Asked again it answers, and was waited for. IPv4 always is. */
static void patient(void **state)
{
    static const char *const hosts[] = {"slow.example", "slow-none.example"};
    struct fixture *f = *state;
    for (size_t i = 0; i < 2; i++) {
        struct look l = {0};
        f->dns.rows = rows;
        f->dns.queries = 0;
        start_with(&l, f, hosts[i], i == 0 ? LOOKUP_PATIENT : 0);
        while (f->dns.queries < 2)
            step(f);
        f->dns.rows = answered_late;
        run(f, i + 1);
        assert_int_equal(f->dns.queries, 3);
        assert_string_equal(l.addresses, "::1 127.0.0.1");
        assert_false(l.hasty);
    }
}

/* Cancelled in the time that IPv6 still has; and freed with it. */
static void cancelled_in_haste(void **state)
{
    struct fixture *f = *state;
    struct look l = {0}, other = {0};
    start_with(&l, f, "slow.example", LOOKUP_DNS);
    start_with(&other, f, "four.example", LOOKUP_DNS);
    run(f, 1);
    if (l.query != NULL)
        cancel(&l);
    if (other.query != NULL) /* a slow machine */
        cancel(&other);
    assert_int_equal(f->done, 1);
}

/* No socket for c-ares. */
static void starved(void **state)
{
    struct fixture *f = *state;
    struct look l = {0};
    struct rlimit before, none;
    int next = dup(0);
    close(next);
    assert_int_equal(getrlimit(RLIMIT_NOFILE, &before), 0);
    none = before;
    none.rlim_cur = (rlim_t)next;
    assert_int_equal(setrlimit(RLIMIT_NOFILE, &none), 0);
    start(&l, f, "four.example");
    run(f, 1);
    assert_int_equal(setrlimit(RLIMIT_NOFILE, &before), 0);
    assert_int_equal(l.error, S2S_EINTERNAL);
    assert_string_equal(l.text, "the system has no descriptors left");
}

static void descriptors(void **state)
{
    struct loopback_descriptors before;
    struct fixture *f;
    struct look l = {0}, silent = {0};
    void *other = NULL;
    (void)state;
    loopback_note(&before);
    set_up(&other);
    f = other;
    start(&l, f, "both.example");
    start(&silent, f, "a.silent.example");
    /* server 2; epoll, timer and c-ares' socket 3 */
    assert_int_equal(loopback_opened(&before), 5);
    run(f, 1);
    cancel(&silent);
    tear_down(&other);
    assert_int_equal(loopback_opened(&before), 0);
}

#define TEST(name) cmocka_unit_test_setup_teardown(name, set_up, tear_down)

int main(void)
{
    const struct CMUnitTest tests[] = {
        TEST(answers),
        TEST(capped),
        TEST(hosts_file),
        TEST(level_triggered),
        TEST(search_domains),
        TEST(timed_out),
        TEST(crowd),
        TEST(crowd_cancelled),
        TEST(abandoned),
        TEST(freed_while_cancelled),
        TEST(cancelled_when_ended),
        TEST(re_entrant),
        TEST(cancelled_by_another),
        cmocka_unit_test(bad_servers),
        TEST(no_server),
        TEST(secure),
        TEST(dns_alone),
        TEST(hasty),
        TEST(patient),
        TEST(cancelled_in_haste),
        TEST(starved),
        cmocka_unit_test(descriptors),
    };
    return cmocka_run_group_tests_name("net/lookup", tests, NULL, NULL);
}
