/*
 * heap [--smoke]: the heap that one idle, secured stream holds.
 *
 * All probes of one context are kept open: each has sent its <db:verify/>,
 * which the peer never answers. For comparison, GnuTLS sessions alone that
 * have read the same bytes.
 */
#include <malloc.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include <s2sprobe.h>

#include "net/tls.h"

#include "bench.h"
#include "certs.h"
#include "peer.h"

#define STREAMS       500u
#define SMOKE_STREAMS 5u
#define TIMEOUT_MS    120000

static size_t heap(void)
{
    struct mallinfo2 m = mallinfo2();
    return m.uordblks + m.hblkhd;
}

static double per_stream(size_t from, unsigned count)
{
    size_t to = heap();
    return to > from ? (double)(to - from) / count / 1024 : 0;
}

/* ---- The library ---- */

static void log_line(void *user, int level, const char *area, const char *line)
{
    unsigned *asked = user;
    (void)level;
    if (strcmp(area, "out") == 0 && strncmp(line, "<db:verify", 10) == 0)
        ++*asked;
}

static void submit(s2s_context *context, const struct peer *peer)
{
    uint64_t id;
    const s2s_options options = {.size = sizeof(options),
                                 .host = "127.0.0.1",
                                 .port = peer->port,
                                 .ping_method = S2S_PING_DIALBACK_VERIFY,
                                 .timeout_ms = TIMEOUT_MS};
    int e = s2s_context_submit(context, S2S_OP_PING, BENCH_FROM, BENCH_DOMAIN,
                               &options, NULL, &id);
    bench_must(e == S2S_OK, s2s_strerror(e));
}

static void hold_one_more(s2s_context *context, const struct peer *peer,
                          const unsigned *asked)
{
    unsigned goal = *asked + 1;
    submit(context, peer);
    while (*asked < goal)
        bench_must(s2s_context_run(context, 10) == 0, "a probe has ended");
}

static double library(const struct certs *certs, const struct peer *peer,
                      unsigned count)
{
    unsigned asked = 0;
    const s2s_context_options setup = {.size = sizeof(setup),
                                       .ca_file = certs->ca_file,
                                       .log = log_line,
                                       .log_user = &asked,
                                       .log_level = S2S_LOG_WIRE,
                                       .max_running = 2 * count};
    s2s_context *context;
    bench_must(s2s_context_new(&setup, &context) == S2S_OK, "no context");
    hold_one_more(context, peer, &asked); /* what all share is there */
    size_t from = heap();
    for (unsigned i = 0; i < count; i++)
        hold_one_more(context, peer, &asked);
    (void)s2s_context_run(context, 100);
    double size = per_stream(from, count);
    s2s_context_free(context);
    return size;
}

/* ---- GnuTLS alone ---- */

static void ask(gnutls_session_t session)
{
    static const char header[] = "<stream:stream>";
    char buffer[4096];
    ssize_t n = gnutls_record_send(session, header, sizeof(header) - 1);
    bench_must(n > 0, "cannot send");
    do
        n = gnutls_record_recv(session, buffer, sizeof(buffer));
    while (n == GNUTLS_E_AGAIN);
    bench_must(n > 0 && memmem(buffer, (size_t)n, "</stream:features>", 18),
               "no features");
}

static gnutls_session_t secure(int fd, gnutls_priority_t priorities,
                               gnutls_certificate_credentials_t credentials)
{
    gnutls_session_t session;
    int rc = gnutls_init(&session, GNUTLS_CLIENT | GNUTLS_NO_TICKETS |
                                       GNUTLS_KEY_SHARE_TOP2);
    bench_must(rc == 0, "no memory");
    bench_must(gnutls_priority_set(session, priorities) == 0 &&
                   gnutls_credentials_set(session, GNUTLS_CRD_CERTIFICATE,
                                          credentials) == 0 &&
                   gnutls_server_name_set(session, GNUTLS_NAME_DNS,
                                          BENCH_DOMAIN,
                                          strlen(BENCH_DOMAIN)) == 0,
               "cannot set up a session");
    gnutls_transport_set_int(session, fd);
    do
        rc = gnutls_handshake(session);
    while (rc < 0 && !gnutls_error_is_fatal(rc));
    bench_must(rc == 0, gnutls_strerror(rc));
    ask(session);
    return session;
}

static double gnutls_alone(const struct peer *peer, unsigned count)
{
    struct tls_store *store;
    gnutls_certificate_credentials_t credentials;
    gnutls_session_t *sessions = calloc(count, sizeof(gnutls_session_t));
    int *fds = calloc(count, sizeof(int));
    bench_must(sessions != NULL && fds != NULL &&
                   tls_store_new(&store) == S2S_OK &&
                   gnutls_certificate_allocate_credentials(&credentials) == 0,
               "no memory");
    size_t from = heap();
    for (unsigned i = 0; i < count; i++) {
        fds[i] = peer_connect(peer);
        sessions[i] =
            secure(fds[i], tls_store_priorities(store, 0), credentials);
    }
    double size = per_stream(from, count);
    for (unsigned i = 0; i < count; i++) {
        gnutls_deinit(sessions[i]);
        close(fds[i]);
    }
    gnutls_certificate_free_credentials(credentials);
    tls_store_free(store);
    free(sessions);
    free(fds);
    return size;
}

int main(int argc, char **argv)
{
    struct certs certs;
    struct peer peer;
    unsigned count = bench_smoke(argc, argv) ? SMOKE_STREAMS : STREAMS;
    bench_raise_files();
    certs_make(&certs);
    peer_start(&peer, &certs);
    double alone = gnutls_alone(&peer, count);
    double stream = library(&certs, &peer, count);
    bench_report("heap.gnutls-session-KiB", alone, 2, "-");
    bench_report("heap.idle-stream-KiB", stream, 2, "<=16");
    bench_report("heap.idle-stream-beyond-gnutls-KiB", stream - alone, 2, "-");
    peer_stop(&peer);
    certs_free(&certs);
    return EXIT_SUCCESS;
}
