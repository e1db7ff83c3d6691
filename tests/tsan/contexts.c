/*
 * Threads that share what the header lets them share, for a build with
 * ThreadSanitizer, which ends the program: contexts of one thread each that
 * listen and ping one another, with the authorities and credentials of one that
 * is freed meanwhile, and others that take them from one at work; wakeups and
 * stops from elsewhere; and results that several threads read. Says nothing
 * when all is well.
 */
#include <pthread.h>
#include <semaphore.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "net/certificate.h"
#include "net/tls_store.h"
#include "probe/context.h"
#include "unit/net/pki.h"

enum {
    CONTEXTS = 4,
    ROUNDS = 6,
    READERS = 3,
    NUDGES = 2000,
    LOADERS = 4,
    JUDGEMENTS = 20
};
#define TIMEOUT_MS 60000

#define must(ok) must_at((ok), #ok, __LINE__)

static void must_at(bool ok, const char *what, int line)
{
    if (ok)
        return;
    fprintf(stderr, "line %d: %s\n", line, what);
    abort();
}

/* ---- Certificates ---- */

static char ca_file[40];
static gnutls_datum_t known_chain[2]; /* for parties[0] */

static struct party {
    char domain[16], certificate[40], key[40];
    s2s_context *context;
    uint16_t port;
    pthread_t thread;
} parties[CONTEXTS];

static void write_file(char name[40], char *text)
{
    size_t length = strlen(text);
    snprintf(name, 40, "/tmp/s2sprobe-tsan-XXXXXX");
    int fd = mkstemp(name);
    must(fd >= 0 && write(fd, text, length) == (ssize_t)length);
    close(fd);
    free(text);
}

/* A leaf with an intermediate, for `domain`. */
static void make_chain(const struct pki_party *ca, const char *domain)
{
    const struct pki_spec above = {.cn = "Thread Intermediate", .ca = true};
    const struct pki_spec own = {.names = {{"dns", domain, 0}}};
    struct pki_party middle = pki_make(&above, ca);
    struct pki_party leaf = pki_make(&own, &middle);
    known_chain[0] = leaf.der;
    known_chain[1] = middle.der;
    leaf.der.data = middle.der.data = NULL;
    pki_free(&leaf);
    pki_free(&middle);
}

static void make_certificates(void)
{
    const struct pki_spec spec = {.cn = "Thread CA", .ca = true};
    struct pki_party ca = pki_make(&spec, NULL);
    write_file(ca_file, pki_certificate_pem(&ca));
    for (int k = 0; k < CONTEXTS; k++) {
        struct party *p = &parties[k];
        snprintf(p->domain, sizeof(p->domain), "%c.test", 'a' + k);
        const struct pki_spec own = {.names = {{"dns", p->domain, 0}}};
        struct pki_party leaf = pki_make(&own, &ca);
        write_file(p->certificate, pki_certificate_pem(&leaf));
        write_file(p->key, pki_key_pem(&leaf));
        pki_free(&leaf);
    }
    make_chain(&ca, parties[0].domain);
    pki_free(&ca);
}

static void remove_certificates(void)
{
    gnutls_free(known_chain[0].data);
    gnutls_free(known_chain[1].data);
    for (int k = 0; k < CONTEXTS; k++) {
        unlink(parties[k].certificate);
        unlink(parties[k].key);
    }
}

static int64_t clock_of_certificates(void)
{
    return PKI_NOW;
}

/* ---- Results, read by several at once ---- */

static void *read_result(void *user)
{
    static const char *const paths[] = {"success", "pings.0.via", "tls.cipher",
                                        "findings.0.code", "none"};
    const s2s_result *r = user;
    for (size_t k = 0; k < sizeof(paths) / sizeof(paths[0]); k++)
        (void)s2s_result_get(r, paths[k]);
    must(strlen(s2s_result_json(r)) > 2);
    must(s2s_result_error(r) == S2S_OK && s2s_result_message(r)[0] == '\0');
    for (size_t k = 0; k < s2s_result_finding_count(r); k++)
        must(s2s_result_finding_advice(r, k) != NULL);
    for (size_t k = 0; k < s2s_result_feature_count(r); k++)
        must(s2s_result_feature(r, k) != NULL);
    (void)s2s_result_stage_us(r, S2S_STAGE_PING);
    return NULL;
}

static void share(s2s_result *r)
{
    pthread_t readers[READERS];
    for (int k = 0; k < READERS; k++)
        must(pthread_create(&readers[k], NULL, read_result, r) == 0);
    (void)read_result(r);
    for (int k = 0; k < READERS; k++)
        must(pthread_join(readers[k], NULL) == 0);
    s2s_result_free(r);
}

/* ---- A context and its thread ---- */

static s2s_context *donor; /* of authorities and credentials */
static pthread_barrier_t all_listen, all_stopped;
static sem_t pinged; /* by each, once */

static void make_context(struct party *p)
{
    const s2s_identity own = {
        .size = sizeof(own),
        .domain = p->domain,
        .certificate_file = p->certificate,
        .key_file = p->key,
    };
    const s2s_identity *const identities[] = {&own, NULL};
    const s2s_context_options o = {.size = sizeof(o),
                                   .ca_file = ca_file,
                                   .identities = identities,
                                   .host_running = S2S_NO_LIMIT,
                                   .address_running = S2S_NO_LIMIT,
                                   .host_rate = S2S_NO_LIMIT,
                                   .share = donor};
    must(s2s_context_new(&o, &p->context) == S2S_OK);
    context_shared(p->context)->wall_clock = clock_of_certificates;
    must(s2s_context_listen(p->context, "127.0.0.1:0", &p->port) == S2S_OK);
}

static void submit_all(struct party *p, unsigned round)
{
    for (int k = 0; k < CONTEXTS; k++) {
        const struct party *to = &parties[k];
        const s2s_options o = {
            .size = sizeof(o),
            .host = "127.0.0.1",
            .port = to->port,
            .timeout_ms = TIMEOUT_MS,
            .tls_mode = round % 2 != 0 ? S2S_TLS_DIRECT : S2S_TLS_STARTTLS,
        };
        uint64_t id;
        if (to != p)
            must(s2s_context_submit(p->context, S2S_OP_PING, p->domain,
                                    to->domain, &o, NULL, &id) == S2S_OK);
    }
}

static void ping_others(struct party *p)
{
    for (unsigned round = 0; round < ROUNDS; round++) {
        submit_all(p, round);
        for (int left = CONTEXTS - 1; left > 0;) {
            s2s_result *r;
            must(s2s_context_run(p->context, TIMEOUT_MS) >= 0);
            while (s2s_context_next(p->context, &r, NULL, NULL) == 1) {
                share(r);
                left--;
            }
        }
    }
}

/* Others may still want answers. */
static void go_on(struct party *p)
{
    int e;
    while ((e = s2s_context_run(p->context, -1)) >= 0) {
        s2s_result *r;
        while (s2s_context_next(p->context, &r, NULL, NULL) == 1)
            s2s_result_free(r);
    }
    must(e == S2S_ECANCELLED);
}

static void *live(void *user)
{
    struct party *p = user;
    make_context(p);
    (void)pthread_barrier_wait(&all_listen);
    ping_others(p);
    /* More pings are under way when it ends; a stopped context takes none. */
    submit_all(p, 0);
    must(sem_post(&pinged) == 0);
    go_on(p);
    (void)pthread_barrier_wait(&all_stopped);
    s2s_context_free(p->context);
    return NULL;
}

/* ---- Authorities, issuers and credentials alone, still to be loaded ---- */

static struct certificate_trust *trust;
static struct tls_store *store;
static pthread_barrier_t all_load;

/* One thread learns the issuer, or several want to. */
static void judge_chain(struct certificate_trust *t)
{
    struct domain *domain;
    const unsigned char *chain[] = {known_chain[0].data, known_chain[1].data};
    const size_t sizes[] = {known_chain[0].size, known_chain[1].size};
    const s2s_tls_info info = {.size = sizeof(info),
                               .chain = chain,
                               .chain_sizes = sizes,
                               .chain_length = 2};
    char why[CERTIFICATE_WHY];
    must(domain_parse(parties[0].domain, &domain) == S2S_OK);
    for (int k = 0; k < JUDGEMENTS; k++)
        must(certificate_proves(t, &info, domain, PKI_NOW, why) == S2S_OK);
    free(domain);
}

static void *load(void *loaded)
{
    struct tls_credentials *c;
    struct certificate_trust *t = certificate_trust_share(trust);
    struct tls_store *s = tls_store_share(store);
    (void)pthread_barrier_wait(&all_load);
    must(certificate_trust_load(t) == S2S_OK);
    *(const void **)loaded = certificate_trust_list(t);
    must(tls_store_take(s, NULL, NULL, &c) == S2S_OK && c->kept);
    must(tls_store_priorities(s, S2S_TLS_1_2) != NULL &&
         tls_store_server_priorities(s) != NULL);
    judge_chain(t);
    tls_store_give(c);
    tls_store_free(s);
    certificate_trust_free(t);
    return NULL;
}

static void load_at_once(void)
{
    pthread_t threads[LOADERS];
    const void *loaded[LOADERS];
    must(pthread_barrier_init(&all_load, NULL, LOADERS + 1) == 0);
    must(certificate_trust_new(ca_file, &trust) == S2S_OK);
    must(certificate_trust_learn(trust, 1) == S2S_OK);
    must(tls_store_new(&store) == S2S_OK);
    for (int k = 0; k < LOADERS; k++)
        must(pthread_create(&threads[k], NULL, load, &loaded[k]) == 0);
    (void)pthread_barrier_wait(&all_load);
    certificate_trust_free(trust);
    tls_store_free(store);
    for (int k = 0; k < LOADERS; k++) {
        must(pthread_join(threads[k], NULL) == 0);
        must(loaded[k] == loaded[0]);
    }
}

/* ---- From outside ---- */

static void *nudge(void *user)
{
    (void)user;
    for (unsigned n = 0; n < NUDGES; n++)
        s2s_context_wakeup(parties[n % CONTEXTS].context);
    return NULL;
}

/* Contexts that share with one that is at work in its thread, and connect to
 * it. */
static void *visit_all(void *user)
{
    (void)user;
    for (int k = 0; k < CONTEXTS; k++) {
        const s2s_context_options with = {.size = sizeof(with),
                                          .ca_file = ca_file,
                                          .share = parties[k].context};
        s2s_options o = {.size = sizeof(o),
                         .host = "127.0.0.1",
                         .port = parties[k].port,
                         .timeout_ms = TIMEOUT_MS};
        s2s_result *r;
        must(s2s_context_new(&with, &o.context) == S2S_OK);
        context_shared(o.context)->wall_clock = clock_of_certificates;
        must(s2s_connect("guest.test", parties[k].domain, &o, &r) == S2S_OK);
        s2s_result_free(r);
        s2s_context_free(o.context);
    }
    return NULL;
}

static void *stop_all(void *user)
{
    (void)user;
    for (int k = 0; k < CONTEXTS; k++)
        s2s_context_stop(parties[k].context);
    return NULL;
}

static void run_two(void *(*f)(void *))
{
    pthread_t other;
    must(pthread_create(&other, NULL, f, NULL) == 0);
    (void)f(NULL);
    must(pthread_join(other, NULL) == 0);
}

int main(void)
{
    make_certificates();
    load_at_once();
    const s2s_context_options o = {.size = sizeof(o), .ca_file = ca_file};
    must(s2s_context_new(&o, &donor) == S2S_OK);
    unlink(ca_file); /* nobody reads it once more */
    must(pthread_barrier_init(&all_listen, NULL, CONTEXTS + 1) == 0);
    must(pthread_barrier_init(&all_stopped, NULL, CONTEXTS + 1) == 0);
    must(sem_init(&pinged, 0, 0) == 0);
    for (int k = 0; k < CONTEXTS; k++)
        must(pthread_create(&parties[k].thread, NULL, live, &parties[k]) == 0);
    (void)pthread_barrier_wait(&all_listen);
    s2s_context_free(donor);
    run_two(nudge);
    run_two(visit_all);
    for (int k = 0; k < CONTEXTS; k++)
        must(sem_wait(&pinged) == 0);
    run_two(stop_all);
    (void)pthread_barrier_wait(&all_stopped);
    for (int k = 0; k < CONTEXTS; k++)
        must(pthread_join(parties[k].thread, NULL) == 0);
    remove_certificates();
    return 0;
}
