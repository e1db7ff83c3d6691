/* Randomness for ids and keys, from the system through GnuTLS. */
#ifndef BASE_RANDOM_H
#define BASE_RANDOM_H

#include <stddef.h>

/* S2S_OK or S2S_EINTERNAL. */
int random_bytes(void *out, size_t size);

/* `bytes` random bytes as lower-case hex and a NUL: 2 * bytes + 1
 * characters. S2S_OK or S2S_EINTERNAL. */
int random_hex(char *out, size_t bytes);

#endif
