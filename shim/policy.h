/* Which addresses may be probed: public ones, and networks that are listed. */
#ifndef SHIM_POLICY_H
#define SHIM_POLICY_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include <s2sprobe.h>

#define POLICY_NETWORKS 64

struct policy_network {
    int family;        /* AF_INET or AF_INET6 */
    unsigned prefix;   /* bits */
    uint8_t bytes[16]; /* 4 of them for AF_INET */
};

struct policy {
    struct policy_network networks[POLICY_NETWORKS];
    size_t count;
    uint16_t loopback_port; /* of 127.0.0.1, allowed too; 0: none */
};

/* Add "192.0.2.0/24", "2001:db8::/32" or a lone address. False when it is
 * none of these, has bits set behind its prefix, or there is no room. */
bool policy_add(struct policy *policy, const char *cidr);
/* Whether it would be one but for those bits. */
bool policy_has_host_bits(const char *cidr);

/* Whether a listed network holds the address. An IPv6 form of an IPv4 address
 * is looked up by that address too, and an IPv4-mapped one only so. */
bool policy_lists(const struct policy *policy, const struct sockaddr *address,
                  uint32_t length);

/* An s2s_address_filter; `user` is a struct policy. */
s2s_address_filter policy_filter;

#endif
