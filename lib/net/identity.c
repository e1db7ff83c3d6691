#include "net/identity.h"

#include <gnutls/gnutls.h>
#include <gnutls/pkcs12.h>
#include <gnutls/x509.h>
#include <stdbool.h>
#include <stdlib.h>
#include <string.h>

#include "base/buf.h"
#include "base/error.h"
#include "base/file.h"
#include "net/certificate.h"
#include "net/certificate_chain.h"

#define PEM_MAX (4u << 20)
#define KEY_ID  64u

/* A certificate chain, leaf first, with the leaf's key. */
struct pair {
    gnutls_x509_crt_t *chain;
    unsigned count;
    gnutls_x509_privkey_t key;
};

static void free_chain(struct pair *p)
{
    for (unsigned i = 0; i < p->count; i++)
        gnutls_x509_crt_deinit(p->chain[i]);
    gnutls_free(p->chain);
    p->chain = NULL;
    p->count = 0;
}

static void free_pair(struct pair *p)
{
    free_chain(p);
    if (p->key != NULL)
        gnutls_x509_privkey_deinit(p->key);
    p->key = NULL;
}

/* ---- Reading ----------------------------------------------------------- */

static int refuse(const struct options_identity *i, const char *member,
                  const char *path, const char *why, char *what)
{
    return options_load_invalid(what, "%s.%s: %.60s %s", i->member, member,
                                path, why);
}

static gnutls_datum_t datum(const void *bytes, size_t size)
{
    return (gnutls_datum_t){(unsigned char *)(uintptr_t)bytes, (unsigned)size};
}

static int read_chain(const struct options_identity *i, struct pair *p,
                      char *what)
{
    gnutls_datum_t pem = datum(i->certificate, strlen(i->certificate));
    int rc = gnutls_x509_crt_list_import2(&p->chain, &p->count, &pem,
                                          GNUTLS_X509_FMT_PEM, 0);
    if (rc >= 0 && p->count > 0)
        return S2S_OK;
    if (rc < 0) {
        p->chain = NULL;
        p->count = 0;
    }
    if (rc == GNUTLS_E_MEMORY_ERROR)
        return S2S_ENO_MEMORY;
    return refuse(i, "certificate_file", i->certificate_file,
                  "cannot be read as a chain in PEM", what);
}

/* PKCS #8 says so in its label, older forms in a header. */
static bool is_encrypted(const char *pem)
{
    return strstr(pem, "ENCRYPTED") != NULL;
}

static int read_key(const struct options_identity *i, struct pair *p,
                    char *what)
{
    gnutls_datum_t pem = datum(i->key, strlen(i->key));
    bool encrypted = is_encrypted(i->key);
    if (encrypted && i->password == NULL)
        return refuse(i, "key_file", i->key_file,
                      "is encrypted, and there is no key_password", what);
    if (gnutls_x509_privkey_init(&p->key) != 0) {
        p->key = NULL;
        return S2S_ENO_MEMORY;
    }
    int rc = gnutls_x509_privkey_import2(p->key, &pem, GNUTLS_X509_FMT_PEM,
                                         encrypted ? i->password : NULL, 0);
    if (rc == 0)
        return S2S_OK;
    if (rc == GNUTLS_E_MEMORY_ERROR)
        return S2S_ENO_MEMORY;
    const char *why = rc == GNUTLS_E_DECRYPTION_FAILED
                          ? "does not open: wrong password"
                      : encrypted ? "is encrypted in a way that is not known"
                                  : "cannot be read as a key in PEM";
    return refuse(i, "key_file", i->key_file, why, what);
}

static int refuse_pkcs12(const struct options_identity *i, int rc, char *what)
{
    if (rc == GNUTLS_E_MEMORY_ERROR)
        return S2S_ENO_MEMORY;
    if (rc == GNUTLS_E_REQUESTED_DATA_NOT_AVAILABLE)
        return refuse(i, "pkcs12_file", i->pkcs12_file,
                      "holds no key with its certificate", what);
    bool wrong =
        rc == GNUTLS_E_MAC_VERIFY_FAILED || rc == GNUTLS_E_DECRYPTION_FAILED;
    return refuse(i, "pkcs12_file", i->pkcs12_file,
                  wrong ? i->password != NULL
                              ? "does not open: wrong password"
                              : "is encrypted, and there is no key_password"
                        : "cannot be read as PKCS #12",
                  what);
}

/* Check the password. That of a file that has none may be nothing, or of no
 * length. A file without a MAC is as good: it is our own. */
static int check_password(gnutls_pkcs12_t p12, const char **password)
{
    int rc = gnutls_pkcs12_verify_mac(p12, *password);
    if (rc == GNUTLS_E_MAC_VERIFY_FAILED && *password == NULL) {
        *password = "";
        rc = gnutls_pkcs12_verify_mac(p12, *password);
    }
    return rc == GNUTLS_E_ASN1_ELEMENT_NOT_FOUND ? 0 : rc;
}

static int parse_pkcs12(gnutls_pkcs12_t p12, const struct options_identity *i,
                        struct pair *p)
{
    gnutls_datum_t der = datum(i->pkcs12, i->pkcs12_size);
    int rc = gnutls_pkcs12_import(p12, &der, GNUTLS_X509_FMT_DER, 0);
    if (rc != 0)
        return rc;
    const char *password = i->password;
    rc = check_password(p12, &password);
    if (rc != 0)
        return rc;
    rc = gnutls_pkcs12_simple_parse(p12, password, &p->key, &p->chain,
                                    &p->count, NULL, NULL, NULL,
                                    GNUTLS_PKCS12_SP_INCLUDE_SELF_SIGNED);
    if (rc != 0)
        *p = (struct pair){.key = NULL};
    return rc;
}

static int read_pkcs12(const struct options_identity *i, struct pair *p,
                       char *what)
{
    gnutls_pkcs12_t p12;
    if (gnutls_pkcs12_init(&p12) != 0)
        return S2S_ENO_MEMORY;
    int rc = parse_pkcs12(p12, i, p);
    gnutls_pkcs12_deinit(p12);
    if (rc == 0 && (p->key == NULL || p->count == 0))
        rc = GNUTLS_E_REQUESTED_DATA_NOT_AVAILABLE;
    return rc == 0 ? S2S_OK : refuse_pkcs12(i, rc, what);
}

/* ---- Checking and writing ---------------------------------------------- */

/* 1 or 0, or an error of GnuTLS. */
static int belongs(const struct pair *p)
{
    unsigned char its[KEY_ID], mine[KEY_ID];
    size_t its_size = sizeof(its), mine_size = sizeof(mine);
    int rc = gnutls_x509_crt_get_key_id(p->chain[0], GNUTLS_KEYID_USE_SHA256,
                                        its, &its_size);
    if (rc == 0)
        rc = gnutls_x509_privkey_get_key_id(p->key, GNUTLS_KEYID_USE_SHA256,
                                            mine, &mine_size);
    if (rc != 0)
        return rc;
    return its_size == mine_size && memcmp(its, mine, mine_size) == 0;
}

static int check(const struct options_identity *i, const struct pair *p,
                 char *what)
{
    bool pkcs12 = i->pkcs12 != NULL;
    int rc = belongs(p);
    if (rc < 0)
        return rc == GNUTLS_E_MEMORY_ERROR ? S2S_ENO_MEMORY : S2S_EINTERNAL;
    if (rc > 0)
        return S2S_OK;
    return refuse(i, pkcs12 ? "pkcs12_file" : "key_file",
                  pkcs12 ? i->pkcs12_file : i->key_file,
                  "the key does not belong to the certificate", what);
}

static int write_chain(const struct pair *p, char **out)
{
    struct buf b;
    int e = S2S_OK;
    buf_init(&b, PEM_MAX);
    for (unsigned i = 0; i < p->count && e == S2S_OK; i++) {
        gnutls_datum_t pem = {NULL, 0};
        if (gnutls_x509_crt_export2(p->chain[i], GNUTLS_X509_FMT_PEM, &pem) !=
            0)
            e = S2S_ENO_MEMORY;
        else
            e = buf_add(&b, pem.data, pem.size);
        gnutls_free(pem.data);
    }
    if (e == S2S_OK)
        e = buf_add(&b, "", 1);
    if (e == S2S_OK)
        *out = (char *)b.data;
    else
        buf_free(&b);
    return e == S2S_ELIMIT ? S2S_EINTERNAL : e;
}

static int write_key(const struct pair *p, char **out)
{
    gnutls_datum_t pem = {NULL, 0};
    int rc = gnutls_x509_privkey_export2_pkcs8(p->key, GNUTLS_X509_FMT_PEM,
                                               NULL, GNUTLS_PKCS_PLAIN, &pem);
    if (rc != 0)
        return rc == GNUTLS_E_MEMORY_ERROR ? S2S_ENO_MEMORY : S2S_EINTERNAL;
    char *text = malloc((size_t)pem.size + 1);
    if (text != NULL) {
        memcpy(text, pem.data, pem.size);
        text[pem.size] = '\0';
    }
    explicit_bzero(pem.data, pem.size);
    gnutls_free(pem.data);
    *out = text;
    return text != NULL ? S2S_OK : S2S_ENO_MEMORY;
}

/* Put the new in the place of the old. */
static int replace(struct options_identity *i, const struct pair *p)
{
    char *certificate = NULL;
    char *key = NULL;
    int e = write_chain(p, &certificate);
    if (e == S2S_OK)
        e = write_key(p, &key);
    if (e != S2S_OK) {
        free(certificate);
        return e;
    }
    free(i->certificate);
    file_forget(i->key);
    file_forget_bytes(i->pkcs12, i->pkcs12_size);
    file_forget(i->password);
    i->certificate = certificate;
    i->key = key;
    i->pkcs12 = NULL;
    i->pkcs12_size = 0;
    i->password = NULL;
    return S2S_OK;
}

int identity_open(struct options_identity *identity, char what[OPTIONS_WHAT])
{
    struct pair p = {.key = NULL};
    int e = S2S_OK;
    if (identity->certificate == NULL && identity->pkcs12 == NULL)
        return S2S_OK;
    if (identity->pkcs12 != NULL)
        e = read_pkcs12(identity, &p, what);
    else
        e = read_chain(identity, &p, what);
    if (e == S2S_OK && identity->pkcs12 == NULL)
        e = read_key(identity, &p, what);
    if (e == S2S_OK)
        e = check(identity, &p, what);
    if (e == S2S_OK)
        e = replace(identity, &p);
    free_pair(&p);
    return e;
}

/* ---- Judging ----------------------------------------------------------- */

/* What is said of a peer's certificate, said of ours. */
static const struct {
    enum finding theirs, ours;
} findings[] = {
    {FINDING_CERT_UNTRUSTED, FINDING_OWN_CERT_UNTRUSTED},
    {FINDING_CERT_INVALID, FINDING_OWN_CERT_UNTRUSTED},
    {FINDING_CERT_SELF_SIGNED, FINDING_OWN_CERT_UNTRUSTED},
    {FINDING_CERT_WEAK, FINDING_OWN_CERT_UNTRUSTED},
    {FINDING_CERT_USAGE, FINDING_OWN_CERT_UNTRUSTED},
    {FINDING_CERT_EXPIRED, FINDING_OWN_CERT_EXPIRED},
    {FINDING_CERT_NOT_YET_VALID, FINDING_OWN_CERT_EXPIRED},
    {FINDING_CERT_EXPIRES_SOON, FINDING_OWN_CERT_EXPIRING},
    {FINDING_CERT_NAME, FINDING_OWN_CERT_NAME},
};

static void translate(const s2s_result *judged, s2s_result *result)
{
    for (const struct result_finding *f = judged->findings; f != NULL;
         f = f->next)
        for (size_t i = 0; i < sizeof(findings) / sizeof(findings[0]); i++)
            if (findings[i].theirs == f->id)
                result_find(result, findings[i].ours,
                            result_text(result, f->seen));
}

static void judge_usage(const struct result_certificate *c, s2s_result *result)
{
    if (c->usage_server && !c->usage_client)
        result_find(result, FINDING_OWN_CERT_USAGE_SERVER_ONLY, NULL);
    if (c->usage_client && !c->usage_server)
        result_find(result, FINDING_OWN_CERT_USAGE_CLIENT_ONLY, NULL);
}

static void judge_names(const struct result_certificate *c, s2s_result *result)
{
    const struct result_name *n = c->names;
    while (n != NULL && strcmp(n->type, "xmpp") != 0)
        n = n->next;
    if (n != NULL)
        result_find(result, FINDING_OWN_CERT_XMPPADDR,
                    result_text(result, n->value));
}

static void judge(const s2s_tls_info *info, const struct domain *domain,
                  struct certificate_trust *trust, int64_t now,
                  s2s_result *result)
{
    const char *why;
    s2s_result *scratch = result_new(S2S_OP_CONNECT);
    int e = S2S_ENO_MEMORY;
    if (scratch != NULL)
        e = certificate_judge_client(trust, info, domain, now, scratch, &why);
    if (e == S2S_ENO_MEMORY)
        result->no_memory = true;
    else if (e != S2S_EPOLICY) {
        translate(scratch, result);
        judge_usage(&scratch->tls.certificate, result);
        judge_names(&scratch->tls.certificate, result);
    }
    result_free(scratch);
}

/* The chain as a peer would see it. */
static bool export_chain(const struct pair *p, gnutls_datum_t *ders,
                         s2s_tls_info *info, const unsigned char **chain,
                         size_t *sizes)
{
    unsigned n = 0;
    while (n < p->count && n < CERTIFICATE_CHAIN_MAX) {
        if (gnutls_x509_crt_export2(p->chain[n], GNUTLS_X509_FMT_DER,
                                    &ders[n]) != 0)
            break;
        chain[n] = ders[n].data;
        sizes[n] = ders[n].size;
        n++;
    }
    *info = (s2s_tls_info){.size = sizeof(*info),
                           .chain = chain,
                           .chain_sizes = sizes,
                           .chain_length = n};
    return n == p->count || n == CERTIFICATE_CHAIN_MAX;
}

void identity_judge(const struct options_identity *identity,
                    struct certificate_trust *trust, int64_t now,
                    s2s_result *result)
{
    gnutls_datum_t ders[CERTIFICATE_CHAIN_MAX] = {{NULL, 0}};
    const unsigned char *chain[CERTIFICATE_CHAIN_MAX];
    size_t sizes[CERTIFICATE_CHAIN_MAX];
    char what[OPTIONS_WHAT];
    s2s_tls_info info;
    struct pair p = {.key = NULL};
    if (identity->certificate == NULL)
        return;
    if (read_chain(identity, &p, what) == S2S_OK &&
        export_chain(&p, ders, &info, chain, sizes))
        judge(&info, identity->domain, trust, now, result);
    else
        result->no_memory = true;
    for (size_t i = 0; i < CERTIFICATE_CHAIN_MAX; i++)
        gnutls_free(ders[i].data);
    free_pair(&p);
}
