/*
 * cpu [--smoke]: the processor time of a probe over sockets, against that of a
 * bare TLS handshake over the same sockets, as many at once. Rounds alternate;
 * the median of their ratios counts. Only our own process is measured, not the
 * server's.
 */
#include <errno.h>
#include <stdlib.h>
#include <stdio.h>
#include <string.h>
#include <sys/epoll.h>
#include <sys/socket.h>
#include <unistd.h>

#include "bare.h"
#include "bench.h"
#include "certs.h"
#include "load.h"
#include "peer.h"
#include "server.h"

#define ROUNDS  11u
#define PROBES  200u
#define AT_ONCE 50u

struct setting {
    struct peer peer;
    struct bare bare;
    s2s_tls without_chain;
    s2s_context *context;
    const struct kind *kind;
};

static const struct kind {
    const char *name, *domain, *goal;
    int op;
    uint16_t tls_mode;
    bool judged;
} kinds[] = {
    {"direct", BENCH_DOMAIN, "-", S2S_OP_CONNECT, S2S_TLS_DIRECT, false},
    {"starttls", BENCH_DOMAIN, "<=1.10", S2S_OP_CONNECT, S2S_TLS_STARTTLS,
     false},
    {"external-ping", "auth." BENCH_DOMAIN, "<=1.20", S2S_OP_PING,
     S2S_TLS_STARTTLS, false},
    {"judged", BENCH_DOMAIN, "-", S2S_OP_CONNECT, S2S_TLS_STARTTLS, true},
};

enum { KINDS = sizeof(kinds) / sizeof(kinds[0]) };

/* ---- A bare handshake ---- */

/* It receives all there is, and sends what a step has said in one piece. */
struct client {
    int fd;
    gnutls_session_t session;
    struct bytes in, out;
};

static ssize_t pull(gnutls_transport_ptr_t p, void *buffer, size_t length)
{
    struct client *c = p;
    if (c->in.start == c->in.end) {
        ssize_t n = recv(c->fd, c->in.data, sizeof(c->in.data), 0);
        c->in.end = n > 0 ? (size_t)n : 0;
        if (n <= 0) {
            gnutls_transport_set_errno(c->session, n == 0 ? EIO : errno);
            return -1;
        }
    }
    return (ssize_t)bytes_take(&c->in, buffer, length);
}

static ssize_t push(gnutls_transport_ptr_t p, const void *bytes, size_t length)
{
    struct client *c = p;
    return (ssize_t)bytes_put(&c->out, bytes, length);
}

static int pull_timeout(gnutls_transport_ptr_t p, unsigned ms)
{
    (void)p;
    (void)ms;
    return 1;
}

static void client_open(struct client *c, const struct setting *s, int epoll)
{
    struct epoll_event e = {.events = EPOLLIN | EPOLLOUT | EPOLLET,
                            .data.ptr = c};
    c->fd = peer_connect(&s->peer, SOCK_NONBLOCK);
    c->in.start = c->in.end = c->out.start = c->out.end = 0;
    c->session = bare_session(&s->bare);
    gnutls_transport_set_ptr(c->session, c);
    gnutls_transport_set_pull_function(c->session, pull);
    gnutls_transport_set_push_function(c->session, push);
    gnutls_transport_set_pull_timeout_function(c->session, pull_timeout);
    bench_must(epoll_ctl(epoll, EPOLL_CTL_ADD, c->fd, &e) == 0, "epoll_ctl");
}

/* Whether the handshake is done, and the connection closed. */
static bool client_step(struct client *c)
{
    int rc = gnutls_handshake(c->session);
    bench_must(rc == 0 || !gnutls_error_is_fatal(rc), gnutls_strerror(rc));
    size_t length = c->out.end - c->out.start;
    if (length > 0)
        bench_must(send(c->fd, c->out.data + c->out.start, length,
                        MSG_NOSIGNAL) == (ssize_t)length,
                   "cannot send");
    c->out.start = c->out.end = 0;
    if (rc != 0)
        return false;
    gnutls_deinit(c->session);
    close(c->fd);
    return true;
}

static void run_bare(struct setting *s)
{
    static struct client clients[AT_ONCE];
    struct epoll_event events[AT_ONCE];
    unsigned begun = 0, ended = 0;
    int epoll = epoll_create1(EPOLL_CLOEXEC);
    while (begun < AT_ONCE)
        client_open(&clients[begun++], s, epoll);
    while (ended < PROBES) {
        int n = epoll_wait(epoll, events, AT_ONCE, -1);
        for (int i = 0; i < n; i++) {
            struct client *c = events[i].data.ptr;
            bool connected = events[i].events & EPOLLOUT;
            if (!connected || !client_step(c))
                continue;
            ended++;
            if (begun++ < PROBES)
                client_open(c, s, epoll);
        }
    }
    close(epoll);
}

/* ---- Probes ---- */

static void plan(void *user, unsigned number, struct load_probe *p)
{
    const struct setting *s = user;
    (void)number;
    p->op = s->kind->op;
    snprintf(p->to, sizeof(p->to), "%s", s->kind->domain);
    snprintf(p->host, sizeof(p->host), "127.0.0.1");
    p->options.port = s->peer.port;
    p->options.tls_mode = s->kind->tls_mode;
    p->options.flags = S2S_ACCEPT_UNTRUSTED;
    p->options.tls = s->kind->judged ? NULL : &s->without_chain;
}

static void seen(void *user, unsigned number, const s2s_result *result)
{
    (void)user;
    (void)number;
    bench_must(s2s_result_error(result) == S2S_OK, s2s_result_json(result));
}

static void run_kind(struct setting *s)
{
    const struct load l = {.context = s->context,
                           .count = PROBES,
                           .window = AT_ONCE,
                           .user = s,
                           .plan = plan,
                           .seen = seen};
    load_run(&l);
}

/* ---- Measuring ---- */

/* Microseconds for each; `kind` NULL: a bare handshake. */
static double cost(struct setting *s, const struct kind *kind)
{
    double begin = bench_used_us(CLOCK_PROCESS_CPUTIME_ID);
    s->kind = kind;
    if (kind == NULL)
        run_bare(s);
    else
        run_kind(s);
    return (bench_used_us(CLOCK_PROCESS_CPUTIME_ID) - begin) / PROBES;
}

static void report(const char *name, const char *what, double *values,
                   unsigned rounds, int digits, const char *goal)
{
    char line[80];
    snprintf(line, sizeof(line), "cpu.%s%s", name, what);
    bench_report(line, bench_median(values, rounds), digits, goal);
}

static void measure(struct setting *s, unsigned rounds)
{
    static double bare[ROUNDS], ratio[KINDS][ROUNDS];
    (void)cost(s, NULL);
    for (unsigned i = 0; i < KINDS; i++)
        (void)cost(s, &kinds[i]);
    for (unsigned round = 0; round < rounds; round++) {
        bare[round] = cost(s, NULL);
        for (unsigned i = 0; i < KINDS; i++)
            ratio[i][round] = cost(s, &kinds[i]) / bare[round];
    }
    report("bare", "-us", bare, rounds, 0, "-");
    for (unsigned i = 0; i < KINDS; i++)
        report(kinds[i].name, "-by-bare", ratio[i], rounds, 2, kinds[i].goal);
}

int main(int argc, char **argv)
{
    static struct setting s;
    struct certs certs;
    certs_make(&certs);
    peer_start(&s.peer, &certs);
    bare_make(&s.bare);
    s.without_chain = bare_provider(&s.bare);
    const s2s_identity own = {.size = sizeof(own),
                              .domain = BENCH_FROM,
                              .certificate_file = certs.own.path,
                              .key_file = certs.own.path};
    const s2s_identity *const identities[] = {&own, NULL};
    s2s_context_options setup = load_context(certs.ca.path, AT_ONCE);
    setup.identities = identities;
    int e = s2s_context_new(&setup, &s.context);
    bench_must(e == S2S_OK, s2s_strerror(e));
    measure(&s, bench_smoke(argc, argv) ? 1 : ROUNDS);
    s2s_context_free(s.context);
    bare_free(&s.bare);
    peer_stop(&s.peer);
    certs_free(&certs);
    return EXIT_SUCCESS;
}
