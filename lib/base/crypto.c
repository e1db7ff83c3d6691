#include "base/crypto.h"

#include <gnutls/crypto.h>
#include <stdint.h>
#include <string.h>

#include "base/error.h"

#define SHA256 32u

/* What `rc` says about the raw digest, which may be a key and is wiped. */
static int finish(int rc, uint8_t raw[SHA256], char out[CRYPTO_HEX])
{
    static const char digits[] = "0123456789abcdef";
    for (size_t i = 0; i < SHA256 && rc == GNUTLS_E_SUCCESS; i++) {
        out[2 * i] = digits[raw[i] >> 4];
        out[2 * i + 1] = digits[raw[i] & 15];
    }
    explicit_bzero(raw, SHA256);
    if (rc != GNUTLS_E_SUCCESS)
        return S2S_EINTERNAL;
    out[2 * SHA256] = '\0';
    return S2S_OK;
}

int crypto_sha256(const void *bytes, size_t length, char out[CRYPTO_HEX])
{
    uint8_t raw[SHA256];
    int rc = gnutls_hash_fast(GNUTLS_DIG_SHA256, bytes, length, raw);
    return finish(rc, raw, out);
}

int crypto_hmac_sha256(const void *key, size_t key_length, const void *message,
                       size_t length, char out[CRYPTO_HEX])
{
    uint8_t raw[SHA256];
    int rc = gnutls_hmac_fast(GNUTLS_MAC_SHA256, key, key_length, message,
                              length, raw);
    return finish(rc, raw, out);
}

bool crypto_equal(const void *a, const void *b, size_t length)
{
    return gnutls_memcmp(a, b, length) == 0;
}
