#include "policy.h"

#include <arpa/inet.h>
#include <netinet/in.h>
#include <string.h>
#include <sys/socket.h>

static unsigned family_bits(int family)
{
    return family == AF_INET ? 32 : 128;
}

static bool same_prefix(const uint8_t *a, const uint8_t *b, unsigned bits)
{
    unsigned whole = bits / 8;
    unsigned rest = bits % 8;
    if (memcmp(a, b, whole) != 0)
        return false;
    return rest == 0 || ((a[whole] ^ b[whole]) >> (8 - rest)) == 0;
}

/* "24" to 24; digits only, no leading zero. */
static bool parse_prefix(const char *text, unsigned max, unsigned *out)
{
    size_t n = strlen(text);
    unsigned value = 0;
    if (n == 0 || n > 3 || strspn(text, "0123456789") != n ||
        (n > 1 && text[0] == '0'))
        return false;
    for (; *text != '\0'; text++)
        value = value * 10 + (unsigned)(*text - '0');
    if (value > max)
        return false;
    *out = value;
    return true;
}

static bool parse_network(const char *cidr, struct policy_network *out)
{
    struct policy_network n = {0};
    char text[INET6_ADDRSTRLEN];
    const char *slash = strchrnul(cidr, '/');
    size_t length = (size_t)(slash - cidr);
    if (length >= sizeof(text))
        return false;
    memcpy(text, cidr, length);
    text[length] = '\0';
    n.family = strchr(text, ':') != NULL ? AF_INET6 : AF_INET;
    if (inet_pton(n.family, text, n.bytes) != 1)
        return false;
    n.prefix = family_bits(n.family);
    if (*slash == '/' && !parse_prefix(slash + 1, n.prefix, &n.prefix))
        return false;
    *out = n;
    return true;
}

static bool clean_behind_prefix(const struct policy_network *n)
{
    for (unsigned bit = n->prefix; bit < family_bits(n->family); bit++)
        if (n->bytes[bit / 8] & (0x80 >> bit % 8))
            return false;
    return true;
}

bool policy_add(struct policy *policy, const char *cidr)
{
    struct policy_network n;
    if (policy->count == POLICY_NETWORKS || !parse_network(cidr, &n) ||
        !clean_behind_prefix(&n))
        return false;
    policy->networks[policy->count++] = n;
    return true;
}

bool policy_has_host_bits(const char *cidr)
{
    struct policy_network n;
    return parse_network(cidr, &n) && !clean_behind_prefix(&n);
}

static bool holds(const struct policy *policy, int family, const uint8_t *bytes)
{
    for (size_t i = 0; i < policy->count; i++) {
        const struct policy_network *n = &policy->networks[i];
        if (n->family == family && same_prefix(n->bytes, bytes, n->prefix))
            return true;
    }
    return false;
}

/* IPv6 prefixes with an IPv4 address behind them, in network order. */
static const struct {
    struct policy_network network;
    unsigned offset;
    bool only; /* the system connects to the IPv4 address itself */
} embedding[] = {
    {{AF_INET6, 96, {[10] = 0xff, [11] = 0xff}}, 12, true}, /* mapped */
    {{AF_INET6, 96, {0}}, 12, false},                       /* compatible */
    {{AF_INET6, 96, {0x00, 0x64, 0xff, 0x9b}}, 12, false},  /* RFC 6052 */
    {{AF_INET6, 16, {0x20, 0x02}}, 2, false},               /* RFC 3056 */
};

static bool holds6(const struct policy *policy, const uint8_t *bytes)
{
    for (size_t i = 0; i < sizeof(embedding) / sizeof(embedding[0]); i++) {
        const struct policy_network *n = &embedding[i].network;
        if (!same_prefix(n->bytes, bytes, n->prefix))
            continue;
        if (holds(policy, AF_INET, bytes + embedding[i].offset))
            return true;
        if (embedding[i].only)
            return false;
    }
    return holds(policy, AF_INET6, bytes);
}

bool policy_lists(const struct policy *policy, const struct sockaddr *address,
                  uint32_t length)
{
    struct sockaddr_in v4;
    struct sockaddr_in6 v6;
    if (length >= sizeof(v4) && address->sa_family == AF_INET) {
        memcpy(&v4, address, sizeof(v4));
        return holds(policy, AF_INET, (const uint8_t *)&v4.sin_addr);
    }
    if (length >= sizeof(v6) && address->sa_family == AF_INET6) {
        memcpy(&v6, address, sizeof(v6));
        return holds6(policy, v6.sin6_addr.s6_addr);
    }
    return false;
}

static bool is_demo(const struct policy *policy, const struct sockaddr *address,
                    uint32_t length)
{
    struct sockaddr_in a;
    if (policy->loopback_port == 0 || length < sizeof(a) ||
        address->sa_family != AF_INET)
        return false;
    memcpy(&a, address, sizeof(a));
    return a.sin_addr.s_addr == htonl(INADDR_LOOPBACK) &&
           a.sin_port == htons(policy->loopback_port);
}

int policy_filter(void *user, const struct sockaddr *address, uint32_t length)
{
    return s2s_address_public(address, length) == 1 ||
                   policy_lists(user, address, length) ||
                   is_demo(user, address, length)
               ? 0
               : 1;
}
