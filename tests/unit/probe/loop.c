#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <poll.h>
#include <signal.h>
#include <stdlib.h>
#include <string.h>
#include <sys/epoll.h>
#include <sys/socket.h>
#include <unistd.h>

#include <cmocka.h>

#include "base/error.h"
#include "probe/loop.h"
#include "unit/net/loopback.h"

#define COUNT(list) (sizeof(list) / sizeof((list)[0]))

static int64_t now_us;

static int64_t virtual_clock(void *user)
{
    (void)user;
    return now_us;
}

static void count(void *user)
{
    ++*(unsigned *)user;
}

static struct loop virtual_loop(void)
{
    struct loop l;
    assert_int_equal(loop_init(&l), 0);
    l.clock = virtual_clock;
    now_us = 1000000;
    return l;
}

static bool readable(struct loop *l)
{
    struct pollfd p = {.fd = loop_fd(l), .events = POLLIN};
    return poll(&p, 1, 0) == 1;
}

/* ---- Timers ---- */

static void timeouts(void **state)
{
    static const struct {
        int64_t after; /* microseconds from now */
        int ms;
    } rows[] = {
        {-1000000, 0},
        {-1, 0},
        {0, 0},
        {1, 1},
        {999, 1},
        {1000, 1},
        {1001, 2},
        {15000000, 15000},
        {INT64_C(3000000000000000), INT32_MAX},
    };
    struct loop l = virtual_loop();
    (void)state;
    assert_int_equal(loop_timeout_ms(&l), -1);
    for (size_t i = 0; i < COUNT(rows); i++) {
        unsigned fired = 0;
        struct timer t = {.fire = count, .user = &fired};
        assert_int_equal(loop_set_timer(&l, &t, now_us + rows[i].after), 0);
        assert_int_equal(loop_timeout_ms(&l), rows[i].ms);
        loop_fire(&l);
        assert_int_equal(fired, rows[i].after <= 0);
        loop_clear_timer(&l, &t);
        assert_int_equal(loop_timeout_ms(&l), -1);
        loop_clear_timer(&l, &t); /* no harm */
    }
    loop_free(&l);
}

/* Many timers that are set, moved and cleared: each fires once, not before its
 * time, and the first one is always known. */
#define TIMERS 200
struct many {
    struct loop loop;
    struct timer timers[TIMERS];
    unsigned fired[TIMERS];
};

static int64_t earliest(const struct many *m)
{
    int64_t first = INT64_MAX;
    for (size_t i = 0; i < TIMERS; i++)
        if (m->timers[i].place != 0 && m->timers[i].at < first)
            first = m->timers[i].at;
    return first;
}

static void check_many(const struct many *m)
{
    int64_t first = earliest(m);
    int ms = loop_timeout_ms(&m->loop);
    if (first == INT64_MAX)
        assert_int_equal(ms, -1);
    else
        assert_int_equal(ms,
                         first <= now_us ? 0 : (first - now_us + 999) / 1000);
}

static void pass(struct many *m, int64_t us)
{
    bool due[TIMERS];
    now_us += us;
    for (size_t i = 0; i < TIMERS; i++) {
        due[i] = m->timers[i].place != 0 && m->timers[i].at <= now_us;
        m->fired[i] = 0;
    }
    loop_fire(&m->loop);
    for (size_t i = 0; i < TIMERS; i++) {
        assert_int_equal(m->fired[i], due[i]);
        assert_true(!due[i] || m->timers[i].place == 0);
    }
}

static void many_timers(void **state)
{
    static struct many m;
    unsigned short seed[3] = {1, 2, 3};
    (void)state;
    m.loop = virtual_loop();
    for (size_t i = 0; i < TIMERS; i++)
        m.timers[i] = (struct timer){.fire = count, .user = &m.fired[i]};
    for (int n = 0; n < 20000; n++) {
        struct timer *t = &m.timers[nrand48(seed) % TIMERS];
        long what = nrand48(seed) % 10;
        if (what < 6)
            assert_int_equal(
                loop_set_timer(&m.loop, t, now_us + nrand48(seed) % 5000), 0);
        else if (what < 9)
            loop_clear_timer(&m.loop, t);
        else
            pass(&m, nrand48(seed) % 300);
        check_many(&m);
    }
    pass(&m, 5000);
    assert_int_equal(loop_timeout_ms(&m.loop), -1);
    loop_free(&m.loop);
}

/* With the real clock: the descriptor tells, each time, and is quiet when there
 * is nothing more to come soon, or at all. */
static void timer_wakes(void **state)
{
    static const size_t later[] = {0, 1}; /* timers that are far away */
    (void)state;
    for (size_t i = 0; i < COUNT(later); i++) {
        struct loop l;
        unsigned fired = 0;
        struct timer timers[3];
        assert_int_equal(loop_init(&l), 0);
        for (size_t k = 0; k < 2 + later[i]; k++) {
            timers[k] = (struct timer){.fire = count, .user = &fired};
            int64_t after = k < 2 ? 1000 + 2000 * (int64_t)k : 3600000000;
            assert_int_equal(
                loop_set_timer(&l, &timers[k], loop_now(&l) + after), 0);
        }
        while (fired < 2) {
            loop_wait(&l, LOOPBACK_WAIT_MS);
            assert_true(readable(&l)); /* that is what ended the wait */
            loop_fire(&l);
        }
        assert_int_equal(fired, 2);
        assert_false(readable(&l));
        loop_free(&l);
    }
}

/* ---- Signals ---- */

static void signals(void **state)
{
    struct loop l = virtual_loop();
    (void)state;
    assert_false(readable(&l));
    for (int n = 0; n < 3; n++)
        loop_signal(&l);
    assert_true(readable(&l));
    assert_true(readable(&l)); /* until it is fired */
    loop_fire(&l);
    assert_false(readable(&l));
    loop_signal(&l);
    loop_quiet(&l);
    assert_false(readable(&l));
    loop_quiet(&l); /* nothing to take back: no wait */
    loop_free(&l);
}

static const struct loop *handled;

static void on_signal(int number)
{
    (void)number;
    loop_signal(handled);
}

static void signal_handler(void **state)
{
    struct loop l = virtual_loop();
    struct sigaction before;
    const struct sigaction action = {.sa_handler = on_signal};
    (void)state;
    handled = &l;
    assert_int_equal(sigaction(SIGUSR1, &action, &before), 0);
    assert_int_equal(raise(SIGUSR1), 0);
    assert_int_equal(sigaction(SIGUSR1, &before, NULL), 0);
    loop_wait(&l, LOOPBACK_WAIT_MS);
    assert_true(readable(&l));
    loop_free(&l);
}

/* ---- Descriptors ---- */

struct pair {
    int ours, theirs;
    unsigned fired;
    struct loop_watch watch;
};

static void open_pair(struct pair *p)
{
    int fds[2];
    assert_int_equal(
        socketpair(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0, fds),
        0);
    *p = (struct pair){.ours = fds[0], .theirs = fds[1]};
    p->watch = (struct loop_watch){.fire = count, .user = &p->fired};
}

static void close_pair(struct pair *p)
{
    close(p->ours);
    close(p->theirs);
}

/* What is fired by one byte that waits and room to write. */
static unsigned fires(struct loop *l, struct pair *p)
{
    p->fired = 0;
    loop_fire(l);
    return p->fired;
}

static void watched(void **state)
{
    struct loop l = virtual_loop();
    struct pair p;
    (void)state;
    open_pair(&p);
    assert_int_equal(loop_watch(&l, &p.watch, p.ours, EPOLLIN), 0);
    assert_int_equal(fires(&l, &p), 0);
    assert_int_equal(send(p.theirs, "a", 1, MSG_NOSIGNAL), 1);
    assert_true(readable(&l));
    assert_int_equal(fires(&l, &p), 1);
    assert_int_equal(fires(&l, &p), 1); /* level-triggered */
    assert_int_equal(loop_watch(&l, &p.watch, p.ours, EPOLLIN), 0);
    assert_int_equal(fires(&l, &p), 1);
    assert_int_equal(loop_watch(&l, &p.watch, p.ours, 0), 0);
    assert_int_equal(fires(&l, &p), 0);
    assert_int_equal(loop_watch(&l, &p.watch, p.ours, EPOLLOUT), 0);
    assert_int_equal(fires(&l, &p), 1);
    assert_int_equal(loop_watch(&l, &p.watch, -1, EPOLLOUT), 0);
    assert_int_equal(fires(&l, &p), 0);
    assert_int_equal(loop_watch(&l, &p.watch, -1, 0), 0); /* again: no harm */
    assert_false(readable(&l));
    close_pair(&p);
    loop_free(&l);
}

/* A watch that goes to another descriptor leaves the first one. */
static void moved(void **state)
{
    struct loop l = virtual_loop();
    struct pair a, b;
    (void)state;
    open_pair(&a);
    open_pair(&b);
    assert_int_equal(loop_watch(&l, &a.watch, a.ours, EPOLLOUT), 0);
    assert_int_equal(fires(&l, &a), 1);
    assert_int_equal(loop_watch(&l, &a.watch, b.ours, EPOLLIN), 0);
    assert_int_equal(fires(&l, &a), 0);
    assert_int_equal(send(b.theirs, "a", 1, MSG_NOSIGNAL), 1);
    assert_int_equal(fires(&l, &a), 1);
    assert_int_equal(loop_watch(&l, &a.watch, -1, 0), 0);
    assert_false(readable(&l));
    close_pair(&a);
    close_pair(&b);
    loop_free(&l);
}

/* What cannot be waited on is told, and changes nothing. */
static void refused(void **state)
{
    struct loop l = virtual_loop();
    struct pair p;
    (void)state;
    open_pair(&p);
    close_pair(&p);
    assert_int_equal(loop_watch(&l, &p.watch, p.ours, EPOLLIN), S2S_EINTERNAL);
    assert_int_equal(p.watch.events, 0);
    assert_int_equal(loop_watch(&l, &p.watch, -1, 0), 0);
    loop_free(&l);
}

/* A caller closes a descriptor that is watched, and its number comes back as
 * somebody else's: the old owner neither fires for it nor takes it away. */
static void number_reused(void **state)
{
    struct loop l = virtual_loop();
    struct pair a, b;
    (void)state;
    open_pair(&a);
    assert_int_equal(loop_watch(&l, &a.watch, a.ours, EPOLLOUT), 0);
    int number = a.ours;
    close(a.ours);
    open_pair(&b);
    if (b.ours != number) {
        assert_int_equal(dup2(b.ours, number), number);
        close(b.ours);
        b.ours = number;
    }
    assert_int_equal(loop_watch(&l, &b.watch, b.ours, EPOLLOUT), 0);
    assert_int_equal(fires(&l, &b), 1);
    assert_int_equal(a.fired, 0);
    assert_int_equal(loop_watch(&l, &a.watch, -1, 0), 0);
    assert_int_equal(fires(&l, &b), 1);
    assert_int_equal(loop_watch(&l, &b.watch, -1, 0), 0);
    assert_int_equal(fires(&l, &b), 0);
    close(a.theirs);
    close_pair(&b);
    loop_free(&l);
}

/* A caller moves an open file to another number: the kernel keeps the first
 * registration, and nothing can take it away. It must not lead to a watch that
 * is gone, and fires only who owns the number now. */
static void file_moved(void **state)
{
    struct loop l = virtual_loop();
    struct pair a, b;
    (void)state;
    open_pair(&a);
    struct loop_watch *gone = malloc(sizeof(*gone));
    assert_non_null(gone);
    *gone = a.watch;
    assert_int_equal(loop_watch(&l, gone, a.ours, EPOLLIN), 0);
    int number = a.ours;
    a.ours = dup(number);
    assert_true(a.ours >= 0);
    close(number);
    assert_int_equal(loop_watch(&l, gone, a.ours, EPOLLIN), 0);
    assert_int_equal(send(a.theirs, "a", 1, MSG_NOSIGNAL), 1);
    assert_int_equal(fires(&l, &a), 1);
    assert_int_equal(loop_watch(&l, gone, -1, 0), 0);
    memset(gone, 0xff, sizeof(*gone));
    free(gone);
    assert_int_equal(fires(&l, &a), 0);
    open_pair(&b);
    if (b.ours != number) {
        assert_int_equal(dup2(b.ours, number), number);
        close(b.ours);
        b.ours = number;
    }
    assert_int_equal(loop_watch(&l, &b.watch, b.ours, EPOLLIN), 0);
    (void)fires(&l, &b);
    assert_int_equal(a.fired, 0);
    close_pair(&a);
    close_pair(&b);
    loop_free(&l);
}

/* Many at once: all have their turn, and a signal does not get lost. */
static void many_watches(void **state)
{
    static struct pair pairs[150];
    struct loop l = virtual_loop();
    size_t done = 0;
    (void)state;
    for (size_t i = 0; i < COUNT(pairs); i++) {
        open_pair(&pairs[i]);
        assert_int_equal(
            loop_watch(&l, &pairs[i].watch, pairs[i].ours, EPOLLOUT), 0);
    }
    for (int n = 0; n < 10 && done < COUNT(pairs); n++) {
        loop_fire(&l);
        done = 0;
        for (size_t i = 0; i < COUNT(pairs); i++)
            done += pairs[i].fired > 0;
    }
    assert_int_equal(done, COUNT(pairs));
    for (size_t i = 0; i < COUNT(pairs); i++) {
        assert_int_equal(loop_watch(&l, &pairs[i].watch, -1, 0), 0);
        close_pair(&pairs[i]);
    }
    assert_false(readable(&l));
    loop_free(&l);
}

/* Its descriptors are closed on exec and gone at the end. */
static void descriptors(void **state)
{
    struct loopback_descriptors before;
    struct loop l;
    (void)state;
    loopback_note(&before);
    assert_int_equal(loop_init(&l), 0);
    assert_int_equal(loopback_opened(&before), 3);
    loop_free(&l);
    assert_int_equal(loopback_opened(&before), 0);
    loop_free(&l); /* no harm: other descriptors are not closed */
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(timeouts),       cmocka_unit_test(many_timers),
        cmocka_unit_test(timer_wakes),    cmocka_unit_test(signals),
        cmocka_unit_test(signal_handler), cmocka_unit_test(watched),
        cmocka_unit_test(moved),          cmocka_unit_test(refused),
        cmocka_unit_test(number_reused),  cmocka_unit_test(many_watches),
        cmocka_unit_test(file_moved),     cmocka_unit_test(descriptors),
    };
    return cmocka_run_group_tests_name("probe/loop", tests, NULL, NULL);
}
