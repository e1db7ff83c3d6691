/*
 * Who of ours waits for what comes in: each authenticating probe has a route
 * for its pair of domains, and incoming streams look here for the keys that
 * we sent, for takers of stanzas, and for a stream to ask or to answer on.
 */
#ifndef PROBE_ROUTER_H
#define PROBE_ROUTER_H

#include <stdbool.h>
#include <sys/queue.h>

#include "base/domain.h"
#include "base/inbound.h"
#include "xml/tree.h"
#include "xmpp/dialback.h"

enum route_taken {
    ROUTE_LEFT,   /* not for this one */
    ROUTE_SHARED, /* taken, and may be for others too */
    ROUTE_TAKEN   /* for this one alone */
};

struct route { /* embedded in its owner; all members but link REQUIRED */
    TAILQ_ENTRY(route) link;
    const struct domain *from, *to;   /* ours, theirs */
    const struct domain *const *also; /* more of ours, to take stanzas for */
    size_t also_count;
    void *user;

    /* Whether this key is the one it sent on the stream with this id. */
    bool (*sent_key)(void *user, const char *from, const char *id,
                     const char *key);
    /* Offer a stanza from `to` to `from`, which came in on another stream. */
    enum route_taken (*take)(void *user, const tree_node *stanza,
                             struct tokenizer_span verbatim);
    /* A connection that may be for it is over. */
    void (*note)(void *user, const struct inbound *seen);
    /* Ask the peer about its key on the open stream, when its certificate is
     * verified; the answer goes to router_answer(). S2S_EPOLICY: cannot. */
    int (*ask)(void *user, const char *from, const char *to, const char *id,
               const char *key);
    /* Send a stanza on the open stream. S2S_EPOLICY: cannot. */
    int (*send)(void *user, const void *bytes, size_t length);
};

/* An incoming stream that asked something. Embedded in its owner. */
struct router_waiter {
    TAILQ_ENTRY(router_waiter) link;
    void *user;
    void (*answer)(void *user, const struct domain *ours,
                   const struct domain *theirs, const char *id,
                   enum dialback_answer answer, const char *condition);
};

struct router {
    TAILQ_HEAD(, route) routes;
    TAILQ_HEAD(, router_waiter) waiters;
};

void router_init(struct router *r);
void router_add(struct router *r, struct route *route);
void router_remove(struct router *r, struct route *route);
void router_add_waiter(struct router *r, struct router_waiter *w);
void router_remove_waiter(struct router *r, struct router_waiter *w);

/* Whether a running probe sent this key: the answer to a db:verify for a
 * domain of ours (XEP-0220, 2.2.2). */
bool router_sent_key(const struct router *r, const struct dialback_request *q);

/* Offer a stanza from `from` (theirs) to `to` (ours) to all routes of the pair
 * but `except` (NULL: none); false when none took it. */
bool router_deliver(struct router *r, const struct route *except,
                    const struct domain *from, const struct domain *to,
                    const tree_node *stanza, struct tokenizer_span verbatim);

/* Tell all routes that a connection, which may be theirs, is over. */
void router_tell(const struct router *r, const struct inbound *seen);

/* Whether a probe of ours is for this pair. */
bool router_has(const struct router *r, const struct domain *ours,
                const struct domain *theirs);

/* Ask `from` (theirs) about a key, or send a stanza to it from `ours`, on any
 * open stream of the pair. S2S_OK, or S2S_EPOLICY when there is none. */
int router_ask(struct router *r, const struct domain *theirs,
               const struct domain *ours, const char *id, const char *key);
int router_send(struct router *r, const struct domain *ours,
                const struct domain *theirs, const void *bytes, size_t length);

/* The answer to router_ask() or to an errand: `from` is ours, `to` theirs, as
 * in the question. All waiters are told; each knows its own stream's id. */
void router_answer(struct router *r, const char *from, const char *to,
                   const char *id, enum dialback_answer answer,
                   const char *condition);

#endif
