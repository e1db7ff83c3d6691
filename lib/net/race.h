/*
 * Connect to whichever of several endpoints answers first: their hosts are
 * looked up, and their addresses tried one after the other, each a little
 * later than the one before it (RFC 8305).
 *
 * Within a group the endpoints come in the order given. One whose look-up
 * takes longer than that of a later one is waited for 50 ms more; its addresses
 * come in front of what was not begun when they are known. A group begins when
 * all of the one before it has failed, or has begun and not answered for 3 s.
 */
#ifndef NET_RACE_H
#define NET_RACE_H

#include "base/result.h"
#include "net/eyeballs.h"
#include "net/lookup.h"
#include "net/tcp_endpoint.h"

enum race_state {
    RACE_WAITING,   /* for a look-up to begin */
    RACE_ASKED,     /* it has begun */
    RACE_KNOWN,     /* there are addresses */
    RACE_UNKNOWN,   /* there are none */
    RACE_FORBIDDEN, /* not to be tried */
};

#define RACE_WHY 64 /* bytes of a reason */

struct race_endpoint {
    struct race *race;
    struct lookup *lookup; /* while it runs */
    enum race_state state;
    const char *host;
    uint32_t group;
    uint16_t port;
    bool dns_only;
    bool literal; /* the host is an address */
    bool alias;
    bool unanswered; /* UNKNOWN because no DNS server answered */
    enum dns_security security;
    int error; /* while UNKNOWN, */
    char *why; /* and in words; NULL: those of the error */
    struct eyeballs_attempt *attempts;
    size_t count;
    size_t next;  /* attempts before it were begun, or are forbidden */
    size_t tried; /* so many were begun */
};

struct race {
    const struct tcp_settings *settings;
    struct race_endpoint *endpoints;
    size_t count;
    size_t first, end; /* the group that is at work */
    size_t looking;    /* look-ups that run */
    size_t tried;      /* attempts begun */
    struct timer delay;
    bool impatient; /* earlier endpoints of the group are not waited for */
    struct timer patience;
    bool slow;          /* the group has been waited for */
    struct timer again; /* for want of descriptors */
    struct eyeballs eyes;
    struct courtesy_party party;
    struct eyeballs_attempt *asking; /* for its permit; or has it, and is next,
                                        when there are descriptors */
    int error;                   /* S2S_OK while there is hope, or success */
    void (*changed)(void *user); /* something has, outside of the calls below;
                                    it may close the race */
    void *user;
};

void race_init(struct race *r, const struct tcp_settings *settings);

/* Once, with the list, which is copied. S2S_OK, S2S_EINVALID_ARGUMENT (it is
 * empty) or S2S_ENO_MEMORY. */
int race_start(struct race *r, const struct tcp_endpoint *list, size_t count);

/* Do what can be done now. Afterwards there is eyes.winner, an error
 * (S2S_ECONNECT, S2S_EDNS, S2S_EADDRESS_FORBIDDEN, S2S_EINTERNAL,
 * S2S_ENO_MEMORY, or a resolver's own), or neither yet. */
void race_advance(struct race *r);

/* Whether it does nothing but wait for others of ours: to leave the server that
 * is next, or to close descriptors. */
bool race_held(const struct race *r);

void race_close(struct race *r);

/* ---- Telling (race_tell.c) ---- */

/* The endpoint of the winner, or -1. */
int race_winner(const struct race *r);

/* Whether hosts were looked up, and none led to an address. */
bool race_unresolved(const struct race *r);

/* "xmpp.example: NXDOMAIN; 192.0.2.1: connection refused", as much as there is
 * room for, without what is forbidden. */
void race_describe(const struct race *r, char *out, size_t size);

/* Whether it failed before anything of the hosts' was reached. */
bool race_never_left(const struct race *r);

/* Record what was tried, what became of it, and the address in use. */
void race_report(const struct race *r, s2s_result *result);

#endif
