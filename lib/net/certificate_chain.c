#include "net/certificate_chain.h"

#include <gnutls/gnutls.h>
#include <gnutls/x509.h>
#include <string.h>

#include "base/error.h"
#include "net/certificate_facts.h"
#include "net/der.h"

#define SIZE_MAX_DER 65536u

#define VERIFY_FLAGS                                                           \
    (GNUTLS_PROFILE_TO_VFLAGS(GNUTLS_PROFILE_MEDIUM) |                         \
     GNUTLS_VERIFY_DISABLE_TIME_CHECKS |                                       \
     GNUTLS_VERIFY_DISABLE_TRUSTED_TIME_CHECKS)

/* ---- Reading ----------------------------------------------------------- */

/* NULL when it cannot be used. */
static int read_one(const unsigned char *der, size_t size,
                    gnutls_x509_crt_t *out)
{
    gnutls_x509_crt_t crt;
    gnutls_datum_t datum = {(unsigned char *)(uintptr_t)der, (unsigned)size};
    *out = NULL;
    if (size > SIZE_MAX_DER)
        return S2S_OK;
    /* What cannot be found may be anything, and GnuTLS reads more than DER. */
    size_t key = der_certificate_key_size(der, size);
    if (key == 0 || key > DER_KEY_SIZE_MAX)
        return S2S_OK;
    if (gnutls_x509_crt_init(&crt) != 0)
        return S2S_ENO_MEMORY;
    int rc = gnutls_x509_crt_import(crt, &datum, GNUTLS_X509_FMT_DER);
    if (rc == 0)
        *out = crt;
    else
        gnutls_x509_crt_deinit(crt);
    return rc == GNUTLS_E_MEMORY_ERROR ? S2S_ENO_MEMORY : S2S_OK;
}

int certificate_chain_read_leaf(const s2s_tls_info *info,
                                struct certificate_chain *out)
{
    out->count = 0;
    if (info->chain_length == 0)
        return S2S_OK;
    int e = read_one(info->chain[0], info->chain_sizes[0], &out->crts[0]);
    out->count = out->crts[0] != NULL;
    return e;
}

int certificate_chain_read_rest(const s2s_tls_info *info,
                                struct certificate_chain *c)
{
    for (size_t i = 1; i < info->chain_length && i < CERTIFICATE_CHAIN_MAX;
         i++) {
        int e =
            read_one(info->chain[i], info->chain_sizes[i], &c->crts[c->count]);
        if (e != S2S_OK)
            return e;
        c->count += c->crts[c->count] != NULL;
    }
    return S2S_OK;
}

void certificate_chain_free(struct certificate_chain *c)
{
    for (unsigned i = 0; i < c->count; i++)
        gnutls_x509_crt_deinit(c->crts[i]);
    c->count = 0;
}

/* ---- The path ---------------------------------------------------------- */

/* A copy: threads share the list, and one that is a PKCS#11 token hands out
 * nothing else without being changed. */
static gnutls_x509_crt_t authority_of(gnutls_x509_trust_list_t trust,
                                      gnutls_x509_crt_t crt)
{
    gnutls_x509_crt_t authority = NULL;
    if (gnutls_x509_trust_list_get_issuer(trust, crt, &authority,
                                          GNUTLS_TL_GET_COPY) != 0)
        return NULL;
    return authority;
}

static bool has_authority(gnutls_x509_trust_list_t trust, gnutls_x509_crt_t crt)
{
    gnutls_x509_crt_t authority = authority_of(trust, crt);
    if (authority != NULL)
        gnutls_x509_crt_deinit(authority);
    return authority != NULL;
}

/* The next from `at` on, or the end, that signed this one by its name, and was
 * not passed already. */
static unsigned next_issuer(const struct certificate_chain *set,
                            gnutls_x509_crt_t crt, const bool *used,
                            unsigned at)
{
    while (at < set->count &&
           (used[at] || gnutls_x509_crt_check_issuer(crt, set->crts[at]) == 0))
        at++;
    return at;
}

/* Of several, rather one that an authority signed; asking for that takes long.
 * NULL when none was sent. */
static gnutls_x509_crt_t issuer_of(const struct certificate_chain *set,
                                   gnutls_x509_trust_list_t trust,
                                   gnutls_x509_crt_t crt, bool *used)
{
    unsigned found = next_issuer(set, crt, used, 0);
    if (found == set->count)
        return NULL;
    unsigned other = next_issuer(set, crt, used, found + 1);
    if (other < set->count && !has_authority(trust, set->crts[found])) {
        while (other < set->count && !has_authority(trust, set->crts[other]))
            other = next_issuer(set, crt, used, other + 1);
        if (other < set->count)
            found = other;
    }
    used[found] = true;
    return set->crts[found];
}

static void walk(const struct certificate_chain *set,
                 gnutls_x509_trust_list_t trust, struct certificate_path *path)
{
    bool used[CERTIFICATE_CHAIN_MAX] = {true};
    gnutls_x509_crt_t crt = set->crts[0];
    *path = (struct certificate_path){.count = 0};
    while (crt != NULL && path->anchor == NULL) {
        path->crts[path->count++] = crt;
        path->anchor = authority_of(trust, crt);
        if (path->anchor == NULL)
            crt = issuer_of(set, trust, crt, used);
    }
}

static int try_path(const struct certificate_chain *set,
                    gnutls_x509_trust_list_t trust,
                    struct certificate_path *path)
{
    walk(set, trust, path);
    struct certificate_path copy = *path; /* GnuTLS may sort it */
    int rc = gnutls_x509_trust_list_verify_crt2(trust, copy.crts, copy.count,
                                                NULL, 0, VERIFY_FLAGS,
                                                &path->status, NULL);
    if (rc == GNUTLS_E_MEMORY_ERROR) {
        if (path->anchor != NULL)
            gnutls_x509_crt_deinit(path->anchor);
        return S2S_ENO_MEMORY;
    }
    if (rc < 0)
        path->status = GNUTLS_CERT_INVALID;
    return S2S_OK;
}

/* The leaf, and what of the rest is within its time. */
static void select_valid(const struct certificate_chain *chain, int64_t now,
                         struct certificate_chain *out)
{
    out->count = 0;
    for (unsigned i = 0; i < chain->count; i++)
        if (i == 0 || certificate_facts_time(chain->crts[i], now) == 0)
            out->crts[out->count++] = chain->crts[i];
}

int certificate_chain_verify(const struct certificate_chain *chain,
                             struct gnutls_x509_trust_list_st *trust,
                             int64_t now, struct certificate_path *out)
{
    struct certificate_chain valid;
    struct certificate_path path, other;
    select_valid(chain, now, &valid);
    int e = try_path(&valid, trust, &path);
    if (e != S2S_OK)
        return e;
    if (path.anchor == NULL && valid.count < chain->count) {
        e = try_path(chain, trust, &other);
        if (e != S2S_OK)
            return e; /* `path` has no anchor to free */
        if (other.anchor != NULL)
            path = other;
    }
    *out = path;
    return S2S_OK;
}

bool certificate_chain_signed(struct gnutls_x509_crt_int *leaf,
                              struct gnutls_x509_crt_int *issuer)
{
    unsigned status = 0;
    return gnutls_x509_crt_verify(leaf, &issuer, 1, VERIFY_FLAGS, &status) ==
               0 &&
           status == 0;
}

static bool lists_dns(gnutls_x509_name_constraints_t constraints)
{
    int (*const lists[])(gnutls_x509_name_constraints_t, unsigned, unsigned *,
                         gnutls_datum_t *) = {
        gnutls_x509_name_constraints_get_permitted,
        gnutls_x509_name_constraints_get_excluded};
    for (size_t n = 0; n < sizeof(lists) / sizeof(lists[0]); n++) {
        unsigned type = 0;
        gnutls_datum_t name;
        for (unsigned i = 0; lists[n](constraints, i, &type, &name) == 0; i++)
            if (type == GNUTLS_SAN_DNSNAME)
                return true;
    }
    return false;
}

/* True also for what cannot be read. */
static bool is_constrained(gnutls_x509_crt_t crt)
{
    gnutls_x509_name_constraints_t constraints;
    unsigned critical = 0;
    if (gnutls_x509_name_constraints_init(&constraints) != 0)
        return true;
    int rc =
        gnutls_x509_crt_get_name_constraints(crt, constraints, 0, &critical);
    bool dns = rc == 0 ? lists_dns(constraints)
                       : rc != GNUTLS_E_REQUESTED_DATA_NOT_AVAILABLE;
    gnutls_x509_name_constraints_deinit(constraints);
    return dns;
}

bool certificate_chain_dns_only(const struct certificate_path *path)
{
    bool dns = path->anchor != NULL && is_constrained(path->anchor);
    for (unsigned i = 1; i < path->count && !dns; i++)
        dns = is_constrained(path->crts[i]);
    return dns;
}

bool certificate_chain_anchor_valid(const struct certificate_path *path,
                                    struct gnutls_x509_trust_list_st *trust,
                                    int64_t now)
{
    gnutls_x509_trust_list_iter_t i = NULL;
    gnutls_x509_crt_t crt = NULL;
    bool valid = certificate_facts_time(path->anchor, now) == 0;
    while (!valid && gnutls_x509_trust_list_iter_get_ca(trust, &i, &crt) == 0) {
        valid =
            certificate_facts_time(crt, now) == 0 &&
            gnutls_x509_crt_check_issuer(path->crts[path->count - 1], crt) != 0;
        gnutls_x509_crt_deinit(crt);
    }
    if (i != NULL)
        gnutls_x509_trust_list_iter_deinit(i);
    return valid;
}
