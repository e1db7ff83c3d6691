/* Where to connect to for a domain, by its SRV records (RFC 6120, 3.2.1;
 * RFC 2782; XEP-0368). No I/O: answers in, a plan out. */
#ifndef NET_SRV_H
#define NET_SRV_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/arena.h"
#include "base/result.h"
#include "net/dns.h"

enum srv_service { SRV_DIRECT, SRV_STARTTLS, SRV_SERVICES };

enum srv_state { /* of one service */
                 SRV_NONE,
                 SRV_RECORDS,
                 SRV_REFUSED, /* one record, which leads to "." */
                 SRV_FAILED,
                 SRV_BOGUS,
                 SRV_STATES
};

struct srv_target {
    const char *host; /* A-labels, no trailing dot */
    uint16_t port, priority, weight;
    bool direct;   /* TLS at once, else STARTTLS */
    bool secure;   /* DNSSEC vouches for the record */
    bool bad_port; /* not one to connect to because a record says so */
};

struct srv_set { /* of one service */
    enum srv_state state;
    const char *text; /* why, when it FAILED or is BOGUS */
    bool secure;
    bool alias;
    size_t roots;      /* records that lead to "." */
    size_t unreadable; /* records that make no sense */
    size_t dropped;    /* beyond what is kept */
    struct srv_target *targets;
    size_t count;
};

enum srv_outcome {
    SRV_TO_TARGETS,
    SRV_TO_DOMAIN,  /* its own addresses, port 5269 (RFC 6120, 3.2.2) */
    SRV_NO_SERVICE, /* said by "." */
    SRV_UNKNOWN,    /* DNS did not say */
    SRV_FORGED      /* DNSSEC says that DNS lies */
};

struct srv_plan {
    struct arena arena;
    struct srv_set sets[SRV_SERVICES];
    enum srv_outcome outcome;
    bool unanswered;                 /* by any DNS server */
    const struct srv_target **order; /* in which to try them */
    size_t count;
};

/* "_xmpps-server._tcp.example.com"; false when it would be too long. */
bool srv_name(enum srv_service service, const char *domain,
              char out[DOMAIN_MAX]);

void srv_init(struct srv_plan *p);
void srv_free(struct srv_plan *p);

/* Take down what DNS says of one service. S2S_OK or S2S_ENO_MEMORY. */
int srv_read(struct srv_plan *p, enum srv_service service,
             const struct dns_answer *answer);

/*
 * What both answers together mean, and the order over the union of their
 * records: by priority, within it by the weighted draw of RFC 2782. The same
 * seed gives the same order. `hopeful`: the domain's own addresses when DNS
 * did not say (RFC 6120, 3.2.1, item 9). S2S_OK or S2S_ENO_MEMORY.
 */
int srv_decide(struct srv_plan *p, uint64_t seed, bool hopeful);

/* Whether a record may lead to this port: 443, and from 1024 on all that no
 * other well-known service is behind. */
bool srv_port_allowed(uint16_t port);

/* What DNS said, and findings about it. */
void srv_report(const struct srv_plan *p, s2s_result *result);

#endif
