#include "net/order.h"

#include <string.h>
#include <strings.h>

#include "net/address.h"

static void add6(struct order *o, const struct sockaddr_in6 *address)
{
    for (size_t i = 0; i < o->six_count; i++)
        if (memcmp(&o->six[i].sin6_addr, &address->sin6_addr,
                   sizeof(address->sin6_addr)) == 0 &&
            o->six[i].sin6_scope_id == address->sin6_scope_id)
            return;
    if (o->six_count < RESOLVER_ADDRESSES)
        o->six[o->six_count++] = *address;
}

static void add4(struct order *o, const struct sockaddr_in *address)
{
    for (size_t i = 0; i < o->four_count; i++)
        if (o->four[i].sin_addr.s_addr == address->sin_addr.s_addr)
            return;
    if (o->four_count < RESOLVER_ADDRESSES)
        o->four[o->four_count++] = *address;
}

void order_add(struct order *o, const struct sockaddr *address, size_t length)
{
    struct sockaddr_in6 six;
    struct sockaddr_in four;
    if (address->sa_family == AF_INET6 && length >= sizeof(six)) {
        memcpy(&six, address, sizeof(six));
        add6(o, &six);
    } else if (address->sa_family == AF_INET && length >= sizeof(four)) {
        memcpy(&four, address, sizeof(four));
        add4(o, &four);
    }
}

bool order_add_literal(struct order *o, const char *text)
{
    struct sockaddr_storage address;
    socklen_t length = address_parse(text, 0, &address);
    if (length == 0)
        return false;
    order_add(o, (const struct sockaddr *)&address, length);
    return true;
}

bool order_is_localhost(const char *host)
{
    static const char name[] = "localhost";
    size_t length = strlen(host), size = sizeof(name) - 1;
    if (length > 0 && host[length - 1] == '.')
        length--;
    if (length < size || strncasecmp(host + length - size, name, size) != 0)
        return false;
    return length == size || host[length - size - 1] == '.';
}

bool order_add_localhost(struct order *o, const char *host)
{
    return order_is_localhost(host) && order_add_literal(o, "::1") &&
           order_add_literal(o, "127.0.0.1");
}

size_t order_count(const struct order *o)
{
    size_t sum = o->six_count + o->four_count;
    return sum < RESOLVER_ADDRESSES ? sum : RESOLVER_ADDRESSES;
}

static void put6(struct resolver_address *out, struct sockaddr_in6 address,
                 uint16_t port)
{
    address.sin6_port = htons(port);
    memset(out, 0, sizeof(*out));
    memcpy(&out->address, &address, sizeof(address));
    out->length = sizeof(address);
}

static void put4(struct resolver_address *out, struct sockaddr_in address,
                 uint16_t port)
{
    address.sin_port = htons(port);
    memset(out, 0, sizeof(*out));
    memcpy(&out->address, &address, sizeof(address));
    out->length = sizeof(address);
}

void order_write(const struct order *o, uint16_t port,
                 struct resolver_address *out)
{
    size_t n = 0, end = order_count(o);
    for (size_t i = 0; n < end; i++) {
        if (i < o->six_count)
            put6(&out[n++], o->six[i], port);
        if (i < o->four_count && n < end)
            put4(&out[n++], o->four[i], port);
    }
}
