/* Stream features (RFC 6120, 4.3.2): from an element to labels. */
#ifndef XMPP_FEATURES_H
#define XMPP_FEATURES_H

#include <stdbool.h>

#include "base/result.h"
#include "xml/tree.h"

struct features { /* what decisions are taken on */
    bool starttls;
    bool starttls_required;
    bool external;
    bool dialback;
    bool bidi;
    bool sm2, sm3; /* XEP-0198 */
    bool client; /* bind, session and the like: a client port */
};

/* Record every feature in `list` and say what is there. */
void features_read(const tree_node *element, s2s_result *result,
                   struct result_features *list, struct features *out);

#endif
