/* Stream features (RFC 6120, 4.3.2): from an element to labels, and ours. */
#ifndef XMPP_FEATURES_H
#define XMPP_FEATURES_H

#include <stdbool.h>

#include "base/buf.h"
#include "base/result.h"
#include "xml/tree.h"

struct features { /* what decisions are taken on */
    bool starttls;
    bool starttls_required;
    bool external;
    bool dialback;
    bool bidi;
    bool sm2, sm3; /* XEP-0198 */
    bool client;   /* bind, session and the like: a client port */
};

/* Record every feature in `list` and say what is there. */
void features_read(const tree_node *element, s2s_result *result,
                   struct result_features *list, struct features *out);

struct features_offer {
    bool starttls, starttls_required;
    bool external, dialback, bidi, sm;
};

/* Append our features, none as an empty element. Errors of buf_add(). */
int features_write(struct buf *out, const struct features_offer *offer);

#endif
