/* Taking connections, and using them by the transport. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>

#include <cmocka.h>
#include <errno.h>
#include <netinet/tcp.h>
#include <s2sprobe.h>
#include <sys/resource.h>

#include "net/listen.h"
#include "net/tcp.h"
#include "loopback.h"

static int opened(const char *address, uint16_t *port)
{
    int fd = -1;
    assert_int_equal(listen_open(address, &fd, port), S2S_OK);
    assert_true(fd >= 0);
    assert_int_not_equal(*port, 0);
    return fd;
}

static int connected(uint16_t port)
{
    struct sockaddr_in a = loopback_address("127.0.0.1", port);
    int fd = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
    assert_true(fd >= 0);
    assert_int_equal(connect(fd, (struct sockaddr *)&a, sizeof(a)), 0);
    return fd;
}

static void no_addresses(void **state)
{
    static const char *const texts[] = {
        "",
        "127.0.0.1",
        "127.0.0.1:",
        "127.0.0.1:x",
        "127.0.0.1:-1",
        "127.0.0.1: 1",
        "127.0.0.1:65536",
        "127.0.0.1:000000",
        "127.0.0.1:99999",
        "127.0.0.1:0 ",
        "127.1:0",
        "localhost:0",
        ":5269",
        "*:5269",
        "::1:5269",
        "::1",
        "[::1]",
        "[::1]5269",
        "[::1]:",
        "[::1:5269",
        "[127.0.0.1]:0",
        "[::1%lo]:0",
        "[]:0",
        "[0000:0000:0000:0000:0000:0000:0000:0000:0000:0000:0000:0000:0000]:0",
    };
    int fd = -7;
    uint16_t port = 7;
    (void)state;
    for (size_t i = 0; i < sizeof(texts) / sizeof(texts[0]); i++)
        if (listen_open(texts[i], &fd, &port) != S2S_EINVALID_ARGUMENT)
            fail_msg("taken for an address: \"%s\"", texts[i]);
    assert_int_equal(fd, -7);
    assert_int_equal(port, 7);
}

static void not_for_us(void **state)
{
    struct loopback_descriptors before;
    char text[64];
    uint16_t port, again = 7;
    int other = -7;
    (void)state;
    loopback_note(&before);
    int fd = opened("127.0.0.1:0", &port);
    assert_int_equal(loopback_opened(&before), 1);
    (void)snprintf(text, sizeof(text), "127.0.0.1:%u", port);
    assert_int_equal(listen_open(text, &other, &again), S2S_EPOLICY);
    /* TEST-NET-1 is nobody's. */
    assert_int_equal(listen_open("192.0.2.1:0", &other, &again), S2S_EPOLICY);
    assert_int_equal(listen_open("[2001:db8::1]:0", &other, &again),
                     S2S_EPOLICY);
    assert_int_equal(loopback_opened(&before), 1);
    assert_int_equal(other, -7);
    assert_int_equal(again, 7);
    close(fd);
    /* The port is free again at once. */
    close(opened(text, &again));
    assert_int_equal(again, port);
}

/* Where the system has IPv6 it works; where it has none we are told so. */
static void six(void **state)
{
    struct sockaddr_in6 a = {.sin6_family = AF_INET6,
                             .sin6_addr = IN6ADDR_LOOPBACK_INIT};
    uint16_t port;
    int fd = -1, conn = -1;
    char address[ADDRESS_TEXT], expected[ADDRESS_TEXT];
    (void)state;
    int client = socket(AF_INET6, SOCK_STREAM | SOCK_CLOEXEC, 0);
    bool there =
        client >= 0 && bind(client, (struct sockaddr *)&a, sizeof(a)) == 0;
    int e = listen_open("[::1]:0", &fd, &port);
    assert_int_equal(e, there ? S2S_OK : S2S_EPOLICY);
    if (there) {
        socklen_t length = sizeof(a);
        int only = 0;
        a.sin6_port = htons(port);
        assert_int_equal(connect(client, (struct sockaddr *)&a, sizeof(a)), 0);
        loopback_wait(fd, POLLIN);
        assert_int_equal(listen_accept(fd, &conn, address), S2S_OK);
        assert_int_equal(getsockname(client, (struct sockaddr *)&a, &length),
                         0);
        (void)snprintf(expected, sizeof(expected), "[::1]:%u",
                       ntohs(a.sin6_port));
        assert_string_equal(address, expected);
        length = sizeof(only);
        assert_int_equal(
            getsockopt(fd, IPPROTO_IPV6, IPV6_V6ONLY, &only, &length), 0);
        assert_int_equal(only, 1);
        close(conn);
        close(fd);
    }
    if (client >= 0)
        close(client);
}

static void connections(void **state)
{
    struct loopback_descriptors before;
    uint16_t port;
    char address[ADDRESS_TEXT] = "kept", expected[ADDRESS_TEXT];
    int conns[3] = {-7, -7, -7}, clients[3];
    (void)state;
    loopback_note(&before);
    int fd = opened("127.0.0.1:0", &port);
    assert_int_equal(listen_accept(fd, &conns[0], address), S2S_WANT_READ);
    assert_int_equal(conns[0], -7);
    assert_string_equal(address, "kept");
    for (int i = 0; i < 3; i++)
        clients[i] = connected(port);
    for (int i = 0; i < 3; i++) {
        loopback_wait(fd, POLLIN);
        assert_int_equal(listen_accept(fd, &conns[i], address), S2S_OK);
        (void)snprintf(expected, sizeof(expected), "127.0.0.1:%u",
                       loopback_port(clients[i]));
        assert_string_equal(address, expected);
        char c;
        assert_int_equal(recv(conns[i], &c, 1, 0), -1);
        assert_int_equal(errno, EAGAIN);
    }
    assert_int_equal(listen_accept(fd, &conns[0], address), S2S_WANT_READ);
    assert_int_equal(loopback_opened(&before), 7); /* each CLOEXEC */
    for (int i = 0; i < 3; i++) {
        close(conns[i]);
        close(clients[i]);
    }
    close(fd);
}

/* One that is gone before it was taken does no harm to the next. */
static void gone(void **state)
{
    struct linger at_once = {.l_onoff = 1, .l_linger = 0};
    uint16_t port;
    char address[ADDRESS_TEXT], expected[ADDRESS_TEXT] = "";
    int conn = -1, e = S2S_OK;
    (void)state;
    int fd = opened("127.0.0.1:0", &port);
    int first = connected(port);
    assert_int_equal(
        setsockopt(first, SOL_SOCKET, SO_LINGER, &at_once, sizeof(at_once)), 0);
    close(first);
    int second = connected(port);
    (void)snprintf(expected, sizeof(expected), "127.0.0.1:%u",
                   loopback_port(second));
    for (int i = 0; i < 2 && e == S2S_OK; i++) {
        loopback_wait(fd, POLLIN);
        e = listen_accept(fd, &conn, address);
        assert_int_equal(e, S2S_OK);
        close(conn);
        if (strcmp(address, expected) == 0)
            break;
    }
    assert_string_equal(address, expected);
    close(second);
    close(fd);
}

/* Without descriptors it says so; with some again all is well. */
static void starved(void **state)
{
    struct rlimit limit, less;
    uint16_t port, listening;
    char address[ADDRESS_TEXT];
    int conn = -7, other = -7;
    (void)state;
    int fd = opened("127.0.0.1:0", &port);
    int client = connected(port);
    listening = port;
    loopback_wait(fd, POLLIN);
    assert_int_equal(getrlimit(RLIMIT_NOFILE, &limit), 0);
    less = limit;
    less.rlim_cur = 0;
    assert_int_equal(setrlimit(RLIMIT_NOFILE, &less), 0);
    int e = listen_accept(fd, &conn, address);
    int f = listen_open("127.0.0.1:0", &other, &port);
    assert_int_equal(setrlimit(RLIMIT_NOFILE, &limit), 0);
    assert_int_equal(e, S2S_EINTERNAL);
    assert_int_equal(f, S2S_EINTERNAL);
    assert_int_equal(conn, -7);
    assert_int_equal(other, -7);
    int again = connected(listening);
    loopback_wait(fd, POLLIN);
    assert_int_equal(listen_accept(fd, &conn, address), S2S_OK);
    close(conn);
    close(again);
    close(client);
    close(fd);
}

/* What is no listener is an error, and no reason to ask again. */
static void not_a_listener(void **state)
{
    char address[ADDRESS_TEXT];
    int conn = -7;
    (void)state;
    assert_int_equal(listen_accept(-1, &conn, address), S2S_EINTERNAL);
    assert_int_equal(conn, -7);
}

/* ---- By the transport ---------------------------------------------------- */

static void adopted(void **state)
{
    struct loopback_descriptors before;
    s2s_transport tcp = tcp_transport(NULL);
    s2s_result *result = result_new(S2S_OP_CONNECT);
    uint16_t port;
    char address[ADDRESS_TEXT], got[16];
    int conn, on = 0;
    socklen_t length = sizeof(on);
    void *c;
    (void)state;
    assert_non_null(result);
    loopback_note(&before);
    int fd = opened("127.0.0.1:0", &port);
    int client = connected(port);
    loopback_wait(fd, POLLIN);
    assert_int_equal(listen_accept(fd, &conn, address), S2S_OK);
    assert_int_equal(tcp_adopt(conn, &c), S2S_OK);
    assert_int_equal(tcp.fd(c), conn);
    assert_int_equal(tcp_phase(c), TCP_CONNECTED);
    assert_int_equal(getsockopt(conn, IPPROTO_TCP, TCP_NODELAY, &on, &length),
                     0);
    assert_int_not_equal(on, 0);
    tcp_advance(c);
    tcp_quickack(c);
    assert_int_equal(tcp.read(c, got, sizeof(got)), S2S_WANT_READ);
    assert_int_equal(send(client, "hello", 5, 0), 5);
    loopback_wait(conn, POLLIN);
    assert_int_equal(tcp.read(c, got, sizeof(got)), 5);
    assert_memory_equal(got, "hello", 5);
    assert_int_equal(tcp.read(c, got, sizeof(got)), S2S_WANT_READ);
    assert_int_equal(tcp.write(c, "answer", 6), 6);
    loopback_wait(client, POLLIN);
    assert_int_equal(recv(client, got, sizeof(got), 0), 6);
    close(client);
    loopback_wait(conn, POLLIN);
    assert_int_equal(tcp.read(c, got, sizeof(got)), 0);
    assert_string_equal(tcp_error(c), "");
    tcp_report(c, result);
    assert_null(result->address);
    tcp.close(c);
    close(fd);
    assert_int_equal(loopback_opened(&before), 0);
    result_free(result);
}

/* Data that came before we looked is read at once. */
static void data_waiting(void **state)
{
    s2s_transport tcp = tcp_transport(NULL);
    char got[16];
    int pair[2];
    void *c;
    (void)state;
    assert_int_equal(socketpair(AF_UNIX,
                                SOCK_STREAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0,
                                pair),
                     0);
    assert_int_equal(send(pair[1], "x", 1, 0), 1);
    assert_int_equal(tcp_adopt(pair[0], &c), S2S_OK);
    assert_int_equal(tcp.read(c, got, sizeof(got)), 1);
    close(pair[1]);
    assert_int_equal(tcp.write(c, "x", 1), S2S_ECLOSED);
    assert_string_equal(tcp_error(c), "the peer has closed the connection");
    tcp.close(c);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(no_addresses),
        cmocka_unit_test(not_for_us),
        cmocka_unit_test(six),
        cmocka_unit_test(connections),
        cmocka_unit_test(gone),
        cmocka_unit_test(starved),
        cmocka_unit_test(not_a_listener),
        cmocka_unit_test(adopted),
        cmocka_unit_test(data_waiting),
    };
    return cmocka_run_group_tests_name("net/listen", tests, NULL, NULL);
}
