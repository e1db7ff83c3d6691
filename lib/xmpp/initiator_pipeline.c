/*
 * <starttls/> in one flight with the stream header. RFC 6120, 5.4, shows it
 * behind the features, and XEP-0305 wants to be told that the peer can take
 * it: one that cannot is not to blame for what it does.
 */
#include "xmpp/initiator_state.h"

#include <string.h>

/* Stream errors by which a peer rejects what it did not expect. The others
 * are about the name, the header, or the server itself. */
static bool is_about_input(const char *condition)
{
    static const char *const conditions[] = {
        "bad-format",          "invalid-xml",
        "not-authorized",      "not-well-formed",
        "policy-violation",    "undefined-condition",
        "unsupported-feature", "unsupported-stanza-type",
    };
    size_t k = 0;
    while (k < sizeof(conditions) / sizeof(conditions[0]) &&
           (condition == NULL || strcmp(condition, conditions[k]) != 0))
        k++;
    return k < sizeof(conditions) / sizeof(conditions[0]);
}

static bool has_features(const struct initiator *i)
{
    return i->stream != NULL && i->stream->features.received;
}

bool initiator_may_blame_pipelining(const struct initiator *i, int error)
{
    if (!i->pipelined || !i->header_sent)
        return false;
    switch (error) {
    case S2S_ECLOSED:
    case S2S_ETIMEOUT:
    case S2S_EFEATURES:
    case S2S_EPROTOCOL:
    case S2S_ETLS_REFUSED:
        return i->state < TLS;
    case S2S_ESTREAM_ERROR:
        return is_about_input(i->result->stream_error.condition);
    case S2S_ETLS_INJECTION: /* the features, behind <proceed/>? */
        return !has_features(i);
    default:
        return false;
    }
}

/* TLS makes good what is missing: nothing said in the clear counts. */
void initiator_on_early_proceed(struct initiator *i, const tree_node *n)
{
    if (i->pipelined)
        initiator_on_proceed(i, n);
    else
        initiator_on_unexpected(i, n);
}

void initiator_on_early_failure(struct initiator *i, const tree_node *n)
{
    if (i->pipelined)
        initiator_fail(i, S2S_ETLS_REFUSED,
                       "the peer answers <starttls/> with a failure, without "
                       "having sent features");
    else
        initiator_on_unexpected(i, n);
}
