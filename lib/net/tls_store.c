#include "net/tls_store.h"

#include <gnutls/crypto.h>
#include <gnutls/gnutls.h>
#include <pthread.h>
#include <stdatomic.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include <s2sprobe.h>

#include "base/error.h"

/*
 * X25519 and AES-128 are cheapest, and everywhere. What is weak but still
 * answers (static RSA, CBC) stays and comes last, so that it can be reported;
 * SHA-1 signatures do not, since nothing would tell of them afterwards. GnuTLS
 * ends a handshake over a certificate whose key usage forbids what it is used
 * for; only %COMPAT would change that, with worse beside it.
 */
#define COMMON                                                                 \
    "NORMAL:-VERS-ALL:+VERS-TLS1.3:+VERS-TLS1.2"                               \
    ":-CIPHER-ALL:+AES-128-GCM:+AES-256-GCM:+CHACHA20-POLY1305"                \
    ":+AES-128-CBC:+AES-256-CBC"                                               \
    ":-KX-ALL:+ECDHE-ECDSA:+ECDHE-RSA:+DHE-RSA"                                \
    ":-GROUP-ALL:+GROUP-X25519:+GROUP-SECP256R1:+GROUP-SECP384R1"              \
    ":+GROUP-SECP521R1:+GROUP-X448:+GROUP-FFDHE2048:+GROUP-FFDHE3072"          \
    ":-SIGN-RSA-SHA1:-SIGN-ECDSA-SHA1"
#define PRIORITIES COMMON ":+RSA"

/* Our own key is not lent to anybody's static RSA. */
#define SERVER_PRIORITIES COMMON ":%SERVER_PRECEDENCE"

#define KEPT_MAX 64u

/* A lock of pthread, not of C11: ThreadSanitizer does not see the latter. */
struct tls_store {
    atomic_uint holders;
    gnutls_priority_t priorities;
    pthread_mutex_t lock; /* of what follows, but held for moments only */
    gnutls_priority_t server;
    gnutls_priority_t only[2]; /* TLS 1.2, TLS 1.3 */
    struct tls_credentials *kept;
    size_t count;
};

int tls_store_new(struct tls_store **out)
{
    struct tls_store *s = calloc(1, sizeof(*s));
    if (s == NULL)
        return S2S_ENO_MEMORY;
    int rc = gnutls_priority_init(&s->priorities, PRIORITIES, NULL);
    if (rc != 0) {
        free(s);
        return rc == GNUTLS_E_MEMORY_ERROR ? S2S_ENO_MEMORY : S2S_EINTERNAL;
    }
    atomic_init(&s->holders, 1);
    (void)pthread_mutex_init(&s->lock, NULL); /* always succeeds on Linux */
    *out = s;
    return S2S_OK;
}

struct tls_store *tls_store_share(struct tls_store *s)
{
    atomic_fetch_add(&s->holders, 1);
    return s;
}

static gnutls_priority_t once(struct tls_store *s, gnutls_priority_t *made,
                              const char *text)
{
    (void)pthread_mutex_lock(&s->lock);
    if (*made == NULL && gnutls_priority_init(made, text, NULL) != 0)
        *made = NULL;
    gnutls_priority_t priorities = *made;
    (void)pthread_mutex_unlock(&s->lock);
    return priorities;
}

gnutls_priority_t tls_store_priorities(struct tls_store *s, unsigned version)
{
    switch (version) {
    case S2S_TLS_ANY:
        return s->priorities;
    case S2S_TLS_1_2:
        return once(s, &s->only[0], PRIORITIES ":-VERS-TLS1.3");
    case S2S_TLS_1_3:
        return once(s, &s->only[1], PRIORITIES ":-VERS-TLS1.2");
    default:
        return NULL;
    }
}

gnutls_priority_t tls_store_server_priorities(struct tls_store *s)
{
    return once(s, &s->server, SERVER_PRIORITIES);
}

static void free_credentials(struct tls_credentials *c)
{
    if (c->gnutls != NULL)
        gnutls_certificate_free_credentials(c->gnutls);
    free(c);
}

void tls_store_free(struct tls_store *s)
{
    if (s == NULL || atomic_fetch_sub(&s->holders, 1) > 1)
        return;
    while (s->kept != NULL) {
        struct tls_credentials *next = s->kept->next;
        free_credentials(s->kept);
        s->kept = next;
    }
    gnutls_priority_deinit(s->priorities);
    if (s->server != NULL)
        gnutls_priority_deinit(s->server);
    for (int i = 0; i < 2; i++)
        if (s->only[i] != NULL)
            gnutls_priority_deinit(s->only[i]);
    (void)pthread_mutex_destroy(&s->lock);
    free(s);
}

/* A digest, not a second copy of the key. */
static int digest_pair(const char *certificate, const char *key,
                       unsigned char digest[32])
{
    gnutls_hash_hd_t hash;
    if (gnutls_hash_init(&hash, GNUTLS_DIG_SHA256) != 0)
        return S2S_ENO_MEMORY;
    /* With the NULs, so that the border counts; nothing hashes as one NUL. */
    int rc = certificate != NULL
                 ? gnutls_hash(hash, certificate, strlen(certificate) + 1)
                 : 0;
    if (rc == 0 && key != NULL)
        rc = gnutls_hash(hash, key, strlen(key) + 1);
    gnutls_hash_deinit(hash, digest);
    return rc == 0 ? S2S_OK : S2S_EINTERNAL;
}

static gnutls_datum_t datum(const char *text)
{
    return (gnutls_datum_t){(unsigned char *)(uintptr_t)text,
                            (unsigned)strlen(text)};
}

static int load_pair(struct tls_credentials *c, const char *certificate,
                     const char *key)
{
    gnutls_datum_t chain = datum(certificate);
    gnutls_datum_t secret = datum(key);
    int rc = gnutls_certificate_set_x509_key_mem(c->gnutls, &chain, &secret,
                                                 GNUTLS_X509_FMT_PEM);
    if (rc == GNUTLS_E_MEMORY_ERROR)
        return S2S_ENO_MEMORY;
    return rc < 0 ? S2S_EPOLICY : S2S_OK;
}

static int new_credentials(const char *certificate, const char *key,
                           struct tls_credentials **out)
{
    struct tls_credentials *c = calloc(1, sizeof(*c));
    if (c == NULL)
        return S2S_ENO_MEMORY;
    int e = S2S_ENO_MEMORY;
    if (gnutls_certificate_allocate_credentials(&c->gnutls) != 0)
        c->gnutls = NULL;
    else
        e = certificate != NULL ? load_pair(c, certificate, key) : S2S_OK;
    c->usable = certificate != NULL;
    if (e == S2S_OK)
        *out = c;
    else
        free_credentials(c);
    return e;
}

static struct tls_credentials *find_locked(const struct tls_store *s,
                                           const unsigned char digest[32])
{
    struct tls_credentials *c = s->kept;
    while (c != NULL && memcmp(c->digest, digest, sizeof(c->digest)) != 0)
        c = c->next;
    return c;
}

static struct tls_credentials *find(struct tls_store *s,
                                    const unsigned char digest[32])
{
    (void)pthread_mutex_lock(&s->lock);
    struct tls_credentials *c = find_locked(s, digest);
    (void)pthread_mutex_unlock(&s->lock);
    return c;
}

/* Made without the lock, since that takes long: another thread may have been
 * faster. */
static struct tls_credentials *keep(struct tls_store *s,
                                    struct tls_credentials *made)
{
    (void)pthread_mutex_lock(&s->lock);
    struct tls_credentials *c = find_locked(s, made->digest);
    if (c == NULL && s->count < KEPT_MAX) {
        made->kept = true;
        made->next = s->kept;
        s->kept = made;
        s->count++;
    }
    (void)pthread_mutex_unlock(&s->lock);
    if (c == NULL)
        return made;
    free_credentials(made);
    return c;
}

int tls_store_take(struct tls_store *s, const char *certificate,
                   const char *key, struct tls_credentials **out)
{
    unsigned char digest[32];
    if ((certificate == NULL) != (key == NULL))
        return S2S_EPOLICY;
    int e = digest_pair(certificate, key, digest);
    if (e != S2S_OK)
        return e;
    struct tls_credentials *c = find(s, digest);
    if (c == NULL) {
        e = new_credentials(certificate, key, &c);
        if (e != S2S_OK)
            return e;
        memcpy(c->digest, digest, sizeof(digest));
        c = keep(s, c);
    }
    *out = c;
    return S2S_OK;
}

void tls_store_give(struct tls_credentials *c)
{
    if (c != NULL && !c->kept)
        free_credentials(c);
}
