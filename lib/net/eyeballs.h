/*
 * Connect to whichever of some addresses answers first (RFC 8305, 5):
 * attempts start 250 ms apart, at once after a failure.
 */
#ifndef NET_EYEBALLS_H
#define NET_EYEBALLS_H

#include <stdbool.h>
#include <stddef.h>
#include <netinet/in.h>
#include <s2sprobe.h>

#include "net/order.h"

/* What became of an address. */
struct eyeballs_outcome {
    const char *name; /* "refused", for the result */
    const char *text; /* "connection refused" */
};

struct eyeballs_attempt {
    union {
        struct sockaddr any;
        struct sockaddr_in four;
        struct sockaddr_in6 six;
    } address;
    socklen_t length;
    int fd; /* -1: not running */
    bool forbidden;
    bool local; /* failed before a packet left: not the peer's doing */
    const struct eyeballs_outcome *outcome; /* NULL: not tried, or running */
};

struct eyeballs {
    struct eyeballs_attempt *attempts; /* `count` of them */
    size_t count;
    size_t next; /* attempts before it were started */
    size_t end;  /* attempts from here on will not be */
    size_t live; /* running */
    int winner;  /* index, or -1 */
    int set;     /* epoll: sockets and timer; -1 while one socket is all */
    int timer;
    bool starved; /* of descriptors or memory */
    int error;    /* S2S_OK while there is hope, or it was fulfilled */
};

void eyeballs_init(struct eyeballs *e);

/* Ask the filter about every address, and begin. Once. */
void eyeballs_start(struct eyeballs *e, const struct resolver_address *list,
                    size_t count, s2s_address_filter *filter, void *user);

/* Do what can be done now. Afterwards there is a winner, an error
 * (S2S_ECONNECT, S2S_EADDRESS_FORBIDDEN, S2S_EINTERNAL, S2S_ENO_MEMORY), or
 * neither yet. */
void eyeballs_advance(struct eyeballs *e);

/* The winner's socket; before there is one, what to wait on, and whether for
 * S2S_WANT_READ or _WRITE. A descriptor that takes another's place never has
 * its number. */
int eyeballs_fd(const struct eyeballs *e);
int eyeballs_want(const struct eyeballs *e);

/* The outcome of an attempt as of now; `stopped` is that of a running one. */
const struct eyeballs_outcome *eyeballs_outcome(
    const struct eyeballs *e, size_t index,
    const struct eyeballs_outcome *stopped);
extern const struct eyeballs_outcome eyeballs_timed_out, eyeballs_abandoned;

/* "192.0.2.1: connection refused; 2001:db8::1: network unreachable", without
 * those that are forbidden. */
void eyeballs_describe(const struct eyeballs *e, char *out, size_t size);

/* Close what is open, the winner's socket included. */
void eyeballs_close(struct eyeballs *e);

#endif
