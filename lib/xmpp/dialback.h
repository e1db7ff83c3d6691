/*
 * Server Dialback (XEP-0220): keys, requests and answers.
 *
 * Attributes are as XMPP says them, so `from` and `to` of an answer are those
 * of its request the other way round. What is written has the literal prefix
 * db:, what is read may have any.
 */
#ifndef XMPP_DIALBACK_H
#define XMPP_DIALBACK_H

#include "base/buf.h"
#include "base/crypto.h"
#include "base/result.h"
#include "xml/tree.h"

enum dialback_kind {
    DIALBACK_RESULT, /* "am I ...?", and its answer */
    DIALBACK_VERIFY  /* "did you send this key?", and its answer */
};

enum dialback_answer {
    DIALBACK_OTHER, /* not an answer to this request */
    DIALBACK_VALID,
    DIALBACK_INVALID,
    DIALBACK_ERROR
};

/* "valid", "invalid" or "error"; NULL for DIALBACK_OTHER. */
const char *dialback_answer_name(enum dialback_answer answer);
/* The other way round; DIALBACK_OTHER for NULL and for anything else. */
enum dialback_answer dialback_answer_named(const char *name);

/*
 * The key for a stream (XEP-0185, 2): hex HMAC-SHA256, whose own key is the
 * hex text of SHA256(secret), of "RECEIVING ORIGINATING ID". S2S_OK,
 * S2S_ENO_MEMORY or S2S_EINTERNAL.
 */
int dialback_key(const char *secret, const char *receiving,
                 const char *originating, const char *id, char out[CRYPTO_HEX]);

/* Whether two keys are the same, in constant time. `theirs` may be NULL and
 * of any length. */
bool dialback_key_equal(const char ours[CRYPTO_HEX], const char *theirs);

/* Append a request. 0 or an error of write.h. A result request has no id. */
int dialback_write_result(struct buf *out, const char *from, const char *to,
                          const char *key);
int dialback_write_verify(struct buf *out, const char *from, const char *to,
                          const char *id, const char *key);

/* Append an answer. `id` goes with verify only; `condition` (a stanza error's
 * name, XEP-0220, 2.5) with DIALBACK_ERROR only. */
int dialback_write_answer(struct buf *out, enum dialback_kind kind,
                          const char *from, const char *to, const char *id,
                          enum dialback_answer answer, const char *condition);

struct dialback_request {
    enum dialback_kind kind;
    const char *from, *to, *id, *key; /* NULL: absent; of the element */
};

/* Whether an element is a request (it has no type: XEP-0220, 2.2). Keys with
 * an element inside are NULL. */
bool dialback_read_request(const tree_node *element,
                           struct dialback_request *out);

/*
 * What an element answers to the request with these values, which must be
 * matched exactly, from and to the other way round (XEP-0220, 2.2.2). `id` is
 * looked at for verify only. *condition is the local name of a dialback
 * error's condition, or NULL.
 */
enum dialback_answer dialback_read_answer(const tree_node *element,
                                          enum dialback_kind kind,
                                          const char *from, const char *to,
                                          const char *id,
                                          const char **condition);

#endif
