/* The small XMPP server on a TCP port, in a process of its own. */
#ifndef BENCH_PEER_H
#define BENCH_PEER_H

#include <stdint.h>
#include <sys/types.h>

#include "certs.h"

struct peer {
    pid_t pid;
    uint16_t port; /* of 127.0.0.1 */
};

/* Before any thread and any context. It dies with the caller. */
void peer_start(struct peer *p, const struct certs *certs);
void peer_stop(const struct peer *p);

/* A blocking connection to it. */
int peer_connect(const struct peer *p);

#endif
