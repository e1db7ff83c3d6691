/* Names to addresses, without blocking (c-ares). One a context. */
#ifndef NET_RESOLVER_H
#define NET_RESOLVER_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "net/order.h" /* struct resolver_address */

struct resolver;
struct resolver_query;

/*
 * The end of a look-up, called from resolver_process() only, never from
 * resolver_lookup() or resolver_cancel(). `error` is S2S_OK with at least
 * one address, in the order in which to try them, or S2S_EDNS,
 * S2S_EINTERNAL (no descriptors) or S2S_ENO_MEMORY; `text` says why
 * ("NXDOMAIN", "timed out"). The arguments live during the call.
 */
typedef void resolver_done(void *user, int error,
                           const struct resolver_address *addresses,
                           size_t count, const char *text);

/* `servers` is a list for ares_set_servers_ports_csv(), NULL the system's.
 * S2S_OK, S2S_ENO_MEMORY, S2S_EINTERNAL or S2S_EINVALID_ARGUMENT. */
int resolver_new(const char *servers, struct resolver **out);
void resolver_free(struct resolver *r); /* no query may be left */

/* Readable (level-triggered) whenever resolver_process() has work: answers,
 * time-outs and finished look-ups alike. */
int resolver_fd(const struct resolver *r);
void resolver_process(struct resolver *r);

/*
 * Look a host name up: A and AAAA in parallel, the hosts file first. Address
 * families alternate in the result, IPv6 first (RFC 8305, 4). At most 100
 * look-ups are in flight, others wait. S2S_OK or S2S_ENO_MEMORY.
 */
int resolver_lookup(struct resolver *r, const char *host, uint16_t port,
                    resolver_done *done, void *user,
                    struct resolver_query **query);

/* Whether it failed because no DNS server could be reached or answered. To be
 * asked while `done` runs. */
bool resolver_unanswered(const struct resolver_query *query);

/* `done` will not be called. Only before it was called. */
void resolver_cancel(struct resolver_query *query);

#endif
