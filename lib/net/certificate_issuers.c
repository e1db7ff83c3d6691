#include "net/certificate_issuers.h"

#include <gnutls/crypto.h>
#include <gnutls/gnutls.h>
#include <gnutls/x509.h>
#include <pthread.h>
#include <stdlib.h>
#include <string.h>
#include <sys/queue.h>

#include "net/certificate_facts.h"
#include "net/certificate_plain.h"

#define KEPT_MAX             256u
#define CHAIN_MAX            4u /* longer ones are not worth it */
#define AUTHORITY_KEY_ID_OID "2.5.29.35"

/* Unchanged once it is in the list. */
struct certificate_issuer {
    TAILQ_ENTRY(certificate_issuer) link;
    unsigned users; /* the list is one */
    unsigned char key[CERTIFICATE_DIGEST];
    gnutls_x509_crt_t crts[CHAIN_MAX - 1]; /* the path above the leaf */
    unsigned count;
    gnutls_x509_crt_t anchor; /* the trust list's */
    int64_t begin, end;       /* the time of all that came with the leaf */
};

/* Locks of pthread, not of C11: ThreadSanitizer does not see the latter. */
struct certificate_issuers {
    pthread_mutex_t lock; /* of list and users, held for moments */
    TAILQ_HEAD(issuer_list, certificate_issuer) list; /* latest use first */
    unsigned count;

    pthread_mutex_t learning; /* of the rest; held while one is verified */
    unsigned seen, after;
    struct certificate_authorities authorities;
};

/* ---- Keys -------------------------------------------------------------- */

/* With its length, so that borders count. */
static bool add(gnutls_hash_hd_t hash, const void *bytes, size_t size)
{
    return gnutls_hash(hash, &size, sizeof(size)) == 0 &&
           (size == 0 || gnutls_hash(hash, bytes, size) == 0);
}

static bool add_issuer_name(gnutls_hash_hd_t hash, gnutls_x509_crt_t leaf)
{
    gnutls_datum_t name = {NULL, 0};
    if (gnutls_x509_crt_get_raw_issuer_dn(leaf, &name) != 0)
        return false;
    bool ok = add(hash, name.data, name.size);
    gnutls_free(name.data);
    return ok;
}

static bool add_key_id(gnutls_hash_hd_t hash, gnutls_x509_crt_t leaf)
{
    gnutls_datum_t id = {NULL, 0};
    int rc = gnutls_x509_crt_get_extension_by_oid2(leaf, AUTHORITY_KEY_ID_OID,
                                                   0, &id, NULL);
    if (rc != 0 && rc != GNUTLS_E_REQUESTED_DATA_NOT_AVAILABLE)
        return false;
    bool ok = add(hash, id.data, id.size);
    gnutls_free(id.data);
    return ok;
}

static bool make_key(const s2s_tls_info *info, gnutls_x509_crt_t leaf,
                     unsigned char key[CERTIFICATE_DIGEST])
{
    gnutls_hash_hd_t hash;
    if (gnutls_hash_init(&hash, GNUTLS_DIG_SHA256) != 0)
        return false;
    bool ok = add_issuer_name(hash, leaf) && add_key_id(hash, leaf);
    for (size_t i = 1; i < info->chain_length && ok; i++)
        ok = add(hash, info->chain[i], info->chain_sizes[i]);
    gnutls_hash_deinit(hash, key);
    return ok;
}

/* A certificate is its own issuer to GnuTLS, whatever it says. */
static bool repeats_leaf(const s2s_tls_info *info)
{
    for (size_t i = 1; i < info->chain_length; i++)
        if (info->chain_sizes[i] == info->chain_sizes[0] &&
            memcmp(info->chain[i], info->chain[0], info->chain_sizes[0]) == 0)
            return true;
    return false;
}

static bool is_suitable(const s2s_tls_info *info)
{
    return info->chain_length >= 2 && info->chain_length <= CHAIN_MAX &&
           !repeats_leaf(info);
}

/* ---- Finding ----------------------------------------------------------- */

static void free_issuer(struct certificate_issuer *i)
{
    for (unsigned k = 0; k < i->count; k++)
        gnutls_x509_crt_deinit(i->crts[k]);
    free(i);
}

static struct certificate_issuer *look_up(
    const struct certificate_issuers *c,
    const unsigned char key[CERTIFICATE_DIGEST])
{
    struct certificate_issuer *i;
    TAILQ_FOREACH(i, &c->list, link)
    {
        if (memcmp(i->key, key, CERTIFICATE_DIGEST) == 0)
            return i;
    }
    return NULL;
}

static struct certificate_issuer *lend(
    struct certificate_issuers *c, const unsigned char key[CERTIFICATE_DIGEST])
{
    (void)pthread_mutex_lock(&c->lock);
    struct certificate_issuer *i = look_up(c, key);
    if (i != NULL) {
        i->users++;
        TAILQ_REMOVE(&c->list, i, link);
        TAILQ_INSERT_HEAD(&c->list, i, link);
    }
    (void)pthread_mutex_unlock(&c->lock);
    return i;
}

static void give(struct certificate_issuers *c, struct certificate_issuer *i)
{
    (void)pthread_mutex_lock(&c->lock);
    bool last = --i->users == 0;
    (void)pthread_mutex_unlock(&c->lock);
    if (last)
        free_issuer(i);
}

void certificate_issuers_give(struct certificate_path *path)
{
    if (path->issuer != NULL)
        give(path->issuers, path->issuer);
    else if (path->anchor != NULL)
        gnutls_x509_crt_deinit(path->anchor);
}

static bool is_empty(struct certificate_issuers *c)
{
    (void)pthread_mutex_lock(&c->lock);
    bool empty = c->count == 0;
    (void)pthread_mutex_unlock(&c->lock);
    return empty;
}

bool certificate_issuers_find(struct certificate_issuers *c,
                              const s2s_tls_info *info,
                              struct gnutls_x509_crt_int *leaf, int64_t now,
                              struct certificate_path *out)
{
    unsigned char key[CERTIFICATE_DIGEST];
    if (is_empty(c) || !is_suitable(info) || !make_key(info, leaf, key))
        return false;
    struct certificate_issuer *i = lend(c, key);
    if (i == NULL)
        return false;
    if (now < i->begin || now > i->end ||
        !certificate_chain_signed(leaf, i->crts[0])) {
        give(c, i);
        return false;
    }
    *out = (struct certificate_path){.crts = {leaf},
                                     .count = i->count + 1,
                                     .anchor = i->anchor,
                                     .issuers = c,
                                     .issuer = i};
    memcpy(out->crts + 1, i->crts, i->count * sizeof(i->crts[0]));
    return true;
}

/* ---- Learning ---------------------------------------------------------- */

static gnutls_x509_crt_t copy(gnutls_x509_crt_t crt)
{
    gnutls_datum_t der = {NULL, 0};
    gnutls_x509_crt_t out = NULL;
    if (gnutls_x509_crt_export2(crt, GNUTLS_X509_FMT_DER, &der) != 0)
        return NULL;
    if (gnutls_x509_crt_init(&out) != 0)
        out = NULL;
    else if (gnutls_x509_crt_import(out, &der, GNUTLS_X509_FMT_DER) != 0) {
        gnutls_x509_crt_deinit(out);
        out = NULL;
    }
    gnutls_free(der.data);
    return out;
}

static bool copy_path(struct certificate_issuer *i,
                      const struct certificate_path *path)
{
    while (i->count + 1 < path->count) {
        i->crts[i->count] = copy(path->crts[i->count + 1]);
        if (i->crts[i->count] == NULL)
            return false;
        i->count++;
    }
    return true;
}

static void note_times(struct certificate_issuer *i,
                       const struct certificate_chain *chain)
{
    i->begin = INT64_MIN;
    i->end = INT64_MAX;
    for (unsigned k = 1; k < chain->count; k++) {
        int64_t begin =
            (int64_t)gnutls_x509_crt_get_activation_time(chain->crts[k]);
        int64_t end =
            (int64_t)gnutls_x509_crt_get_expiration_time(chain->crts[k]);
        i->begin = begin > i->begin ? begin : i->begin;
        i->end = end < i->end ? end : i->end;
    }
}

static void keep(struct certificate_issuers *c, struct certificate_issuer *i)
{
    struct certificate_issuer *old = NULL;
    (void)pthread_mutex_lock(&c->lock);
    if (c->count == KEPT_MAX) {
        old = TAILQ_LAST(&c->list, issuer_list);
        TAILQ_REMOVE(&c->list, old, link);
        c->count--;
    }
    TAILQ_INSERT_HEAD(&c->list, i, link);
    c->count++;
    (void)pthread_mutex_unlock(&c->lock);
    if (old != NULL)
        give(c, old);
}

static bool is_known(struct certificate_issuers *c,
                     const unsigned char key[CERTIFICATE_DIGEST])
{
    struct certificate_issuer *i = lend(c, key);
    if (i != NULL)
        give(c, i);
    return i != NULL;
}

/* NULL also without memory. */
static struct certificate_issuer *new_issuer(
    const unsigned char key[CERTIFICATE_DIGEST], gnutls_x509_crt_t anchor,
    const struct certificate_chain *chain, const struct certificate_path *path)
{
    struct certificate_issuer *i = calloc(1, sizeof(*i));
    if (i == NULL)
        return NULL;
    i->users = 1;
    i->anchor = anchor;
    memcpy(i->key, key, CERTIFICATE_DIGEST);
    note_times(i, chain);
    if (copy_path(i, path))
        return i;
    free_issuer(i);
    return NULL;
}

static void learn(struct certificate_issuers *c, gnutls_x509_trust_list_t trust,
                  const s2s_tls_info *info,
                  const struct certificate_chain *chain,
                  const struct certificate_path *path)
{
    unsigned char key[CERTIFICATE_DIGEST];
    if (!make_key(info, path->crts[0], key) || is_known(c, key))
        return;
    gnutls_x509_crt_t anchor =
        certificate_plain_anchor(&c->authorities, trust, path);
    if (anchor == NULL ||
        !certificate_chain_signed(path->crts[0], path->crts[1]))
        return;
    struct certificate_issuer *i = new_issuer(key, anchor, chain, path);
    if (i != NULL)
        keep(c, i);
}

static bool are_valid(const struct certificate_chain *chain, int64_t now)
{
    for (unsigned i = 1; i < chain->count; i++)
        if (certificate_facts_time(chain->crts[i], now) != 0)
            return false;
    return true;
}

void certificate_issuers_learn(struct certificate_issuers *c,
                               struct gnutls_x509_trust_list_st *trust,
                               const s2s_tls_info *info,
                               const struct certificate_chain *chain,
                               const struct certificate_path *path, int64_t now)
{
    if (path->status != 0 || path->anchor == NULL || !is_suitable(info) ||
        chain->count != info->chain_length || !are_valid(chain, now) ||
        pthread_mutex_trylock(&c->learning) != 0)
        return; /* the last: another thread learns, and more chains will come */
    if (c->seen < c->after)
        c->seen++;
    else
        learn(c, trust, info, chain, path);
    (void)pthread_mutex_unlock(&c->learning);
}

/* ---- Life -------------------------------------------------------------- */

struct certificate_issuers *certificate_issuers_new(unsigned after)
{
    struct certificate_issuers *c = calloc(1, sizeof(*c));
    if (c == NULL)
        return NULL;
    TAILQ_INIT(&c->list);
    c->after = after;
    (void)pthread_mutex_init(&c->lock, NULL); /* always succeeds on Linux */
    (void)pthread_mutex_init(&c->learning, NULL);
    return c;
}

void certificate_issuers_free(struct certificate_issuers *c)
{
    struct certificate_issuer *i;
    if (c == NULL)
        return;
    while ((i = TAILQ_FIRST(&c->list)) != NULL) {
        TAILQ_REMOVE(&c->list, i, link);
        free_issuer(i);
    }
    (void)pthread_mutex_destroy(&c->lock);
    (void)pthread_mutex_destroy(&c->learning);
    certificate_plain_free(&c->authorities);
    free(c);
}
