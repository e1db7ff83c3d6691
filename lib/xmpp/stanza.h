/* Stanzas (RFC 6120, 8) and the ping among them (XEP-0199). */
#ifndef XMPP_STANZA_H
#define XMPP_STANZA_H

#include "base/buf.h"
#include "base/domain.h"
#include "xml/tree.h"

enum stanza_kind {
    STANZA_NONE, /* another element */
    STANZA_IQ,
    STANZA_MESSAGE,
    STANZA_PRESENCE
};

/* By name, in jabber:server. */
enum stanza_kind stanza_kind(const tree_node *n);

/* Whether the domain part of a JID (RFC 7622, 3.1: behind the first '@' that
 * is before the first '/') is `domain`. False for NULL and for no JID. */
bool stanza_domain_is(const char *jid, const struct domain *domain);

/* The domain part of a JID as written; false for NULL and for no JID. */
bool stanza_domain(const char *jid, char out[DOMAIN_UNICODE_MAX]);

/* Whether from is of `from` and to is of `to`; both are required between
 * servers (RFC 6120, 8.1.1.2 and 8.1.2.2). */
bool stanza_is_between(const tree_node *n, const struct domain *from,
                       const struct domain *to);

/* Append a ping request, from and to bare domains. Errors of write.h. */
int stanza_write_ping(struct buf *out, const char *from, const char *to,
                      const char *id);

/*
 * Append our answer to a stanza: an empty result to a ping request; the error
 * service-unavailable to any other IQ request (RFC 6120, 8.2.3 item 3) and to
 * a message that is no error; nothing to the rest, nor when from or to is
 * missing, or the id of an IQ (RFC 6120, 8.1.3). from and to are swapped as
 * written. Errors of write.h.
 */
int stanza_write_answer(struct buf *out, const tree_node *request);

enum stanza_answer {
    STANZA_NO_ANSWER, /* not the answer to this request */
    STANZA_RESULT, /* children and all: XEP-0199, 4.3 wants none, some send */
    STANZA_UNSUPPORTED, /* service-unavailable or feature-not-implemented: a
                           living server (XEP-0199, 4.3) */
    STANZA_ERROR        /* any other error */
};

/*
 * What `n` answers to an IQ request from domain `from` to domain `to` with
 * this id: an iq from exactly `to` to exactly `from`, bare, the id equal.
 * *condition is the error's condition, or NULL; of the element.
 */
enum stanza_answer stanza_read_answer(const tree_node *n,
                                      const struct domain *from,
                                      const struct domain *to, const char *id,
                                      const char **condition);

/* The condition (RFC 6120, 8.3.3) in the <error/> of an element, or NULL. */
const char *stanza_error_condition(const tree_node *n);

/* Append an <error/> with this condition and its type. One that is unknown,
 * or NULL, is written as undefined-condition. Errors of write.h. */
int stanza_write_error(struct buf *out, const char *condition);

#endif
