#include "demo_trust.h"

#include <fcntl.h>
#include <gnutls/crypto.h>
#include <gnutls/x509.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/sendfile.h>
#include <sys/stat.h>
#include <time.h>
#include <unistd.h>

#define SYSTEM_STORE "/etc/ssl/certs/ca-certificates.crt"
#define NAME         "localhost"
#define DAY          (24 * 60 * 60)

/* ---- The certificate --------------------------------------------------- */

/* What it is for: servers, and clients too, as other servers want to see. */
static int fill_usage(gnutls_x509_crt_t crt)
{
    int e = gnutls_x509_crt_set_basic_constraints(crt, 0, -1);
    if (e >= 0)
        e = gnutls_x509_crt_set_key_usage(crt, GNUTLS_KEY_DIGITAL_SIGNATURE);
    if (e >= 0)
        e = gnutls_x509_crt_set_key_purpose_oid(crt, GNUTLS_KP_TLS_WWW_SERVER,
                                                0);
    if (e >= 0)
        e = gnutls_x509_crt_set_key_purpose_oid(crt, GNUTLS_KP_TLS_WWW_CLIENT,
                                                0);
    return e;
}

static int fill_serial(gnutls_x509_crt_t crt)
{
    uint8_t serial[16];
    int e = gnutls_rnd(GNUTLS_RND_NONCE, serial, sizeof(serial));
    serial[0] = (serial[0] & 0x3f) | 0x40; /* positive, and 16 bytes long */
    return e < 0 ? e : gnutls_x509_crt_set_serial(crt, serial, sizeof(serial));
}

static int fill_validity(gnutls_x509_crt_t crt)
{
    time_t now = time(NULL);
    int e = gnutls_x509_crt_set_activation_time(crt, now - DAY);
    if (e >= 0)
        e = gnutls_x509_crt_set_expiration_time(crt, now + 365 * DAY);
    return e;
}

static int fill_certificate(gnutls_x509_crt_t crt, gnutls_x509_privkey_t key)
{
    int e = gnutls_x509_crt_set_version(crt, 3);
    if (e >= 0)
        e = fill_serial(crt);
    if (e >= 0)
        e = fill_validity(crt);
    if (e >= 0)
        e = fill_usage(crt);
    if (e >= 0)
        e = gnutls_x509_crt_set_key(crt, key);
    if (e >= 0)
        e = gnutls_x509_crt_set_dn(crt, "CN=" NAME, NULL);
    if (e >= 0)
        e = gnutls_x509_crt_set_subject_alt_name(crt, GNUTLS_SAN_DNSNAME, NAME,
                                                 strlen(NAME), GNUTLS_FSAN_SET);
    if (e >= 0)
        e = gnutls_x509_crt_sign2(crt, crt, key, GNUTLS_DIG_SHA256, 0);
    return e;
}

/* The certificate's PEM in *pem, to be freed with gnutls_free(). */
static int make_certificate(gnutls_certificate_credentials_t credentials,
                            gnutls_datum_t *pem)
{
    gnutls_x509_privkey_t key = NULL;
    gnutls_x509_crt_t crt = NULL;
    int e = gnutls_x509_privkey_init(&key);
    if (e >= 0)
        e = gnutls_x509_crt_init(&crt);
    if (e >= 0)
        e = gnutls_x509_privkey_generate(
            key, GNUTLS_PK_ECDSA,
            GNUTLS_CURVE_TO_BITS(GNUTLS_ECC_CURVE_SECP256R1), 0);
    if (e >= 0)
        e = fill_certificate(crt, key);
    if (e >= 0)
        e = gnutls_certificate_set_x509_key(credentials, &crt, 1, key);
    if (e >= 0)
        e = gnutls_x509_crt_export2(crt, GNUTLS_X509_FMT_PEM, pem);
    if (crt != NULL)
        gnutls_x509_crt_deinit(crt);
    if (key != NULL)
        gnutls_x509_privkey_deinit(key);
    return e;
}

/* ---- The trust file ---------------------------------------------------- */

static bool copy_file(int to, const char *path)
{
    struct stat st;
    int from = open(path, O_RDONLY | O_CLOEXEC);
    if (from < 0)
        return false;
    bool ok = fstat(from, &st) == 0;
    for (off_t left = ok ? st.st_size : 0; ok && left > 0;) {
        ssize_t n = sendfile(to, from, NULL, (size_t)left);
        ok = n > 0;
        left -= n;
    }
    close(from);
    return ok;
}

static bool write_file(struct demo_trust *trust, const char *ca_file,
                       const gnutls_datum_t *pem)
{
    trust->fd = memfd_create("s2sprobe-demo-trust", MFD_CLOEXEC);
    if (trust->fd < 0)
        return false;
    snprintf(trust->path, sizeof(trust->path), "/proc/self/fd/%d", trust->fd);
    /* A machine without a system store can still do the demo. */
    if (!copy_file(trust->fd, ca_file != NULL ? ca_file : SYSTEM_STORE) &&
        ca_file != NULL)
        return false;
    return write(trust->fd, "\n", 1) == 1 &&
           write(trust->fd, pem->data, pem->size) == (ssize_t)pem->size;
}

bool demo_trust_new(struct demo_trust *trust, const char *ca_file)
{
    gnutls_datum_t pem = {NULL, 0};
    *trust = (struct demo_trust){.fd = -1};
    bool ok =
        gnutls_certificate_allocate_credentials(&trust->credentials) >= 0 &&
        make_certificate(trust->credentials, &pem) >= 0 &&
        write_file(trust, ca_file, &pem);
    gnutls_free(pem.data);
    if (!ok)
        demo_trust_free(trust);
    return ok;
}

void demo_trust_free(struct demo_trust *trust)
{
    if (trust->credentials != NULL)
        gnutls_certificate_free_credentials(trust->credentials);
    if (trust->fd >= 0)
        close(trust->fd);
    *trust = (struct demo_trust){.fd = -1};
}
