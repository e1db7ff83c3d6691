/* One connection that came in: its link, its responder, its times. */
#ifndef PROBE_INBOUND_STREAM_H
#define PROBE_INBOUND_STREAM_H

#include <stdbool.h>
#include <sys/queue.h>

#include "base/inbound.h"
#include "probe/link.h"
#include "probe/shared.h"
#include "xmpp/responder.h"

struct inbound_stream {
    TAILQ_ENTRY(inbound_stream) link_all;
    TAILQ_ENTRY(inbound_stream) link_ready; /* when `ready` */
    bool ready;
    void (*wake)(struct inbound_stream *s, void *user);
    void *wake_user;

    struct shared *shared;
    s2s_transport transport;
    s2s_tls tls;
    struct link link;
    struct responder *stream; /* NULL until the first byte was seen */
    struct responder_config config;
    struct responder_house house;
    struct router_waiter waiter;
    struct inbound seen;
    struct loop_watch watch;
    struct timer deadline;
    int64_t active; /* when it last did something */
    bool expired;
    bool finished;
    char why[128]; /* the certificate is not trusted */
};

/* Takes the socket over, on failure too. S2S_OK, S2S_ENO_MEMORY or
 * S2S_EINTERNAL. */
int inbound_stream_new(struct shared *shared, int fd, const char *address,
                       struct inbound_stream **out);
void inbound_stream_free(struct inbound_stream *s);

/* Do what can be done now, within bounds; s->finished tells the end. */
void inbound_stream_step(struct inbound_stream *s);

/* End it now: say so if that does not block, and finish. */
void inbound_stream_end(struct inbound_stream *s, const char *condition,
                        const char *text);

#endif
