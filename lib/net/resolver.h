/* DNS, without blocking: c-ares, or what the caller brings. One a context. */
#ifndef NET_RESOLVER_H
#define NET_RESOLVER_H

#include <s2sprobe.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/timers.h"
#include "net/dns.h"

struct resolver;
typedef struct s2s_dns_query resolver_query;

struct resolver_settings {
    const char *servers;      /* for ares_set_servers_ports_csv(), or NULL: the
                                 system's, as its file says now */
    const char *config;       /* that file; NULL: /etc/resolv.conf */
    const s2s_resolver *hook; /* in place of c-ares, or NULL; copied */
    bool trust_ad; /* the AD bit counts though the servers are elsewhere */
};

/* S2S_OK, S2S_ENO_MEMORY, S2S_EINTERNAL or S2S_EINVALID_ARGUMENT. */
int resolver_new(const struct resolver_settings *settings,
                 struct resolver **out);
void resolver_free(struct resolver *r); /* no query may be left */

/* Readable (level-triggered) whenever resolver_process() has work: answers,
 * time-outs and finished queries alike. */
int resolver_fd(const struct resolver *r);
void resolver_process(struct resolver *r);

/* Whether a question would have to wait. That it no longer is comes with a call
 * of resolver_process() or resolver_cancel(). */
bool resolver_busy(const struct resolver *r);

/*
 * The end of a query, called from resolver_process() only. The answer lives
 * during the call, unless it is held; one with S2S_ENO_MEMORY cannot be.
 */
typedef void resolver_done(void *user, struct dns_answer *answer);

/*
 * Ask for records; the name has no trailing dot. At most 100 queries are in
 * flight, others wait; up to 100 more once they have had no answer for a
 * second. What waits for SRV records waits for all else. What a server refuses
 * while another query has had no answer is asked again for 12 seconds. An
 * answer is used again while its time to live lasts.
 * `hosts`, with DNS_A and DNS_AAAA: the hosts file comes first, and nothing is
 * known of DNSSEC. Otherwise what a validating server refuses (SERVFAIL) is
 * asked for once more without validation, and is DNS_BOGUS, with S2S_EDNS, when
 * it is there. S2S_OK or S2S_ENO_MEMORY.
 */
int resolver_ask(struct resolver *r, const char *name, uint16_t type,
                 bool hosts, resolver_done *done, void *user,
                 resolver_query **query);

/* A query whose answer is known already, and taken over; NULL stands for no
 * memory. */
int resolver_answer(struct resolver *r, struct dns_answer *answer,
                    resolver_done *done, void *user, resolver_query **query);

/* `done` will not be called. Only before it was called. */
void resolver_cancel(resolver_query *query);

/* Whether it has none of the caller's. */
bool resolver_is_ours(const struct resolver *r);

/* A call after so many milliseconds, from resolver_process(). S2S_OK or
 * S2S_ENO_MEMORY. */
#define RESOLVER_DELAY_MS 50 /* RFC 8305, 3 */
int resolver_delay(struct resolver *r, struct timer *t, uint32_t ms);
void resolver_delay_stop(struct resolver *r, struct timer *t);

/* What the caller's resolver says; NULL: nothing. S2S_OK, S2S_EABI, or
 * S2S_EINVALID_ARGUMENT when it has an answer. */
int resolver_hook_done(resolver_query *query, const s2s_dns_answer *answer);

#endif
