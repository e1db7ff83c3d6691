/*
 * The sockets that peers connect to, and the streams that came of it. What was
 * seen of those that have ended goes to the router.
 */
#ifndef PROBE_LISTENER_H
#define PROBE_LISTENER_H

#include "base/result.h"
#include "probe/inbound_stream.h"
#include "probe/shared.h"

#define LISTENER_SOCKETS 32u

struct listener_socket {
    struct listener *listener;
    struct loop_watch watch;
    int fd;
    bool ready;
};

TAILQ_HEAD(inbound_list, inbound_stream);

struct listener {
    struct shared *shared;
    struct listener_socket sockets[LISTENER_SOCKETS];
    size_t socket_count;
    struct inbound_list streams, ready;
    uint32_t stream_count;
    struct timer pause; /* set: no descriptors were left */
    bool paused, resume;
};

/* S2S_OK or S2S_ENO_MEMORY. */
int listener_new(struct shared *shared, struct listener **out);
/* Ends what is open, politely where that does not block. */
void listener_free(struct listener *l);

/* Errors of listen_open(), S2S_ELIMIT, and loop_watch()'s. `port` may be
 * NULL. */
int listener_open(struct listener *l, const char *address, uint16_t *port);

void listener_process(struct listener *l);
bool listener_has_work(const struct listener *l);

/* Record what is open for `ours` and from `theirs`, or may be. */
void listener_report(const struct listener *l, const struct domain *ours,
                     const struct domain *theirs, s2s_result *result);

/* The identity is about to go: end the streams that use it. */
void listener_forget(struct listener *l,
                     const struct options_identity *identity);

#endif
