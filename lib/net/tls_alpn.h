/* The protocol that a TLS server selected by ALPN (RFC 7301, 3.1), read from
 * its message: GnuTLS keeps silent about one that was not offered. */
#ifndef NET_TLS_ALPN_H
#define NET_TLS_ALPN_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

struct tls_alpn { /* a part of the message */
    const uint8_t *name;
    size_t length; /* 1 to 255 */
};

/* From the body of a ServerHello (TLS 1.2: RFC 5246, 7.4.1.3). False when
 * there is none, or when the message is cut off. */
bool tls_alpn_in_hello(const void *body, size_t length, struct tls_alpn *alpn);

/* The same from that of EncryptedExtensions (TLS 1.3: RFC 8446, 4.3.1). */
bool tls_alpn_in_extensions(const void *body, size_t length,
                            struct tls_alpn *alpn);

#endif
