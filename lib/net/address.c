#include "net/address.h"

#include <arpa/inet.h>
#include <netinet/in.h>
#include <string.h>

/* The IANA special-purpose registry as of 2025: what is not globally
 * reachable, multicast, and the old 6to4 relays. */
static const struct block4 {
    uint8_t prefix[4];
    uint8_t bits;
} blocks4[] = {
    {{0, 0, 0, 0}, 8},       /* this network; 0.0.0.0 reaches this host */
    {{10, 0, 0, 0}, 8},      /* private */
    {{100, 64, 0, 0}, 10},   /* shared (carrier NAT) */
    {{127, 0, 0, 0}, 8},     /* loopback */
    {{169, 254, 0, 0}, 16},  /* link-local, and clouds' metadata */
    {{172, 16, 0, 0}, 12},   /* private */
    {{192, 0, 0, 0}, 24},    /* protocol assignments */
    {{192, 0, 2, 0}, 24},    /* documentation */
    {{192, 88, 99, 0}, 24},  /* 6to4 relays */
    {{192, 168, 0, 0}, 16},  /* private */
    {{198, 18, 0, 0}, 15},   /* benchmarks */
    {{198, 51, 100, 0}, 24}, /* documentation */
    {{203, 0, 113, 0}, 24},  /* documentation */
    {{224, 0, 0, 0}, 4},     /* multicast */
    {{240, 0, 0, 0}, 4},     /* reserved, broadcast */
};

#define REFUSED 0xff

/* First match decides: refused, or as the IPv4 address at an offset. What is
 * not listed is public inside 2000::/3, the only global unicast space. */
static const struct block6 {
    uint8_t prefix[16];
    uint8_t bits;
    uint8_t embedded; /* offset of an IPv4 address, or REFUSED */
} blocks6[] = {
    {{0}, 96, REFUSED},                         /* ::, ::1, old ::v4 */
    {{[10] = 0xff, [11] = 0xff}, 96, 12},       /* mapped */
    {{0, 0x64, 0xff, 0x9b}, 96, 12},            /* NAT64 */
    {{0, 0x64, 0xff, 0x9b, 0, 1}, 48, REFUSED}, /* local NAT64 */
    {{1}, 64, REFUSED},                         /* discard */
    {{0x20, 0x01, 0, 0}, 23, REFUSED},          /* Teredo, ORCHID, ... */
    {{0x20, 0x01, 0x0d, 0xb8}, 32, REFUSED},    /* documentation */
    {{0x20, 0x02}, 16, 2},                      /* 6to4 */
    {{0x3f, 0xff}, 20, REFUSED},                /* documentation */
    {{0x5f, 0x00}, 16, REFUSED},                /* SRv6 */
    {{0xfc}, 7, REFUSED},                       /* unique local */
    {{0xfe, 0x80}, 10, REFUSED},                /* link-local */
    {{0xfe, 0xc0}, 10, REFUSED},                /* site-local */
    {{0xff}, 8, REFUSED},                       /* multicast */
};

static bool matches(const uint8_t *bytes, const uint8_t *prefix, unsigned bits)
{
    size_t whole = bits / 8;
    unsigned rest = bits % 8;
    if (memcmp(bytes, prefix, whole) != 0)
        return false;
    return rest == 0 || (bytes[whole] ^ prefix[whole]) >> (8 - rest) == 0;
}

static bool public4(const uint8_t *bytes)
{
    for (size_t i = 0; i < sizeof(blocks4) / sizeof(blocks4[0]); i++)
        if (matches(bytes, blocks4[i].prefix, blocks4[i].bits))
            return false;
    return true;
}

/* An ISATAP interface id (RFC 5214, 6.1), with or without the u bit. */
static bool is_isatap(const uint8_t *bytes)
{
    static const uint8_t id[] = {0x00, 0x00, 0x5e, 0xfe};
    return (bytes[8] & 0xfd) == id[0] && memcmp(bytes + 9, id + 1, 3) == 0;
}

static bool public6(const uint8_t *bytes)
{
    if (is_isatap(bytes) && !public4(bytes + 12))
        return false;
    for (size_t i = 0; i < sizeof(blocks6) / sizeof(blocks6[0]); i++) {
        const struct block6 *b = &blocks6[i];
        if (matches(bytes, b->prefix, b->bits))
            return b->embedded != REFUSED && public4(bytes + b->embedded);
    }
    return bytes[0] >> 5 == 1;
}

/* The bytes of the address in network order; the family, 0 for none. */
static int raw(const struct sockaddr *address, socklen_t length,
               uint8_t out[16])
{
    sa_family_t family;
    size_t start = offsetof(struct sockaddr, sa_family);
    const uint8_t *bytes = (const uint8_t *)address;
    if (address == NULL || length < start + sizeof(family))
        return 0;
    memcpy(&family, bytes + start, sizeof(family));
    if (family == AF_INET && length >= sizeof(struct sockaddr_in)) {
        memcpy(out, bytes + offsetof(struct sockaddr_in, sin_addr), 4);
        return AF_INET;
    }
    if (family == AF_INET6 && length >= sizeof(struct sockaddr_in6)) {
        memcpy(out, bytes + offsetof(struct sockaddr_in6, sin6_addr), 16);
        return AF_INET6;
    }
    return 0;
}

bool address_public(const struct sockaddr *address, socklen_t length)
{
    uint8_t bytes[16];
    int family = raw(address, length, bytes);
    if (family == AF_INET)
        return public4(bytes);
    return family == AF_INET6 && public6(bytes);
}

void address_format(const struct sockaddr *address, socklen_t length,
                    char out[ADDRESS_TEXT])
{
    uint8_t bytes[16];
    int family = raw(address, length, bytes);
    if (family == 0 || inet_ntop(family, bytes, out, ADDRESS_TEXT) == NULL)
        out[0] = '\0';
}

socklen_t address_from_bytes(const void *bytes, size_t size, uint16_t port,
                             struct sockaddr_storage *out)
{
    struct sockaddr_in v4 = {.sin_family = AF_INET, .sin_port = htons(port)};
    struct sockaddr_in6 v6 = {.sin6_family = AF_INET6,
                              .sin6_port = htons(port)};
    if (size == sizeof(v4.sin_addr)) {
        memset(out, 0, sizeof(*out));
        memcpy(&v4.sin_addr, bytes, size);
        memcpy(out, &v4, sizeof(v4));
        return sizeof(v4);
    }
    if (size == sizeof(v6.sin6_addr)) {
        memset(out, 0, sizeof(*out));
        memcpy(&v6.sin6_addr, bytes, size);
        memcpy(out, &v6, sizeof(v6));
        return sizeof(v6);
    }
    return 0;
}

socklen_t address_parse(const char *text, uint16_t port,
                        struct sockaddr_storage *out)
{
    struct in_addr v4;
    struct in6_addr v6;
    if (inet_pton(AF_INET, text, &v4) == 1)
        return address_from_bytes(&v4, sizeof(v4), port, out);
    if (inet_pton(AF_INET6, text, &v6) == 1)
        return address_from_bytes(&v6, sizeof(v6), port, out);
    return 0;
}

bool address_refused(s2s_address_filter *filter, void *user,
                     const struct sockaddr *address, socklen_t length)
{
    return filter != NULL && filter(user, address, (uint32_t)length) != 0;
}
