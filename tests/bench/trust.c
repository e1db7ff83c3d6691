/*
 * trust FILE: how often the system's authorities, which are in FILE, are read
 * by two contexts that share them and probe several times each.
 */
#include <stdio.h>
#include <stdlib.h>
#include <sys/inotify.h>
#include <unistd.h>

#include "bench.h"
#include "certs.h"
#include "load.h"
#include "peer.h"

#define PROBES 5u

static void plan(void *user, unsigned number, struct load_probe *p)
{
    const struct peer *peer = user;
    (void)number;
    snprintf(p->host, sizeof(p->host), "127.0.0.1");
    p->options.port = peer->port;
    p->options.flags = S2S_ACCEPT_UNTRUSTED;
}

static s2s_context *probe(struct peer *peer, s2s_context *share)
{
    s2s_context_options setup = load_context(NULL, PROBES);
    struct load l = {.count = PROBES,
                     .window = 1,
                     .user = peer,
                     .plan = plan,
                     .seen = load_must_succeed};
    setup.share = share;
    int e = s2s_context_new(&setup, &l.context);
    bench_must(e == S2S_OK, s2s_strerror(e));
    load_run(&l);
    return l.context;
}

/* Each is followed by a close, without which equal events would be one. */
static unsigned count_opened(int fd)
{
    char buffer[4096];
    const struct inotify_event *e;
    unsigned n = 0;
    ssize_t length = read(fd, buffer, sizeof(buffer));
    for (ssize_t at = 0; at < length; at += (ssize_t)(sizeof(*e) + e->len)) {
        e = (const struct inotify_event *)(const void *)(buffer + at);
        n += e->mask & IN_OPEN ? 1 : 0;
    }
    return n;
}

int main(int argc, char **argv)
{
    struct certs certs;
    struct peer peer;
    bench_must(argc == 2, "usage: trust FILE");
    int watch = inotify_init1(IN_NONBLOCK | IN_CLOEXEC);
    bench_must(inotify_add_watch(watch, argv[1], IN_OPEN | IN_CLOSE) >= 0,
               argv[1]);
    certs_make(&certs);
    peer_start(&peer, &certs);
    s2s_context *first = probe(&peer, NULL);
    s2s_context *second = probe(&peer, first);
    bench_report("trust.system-store-read-times", count_opened(watch), 0,
                 "<=1");
    s2s_context_free(second);
    s2s_context_free(first);
    peer_stop(&peer);
    certs_free(&certs);
    return EXIT_SUCCESS;
}
