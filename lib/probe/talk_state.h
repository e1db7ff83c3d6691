/*
 * The inside of a talk, for the files that make it up: talk.c has its life and
 * its place in the router, talk_ops.c what it does for each operation.
 */
#ifndef PROBE_TALK_STATE_H
#define PROBE_TALK_STATE_H

#include "probe/talk.h"

#define TALK_ID 33 /* 128 bits in hex */

struct talk {
    struct probe *probe;
    const struct options_identity *identity;
    struct guest guest;
    struct route route;
    struct initiator_house house;
    struct initiator_also also[OPTIONS_ALSO];
    bool joined;
    bool judged;
    bool key_checked;

    int64_t active;    /* when a stream last sent something */
    struct timer next; /* ping, or keepalive */
    bool due;
    struct result_ping *ping; /* the one that is out */
    struct result_ping *last; /* the one sent last, out or not */
    uint32_t sent;            /* pings */
    char id[TALK_ID];
    struct stanza_facts stanza; /* of S2S_OP_SEND */
    bool collecting;            /* it was sent */
};

/* Whether the peer's certificate is good, whatever is accepted. */
bool talk_peer_verified(const struct talk *t);

/* What the initiator and the router tell; `user` is the talk. */
void talk_on_ready(void *user);
void talk_on_acked(void *user);
void talk_on_own_stream(void *user, const tree_node *n,
                        struct tokenizer_span verbatim);
enum route_taken talk_on_inbound(void *user, const tree_node *n,
                                 struct tokenizer_span verbatim);
void talk_on_next(void *user); /* the time of the next ping */

#endif
