/* Permits for hosts and addresses, on a clock of the test's. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>

#include <cmocka.h>

#include <arpa/inet.h>
#include <s2sprobe.h>
#include <string.h>

#include "../failing.h"
#include "net/courtesy.h"
#include "net/courtesy_place.h"

#define MANY   12
#define SECOND ((int64_t)1000000)

static int64_t now;

static int64_t clock_of_test(void)
{
    return now;
}

struct visitor { /* with one permit */
    struct courtesy_party party;
    struct courtesy_permit permit;
    unsigned granted;
    bool gives; /* at once */
};

static unsigned served; /* since the test began */
static const struct visitor *last;

static void on_granted(void *user)
{
    struct visitor *v = user;
    v->granted++;
    served++;
    last = v;
    if (v->gives)
        courtesy_give(&v->permit);
}

static struct courtesy *open(uint32_t host, uint32_t address, uint32_t rate)
{
    const struct courtesy_limits limits = {host, address, rate};
    now = 1000 * SECOND;
    served = 0;
    struct courtesy *c = courtesy_new(&limits, NULL, clock_of_test);
    assert_non_null(c);
    return c;
}

static void meet(struct courtesy *c, struct visitor *list, size_t count)
{
    memset(list, 0, count * sizeof(*list));
    for (size_t i = 0; i < count; i++) {
        list[i].party.courtesy = c;
        list[i].party.granted = on_granted;
        list[i].party.user = &list[i];
    }
}

static int ask_as(struct courtesy_party *party, struct courtesy_permit *permit,
                  const char *host, const char *address)
{
    struct sockaddr_in four = {.sin_family = AF_INET};
    struct sockaddr_in6 six = {.sin6_family = AF_INET6};
    four.sin_port = six.sin6_port = (in_port_t)(served + 7); /* any */
    if (inet_pton(AF_INET, address, &four.sin_addr) == 1)
        return courtesy_ask(party, permit, host, (const void *)&four);
    assert_int_equal(inet_pton(AF_INET6, address, &six.sin6_addr), 1);
    return courtesy_ask(party, permit, host, (const void *)&six);
}

static int ask(struct visitor *v, const char *host, const char *address)
{
    return ask_as(&v->party, &v->permit, host, address);
}

/* How many of a list have got what they asked for, now or later. */
static size_t count_in(struct visitor *list, size_t count)
{
    size_t in = 0;
    for (size_t i = 0; i < count; i++)
        in += list[i].permit.entered == 2;
    return in;
}

static void leave(struct visitor *list, size_t count)
{
    for (size_t i = 0; i < count; i++)
        courtesy_give(&list[i].permit);
}

/* ---- At once ---- */

/* Whoever leaves lets the next one in, in the order in which they came. */
static void running(void **state)
{
    static const struct {
        const char *hosts[2], *addresses[2];
        uint32_t host, address;
        size_t in; /* of MANY */
    } rows[] = {
        {{"a", "a"}, {"192.0.2.1", "192.0.2.1"}, 3, 9, 3},
        {{"a", "a"}, {"192.0.2.1", "192.0.2.2"}, 3, 9, 3},
        {{"a", "A"}, {"192.0.2.1", "192.0.2.2"}, 3, 9, 3},
        {{"a", "b"}, {"192.0.2.1", "192.0.2.2"}, 3, 9, 6},
        {{"a", "b"}, {"192.0.2.1", "192.0.2.1"}, 9, 5, 5},
        {{"a", "b"}, {"2001:db8::1", "2001:db8::1"}, 9, 5, 5},
        {{"a", "b"}, {"2001:db8::1", "2001:db8::2"}, 9, 5, 10},
        {{"a", "b"}, {"192.0.2.1", "::ffff:192.0.2.1"}, 9, 5, 5},
        {{"a", NULL}, {"192.0.2.1", "192.0.2.1"}, 3, 6, 6},
        {{NULL, NULL}, {"192.0.2.1", "192.0.2.1"}, 1, 6, 6},
        {{"a", "a"},
         {"192.0.2.1", "192.0.2.1"},
         S2S_NO_LIMIT,
         S2S_NO_LIMIT,
         12},
    };
    struct visitor v[MANY];
    (void)state;
    for (size_t n = 0; n < sizeof(rows) / sizeof(rows[0]); n++) {
        struct courtesy *c = open(rows[n].host, rows[n].address, S2S_NO_LIMIT);
        meet(c, v, MANY);
        for (size_t i = 0; i < MANY; i++) {
            int e = ask(&v[i], rows[n].hosts[i % 2], rows[n].addresses[i % 2]);
            bool in = v[i].permit.entered == 2;
            assert_int_equal(e, in ? S2S_OK : S2S_WANT_READ);
            /* Asked again, it is the same. */
            assert_int_equal(
                ask(&v[i], rows[n].hosts[i % 2], rows[n].addresses[i % 2]), e);
        }
        assert_int_equal(count_in(v, MANY), rows[n].in);
        courtesy_process(c);
        assert_int_equal(served, 0); /* nobody has left */
        for (size_t i = 0; i < MANY; i++) {
            assert_int_equal(v[i].permit.entered, 2);
            courtesy_give(&v[i].permit);
            assert_true(count_in(v, MANY) <= rows[n].in);
            courtesy_process(c);
        }
        assert_int_equal(served, MANY - rows[n].in);
        courtesy_free(c);
    }
}

static void in_order(void **state)
{
    struct visitor v[MANY];
    struct courtesy *c = open(1, 9, S2S_NO_LIMIT);
    (void)state;
    meet(c, v, MANY);
    for (size_t i = 0; i < MANY; i++)
        (void)ask(&v[i], "a", "192.0.2.1");
    courtesy_give(&v[5].permit); /* it does not want to any more */
    for (size_t i = 0; i + 1 < MANY; i++) {
        if (i == 5)
            continue;
        courtesy_give(&v[i].permit);
        /* Whoever comes now comes behind those that wait. */
        assert_int_equal(ask(&v[i], "a", "192.0.2.1"), S2S_WANT_READ);
        courtesy_process(c);
        assert_ptr_equal(last, &v[i == 4 ? 6 : i + 1]);
        courtesy_give(&v[i].permit);
    }
    leave(v, MANY);
    courtesy_free(c);
}

/* Who waits for one place is in nobody's way to another one. */
static void apart(void **state)
{
    struct visitor v[6];
    struct courtesy *c = open(2, 1, S2S_NO_LIMIT);
    (void)state;
    meet(c, v, 6);
    assert_int_equal(ask(&v[0], "a", "192.0.2.1"), S2S_OK);
    assert_int_equal(ask(&v[1], "a", "192.0.2.1"), S2S_WANT_READ);
    assert_int_equal(ask(&v[2], "a", "192.0.2.1"), S2S_WANT_READ);
    assert_int_equal(ask(&v[3], "b", "192.0.2.2"), S2S_OK);
    assert_int_equal(ask(&v[4], "b", "192.0.2.1"), S2S_WANT_READ);
    /* The host first, then the address, behind who waits there already. */
    courtesy_give(&v[0].permit);
    courtesy_process(c);
    assert_int_equal(count_in(v, 6), 2);
    assert_int_equal(v[1].granted, 1);
    courtesy_give(&v[1].permit);
    courtesy_process(c);
    assert_int_equal(v[4].granted, 1);
    courtesy_give(&v[4].permit);
    courtesy_process(c);
    assert_int_equal(v[2].granted, 1);
    leave(v, 6);
    courtesy_free(c);
}

/* Whoever goes to one server by several ways does not wait for himself. */
static void kin(void **state)
{
    struct visitor v[2];
    struct courtesy_permit more[2] = {{.entered = 0}};
    struct courtesy *c = open(1, 1, 1);
    (void)state;
    meet(c, v, 2);
    assert_int_equal(ask(&v[0], "a", "192.0.2.1"), S2S_OK);
    assert_int_equal(ask(&v[1], "a", "192.0.2.1"), S2S_WANT_READ);
    assert_int_equal(ask_as(&v[0].party, &more[0], "a", "192.0.2.1"), S2S_OK);
    assert_int_equal(ask_as(&v[0].party, &more[1], "a", "192.0.2.2"), S2S_OK);
    courtesy_give(&v[0].permit);
    now += 100 * SECOND;
    courtesy_process(c);
    assert_int_equal(v[1].granted, 0); /* a brother is still there */
    courtesy_give(&more[0]);
    courtesy_give(&more[1]);
    courtesy_process(c);
    assert_int_equal(v[1].granted, 1);
    leave(v, 2);
    courtesy_free(c);
}

static void without(void **state)
{
    struct visitor v[1];
    (void)state;
    meet(NULL, v, 1);
    assert_int_equal(ask(v, "a", "192.0.2.1"), S2S_OK);
    courtesy_offended(&v[0].permit);
    courtesy_pleased(&v[0].permit);
    courtesy_give(&v[0].permit);
    /* Without a rate nothing is spared. */
    struct courtesy *c = open(4, 8, S2S_NO_LIMIT);
    meet(c, v, 1);
    for (int i = 0; i < 3; i++) {
        assert_int_equal(ask(v, "a", "192.0.2.1"), S2S_OK);
        courtesy_offended(&v[0].permit);
        courtesy_give(&v[0].permit);
        assert_int_equal(courtesy_size(c), 0);
    }
    courtesy_free(c);
}

/* Permits come and go while others are let in. */
static void at_once(void **state)
{
    struct visitor v[MANY];
    struct courtesy *c = open(1, 1, S2S_NO_LIMIT);
    (void)state;
    meet(c, v, MANY);
    for (size_t i = 0; i < MANY; i++) {
        v[i].gives = true;
        (void)ask(&v[i], i % 3 == 0 ? "a" : "b", "192.0.2.1");
    }
    courtesy_give(&v[0].permit);
    for (int n = 0; n < MANY && served < MANY - 1; n++)
        courtesy_process(c);
    assert_int_equal(served, MANY - 1);
    courtesy_free(c);
}

/* ---- In a second ---- */

static void rate(void **state)
{
    struct visitor v[MANY];
    struct courtesy *c = open(S2S_NO_LIMIT, S2S_NO_LIMIT, 4);
    (void)state;
    meet(c, v, MANY);
    for (size_t i = 0; i < MANY; i++) /* as many as in a second together */
        assert_int_equal(ask(&v[i], "a", "192.0.2.1"),
                         i < 4 ? S2S_OK : S2S_WANT_READ);
    leave(v, 4); /* that they are gone changes nothing */
    courtesy_process(c);
    assert_int_equal(served, 0);
    for (unsigned n = 1; n <= MANY - 4; n++) { /* then one by one */
        now += SECOND / 4 - 1;
        courtesy_process(c);
        assert_int_equal(served, n - 1);
        now += 1;
        courtesy_process(c);
        assert_int_equal(served, n);
    }
    leave(v, MANY);
    /* After a second everything is as it was. */
    now += SECOND;
    for (size_t i = 0; i < MANY; i++) /* and an address has a rate of its own */
        assert_int_equal(ask(&v[i], i % 2 == 0 ? "a" : "b", "192.0.2.1"),
                         i < 4 ? S2S_OK : S2S_WANT_READ);
    leave(v, MANY);
    courtesy_free(c);
}

/* ---- Less ---- */

/* One visit that has to wait for `wait`, and what the server says to it. */
static void visit(struct courtesy *c, struct visitor *v, int64_t wait,
                  void (*says)(struct courtesy_permit *))
{
    int64_t spared = v->party.spared_us;
    unsigned before = v->granted;
    int e = ask(v, "a", "192.0.2.1");
    assert_int_equal(e, wait == 0 ? S2S_OK : S2S_WANT_READ);
    if (wait > 0) {
        now += wait - 1;
        courtesy_process(c);
        assert_int_equal(v->granted, before);
        now += 1;
        courtesy_process(c);
        assert_int_equal(v->granted, before + 1);
    }
    assert_int_equal(v->party.spared_us - spared, wait);
    if (says != NULL)
        says(&v->permit);
    courtesy_give(&v->permit);
}

static void offended(void **state)
{
    static const int64_t waits[] = {0, 1, 2, 4, 8, 16, 32, 60, 60};
    struct visitor v[1];
    struct courtesy *c = open(4, 8, 10);
    (void)state;
    meet(c, v, 1);
    for (size_t i = 0; i < sizeof(waits) / sizeof(waits[0]); i++)
        visit(c, v, waits[i] * SECOND, courtesy_offended);
    /* Friendlier: half as long each time. */
    visit(c, v, 60 * SECOND, courtesy_pleased);
    visit(c, v, 30 * SECOND, courtesy_pleased);
    visit(c, v, 15 * SECOND, courtesy_pleased);
    visit(c, v, SECOND / 2 * 15, NULL); /* without a word: as before */
    visit(c, v, SECOND / 2 * 15, courtesy_pleased);
    visit(c, v, SECOND / 4 * 15, courtesy_pleased);
    visit(c, v, SECOND / 8 * 15, courtesy_pleased); /* less than 1 s: over */
    visit(c, v, 0, courtesy_pleased);
    visit(c, v, 0, courtesy_offended);
    visit(c, v, SECOND, courtesy_offended);
    /* Left alone for as long again, it is a server like any other. */
    now += 2 * 2 * SECOND;
    visit(c, v, 0, courtesy_offended);
    visit(c, v, SECOND, NULL);
    courtesy_free(c);
}

/* Host and address are spared, others are not; those that came together are
 * told once, and go on one by one. */
static void spared(void **state)
{
    struct visitor v[8];
    struct courtesy *c = open(4, 8, 10);
    (void)state;
    meet(c, v, 8);
    for (int i = 0; i < 4; i++)
        assert_int_equal(ask(&v[i], "a", "192.0.2.1"), S2S_OK);
    now += SECOND;
    for (int i = 0; i < 4; i++)
        courtesy_offended(&v[i].permit);
    now += 1;
    for (int i = 0; i < 4; i++)
        courtesy_offended(&v[i].permit);
    courtesy_pleased(&v[0].permit); /* it began before: it proves nothing */
    leave(v, 4);
    assert_int_equal(ask(&v[0], "b", "192.0.2.2"), S2S_OK);
    assert_int_equal(ask(&v[1], "a", "192.0.2.2"), S2S_WANT_READ);
    assert_int_equal(ask(&v[2], "b", "192.0.2.1"), S2S_WANT_READ);
    assert_int_equal(ask(&v[3], NULL, "192.0.2.1"), S2S_WANT_READ);
    courtesy_process(c);
    assert_int_equal(served, 0);
    now += SECOND - 1;
    courtesy_process(c);
    assert_int_equal(served, 2);
    assert_int_equal(v[1].granted + v[2].granted, 2);
    now += SECOND;
    courtesy_process(c);
    assert_int_equal(served, 3);
    assert_int_equal(v[0].party.spared_us, 0);
    assert_int_equal(v[1].party.spared_us, SECOND - 1);
    assert_int_equal(v[3].party.spared_us, 2 * SECOND - 1);
    leave(v, 8);
    courtesy_free(c);
}

/* ---- Memory ---- */

/* Ten thousand names leave nothing behind but those of the last moment. */
static void forgotten(void **state)
{
    static struct visitor v[10000];
    struct courtesy *c = open(4, S2S_NO_LIMIT, 10);
    (void)state;
    meet(c, v, 10000);
    for (size_t i = 0; i < 10000; i++) {
        char host[32], address[32];
        (void)snprintf(host, sizeof(host), "h%zu.example", i);
        (void)snprintf(address, sizeof(address), "10.0.%zu.%zu", i / 250,
                       i % 250);
        assert_int_equal(ask(&v[i], host, address), S2S_OK);
    }
    assert_int_equal(courtesy_size(c), 20000);
    leave(v, 10000);
    assert_int_equal(courtesy_size(c), 20000); /* they were just there */
    now += SECOND;
    for (size_t i = 0; i < 10000; i++) {
        assert_int_equal(ask(&v[0], "a", "192.0.2.1"), S2S_OK);
        courtesy_give(&v[0].permit);
        now += SECOND;
    }
    assert_true(courtesy_size(c) <= 4);
    courtesy_free(c);
}

/* Without memory nobody is let in, and nothing is left. */
static void no_memory(void **state)
{
    const struct courtesy_limits limits = {4, 8, 10};
    struct visitor v[1];
    (void)state;
    failing_arm(1, false);
    assert_null(courtesy_new(&limits, NULL, clock_of_test));
    failing_off();
    struct courtesy *c = open(4, 8, 10);
    meet(c, v, 1);
    for (unsigned long n = 1; n <= 2; n++) {
        failing_arm(n, false);
        assert_int_equal(ask(v, "a", "192.0.2.1"), S2S_ENO_MEMORY);
        failing_off();
    }
    assert_int_equal(ask(v, "a", "192.0.2.1"), S2S_OK);
    courtesy_give(&v[0].permit);
    courtesy_free(c);
    courtesy_free(NULL);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(running),   cmocka_unit_test(in_order),
        cmocka_unit_test(apart),     cmocka_unit_test(kin),
        cmocka_unit_test(without),   cmocka_unit_test(at_once),
        cmocka_unit_test(rate),      cmocka_unit_test(offended),
        cmocka_unit_test(spared),    cmocka_unit_test(forgotten),
        cmocka_unit_test(no_memory),
    };
    return cmocka_run_group_tests_name("net/courtesy", tests, NULL, NULL);
}
