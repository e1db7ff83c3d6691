/*
 * many [--smoke]: ten thousand probes of as many servers, submitted at once to
 * one context: failures (the servers make none), memory, how long events
 * waited for the loop, and processor time, verification and all, against bare
 * TLS handshakes.
 */
#include <stdio.h>
#include <stdlib.h>
#include <sys/resource.h>

#include "bare_load.h"
#include "bench.h"
#include "certs.h"
#include "load.h"

#define PROBES       10000u
#define SMOKE_PROBES 20u
#define BARE         10 /* so many times fewer handshakes */

struct tally {
    const struct peer *peer;
    unsigned failed;
};

static void plan(void *user, unsigned number, struct load_probe *p)
{
    const struct tally *t = user;
    snprintf(p->to, sizeof(p->to), "d%u." BENCH_DOMAIN, number);
    load_host(p, "127.1", number);
    p->options.port = t->peer->port;
}

static void seen(void *user, unsigned number, const s2s_result *result)
{
    struct tally *t = user;
    (void)number;
    if (s2s_result_error(result) == S2S_OK)
        return;
    if (t->failed++ == 0)
        fprintf(stderr, "%s\n", s2s_result_json(result));
}

static void report(const s2s_context *context, const struct tally *t)
{
    struct rusage usage;
    getrusage(RUSAGE_SELF, &usage);
    bench_report("many.failures", t->failed, 0, "<=0");
    bench_report("many.max-rss-MB", (double)usage.ru_maxrss * 1024 / 1e6, 0,
                 "<=200");
    s2s_stats stats = {.size = sizeof(stats)};
    bench_must(s2s_context_stats(context, &stats) == S2S_OK, "no stats");
    bench_report("many.lag-p50-ms", (double)stats.lag_p50_us / 1e3, 2, "-");
    bench_report("many.lag-p99-ms", (double)stats.lag_p99_us / 1e3, 2, "<=20");
    bench_report("many.lag-max-ms", (double)stats.lag_max_us / 1e3, 2, "-");
}

static double bare_us(const struct peer *peer, unsigned count)
{
    struct bare bare;
    bare_make(&bare);
    bare_load(&bare, peer, 1);
    double begin = bench_used_us(CLOCK_PROCESS_CPUTIME_ID);
    bare_load(&bare, peer, count);
    double used = bench_used_us(CLOCK_PROCESS_CPUTIME_ID) - begin;
    bare_free(&bare);
    return used / count;
}

static double probes_us(const struct load *l)
{
    int64_t begin = bench_now_ns();
    double used = bench_used_us(CLOCK_PROCESS_CPUTIME_ID);
    load_run(l);
    used = bench_used_us(CLOCK_PROCESS_CPUTIME_ID) - used;
    double wall = (double)(bench_now_ns() - begin) / 1e9;
    bench_report("many.wall-s", wall, 2, "-");
    return used / l->count;
}

int main(int argc, char **argv)
{
    struct certs certs;
    struct peer peer;
    struct tally tally = {.peer = &peer};
    unsigned count = bench_smoke(argc, argv) ? SMOKE_PROBES : PROBES;
    bench_raise_files();
    certs_make(&certs);
    peer_start(&peer, &certs);
    const s2s_context_options setup = {
        .size = sizeof(setup), .ca_file = certs.ca.path, .max_running = count};
    struct load l = {.count = count,
                     .window = count,
                     .user = &tally,
                     .plan = plan,
                     .seen = seen};
    int e = s2s_context_new(&setup, &l.context);
    bench_must(e == S2S_OK, s2s_strerror(e));
    double bare = bare_us(&peer, count / BARE);
    double used = probes_us(&l);
    bare = (bare + bare_us(&peer, count / BARE)) / 2;
    bench_report("many.cpu-us", used, 0, "-");
    bench_report("many.cpu-by-bare", used / bare, 2, "-");
    report(l.context, &tally);
    s2s_context_free(l.context);
    peer_stop(&peer);
    certs_free(&certs);
    return EXIT_SUCCESS;
}
