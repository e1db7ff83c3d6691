/* Bytes and ends of the library's own transport; neighbours: eyeballs. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>

#include <cmocka.h>

#include "tcp_world.h"

/* ---- Bytes ---- */

static void establish(struct world *w)
{
    open_world(w);
    connect_to(w, "127.0.0.1");
    assert_int_equal(tcp_phase(w->conn), TCP_CONNECTED);
    w->server = loopback_accept(w->listener);
}

/* Read once something is there; the first answer may be to wait. */
static ptrdiff_t receive(struct world *w, void *buffer, size_t length)
{
    ptrdiff_t n;
    while ((n = w->t.read(w->conn, buffer, length)) == S2S_WANT_READ)
        loopback_wait(w->t.fd(w->conn), POLLIN);
    return n;
}

static void moves(void **state)
{
    static struct world w;
    char buffer[16];
    (void)state;
    establish(&w);
    assert_int_equal(w.t.read(w.conn, buffer, 8), S2S_WANT_READ);
    assert_int_equal(w.t.read(w.conn, buffer, 8), S2S_WANT_READ);
    assert_int_equal(w.t.write(w.conn, "hello", 5), 5);
    assert_int_equal(recv(w.server, buffer, 16, 0), 5);
    assert_memory_equal(buffer, "hello", 5);
    assert_int_equal(send(w.server, "123456789", 9, MSG_NOSIGNAL), 9);
    assert_int_equal(receive(&w, buffer, 4), 4);
    /* As much as was asked for: there may be more. */
    assert_int_equal(w.t.read(w.conn, buffer, 8), 5);
    assert_memory_equal(buffer, "56789", 5);
    /* Less: once nothing, without a look. */
    assert_int_equal(send(w.server, "a", 1, MSG_NOSIGNAL), 1);
    loopback_wait(w.t.fd(w.conn), POLLIN);
    assert_int_equal(w.t.read(w.conn, buffer, 8), S2S_WANT_READ);
    assert_int_equal(w.t.read(w.conn, buffer, 8), 1);
    assert_int_equal(w.t.read(w.conn, buffer, 0), S2S_EINVALID_ARGUMENT);
    assert_int_equal(w.t.write(w.conn, buffer, 0), S2S_EINVALID_ARGUMENT);
    assert_string_equal(tcp_error(w.conn), "");
    close_world(&w);
}

/* With acknowledgements at once, all goes as without. */
static void quick(void **state)
{
    static struct world w;
    char buffer[8];
    (void)state;
    establish(&w);
    tcp_quickack(w.conn);
    for (int n = 0; n < 3; n++) {
        assert_int_equal(send(w.server, "ab", 2, MSG_NOSIGNAL), 2);
        assert_int_equal(receive(&w, buffer, 8), 2);
    }
    close_world(&w);
}

/* A full socket says so, and goes on when it is read. */
static void full(void **state)
{
    static char block[65536];
    static struct world w;
    size_t sent = 0;
    size_t got = 0;
    ptrdiff_t n;
    (void)state;
    establish(&w);
    while ((n = w.t.write(w.conn, block, sizeof(block))) > 0)
        sent += (size_t)n;
    assert_int_equal(n, S2S_WANT_WRITE);
    while (got < sent) {
        n = recv(w.server, block, sizeof(block), 0);
        assert_true(n > 0);
        got += (size_t)n;
    }
    loopback_wait(w.t.fd(w.conn), POLLOUT);
    assert_int_equal(w.t.write(w.conn, "a", 1), 1);
    close_world(&w);
}

/* ---- Ends ---- */

static void reset_server(struct world *w)
{
    const struct linger now = {.l_onoff = 1};
    assert_int_equal(
        setsockopt(w->server, SOL_SOCKET, SO_LINGER, &now, sizeof(now)), 0);
    close(w->server);
    w->server = -1;
}

static void end(void **state)
{
    static struct world w;
    char buffer[8];
    (void)state;
    establish(&w);
    assert_int_equal(send(w.server, "ab", 2, MSG_NOSIGNAL), 2);
    assert_int_equal(shutdown(w.server, SHUT_WR), 0);
    assert_int_equal(receive(&w, buffer, 8), 2); /* first what was said */
    for (int n = 0; n < 2; n++)
        assert_int_equal(receive(&w, buffer, 8), 0);
    assert_int_equal(w.t.write(w.conn, "a", 1), 1); /* one way is open yet */
    assert_false(tcp_was_reset(w.conn));
    assert_string_equal(tcp_error(w.conn), "");
    close_world(&w);
}

static void reset(void **state)
{
    static struct world w;
    char buffer[8];
    (void)state;
    establish(&w);
    reset_server(&w);
    assert_int_equal(receive(&w, buffer, 8), S2S_ECLOSED);
    assert_true(tcp_was_reset(w.conn));
    assert_string_equal(tcp_error(w.conn), "connection reset");
    assert_int_equal(receive(&w, buffer, 8), S2S_ECLOSED);
    assert_int_equal(w.t.write(w.conn, "a", 1), S2S_ECLOSED);
    assert_string_equal(tcp_error(w.conn), "connection reset");
    assert_int_equal(tcp_phase(w.conn), TCP_CONNECTED);
    close_world(&w);
}

/* The same when it is writing that meets it: reading then is no end. */
static void reset_met_by_write(void **state)
{
    static struct world w;
    char buffer[8];
    (void)state;
    establish(&w);
    reset_server(&w);
    loopback_wait(w.t.fd(w.conn), POLLIN);
    assert_int_equal(w.t.write(w.conn, "a", 1), S2S_ECLOSED);
    assert_true(tcp_was_reset(w.conn));
    assert_int_equal(receive(&w, buffer, 8), S2S_ECLOSED);
    close_world(&w);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(moves), cmocka_unit_test(quick),
        cmocka_unit_test(full),  cmocka_unit_test(end),
        cmocka_unit_test(reset), cmocka_unit_test(reset_met_by_write),
    };
    return cmocka_run_group_tests_name("net/tcp", tests, NULL, NULL);
}
