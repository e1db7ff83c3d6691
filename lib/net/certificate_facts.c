#include "net/certificate_facts.h"

#include <gnutls/crypto.h>
#include <gnutls/gnutls.h>
#include <gnutls/x509.h>
#include <stdio.h>
#include <string.h>
#include <time.h>

#define DAY          INT64_C(86400)
#define SHA256_SIZE  32u
#define SERIAL_MAX   64u /* RFC 5280 allows 20 */
#define PURPOSES_MAX 32u

/* ---- Texts ------------------------------------------------------------- */

static const char *hex(s2s_result *r, const uint8_t *bytes, size_t length)
{
    static const char digits[] = "0123456789abcdef";
    char text[2 * SERIAL_MAX];
    for (size_t i = 0; i < length; i++) {
        text[2 * i] = digits[bytes[i] >> 4];
        text[2 * i + 1] = digits[bytes[i] & 15];
    }
    return result_bytes(r, text, 2 * length);
}

static const char *dn_text(s2s_result *r, int rc, gnutls_datum_t *dn)
{
    if (rc != 0)
        return "";
    const char *text = result_untrusted(r, dn->data, dn->size);
    gnutls_free(dn->data);
    return text != NULL ? text : "";
}

const char *certificate_facts_subject(struct gnutls_x509_crt_int *crt,
                                      s2s_result *result)
{
    gnutls_datum_t dn = {NULL, 0};
    return dn_text(result, gnutls_x509_crt_get_dn3(crt, &dn, 0), &dn);
}

const char *certificate_facts_issuer(struct gnutls_x509_crt_int *crt,
                                     s2s_result *result)
{
    gnutls_datum_t dn = {NULL, 0};
    return dn_text(result, gnutls_x509_crt_get_issuer_dn3(crt, &dn, 0), &dn);
}

void certificate_facts_date(int64_t when, char out[CERTIFICATE_DATE])
{
    time_t t = (time_t)when;
    struct tm tm;
    if (gmtime_r(&t, &tm) == NULL ||
        strftime(out, CERTIFICATE_DATE, "%Y-%m-%d", &tm) == 0)
        (void)snprintf(out, CERTIFICATE_DATE, "%lld", (long long)when);
}

static const char *key_type(int algorithm)
{
    switch (algorithm) {
    case GNUTLS_PK_RSA:
        return "RSA";
    case GNUTLS_PK_RSA_PSS:
        return "RSA-PSS";
    case GNUTLS_PK_ECDSA:
        return "ECDSA";
    case GNUTLS_PK_EDDSA_ED25519:
        return "Ed25519";
    case GNUTLS_PK_EDDSA_ED448:
        return "Ed448";
    case GNUTLS_PK_DSA:
        return "DSA";
    default:
        return "unknown";
    }
}

/* ---- Usage and time ---------------------------------------------------- */

bool certificate_facts_purpose(struct gnutls_x509_crt_int *crt,
                               const char *purpose)
{
    for (unsigned i = 0; i < PURPOSES_MAX; i++) {
        char oid[128];
        size_t size = sizeof(oid);
        int rc = gnutls_x509_crt_get_key_purpose_oid(crt, i, oid, &size, NULL);
        if (rc == GNUTLS_E_REQUESTED_DATA_NOT_AVAILABLE)
            return i == 0;
        if (rc == 0 &&
            (strcmp(oid, purpose) == 0 || strcmp(oid, GNUTLS_KP_ANY) == 0))
            return true;
        if (rc != 0 && rc != GNUTLS_E_SHORT_MEMORY_BUFFER)
            return false;
    }
    return false;
}

int certificate_facts_time(struct gnutls_x509_crt_int *crt, int64_t now)
{
    if (now < (int64_t)gnutls_x509_crt_get_activation_time(crt))
        return -1;
    return now > (int64_t)gnutls_x509_crt_get_expiration_time(crt);
}

static int64_t floor_days(int64_t seconds)
{
    return seconds / DAY - (seconds % DAY < 0);
}

/* ---- The record -------------------------------------------------------- */

static void record_serial(gnutls_x509_crt_t crt, s2s_result *r)
{
    uint8_t serial[SERIAL_MAX];
    size_t size = sizeof(serial);
    size_t skip = 0;
    if (gnutls_x509_crt_get_serial(crt, serial, &size) != 0)
        return;
    /* The octet that only keeps a DER INTEGER positive is no digit of it. */
    if (size > 1 && serial[0] == 0)
        skip = 1;
    r->tls.certificate.serial = hex(r, serial + skip, size - skip);
}

static void record_fingerprint(const unsigned char *der, size_t size,
                               s2s_result *r)
{
    uint8_t digest[SHA256_SIZE];
    if (gnutls_hash_fast(GNUTLS_DIG_SHA256, der, size, digest) == 0)
        r->tls.certificate.sha256 = hex(r, digest, sizeof(digest));
}

void certificate_facts_record(struct gnutls_x509_crt_int *crt,
                              const unsigned char *der, size_t size,
                              int64_t now, s2s_result *result)
{
    struct result_certificate *c = &result->tls.certificate;
    unsigned bits = 0;
    c->subject = certificate_facts_subject(crt, result);
    c->issuer = certificate_facts_issuer(crt, result);
    record_serial(crt, result);
    record_fingerprint(der, size, result);
    c->key_type = key_type(gnutls_x509_crt_get_pk_algorithm(crt, &bits));
    c->key_bits = bits;
    const char *signature = gnutls_sign_get_name(
        (gnutls_sign_algorithm_t)gnutls_x509_crt_get_signature_algorithm(crt));
    c->signature = signature != NULL ? signature : "unknown";
    c->not_before = (int64_t)gnutls_x509_crt_get_activation_time(crt);
    c->not_after = (int64_t)gnutls_x509_crt_get_expiration_time(crt);
    c->days_left = floor_days(c->not_after - now);
    c->usage_server = certificate_facts_purpose(crt, GNUTLS_KP_TLS_WWW_SERVER);
    c->usage_client = certificate_facts_purpose(crt, GNUTLS_KP_TLS_WWW_CLIENT);
}
