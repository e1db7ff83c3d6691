/* Socket addresses: policy and text. */
#ifndef NET_ADDRESS_H
#define NET_ADDRESS_H

#include <s2sprobe.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <sys/socket.h>

#define ADDRESS_TEXT 64

/*
 * Whether the address is global unicast: not in any block of the IANA
 * special-purpose registries (RFC 6890) that is not globally reachable, no
 * multicast, and no IPv6 form that embeds such an IPv4 address (mapped,
 * compatible, NAT64, 6to4, Teredo, ISATAP). False for anything that is not
 * AF_INET or AF_INET6, or too short.
 */
bool address_public(const struct sockaddr *address, socklen_t length);

/* "192.0.2.1" or "2001:db8::1", without port; "" when it has no such form. */
void address_format(const struct sockaddr *address, socklen_t length,
                    char out[ADDRESS_TEXT]);

/* The 4 or 16 bytes of an address to a socket address; 0 for another size. */
socklen_t address_from_bytes(const void *bytes, size_t size, uint16_t port,
                             struct sockaddr_storage *out);

/* An IP literal without brackets to a socket address; 0 on failure. */
socklen_t address_parse(const char *text, uint16_t port,
                        struct sockaddr_storage *out);

/* Whether a filter refuses an address; NULL refuses none. */
bool address_refused(s2s_address_filter *filter, void *user,
                     const struct sockaddr *address, socklen_t length);

#endif
