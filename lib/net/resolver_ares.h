/* c-ares: what asks the DNS servers unless the caller brings a resolver. A
 * change of /etc/resolv.conf is noticed, and no port is used for ever. */
#ifndef NET_RESOLVER_ARES_H
#define NET_RESOLVER_ARES_H

#include <stdbool.h>
#include <stdint.h>
#include <sys/time.h>

#include "net/dns.h"

struct resolver_ares;

/* The answer is the callee's; NULL when there is no memory. Called from
 * within any function below that takes the channel. */
typedef void resolver_ares_done(void *user, struct dns_answer *answer);

/* `servers` is a list for ares_set_servers_ports_csv(), NULL what `config`
 * says, NULL for /etc/resolv.conf; `set` an epoll that gets the sockets.
 * S2S_OK, S2S_ENO_MEMORY, S2S_EINTERNAL or S2S_EINVALID_ARGUMENT. */
int resolver_ares_new(const char *servers, const char *config, bool trust_ad,
                      int set, struct resolver_ares **out);
void resolver_ares_free(struct resolver_ares *a); /* ends what runs */

void resolver_ares_process(struct resolver_ares *a);
/* Until a query is due to be repeated or given up; false: none is. */
bool resolver_ares_timeout(const struct resolver_ares *a, struct timeval *out);

/* The addresses of a host, DNS_A, DNS_AAAA or DNS_ADDRESS, the hosts file
 * first. */
void resolver_ares_hosts(struct resolver_ares *a, const char *name,
                         uint16_t type, resolver_ares_done *done, void *user);

/* Any type, from DNS alone. `unchecked`: with the CD bit (RFC 4035, 3.2.2). The
 * AD bit counts with `trust_ad`, or when all servers are on this machine. */
void resolver_ares_query(struct resolver_ares *a, const char *name,
                         uint16_t type, bool unchecked,
                         resolver_ares_done *done, void *user);

/* Ends everything. */
void resolver_ares_cancel(struct resolver_ares *a);

#endif
