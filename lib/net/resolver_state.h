/* The inside of a resolver: its queries, and when there is work. */
#ifndef NET_RESOLVER_STATE_H
#define NET_RESOLVER_STATE_H

#include <sys/queue.h>

#include "net/resolver.h"
#include "net/resolver_ares.h"
#include "net/resolver_cache.h"

enum resolver_state { WAITING, RUNNING, ENDED };

struct s2s_dns_query {
    TAILQ_ENTRY(s2s_dns_query) link; /* unless RUNNING */
    struct resolver *resolver;
    resolver_done *done; /* NULL: cancelled while RUNNING in c-ares */
    void *user;
    enum resolver_state state;
    unsigned round;            /* when it ENDED */
    struct dns_answer *answer; /* so far; NULL once ENDED: no memory */
    uint16_t type;
    bool hosts;
    bool unchecked; /* asked once more, without validation */
    char name[];    /* NUL-terminated */
};

TAILQ_HEAD(resolver_list, s2s_dns_query);

struct resolver {
    struct resolver_ares *ares; /* NULL: the hook */
    s2s_resolver hook;
    struct resolver_cache cache;
    int set;   /* epoll: the channel's, or the hook's, and the timer */
    int timer; /* expires when there is something to do */
    struct resolver_list waiting, ended;
    struct timers delays; /* of clock_us() */
    unsigned round;       /* of deliver() */
    size_t running, live; /* asked; of these, not cancelled */
};

void resolver_query_free(resolver_query *q); /* in no list any more */

/* It has ended: to be delivered. */
void resolver_ended(resolver_query *q);
/* It has ended with this answer, which is taken over. */
void resolver_end(resolver_query *q, struct dns_answer *answer);

/* Ask what waits, as far as it may. */
void resolver_start(struct resolver *r);

/* c-ares cannot end one query, only all: those cancelled go on there until it
 * gives them up or nobody waits for any, and keep few others waiting. */
void resolver_drop(struct resolver *r);

/* Let the descriptor become readable when there is work, not before. */
void resolver_arm(struct resolver *r);

#endif
