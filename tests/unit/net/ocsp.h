/* OCSP responses (RFC 6960, 4.2.1) made on the spot, for tests. */
#ifndef TESTS_UNIT_NET_OCSP_H
#define TESTS_UNIT_NET_OCSP_H

#include <gnutls/abstract.h>
#include <gnutls/crypto.h>
#include <gnutls/gnutls.h>
#include <gnutls/x509.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include "pki.h"

#define OCSP_OID_SHA1     "\x06\x05\x2b\x0e\x03\x02\x1a"
#define OCSP_OID_BASIC    "\x06\x09\x2b\x06\x01\x05\x05\x07\x30\x01\x01"
#define OCSP_ECDSA_SHA256 "\x30\x0a\x06\x08\x2a\x86\x48\xce\x3d\x04\x03\x02"

struct ocsp_spec {
    char status;                /* 'g'ood, 'r'evoked, 'u'nknown */
    int64_t updated, next;      /* days from PKI_NOW; next 0: none */
    int refused;                /* a response status other than success */
    const struct pki_party *by; /* signs; NULL: the issuer */
    bool delegated;             /* `by` is sent along */
};

/* A growing piece of DER, to be freed. */
struct ocsp_der {
    uint8_t *data;
    size_t length;
};

static inline void ocsp_raw(struct ocsp_der *d, const void *bytes,
                            size_t length)
{
    d->data = realloc(d->data, d->length + length + 1);
    if (d->data == NULL)
        abort();
    memcpy(d->data + d->length, bytes, length);
    d->length += length;
}

static inline void ocsp_element(struct ocsp_der *d, uint8_t tag,
                                const void *bytes, size_t length)
{
    uint8_t head[4] = {tag, (uint8_t)length, 0, 0};
    size_t size = 2;
    if (length > 127) {
        head[1] = 0x82;
        head[2] = (uint8_t)(length >> 8);
        head[3] = (uint8_t)length;
        size = 4;
    }
    ocsp_raw(d, head, size);
    ocsp_raw(d, bytes, length);
}

/* Add a piece as an element; it is freed. */
static inline void ocsp_add(struct ocsp_der *d, uint8_t tag,
                            struct ocsp_der *piece)
{
    ocsp_element(d, tag, piece->data, piece->length);
    free(piece->data);
    *piece = (struct ocsp_der){NULL, 0};
}

static inline void ocsp_time(struct ocsp_der *d, int64_t days)
{
    char text[20];
    time_t t = (time_t)(PKI_NOW + days * PKI_DAY);
    struct tm tm;
    if (gmtime_r(&t, &tm) == NULL ||
        strftime(text, sizeof(text), "%Y%m%d%H%M%SZ", &tm) != 15)
        abort();
    ocsp_element(d, 0x18, text, 15);
}

static inline void ocsp_cert_id(struct ocsp_der *d,
                                const struct pki_party *leaf,
                                const struct pki_party *issuer)
{
    struct ocsp_der id = {NULL, 0}, algorithm = {NULL, 0};
    uint8_t hash[20], serial[32];
    size_t size = sizeof(serial);
    gnutls_datum_t dn;
    ocsp_raw(&algorithm, OCSP_OID_SHA1, 7);
    ocsp_add(&id, 0x30, &algorithm);
    pki_must(gnutls_x509_crt_get_raw_dn(issuer->crt, &dn));
    pki_must(gnutls_hash_fast(GNUTLS_DIG_SHA1, dn.data, dn.size, hash));
    gnutls_free(dn.data);
    ocsp_element(&id, 0x04, hash, sizeof(hash));
    ocsp_element(&id, 0x04, hash, sizeof(hash)); /* GnuTLS does not look */
    pki_must(gnutls_x509_crt_get_serial(leaf->crt, serial, &size));
    ocsp_element(&id, 0x02, serial, size);
    ocsp_add(d, 0x30, &id);
}

/* The list of one SingleResponse. */
static inline void ocsp_singles(struct ocsp_der *d,
                                const struct ocsp_spec *spec,
                                const struct pki_party *leaf,
                                const struct pki_party *issuer)
{
    struct ocsp_der list = {NULL, 0}, single = {NULL, 0}, when = {NULL, 0};
    ocsp_cert_id(&single, leaf, issuer);
    if (spec->status == 'r') {
        ocsp_time(&when, spec->updated);
        ocsp_add(&single, 0xa1, &when);
    } else {
        ocsp_element(&single, spec->status == 'g' ? 0x80 : 0x82, "", 0);
    }
    ocsp_time(&single, spec->updated);
    if (spec->next != 0) {
        ocsp_time(&when, spec->next);
        ocsp_add(&single, 0xa0, &when);
    }
    ocsp_add(&list, 0x30, &single);
    ocsp_add(d, 0x30, &list);
}

static inline void ocsp_sign(struct ocsp_der *d, const struct pki_party *by)
{
    gnutls_privkey_t key;
    gnutls_datum_t data = {d->data, (unsigned)d->length}, signature;
    uint8_t bits[256] = {0}; /* no unused bits */
    pki_must(gnutls_privkey_init(&key));
    pki_must(gnutls_privkey_import_x509(key, by->key, 0));
    pki_must(
        gnutls_privkey_sign_data(key, GNUTLS_DIG_SHA256, 0, &data, &signature));
    gnutls_privkey_deinit(key);
    if (signature.size >= sizeof(bits))
        abort();
    memcpy(bits + 1, signature.data, signature.size);
    ocsp_raw(d, OCSP_ECDSA_SHA256, 12);
    ocsp_element(d, 0x03, bits, signature.size + 1);
    gnutls_free(signature.data);
}

/* BasicOCSPResponse */
static inline void ocsp_basic(struct ocsp_der *d, const struct ocsp_spec *spec,
                              const struct pki_party *leaf,
                              const struct pki_party *issuer)
{
    const struct pki_party *by = spec->by != NULL ? spec->by : issuer;
    struct ocsp_der data = {NULL, 0}, basic = {NULL, 0}, list = {NULL, 0};
    gnutls_datum_t dn;
    pki_must(gnutls_x509_crt_get_raw_dn(by->crt, &dn));
    ocsp_element(&data, 0xa1, dn.data, dn.size);
    gnutls_free(dn.data);
    ocsp_time(&data, spec->updated);
    ocsp_singles(&data, spec, leaf, issuer);
    ocsp_add(&basic, 0x30, &data);
    ocsp_sign(&basic, by);
    if (spec->delegated) {
        ocsp_element(&list, 0x30, by->der.data, by->der.size);
        ocsp_add(&basic, 0xa0, &list);
    }
    ocsp_add(d, 0x30, &basic);
}

static inline struct ocsp_der ocsp_make(const struct ocsp_spec *spec,
                                        const struct pki_party *leaf,
                                        const struct pki_party *issuer)
{
    struct ocsp_der basic = {NULL, 0}, bytes = {NULL, 0}, answer = {NULL, 0};
    struct ocsp_der out = {NULL, 0};
    uint8_t status = (uint8_t)spec->refused;
    ocsp_element(&answer, 0x0a, &status, 1);
    if (spec->refused == 0) {
        ocsp_basic(&basic, spec, leaf, issuer);
        ocsp_raw(&bytes, OCSP_OID_BASIC, 11);
        ocsp_add(&bytes, 0x04, &basic);
        ocsp_element(&basic, 0x30, bytes.data, bytes.length);
        ocsp_add(&answer, 0xa0, &basic);
        free(bytes.data);
    }
    ocsp_add(&out, 0x30, &answer);
    return out;
}

#endif
