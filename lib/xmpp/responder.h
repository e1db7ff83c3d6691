/*
 * The incoming stream: the receiving side of one connection (RFC 6120, 4 to
 * 6; XEP-0220; XEP-0288; XEP-0198), without I/O, clock or threads. It takes
 * bytes and events, gives bytes and wishes (engine.h), and asks its house for
 * what it cannot know. What it sees goes into a struct inbound.
 *
 * Strangers cost little: limits on bytes and elements before anybody is
 * authenticated, one small tree, and nothing that they send has an effect on
 * anything but the answers they get.
 */
#ifndef XMPP_RESPONDER_H
#define XMPP_RESPONDER_H

#include <s2sprobe.h>

#include "base/domain.h"
#include "base/inbound.h"
#include "base/log.h"
#include "xml/tree.h"
#include "xmpp/dialback.h"
#include "xmpp/engine.h"

struct responder;

/* What the responder asks. None may free the responder. */
struct responder_house {
    void *user;

    /* The domain of ours that this names, or NULL. Lives as long as the
     * responder. */
    const struct domain *(*serves)(void *user, const char *to);

    /* Whether the certificate of this connection proves `from`; if not, *why
     * says so in words. Asked once TLS stands. */
    bool (*trusts)(void *user, const struct domain *from, const char **why);

    /*
     * Whether we sent this key to domain `from` (the asker) as `to` on the
     * stream with this id. VALID, INVALID, or ERROR when `to` is not ours.
     * Whatever is missing is NULL and makes it INVALID.
     */
    enum dialback_answer (*verify)(void *user,
                                   const struct dialback_request *request);

    /*
     * A peer says it is `from`, for our `to`, with `key` for our stream `id`:
     * ask the authoritative server of `from`, and tell responder_verdict().
     * S2S_OK, or an error: then the peer gets a dialback error.
     */
    int (*ask)(void *user, const struct domain *from, const struct domain *to,
               const char *id, const char *key);

    /* A stanza from a domain that has authenticated to one that we serve. The
     * house may call responder_send(). */
    void (*stanza)(void *user, const struct domain *from,
                   const struct domain *to, const tree_node *stanza,
                   struct tokenizer_span verbatim);
};

struct responder_config { /* must outlive the responder */
    const struct responder_house *house;
    const s2s_limits *limits;
    const struct log *log;
    bool direct;              /* TLS comes first: XEP-0368 */
    bool offer_tls;           /* we have a certificate */
    bool require_tls;         /* nothing but db:verify before it */
    bool request_certificate; /* EXTERNAL may be offered */
};

#define RESPONDER_DOMAINS 8u /* domain pairs authenticated on one stream */

/* S2S_OK, S2S_ENO_MEMORY or S2S_EINTERNAL. `seen` outlives the responder. */
int responder_new(const struct responder_config *config, struct inbound *seen,
                  struct responder **out);
void responder_free(struct responder *r);

/* `self` is a struct responder. */
extern const struct engine responder_engine;

/* The domain of ours that the peer's header names, for whose certificate
 * ENGINE_TLS asks; NULL: none was named. */
const struct domain *responder_local(const struct responder *r);

/* TLS stands. */
void responder_secured(struct responder *r);

/* The answer to house->ask(). VALID, INVALID or ERROR with a condition
 * ("remote-server-timeout", ...); the pair and id as asked. Unknown or late
 * ones have no effect. */
void responder_verdict(struct responder *r, const struct domain *from,
                       const struct domain *to, const char *id,
                       enum dialback_answer answer, const char *condition);

/* Whether stanzas may go from us to `to` on this stream (XEP-0288): bidi was
 * asked for, and the pair is authenticated. */
bool responder_can_send(const struct responder *r, const struct domain *from,
                        const struct domain *to);

/* Queue one stanza, already checked. S2S_OK, S2S_ENO_MEMORY, S2S_ELIMIT (too
 * much is queued), S2S_EPOLICY (cannot send). */
int responder_send(struct responder *r, const struct domain *from,
                   const struct domain *to, const void *bytes, size_t length);

/* End the stream from our side: with a stream error's condition, or NULL for
 * a plain end tag. */
void responder_close(struct responder *r, const char *condition,
                     const char *text);

/* Whether it holds on to a domain of ours that serves() gave. */
bool responder_refers(const struct responder *r, const struct domain *domain);

/* Whether any pair has been authenticated. */
bool responder_authenticated(const struct responder *r);

#endif
