/*
 * Both engines talk while memory runs out, at every allocation of either,
 * once and for good: nobody gets in by it, and both come to an end.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>

#include <cmocka.h>

#include "../failing.h"
#include "engines.h"

static bool done(const struct world *w)
{
    return (initiator_engine.wants(w->i) & ENGINE_DONE) != 0 &&
           (responder_engine.wants(w->r) & ENGINE_DONE) != 0;
}

/* What a driver does: it ends a probe that has no memory for its record, and
 * one that waits for a peer that has gone. */
static void wind_up(struct world *w)
{
    if (w->result->no_memory)
        initiator_fail(w->i, S2S_ENO_MEMORY, "no memory");
    initiator_engine.ended(w->i);
    talk(w);
    responder_engine.ended(w->r);
    talk(w);
}

/* As ever, or less. */
static void check(const struct world *w, bool fails)
{
    const struct setting *s = w->setting;
    const s2s_result *r = w->result;
    assert_true(done(w));
    assert_true(r->auth.method == NULL || s->method != NULL);
    assert_true(r->auth.method == NULL ||
                strcmp(r->auth.method, s->method) == 0 ||
                strcmp(r->auth.method, "dialback") == 0);
    assert_true(w->seen.auth == INBOUND_NOBODY || s->method != NULL);
    assert_true(w->ready <= 1 && w->stanzas <= (s->method != NULL));
    assert_true(w->pongs <= s->pong);
    assert_true(w->stanzas == 0 || responder_authenticated(w->r));
    if (fails)
        return;
    assert_int_equal(r->error, s->error);
    assert_int_equal(w->pongs, s->pong);
    assert_int_equal(w->stanzas, s->method != NULL);
}

/* Whether there was such an allocation. */
static bool play(const struct setting *s, unsigned long nth, bool sticky)
{
    struct world w;
    set_up(&w, s);
    w.scarce = true;
    failing_arm(nth, sticky);
    talk(&w);
    if (!done(&w))
        wind_up(&w);
    unsigned long count = failing_count();
    failing_off();
    check(&w, count >= nth);
    if (count >= nth && w.result->error == S2S_OK)
        assert_true(w.result->auth.method != NULL);
    tear_down(&w);
    return count >= nth;
}

static void every_allocation(void **state)
{
    (void)state;
    for (size_t k = 0; k < sizeof(settings) / sizeof(settings[0]); k++) {
        for (int sticky = 0; sticky < 2; sticky++) {
            unsigned long nth = 1;
            while (play(&settings[k], nth, sticky != 0))
                nth++;
            print_message("# %s: %lu\n", settings[k].name, nth - 1);
            assert_true(nth > 20);
        }
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(every_allocation),
    };
    return cmocka_run_group_tests(tests, engines_begin, engines_end);
}
