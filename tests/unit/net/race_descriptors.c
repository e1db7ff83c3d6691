/* Connections for which there are no descriptors. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <sys/resource.h>

#include <cmocka.h>

#include "base/descriptors.h"
#include "base/error.h"
#include "loopback.h"
#include "net/resolver.h"
#include "net/tcp.h"
#include "race_world.h"

static struct descriptors counted;

static rlim_t limit(rlim_t count)
{
    struct rlimit l;
    assert_int_equal(getrlimit(RLIMIT_NOFILE, &l), 0);
    rlim_t before = l.rlim_cur;
    l.rlim_cur = count;
    assert_int_equal(setrlimit(RLIMIT_NOFILE, &l), 0);
    return before;
}

/* So many more; returns the limit before. */
static rlim_t allow(rlim_t more)
{
    int next = dup(0);
    assert_true(next > 0);
    close(next);
    return limit((rlim_t)next + more);
}

static void open_counted(struct world *w)
{
    open_world(w);
    descriptors_init(&counted, w->listener);
    w->settings.descriptors = &counted;
}

static void close_counted(struct world *w)
{
    hang_up(w);
    assert_int_equal(counted.open, 0);
    close_world(w);
}

static void assert_report(const struct world *w, const char *text)
{
    char told[1024];
    report(w, S2S_ECANCELLED, told);
    assert_string_equal(told, text);
}

/* What has not begun is not used up: it begins when there are some. */
static void second(void **state)
{
    static struct world w;
    struct loopback_silent silent;
    (void)state;
    for (int is_counted = 0; is_counted < 2; is_counted++) {
        open_counted(&w);
        if (!is_counted)
            w.settings.descriptors = NULL;
        loopback_silence(&silent, "127.0.0.2", w.port);
        rlim_t before = allow(1);
        begin(&w, "127.0.0.2 127.0.0.1");
        process(&w);
        assert_int_equal(tcp_phase(w.conn), TCP_CONNECTING);
        assert_report(&w, "127.0.0.2 127.0.0.2 abandoned;"
                          "127.0.0.1 127.0.0.1 not tried;");
        limit(before);
        process(&w);
        finish(&w);
        assert_int_equal(tcp_connected_endpoint(w.conn), 1);
        assert_report(&w, "127.0.0.2 127.0.0.2 abandoned;"
                          "127.0.0.1 127.0.0.1 connected;");
        loopback_unsilence(&silent);
        close_counted(&w);
    }
}

/* With a single one they come one after the other. */
static void single(void **state)
{
    static struct world w;
    struct loopback_silent silent;
    (void)state;
    for (int is_counted = 0; is_counted < 2; is_counted++) {
        open_counted(&w);
        if (!is_counted)
            w.settings.descriptors = NULL;
        loopback_silence(&silent, "127.0.0.2", w.port);
        rlim_t before = allow(1);
        begin(&w, "127.0.0.2 127.0.0.1");
        while (tcp_phase(w.conn) != TCP_CONNECTED) {
            process(&w);
            tcp_advance(w.conn);
        }
        limit(before);
        assert_int_equal(tcp_connected_endpoint(w.conn), 1);
        loopback_unsilence(&silent);
        close_counted(&w);
    }
}

/* The first one waits for those of others. */
static void first(void **state)
{
    static struct world w;
    const struct tcp_endpoint one = {.host = "127.0.0.1"};
    void *other;
    (void)state;
    open_counted(&w);
    struct tcp_endpoint there = one;
    there.port = w.port;
    assert_int_equal(tcp_open_endpoints(&w.settings, &there, 1, &other),
                     S2S_OK);
    rlim_t before = allow(0);
    begin(&w, "127.0.0.1");
    for (int n = 0; n < 2; n++) {
        assert_int_equal(tcp_phase(w.conn), TCP_HELD);
        assert_int_equal(w.t.fd(w.conn), -1);
        assert_report(&w, "127.0.0.1 127.0.0.1 not tried;");
        process(&w);
    }
    assert_int_equal(w.ready, 2);
    w.t.close(other);
    process(&w);
    finish(&w);
    limit(before);
    assert_int_equal(tcp_phase(w.conn), TCP_CONNECTED);
    close_counted(&w);
}

/* Where nobody of ours has any, waiting is vain. */
static void none(void **state)
{
    static struct world w;
    (void)state;
    open_counted(&w);
    rlim_t before = allow(0);
    begin(&w, "127.0.0.1 127.0.0.1");
    limit(before);
    assert_int_equal(tcp_phase(w.conn), TCP_FAILED);
    char byte;
    assert_int_equal(w.t.read(w.conn, &byte, 1), S2S_EINTERNAL);
    assert_non_null(strstr(tcp_error(w.conn), ERROR_NO_DESCRIPTORS));
    close_counted(&w);
}

/* Those that are left for other things are not taken by a second attempt. */
static void spared(void **state)
{
    static struct world w;
    struct loopback_silent silent;
    (void)state;
    open_counted(&w);
    loopback_silence(&silent, "127.0.0.2", w.port);
    for (rlim_t more = 8 + 3; more <= 8 + 4; more++) {
        rlim_t before = allow(more);
        begin(&w, "127.0.0.2 127.0.0.1");
        bool set = counted.open > 1;
        limit(before);
        assert_int_equal(set, more == 8 + 4);
        hang_up(&w);
    }
    loopback_unsilence(&silent);
    close_counted(&w);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(second), cmocka_unit_test(single),
        cmocka_unit_test(first),  cmocka_unit_test(none),
        cmocka_unit_test(spared),
    };
    return cmocka_run_group_tests_name("net/race_descriptors", tests, NULL,
                                       NULL);
}
