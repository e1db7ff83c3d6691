/*
 * Who may connect now. Handshakes are nearly all of the work, and more of them
 * at once than this machine keeps up with would wait for each other, while
 * their peers' clocks and ours run. So they wait before they connect.
 *
 * By itself it paces: each connection books the work that one takes on
 * average, gives back what it did not need, and the next one begins when what
 * is booked is done but for a little. A peer that stalls needs no work and
 * holds nobody up.
 */
#ifndef PROBE_ADMISSION_H
#define PROBE_ADMISSION_H

#include <stdbool.h>
#include <stdint.h>
#include <sys/queue.h>

#include "base/descriptors.h"
#include "probe/loop.h"

enum admission_state {
    ADMISSION_NONE,
    ADMISSION_WAITING,
    ADMISSION_CONNECTING, /* until it is secure */
    ADMISSION_SECURE
};

struct admission_ticket {               /* embedded in its owner; zeroed */
    TAILQ_ENTRY(admission_ticket) link; /* while WAITING */
    enum admission_state state;
    bool promised;  /* a descriptor that is not open yet */
    bool foreign;   /* it is the caller's */
    int64_t booked; /* microseconds of work, while CONNECTING */
    int64_t worked; /* before that */
    void (*admitted)(void *user);
    void *user;
};

struct admission {
    struct loop *loop;
    struct descriptors *descriptors;
    uint32_t most; /* handshakes at once; 0: by pace; S2S_NO_LIMIT */
    uint32_t rate; /* connections in a second; S2S_NO_LIMIT */
    TAILQ_HEAD(, admission_ticket) waiting;
    uint32_t connecting;
    int64_t cost;       /* microseconds of work of a connection, on average */
    int64_t pace, next; /* when what is booked is done; the rate's next one */
    struct timer timer;
    bool due;
};

void admission_init(struct admission *a, struct loop *loop, uint32_t most,
                    uint32_t rate, struct descriptors *descriptors);

/*
 * The work of a ticket's owner, in microseconds, goes with each call; what it
 * did before it asked is not the connection's.
 *
 * True: go on at once. False: it waits, and is told by admitted(), from inside
 * admission_process().
 */
bool admission_ask(struct admission *a, struct admission_ticket *t,
                   int64_t worked_us);

/* One that does not wait, whatever the limits are. */
void admission_force(struct admission *a, struct admission_ticket *t,
                     int64_t worked_us);

/* It connects once more: there is another handshake to be made. */
void admission_again(struct admission *a, struct admission_ticket *t,
                     int64_t worked_us);

/* It has a descriptor now (or none: -1); `counted`: one of those that were
 * counted when they were opened. */
void admission_place(struct admission *a, struct admission_ticket *t, int fd,
                     bool counted);

/* Its handshake is done, after so much work. */
void admission_secured(struct admission *a, struct admission_ticket *t,
                       int64_t worked_us);

/* It has not connected after all, and may come again: what the rate has counted
 * is given back. */
void admission_postpone(struct admission *a, struct admission_ticket *t,
                        int64_t worked_us);

/* It is over, or waits no more. */
void admission_leave(struct admission *a, struct admission_ticket *t,
                     int64_t worked_us);

/* Admit who can be. */
void admission_process(struct admission *a);

#endif
