/*
 * Connections under way to addresses, until one of them stands (RFC 8305, 5):
 * they begin 250 ms apart, at once after a failure. Which one comes next, and
 * whether any does, is the caller's to say.
 */
#ifndef NET_EYEBALLS_H
#define NET_EYEBALLS_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <netinet/in.h>
#include <sys/queue.h>
#include <s2sprobe.h>

#include "base/descriptors.h"
#include "net/courtesy.h"

/* What became of an address. */
struct eyeballs_outcome {
    const char *name; /* "refused", for the result */
    const char *text; /* "connection refused" */
};

struct eyeballs_attempt { /* the caller's; stays where it is once begun */
    TAILQ_ENTRY(eyeballs_attempt) link; /* while it runs */
    union {
        struct sockaddr any;
        struct sockaddr_in four;
        struct sockaddr_in6 six;
    } address;
    socklen_t length;
    int fd;       /* -1: not running */
    int64_t from; /* when it began */
    int64_t us;   /* how long it ran; -1 before its end */
    bool begun;
    bool local; /* failed before a packet left: not the peer's doing */
    const struct eyeballs_outcome *outcome; /* NULL: not tried, or running */
    struct courtesy_permit permit;          /* given back when it is over */
};

struct eyeballs {
    struct descriptors *descriptors; /* NULL: not counted */
    TAILQ_HEAD(, eyeballs_attempt) running;
    size_t live; /* so many run */
    struct eyeballs_attempt *winner;
    int64_t last; /* when the latest began */
    int64_t due;  /* the timer is set to it; 0: to nothing */
    int set;      /* epoll: sockets and timer; -1 while one socket is all */
    int timer;
    int stale;    /* a socket of the past: its number is not to come again
                     before the owner has seen another */
    bool hurry;   /* an attempt failed, or its time is up: the next one */
    bool starved; /* of descriptors or memory */
};

void eyeballs_init(struct eyeballs *e, struct descriptors *descriptors);

/* An attempt at an address; false when it is none of a known size. */
bool eyeballs_prepare(struct eyeballs_attempt *a,
                      const struct sockaddr_storage *address, socklen_t length);

/* Whether it is time for another attempt. */
bool eyeballs_ready(const struct eyeballs *e);

/* Begin it, when it is. It may fail or win at once. False: it has not begun,
 * because all descriptors are in use, and some of them will be closed; one that
 * has run for 1 s is when that helps. */
bool eyeballs_begin(struct eyeballs *e, struct eyeballs_attempt *a);

/* Do what can be done for those that run. */
void eyeballs_advance(struct eyeballs *e);

/* After attempts began or ended: what to wait for. `next`: one more is only
 * waiting for its time. `more`: there may be others yet. False: nothing will
 * tell that it is time. */
bool eyeballs_settle(struct eyeballs *e, bool next, bool more);

/* The winner's socket; before there is one, what to wait on, and whether for
 * S2S_WANT_READ or _WRITE; -1 while nothing runs. A descriptor that takes
 * another's place never has its number. */
int eyeballs_fd(const struct eyeballs *e);
int eyeballs_want(const struct eyeballs *e);

/* The outcome of an attempt as of now; `stopped` is that of a running one. */
const struct eyeballs_outcome *eyeballs_outcome(
    const struct eyeballs_attempt *a, const struct eyeballs_outcome *stopped);
extern const struct eyeballs_outcome eyeballs_timed_out, eyeballs_abandoned,
    eyeballs_not_tried, eyeballs_forbidden;

/* Microseconds that it took, or has taken so far; -1: not tried. */
int64_t eyeballs_us(const struct eyeballs_attempt *a);

/* Close what is open, the winner's socket included. */
void eyeballs_close(struct eyeballs *e);

#endif
