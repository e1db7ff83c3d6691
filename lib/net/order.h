/* The addresses of a host, in the order in which to try them (RFC 8305, 4). */
#ifndef NET_ORDER_H
#define NET_ORDER_H

#include <netinet/in.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#define RESOLVER_ADDRESSES 16 /* no look-up gives more */

struct resolver_address {
    struct sockaddr_storage address; /* with the port */
    socklen_t length;
};

struct order {
    struct sockaddr_in6 six[RESOLVER_ADDRESSES];
    struct sockaddr_in four[RESOLVER_ADDRESSES];
    size_t six_count, four_count;
};

/* Note an address, each once; other families, and more than there is room
 * for, are left out. */
void order_add(struct order *o, const struct sockaddr *address, size_t length);

/* The same for an IP literal; false when it is none. */
bool order_add_literal(struct order *o, const char *text);

/* Whether it is localhost, or below it. */
bool order_is_localhost(const char *host);

/* The loopback addresses, when the host is localhost or below (RFC 6761,
 * 6.3); false when it is not. */
bool order_add_localhost(struct order *o, const char *host);

/* How many order_write() will write. */
size_t order_count(const struct order *o);

/* Families in turn, IPv6 first; in one family as they were added. */
void order_write(const struct order *o, uint16_t port,
                 struct resolver_address *out);

#endif
