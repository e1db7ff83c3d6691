/* Ask DNS where a domain's servers are: both SRV names in parallel, then the
 * TLSA records of the targets in use (RFC 7673, 3). */
#ifndef NET_DISCOVERY_H
#define NET_DISCOVERY_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "net/resolver.h"
#include "net/srv.h"

struct discovery;

/*
 * `done` is called from resolver_process() only: once with S2S_OK, and the plan
 * stands, or with S2S_ENO_MEMORY or an error of the caller's resolver; and
 * later, each time that TLSA records have come, the same again. `domain` is in
 * A-labels; `seed` and `hopeful` are srv_decide()'s. S2S_OK or S2S_ENO_MEMORY.
 */
typedef void discovery_done(void *user, int error);
int discovery_start(struct resolver *r, const char *domain, uint64_t seed,
                    bool hopeful, discovery_done *done, void *user,
                    struct discovery **out);
void discovery_free(struct discovery *d); /* NULL is allowed */

/* Once it stands. */
const struct srv_plan *discovery_plan(const struct discovery *d);

#define DISCOVERY_TLSA 10u

/* Ask for the TLSA records of a place in the plan's order, unless its target is
 * not secure; of at most DISCOVERY_TLSA places, each once. S2S_OK or
 * S2S_ENO_MEMORY. */
int discovery_ask_tlsa(struct discovery *d, size_t place);

/* What came of it, held by the discovery; NULL when nobody asks. `pending`: the
 * answer is still to come. */
const struct dns_answer *discovery_tlsa(const struct discovery *d, size_t place,
                                        bool *pending);
/* "_5269._tcp.xmpp.example.com" */
void discovery_tlsa_name(const struct discovery *d, size_t place,
                         char out[DOMAIN_MAX]);

#endif
