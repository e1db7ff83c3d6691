/* A GnuTLS server for tests that does what GnuTLS would not. */
#ifndef TESTS_UNIT_NET_OVERRIDE_H
#define TESTS_UNIT_NET_OVERRIDE_H

#include <gnutls/gnutls.h>
#include <stdint.h>
#include <string.h>

#include "pki.h"

#define OVERRIDE_OURS  "xmpp-server"
#define OVERRIDE_OTHER "http/1.1abc" /* of the same length */
#define OVERRIDE_CURVES                                                        \
    "NORMAL:-VERS-ALL:+VERS-TLS1.2:-GROUP-ALL:+GROUP-SECP256R1"

/* Before a message is hashed and sent. */
static inline int override_rename(gnutls_session_t s, unsigned type,
                                  unsigned when, unsigned incoming,
                                  const gnutls_datum_t *message)
{
    const size_t length = strlen(OVERRIDE_OURS);
    unsigned char *at = message->data;
    (void)s;
    (void)when;
    if (incoming != 0 || (type != GNUTLS_HANDSHAKE_SERVER_HELLO &&
                          type != GNUTLS_HANDSHAKE_ENCRYPTED_EXTENSIONS))
        return 0;
    for (size_t i = 0; i + length <= message->size; i++)
        if (memcmp(at + i, OVERRIDE_OURS, length) == 0)
            memcpy(at + i, OVERRIDE_OTHER, length);
    return 0;
}

/* The server selects another protocol than it was offered. */
static inline void override_alpn(gnutls_session_t s)
{
    gnutls_datum_t name = {(unsigned char *)(uintptr_t)OVERRIDE_OURS,
                           (unsigned)strlen(OVERRIDE_OURS)};
    pki_must(gnutls_alpn_set_protocols(s, &name, 1, 0));
    gnutls_handshake_set_hook_function(s, GNUTLS_HANDSHAKE_ANY, GNUTLS_HOOK_PRE,
                                       override_rename);
}

/*
 * DHE with a group of the server's own, to be freed behind `c`: an odd number,
 * since nobody checks that it is prime. GnuTLS takes a standard one where it
 * can (RFC 7919, 4), so both sides have OVERRIDE_CURVES only.
 */
static inline void override_group(gnutls_session_t client,
                                  gnutls_certificate_credentials_t c,
                                  unsigned bits, gnutls_dh_params_t *group)
{
    static unsigned char prime[256];
    static unsigned char two = 2;
    const gnutls_datum_t p = {prime, bits / 8};
    const gnutls_datum_t g = {&two, 1};
    if (p.size > sizeof(prime))
        abort();
    memset(prime, 0xa7, sizeof(prime));
    pki_must(gnutls_dh_params_init(group));
    pki_must(gnutls_dh_params_import_raw2(*group, &p, &g, 256));
    gnutls_certificate_set_dh_params(c, *group);
    pki_must(gnutls_priority_set_direct(client, OVERRIDE_CURVES, NULL));
}

#endif
