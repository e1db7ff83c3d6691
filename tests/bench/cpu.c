/*
 * cpu [--smoke]: the processor time of a probe over sockets, against that of a
 * bare TLS handshake over the same sockets, as many at once. Rounds alternate;
 * the median of their ratios counts. Only our own process is measured, not the
 * server's.
 */
#include <stdlib.h>
#include <stdio.h>
#include <string.h>

#include "bare_load.h"
#include "bench.h"
#include "certs.h"
#include "load.h"

#define ROUNDS       11u
#define PROBES       200u
#define SMOKE_PROBES 10u
#define AT_ONCE      BARE_AT_ONCE

struct setting {
    struct peer peer;
    struct bare bare;
    s2s_tls without_chain;
    s2s_context *context;
    const struct kind *kind;
    unsigned probes; /* in a round */
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

static void run_kind(struct setting *s)
{
    const struct load l = {.context = s->context,
                           .count = s->probes,
                           .window = AT_ONCE,
                           .user = s,
                           .plan = plan,
                           .seen = load_must_succeed};
    load_run(&l);
}

/* ---- Measuring ---- */

/* Microseconds for each; `kind` NULL: a bare handshake. */
static double cost(struct setting *s, const struct kind *kind)
{
    double begin = bench_used_us(CLOCK_PROCESS_CPUTIME_ID);
    s->kind = kind;
    if (kind == NULL)
        bare_load(&s->bare, &s->peer, s->probes);
    else
        run_kind(s);
    return (bench_used_us(CLOCK_PROCESS_CPUTIME_ID) - begin) / s->probes;
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
    s.probes = bench_smoke(argc, argv) ? SMOKE_PROBES : PROBES;
    measure(&s, bench_smoke(argc, argv) ? 1 : ROUNDS);
    s2s_context_free(s.context);
    bare_free(&s.bare);
    peer_stop(&s.peer);
    certs_free(&certs);
    return EXIT_SUCCESS;
}
