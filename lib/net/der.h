/* Walking over DER: just enough for a string and for the size of a key. */
#ifndef NET_DER_H
#define NET_DER_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#define DER_INTEGER     0x02
#define DER_BIT_STRING  0x03
#define DER_UTF8_STRING 0x0c
#define DER_IA5_STRING  0x16
#define DER_SEQUENCE    0x30

struct der { /* bytes not yet read */
    const uint8_t *data;
    size_t left;
};

/* Read the next element: its tag (one byte) and contents. False at the end,
 * and for what is cut off, longer than 2^32, or of indefinite length. */
bool der_next(struct der *d, uint8_t *tag, struct der *contents);

/* The same when it must have this tag. */
bool der_expect(struct der *d, uint8_t tag, struct der *contents);

/* A certificate's public key with its parameters (subjectPublicKeyInfo), head
 * and all, as it stands; false when it cannot be found. */
bool der_certificate_key(const void *certificate, size_t length,
                         struct der *key);

/* The size of a certificate's public key with its parameters
 * (subjectPublicKeyInfo); 0 when it cannot be found. Larger ones than this
 * cost too much to compute with; RSA of 16384 bits is 2082. */
#define DER_KEY_SIZE_MAX 2300u
size_t der_certificate_key_size(const void *certificate, size_t length);

#endif
