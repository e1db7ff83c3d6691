/*
 * What the servers of others have to bear from us: how many connections there
 * are at once to one host name and to one address, how many begin in a second,
 * and how long one is left alone that asked for less. Those that have to wait
 * go on in the order in which they came, each place by itself.
 */
#ifndef NET_COURTESY_H
#define NET_COURTESY_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <sys/queue.h>
#include <sys/socket.h>

#include "net/resolver.h"

struct courtesy_limits { /* S2S_NO_LIMIT: none */
    uint32_t host_running;
    uint32_t address_running;
    uint32_t rate; /* a second, of either; as many may begin together. None:
                      nobody is left alone, either */
};

struct courtesy;
struct courtesy_place;

/* The resolver's delays are used, unless it is NULL: then courtesy_process() is
 * called by hand. `clock` is NULL or a test's. NULL: no memory. */
struct courtesy *courtesy_new(const struct courtesy_limits *limits,
                              struct resolver *resolver,
                              int64_t (*clock)(void));
void courtesy_free(struct courtesy *c); /* no permit may be in use */

/*
 * Those who connect to the same end, of whose connections one remains: none of
 * them waits for another one of the same party.
 */
struct courtesy_party {
    struct courtesy *courtesy; /* NULL: all is granted, and nothing counted */
    /* One that waited has got it: from resolver_process(). Anything may be done
     * in it. */
    void (*granted)(void *user);
    void *user;
    LIST_HEAD(, courtesy_permit) permits;
    int64_t spared_us; /* waited because a server asked for less */
};

struct courtesy_permit { /* embedded in its owner; zeroed: not in use */
    TAILQ_ENTRY(courtesy_permit) link; /* while it waits */
    LIST_ENTRY(courtesy_permit) kin;
    struct courtesy_party *party;
    struct courtesy_place *places[2]; /* the host, NULL when it is an address;
                                         the address */
    int64_t since;                    /* asked; once it has both, got */
    uint8_t entered;                  /* so many of them it has */
    bool spared; /* one of them did ask for less while it waited */
};

/*
 * Ask for a connection to an address of a host (A-labels; NULL: it has none),
 * as long as courtesy_give() is not called: S2S_OK: now. S2S_WANT_READ: it has
 * to wait; asked again, it says how things stand. Or S2S_ENO_MEMORY.
 */
int courtesy_ask(struct courtesy_party *party, struct courtesy_permit *permit,
                 const char *host, const struct sockaddr *address);

/* The connection is over, or is not wanted any more. */
void courtesy_give(struct courtesy_permit *permit);

/* Whether it waits now for one that asked for less. */
bool courtesy_spared(const struct courtesy_permit *permit);

/* On the connection the server has asked for less (RFC 6120, 4.9.3.14 and
 * 4.9.3.17): the next one to the same host or address waits for 1 s, twice as
 * long after each further time up to 60 s, half as long after each connection
 * that was welcome. Not without a limit to the rate. */
void courtesy_offended(struct courtesy_permit *permit);
void courtesy_pleased(struct courtesy_permit *permit);

/* Let go on who may. */
void courtesy_process(struct courtesy *c);

/* Hosts and addresses that are remembered. */
size_t courtesy_size(const struct courtesy *c);

#endif
