/* Certificates made on the spot, for tests. P-256 unless said otherwise. */
#ifndef TESTS_UNIT_NET_PKI_H
#define TESTS_UNIT_NET_PKI_H

#include <gnutls/gnutls.h>
#include <gnutls/x509.h>
#include <stdbool.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#define PKI_NOW    INT64_C(1800000000)
#define PKI_DAY    INT64_C(86400)
#define PKI_NAMES  8
#define PKI_NO_EKU ""

struct pki_name {
    const char *type; /* dns rawdns srv xmpp raw ip email */
    const char *value;
    size_t length; /* 0: strlen */
};

struct pki_spec {
    const char *cn;           /* NULL: an empty subject */
    const char *organization; /* with a country */
    struct pki_name names[PKI_NAMES];
    const char *eku;    /* OIDs, space between; NULL: server and client */
    int64_t begin, end; /* days from PKI_NOW; both 0: -30..+300 */
    bool ca;
    bool no_ca_flag; /* may sign, but says it is no CA */
    unsigned rsa;    /* bits of an RSA key */
    bool p384;
    size_t padding;  /* bytes of an extension that means nothing */
    const char *key; /* PEM: take this one */
    unsigned usage;  /* key usage; 0: digital signature, or CA's */
    gnutls_digest_algorithm_t digest;
    const char *permit, *exclude; /* constraints of a CA, as dNSName */
    const char *permit_mail;      /* as rfc822Name */
    unsigned below; /* CAs that may be below a CA, plus one; 0: any number */
    bool no_ids;    /* no key identifiers */
    bool critical;  /* the padding is */
    bool must_staple;
};

struct pki_party {
    gnutls_x509_privkey_t key;
    gnutls_x509_crt_t crt;
    gnutls_datum_t der;
};

static inline void pki_must(int rc)
{
    if (rc < 0)
        abort();
}

static inline void pki_string(uint8_t tag, const char *text, size_t length,
                              gnutls_datum_t *out)
{
    static uint8_t der[130];
    if (length > 127)
        abort();
    der[0] = tag;
    der[1] = (uint8_t)length;
    memcpy(der + 2, text, length);
    *out = (gnutls_datum_t){der, (unsigned)length + 2};
}

/* A subjectAltName of one dNSName, byte for byte: GnuTLS cuts at a NUL. */
static inline void pki_add_raw_dns(gnutls_x509_crt_t crt, const char *name,
                                   size_t length)
{
    uint8_t der[130];
    if (length > 120)
        abort();
    der[0] = 0x30;
    der[1] = (uint8_t)(length + 2);
    der[2] = 0x82;
    der[3] = (uint8_t)length;
    memcpy(der + 4, name, length);
    pki_must(gnutls_x509_crt_set_extension_by_oid(crt, "2.5.29.17", der,
                                                  length + 4, 0));
}

static inline void pki_add_name(gnutls_x509_crt_t crt, const struct pki_name *n)
{
    size_t length = n->length != 0 ? n->length : strlen(n->value);
    const char *oid = NULL;
    gnutls_datum_t der = {NULL, 0};
    gnutls_x509_subject_alt_name_t type = GNUTLS_SAN_DNSNAME;
    if (strcmp(n->type, "srv") == 0) {
        oid = "1.3.6.1.5.5.7.8.7";
        pki_string(0x16, n->value, length, &der);
    } else if (strcmp(n->type, "xmpp") == 0) {
        oid = "1.3.6.1.5.5.7.8.5";
        pki_string(0x0c, n->value, length, &der);
    } else if (strcmp(n->type, "raw") == 0) { /* an xmppAddr as it stands */
        oid = "1.3.6.1.5.5.7.8.5";
        der =
            (gnutls_datum_t){(uint8_t *)(uintptr_t)n->value, (unsigned)length};
    } else if (strcmp(n->type, "rawdns") == 0) {
        pki_add_raw_dns(crt, n->value, length);
        return;
    } else if (strcmp(n->type, "ip") == 0) {
        type = GNUTLS_SAN_IPADDRESS;
    } else if (strcmp(n->type, "email") == 0) {
        type = GNUTLS_SAN_RFC822NAME;
    }
    if (oid != NULL)
        pki_must(gnutls_x509_crt_set_subject_alt_othername(
            crt, oid, der.data, der.size, GNUTLS_FSAN_APPEND));
    else
        pki_must(gnutls_x509_crt_set_subject_alt_name(
            crt, type, n->value, (unsigned)length, GNUTLS_FSAN_APPEND));
}

static inline void pki_add_eku(gnutls_x509_crt_t crt, const char *list)
{
    char copy[200];
    char *rest = copy;
    char *oid;
    if (list == NULL)
        list = GNUTLS_KP_TLS_WWW_SERVER " " GNUTLS_KP_TLS_WWW_CLIENT;
    if (strlen(list) >= sizeof(copy))
        abort();
    memcpy(copy, list, strlen(list) + 1);
    while ((oid = strsep(&rest, " ")) != NULL)
        if (*oid != '\0')
            pki_must(gnutls_x509_crt_set_key_purpose_oid(crt, oid, 0));
}

static inline void pki_set_times(gnutls_x509_crt_t crt,
                                 const struct pki_spec *spec)
{
    int64_t begin = spec->begin == 0 && spec->end == 0 ? -30 : spec->begin;
    int64_t end = spec->begin == 0 && spec->end == 0 ? 300 : spec->end;
    pki_must(gnutls_x509_crt_set_activation_time(
        crt, (time_t)(PKI_NOW + begin * PKI_DAY)));
    pki_must(gnutls_x509_crt_set_expiration_time(
        crt, (time_t)(PKI_NOW + end * PKI_DAY)));
}

static inline void pki_set_key_ids(gnutls_x509_crt_t crt,
                                   gnutls_x509_crt_t issuer)
{
    uint8_t id[64];
    size_t size = sizeof(id);
    pki_must(gnutls_x509_crt_get_key_id(crt, 0, id, &size));
    pki_must(gnutls_x509_crt_set_subject_key_id(crt, id, size));
    size = sizeof(id);
    pki_must(gnutls_x509_crt_get_key_id(issuer, 0, id, &size));
    pki_must(gnutls_x509_crt_set_authority_key_id(crt, id, size));
}

/* status_request, RFC 7633 */
static inline void pki_demand_staple(gnutls_x509_crt_t crt)
{
    pki_must(gnutls_x509_crt_set_extension_by_oid(
        crt, "1.3.6.1.5.5.7.1.24", "\x30\x03\x02\x01\x05", 5, 0));
}

static inline void pki_pad(gnutls_x509_crt_t crt, size_t length, bool critical)
{
    void *bytes = calloc(1, length);
    if (bytes == NULL)
        abort();
    pki_must(gnutls_x509_crt_set_extension_by_oid(crt, "1.3.6.1.4.1.1", bytes,
                                                  length, critical));
    free(bytes);
}

static inline gnutls_datum_t pki_datum(const char *text)
{
    return (gnutls_datum_t){(unsigned char *)(uintptr_t)text,
                            (unsigned)strlen(text)};
}

static inline void pki_constrain(gnutls_x509_crt_t crt,
                                 const struct pki_spec *spec)
{
    gnutls_x509_name_constraints_t c;
    gnutls_datum_t name;
    if (spec->permit == NULL && spec->exclude == NULL &&
        spec->permit_mail == NULL)
        return;
    pki_must(gnutls_x509_name_constraints_init(&c));
    if (spec->permit != NULL) {
        name = pki_datum(spec->permit);
        pki_must(gnutls_x509_name_constraints_add_permitted(
            c, GNUTLS_SAN_DNSNAME, &name));
    }
    if (spec->exclude != NULL) {
        name = pki_datum(spec->exclude);
        pki_must(gnutls_x509_name_constraints_add_excluded(
            c, GNUTLS_SAN_DNSNAME, &name));
    }
    if (spec->permit_mail != NULL) {
        name = pki_datum(spec->permit_mail);
        pki_must(gnutls_x509_name_constraints_add_permitted(
            c, GNUTLS_SAN_RFC822NAME, &name));
    }
    pki_must(gnutls_x509_crt_set_name_constraints(crt, c, 1));
    gnutls_x509_name_constraints_deinit(c);
}

static inline void pki_make_key(gnutls_x509_privkey_t key,
                                const struct pki_spec *spec)
{
    unsigned bits = GNUTLS_CURVE_TO_BITS(
        spec->p384 ? GNUTLS_ECC_CURVE_SECP384R1 : GNUTLS_ECC_CURVE_SECP256R1);
    gnutls_pk_algorithm_t type = GNUTLS_PK_ECDSA;
    if (spec->key != NULL) {
        gnutls_datum_t pem = {(unsigned char *)(uintptr_t)spec->key,
                              (unsigned)strlen(spec->key)};
        pki_must(gnutls_x509_privkey_import(key, &pem, GNUTLS_X509_FMT_PEM));
        return;
    }
    if (spec->rsa != 0) {
        bits = spec->rsa;
        type = GNUTLS_PK_RSA;
    }
    pki_must(gnutls_x509_privkey_generate(key, type, bits, 0));
}

static inline void pki_set_subject(gnutls_x509_crt_t crt,
                                   const struct pki_spec *spec)
{
    const struct {
        const char *oid, *value;
    } parts[] = {
        {GNUTLS_OID_X520_COUNTRY_NAME,
         spec->organization != NULL ? "XX" : NULL},
        {GNUTLS_OID_X520_ORGANIZATION_NAME, spec->organization},
        {GNUTLS_OID_X520_COMMON_NAME, spec->cn},
    };
    for (size_t i = 0; i < sizeof(parts) / sizeof(parts[0]); i++)
        if (parts[i].value != NULL)
            pki_must(gnutls_x509_crt_set_dn_by_oid(
                crt, parts[i].oid, 0, parts[i].value,
                (unsigned)strlen(parts[i].value)));
}

/* `issuer` NULL: self-signed. */
static inline struct pki_party pki_make(const struct pki_spec *spec,
                                        const struct pki_party *issuer)
{
    static uint8_t serial = 0; /* not unique when there are many */
    struct pki_party p;
    uint8_t number[2] = {0x4f, ++serial};
    pki_must(gnutls_x509_privkey_init(&p.key));
    pki_make_key(p.key, spec);
    pki_must(gnutls_x509_crt_init(&p.crt));
    pki_must(gnutls_x509_crt_set_version(p.crt, 3));
    pki_must(gnutls_x509_crt_set_serial(p.crt, number, sizeof(number)));
    pki_must(gnutls_x509_crt_set_key(p.crt, p.key));
    pki_set_subject(p.crt, spec);
    pki_set_times(p.crt, spec);
    if (!spec->no_ids)
        pki_set_key_ids(p.crt, issuer != NULL ? issuer->crt : p.crt);
    for (size_t i = 0; i < PKI_NAMES && spec->names[i].type != NULL; i++)
        pki_add_name(p.crt, &spec->names[i]);
    pki_must(gnutls_x509_crt_set_basic_constraints(
        p.crt, spec->ca && !spec->no_ca_flag, (int)spec->below - 1));
    unsigned usage = spec->usage;
    if (usage == 0)
        usage = spec->ca ? GNUTLS_KEY_KEY_CERT_SIGN | GNUTLS_KEY_CRL_SIGN
                         : GNUTLS_KEY_DIGITAL_SIGNATURE;
    pki_must(gnutls_x509_crt_set_key_usage(p.crt, usage));
    if (!spec->ca || spec->eku != NULL)
        pki_add_eku(p.crt, spec->eku);
    pki_constrain(p.crt, spec);
    if (spec->padding > 0)
        pki_pad(p.crt, spec->padding, spec->critical);
    if (spec->must_staple)
        pki_demand_staple(p.crt);
    pki_must(gnutls_x509_crt_sign2(
        p.crt, issuer != NULL ? issuer->crt : p.crt,
        issuer != NULL ? issuer->key : p.key,
        spec->digest != 0 ? spec->digest : GNUTLS_DIG_SHA256, 0));
    pki_must(gnutls_x509_crt_export2(p.crt, GNUTLS_X509_FMT_DER, &p.der));
    return p;
}

static inline void pki_free(struct pki_party *p)
{
    gnutls_x509_privkey_deinit(p->key);
    gnutls_x509_crt_deinit(p->crt);
    gnutls_free(p->der.data);
    *p = (struct pki_party){NULL, NULL, {NULL, 0}};
}

/* PEM, NUL-terminated, to be freed. */
static inline char *pki_text(gnutls_datum_t pem)
{
    char *text = calloc(1, pem.size + 1);
    if (text == NULL)
        abort();
    memcpy(text, pem.data, pem.size);
    gnutls_free(pem.data);
    return text;
}

static inline char *pki_certificate_pem(const struct pki_party *p)
{
    gnutls_datum_t pem;
    pki_must(gnutls_x509_crt_export2(p->crt, GNUTLS_X509_FMT_PEM, &pem));
    return pki_text(pem);
}

static inline char *pki_key_pem(const struct pki_party *p)
{
    gnutls_datum_t pem;
    pki_must(gnutls_x509_privkey_export2(p->key, GNUTLS_X509_FMT_PEM, &pem));
    return pki_text(pem);
}

#endif
