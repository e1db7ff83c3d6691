/*
 * verify [--smoke]: what it costs to judge the chain of an issuer that is
 * known already, by what it costs in full.
 *
 * verify KIND AUTHORITIES full|known COUNT: just that, for callgrind.
 *
 * Rounds are interleaved, each judges different certificates of one issuer, and
 * the median counts.
 */
#include <limits.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <unistd.h>

#include "net/certificate.h"

#include "../unit/net/pki.h"
#include "bench.h"

#define LEAVES       8
#define ROUNDS       400
#define SMOKE_ROUNDS 3
#define OTHERS       144 /* authorities of a usual store */

/* RSA bits, or 0 for P-256, or the bits of P-384. */
#define P384 384u
static const struct kind {
    const char *name;
    unsigned leaf, middle, root;
    const char *goal;
} kinds[] = {
    {"ec", 0, 0, 0, "<=0.55"},
    {"rsa", 2048, 2048, 2048, "<=0.40"},
    {"le-ec", 0, P384, 4096, "<=0.55"},
    {"le-rsa", 2048, 2048, 4096, "<=0.40"},
};

struct world {
    struct pki_party root, middle, leaves[LEAVES];
    struct certificate_trust *full, *known;
    struct domain *domain;
};

/* ---- Certificates ---- */

static struct pki_party make(unsigned key, const char *name, bool ca,
                             const struct pki_party *issuer, const char *pem)
{
    const struct pki_spec spec = {
        .cn = name,
        .organization = ca ? "Bench Certificate Authority" : NULL,
        .names = {{ca ? NULL : "dns", BENCH_DOMAIN, 0}},
        .ca = ca,
        .rsa = key > P384 ? key : 0,
        .p384 = key == P384,
        .key = pem,
    };
    return pki_make(&spec, issuer);
}

static void append(int fd, const struct pki_party *p)
{
    char *pem = pki_certificate_pem(p);
    size_t length = strlen(pem);
    bench_must(write(fd, pem, length) == (ssize_t)length, "cannot write");
    free(pem);
}

static void add_others(int fd, unsigned count)
{
    for (unsigned i = 0; i < count; i++) {
        char name[40];
        /* Names that differ all over, as those of real ones do. */
        snprintf(name, sizeof(name), "%08X Root %u", i * 2654435761u, i);
        struct pki_party other = make(0, name, true, NULL, NULL);
        append(fd, &other);
        pki_free(&other);
    }
}

static int write_store(const struct world *w, unsigned authorities)
{
    int fd = memfd_create("bench-ca", 0);
    bench_must(fd >= 0, "no memory");
    add_others(fd, authorities - 1);
    append(fd, &w->root);
    return fd;
}

static struct certificate_trust *trust(int fd, unsigned after)
{
    struct certificate_trust *t;
    char name[40];
    snprintf(name, sizeof(name), "/proc/self/fd/%d", fd);
    bench_must(certificate_trust_new(name, &t) == S2S_OK &&
                   certificate_trust_learn(t, after) == S2S_OK &&
                   certificate_trust_load(t) == S2S_OK,
               "cannot trust the root");
    return t;
}

static void make_world(struct world *w, const struct kind *k,
                       unsigned authorities)
{
    w->root = make(k->root, "Bench Root X1", true, NULL, NULL);
    w->middle = make(k->middle, "R10", true, &w->root, NULL);
    w->leaves[0] = make(k->leaf, BENCH_DOMAIN, false, &w->middle, NULL);
    char *key = pki_key_pem(&w->leaves[0]);
    for (int i = 1; i < LEAVES; i++)
        w->leaves[i] = make(k->leaf, BENCH_DOMAIN, false, &w->middle, key);
    free(key);
    int fd = write_store(w, authorities);
    w->full = trust(fd, UINT_MAX);
    w->known = trust(fd, 0);
    close(fd);
    bench_must(domain_parse(BENCH_DOMAIN, &w->domain) == S2S_OK, "no memory");
}

static void free_world(struct world *w)
{
    pki_free(&w->root);
    pki_free(&w->middle);
    for (int i = 0; i < LEAVES; i++)
        pki_free(&w->leaves[i]);
    certificate_trust_free(w->full);
    certificate_trust_free(w->known);
    free(w->domain);
}

/* ---- Judging ---- */

void measured(const struct world *w, struct certificate_trust *trust, int leaf);

/* Not static: callgrind toggles on its name. */
__attribute__((noinline)) void measured(const struct world *w,
                                        struct certificate_trust *t, int leaf)
{
    const unsigned char *chain[] = {w->leaves[leaf].der.data,
                                    w->middle.der.data};
    const size_t sizes[] = {w->leaves[leaf].der.size, w->middle.der.size};
    const s2s_tls_info info = {.size = sizeof(info),
                               .chain = chain,
                               .chain_sizes = sizes,
                               .chain_length = 2};
    const struct certificate_reference ref = {.domain = w->domain};
    const char *why;
    s2s_result *r = result_new(S2S_OP_CONNECT);
    bench_must(r != NULL && certificate_judge(t, &info, &ref, PKI_NOW, r,
                                              &why) == S2S_OK,
               "the certificate is not verified");
    result_free(r);
}

static double time_one(const struct world *w, struct certificate_trust *t,
                       int leaf)
{
    int64_t begin = bench_now_ns();
    measured(w, t, leaf);
    return (double)(bench_now_ns() - begin) / 1000;
}

static void compare(const struct kind *k, unsigned authorities, size_t rounds)
{
    struct world w;
    double full[ROUNDS], known[ROUNDS];
    char name[60];
    make_world(&w, k, authorities);
    measured(&w, w.known, 0);
    for (size_t i = 0; i < rounds; i++) {
        full[i] = time_one(&w, w.full, (int)i % LEAVES);
        known[i] = time_one(&w, w.known, (int)i % LEAVES);
    }
    double f = bench_median(full, rounds);
    double n = bench_median(known, rounds);
    printf(
        "# verify.%s with %u authorities: full %.0f us, known issuer %.0f us\n",
        k->name, authorities, f, n);
    snprintf(name, sizeof(name), "verify.%s%s.known-by-full", k->name,
             authorities == 1 ? ".one-authority" : "");
    bench_report(name, n / f, 2, authorities == 1 ? "-" : k->goal);
    free_world(&w);
}

/* For callgrind: the first one, which learns, is not measured. */
static void repeat(const struct kind *k, char **argv)
{
    struct world w;
    make_world(&w, k, (unsigned)bench_port(argv[2]));
    struct certificate_trust *t =
        strcmp(argv[3], "known") == 0 ? w.known : w.full;
    time_one(&w, t, 0);
    for (int i = 0; i < bench_port(argv[4]); i++)
        measured(&w, t, i % LEAVES);
    free_world(&w);
}

int main(int argc, char **argv)
{
    bool smoke = bench_smoke(argc, argv);
    bench_must(argc == 1 || argc == 5 || smoke,
               "usage: verify [--smoke | KIND AUTHORITIES full|known COUNT]");
    for (size_t i = 0; i < (smoke ? 1 : sizeof(kinds) / sizeof(kinds[0]));
         i++) {
        if (argc == 5 && strcmp(kinds[i].name, argv[1]) == 0)
            repeat(&kinds[i], argv);
        if (argc == 5)
            continue;
        compare(&kinds[i], 1, smoke ? SMOKE_ROUNDS : ROUNDS);
        compare(&kinds[i], 1 + OTHERS, smoke ? SMOKE_ROUNDS : ROUNDS);
    }
    return 0;
}
