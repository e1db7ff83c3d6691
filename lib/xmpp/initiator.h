/*
 * The outgoing stream (RFC 6120, 4 to 6), without I/O, clock or threads: it
 * takes bytes and events, and gives bytes and wishes (engine.h). What it
 * learns and how it ends goes into the record.
 *
 * Without authentication it ends when the stream is usable, or the one
 * question that it was given is answered. With it, it tells its house when
 * stanzas may flow, and then goes on until it is told to end.
 */
#ifndef XMPP_INITIATOR_H
#define XMPP_INITIATOR_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/domain.h"
#include "base/log.h"
#include "base/result.h"
#include "xml/tree.h"
#include "xmpp/dialback.h"
#include "xmpp/engine.h"

enum initiator_tls {
    INITIATOR_CLEAR,    /* no TLS at all */
    INITIATOR_STARTTLS, /* tried even when it is not offered: RFC 7590, 3.1 */
    INITIATOR_DIRECT    /* XEP-0368 */
};

/* Who is told what happens on an authenticated stream. A member may be NULL;
 * none may free the initiator. */
struct initiator_house {
    void *user;
    void (*ready)(void *user); /* stanzas may be sent; once */
    /* An iq, message or presence, addresses not looked at. */
    void (*stanza)(void *user, const tree_node *stanza,
                   struct tokenizer_span verbatim);
    void (*acked)(void *user); /* result->acks has moved */
    /* The answer to initiator_ask(); an error when the stream ends first. */
    void (*verdict)(void *user, const char *from, const char *to,
                    const char *id, enum dialback_answer answer,
                    const char *condition);
};

struct initiator_also { /* one more domain of ours to authenticate */
    const struct domain *domain;
    const char *secret;
};

struct initiator_config { /* must outlive the initiator */
    const struct domain *from, *to;
    enum initiator_tls tls;
    bool pipeline; /* <starttls/> goes with the header, before the features */
    bool verify;   /* ask with a db:verify when the stream is usable */
    const char *verify_id, *verify_key;

    bool authenticate;
    bool external;     /* by SASL EXTERNAL: a certificate of ours is set */
    bool dialback;     /* by dialback, to a peer whose certificate is good */
    bool unverified;   /* and to any other */
    bool bidi, acks;   /* when offered: XEP-0288, XEP-0198 */
    bool endless;      /* no limit on what comes once authenticated */
    uint32_t expected; /* elements beyond the limit that we ask for */
    const char *secret;
    const struct initiator_also *also;
    size_t also_count;
    const struct initiator_house *house; /* NULL without authenticate */

    const s2s_limits *limits;
    const struct log *log;
};

struct initiator;

/* S2S_OK, S2S_ENO_MEMORY or S2S_EINTERNAL. */
int initiator_new(const struct initiator_config *config, s2s_result *result,
                  struct initiator **out);
void initiator_free(struct initiator *i);

/* `self` is a struct initiator. Bytes after the end are ignored. */
extern const struct engine initiator_engine;

/* The enum s2s_stage it is in; and, while ready, to enter a later one. */
int initiator_stage(const struct initiator *i);
void initiator_enter(struct initiator *i, int stage);

/*
 * TLS stands. `verdict` is S2S_OK or the S2S_ECERT_* that the certificate
 * gets, `why` a text for it. Unless `accept`, the features are still read,
 * nothing secret is sent, and then the stream ends with it.
 */
void initiator_secured(struct initiator *i, int verdict, const char *why,
                       bool accept);

/*
 * Something outside went wrong: a time-out, an I/O error. Recorded unless an
 * earlier cause waits: a header's verdict, a bad certificate.
 */
void initiator_fail(struct initiator *i, int error, const char *text);

/* Whether the peer has sent a stream header on this connection. */
bool initiator_heard(const struct initiator *i);
/* The same of the stream that is on now. */
bool initiator_has_header(const struct initiator *i);

/* Whether it has our dialback key and has not answered. */
bool initiator_waits_for_dialback(const struct initiator *i);

/* Whether it has, inside TLS. */
bool initiator_heard_secured(const struct initiator *i);

/* The id of the stream on which our dialback key went out or could; NULL
 * before there is one. */
const char *initiator_stream_id(const struct initiator *i);

/* ---- While ready ---- */

/*
 * Queue a stanza, which was checked; with `ask` a request to acknowledge it
 * follows where XEP-0198 is on. S2S_OK, S2S_ENO_MEMORY, S2S_ELIMIT (too much
 * is queued), S2S_EPOLICY (not ready).
 */
int initiator_send(struct initiator *i, const void *bytes, size_t length,
                   bool ask);

/* Send something that means nothing: a request to acknowledge where XEP-0198
 * is on, else a space (RFC 6120, 4.6.1). */
void initiator_keep_alive(struct initiator *i);

/* Ask the peer about a key that somebody offered as it (XEP-0220, 2.1.2),
 * while our own is being checked too; or with config->verify's values, which
 * then also ends the stream. S2S_OK, S2S_ENO_MEMORY, S2S_ELIMIT,
 * S2S_EPOLICY. */
int initiator_ask(struct initiator *i, const char *from, const char *to,
                  const char *id, const char *key);
void initiator_ask_last(struct initiator *i);

/* A good end: what is queued and the end tag are sent. */
void initiator_finish(struct initiator *i);
/* A good end now, whatever is queued. */
void initiator_end(struct initiator *i);

#endif
