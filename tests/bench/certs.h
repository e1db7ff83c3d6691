/*
 * A chain of three P-256 certificates for BENCH_DOMAIN and the names one label
 * below it, and one of ours for BENCH_FROM, made at start.
 */
#ifndef BENCH_CERTS_H
#define BENCH_CERTS_H

#include <gnutls/gnutls.h>

/* A file without a name on disk, so that nothing is left behind. */
struct certs_file {
    int fd; /* inherited */
    char path[32];
};

struct certs {
    gnutls_certificate_credentials_t server; /* sends leaf and intermediate */
    gnutls_priority_t any, only_tls12;       /* a server's */
    struct certs_file ca;                    /* the root, PEM */
    struct certs_file own;                   /* of BENCH_FROM, with its key */
};

void certs_make(struct certs *c);
void certs_free(struct certs *c);

/* Copies for other programs: `directory`/ca.pem and own.pem. */
void certs_write(const struct certs *c, const char *directory);

#endif
