/* Paths so plain that nothing of them but its signature hangs on the leaf. */
#ifndef NET_CERTIFICATE_PLAIN_H
#define NET_CERTIFICATE_PLAIN_H

#include <stdbool.h>
#include <stddef.h>

#include "net/certificate_chain.h"

#define CERTIFICATE_DIGEST 32 /* SHA-256 */

/* What has to be known of all authorities of a list; {.unusable = false} until
 * then. */
struct certificate_authorities {
    bool unusable; /* not in memory; or we are short of it */
    unsigned char (*names)[CERTIFICATE_DIGEST];
    size_t count;
};

/*
 * The authority of a path, which has one and no fault, or NULL when the path is
 * not plain:
 *
 *  - no certificate above the leaf demands anything of those below it, but for
 *    the length of the path;
 *  - none is self-issued, and neither they nor the leaf have the name of an
 *    authority, so GnuTLS cuts nothing off and verifies all of it;
 *  - its authority is the only one of that name.
 *
 * The certificate is the list's and lives as long. One thread at a time; the
 * first call reads all authorities, some 10 ms for a system's.
 */
struct gnutls_x509_crt_int *certificate_plain_anchor(
    struct certificate_authorities *a, struct gnutls_x509_trust_list_st *trust,
    const struct certificate_path *path);
void certificate_plain_free(struct certificate_authorities *a);

#endif
