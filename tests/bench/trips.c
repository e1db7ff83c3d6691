/*
 * trips own|prosody DIRECTORY PORT: how long a probe takes behind a relay (see
 * relay.c), beyond the round trips that it cannot do without. For the small
 * server (see standalone.c), or a Prosody as it comes.
 */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <s2sprobe.h>

#include "bench.h"
#include "truth.h"

#define ROUNDS 11

static const struct trip {
    const char *peer, *name, *domain;
    int op;
    uint16_t tls_mode;
    uint32_t flags;
    unsigned trips;
    const char *goal; /* ms beyond */
} cases[] = {
    {"own", "starttls", BENCH_DOMAIN, S2S_OP_CONNECT, S2S_TLS_STARTTLS, 0, 5,
     "<=5"},
    {"own", "direct", BENCH_DOMAIN, S2S_OP_CONNECT, S2S_TLS_DIRECT, 0, 3,
     "<=5"},
    {"own", "tls12", "old." BENCH_DOMAIN, S2S_OP_CONNECT, S2S_TLS_STARTTLS, 0,
     6, "<=5"},
    {"own", "external-ping", "auth." BENCH_DOMAIN, S2S_OP_PING,
     S2S_TLS_STARTTLS, 0, 8, "<=5"},
    {"own", "pipelined", BENCH_DOMAIN, S2S_OP_CONNECT, S2S_TLS_STARTTLS,
     S2S_PIPELINE, 4, "<=5"},
    {"prosody", "prosody", "prosody.test", S2S_OP_CONNECT, S2S_TLS_STARTTLS, 0,
     6, "<=15"},
};

enum { CASES = sizeof(cases) / sizeof(cases[0]) };

static double probe_ms(const struct trip *t, s2s_context *context,
                       uint16_t port)
{
    const s2s_options options = {.size = sizeof(options),
                                 .host = "10.98.0.1",
                                 .port = port,
                                 .tls_mode = t->tls_mode,
                                 .flags = t->flags,
                                 .context = context};
    s2s_result *result;
    int64_t begin = bench_now_ns();
    int e = (t->op == S2S_OP_PING ? s2s_ping : s2s_connect)(
        BENCH_FROM, t->domain, &options, &result);
    double ms = (double)(bench_now_ns() - begin) / 1e6;
    bench_must(e == S2S_OK,
               result != NULL ? s2s_result_json(result) : s2s_strerror(e));
    s2s_result_free(result);
    return ms;
}

static void measure(const struct trip *t, s2s_context *context, uint16_t port)
{
    static struct truth mark;
    const struct truth *truth = truth_open();
    double ms[ROUNDS];
    char line[80];
    (void)probe_ms(t, context, port);
    truth_mark(truth, &mark);
    for (size_t round = 0; round < ROUNDS; round++)
        ms[round] = probe_ms(t, context, port);
    double rtt = truth_rtt_ms(truth, &mark);
    double wall = bench_median(ms, ROUNDS);
    snprintf(line, sizeof(line), "trips.%s-in-rtt", t->name);
    bench_report(line, wall / rtt, 2, "-");
    snprintf(line, sizeof(line), "trips.%s-beyond-%u-ms", t->name, t->trips);
    bench_report(line, wall - t->trips * rtt, 1, t->goal);
}

int main(int argc, char **argv)
{
    char ca[1024], own_file[1024];
    s2s_context *context;
    bench_must(argc == 4, "usage: trips own|prosody DIRECTORY PORT");
    snprintf(ca, sizeof(ca), "%s/ca.pem", argv[2]);
    snprintf(own_file, sizeof(own_file), "%s/own.pem", argv[2]);
    const s2s_identity own = {.size = sizeof(own),
                              .domain = BENCH_FROM,
                              .certificate_file = own_file,
                              .key_file = own_file};
    bool identified = strcmp(argv[1], "own") == 0;
    const s2s_identity *const identities[] = {&own, NULL};
    const s2s_context_options setup = {.size = sizeof(setup),
                                       .ca_file = ca,
                                       .identities =
                                           identified ? identities : NULL,
                                       .host_rate = S2S_NO_LIMIT};
    int e = s2s_context_new(&setup, &context);
    bench_must(e == S2S_OK, s2s_strerror(e));
    for (size_t i = 0; i < CASES; i++)
        if (strcmp(cases[i].peer, argv[1]) == 0)
            measure(&cases[i], context, (uint16_t)bench_port(argv[3]));
    s2s_context_free(context);
    return EXIT_SUCCESS;
}
