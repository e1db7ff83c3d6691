/* DNS answers (RFC 1035): messages to records, and records to values. */
#ifndef NET_DNS_H
#define NET_DNS_H

#include <netinet/in.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/domain.h"

enum dns_type {
    DNS_ADDRESS = 0, /* both kinds; from the hosts file only */
    DNS_A = 1,
    DNS_CNAME = 5,
    DNS_SOA = 6,
    DNS_AAAA = 28,
    DNS_SRV = 33,
    DNS_TLSA = 52
};

enum dns_rcode {
    DNS_NOERROR = 0,
    DNS_FORMERR = 1,
    DNS_SERVFAIL = 2,
    DNS_NXDOMAIN = 3,
    DNS_REFUSED = 5
};

enum dns_security { DNS_INSECURE, DNS_SECURE, DNS_BOGUS };

/* More of one answer is counted, not kept. */
#define DNS_RECORDS_MAX 1024
#define DNS_BYTES_MAX   (512u * 1024)

struct dns_rdata { /* names in it are not compressed */
    const uint8_t *data;
    size_t size;
};

/* What is known of one name and type. One block, shared by counting. */
struct dns_answer {
    unsigned holders;
    int error;        /* S2S_OK also when there are no records; S2S_EDNS,
                         S2S_EINTERNAL (no descriptors), S2S_ENO_MEMORY, or of
                         the caller's resolver */
    const char *text; /* "NXDOMAIN", "timed out"; "" when there are records;
                         static, or in the block */
    bool unanswered;  /* no DNS server could be reached, or answered */
    bool alias;       /* the name is an alias (CNAME) */
    enum dns_security security;
    uint32_t ttl; /* seconds that it may be kept; 0: not at all */
    size_t dropped;
    size_t count;
    struct dns_rdata records[];
};

/*
 * Read a message that answers the question for `name` and `type`, aliases
 * followed. `trusted`: its AD bit counts (RFC 4035, 3.2.3). What cannot be read
 * is an answer with S2S_EDNS. NULL when there is no memory.
 */
struct dns_answer *dns_read(const uint8_t *message, size_t length,
                            const char *name, uint16_t type, bool trusted);

/* One of these records and nothing else; `text` is copied. NULL when there is
 * no memory. */
struct dns_answer *dns_answer_new(const struct dns_rdata *records, size_t count,
                                  const char *text);
/* One that says why there is none; `text` is static. */
struct dns_answer *dns_answer_failed(int error, const char *text);

struct dns_answer *dns_answer_hold(struct dns_answer *a);
void dns_answer_release(struct dns_answer *a); /* NULL is allowed */

/* "NXDOMAIN", "SERVFAIL", ... */
const char *dns_rcode_name(unsigned rcode);

/* ---- Values: false when the data is not of that form. ---- */

struct dns_srv {
    uint16_t priority, weight, port;
    char target[DOMAIN_MAX]; /* lower case, no trailing dot; "" is the root */
};
/* A target that is not letters, digits, hyphens and underscores is refused. */
bool dns_read_srv(const struct dns_rdata *data, struct dns_srv *out);

/* Of an A or AAAA record; the length of the socket address, 0 for none. */
socklen_t dns_read_address(const struct dns_rdata *data, uint16_t port,
                           struct sockaddr_storage *out);

#endif
