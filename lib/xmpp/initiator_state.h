/*
 * The inside of an initiator, for the files that make it up: initiator.c has
 * its life and its bytes, this one's neighbour what elements mean.
 */
#ifndef XMPP_INITIATOR_STATE_H
#define XMPP_INITIATOR_STATE_H

#include "xml/tree.h"
#include "xmpp/features.h"
#include "xmpp/initiator.h"
#include "xmpp/stream_header.h"

enum initiator_state {
    HEADER,   /* ours is out, the peer's is due */
    FEATURES, /* its features are due */
    PROCEED,  /* <starttls/> is out */
    TLS,      /* the driver makes TLS */
    ASKED,    /* <db:verify/> is out */
    VERDICT,  /* the header is bad: is there a stream error behind it? */
    CLOSING,  /* a farewell is out */
    DONE
};

struct initiator {
    const struct initiator_config *config;
    s2s_result *result;
    struct tokenizer *tokenizer;
    struct tree *tree;
    struct buf out;
    enum initiator_state state;
    int stage;
    bool secured;
    bool header_sent; /* of the stream that is on now */
    bool header_checked;
    struct features features;
    struct result_stream *stream; /* in the record; NULL before a header */
    struct stream_header_verdict waiting; /* until what follows is known */
    int certificate;                      /* S2S_ECERT_*, or 0 */
    const char *certificate_text;
    uint64_t received;
    uint32_t elements;
};

/* Record the outcome and end with a farewell, for one that is not at its end
 * yet. */
void initiator_succeed(struct initiator *i);
/* The peer ended the stream or the connection. */
void initiator_fail_closed(struct initiator *i, int error, const char *text);

void initiator_send_header(struct initiator *i);

/* What the tokenizer found, to be looked up in the tree. */
void initiator_on_header(struct initiator *i);
void initiator_on_element(struct initiator *i);
void initiator_on_footer(struct initiator *i);

#endif
