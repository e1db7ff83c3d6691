/* The inside of a resolver: its queries, and when there is work. */
#ifndef NET_RESOLVER_STATE_H
#define NET_RESOLVER_STATE_H

#include <sys/queue.h>

#include "net/resolver.h"
#include "net/resolver_ares.h"
#include "net/resolver_cache.h"

/* Servers are full early: unbound 1.17 takes 1000 questions of one client, the
 * repeated ones counted twice, dnsmasq 150; and both keep one without an answer
 * for longer than c-ares. */
#define RESOLVER_LIVE_MAX 100 /* more at once get lost in sockets' buffers */
#define RESOLVER_SLOW_MAX 100

enum resolver_state {
    WAITING,
    RUNNING,
    REFUSED, /* by a server that may have too much to do; to wait once more */
    ENDED,
};

struct s2s_dns_query {
    TAILQ_ENTRY(s2s_dns_query) link; /* unless slow, cancelled or REFUSED */
    struct resolver *resolver;
    resolver_done *done; /* NULL: cancelled while RUNNING in c-ares */
    void *user;
    enum resolver_state state;
    bool slow;                 /* RUNNING for long */
    int64_t since;             /* when it was asked */
    unsigned refusals;         /* so often REFUSED */
    struct timer again;        /* while REFUSED */
    unsigned round;            /* when it ENDED */
    struct dns_answer *answer; /* so far; NULL once ENDED: no memory */
    uint16_t type;
    bool hosts;
    bool unchecked; /* asked once more, without validation */
    char name[];    /* NUL-terminated */
};

TAILQ_HEAD(resolver_list, s2s_dns_query);

/* Hosts come first: what is under way ends before more begins. */
enum { RESOLVER_HOSTS, RESOLVER_SERVICES, RESOLVER_QUEUES };

struct resolver {
    struct resolver_ares *ares; /* NULL: the hook */
    s2s_resolver hook;
    struct resolver_cache cache;
    int set;   /* epoll: the channel's, or the hook's, and the timer */
    int timer; /* expires when there is something to do */
    struct resolver_list waiting[RESOLVER_QUEUES];
    struct resolver_list young; /* RUNNING, and not slow; the oldest first */
    struct resolver_list ended;
    struct timers delays; /* of clock_us() */
    unsigned round;       /* of deliver() */
    size_t running, live; /* asked; of these, not cancelled */
    size_t slow;          /* of these, slow */
    size_t refused;       /* REFUSED */
    size_t most;          /* at once, but for */
    size_t slow_most;     /* so many slow ones */
    int64_t unanswered;   /* when one was last seen to be slow, or given up */
};

void resolver_query_free(resolver_query *q); /* in no list any more */

/* It has ended: to be delivered. */
void resolver_ended(resolver_query *q);
/* It has ended with this answer, which is taken over. */
void resolver_end(resolver_query *q, struct dns_answer *answer);

/* Put it where it waits, or take it out. */
void resolver_wait(resolver_query *q);
void resolver_unwait(resolver_query *q);

/* Ask what waits, as far as it may. */
void resolver_start(struct resolver *r);

/* It is live no more. */
void resolver_leave(resolver_query *q);

/* REFUSED, it is not to wait once more. */
void resolver_stop_again(resolver_query *q);

/* c-ares cannot end one query, only all: those cancelled go on there until it
 * gives them up or nobody waits for any, and keep few others waiting. */
void resolver_drop(struct resolver *r);

/* Let the descriptor become readable when there is work, not before. */
void resolver_arm(struct resolver *r);

#endif
