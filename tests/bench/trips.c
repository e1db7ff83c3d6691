/*
 * trips DIRECTORY PORT: how long a probe takes behind a relay (see relay.c),
 * beyond the round trips that it cannot do without.
 */
#include <stdio.h>
#include <stdlib.h>

#include <s2sprobe.h>

#include "bench.h"
#include "truth.h"

#define HOST   "10.98.0.1"
#define ROUNDS 11

static const struct {
    const char *name, *domain;
    int op;
    uint16_t tls_mode;
    uint32_t flags;
    unsigned trips;
} cases[] = {
    {"starttls", BENCH_DOMAIN, S2S_OP_CONNECT, S2S_TLS_STARTTLS, 0, 5},
    {"direct", BENCH_DOMAIN, S2S_OP_CONNECT, S2S_TLS_DIRECT, 0, 3},
    {"tls12", "old." BENCH_DOMAIN, S2S_OP_CONNECT, S2S_TLS_STARTTLS, 0, 6},
    {"external-ping", "auth." BENCH_DOMAIN, S2S_OP_PING, S2S_TLS_STARTTLS, 0,
     8},
#ifdef S2S_PIPELINE
    {"pipelined", BENCH_DOMAIN, S2S_OP_CONNECT, S2S_TLS_STARTTLS, S2S_PIPELINE,
     4},
#endif
};

enum { CASES = sizeof(cases) / sizeof(cases[0]) };

static double probe_ms(size_t i, s2s_context *context, uint16_t port)
{
    const s2s_options options = {.size = sizeof(options),
                                 .host = HOST,
                                 .port = port,
                                 .tls_mode = cases[i].tls_mode,
                                 .flags = cases[i].flags,
                                 .context = context};
    s2s_result *result;
    int64_t begin = bench_now_ns();
    int e = (cases[i].op == S2S_OP_PING ? s2s_ping : s2s_connect)(
        BENCH_FROM, cases[i].domain, &options, &result);
    double ms = (double)(bench_now_ns() - begin) / 1e6;
    bench_must(e == S2S_OK,
               result != NULL ? s2s_result_json(result) : s2s_strerror(e));
    s2s_result_free(result);
    return ms;
}

static void measure(size_t i, s2s_context *context, uint16_t port)
{
    static struct truth mark;
    const struct truth *truth = truth_open();
    double ms[ROUNDS];
    char line[80];
    (void)probe_ms(i, context, port);
    truth_mark(truth, &mark);
    for (size_t round = 0; round < ROUNDS; round++)
        ms[round] = probe_ms(i, context, port);
    double rtt = truth_rtt_ms(truth, &mark);
    double wall = bench_median(ms, ROUNDS);
    snprintf(line, sizeof(line), "trips.%s-in-rtt", cases[i].name);
    bench_report(line, wall / rtt, 2, "-");
    snprintf(line, sizeof(line), "trips.%s-beyond-%u-ms", cases[i].name,
             cases[i].trips);
    bench_report(line, wall - cases[i].trips * rtt, 1, "<=5");
}

int main(int argc, char **argv)
{
    char ca[1024], own_file[1024];
    s2s_context *context;
    bench_must(argc == 3, "usage: trips DIRECTORY PORT");
    snprintf(ca, sizeof(ca), "%s/ca.pem", argv[1]);
    snprintf(own_file, sizeof(own_file), "%s/own.pem", argv[1]);
    const s2s_identity own = {.size = sizeof(own),
                              .domain = BENCH_FROM,
                              .certificate_file = own_file,
                              .key_file = own_file};
    const s2s_identity *const identities[] = {&own, NULL};
    const s2s_context_options setup = {.size = sizeof(setup),
                                       .ca_file = ca,
                                       .identities = identities,
                                       .host_rate = S2S_NO_LIMIT};
    int e = s2s_context_new(&setup, &context);
    bench_must(e == S2S_OK, s2s_strerror(e));
    for (size_t i = 0; i < CASES; i++)
        measure(i, context, (uint16_t)bench_port(argv[2]));
    s2s_context_free(context);
    return EXIT_SUCCESS;
}
