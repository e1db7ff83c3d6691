/* Both SRV answers, and the TLSA records behind them. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>

#include <cmocka.h>

#include "../failing.h"
#include "net/discovery.h"
#include "scripted.h"

#define DOMAIN   "them.example"
#define DIRECT   "_xmpps-server._tcp." DOMAIN
#define STARTTLS "_xmpp-server._tcp." DOMAIN
#define TLSA     "TLSA/030101aabb"

struct fixture {
    struct scripted script;
    struct resolver *resolver;
    struct discovery *discovery;
    int calls, error;
    bool free_inside; /* the callback ends it */
};

static void open_world(struct fixture *f, const struct dns_row *rows)
{
    memset(f, 0, sizeof(*f));
    const s2s_resolver hook = scripted_open(&f->script, rows);
    const struct resolver_settings settings = {.hook = &hook};
    assert_int_equal(resolver_new(&settings, &f->resolver), S2S_OK);
}

static void close_world(struct fixture *f)
{
    discovery_free(f->discovery);
    assert_int_equal(f->script.waiting, 0);
    resolver_free(f->resolver);
}

static void on_done(void *user, int error)
{
    struct fixture *f = user;
    f->calls++;
    if (f->error == S2S_OK)
        f->error = error;
    if (f->free_inside) {
        discovery_free(f->discovery);
        f->discovery = NULL;
    }
}

static int start(struct fixture *f, const char *domain)
{
    return discovery_start(f->resolver, domain, 1, false, on_done, f,
                           &f->discovery);
}

static void begin(struct fixture *f, const struct dns_row *rows)
{
    open_world(f, rows);
    assert_int_equal(start(f, DOMAIN), S2S_OK);
    assert_int_equal(f->calls, 0);
}

/* Let the resolver tell what has been answered. */
static void deliver(struct fixture *f)
{
    struct pollfd p = {.fd = resolver_fd(f->resolver), .events = POLLIN};
    while (poll(&p, 1, 0) == 1)
        resolver_process(f->resolver);
}

/* ---- SRV -------------------------------------------------------------- */

static void inside(void **state)
{
    static const struct dns_row rows[] = {{DIRECT, "SRV/1/0/5270/a.example"},
                                          {STARTTLS, "SRV/2/0/5269/b.example"},
                                          {NULL, NULL}};
    static struct fixture f;
    (void)state;
    begin(&f, rows);
    assert_null(discovery_plan(f.discovery));
    deliver(&f);
    assert_int_equal(f.calls, 1);
    assert_int_equal(f.error, S2S_OK);
    const struct srv_plan *p = discovery_plan(f.discovery);
    assert_int_equal(p->outcome, SRV_TO_TARGETS);
    assert_int_equal(p->count, 2);
    assert_string_equal(p->order[0]->host, "a.example");
    assert_true(p->order[0]->direct);
    assert_string_equal(p->order[1]->host, "b.example");
    assert_int_equal(f.script.count, 2); /* and no TLSA */
    close_world(&f);
}

static void any_order(void **state)
{
    static const struct dns_row rows[] = {
        {DIRECT, "LATER SRV/1/0/5270/a.example"},
        {STARTTLS, "LATER SERVFAIL"},
        {NULL, NULL}};
    static const char *const order[][2] = {{DIRECT, STARTTLS},
                                           {STARTTLS, DIRECT}};
    static struct fixture f;
    (void)state;
    for (size_t i = 0; i < 2; i++) {
        begin(&f, rows);
        deliver(&f);
        assert_int_equal(f.script.waiting, 2);
        assert_int_equal(scripted_answer(&f.script, order[i][0]), 1);
        deliver(&f);
        assert_int_equal(f.calls, 0);
        assert_null(discovery_plan(f.discovery));
        assert_int_equal(scripted_answer(&f.script, order[i][1]), 1);
        deliver(&f);
        assert_int_equal(f.calls, 1);
        const struct srv_plan *p = discovery_plan(f.discovery);
        assert_int_equal(p->outcome, SRV_TO_TARGETS);
        assert_int_equal(p->sets[SRV_STARTTLS].state, SRV_FAILED);
        assert_int_equal(p->count, 1);
        close_world(&f);
    }
}

/* What start() refuses is an answer that failed. */
static void refused(void **state)
{
    static const struct dns_row rows[] = {
        {DIRECT, "FAIL"}, {STARTTLS, "NOTHING"}, {NULL, NULL}};
    static struct fixture f;
    (void)state;
    begin(&f, rows);
    deliver(&f);
    assert_int_equal(f.error, S2S_OK);
    const struct srv_plan *p = discovery_plan(f.discovery);
    assert_int_equal(p->outcome, SRV_UNKNOWN);
    assert_true(p->unanswered);
    assert_int_equal(p->sets[SRV_DIRECT].state, SRV_FAILED);
    close_world(&f);
}

/* "aaa.aaa.(...).example" of so many characters. */
static void long_name(char *out, size_t length)
{
    static const char tail[] = ".example";
    size_t body = length - strlen(tail);
    for (size_t i = 0; i < body; i++)
        out[i] = i % 50 == 49 && i + 1 < body ? '.' : 'a';
    memcpy(out + body, tail, sizeof(tail));
}

/* A name that does not fit is not asked for, and has no records. */
static void too_long(void **state)
{
    static const struct dns_row rows[] = {{"*", "SRV/1/0/5269/a.example"},
                                          {NULL, NULL}};
    char domain[DOMAIN_MAX];
    static struct fixture f;
    (void)state;
    for (size_t asked = 0; asked <= 2; asked++) {
        long_name(domain,
                  DOMAIN_MAX - sizeof("_xmpps-server._tcp.") + 2 - asked);
        open_world(&f, rows);
        assert_int_equal(start(&f, domain), S2S_OK);
        assert_int_equal(f.calls, 0);
        deliver(&f);
        assert_int_equal(f.calls, 1);
        assert_int_equal(f.error, S2S_OK);
        assert_int_equal(f.script.count, asked);
        const struct srv_plan *p = discovery_plan(f.discovery);
        assert_int_equal(p->sets[SRV_DIRECT].state,
                         asked == 2 ? SRV_RECORDS : SRV_NONE);
        assert_int_equal(p->sets[SRV_STARTTLS].state,
                         asked >= 1 ? SRV_RECORDS : SRV_NONE);
        close_world(&f);
    }
}

/* ---- TLSA ------------------------------------------------------------- */

static const struct dns_row mixed[] = {
    {DIRECT, "SRV/1/0/5270/a.example"},
    {STARTTLS, "AD SRV/2/0/5269/b.example SRV/3/0/5269/c.example"},
    {"_5269._tcp.b.example", "LATER AD " TLSA},
    {"_5269._tcp.c.example", "LATER AD "},
    {NULL, NULL}};

static void ask_all(struct fixture *f)
{
    for (size_t i = 0; i < discovery_plan(f->discovery)->count; i++)
        assert_int_equal(discovery_ask_tlsa(f->discovery, i), S2S_OK);
}

static void tlsa(void **state)
{
    static struct fixture f;
    bool pending;
    (void)state;
    begin(&f, mixed);
    deliver(&f);
    assert_int_equal(f.script.count, 2); /* until somebody wants them */
    ask_all(&f);
    deliver(&f);
    assert_int_equal(f.script.count, 4);
    assert_int_equal(scripted_count(&f.script, "_5269._tcp.b.example"), 1);
    assert_int_equal(scripted_count(&f.script, "_5269._tcp.c.example"), 1);
    assert_null(discovery_tlsa(f.discovery, 0, &pending)); /* not secure */
    assert_false(pending);
    assert_null(discovery_tlsa(f.discovery, 1, &pending));
    assert_true(pending);
    assert_int_equal(scripted_answer(&f.script, "_5269._tcp.c.example"), 1);
    deliver(&f);
    assert_int_equal(f.calls, 2);
    const struct dns_answer *a = discovery_tlsa(f.discovery, 2, &pending);
    assert_false(pending);
    assert_int_equal(a->count, 0);
    (void)discovery_tlsa(f.discovery, 1, &pending);
    assert_true(pending);
    assert_int_equal(scripted_answer(&f.script, NULL), 1);
    deliver(&f);
    assert_int_equal(f.calls, 3);
    assert_int_equal(f.error, S2S_OK);
    a = discovery_tlsa(f.discovery, 1, &pending);
    assert_false(pending);
    assert_int_equal(a->count, 1);
    assert_int_equal(a->records[0].size, 5);
    assert_int_equal(a->security, DNS_SECURE);
    close_world(&f);
}

static void tlsa_names(void **state)
{
    char target[DOMAIN_MAX], record[300], name[DOMAIN_MAX];
    const struct dns_row rows[] = {{STARTTLS, record}, {NULL, NULL}};
    static struct fixture f;
    bool pending;
    (void)state;
    for (size_t fits = 0; fits < 2; fits++) {
        long_name(target, 253 - strlen("_5269._tcp.") + 3 - 3 * fits);
        (void)snprintf(record, sizeof(record), "AD SRV/1/0/5269/%s", target);
        begin(&f, rows);
        deliver(&f);
        assert_int_equal(discovery_plan(f.discovery)->count, 1);
        discovery_tlsa_name(f.discovery, 0, name);
        assert_int_equal(name[0] != '\0', fits);
        ask_all(&f);
        deliver(&f);
        assert_int_equal(f.script.count, 2 + fits);
        (void)discovery_tlsa(f.discovery, 0, &pending);
        assert_false(pending);
        close_world(&f);
    }
}

/* Of no more than ten, wherever they are in the plan. */
static void tlsa_many(void **state)
{
    static const struct dns_row rows[] = {
        {STARTTLS, "AD SRV/1/0/5269/a.example SRV/2/0/5269/b.example "
                   "SRV/3/0/5269/c.example SRV/4/0/5269/d.example "
                   "SRV/5/0/5269/e.example SRV/6/0/5269/f.example "
                   "SRV/7/0/5269/g.example SRV/8/0/5269/h.example "
                   "SRV/9/0/5269/i.example SRV/10/0/5269/j.example "
                   "SRV/11/0/5269/k.example SRV/12/0/5269/l.example"},
        {"*", "AD " TLSA},
        {NULL, NULL}};
    static struct fixture f;
    bool pending;
    (void)state;
    begin(&f, rows);
    deliver(&f);
    for (size_t i = 12; i > 0; i--)
        assert_int_equal(discovery_ask_tlsa(f.discovery, i - 1), S2S_OK);
    deliver(&f);
    assert_int_equal(f.script.count, 2 + DISCOVERY_TLSA);
    for (size_t i = 0; i < 12; i++)
        assert_int_equal(discovery_tlsa(f.discovery, i, &pending) != NULL,
                         i >= 12 - DISCOVERY_TLSA);
    close_world(&f);
}

/* ---- Ends ------------------------------------------------------------- */

static const struct dns_row slow[] = {
    {DIRECT, "LATER AD SRV/1/0/5270/a.example"},
    {STARTTLS, "LATER AD SRV/2/0/5269/b.example"},
    {"*", "LATER AD " TLSA},
    {NULL, NULL}};

/* Ended after so many steps; whether that was before the last one. */
static bool end_after(unsigned steps)
{
    static struct fixture f;
    begin(&f, slow);
    for (unsigned i = 0; i < steps; i++) {
        switch (i) {
        case 0:
            scripted_answer(&f.script, STARTTLS);
            break;
        case 2:
            scripted_answer(&f.script, DIRECT);
            break;
        case 4:
            ask_all(&f);
            break;
        case 5:
            scripted_answer(&f.script, "_5269._tcp.b.example");
            break;
        case 7:
            scripted_answer(&f.script, NULL);
            break;
        default:
            deliver(&f);
            break;
        }
    }
    size_t waiting = f.script.waiting;
    int calls = f.calls;
    discovery_free(f.discovery);
    f.discovery = NULL;
    assert_int_equal(f.script.cancels, waiting);
    deliver(&f);
    assert_int_equal(f.calls, calls);
    close_world(&f);
    return steps < 8;
}

static void ended(void **state)
{
    unsigned steps = 0;
    (void)state;
    while (end_after(steps))
        steps++;
    discovery_free(NULL);
}

static void ended_inside(void **state)
{
    static struct fixture f;
    (void)state;
    for (int late = 0; late < 2; late++) {
        begin(&f, slow);
        f.free_inside = late == 0;
        scripted_answer(&f.script, NULL);
        deliver(&f);
        if (late) {
            ask_all(&f);
            f.free_inside = true;
            scripted_answer(&f.script, "_5270._tcp.a.example");
            deliver(&f);
            assert_int_equal(f.script.cancels, 1);
        }
        assert_null(f.discovery);
        assert_int_equal(f.calls, 1 + late);
        close_world(&f);
    }
}

/* ---- Memory ----------------------------------------------------------- */

/* All of it; the error. */
static int whole(struct fixture *f)
{
    bool pending;
    int e = start(f, DOMAIN);
    if (e != S2S_OK)
        return e;
    scripted_answer(&f->script, NULL);
    deliver(f);
    assert_int_equal(f->calls, 1);
    for (size_t i = 0; f->error == S2S_OK && i < 2; i++)
        f->error = discovery_ask_tlsa(f->discovery, i);
    if (f->error != S2S_OK)
        return f->error;
    for (int i = 0; i < 2 && f->error == S2S_OK; i++) {
        scripted_answer(&f->script, NULL);
        deliver(f);
    }
    for (size_t i = 0; i < 2 && f->error == S2S_OK; i++) {
        assert_non_null(discovery_tlsa(f->discovery, i, &pending));
        assert_false(pending);
    }
    return f->error;
}

static void no_memory(void **state)
{
    static struct fixture f;
    (void)state;
    for (int sticky = 0; sticky < 2; sticky++) {
        unsigned long failed = 0;
        int e = S2S_ENO_MEMORY;
        for (unsigned long nth = 1; e != S2S_OK; nth++) {
            open_world(&f, slow);
            failing_arm(nth, sticky);
            e = whole(&f);
            if (failing_count() < nth)
                assert_int_equal(e, S2S_OK);
            else if (e == S2S_OK)
                e = 1; /* it was not needed */
            failing_off();
            assert_true(e == S2S_OK || e == 1 || e == S2S_ENO_MEMORY);
            failed += e == S2S_ENO_MEMORY;
            close_world(&f);
        }
        assert_true(failed > 10);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(inside),       cmocka_unit_test(any_order),
        cmocka_unit_test(refused),      cmocka_unit_test(too_long),
        cmocka_unit_test(tlsa),         cmocka_unit_test(tlsa_names),
        cmocka_unit_test(tlsa_many),    cmocka_unit_test(ended),
        cmocka_unit_test(ended_inside), cmocka_unit_test(no_memory),
    };
    return cmocka_run_group_tests_name("net/discovery", tests, NULL, NULL);
}
