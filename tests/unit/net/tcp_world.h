/* The library's own transport, on loopback, with a DNS server of the test's. */
#ifndef TESTS_UNIT_NET_TCP_WORLD_H
#define TESTS_UNIT_NET_TCP_WORLD_H

#include "base/error.h"
#include "dns.h"
#include "net/tcp.h"

#define COUNT(list) (sizeof(list) / sizeof((list)[0]))

static const struct dns_row names[] = {
    {"one.example", "127.0.0.1"},
    {"second.example", "127.0.0.2 127.0.0.1"},
    {"nobody.example", "127.0.0.2 127.0.0.3"},
    {"three.example", "127.0.0.3 127.0.0.2 127.0.0.1"},
    {"empty.example", ""},
    {"broken.example", "SERVFAIL"},
    {"silent.example", "SILENT"},
    {NULL, NULL},
};

struct world { /* too large for the stack */
    struct loopback_descriptors before;
    struct dns dns;
    struct tcp_settings settings;
    s2s_transport t;
    int listener; /* of 127.0.0.1 alone */
    uint16_t port;
    const char *allowed; /* the filter lets this address through; NULL: none */
    void *conn;          /* NULL: none */
    unsigned ready;
    int server; /* the other end, or -1 */
};

static inline void open_world(struct world *w)
{
    *w = (struct world){.server = -1};
    loopback_note(&w->before);
    dns_open(&w->dns, names);
    w->listener = loopback_listen("127.0.0.1", 0);
    w->port = loopback_port(w->listener);
    assert_int_equal(dns_resolver(w->dns.server, &w->settings.resolver), 0);
    w->t = tcp_transport(&w->settings);
}

static inline void hang_up(struct world *w)
{
    if (w->conn != NULL)
        w->t.close(w->conn);
    if (w->server >= 0)
        close(w->server);
    w->conn = NULL;
    w->server = -1;
}

static inline void close_world(struct world *w)
{
    hang_up(w);
    resolver_free(w->settings.resolver);
    dns_close(&w->dns);
    if (w->listener >= 0)
        close(w->listener);
    assert_int_equal(loopback_opened(&w->before), 0);
}

static inline void on_ready(void *user)
{
    struct world *w = user;
    w->ready++;
}

static inline void begin(struct world *w, const char *host)
{
    w->ready = 0;
    assert_int_equal(w->t.open(w->t.user, host, w->port, &w->conn), S2S_OK);
    tcp_watch(w->conn, on_ready, w);
}

static inline bool going(const struct world *w)
{
    enum tcp_phase phase = tcp_phase(w->conn);
    return phase == TCP_RESOLVING || phase == TCP_CONNECTING;
}

/* What read and write say is the descriptor's to wait for. */
static inline void wait_for(struct world *w)
{
    char byte;
    int fd = w->t.fd(w->conn);
    ptrdiff_t n = w->t.read(w->conn, &byte, 1);
    if (tcp_phase(w->conn) == TCP_RESOLVING) {
        assert_int_equal(fd, -1);
        dns_step(&w->dns, w->settings.resolver, -1, 0);
    } else if (going(w)) {
        assert_true(n == S2S_WANT_READ || n == S2S_WANT_WRITE);
        loopback_wait(w->t.fd(w->conn), n == S2S_WANT_READ ? POLLIN : POLLOUT);
    }
    tcp_advance(w->conn);
}

static inline void connect_to(struct world *w, const char *host)
{
    begin(w, host);
    while (going(w))
        wait_for(w);
}

#endif
