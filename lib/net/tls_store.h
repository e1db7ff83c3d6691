/* What TLS sessions share: priorities and our own certificates. */
#ifndef NET_TLS_STORE_H
#define NET_TLS_STORE_H

#include <stdbool.h>

struct gnutls_priority_st;
struct gnutls_certificate_credentials_st;

/* Priorities and credentials. Sessions share them, in several threads if need
 * be: GnuTLS only reads them once they are made. Every holder of the store has
 * it from new or share, and frees it; then no session of its own may be left.
 */
struct tls_store;

/* S2S_OK, S2S_ENO_MEMORY or S2S_EINTERNAL. */
int tls_store_new(struct tls_store **out);
struct tls_store *tls_store_share(struct tls_store *s);
void tls_store_free(struct tls_store *s);

/* A client's, for S2S_TLS_ANY or one version. NULL without memory, or when
 * there is no such version. */
struct gnutls_priority_st *tls_store_priorities(struct tls_store *s,
                                                unsigned version);

/* A server's; made when they are first needed. NULL without memory. */
struct gnutls_priority_st *tls_store_server_priorities(struct tls_store *s);

/* A certificate of ours with its key; or neither. */
struct tls_credentials {
    struct tls_credentials *next;
    struct gnutls_certificate_credentials_st *gnutls;
    unsigned char digest[32];
    bool usable; /* they hold a certificate */
    bool kept;   /* by the store */
};

/*
 * The credentials for a PEM chain and key (both or neither NULL), made once
 * for each content. S2S_OK, S2S_ENO_MEMORY, S2S_EINTERNAL, or S2S_EPOLICY when
 * they cannot be used. To be given back.
 */
int tls_store_take(struct tls_store *s, const char *certificate,
                   const char *key, struct tls_credentials **out);
void tls_store_give(struct tls_credentials *c); /* NULL is allowed */

#endif
