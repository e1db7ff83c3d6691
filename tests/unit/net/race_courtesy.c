/* Connections that wait for others of ours to leave a server. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>

#include <cmocka.h>

#include "base/error.h"
#include "loopback.h"
#include "net/courtesy.h"
#include "net/resolver.h"
#include "net/tcp.h"
#include "race_world.h"

#define CROWD 200
#define MOST  3

static void open_polite(struct world *w, uint32_t host, uint32_t address)
{
    const struct courtesy_limits limits = {host, address, S2S_NO_LIMIT};
    open_world(w);
    w->settings.courtesy = courtesy_new(&limits, w->settings.resolver, NULL);
    assert_non_null(w->settings.courtesy);
}

static void close_polite(struct world *w)
{
    hang_up(w);
    courtesy_free(w->settings.courtesy);
    close_world(w);
}

static void *go_to(struct world *w, const char *host, uint16_t port)
{
    const struct tcp_endpoint one = {
        .host = host, .port = port, .dns_only = true};
    void *conn;
    assert_int_equal(tcp_open_endpoints(&w->settings, &one, 1, &conn), S2S_OK);
    tcp_watch(conn, on_ready, w);
    return conn;
}

static void close_conn(struct world *w, void **conn)
{
    if (*conn != NULL)
        w->t.close(*conn);
    *conn = NULL;
}

/* Until it stands. */
static void connect_all_the_way(struct world *w, void *conn)
{
    while (tcp_phase(conn) != TCP_CONNECTED) {
        assert_int_equal(tcp_phase(conn), TCP_CONNECTING);
        loopback_wait(w->t.fd(conn), POLLOUT);
        tcp_advance(conn);
    }
}

/* ---- Many to one ---- */

struct crowd {
    struct world w;
    void *conns[CROWD];
    int accepted[CROWD]; /* -1: closed by its client */
    size_t count;
};

static void accept_all(struct crowd *c)
{
    struct pollfd p = {.fd = c->w.listener, .events = POLLIN};
    while (poll(&p, 1, 0) == 1) {
        assert_true(c->count < CROWD);
        c->accepted[c->count++] = loopback_accept(c->w.listener);
    }
}

/* How many are there at the server. */
static size_t count_open(struct crowd *c)
{
    size_t open = 0;
    char byte;
    for (size_t i = 0; i < c->count; i++) {
        if (c->accepted[i] < 0)
            continue;
        if (recv(c->accepted[i], &byte, 1, MSG_DONTWAIT) == 0) {
            close(c->accepted[i]);
            c->accepted[i] = -1;
        } else {
            open++;
        }
    }
    return open;
}

/* Those that stand leave, the first of those that are not done yet. */
static size_t leave(struct crowd *c)
{
    size_t left = 0, begun = 0;
    for (size_t i = 0; i < CROWD; i++) {
        if (c->conns[i] == NULL)
            continue;
        tcp_advance(c->conns[i]);
        enum tcp_phase phase = tcp_phase(c->conns[i]);
        if (phase == TCP_CONNECTED) {
            accept_all(c);
            assert_true(count_open(c) <= MOST);
            close_conn(&c->w, &c->conns[i]);
            continue;
        }
        assert_true(phase == TCP_HELD || phase == TCP_CONNECTING);
        begun += phase == TCP_CONNECTING;
        left++;
    }
    assert_true(begun <= MOST);
    return left;
}

static void crowd(void **state)
{
    static struct crowd c;
    (void)state;
    for (int named = 0; named < 2; named++) {
        c.count = 0;
        open_polite(&c.w, named ? MOST : 1, named ? S2S_NO_LIMIT : MOST);
        for (size_t i = 0; i < CROWD; i++) {
            c.conns[i] = go_to(&c.w, named ? "a" : "127.0.0.1", c.w.port);
            while (tcp_phase(c.conns[i]) == TCP_RESOLVING) {
                answer_all(&c.w, "a=127.0.0.1", false);
                process(&c.w);
            }
            c.w.count = 0;
        }
        while (leave(&c) > 0)
            process(&c.w);
        accept_all(&c);
        assert_int_equal(c.count, CROWD);
        assert_int_equal(count_open(&c), 0);
        assert_int_equal(courtesy_size(c.w.settings.courtesy), 0);
        close_polite(&c.w);
    }
}

/* ---- One that waits ---- */

static void held(void **state)
{
    static struct world w;
    char byte;
    (void)state;
    open_polite(&w, 9, 1);
    void *first = go_to(&w, "127.0.0.1", w.port);
    void *gone = go_to(&w, "127.0.0.1", w.port);
    w.conn = go_to(&w, "127.0.0.1", w.port);
    assert_int_equal(tcp_phase(w.conn), TCP_HELD);
    assert_int_equal(w.t.fd(w.conn), -1);
    assert_int_equal(w.t.read(w.conn, &byte, 1), S2S_WANT_READ);
    connect_all_the_way(&w, first);
    settle(&w);
    assert_int_equal(tcp_phase(w.conn), TCP_HELD); /* it stands yet */
    assert_int_equal(w.ready, 0);
    close_conn(&w, &gone); /* while it waits, in front */
    close_conn(&w, &first);
    process(&w);
    assert_int_equal(w.ready, 1);
    assert_true(tcp_phase(w.conn) >= TCP_CONNECTING);
    connect_all_the_way(&w, w.conn);
    close_polite(&w);
}

static void settled(void **state)
{
    static struct world w;
    (void)state;
    open_polite(&w, 9, 1);
    void *first = go_to(&w, "127.0.0.1", w.port);
    tcp_settled(first); /* too early: nothing happens */
    w.conn = go_to(&w, "127.0.0.1", w.port);
    connect_all_the_way(&w, first);
    assert_int_equal(tcp_phase(w.conn), TCP_HELD);
    tcp_settled(first);
    process(&w);
    connect_all_the_way(&w, w.conn);
    assert_int_equal(tcp_phase(first), TCP_CONNECTED);
    close_conn(&w, &first);
    close_polite(&w);
}

/* Where nobody listens nobody waits for long. */
static void refused(void **state)
{
    static struct world w;
    (void)state;
    open_polite(&w, 9, 1);
    for (int i = 0; i < 3; i++) {
        void *conn = go_to(&w, "127.0.0.2", w.port);
        while (tcp_phase(conn) == TCP_CONNECTING) {
            loopback_wait(w.t.fd(conn), POLLOUT);
            tcp_advance(conn);
        }
        assert_int_equal(tcp_phase(conn), TCP_FAILED);
        assert_int_equal(courtesy_size(w.settings.courtesy), 0);
        close_conn(&w, &conn);
    }
    close_polite(&w);
}

/* What is forbidden is waited for by nobody. */
static void filtered(void **state)
{
    static struct world w;
    (void)state;
    open_polite(&w, 9, 1);
    void *first = go_to(&w, "127.0.0.1", w.port);
    w.settings.filter = filter;
    w.allowed = "127.0.0.9";
    w.conn = go_to(&w, "127.0.0.1", w.port);
    assert_int_equal(tcp_phase(w.conn), TCP_FAILED);
    close_conn(&w, &first);
    close_polite(&w);
}

/* ---- Several ways ---- */

/* The other ports of an address one goes to oneself are not waited for. */
static void own_way(void **state)
{
    static struct world w;
    struct loopback_silent silent;
    (void)state;
    open_polite(&w, 1, 1);
    loopback_silence(&silent, "127.0.0.1", 0);
    const struct tcp_endpoint list[] = {
        {.host = "127.0.0.1", .port = loopback_port(silent.listener)},
        {.host = "127.0.0.1", .port = w.port},
    };
    assert_int_equal(tcp_open_endpoints(&w.settings, list, 2, &w.conn), S2S_OK);
    void *other = go_to(&w, "127.0.0.1", w.port);
    assert_int_equal(tcp_phase(other), TCP_HELD);
    finish(&w);
    assert_int_equal(tcp_connected_endpoint(w.conn), 1);
    assert_int_equal(tcp_phase(other), TCP_HELD);
    hang_up(&w);
    process(&w);
    connect_all_the_way(&w, other);
    close_conn(&w, &other);
    loopback_unsilence(&silent);
    close_polite(&w);
}

/* What comes first when it is known at last does so though another one waits
 * for its turn; that one comes again. */
static void order(void **state)
{
    static struct world w;
    char attempts[1024];
    (void)state;
    open_polite(&w, 9, 1);
    void *first = go_to(&w, "127.0.0.1", w.port);
    connect_all_the_way(&w, first);
    begin(&w, "a b");
    answer(&w, "b", "127.0.0.1");
    while (w.ready < 2) /* the answer; and it has been waited for the other */
        process(&w);
    assert_int_equal(tcp_phase(w.conn), TCP_RESOLVING);
    report(&w, S2S_ECANCELLED, attempts);
    assert_string_equal(attempts, "a ? abandoned;b 127.0.0.1 not tried;");
    answer(&w, "a", "127.0.0.2,127.0.0.1");
    while (tcp_phase(w.conn) != TCP_HELD) {
        settle(&w);
        tcp_advance(w.conn);
    }
    report(&w, S2S_ECANCELLED, attempts);
    assert_string_equal(attempts, "a 127.0.0.2 refused;a 127.0.0.1 not tried;"
                                  "b 127.0.0.1 not tried;");
    close_conn(&w, &first);
    process(&w);
    finish(&w);
    assert_int_equal(tcp_connected_endpoint(w.conn), 0);
    close_polite(&w);
}

/* One runs while the next one waits: then it fails, or the other one gets its
 * turn. */
static void beside(void **state)
{
    static struct world w;
    struct loopback_silent silent;
    (void)state;
    for (int fails = 0; fails < 2; fails++) {
        open_polite(&w, 9, 1);
        loopback_silence(&silent, "127.0.0.2", w.port);
        void *first = go_to(&w, "127.0.0.1", w.port);
        connect_all_the_way(&w, first);
        begin(&w, "127.0.0.2 127.0.0.1");
        assert_int_equal(tcp_phase(w.conn), TCP_CONNECTING);
        /* Its time comes, and then nothing does. */
        loopback_wait(w.t.fd(w.conn), POLLIN);
        tcp_advance(w.conn);
        struct pollfd p = {.fd = w.t.fd(w.conn), .events = POLLIN};
        assert_int_equal(poll(&p, 1, 0), 0);
        assert_int_equal(tcp_phase(w.conn), TCP_CONNECTING);
        if (fails) {
            loopback_unsilence(&silent);
            finish(&w);
            assert_int_equal(tcp_phase(w.conn), TCP_HELD);
            assert_int_equal(w.t.fd(w.conn), -1);
        }
        close_conn(&w, &first);
        process(&w);
        finish(&w);
        assert_int_equal(tcp_connected_endpoint(w.conn), 1);
        hang_up(&w);
        if (!fails)
            loopback_unsilence(&silent);
        close_polite(&w);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(crowd),    cmocka_unit_test(held),
        cmocka_unit_test(settled),  cmocka_unit_test(refused),
        cmocka_unit_test(filtered), cmocka_unit_test(own_way),
        cmocka_unit_test(order),    cmocka_unit_test(beside),
    };
    return cmocka_run_group_tests_name("net/race_courtesy", tests, NULL, NULL);
}
