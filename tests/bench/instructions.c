/*
 * instructions KIND COUNT: what the client's side of a probe costs, for
 * callgrind to count.
 *
 * Client and server share this process and talk through memory. All that is
 * the client's runs inside measured(), which is what callgrind is told to
 * collect: --collect-atstart=no --toggle-collect=measured.
 *
 * instructions --smoke: every kind once.
 */
#include <errno.h>
#include <gnutls/gnutls.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <s2sprobe.h>

#include "bare.h"
#include "bench.h"
#include "certs.h"
#include "memory.h"

#define WARM_UP 3

struct run {
    const struct kind *kind;
    struct certs certs;
    struct server server;
    bool done;

    s2s_context *context;
    s2s_result *result;
    s2s_options options;
    s2s_transport transport;
    s2s_tls tls; /* that gives no chain */

    struct bare bare;
    gnutls_session_t session;
};

/* A client in three steps: go() until `done`. */
struct kind {
    const char *name;
    bool chain; /* give the library what it needs to judge the certificate */
    void (*begin)(struct run *r);
    void (*go)(struct run *r);
    void (*end)(struct run *r);
};

/* ---- The library ---- */

static void library_begin(struct run *r)
{
    uint64_t id;
    int e = s2s_context_submit(r->context, S2S_OP_CONNECT, BENCH_FROM,
                               BENCH_DOMAIN, &r->options, NULL, &id);
    bench_must(e == S2S_OK, "submit");
    bench_must(s2s_context_process(r->context) == S2S_OK, "process");
}

static void library_go(struct run *r)
{
    s2s_context_wakeup(r->context);
    bench_must(s2s_context_process(r->context) == S2S_OK, "process");
    r->done = s2s_context_next(r->context, &r->result, NULL, NULL) == 1;
}

static void library_end(struct run *r)
{
    bench_must(r->result != NULL, "no result");
    bench_must(s2s_result_error(r->result) == S2S_OK,
               s2s_result_json(r->result));
    s2s_result_free(r->result);
}

/* ---- A bare handshake ---- */

static ssize_t answer(struct run *r, ptrdiff_t n)
{
    if (n > 0)
        return n;
    gnutls_transport_set_errno(r->session, EAGAIN);
    return -1;
}

static ssize_t pull(gnutls_transport_ptr_t p, void *buffer, size_t length)
{
    struct run *r = p;
    return answer(r, memory_read(&r->server, buffer, length));
}

static ssize_t push(gnutls_transport_ptr_t p, const void *bytes, size_t length)
{
    struct run *r = p;
    return answer(r, memory_write(&r->server, bytes, length));
}

static int pull_timeout(gnutls_transport_ptr_t p, unsigned ms)
{
    (void)p;
    (void)ms;
    return 1;
}

static void bare_begin(struct run *r)
{
    r->session = bare_session(&r->bare);
    gnutls_transport_set_ptr(r->session, r);
    gnutls_transport_set_pull_function(r->session, pull);
    gnutls_transport_set_push_function(r->session, push);
    gnutls_transport_set_pull_timeout_function(r->session, pull_timeout);
    (void)gnutls_handshake(r->session);
}

static void bare_go(struct run *r)
{
    int rc = gnutls_handshake(r->session);
    bench_must(!gnutls_error_is_fatal(rc), gnutls_strerror(rc));
    r->done = rc == 0;
}

static void bare_end(struct run *r)
{
    gnutls_deinit(r->session);
}

/* ---- Running ---- */

static const struct kind kinds[] = {
    {"bare", false, bare_begin, bare_go, bare_end},
    {"probe", false, library_begin, library_go, library_end},
    {"judged", true, library_begin, library_go, library_end},
};

enum { KINDS = sizeof(kinds) / sizeof(kinds[0]) };

/* Not static, so that it stays a function of its own, and not a tail call. */
void measured(void (*step)(struct run *), struct run *r, unsigned *calls);

__attribute__((noinline)) void measured(void (*step)(struct run *),
                                        struct run *r, unsigned *calls)
{
    step(r);
    ++*calls;
}

static void unmeasured(void (*step)(struct run *), struct run *r,
                       unsigned *calls)
{
    step(r);
    ++*calls;
}

static void once(struct run *r, bool measure)
{
    void (*call)(void (*)(struct run *), struct run *, unsigned *) =
        measure ? measured : unmeasured;
    unsigned calls = 0;
    server_init(&r->server, &r->certs);
    r->done = false;
    call(r->kind->begin, r, &calls);
    while (!r->done && calls < 100) {
        server_step(&r->server);
        call(r->kind->go, r, &calls);
    }
    bench_must(r->done, "the client did not come to an end");
    server_step(&r->server);
    bench_must(r->server.secure, "the server saw no handshake");
    call(r->kind->end, r, &calls);
    server_free(&r->server);
}

/* ---- Set-up ---- */

static void set_up_library(struct run *r)
{
    const s2s_context_options setup = {.size = sizeof(setup),
                                       .ca_file = r->certs.ca.path,
                                       .max_handshakes = S2S_NO_LIMIT,
                                       .host_rate = S2S_NO_LIMIT};
    int e = s2s_context_new(&setup, &r->context);
    bench_must(e == S2S_OK, s2s_strerror(e));
    r->transport = memory_transport(&r->server);
    r->tls = bare_provider(&r->bare);
    r->options = (s2s_options){.size = sizeof(r->options),
                               .host = BENCH_DOMAIN, /* DNS has no say */
                               .flags = S2S_ACCEPT_UNTRUSTED,
                               .transport = &r->transport,
                               .tls = r->kind->chain ? NULL : &r->tls};
}

static void run(struct run *r, const struct kind *kind, unsigned long count)
{
    r->kind = kind;
    set_up_library(r);
    for (unsigned i = 0; i < WARM_UP; i++)
        once(r, false);
    for (unsigned long i = 0; i < count; i++)
        once(r, true);
    s2s_context_free(r->context);
    printf("%s %lu done\n", kind->name, count);
}

static const struct kind *find(const char *name)
{
    for (size_t i = 0; i < KINDS; i++)
        if (strcmp(kinds[i].name, name) == 0)
            return &kinds[i];
    return NULL;
}

int main(int argc, char **argv)
{
    static struct run r;
    bool smoke = bench_smoke(argc, argv);
    const struct kind *kind = argc == 3 ? find(argv[1]) : NULL;
    bench_must(smoke || kind != NULL, "usage: instructions KIND COUNT");
    certs_make(&r.certs);
    bare_make(&r.bare);
    for (size_t i = 0; smoke && i < KINDS; i++)
        run(&r, &kinds[i], 1);
    if (!smoke)
        run(&r, kind, strtoul(argv[2], NULL, 10));
    bare_free(&r.bare);
    certs_free(&r.certs);
    return EXIT_SUCCESS;
}
