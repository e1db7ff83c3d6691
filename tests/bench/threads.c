/*
 * threads [--smoke]: the processor time of a probe when two threads probe,
 * each with a context of its own, against one thread that makes as many.
 * Rounds alternate; the median of their ratios counts.
 */
#include <pthread.h>
#include <stdio.h>
#include <stdlib.h>

#include "bench.h"
#include "certs.h"
#include "load.h"
#include "peer.h"

#define ROUNDS       9u
#define PROBES       200u /* of each thread */
#define SMOKE_PROBES 10u
#define AT_ONCE      25u
#define THREADS      2u

struct worker {
    const struct peer *peer;
    s2s_context *context;
    unsigned probes;
};

static void plan(void *user, unsigned number, struct load_probe *p)
{
    const struct worker *w = user;
    (void)number;
    snprintf(p->host, sizeof(p->host), "127.0.0.1");
    p->options.port = w->peer->port;
}

static void *work(void *arg)
{
    struct worker *w = arg;
    const struct load l = {.context = w->context,
                           .count = w->probes,
                           .window = AT_ONCE,
                           .user = w,
                           .plan = plan,
                           .seen = load_must_succeed};
    load_run(&l);
    return NULL;
}

static double one_us(struct worker *workers, unsigned probes)
{
    double begin = bench_used_us(CLOCK_PROCESS_CPUTIME_ID);
    workers[0].probes = THREADS * probes;
    work(&workers[0]);
    return bench_used_us(CLOCK_PROCESS_CPUTIME_ID) - begin;
}

static double two_us(struct worker *workers, unsigned probes)
{
    pthread_t threads[THREADS];
    double begin = bench_used_us(CLOCK_PROCESS_CPUTIME_ID);
    for (unsigned i = 0; i < THREADS; i++) {
        workers[i].probes = probes;
        bench_must(pthread_create(&threads[i], NULL, work, &workers[i]) == 0,
                   "no thread");
    }
    for (unsigned i = 0; i < THREADS; i++)
        pthread_join(threads[i], NULL);
    return bench_used_us(CLOCK_PROCESS_CPUTIME_ID) - begin;
}

int main(int argc, char **argv)
{
    struct certs certs;
    struct peer peer;
    struct worker workers[THREADS];
    double ratio[ROUNDS];
    bool smoke = bench_smoke(argc, argv);
    unsigned rounds = smoke ? 1 : ROUNDS;
    unsigned probes = smoke ? SMOKE_PROBES : PROBES;
    certs_make(&certs);
    peer_start(&peer, &certs);
    s2s_context_options setup = load_context(certs.ca.path, AT_ONCE);
    for (unsigned i = 0; i < THREADS; i++) {
        workers[i].peer = &peer;
        int e = s2s_context_new(&setup, &workers[i].context);
        bench_must(e == S2S_OK, s2s_strerror(e));
        setup.share = workers[0].context;
    }
    (void)two_us(workers, probes);
    for (unsigned i = 0; i < rounds; i++) {
        double one = one_us(workers, probes);
        ratio[i] = two_us(workers, probes) / one;
    }
    bench_report("threads.two-by-one-cpu", bench_median(ratio, rounds), 3,
                 "<=1.05");
    for (unsigned i = 0; i < THREADS; i++)
        s2s_context_free(workers[i].context);
    peer_stop(&peer);
    certs_free(&certs);
    return EXIT_SUCCESS;
}
