/* Many questions, some of which nobody answers: who waits for whom. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include <s2sprobe.h>

#include "net/resolver.h"
#include "dns.h"

#define IN_FLIGHT 100
#define SLOW      100
#define REFUSALS  6
#define QUESTIONS 300

static const struct dns_row rows[] = {
    {"good.example", "127.0.0.1 SRV/1/2/5269/host.example TLSA/030101ab"},
    {"full.example", "REFUSED"},
    {"refuses.example", "REFUSED"},
    {"*.silent.example", "SILENT"},
    {NULL, NULL},
};

static const struct dns_row with_room[] = {{"full.example", "127.0.0.1"},
                                           {"refuses.example", "REFUSED"},
                                           {NULL, NULL}};

struct question { /* and how it ended */
    struct fixture *f;
    resolver_query *query;
    size_t turn; /* it ended as the first, second, ...; 0: not yet */
    int error;
    char text[16];
};

struct fixture {
    struct dns dns;
    struct resolver *resolver;
    size_t done, asked;
    struct question questions[QUESTIONS];
};

static void note(void *user, struct dns_answer *answer)
{
    struct question *q = user;
    q->query = NULL;
    q->turn = ++q->f->done;
    q->error = answer->error;
    (void)snprintf(q->text, sizeof(q->text), "%s", answer->text);
}

static struct question *ask(struct fixture *f, const char *name, uint16_t type)
{
    assert_true(f->asked < QUESTIONS);
    struct question *q = &f->questions[f->asked++];
    *q = (struct question){.f = f};
    assert_int_equal(
        resolver_ask(f->resolver, name, type, false, note, q, &q->query),
        S2S_OK);
    return q;
}

static void ask_silent(struct fixture *f, size_t count)
{
    for (size_t i = 0; i < count; i++)
        ask(f, "a.silent.example", DNS_SRV);
}

static void cancel(struct question *q)
{
    resolver_cancel(q->query);
    q->query = NULL;
}

static void step(struct fixture *f)
{
    dns_step(&f->dns, f->resolver, -1, 0);
}

static void until(struct fixture *f, const struct question *q)
{
    while (q->turn == 0)
        step(f);
}

static bool readable(const struct resolver *r)
{
    struct pollfd p = {.fd = resolver_fd(r), .events = POLLIN};
    return poll(&p, 1, 0) == 1;
}

/* Until the resolver has something to do, and has done it. */
static void work(struct fixture *f)
{
    struct pollfd p = {.fd = resolver_fd(f->resolver), .events = POLLIN};
    assert_int_equal(poll(&p, 1, LOOPBACK_WAIT_MS), 1);
    resolver_process(f->resolver);
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
    for (size_t i = 0; i < f->asked; i++)
        if (f->questions[i].query != NULL)
            resolver_cancel(f->questions[i].query);
    resolver_free(f->resolver);
    dns_close(&f->dns);
    free(f);
    return 0;
}

/* ---- Who waits -------------------------------------------------------- */

/* As many as may be asked at once, and nobody answers: the next one waits, but
 * not for their end. */
static void others_go_on(void **state)
{
    struct fixture *f = *state;
    ask_silent(f, IN_FLIGHT);
    struct question *good = ask(f, "good.example", DNS_SRV);
    assert_int_equal(dns_serve(&f->dns, SIZE_MAX), IN_FLIGHT);
    assert_false(readable(f->resolver));
    until(f, good);
    assert_int_equal(good->turn, 1);
    assert_int_equal(good->error, S2S_OK);
    assert_int_equal(f->dns.queries, IN_FLIGHT + 1);
}

/* There is an end to that too: what comes after it waits for the oldest. */
static void not_without_end(void **state)
{
    struct fixture *f = *state;
    ask_silent(f, IN_FLIGHT + SLOW);
    struct question *good = ask(f, "good.example", DNS_SRV);
    until(f, good);
    assert_in_range(good->turn, 2, IN_FLIGHT + 1);
    for (size_t i = 0; i < IN_FLIGHT + SLOW; i++) {
        const struct question *q = &f->questions[i];
        assert_true(q->turn == 0 || i < IN_FLIGHT);
        if (q->turn > 0)
            assert_string_equal(q->text, "timed out");
    }
}

/* What hosts are asked for comes before services, in its own order. */
static void hosts_first(void **state)
{
    struct fixture *f = *state;
    ask_silent(f, IN_FLIGHT);
    struct question *srv = ask(f, "good.example", DNS_SRV);
    struct question *a = ask(f, "good.example", DNS_A);
    struct question *tlsa = ask(f, "good.example", DNS_TLSA);
    struct question *gone = ask(f, "good.example", DNS_AAAA);
    cancel(gone);
    cancel(&f->questions[0]);
    until(f, srv);
    assert_int_equal(a->turn, 1);
    assert_int_equal(tlsa->turn, 2);
    assert_int_equal(srv->turn, 3);
    assert_int_equal(gone->turn, 0);
}

/* ---- Busy ------------------------------------------------------------- */

static void busy(void **state)
{
    struct fixture *f = *state;
    assert_false(resolver_busy(f->resolver));
    ask_silent(f, IN_FLIGHT - 1);
    assert_false(resolver_busy(f->resolver));
    ask_silent(f, 1);
    assert_true(resolver_busy(f->resolver));
    cancel(&f->questions[0]);
    assert_false(resolver_busy(f->resolver));
    ask_silent(f, 2); /* the second one waits */
    assert_true(resolver_busy(f->resolver));
    cancel(&f->questions[IN_FLIGHT + 1]);
    assert_true(resolver_busy(f->resolver));
    cancel(&f->questions[1]);
    assert_false(resolver_busy(f->resolver));
}

/* The descriptor tells when it is not busy any more, though no question waits
 * and none ends. */
static void free_again(void **state)
{
    struct fixture *f = *state;
    ask_silent(f, IN_FLIGHT);
    while (resolver_busy(f->resolver))
        work(f);
    assert_int_equal(f->done, 0);
    assert_int_equal(dns_serve(&f->dns, SIZE_MAX), IN_FLIGHT);
}

/* ---- A server that is full -------------------------------------------- */

/* It refuses questions while it holds another one: they are asked again. One
 * has an answer then; one is refused each time, and the server means it. */
static void refused(void **state)
{
    struct fixture *f = *state;
    struct question *silent = ask(f, "a.silent.example", DNS_A);
    until(f, silent);
    struct question *full = ask(f, "full.example", DNS_A);
    struct question *never = ask(f, "refuses.example", DNS_A);
    struct question *gone = ask(f, "full.example", DNS_A);
    while (f->dns.queries < 5)
        step(f);
    work(f); /* the refusals are there */
    assert_int_equal(f->done, 1);
    assert_false(readable(f->resolver));
    cancel(gone);
    f->dns.rows = with_room;
    until(f, never);
    assert_int_equal(full->turn, 2);
    assert_int_equal(full->error, S2S_OK);
    assert_string_equal(never->text, "REFUSED");
    assert_int_equal(f->dns.queries, 5 + 1 + REFUSALS);
}

/* After a refusal there may be half as many, until others are answered. */
static void fewer(void **state)
{
    struct fixture *f = *state;
    ask_silent(f, IN_FLIGHT + SLOW);
    while (f->dns.queries < IN_FLIGHT + SLOW)
        step(f);
    for (size_t i = SLOW / 2; i < IN_FLIGHT + SLOW; i++)
        cancel(&f->questions[i]);
    ask_silent(f, IN_FLIGHT / 2 - 2);
    (void)ask(f, "full.example", DNS_A);
    assert_false(resolver_busy(f->resolver));
    assert_true(dns_serve(&f->dns, SIZE_MAX) >= IN_FLIGHT / 2 - 1);
    work(f); /* the refusal is there */
    assert_true(resolver_busy(f->resolver));
    cancel(&f->questions[f->asked - 1]);
    assert_true(resolver_busy(f->resolver)); /* half of the slow ones count */
    for (size_t i = 0; i < SLOW / 2; i++)
        cancel(&f->questions[i]);
    assert_false(resolver_busy(f->resolver));
    ask_silent(f, 2);
    assert_true(resolver_busy(f->resolver));
}

#define TEST(name) cmocka_unit_test_setup_teardown(name, set_up, tear_down)

int main(void)
{
    const struct CMUnitTest tests[] = {
        TEST(others_go_on), TEST(not_without_end), TEST(hosts_first),
        TEST(busy),         TEST(free_again),      TEST(refused),
        TEST(fewer),
    };
    return cmocka_run_group_tests_name("net/resolver_crowd", tests, NULL, NULL);
}
