/*
 * Two contexts, and pings between them, while each allocation of
 * either fails, once and for good: every probe has an end, and once there is
 * memory again everything works, on the same contexts.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "../failing.h"
#include "federation.h"

/* Nothing waits in earnest: when nobody can go on, time does. */
static int64_t now_us = 1000000;

static int64_t virtual_clock(void *user)
{
    (void)user;
    return now_us;
}

static void pass_time(struct federation *f)
{
    int least = INT32_MAX;
    for (int k = 0; k < SIDES; k++) {
        int ms = s2s_context_timeout_ms(f->c[k]);
        if (ms >= 0 && ms < least)
            least = ms;
    }
    assert_true(least < INT32_MAX);
    now_us += (int64_t)least * 1000;
    for (int k = 0; k < SIDES; k++)
        assert_int_equal(s2s_context_process(f->c[k]), S2S_OK);
}

static void step(struct federation *f)
{
    if (!federation_poke(f, 100))
        pass_time(f);
}

static void settle(struct federation *f)
{
    while (federation_poke(f, 0))
        continue;
}

/* ---- What is done ---- */

struct way {
    const char *name;
    uint32_t flags;
};

static int ping(struct federation *f, const struct way *w)
{
    s2s_options o = federation_options();
    s2s_result *r = NULL;
    uint64_t id;
    o.flags = w->flags;
    int e = s2s_context_submit(f->c[SIDE_A], S2S_OP_PING, A, B, &o, NULL, &id);
    if (e != S2S_OK)
        return e;
    while (s2s_context_next(f->c[SIDE_A], &r, NULL, NULL) == 0)
        step(f);
    e = r != NULL ? s2s_result_error(r) : S2S_ENO_MEMORY;
    s2s_result_free(r);
    return e;
}

static int run(struct federation *f, const struct way *w)
{
    int e = ping(f, w);
    settle(f);
    return e;
}

/* ---- The sweep ---- */

static const struct way ways[] = {
    {"EXTERNAL, bidi", 0},
    {"EXTERNAL, an answer on another stream", S2S_NO_BIDI},
    {"dialback, bidi", S2S_NO_EXTERNAL},
};

static void sweep(void **state)
{
    const struct way *w = *state;
    struct federation f;
    unsigned worked = 0;
    federation_open(&f, NULL);
    for (int k = 0; k < SIDES; k++)
        context_shared(f.c[k])->loop.clock = virtual_clock;
    assert_int_equal(run(&f, w), S2S_OK);
    failing_arm(0, false);
    assert_int_equal(run(&f, w), S2S_OK);
    unsigned long count = failing_count();
    print_message("# %lu allocations\n", count);
    assert_true(count > 100);
    for (unsigned long nth = 1; nth <= count; nth++) {
        failing_arm(nth, false);
        worked += run(&f, w) == S2S_OK;
        failing_arm(nth, true);
        (void)run(&f, w);
        failing_off();
        if (nth % 16 == 0)
            assert_int_equal(run(&f, w), S2S_OK);
    }
    assert_true(worked < count);
    assert_int_equal(run(&f, w), S2S_OK);
    federation_close(&f);
}

int main(void)
{
    static struct CMUnitTest tests[COUNT(ways)];
    for (size_t k = 0; k < COUNT(ways); k++)
        tests[k] =
            (struct CMUnitTest){.name = ways[k].name,
                                .test_func = sweep,
                                .initial_state = (void *)(uintptr_t)&ways[k]};
    return cmocka_run_group_tests_name("probe/federation_memory", tests,
                                       federation_begin, federation_end);
}
