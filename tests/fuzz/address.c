/*
 * Addresses: which are public, which a policy lists, and their text. The input
 * is a policy of one network to a line, up to an empty line; the rest is
 * addresses, IPv4 and IPv6, and one as text, and a socket address.
 */
#include <arpa/inet.h>
#include <netinet/in.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "net/address.h"
#include "policy.h"

#define TEXT_MAX  256
#define BYTES_MAX 64 /* of the addresses in an input */

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static void must(bool condition)
{
    if (!condition)
        abort();
}

/* ---- What is said here once more ---- */

static bool public4(const uint8_t ip[4])
{
    static const struct {
        uint32_t first, last;
    } blocks[] = {
        {0x00000000, 0x00ffffff}, {0x0a000000, 0x0affffff},
        {0x64400000, 0x647fffff}, {0x7f000000, 0x7fffffff},
        {0xa9fe0000, 0xa9feffff}, {0xac100000, 0xac1fffff},
        {0xc0000000, 0xc00000ff}, {0xc0000200, 0xc00002ff},
        {0xc0586300, 0xc05863ff}, {0xc0a80000, 0xc0a8ffff},
        {0xc6120000, 0xc613ffff}, {0xc6336400, 0xc63364ff},
        {0xcb007100, 0xcb0071ff}, {0xe0000000, 0xffffffff},
    };
    uint32_t n = (uint32_t)ip[0] << 24 | (uint32_t)ip[1] << 16 |
                 (uint32_t)ip[2] << 8 | ip[3];
    for (size_t i = 0; i < sizeof(blocks) / sizeof(blocks[0]); i++)
        if (n >= blocks[i].first && n <= blocks[i].last)
            return false;
    return true;
}

/* How an IPv6 address can hold an IPv4 one. */
static const struct form {
    uint8_t prefix[16];
    size_t at;   /* of the IPv4 address */
    bool open;   /* public when the IPv4 address is */
    bool listed; /* by the network of the IPv4 address */
} forms[] = {
    {{[10] = 0xff, [11] = 0xff}, 12, true, true},       /* mapped */
    {{0, 0x64, 0xff, 0x9b}, 12, true, true},            /* NAT64 */
    {{0x20, 0x02}, 2, true, true},                      /* 6to4 */
    {{0x26, 0x20, [10] = 0x5e, 0xfe}, 12, true, false}, /* ISATAP */
    {{0x26, 0x20, [8] = 2, 0, 0x5e, 0xfe}, 12, true, false},
    {{0}, 12, false, true},                              /* compatible */
    {{0, 0x64, 0xff, 0x9b, 0, 1}, 12, false, false},     /* local NAT64 */
    {{0x20, 0x01}, 4, false, false},                     /* Teredo's server */
    {{0xfe, 0x80, [10] = 0x5e, 0xfe}, 12, false, false}, /* ISATAP */
};

/* ---- Socket addresses ---- */

static socklen_t make(int family, const uint8_t *ip,
                      struct sockaddr_storage *out)
{
    struct sockaddr_in v4 = {.sin_family = AF_INET};
    struct sockaddr_in6 v6 = {.sin6_family = AF_INET6};
    memset(out, 0, sizeof(*out));
    if (family == AF_INET) {
        memcpy(&v4.sin_addr, ip, 4);
        memcpy(out, &v4, sizeof(v4));
        return sizeof(v4);
    }
    memcpy(&v6.sin6_addr, ip, 16);
    memcpy(out, &v6, sizeof(v6));
    return sizeof(v6);
}

struct verdict {
    bool open, listed, allowed;
    char text[ADDRESS_TEXT];
};

static struct verdict judge(struct policy *policy, const void *address,
                            socklen_t length)
{
    struct verdict v;
    v.open = address_public(address, length);
    v.listed = policy_lists(policy, address, length);
    v.allowed = policy_filter(policy, address, length) == 0;
    must(v.allowed == (v.open || v.listed));
    address_format(address, length, v.text);
    must(strnlen(v.text, sizeof(v.text)) < sizeof(v.text));
    must(v.text[0] != '\0' || !v.allowed);
    return v;
}

/* Its text is read back as the same address. */
static struct verdict judge_ip(struct policy *policy, int family,
                               const uint8_t *ip)
{
    struct sockaddr_storage a, b;
    socklen_t length = make(family, ip, &a);
    struct verdict v = judge(policy, &a, length);
    must(address_parse(v.text, 0, &b) == length);
    must(memcmp(&a, &b, sizeof(a)) == 0);
    return v;
}

/* Every form of an IPv4 address is judged as that address. */
static void judge_ipv4(struct policy *policy, const uint8_t *ip)
{
    struct verdict v = judge_ip(policy, AF_INET, ip);
    must(v.open == public4(ip));
    for (size_t i = 0; i < sizeof(forms) / sizeof(forms[0]); i++) {
        const struct form *f = &forms[i];
        uint8_t bytes[16];
        memcpy(bytes, f->prefix, sizeof(bytes));
        memcpy(bytes + f->at, ip, 4);
        struct verdict w = judge_ip(policy, AF_INET6, bytes);
        must(w.open == (f->open && v.open));
        must(!f->listed || !v.listed || w.listed);
        must(i != 0 || w.allowed == v.allowed);
    }
}

/* As the system would give it, of any length. */
static void judge_bytes(struct policy *policy, const uint8_t *data, size_t size)
{
    void *copy = malloc(size > 0 ? size : 1);
    must(copy != NULL);
    if (size > 0)
        memcpy(copy, data, size);
    judge(policy, copy, (socklen_t)size);
    free(copy);
}

/* ---- Policies ---- */

/* The last address of the network. */
static void last_of(const struct policy_network *n, uint8_t out[16])
{
    memcpy(out, n->bytes, 16);
    for (unsigned bit = n->prefix; bit < 128; bit++)
        out[bit / 8] = (uint8_t)(out[bit / 8] | 0x80 >> bit % 8);
}

static bool is_mapped(const struct policy_network *n, const uint8_t *ip)
{
    return n->family == AF_INET6 && memcmp(ip, forms[0].prefix, 12) == 0;
}

/* What was read is written, and read as the same; its ends are listed, and
 * what is behind them is not. */
static void check_network(const struct policy_network *n)
{
    struct policy alone = {.count = 0};
    char text[INET6_ADDRSTRLEN], cidr[INET6_ADDRSTRLEN + 5];
    uint8_t ip[16];
    must(n->prefix <= (n->family == AF_INET ? 32u : 128u));
    must(inet_ntop(n->family, n->bytes, text, sizeof(text)) != NULL);
    snprintf(cidr, sizeof(cidr), "%s/%u", text, n->prefix);
    must(policy_add(&alone, cidr));
    must(memcmp(&alone.networks[0], n, sizeof(*n)) == 0);
    must(is_mapped(n, n->bytes) ||
         judge_ip(&alone, n->family, n->bytes).listed);
    last_of(n, ip);
    must(is_mapped(n, ip) || judge_ip(&alone, n->family, ip).listed);
    if (n->prefix == 0)
        return;
    ip[(n->prefix - 1) / 8] ^= (uint8_t)(0x80 >> (n->prefix - 1) % 8);
    must(!judge_ip(&alone, n->family, ip).listed);
}

/* A line without its end; false when there is none. */
static bool take_line(const uint8_t **data, size_t *size, char out[TEXT_MAX])
{
    const uint8_t *end = memchr(*data, '\n', *size);
    size_t n = end != NULL ? (size_t)(end - *data) : *size;
    size_t kept = n < TEXT_MAX ? n : TEXT_MAX - 1;
    if (*size == 0)
        return false;
    memcpy(out, *data, kept);
    out[kept] = '\0';
    n += end != NULL ? 1 : 0;
    *data += n;
    *size -= n;
    return true;
}

static void read_policy(struct policy *policy, const uint8_t **data,
                        size_t *size)
{
    char line[TEXT_MAX];
    while (take_line(data, size, line) && line[0] != '\0') {
        size_t before = policy->count;
        bool ok = policy_add(policy, line);
        must(policy->count == before + (ok ? 1 : 0));
        must(policy->count <= POLICY_NETWORKS);
        if (ok)
            check_network(&policy->networks[before]);
    }
}

static void read_text(struct policy *policy, const char *text)
{
    struct sockaddr_storage a;
    socklen_t length = address_parse(text, 5269, &a);
    if (length > 0)
        must(judge(policy, &a, length).text[0] != '\0');
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    struct policy policy = {.count = 0};
    char text[TEXT_MAX];
    read_policy(&policy, &data, &size);
    judge_bytes(&policy, data, size);
    for (size_t i = 0; i + 4 <= size && i < BYTES_MAX; i += 4)
        judge_ipv4(&policy, data + i);
    for (size_t i = 0; i + 16 <= size && i < BYTES_MAX; i += 16)
        judge_ip(&policy, AF_INET6, data + i);
    if (take_line(&data, &size, text))
        read_text(&policy, text);
    return 0;
}
