/* Digests and comparison for keys, by GnuTLS. */
#ifndef BASE_CRYPTO_H
#define BASE_CRYPTO_H

#include <stdbool.h>
#include <stddef.h>

#define CRYPTO_HEX 65 /* SHA-256 in lower-case hex, with its NUL */

/* S2S_OK, or S2S_EINTERNAL when GnuTLS refuses. */
int crypto_sha256(const void *bytes, size_t length, char out[CRYPTO_HEX]);
int crypto_hmac_sha256(const void *key, size_t key_length, const void *message,
                       size_t length, char out[CRYPTO_HEX]);

/* In a time that depends on `length` alone. */
bool crypto_equal(const void *a, const void *b, size_t length);

#endif
