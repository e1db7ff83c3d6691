/*
 * The inside of an initiator, for the files that make it up: initiator.c has
 * its life and its bytes, this one's neighbour what elements mean.
 */
#ifndef XMPP_INITIATOR_STATE_H
#define XMPP_INITIATOR_STATE_H

#include "xml/tree.h"
#include "xmpp/features.h"
#include "xmpp/initiator.h"
#include "xmpp/sm.h"
#include "xmpp/stream_header.h"

enum initiator_state {
    HEADER,   /* ours is out, the peer's is due */
    FEATURES, /* its features are due */
    PROCEED,  /* <starttls/> is out */
    TLS,      /* the driver makes TLS */
    SASL,     /* <auth/> is out */
    KEYED,    /* <db:result/> is out */
    READY,    /* authenticated */
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
    bool pipelined; /* <starttls/> went with it */
    struct features features;
    struct result_stream *stream; /* in the record; NULL before a header */
    struct stream_header_verdict waiting; /* until what follows is known */
    int certificate;                      /* S2S_ECERT_*, or 0 */
    const char *certificate_text;
    uint64_t received;
    uint32_t elements;
    uint32_t ignored;
    bool verified; /* the certificate is good, whatever is accepted */
    bool keyed;    /* our dialback key went out */
    bool authenticated;
    bool finishing; /* a good end once all is sent */
    struct sm sm;
    size_t also_open; /* domains that were not answered yet */
    struct initiator_question *questions; /* asked while ready */
    uint32_t question_count;
};

/* A db:verify that is out. */
struct initiator_question {
    struct initiator_question *next;
    const char *from, *to, *id; /* behind it, in one block */
};

/* Record the outcome and end with a farewell, for one that is not at its end
 * yet. */
void initiator_succeed(struct initiator *i);
/* The peer ended the stream or the connection. */
void initiator_fail_closed(struct initiator *i, int error, const char *text);

/* A new stream begins on the connection: nothing of an old one counts. */
int initiator_restart(struct initiator *i);
void initiator_send_header(struct initiator *i);
bool initiator_send_starttls(struct initiator *i);

/* Queue what `e` says was appended to out behind `start`; a failure ends the
 * stream. `check`: by our own tokenizer first. */
bool initiator_queue(struct initiator *i, size_t start, int e, bool secret);
int initiator_check(const struct initiator *i, size_t start, int e,
                    bool header);

/* What the tokenizer found, to be looked up in the tree. */
void initiator_on_header(struct initiator *i);
void initiator_on_element(struct initiator *i);
void initiator_on_footer(struct initiator *i);
void initiator_on_ignored(struct initiator *i, const tree_node *n);
void initiator_on_unexpected(struct initiator *i, const tree_node *n);
void initiator_on_proceed(struct initiator *i, const tree_node *n);

/* <starttls/> that did not wait for the features (initiator_pipeline.c). */
bool initiator_may_blame_pipelining(const struct initiator *i, int error);
void initiator_on_early_proceed(struct initiator *i, const tree_node *n);
void initiator_on_early_failure(struct initiator *i, const tree_node *n);

/* Authentication (initiator_auth.c). */
void initiator_authenticate(struct initiator *i);
void initiator_become_ready(struct initiator *i, const char *method);
void initiator_on_success(struct initiator *i, const tree_node *n);
void initiator_on_failure(struct initiator *i, const tree_node *n);
void initiator_on_challenge(struct initiator *i, const tree_node *n);
void initiator_on_key_answer(struct initiator *i, const tree_node *n);

/* The open stream (initiator_ready.c). */
void initiator_on_stanza(struct initiator *i, const tree_node *n);
void initiator_on_result(struct initiator *i, const tree_node *n);
void initiator_on_verify(struct initiator *i, const tree_node *n);
void initiator_on_other(struct initiator *i, const tree_node *n);
void initiator_drop_questions(struct initiator *i);

#endif
