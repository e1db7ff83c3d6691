/* Who may connect, with time that moves only when told to. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <sys/resource.h>

#include <cmocka.h>

#include "probe/admission.h"

#include <s2sprobe.h>

#define TICKETS 200

static int64_t now_us;

static int64_t virtual_clock(void *user)
{
    (void)user;
    return now_us;
}

static struct loop loop;
static struct descriptors descriptors;
static struct admission a;
static struct admission_ticket tickets[TICKETS];
static unsigned told, order[TICKETS];

static void on_admitted(void *user)
{
    struct admission_ticket *t = user;
    order[told++] = (unsigned)(t - tickets);
}

static void begin(uint32_t most, uint32_t rate)
{
    now_us = 1000000;
    told = 0;
    assert_int_equal(loop_init(&loop), S2S_OK);
    loop.clock = virtual_clock;
    descriptors_init(&descriptors, loop.epoll);
    admission_init(&a, &loop, most, rate, &descriptors);
    for (unsigned i = 0; i < TICKETS; i++)
        tickets[i] = (struct admission_ticket){.admitted = on_admitted,
                                               .user = &tickets[i]};
}

static void end(void)
{
    for (unsigned i = 0; i < TICKETS; i++)
        admission_leave(&a, &tickets[i], 0);
    assert_int_equal(descriptors.open, 0);
    assert_int_equal(descriptors.promised, 0);
    assert_int_equal(a.connecting, 0);
    assert_true(TAILQ_EMPTY(&a.waiting));
    admission_process(&a);
    assert_int_equal(loop_timeout_ms(&loop), -1);
    loop_free(&loop);
}

static unsigned ask_all(void)
{
    unsigned at_once = 0;
    for (unsigned i = 0; i < TICKETS; i++)
        at_once += admission_ask(&a, &tickets[i], 0) ? 1 : 0;
    admission_process(&a);
    return at_once;
}

static void pass(int64_t us)
{
    now_us += us;
    loop_fire(&loop);
    admission_process(&a);
}

/* ---- By pace ---------------------------------------------------------- */

/* A little at once, then no more than the work allows; first come, first
 * served. */
static void paced(void **state)
{
    (void)state;
    begin(0, S2S_NO_LIMIT);
    unsigned first = ask_all();
    assert_in_range(first, 2, 20);
    assert_int_equal(told, 0);
    int64_t cost = a.cost;
    for (unsigned i = 0; i < 50; i++) {
        assert_true(loop_timeout_ms(&loop) > 0);
        pass(cost);
    }
    /* Not faster than the work can be done, not idle either. */
    assert_in_range(told, 30, 50);
    for (unsigned i = 0; i < told; i++)
        assert_int_equal(order[i], first + i);
    end();
}

/* What costs nothing makes way at once. */
static void refunded(void **state)
{
    (void)state;
    begin(0, S2S_NO_LIMIT);
    unsigned first = ask_all();
    for (unsigned i = 0; i < first; i++)
        admission_leave(&a, &tickets[i], 0);
    admission_process(&a);
    assert_in_range(told, first, first + 1);
    end();
}

/* Peers that say nothing keep nobody waiting. */
static void stalled(void **state)
{
    (void)state;
    begin(0, S2S_NO_LIMIT);
    (void)ask_all();
    for (unsigned i = 0; i < TICKETS; i++)
        pass(2 * a.cost);
    assert_true(TAILQ_EMPTY(&a.waiting));
    assert_int_equal(a.connecting, TICKETS);
    end();
}

/* The pace is that of what has been seen. */
static void learned(void **state)
{
    (void)state;
    begin(0, S2S_NO_LIMIT);
    for (unsigned i = 0; i < TICKETS; i++) {
        now_us += 1000000;
        assert_true(admission_ask(&a, &tickets[i], 0));
        admission_secured(&a, &tickets[i], 10000);
        admission_leave(&a, &tickets[i], 10000);
    }
    assert_in_range(a.cost, 9900, 10000);
    assert_in_range(ask_all(), 1, 3);
    end();
}

/* ---- By number -------------------------------------------------------- */

static void numbered(void **state)
{
    (void)state;
    begin(3, S2S_NO_LIMIT);
    assert_int_equal(ask_all(), 3);
    pass(60000000);
    assert_int_equal(told, 0);
    admission_secured(&a, &tickets[1], 500); /* its handshake is over */
    admission_process(&a);
    assert_int_equal(told, 1);
    admission_leave(&a, &tickets[1], 500); /* makes no second place */
    admission_leave(&a, &tickets[4], 0);   /* waits no more */
    admission_leave(&a, &tickets[0], 0);
    admission_process(&a);
    assert_int_equal(told, 2);
    assert_int_equal(order[0], 3);
    assert_int_equal(order[1], 5);
    end();
}

static void unlimited(void **state)
{
    (void)state;
    begin(S2S_NO_LIMIT, S2S_NO_LIMIT);
    assert_int_equal(ask_all(), TICKETS);
    end();
}

static void forced(void **state)
{
    (void)state;
    begin(1, 1);
    assert_true(admission_ask(&a, &tickets[0], 0));
    admission_force(&a, &tickets[1], 0);
    assert_int_equal(tickets[1].state, ADMISSION_CONNECTING);
    assert_false(admission_ask(&a, &tickets[2], 0));
    end();
}

/* ---- By the second ---------------------------------------------------- */

static void rated(void **state)
{
    (void)state;
    begin(S2S_NO_LIMIT, 10);
    assert_int_equal(ask_all(), 1);
    for (unsigned second = 1; second <= 5; second++) {
        for (unsigned i = 0; i < 1000; i++)
            pass(1000);
        assert_in_range(told, 10 * second - 1, 10 * second);
    }
    end();
}

/* ---- By descriptors --------------------------------------------------- */

static void starved(void **state)
{
    struct rlimit before, low;
    (void)state;
    assert_int_equal(getrlimit(RLIMIT_NOFILE, &before), 0);
    low = before;
    low.rlim_cur = 64;
    assert_int_equal(setrlimit(RLIMIT_NOFILE, &low), 0);
    begin(S2S_NO_LIMIT, S2S_NO_LIMIT);
    assert_true(admission_ask(&a, &tickets[0], 0));
    /* So many are in use by others. */
    admission_place(&a, &tickets[0], 46, false);
    assert_true(admission_ask(&a, &tickets[1], 0));
    assert_true(!admission_ask(&a, &tickets[2], 0));
    admission_place(&a, &tickets[1], 47, false);
    admission_process(&a);
    assert_int_equal(told, 0);
    admission_leave(&a, &tickets[1], 0);
    admission_process(&a);
    assert_int_equal(told, 1);
    assert_int_equal(order[0], 2);
    /* With nothing of ours open there is nothing to wait for. */
    admission_leave(&a, &tickets[2], 0);
    admission_leave(&a, &tickets[0], 0);
    assert_true(admission_ask(&a, &tickets[3], 0));
    end();
    assert_int_equal(setrlimit(RLIMIT_NOFILE, &before), 0);
}

/* Another connection of the same probe, and one that did not come about. */
static void once_more(void **state)
{
    (void)state;
    begin(1, 1);
    assert_true(admission_ask(&a, &tickets[0], 0));
    admission_secured(&a, &tickets[0], 500);
    admission_again(&a, &tickets[0], 600);
    assert_int_equal(a.connecting, 1);
    admission_postpone(&a, &tickets[0], 700);
    assert_true(a.next <= now_us); /* nothing was connected in this second */
    assert_true(admission_ask(&a, &tickets[1], 0));
    end();
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(paced),    cmocka_unit_test(refunded),
        cmocka_unit_test(stalled),  cmocka_unit_test(learned),
        cmocka_unit_test(numbered), cmocka_unit_test(unlimited),
        cmocka_unit_test(forced),   cmocka_unit_test(rated),
        cmocka_unit_test(starved),  cmocka_unit_test(once_more),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
