/* What names and numbers are on the wire of DNS (RFC 1035). */
#ifndef NET_DNS_WIRE_H
#define NET_DNS_WIRE_H

#include <stdint.h>

#define DNS_WIRE_NAME  255u /* 2.3.4 */
#define DNS_WIRE_LABEL 63u
#define DNS_WIRE_SRV   6u /* in front of the target (RFC 2782) */

static inline unsigned dns_wire_read16(const uint8_t *p)
{
    return (unsigned)p[0] << 8 | p[1];
}

static inline uint8_t dns_wire_lower(uint8_t c)
{
    return c >= 'A' && c <= 'Z' ? (uint8_t)(c - 'A' + 'a') : c;
}

#endif
