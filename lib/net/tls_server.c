#include "net/tls_server.h"

#include <gnutls/gnutls.h>
#include <string.h>

#include "base/error.h"

/* What the client asks for (RFC 6066, 3), as A-labels. What is no domain
 * counts as nothing: there is no certificate for it. GnuTLS gives U-labels. */
static int read_name(struct tls_session *s)
{
    char name[DOMAIN_UNICODE_MAX];
    size_t length = sizeof(name) - 1;
    unsigned type = 0;
    int rc = gnutls_server_name_get(s->gnutls, name, &length, &type, 0);
    if (rc != 0 || type != GNUTLS_NAME_DNS || length >= sizeof(name) ||
        memchr(name, '\0', length) != NULL)
        return S2S_OK;
    name[length] = '\0';
    int e = domain_parse(name, &s->asked);
    return e == S2S_ENO_MEMORY ? e : S2S_OK;
}

static int use(struct tls_session *s, const char *certificate, const char *key)
{
    struct tls_credentials *c;
    if (certificate == NULL || key == NULL)
        return S2S_EPOLICY;
    int e = tls_store_take(s->store, certificate, key, &c);
    if (e != S2S_OK)
        return e;
    if (gnutls_credentials_set(s->gnutls, GNUTLS_CRD_CERTIFICATE, c->gnutls) !=
        0) {
        tls_store_give(c);
        return S2S_ENO_MEMORY;
    }
    tls_store_give(s->credentials);
    s->credentials = c;
    return S2S_OK;
}

static int choose(struct tls_session *s)
{
    const char *certificate = NULL;
    const char *key = NULL;
    int e = read_name(s);
    if (e != S2S_OK || s->choose == NULL)
        return e;
    e = s->choose(s->chooser, s->asked != NULL ? s->asked->ascii : NULL,
                  &certificate, &key);
    return e != S2S_OK ? e : use(s, certificate, key);
}

/* A client may be asked to say hello twice (RFC 8446, 4.1.4). */
static int on_client_hello(gnutls_session_t session)
{
    struct tls_session *s = gnutls_session_get_ptr(session);
    if (s->chosen)
        return 0;
    s->chosen = true;
    int e = choose(s);
    if (e == S2S_OK)
        return 0;
    bool absurd = e > 0 || e == S2S_WANT_READ || e == S2S_WANT_WRITE;
    s->refusal = absurd ? S2S_EINTERNAL : e;
    return e == S2S_ENO_MEMORY ? GNUTLS_E_MEMORY_ERROR
                               : GNUTLS_E_UNRECOGNIZED_NAME;
}

int tls_server_prepare(struct tls_session *s)
{
    if (s->choose == NULL && !s->credentials->usable)
        return S2S_EPOLICY;
    gnutls_certificate_server_set_request(s->gnutls, GNUTLS_CERT_REQUEST);
    gnutls_handshake_set_post_client_hello_function(s->gnutls, on_client_hello);
    return S2S_OK;
}

void tls_server_info(const struct tls_session *s, s2s_tls_info *info)
{
    info->client_certificate_requested = 1;
    info->client_certificate_sent = info->chain_length > 0;
    info->server_name = s->asked != NULL ? s->asked->ascii : NULL;
}
