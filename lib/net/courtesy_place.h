/* The places that connections go to, hosts and addresses, and what each has had
 * from us of late. One that has had nothing is forgotten. */
#ifndef NET_COURTESY_PLACE_H
#define NET_COURTESY_PLACE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <sys/queue.h>
#include <sys/socket.h>

#define COURTESY_STEP_US     1000000  /* the first wait */
#define COURTESY_STEP_MAX_US 60000000 /* and the longest */
#define COURTESY_BUCKETS     1024u

struct courtesy_permit;

struct courtesy_place {
    LIST_ENTRY(courtesy_place) chain;
    TAILQ_ENTRY(courtesy_place) link; /* while idle, or wanted */
    TAILQ_HEAD(, courtesy_permit) waiting;
    size_t refs;      /* permits that name it; 0: idle */
    uint32_t live;    /* of these, that have it */
    uint32_t most;    /* at once; S2S_NO_LIMIT */
    unsigned round;   /* of courtesy_process(), that looked at it */
    int64_t next;     /* when its rate is back at nothing */
    int64_t until;    /* none begins before */
    int64_t step;     /* from one to the next; 0: it asks for no less */
    int64_t offended; /* when it last asked for less */
    size_t length;    /* of the key */
    unsigned char key[];
};

TAILQ_HEAD(courtesy_list, courtesy_place);

struct courtesy_places {
    LIST_HEAD(, courtesy_place) buckets[COURTESY_BUCKETS];
    struct courtesy_list idle; /* and not yet forgotten */
    size_t count;
    int64_t interval; /* between two at the rate; 0: there is none */
    int64_t burst;    /* so much earlier one may come */
};

void courtesy_places_init(struct courtesy_places *p, uint32_t rate);
void courtesy_places_free(struct courtesy_places *p);

/* The place of a host, whose letters may be large, or of an address; named once
 * more. NULL: no memory. */
struct courtesy_place *courtesy_place_host(struct courtesy_places *p,
                                           const char *host, uint32_t most,
                                           int64_t now);
struct courtesy_place *courtesy_place_address(struct courtesy_places *p,
                                              const struct sockaddr *address,
                                              uint32_t most, int64_t now);
/* Named once less. */
void courtesy_place_drop(struct courtesy_places *p,
                         struct courtesy_place *place, int64_t now);

/* When the next one may have it; INT64_MAX: not before another one leaves. */
int64_t courtesy_place_due(const struct courtesy_places *p,
                           struct courtesy_place *place, int64_t now);

/* Whether it is being spared because it asked for less. */
bool courtesy_place_spared(struct courtesy_place *place, int64_t now);

void courtesy_place_enter(const struct courtesy_places *p,
                          struct courtesy_place *place, int64_t now);

/* A connection that began at `since` was told to come less often, or was
 * welcome. What began before it asked for less proves nothing more. */
void courtesy_place_offended(struct courtesy_place *place, int64_t since,
                             int64_t now);
void courtesy_place_pleased(struct courtesy_place *place, int64_t since,
                            int64_t now);

#endif
