/* The small XMPP server, in a process of its own. */
#ifndef BENCH_PEER_H
#define BENCH_PEER_H

#include <stdint.h>
#include <sys/types.h>

#include "certs.h"

struct peer {
    pid_t pid;
    uint16_t port; /* of every address of 127.0.0.0/8 */
};

/* Before any thread and any context. It dies with the caller. */
void peer_start(struct peer *p, const struct certs *certs);
void peer_stop(const struct peer *p);

/* A connection to it; `flags` as of socket(). SOCK_NONBLOCK: on its way. */
int peer_connect(const struct peer *p, int flags);

#endif
