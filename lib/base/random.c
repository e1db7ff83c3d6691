#include "base/random.h"

#include <gnutls/crypto.h>
#include <stdint.h>

#include "base/error.h"

#define CHUNK 64u

int random_bytes(void *out, size_t size)
{
    return gnutls_rnd(GNUTLS_RND_NONCE, out, size) == GNUTLS_E_SUCCESS
               ? S2S_OK
               : S2S_EINTERNAL;
}

int random_hex(char *out, size_t bytes)
{
    static const char digits[] = "0123456789abcdef";
    uint8_t raw[CHUNK];
    if (bytes > CHUNK ||
        gnutls_rnd(GNUTLS_RND_KEY, raw, bytes) != GNUTLS_E_SUCCESS)
        return S2S_EINTERNAL;
    for (size_t i = 0; i < bytes; i++) {
        out[2 * i] = digits[raw[i] >> 4];
        out[2 * i + 1] = digits[raw[i] & 15];
    }
    out[2 * bytes] = '\0';
    return S2S_OK;
}
