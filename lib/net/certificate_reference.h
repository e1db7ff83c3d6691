/* Whom a certificate must be for, and what DNS says of it. */
#ifndef NET_CERTIFICATE_REFERENCE_H
#define NET_CERTIFICATE_REFERENCE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/domain.h"

/* The RDATA of a TLSA record (RFC 6698, 2.1), as it came. */
struct dane_record {
    const uint8_t *data;
    size_t size;
};

/*
 * TLSA records may be passed only from an answer that DNSSEC proved, for a
 * target of which SRV answer and address were proved too (RFC 7673, 3.2). A
 * look-up that failed otherwise than by there being no records counts as bogus
 * (3.4).
 */
struct certificate_reference {
    const struct domain *domain;
    const struct domain *target; /* of an SRV answer that DNSSEC proved: a name
                                  * as good as the domain (RFC 7673, 4.1); NULL
                                  * otherwise */
    const struct dane_record *tlsa;
    size_t tlsa_count;
    const char *tlsa_name; /* that was looked up; NULL: nobody looked */
    bool tlsa_bogus;       /* DNSSEC refused the answer */
    bool dane_decides;     /* S2S_DANE */
};

#endif
