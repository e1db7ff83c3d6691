/* A TLS client alone: the handshake that a probe is measured against. */
#ifndef BENCH_BARE_H
#define BENCH_BARE_H

#include <gnutls/gnutls.h>

#include <s2sprobe.h>

struct tls_store;

struct bare {
    struct tls_store *store; /* the library's priorities */
    gnutls_certificate_credentials_t credentials;
};

void bare_make(struct bare *b);
void bare_free(struct bare *b);

/* Ready to shake hands, but for its transport. */
gnutls_session_t bare_session(const struct bare *b);

/*
 * The library's TLS without a chain in its evidence, so that a probe that
 * accepts the untrusted costs no verification. One at a time.
 */
s2s_tls bare_provider(const struct bare *b);

#endif
