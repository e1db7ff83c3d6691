/*
 * heap [--smoke|COUNT]: the heap that one idle, secured stream holds, when
 * there are a thousand and when there are ten thousand, and what the process
 * holds then.
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

#include "bare.h"
#include "bench.h"
#include "certs.h"
#include "load.h"
#include "peer.h"

#define STREAMS       10000u
#define SMOKE_STREAMS 20u
#define AT_ONCE       50u
#define TIMEOUT_MS    600000

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

/* Until `goal` streams are held. */
static void hold(s2s_context *context, const struct peer *peer,
                 const unsigned *asked, unsigned goal)
{
    unsigned begun = *asked;
    while (*asked < goal) {
        while (begun < goal && begun - *asked < AT_ONCE) {
            submit(context, peer);
            begun++;
        }
        bench_must(s2s_context_run(context, 10) == 0, "a probe has ended");
    }
    (void)s2s_context_run(context, 100);
}

static void library(const struct certs *certs, const struct peer *peer,
                    unsigned count, double alone)
{
    unsigned asked = 0;
    s2s_context_options setup = load_context(certs->ca.path, 2 * count);
    s2s_context *context;
    setup.log = log_line;
    setup.log_user = &asked;
    setup.log_level = S2S_LOG_WIRE;
    bench_must(s2s_context_new(&setup, &context) == S2S_OK, "no context");
    hold(context, peer, &asked, 1); /* what all share is there */
    size_t from = heap();
    hold(context, peer, &asked, 1 + count / 10);
    double stream = per_stream(from, count / 10);
    bench_report("heap.idle-stream-KiB", stream, 2, "<=16");
    bench_report("heap.idle-stream-beyond-gnutls-KiB", stream - alone, 2, "-");
    hold(context, peer, &asked, 1 + count);
    bench_report("heap.idle-stream-of-many-KiB", per_stream(from, count), 2,
                 "<=16");
    bench_report("heap.many-rss-MB", bench_rss_bytes() / 1e6, 0, "<=200");
    s2s_context_free(context);
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

static gnutls_session_t secure(const struct bare *bare, int fd)
{
    gnutls_session_t session = bare_session(bare);
    int rc;
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
    struct bare bare;
    gnutls_session_t *sessions = calloc(count, sizeof(gnutls_session_t));
    int *fds = calloc(count, sizeof(int));
    bench_must(sessions != NULL && fds != NULL, "no memory");
    bare_make(&bare);
    size_t from = heap();
    for (unsigned i = 0; i < count; i++) {
        fds[i] = peer_connect(peer, 0);
        sessions[i] = secure(&bare, fds[i]);
    }
    double size = per_stream(from, count);
    for (unsigned i = 0; i < count; i++) {
        gnutls_deinit(sessions[i]);
        close(fds[i]);
    }
    bare_free(&bare);
    free(sessions);
    free(fds);
    return size;
}

int main(int argc, char **argv)
{
    struct certs certs;
    struct peer peer;
    unsigned count = bench_smoke(argc, argv) ? SMOKE_STREAMS : STREAMS;
    if (argc == 2 && count == STREAMS)
        count = (unsigned)strtoul(argv[1], NULL, 10);
    bench_raise_files();
    certs_make(&certs);
    peer_start(&peer, &certs);
    double alone = gnutls_alone(&peer, count / 10);
    bench_report("heap.gnutls-session-KiB", alone, 2, "-");
    library(&certs, &peer, count, alone);
    peer_stop(&peer);
    certs_free(&certs);
    return EXIT_SUCCESS;
}
