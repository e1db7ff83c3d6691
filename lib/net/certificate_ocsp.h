/* The status that a server staples to its certificate (RFC 6960). */
#ifndef NET_CERTIFICATE_OCSP_H
#define NET_CERTIFICATE_OCSP_H

#include <s2sprobe.h>

struct gnutls_x509_crt_int;

enum certificate_status {
    CERTIFICATE_STATUS_GOOD,
    CERTIFICATE_STATUS_REVOKED,
    /* The rest says nothing. */
    CERTIFICATE_STATUS_NONE,
    CERTIFICATE_STATUS_BROKEN,
    CERTIFICATE_STATUS_OTHER,   /* of another certificate */
    CERTIFICATE_STATUS_FORGED,  /* the signature does not verify */
    CERTIFICATE_STATUS_STALE,   /* of another time */
    CERTIFICATE_STATUS_UNKNOWN, /* the responder does not know */
    CERTIFICATE_STATUS_REFUSED  /* the responder gives none */
};

/*
 * Read the response in `info`, verify that `issuer` or a responder that it
 * appointed signed it, and look up `leaf`. `issuer` may be NULL: then it
 * cannot be verified. A revocation counts for ever, a good status until its
 * next update, or for a week when it does not say. *revoked gets the time.
 */
enum certificate_status certificate_ocsp_judge(
    const s2s_tls_info *info, struct gnutls_x509_crt_int *leaf,
    struct gnutls_x509_crt_int *issuer, int64_t now, int64_t *revoked);

/* What to say of a status that says nothing; "" for CERTIFICATE_STATUS_NONE. */
const char *certificate_ocsp_text(enum certificate_status status);

#endif
