#include "bare.h"

#include <string.h>

#include "net/tls.h"

#include "bench.h"

/* As the library opens its sessions: lib/net/tls_session.c. */
#define FLAGS                                                                  \
    (GNUTLS_CLIENT | GNUTLS_NONBLOCK | GNUTLS_NO_SIGNAL | GNUTLS_NO_TICKETS |  \
     GNUTLS_KEY_SHARE_TOP2 | GNUTLS_FORCE_CLIENT_CERT)

void bare_make(struct bare *b)
{
    bench_must(tls_store_new(&b->store) == S2S_OK &&
                   gnutls_certificate_allocate_credentials(&b->credentials) ==
                       0,
               "no memory");
}

void bare_free(struct bare *b)
{
    gnutls_certificate_free_credentials(b->credentials);
    tls_store_free(b->store);
}

gnutls_session_t bare_session(const struct bare *b)
{
    gnutls_session_t session;
    bool ok =
        gnutls_init(&session, FLAGS) == 0 &&
        gnutls_priority_set(session, tls_store_priorities(b->store, 0)) == 0 &&
        gnutls_credentials_set(session, GNUTLS_CRD_CERTIFICATE,
                               b->credentials) == 0 &&
        gnutls_server_name_set(session, GNUTLS_NAME_DNS, BENCH_DOMAIN,
                               strlen(BENCH_DOMAIN)) == 0;
    bench_must(ok, "the bare client cannot begin TLS");
    return session;
}

static s2s_tls own; /* the provider's info() has no user */

static int info_without_chain(void *session, s2s_tls_info *info)
{
    int e = own.info(session, info);
    info->chain_length = 0;
    return e;
}

s2s_tls bare_provider(const struct bare *b)
{
    own = tls_provider(b->store);
    s2s_tls without = own;
    without.info = info_without_chain;
    return without;
}
