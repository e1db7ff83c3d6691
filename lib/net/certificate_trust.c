#include "net/certificate_trust.h"

#include <gnutls/gnutls.h>
#include <gnutls/x509.h>
#include <pthread.h>
#include <stdatomic.h>
#include <stdlib.h>
#include <string.h>

#include "base/error.h"
#include "base/file.h"
#include "net/certificate_issuers.h"

/* A lock of pthread, not of C11: ThreadSanitizer does not see the latter. */
struct certificate_trust {
    atomic_uint holders;
    char *ca_file;
    pthread_mutex_t loading;
    _Atomic(gnutls_x509_trust_list_t) list; /* NULL until it is whole */
    struct certificate_issuers *issuers;
};

static void dispose(struct certificate_trust *t)
{
    certificate_issuers_free(t->issuers);
    free(t->ca_file);
    free(t);
}

int certificate_trust_new(const char *ca_file, struct certificate_trust **out)
{
    struct certificate_trust *t = calloc(1, sizeof(*t));
    if (t == NULL)
        return S2S_ENO_MEMORY;
    t->issuers = certificate_issuers_new(CERTIFICATE_ISSUERS_AFTER);
    if (ca_file != NULL)
        t->ca_file = strdup(ca_file);
    if (t->issuers == NULL || (ca_file != NULL && t->ca_file == NULL)) {
        dispose(t);
        return S2S_ENO_MEMORY;
    }
    atomic_init(&t->holders, 1);
    (void)pthread_mutex_init(&t->loading, NULL); /* always succeeds on Linux */
    *out = t;
    return S2S_OK;
}

struct certificate_trust *certificate_trust_share(struct certificate_trust *t)
{
    atomic_fetch_add(&t->holders, 1);
    return t;
}

void certificate_trust_free(struct certificate_trust *t)
{
    if (t == NULL || atomic_fetch_sub(&t->holders, 1) > 1)
        return;
    gnutls_x509_trust_list_deinit(t->list, 1); /* NULL is allowed */
    (void)pthread_mutex_destroy(&t->loading);
    dispose(t);
}

/* How many authorities were read, or an error of GnuTLS. */
static int fill(gnutls_x509_trust_list_t list, const char *ca_file)
{
    if (ca_file == NULL)
        return gnutls_x509_trust_list_add_system_trust(list, 0, 0);
    return gnutls_x509_trust_list_add_trust_file(list, ca_file, NULL,
                                                 GNUTLS_X509_FMT_PEM, 0, 0);
}

/* What it means that none were read: `n` as of fill(). */
static int none_error(int n, const char *ca_file)
{
    if (n == GNUTLS_E_MEMORY_ERROR)
        return S2S_ENO_MEMORY;
    if (file_starved())
        return S2S_EINTERNAL;
    return ca_file != NULL && n == GNUTLS_E_FILE_ERROR ? S2S_EINVALID_ARGUMENT
                                                       : S2S_EPOLICY;
}

static int load(struct certificate_trust *t)
{
    gnutls_x509_trust_list_t list;
    if (t->list != NULL)
        return S2S_OK;
    if (gnutls_x509_trust_list_init(&list, 0) != 0)
        return S2S_ENO_MEMORY;
    int n = fill(list, t->ca_file);
    if (n <= 0) {
        int e = none_error(n, t->ca_file);
        gnutls_x509_trust_list_deinit(list, 1);
        return e;
    }
    t->list = list;
    return S2S_OK;
}

int certificate_trust_load(struct certificate_trust *t)
{
    if (t->list != NULL)
        return S2S_OK;
    (void)pthread_mutex_lock(&t->loading);
    int e = load(t);
    (void)pthread_mutex_unlock(&t->loading);
    return e;
}

struct gnutls_x509_trust_list_st *certificate_trust_list(
    const struct certificate_trust *t)
{
    return t->list;
}

struct certificate_issuers *certificate_trust_issuers(
    const struct certificate_trust *t)
{
    return t->issuers;
}

int certificate_trust_learn(struct certificate_trust *t, unsigned after)
{
    struct certificate_issuers *issuers = certificate_issuers_new(after);
    if (issuers == NULL)
        return S2S_ENO_MEMORY;
    certificate_issuers_free(t->issuers);
    t->issuers = issuers;
    return S2S_OK;
}
