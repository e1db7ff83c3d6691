/* The addresses of a host, in the order in which to try them. */
#ifndef NET_LOOKUP_H
#define NET_LOOKUP_H

#include <stdbool.h>

#include "net/order.h" /* struct resolver_address */
#include "net/resolver.h"

struct lookup;

struct lookup_result {
    int error;        /* S2S_OK with at least one address, S2S_EDNS,
                         S2S_EINTERNAL (no descriptors), S2S_ENO_MEMORY */
    const char *text; /* why: "NXDOMAIN", "timed out"; "" */
    bool unanswered;  /* no DNS server could be reached, or answered */
    bool alias;
    bool hasty; /* the IPv6 addresses were not waited for */
    enum dns_security security;
    const struct resolver_address *addresses;
    size_t count;
};

/* From resolver_process() only. The result lives during the call. */
typedef void lookup_done(void *user, const struct lookup_result *result);

/* DNS alone counts, not the hosts file, and DNSSEC is looked at. */
#define LOOKUP_DNS 1u
/* Wait for the IPv6 addresses however long they take; otherwise 50 ms longer
 * than for the IPv4 ones (RFC 8305, 3). */
#define LOOKUP_PATIENT 2u

/*
 * A host name or an IP literal: A and AAAA in parallel. Address families
 * alternate in the result, IPv6 first (RFC 8305, 4). Below localhost are the
 * loopback addresses when nothing else is known (RFC 6761, 6.3). S2S_OK or
 * S2S_ENO_MEMORY.
 */
int lookup_start(struct resolver *r, const char *host, uint16_t port,
                 unsigned flags, lookup_done *done, void *user,
                 struct lookup **out);

/* `done` will not be called. Only before it was called. */
void lookup_cancel(struct lookup *l);

#endif
