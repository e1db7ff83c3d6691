#include "net/certificate_plain.h"

#include <gnutls/crypto.h>
#include <gnutls/gnutls.h>
#include <gnutls/x509.h>
#include <stdlib.h>
#include <string.h>

#define CONSTRAINTS_OID  "2.5.29.30"
#define TLS_FEATURES_OID "1.3.6.1.5.5.7.1.24"

/* ---- Authorities ------------------------------------------------------- */

/* Of a name as GnuTLS compares names. */
static bool digest_name(gnutls_datum_t *raw,
                        unsigned char digest[CERTIFICATE_DIGEST])
{
    gnutls_datum_t text = {NULL, 0};
    bool shown = gnutls_x509_rdn_get2(raw, &text, 0) == 0;
    const gnutls_datum_t *name = shown ? &text : raw;
    int rc =
        gnutls_hash_fast(GNUTLS_DIG_SHA256, name->data, name->size, digest);
    gnutls_free(text.data);
    gnutls_free(raw->data);
    return rc == 0;
}

static bool digest_subject(gnutls_x509_crt_t crt,
                           unsigned char digest[CERTIFICATE_DIGEST])
{
    gnutls_datum_t raw = {NULL, 0};
    return gnutls_x509_crt_get_raw_dn(crt, &raw) == 0 &&
           digest_name(&raw, digest);
}

static bool digest_issuer(gnutls_x509_crt_t crt,
                          unsigned char digest[CERTIFICATE_DIGEST])
{
    gnutls_datum_t raw = {NULL, 0};
    return gnutls_x509_crt_get_raw_issuer_dn(crt, &raw) == 0 &&
           digest_name(&raw, digest);
}

static bool add_name(struct certificate_authorities *a, gnutls_x509_crt_t crt)
{
    size_t size = (a->count + 1) * sizeof(a->names[0]);
    void *names = realloc(a->names, size);
    if (names == NULL)
        return false;
    a->names = names;
    return digest_subject(crt, a->names[a->count++]);
}

/* GnuTLS makes a copy of each to show it; once is enough. */
static bool read_names(struct certificate_authorities *a,
                       gnutls_x509_trust_list_t trust)
{
    gnutls_x509_trust_list_iter_t i = NULL;
    gnutls_x509_crt_t crt = NULL;
    bool ok = true;
    int rc = 0;
    while (ok &&
           (rc = gnutls_x509_trust_list_iter_get_ca(trust, &i, &crt)) == 0) {
        ok = add_name(a, crt);
        gnutls_x509_crt_deinit(crt);
    }
    if (i != NULL)
        gnutls_x509_trust_list_iter_deinit(i);
    return ok && rc == GNUTLS_E_REQUESTED_DATA_NOT_AVAILABLE;
}

static unsigned count_names(const struct certificate_authorities *a,
                            const unsigned char name[CERTIFICATE_DIGEST])
{
    unsigned count = 0;
    for (size_t i = 0; i < a->count; i++)
        if (memcmp(a->names[i], name, CERTIFICATE_DIGEST) == 0)
            count++;
    return count;
}

/* The list's own, not a copy; NULL when the list is a PKCS#11 token, which
 * makes one each time, and may change. */
static gnutls_x509_crt_t own_authority(gnutls_x509_trust_list_t trust,
                                       gnutls_x509_crt_t crt)
{
    gnutls_x509_crt_t one = NULL, other = NULL;
    if (gnutls_x509_trust_list_get_issuer(trust, crt, &one, 0) != 0 ||
        gnutls_x509_trust_list_get_issuer(trust, crt, &other, 0) != 0)
        return NULL;
    return one == other ? one : NULL;
}

/* ---- Paths ------------------------------------------------------------- */

static bool has_extension(gnutls_x509_crt_t crt, const char *oid)
{
    gnutls_datum_t value = {NULL, 0};
    int rc = gnutls_x509_crt_get_extension_by_oid2(crt, oid, 0, &value, NULL);
    gnutls_free(value.data);
    return rc != GNUTLS_E_REQUESTED_DATA_NOT_AVAILABLE;
}

/* It demands something of what is below it, beyond the length of the path. */
static bool demands(gnutls_x509_crt_t crt)
{
    return has_extension(crt, CONSTRAINTS_OID) ||
           has_extension(crt, TLS_FEATURES_OID);
}

/* Nothing that is demanded above the leaf, and nothing that GnuTLS skips. */
static bool is_undemanding(const struct certificate_path *path)
{
    if (path->count < 2 || demands(path->anchor))
        return false;
    for (unsigned i = 1; i < path->count; i++)
        if (demands(path->crts[i]) ||
            gnutls_x509_crt_check_issuer(path->crts[i], path->crts[i]) != 0)
            return false;
    return true;
}

/* No other authority can stand in for this one, which GnuTLS would leave to the
 * clock; and nothing of the path goes by the name of an authority itself. */
static bool is_unambiguous(const struct certificate_authorities *a,
                           const struct certificate_path *path)
{
    unsigned char name[CERTIFICATE_DIGEST];
    if (!digest_issuer(path->crts[path->count - 1], name) ||
        count_names(a, name) != 1)
        return false;
    for (unsigned i = 0; i < path->count; i++)
        if (!digest_subject(path->crts[i], name) || count_names(a, name) != 0)
            return false;
    return true;
}

struct gnutls_x509_crt_int *certificate_plain_anchor(
    struct certificate_authorities *a, struct gnutls_x509_trust_list_st *trust,
    const struct certificate_path *path)
{
    if (a->unusable || !is_undemanding(path))
        return NULL;
    gnutls_x509_crt_t anchor =
        own_authority(trust, path->crts[path->count - 1]);
    if (anchor == NULL || (a->names == NULL && !read_names(a, trust)))
        a->unusable = true;
    return !a->unusable && is_unambiguous(a, path) ? anchor : NULL;
}

void certificate_plain_free(struct certificate_authorities *a)
{
    free(a->names);
}
