#include "demo_trust.h"

#include <fcntl.h>
#include <gnutls/crypto.h>
#include <gnutls/gnutls.h>
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

static int fill_names(gnutls_x509_crt_t crt)
{
    static const char *const names[] = {DEMO_DOMAIN, DEMO_ASKER};
    int e = gnutls_x509_crt_set_dn(crt, "CN=" DEMO_DOMAIN, NULL);
    for (size_t i = 0; e >= 0 && i < sizeof(names) / sizeof(names[0]); i++)
        e = gnutls_x509_crt_set_subject_alt_name(
            crt, GNUTLS_SAN_DNSNAME, names[i], (unsigned)strlen(names[i]),
            GNUTLS_FSAN_APPEND);
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
        e = fill_names(crt);
    if (e >= 0)
        e = gnutls_x509_crt_sign2(crt, crt, key, GNUTLS_DIG_SHA256, 0);
    return e;
}

/* In PEM, to be freed with gnutls_free(). */
static int make_certificate(gnutls_datum_t *certificate, gnutls_datum_t *secret)
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
        e = gnutls_x509_crt_export2(crt, GNUTLS_X509_FMT_PEM, certificate);
    if (e >= 0)
        e = gnutls_x509_privkey_export2(key, GNUTLS_X509_FMT_PEM, secret);
    if (crt != NULL)
        gnutls_x509_crt_deinit(crt);
    if (key != NULL)
        gnutls_x509_privkey_deinit(key);
    return e;
}

/* ---- The files --------------------------------------------------------- */

static bool file_new(struct demo_file *file)
{
    file->fd = memfd_create("s2sprobe-demo", MFD_CLOEXEC);
    if (file->fd < 0)
        return false;
    snprintf(file->path, sizeof(file->path), "/proc/self/fd/%d", file->fd);
    return true;
}

static bool file_add(const struct demo_file *file, const gnutls_datum_t *text)
{
    return write(file->fd, text->data, text->size) == (ssize_t)text->size;
}

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

static bool write_authorities(const struct demo_file *file, const char *ca_file,
                              const gnutls_datum_t *certificate)
{
    /* A machine without a system store can still do the demo. */
    if (!copy_file(file->fd, ca_file != NULL ? ca_file : SYSTEM_STORE) &&
        ca_file != NULL)
        return false;
    return write(file->fd, "\n", 1) == 1 && file_add(file, certificate);
}

bool demo_trust_new(struct demo_trust *trust, const char *ca_file)
{
    gnutls_datum_t certificate = {NULL, 0};
    gnutls_datum_t key = {NULL, 0};
    trust->certificate.fd = trust->key.fd = trust->authorities.fd = -1;
    bool ok = make_certificate(&certificate, &key) >= 0 &&
              file_new(&trust->certificate) && file_new(&trust->key) &&
              file_new(&trust->authorities) &&
              file_add(&trust->certificate, &certificate) &&
              file_add(&trust->key, &key) &&
              write_authorities(&trust->authorities, ca_file, &certificate);
    gnutls_free(certificate.data);
    if (key.data != NULL)
        gnutls_memset(key.data, 0, key.size);
    gnutls_free(key.data);
    if (!ok)
        demo_trust_free(trust);
    return ok;
}

static void file_free(struct demo_file *file)
{
    if (file->fd >= 0)
        close(file->fd);
    file->fd = -1;
}

void demo_trust_free(struct demo_trust *trust)
{
    file_free(&trust->certificate);
    file_free(&trust->key);
    file_free(&trust->authorities);
}
