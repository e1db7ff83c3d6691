/*
 * rtt DIRECTORY PORT: the network round trip that results tell, with few and
 * many probes at once, against that of the relay that they go through (see
 * relay.c).
 */
#include <math.h>
#include <stdio.h>
#include <stdlib.h>

#include "bench.h"
#include "load.h"
#include "truth.h"

#define NET        "10.98"
#define PROBES_MAX 5000u

struct tally {
    uint16_t port;
    unsigned count;
    double rtt[PROBES_MAX];
};

static void plan(void *user, unsigned number, struct load_probe *p)
{
    const struct tally *t = user;
    snprintf(p->to, sizeof(p->to), "d%u." BENCH_DOMAIN, number);
    load_host(p, NET, number);
    p->options.port = t->port;
}

static void seen(void *user, unsigned number, const s2s_result *result)
{
    struct tally *t = user;
    const char *rtt = s2s_result_get(result, "timings.rtt");
    (void)number;
    bench_must(s2s_result_error(result) == S2S_OK, s2s_result_json(result));
    bench_must(rtt != NULL, "a result without timings.rtt");
    t->rtt[t->count++] = strtod(rtt, NULL);
}

static void measure(const char *ca_file, struct tally *t, unsigned count,
                    unsigned window)
{
    static struct truth mark;
    const struct truth *truth = truth_open();
    const s2s_context_options setup = {
        .size = sizeof(setup), .ca_file = ca_file, .max_running = window};
    struct load l = {.count = count,
                     .window = window,
                     .user = t,
                     .plan = plan,
                     .seen = seen};
    char line[80];
    int e = s2s_context_new(&setup, &l.context);
    bench_must(e == S2S_OK, s2s_strerror(e));
    t->count = 0;
    truth_mark(truth, &mark);
    load_run(&l);
    s2s_context_free(l.context);
    double told = bench_median(t->rtt, t->count);
    double real = truth_rtt_ms(truth, &mark);
    snprintf(line, sizeof(line), "rtt.%u-at-once-ms", window);
    bench_report(line, told, 2, "-");
    snprintf(line, sizeof(line), "rtt.%u-at-once-off-percent", window);
    bench_report(line, fabs(told / real - 1) * 100, 1, "<=5");
}

int main(int argc, char **argv)
{
    static struct tally tally;
    char ca[1024];
    bench_must(argc == 3, "usage: rtt DIRECTORY PORT");
    snprintf(ca, sizeof(ca), "%s/ca.pem", argv[1]);
    tally.port = (uint16_t)bench_port(argv[2]);
    bench_raise_files();
    measure(ca, &tally, 20, 1);
    measure(ca, &tally, 500, 100);
    measure(ca, &tally, PROBES_MAX, 5000);
    return EXIT_SUCCESS;
}
