/* The certificates that a peer sent, and whether they lead to an authority. */
#ifndef NET_CERTIFICATE_CHAIN_H
#define NET_CERTIFICATE_CHAIN_H

#include <s2sprobe.h>
#include <stdbool.h>

#define CERTIFICATE_CHAIN_MAX 16 /* more are not looked at */

struct gnutls_x509_crt_int;
struct gnutls_x509_trust_list_st;
struct certificate_issuers;
struct certificate_issuer;

/* What could be read of it, leaf first. Certificates of more than 64 KiB, and
 * those whose keys would cost too much to compute with, count as unreadable. */
struct certificate_chain {
    struct gnutls_x509_crt_int *crts[CERTIFICATE_CHAIN_MAX];
    unsigned count; /* 0: not even the leaf */
};

/* The leaf alone, or also the rest, once there is a leaf. S2S_OK or
 * S2S_ENO_MEMORY; the chain is to be freed either way. */
int certificate_chain_read_leaf(const s2s_tls_info *info,
                                struct certificate_chain *out);
int certificate_chain_read_rest(const s2s_tls_info *info,
                                struct certificate_chain *c);
void certificate_chain_free(struct certificate_chain *c);

/* How a chain fares. */
struct certificate_path {
    /* From the leaf up to the certificate that an authority of ours signed,
     * or as far as they go. */
    struct gnutls_x509_crt_int *crts[CERTIFICATE_CHAIN_MAX];
    unsigned count;
    struct gnutls_x509_crt_int *anchor; /* that authority, or NULL; owned */
    unsigned status; /* GNUTLS_CERT_*, times aside; 0 is good */
    /* With an issuer that was known all but the leaf is lent by these. */
    struct certificate_issuers *issuers;
    struct certificate_issuer *issuer;
};

/*
 * Find the path to an authority and verify just that, times aside: signatures,
 * key sizes, constraints. GnuTLS knows one clock for the whole process, so
 * times are the caller's to check, on the path.
 *
 * A path whose intermediates are all within their time comes first; only when
 * it leads nowhere do the others count. So an expired certificate that the
 * peer sends along does no harm, and one that is needed does. S2S_OK with a
 * path, to be given back before the chain is freed, or S2S_ENO_MEMORY.
 */
int certificate_chain_verify(const struct certificate_chain *chain,
                             struct gnutls_x509_trust_list_st *trust,
                             int64_t now, struct certificate_path *out);

/* Whether nothing is wrong with a certificate when this issuer is all that is
 * trusted; times aside. */
bool certificate_chain_signed(struct gnutls_x509_crt_int *leaf,
                              struct gnutls_x509_crt_int *issuer);

/*
 * Whether an authority of the path is constrained to certain dNSNames (RFC
 * 5280, 4.2.1.10). Such a constraint says nothing of names in other forms, and
 * GnuTLS lets them pass: they must not vouch for what the dNSName could not.
 */
bool certificate_chain_dns_only(const struct certificate_path *path);

/* Whether an authority by this name is within its time: the path's own, or
 * another that could stand in for it. */
bool certificate_chain_anchor_valid(const struct certificate_path *path,
                                    struct gnutls_x509_trust_list_st *trust,
                                    int64_t now);

#endif
