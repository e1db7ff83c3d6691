/* What the library's own transport connects to, and how. */
#ifndef NET_TCP_ENDPOINT_H
#define NET_TCP_ENDPOINT_H

#include <s2sprobe.h>
#include <stdbool.h>
#include <stdint.h>

struct courtesy;
struct descriptors;
struct resolver;

struct tcp_settings { /* the transport's `user`; must outlive connections */
    struct resolver *resolver;
    s2s_address_filter *filter; /* NULL: all */
    void *filter_user;
    uint32_t max_attempts;           /* connections tried in all; 0: 10 */
    uint32_t max_addresses;          /* of them to one endpoint; 0: 8 */
    uint32_t max_lookups;            /* at a time; 0: 8 */
    struct courtesy *courtesy;       /* NULL: none */
    struct descriptors *descriptors; /* NULL: not counted */
};

/* One place to connect to, of several. */
struct tcp_endpoint {
    const char *host; /* A-labels or a literal */
    uint16_t port;
    uint32_t group; /* those of one group, which are neighbours, race; groups
                       come one after the other (XEP-0495, 4.1) */
    bool dns_only;  /* LOOKUP_DNS: DNSSEC is looked at, the hosts file is not */
    bool forbidden; /* not to be tried: recorded as "forbidden" */
};

#endif
