/*
 * Waiting for descriptors and times behind one descriptor (epoll, timerfd,
 * eventfd). Firing only tells; it must not add to or take from the loop.
 */
#ifndef PROBE_LOOP_H
#define PROBE_LOOP_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <sys/epoll.h>

#include "base/timers.h"

#define LOOP_EVENTS 256 /* at a time */

struct loop_watch { /* embedded in its owner; zeroed: fd 0 is not watched */
    void (*fire)(void *user);
    void *user;
    int fd;
    uint32_t events; /* EPOLLIN, EPOLLOUT; 0: not watched */
};

struct loop {
    int epoll, timer, event;
    int64_t (*clock)(void *user); /* replaceable before first use: tests */
    void *clock_user;
    struct timers timers; /* microseconds of the clock */
    bool watched;         /* somebody knows the descriptor */
    int64_t seen;  /* what is pending now was not then; 0: we do not know */
    bool more;     /* the kernel had more to tell than there was room for */
    int64_t due;   /* while firing: since when it may have been pending */
    int64_t armed; /* what the timerfd is set to; 0: nothing */
    struct epoll_event events[LOOP_EVENTS]; /* what the kernel told last */
    int told; /* so many of them by loop_wait(), not fired yet */
    struct loop_watch **owners; /* by descriptor: whose registration it is */
    size_t owner_count;
};

/* S2S_OK, S2S_ENO_MEMORY or S2S_EINTERNAL (no descriptors). */
int loop_init(struct loop *l);
void loop_free(struct loop *l);

/* Readable from now on when something is due or loop_tell() says so: what that
 * costs is saved while nobody looks. */
int loop_fd(struct loop *l);
int64_t loop_now(const struct loop *l);

/* While something fires: the time at which it was due, or the earliest at which
 * it can have happened. At other times: now. */
int64_t loop_due(const struct loop *l);

/* Nothing was left to do, and a wait has ended just now. */
void loop_woken(struct loop *l);

/* Watch `fd` for `events`, in place of what `w` watched; 0 events or a
 * negative fd: nothing. Level-triggered. S2S_OK or S2S_EINTERNAL. */
int loop_watch(struct loop *l, struct loop_watch *w, int fd, uint32_t events);

/* S2S_OK or S2S_ENO_MEMORY. Setting one that is set moves it. */
int loop_set_timer(struct loop *l, struct timer *t, int64_t at);
void loop_clear_timer(struct loop *l, struct timer *t);

/* Fire what is due, without blocking; a bounded number at a time. */
void loop_fire(struct loop *l);

/* Make the descriptor readable until loop_fire(). From any thread, and from a
 * signal handler. */
void loop_signal(const struct loop *l);

/* The same from the loop's own thread, if anybody looks at the descriptor. */
void loop_tell(const struct loop *l);

/* Take these back. */
void loop_quiet(const struct loop *l);

/* Milliseconds until the first timer, rounded up; -1: none. */
int loop_timeout_ms(const struct loop *l);

/* Wait until the descriptor is readable or `timeout_ms` have passed. What has
 * ended the wait fires next. */
void loop_wait(struct loop *l, int timeout_ms);

#endif
