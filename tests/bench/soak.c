/*
 * soak PROBES: good and hostile servers mixed, in one context. Afterwards the
 * process has as many descriptors and threads as after the first ones, its
 * memory is what it was after a tenth but for 4 MiB, and each probe came to its
 * own end. Prints the figures, and fails unless all of that is so.
 */
#include <dirent.h>
#include <malloc.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "bench.h"
#include "certs.h"
#include "load.h"
#include "peer.h"

#define AT_ONCE     1000u
#define STALL_MS    150
#define GROWTH_GOAL "<=4"
#define GROWTH_MiB  4

static const struct kind {
    const char *label;
    int expected[2];
    unsigned share; /* of 20 */
    bool stalls;
} kinds[] = {
    {"d", {S2S_OK, S2S_OK}, 4, false},
    {"auth", {S2S_OK, S2S_OK}, 1, false},
    {"old", {S2S_OK, S2S_OK}, 1, false},
    {"silent", {S2S_ETIMEOUT, S2S_ETIMEOUT}, 2, true},
    {"header", {S2S_ETIMEOUT, S2S_ETIMEOUT}, 2, true},
    {"proceed", {S2S_ETIMEOUT, S2S_ETIMEOUT}, 1, true},
    {"tls", {S2S_ETIMEOUT, S2S_ETIMEOUT}, 1, true},
    {"features", {S2S_ETIMEOUT, S2S_ETIMEOUT}, 1, true},
    {"close", {S2S_ECLOSED, S2S_ECLOSED}, 2, false},
    {"garbage", {S2S_ENOT_XMPP, S2S_ENOT_XMPP}, 2, false},
    {"noise", {S2S_ETLS_HANDSHAKE, S2S_ETLS_INJECTION}, 1, false},
    {"error", {S2S_ESTREAM_ERROR, S2S_ESTREAM_ERROR}, 1, false},
    {"nobody", {S2S_ECONNECT, S2S_ECONNECT}, 1, false},
};

enum { KINDS = sizeof(kinds) / sizeof(kinds[0]) };

struct state {
    struct peer peer;
    unsigned first, wrong;
    bool told[KINDS];
};

/* ---- The process ---- */

struct figures {
    unsigned descriptors, threads;
    double rss_mib;
};

static unsigned count_entries(const char *path)
{
    unsigned n = 0;
    DIR *directory = opendir(path);
    bench_must(directory != NULL, path);
    for (const struct dirent *d; (d = readdir(directory)) != NULL;)
        n += d->d_name[0] != '.';
    closedir(directory);
    return n;
}

static struct figures look(void)
{
    malloc_trim(0);
    return (struct figures){
        .descriptors = count_entries("/proc/self/fd"),
        .threads = count_entries("/proc/self/task"),
        .rss_mib = bench_rss_bytes() / 1048576,
    };
}

/* ---- Probes ---- */

static const struct kind *kind_of(unsigned number)
{
    unsigned share = number % 20;
    size_t i = 0;
    while (i < KINDS - 1 && share >= kinds[i].share)
        share -= kinds[i++].share;
    return &kinds[i];
}

static void plan(void *user, unsigned number, struct load_probe *p)
{
    const struct state *s = user;
    const struct kind *kind = kind_of(number += s->first);
    bool nobody = strcmp(kind->label, "nobody") == 0;
    snprintf(p->to, sizeof(p->to), "%s%u." BENCH_DOMAIN, kind->label, number);
    load_host(p, "127.1", number);
    p->op = strcmp(kind->label, "auth") == 0 ? S2S_OP_PING : S2S_OP_CONNECT;
    p->options.port = nobody ? 1 : s->peer.port;
    p->options.tls_mode = S2S_TLS_STARTTLS;
    p->options.timeout_ms = kind->stalls ? STALL_MS : 0;
}

static void seen(void *user, unsigned number, const s2s_result *result)
{
    struct state *s = user;
    const struct kind *kind = kind_of(number + s->first);
    int e = s2s_result_error(result);
    if (e == kind->expected[0] || e == kind->expected[1])
        return;
    s->wrong++;
    if (!s->told[kind - kinds])
        fprintf(stderr, "%s: %s\n", kind->label, s2s_result_json(result));
    s->told[kind - kinds] = true;
}

static void probe(s2s_context *context, struct state *s, unsigned count)
{
    const struct load l = {.context = context,
                           .count = count,
                           .window = AT_ONCE,
                           .user = s,
                           .plan = plan,
                           .seen = seen};
    load_run(&l);
    s->first += count;
}

static void report(const struct figures *before, const struct figures *early,
                   const struct figures *late, unsigned wrong)
{
    double growth = late->rss_mib - early->rss_mib;
    int descriptors = (int)late->descriptors - (int)before->descriptors;
    int threads = (int)late->threads - (int)before->threads;
    bench_report("soak.wrong-outcomes", wrong, 0, "<=0");
    bench_report("soak.descriptors-more", descriptors, 0, "<=0");
    bench_report("soak.threads-more", threads, 0, "<=0");
    bench_report("soak.rss-after-a-tenth-MiB", early->rss_mib, 1, "-");
    bench_report("soak.rss-growth-MiB", growth, 1, GROWTH_GOAL);
    bench_must(wrong == 0, "probes came to another end than expected");
    bench_must(descriptors == 0 && threads == 0, "something is left open");
    bench_must(growth <= GROWTH_MiB, "memory grows");
}

static s2s_context *make_context(const struct certs *certs)
{
    const s2s_identity own = {.size = sizeof(own),
                              .domain = BENCH_FROM,
                              .certificate_file = certs->own.path,
                              .key_file = certs->own.path};
    const s2s_identity *const identities[] = {&own, NULL};
    s2s_context_options setup = load_context(certs->ca.path, AT_ONCE);
    s2s_context *context;
    setup.identities = identities;
    setup.max_handshakes = 0; /* its own pace */
    int e = s2s_context_new(&setup, &context);
    bench_must(e == S2S_OK, s2s_strerror(e));
    return context;
}

int main(int argc, char **argv)
{
    struct certs certs;
    struct state s = {.first = 0};
    bench_must(argc == 2, "usage: soak PROBES");
    unsigned count = (unsigned)strtoul(argv[1], NULL, 10);
    bench_must(count >= 200, "too few probes");
    bench_raise_files();
    certs_make(&certs);
    peer_start(&s.peer, &certs);
    s2s_context *context = make_context(&certs);
    int64_t begin = bench_now_ns();
    probe(context, &s, 20); /* what a context makes once is there then */
    struct figures before = look();
    probe(context, &s, count / 10);
    struct figures early = look();
    probe(context, &s, count - count / 10);
    struct figures late = look();
    double seconds = (double)(bench_now_ns() - begin) / 1e9;
    bench_report("soak.probes-per-s", count / seconds, 0, "-");
    report(&before, &early, &late, s.wrong);
    s2s_context_free(context);
    peer_stop(&s.peer);
    certs_free(&certs);
    return EXIT_SUCCESS;
}
