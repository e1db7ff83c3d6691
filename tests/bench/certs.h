/* A chain of three P-256 certificates for BENCH_DOMAIN, made at start. */
#ifndef BENCH_CERTS_H
#define BENCH_CERTS_H

#include <gnutls/gnutls.h>

struct certs {
    gnutls_certificate_credentials_t server; /* sends leaf and intermediate */
    int ca_fd;                               /* the root, PEM; inherited */
    char ca_file[32];                        /* a name for it */
};

void certs_make(struct certs *c);
void certs_free(struct certs *c);

#endif
