/*
 * A context and its probes over connections in memory, with time that moves
 * only when told to: what can be seen from outside, at every point.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <signal.h>

#include <cmocka.h>

#include "wire.h"

/* ---- One probe, seen from outside ---- */

static void life(void **state)
{
    struct wire w = {.answers = true};
    s2s_context *c = open_context(0);
    s2s_result *r;
    uint64_t id;
    void *user;
    (void)state;
    due(c, false);
    assert_int_equal(s2s_context_timeout_ms(c), -1);
    nothing_taken(c);
    uint64_t first = submit_for(c, &w, &w, TIMEOUT_MS);
    due(c, true);
    assert_int_equal(w.opened, 0); /* nothing runs before it is driven */
    process(c);
    due(c, true); /* there is a result now */
    assert_int_equal(w.open, 0);
    assert_int_equal(s2s_context_next(c, &r, &id, &user), 1);
    assert_int_equal(id, first);
    assert_ptr_equal(user, &w);
    s2s_result_free(r);
    due(c, false);
    assert_int_equal(s2s_context_timeout_ms(c), -1);
    nothing_taken(c);
    assert_int_not_equal(submit(c, &w), first);
    s2s_context_free(c);
}

static void deadline(void **state)
{
    static const uint32_t timeouts[] = {1, 999, 1000, 600000};
    struct wire w = {.answers = false};
    s2s_context *c = open_context(0);
    (void)state;
    for (size_t i = 0; i < COUNT(timeouts); i++) {
        uint64_t id = submit_for(c, &w, NULL, timeouts[i]);
        process(c);
        assert_int_equal(w.open, 1);
        assert_int_equal(s2s_context_timeout_ms(c), timeouts[i]);
        now_us += (int64_t)timeouts[i] * 1000 - 1;
        wake(c);
        assert_int_equal(s2s_context_timeout_ms(c), 1);
        nothing_taken(c);
        now_us += 1;
        assert_int_equal(s2s_context_timeout_ms(c), 0);
        process(c);
        taken(c, id, S2S_ETIMEOUT);
        assert_int_equal(s2s_context_timeout_ms(c), -1);
    }
    s2s_context_free(c);
}

/* The queue is before the deadline, and told apart. */
static void queue(void **state)
{
    struct wire silent = {.answers = false};
    s2s_context *c = open_context(1);
    s2s_result *r;
    uint64_t ids[3];
    (void)state;
    for (size_t i = 0; i < 3; i++)
        ids[i] = submit(c, &silent);
    for (size_t i = 0; i < 3; i++) {
        uint64_t id;
        process(c);
        assert_int_equal(silent.opened, i + 1);
        nothing_taken(c);
        now_us += INT64_C(1000) * TIMEOUT_MS;
        process(c);
        assert_int_equal(s2s_context_next(c, &r, &id, NULL), 1);
        assert_int_equal(id, ids[i]);
        assert_int_equal(s2s_result_error(r), S2S_ETIMEOUT);
        assert_int_equal(s2s_result_stage_us(r, S2S_STAGE_QUEUE),
                         i * 1000 * TIMEOUT_MS);
        assert_int_equal(s2s_result_stage_us(r, S2S_STAGE_DONE),
                         1000 * TIMEOUT_MS);
        s2s_result_free(r);
    }
    s2s_context_free(c);
}

/* More than is looked at in one go: the descriptor stays readable, and each
 * result comes once, in the order of the ends. */
static void many(void **state)
{
    struct wire w = {.answers = true};
    s2s_context *c = open_context(400);
    uint64_t next = 0;
    uint64_t last = 0;
    int rounds = 0;
    (void)state;
    for (size_t i = 0; i < 400; i++)
        last = submit(c, &w);
    for (uint64_t id = last - 399; id <= last;) {
        s2s_result *r;
        assert_true(readable(c));
        process(c);
        assert_true(++rounds < 20);
        while (s2s_context_next(c, &r, &next, NULL) == 1) {
            assert_int_equal(next, id++);
            assert_int_equal(s2s_result_error(r), S2S_OK);
            s2s_result_free(r);
        }
    }
    assert_true(rounds > 1);
    due(c, false);
    assert_int_equal(w.open, 0);
    s2s_context_free(c);
}

/* ---- Cancelling ---- */

static void cancelled(void **state)
{
    struct wire w = {.answers = false};
    s2s_context *c = open_context(2);
    uint64_t ids[3];
    (void)state;
    for (size_t i = 0; i < 3; i++)
        ids[i] = submit(c, &w);
    process(c); /* two run, one waits */
    assert_int_equal(w.open, 2);
    due(c, false);
    s2s_context_cancel(c, ids[2]);
    due(c, true);
    taken(c, ids[2], S2S_ECANCELLED);
    s2s_context_cancel(c, ids[2]); /* harmless, as for one that never was */
    s2s_context_cancel(c, 0);
    s2s_context_cancel(c, UINT64_MAX);
    process(c);
    nothing_taken(c);
    s2s_context_cancel(c, ids[0]);
    s2s_context_cancel(c, ids[0]);
    process(c);
    taken(c, ids[0], S2S_ECANCELLED);
    nothing_taken(c);
    assert_int_equal(w.open, 1);
    now_us += INT64_C(1000) * TIMEOUT_MS;
    process(c);
    s2s_context_cancel(c, ids[1]); /* too late: its outcome stays */
    taken(c, ids[1], S2S_ETIMEOUT);
    s2s_context_free(c);
}

static void stopped(void **state)
{
    struct wire w = {.answers = false};
    s2s_context *c = open_context(1);
    uint64_t ids[3];
    uint64_t id = 7;
    s2s_result *r = (s2s_result *)&id;
    (void)state;
    for (size_t i = 0; i < 3; i++)
        ids[i] = submit(c, &w);
    process(c);
    s2s_context_stop(c);
    due(c, true);
    assert_int_equal(s2s_context_submit(c, S2S_OP_CONNECT, "us.example",
                                        "them.example", NULL, NULL, &id),
                     S2S_EBUSY);
    assert_int_equal(id, 7);
    for (size_t i = 0; i < 3; i++) { /* all results first */
        assert_int_equal(s2s_context_run(c, 0), 1);
        taken(c, i < 2 ? ids[i + 1] : ids[0], S2S_ECANCELLED);
    }
    assert_int_equal(s2s_context_run(c, -1), S2S_ECANCELLED);
    assert_int_equal(w.open, 0);
    const s2s_options options = {.size = sizeof(options), .context = c};
    assert_int_equal(s2s_connect("us.example", "them.example", &options, &r),
                     S2S_EBUSY);
    assert_null(r);
    s2s_context_free(c);
}

/* ---- From inside a callback ---- */

static void tries_all(struct wire *w)
{
    s2s_context *c = w->context;
    const s2s_options options = {.size = sizeof(options), .context = c};
    s2s_result *r = (s2s_result *)w;
    w->on_open = NULL; /* once */
    assert_int_equal(s2s_context_process(c), S2S_EBUSY);
    assert_int_equal(s2s_context_run(c, -1), S2S_EBUSY);
    assert_int_equal(s2s_connect("us.example", "them.example", &options, &r),
                     S2S_EBUSY);
    assert_null(r);
    r = (s2s_result *)w;
    assert_int_equal(s2s_ping("us.example", "them.example", &options, &r),
                     S2S_EBUSY);
    assert_null(r);
    assert_int_equal(s2s_context_next(c, &r, NULL, NULL), 0);
    submit(c, w); /* which is allowed, and starts later */
}

static void inside(void **state)
{
    s2s_context *c = open_context(0);
    struct wire w = {.answers = true, .on_open = tries_all, .context = c};
    (void)state;
    uint64_t first = submit(c, &w);
    assert_int_equal(s2s_context_run(c, -1), 1);
    taken(c, first, S2S_OK);
    assert_int_equal(s2s_context_run(c, -1), 1);
    taken(c, first + 1, S2S_OK);
    assert_int_equal(w.opened, 2);
    s2s_context_free(c);
}

static void stops(struct wire *w)
{
    s2s_context_stop(w->context);
}

static void cancels_all(struct wire *w)
{
    for (uint64_t id = 1; id < 8; id++)
        s2s_context_cancel(w->context, id);
}

static void ended_inside(void **state)
{
    static void (*const ways[])(struct wire *) = {stops, cancels_all};
    (void)state;
    for (size_t i = 0; i < COUNT(ways); i++) {
        s2s_context *c = open_context(0);
        struct wire w = {.on_open = ways[i], .context = c};
        uint64_t first = submit(c, &w);
        assert_int_equal(s2s_context_run(c, -1), 1);
        taken(c, first, S2S_ECANCELLED);
        assert_int_equal(w.open, 0);
        s2s_context_free(c);
    }
}

/* ---- Waiting ---- */

static s2s_context *handled;

static void on_signal(int number)
{
    (void)number;
    s2s_context_wakeup(handled);
}

/* run() ends by itself, by a wake-up (also one that came before it, and from
 * a signal handler), and with a result that is there. */
static void waiting(void **state)
{
    struct wire silent = {.answers = false};
    struct sigaction before;
    const struct sigaction action = {.sa_handler = on_signal};
    s2s_context *c = open_context(0);
    (void)state;
    assert_int_equal(s2s_context_run(c, 0), 0);
    s2s_context_wakeup(c);
    assert_int_equal(s2s_context_run(c, -1), 0);
    handled = c;
    assert_int_equal(sigaction(SIGUSR1, &action, &before), 0);
    assert_int_equal(raise(SIGUSR1), 0);
    assert_int_equal(sigaction(SIGUSR1, &before, NULL), 0);
    assert_int_equal(s2s_context_run(c, -1), 0);
    uint64_t id = submit(c, &silent);
    assert_int_equal(s2s_context_run(c, 0), 0);
    s2s_context_cancel(c, id);
    assert_int_equal(s2s_context_run(c, -1), 1);
    assert_int_equal(s2s_context_run(c, -1), 1); /* until it is taken */
    taken(c, id, S2S_ECANCELLED);
    assert_int_equal(s2s_context_run(c, 0), 0);
    s2s_context_free(c);
}

/* A blocking call on a shared context takes its own result, and leaves the
 * others', which the descriptor then tells of. */
static void shared(void **state)
{
    struct wire w = {.answers = true};
    s2s_context *c = open_context(0);
    const s2s_transport transport = wire_transport(&w);
    const s2s_options options = {.size = sizeof(options),
                                 .host = "them.example",
                                 .tls_mode = S2S_TLS_NONE,
                                 .transport = &transport,
                                 .context = c};
    uint64_t first = submit(c, &w);
    s2s_result *r = NULL;
    (void)state;
    assert_int_equal(s2s_connect("us.example", "them.example", &options, &r),
                     S2S_OK);
    assert_non_null(r);
    s2s_result_free(r);
    assert_int_equal(w.opened, 2);
    due(c, true);
    taken(c, first, S2S_OK);
    due(c, false);
    assert_int_equal(s2s_connect("us.example", "no domain", &options, &r),
                     S2S_EINVALID_ARGUMENT);
    assert_non_null(r);
    s2s_result_free(r);
    process(c);
    due(c, false);
    nothing_taken(c);
    s2s_context_free(c);
}

/* Probes in every state go with their context. */
static void freed(void **state)
{
    struct wire silent = {.answers = false};
    struct wire w = {.answers = true};
    s2s_context *c = open_context(2);
    (void)state;
    submit(c, &w);
    submit(c, &silent);
    submit(c, &silent);
    process(c);
    submit(c, &silent);
    assert_int_equal(silent.open, 1);
    s2s_context_free(c);
    assert_int_equal(silent.open, 0);
    s2s_context_free(NULL);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(life),      cmocka_unit_test(deadline),
        cmocka_unit_test(queue),     cmocka_unit_test(many),
        cmocka_unit_test(cancelled), cmocka_unit_test(stopped),
        cmocka_unit_test(inside),    cmocka_unit_test(ended_inside),
        cmocka_unit_test(waiting),   cmocka_unit_test(shared),
        cmocka_unit_test(freed),
    };
    return cmocka_run_group_tests_name("probe/context", tests, NULL, NULL);
}
