/*
 * Issuers whose way to an authority was verified, so that the next certificate
 * of the same issuer needs one signature verified instead of all.
 *
 * GnuTLS finds issuers by a certificate's issuer name and authority key
 * identifier. So for certificates that agree in both, and came with the same
 * further certificates, the path from the issuer upwards is the same, and so is
 * what is to be said of it, times aside. These are the key here, byte by byte.
 * Only good paths enter, only good certificates are let through, and everything
 * else is verified in full: what is found here is what would be found there.
 */
#ifndef NET_CERTIFICATE_ISSUERS_H
#define NET_CERTIFICATE_ISSUERS_H

#include <s2sprobe.h>
#include <stdbool.h>

#include "net/certificate_chain.h"

struct certificate_issuers; /* may be used by several threads at once */
struct certificate_issuer;  /* one, lent */

/* What it costs to begin, with a system's authorities, ten chains save. */
#define CERTIFICATE_ISSUERS_AFTER 16

/* The first `after` good chains are not learnt from. NULL without memory. */
struct certificate_issuers *certificate_issuers_new(unsigned after);
void certificate_issuers_free(struct certificate_issuers *c); /* or NULL */

/* Whether the issuer of the leaf is known, its signature is good, and so are
 * the times of what came with it. Then `out` is the path, without a fault. */
bool certificate_issuers_find(struct certificate_issuers *c,
                              const s2s_tls_info *info,
                              struct gnutls_x509_crt_int *leaf, int64_t now,
                              struct certificate_path *out);

/* What was verified in full: `chain` as read of `info`, and its path. */
void certificate_issuers_learn(struct certificate_issuers *c,
                               struct gnutls_x509_trust_list_st *trust,
                               const s2s_tls_info *info,
                               const struct certificate_chain *chain,
                               const struct certificate_path *path,
                               int64_t now);

/* The end of a path, found here or verified. */
void certificate_issuers_give(struct certificate_path *path);

#endif
