/* An authority made on the spot, and what peers show. */
#ifndef TESTS_PEER_TRUST_H
#define TESTS_PEER_TRUST_H

#include "peer.h"

#define TRUST_DOMAIN "them.example"
#define TRUST_OURS   "us.example"

enum trust_kind {
    TRUST_GOOD,
    TRUST_STRANGER, /* of an authority that nobody knows */
    TRUST_EXPIRED,
    TRUST_OTHER_NAME,
    TRUST_NOTHING, /* no certificate at all */
    TRUST_COUNT
};

void trust_init(void);
void trust_free(void);
const struct peer_chain *trust_chain(enum trust_kind kind);
/* Of a peer, for TLS in earnest. */
struct pki_party;
const struct pki_party *trust_leaf(enum trust_kind kind);
const char *trust_ca_file(void);
/* An identity for TRUST_OURS, NULL behind it; and its key as its file has it.
 */
const s2s_identity *const *trust_identities(void);
const char *trust_key(void);
/* Seconds since 1970: when the certificates were made. */
int64_t trust_now(void);

#endif
