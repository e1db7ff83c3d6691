/*
 * The two engines talk to each other in memory: whole, in pieces of every
 * size, and cut after every byte.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>

#include <cmocka.h>

#include "engines.h"

static void check_end(const struct world *w)
{
    const struct setting *s = w->setting;
    const char *method = w->result->auth.method;
    assert_int_equal(w->result->error, s->error);
    assert_true((method == NULL) == (s->method == NULL));
    if (method != NULL)
        assert_string_equal(method, s->method);
    assert_int_equal(w->ready, s->method != NULL);
    assert_int_equal(w->stanzas, s->method != NULL);
    assert_int_equal(w->pongs, s->pong);
    assert_int_equal(w->result->pipelined, s->pipeline);
    assert_true((initiator_engine.wants(w->i) & ENGINE_DONE) != 0);
    assert_true((responder_engine.wants(w->r) & ENGINE_DONE) != 0);
}

static size_t play(const struct setting *s, size_t piece)
{
    struct world w;
    set_up(&w, s);
    w.piece = piece;
    talk(&w);
    check_end(&w);
    size_t moved = w.moved;
    tear_down(&w);
    return moved;
}

/* Whichever side the cut leaves waiting is told that the other has gone. */
static void play_cut(const struct setting *s, size_t at)
{
    struct world w;
    set_up(&w, s);
    w.cut = at;
    talk(&w);
    if ((initiator_engine.wants(w.i) & ENGINE_DONE) == 0) {
        initiator_engine.ended(w.i);
        assert_true(w.result->error != S2S_OK || w.result->auth.method != NULL);
    }
    responder_engine.ended(w.r);
    tear_down(&w);
}

static void whole_and_in_pieces(void **state)
{
    (void)state;
    for (size_t k = 0; k < sizeof(settings) / sizeof(settings[0]); k++) {
        print_message("# %s\n", settings[k].name);
        size_t moved = play(&settings[k], FAR);
        for (size_t piece = 1; piece < 1024; piece += piece < 64 ? 1 : 61)
            assert_int_equal(play(&settings[k], piece), moved);
    }
}

static void cut_everywhere(void **state)
{
    (void)state;
    for (size_t k = 0; k < sizeof(settings) / sizeof(settings[0]); k++) {
        size_t moved = play(&settings[k], FAR);
        print_message("# %s: %zu bytes\n", settings[k].name, moved);
        for (size_t at = 0; at < moved; at++)
            play_cut(&settings[k], at);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(whole_and_in_pieces),
        cmocka_unit_test(cut_everywhere),
    };
    return cmocka_run_group_tests(tests, engines_begin, engines_end);
}
