/*
 * The inside of a responder, for the files that make it up: responder.c has
 * its life and its bytes, responder_elements.c what elements mean, and
 * responder_auth.c who the peer is.
 */
#ifndef XMPP_RESPONDER_STATE_H
#define XMPP_RESPONDER_STATE_H

#include "xmpp/responder.h"
#include "xmpp/sm.h"

#define RESPONDER_ID 33 /* 128 bits in hex, with the NUL */

enum responder_state {
    HEADER,        /* the peer's header is due */
    LOCKED,        /* TLS is required, and does not stand */
    OPEN,          /* nobody is authenticated */
    AUTHENTICATED, /* somebody is */
    TLS,           /* the driver makes TLS */
    CLOSING        /* a farewell is out, or nothing more is said */
};

/* A domain of theirs that has authenticated to one of ours, or is about to. */
struct responder_pair {
    struct domain *from;
    const struct domain *to;
    char *from_text, *to_text; /* as the peer wrote them, in one block */
    bool authenticated;        /* else the house is asking */
};

struct responder {
    const struct responder_config *config;
    struct inbound *seen;
    struct tokenizer *tokenizer;
    struct tree *tree;
    struct buf out;
    enum responder_state state;
    bool secured;
    bool authenticated; /* one pair, at least */
    bool answered;      /* our header of the stream that is on now is out */
    bool bidi;
    bool trusted;               /* the certificate proves `from` */
    char why[INBOUND_TEXT];     /* not */
    struct domain *from;        /* of the header; NULL: none */
    const struct domain *local; /* its `to`; NULL: none of ours */
    char id[RESPONDER_ID];
    struct responder_pair pairs[RESPONDER_DOMAINS];
    size_t pair_count;
    struct sm sm;
    uint64_t received;
    uint32_t elements;
    uint32_t tries; /* of SASL */
    uint32_t asks;  /* of the house */
};

/* Queue what `e` says was appended to out behind `start`; a failure ends the
 * stream. */
bool responder_queue(struct responder *r, size_t start, int e);
/* A request or a stanza was refused; with a condition, the stream ends. */
void responder_refuse(struct responder *r, const char *condition);
/* A new stream begins on the connection. */
void responder_restart(struct responder *r);

/* What the tokenizer found, to be looked up in the tree. */
void responder_on_header(struct responder *r);
void responder_on_element(struct responder *r);

/* Keep who the peer says it is, for the first time. NULL: not said. */
void responder_note(struct responder *r, const struct domain *from,
                    const struct domain *to);
/* A pair is authenticated. */
void responder_admit(struct responder *r, struct responder_pair *pair,
                     enum inbound_auth how);
/* Forget all pairs; answers that are still out have no effect then. */
void responder_drop_pairs(struct responder *r);

void responder_on_auth(struct responder *r, const tree_node *n);
void responder_on_sasl(struct responder *r, const tree_node *n);
void responder_on_verify(struct responder *r, const tree_node *n);
void responder_on_result(struct responder *r, const tree_node *n);

#endif
