/* What is to be called at a time: a binary heap. It has no clock; times are its
 * owner's, in any unit. */
#ifndef BASE_TIMERS_H
#define BASE_TIMERS_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

struct timer { /* embedded in its owner; zeroed: not set */
    void (*fire)(void *user);
    void *user;
    int64_t at;
    size_t place; /* in the heap, from 1; 0: not set */
};

struct timers { /* zeroed: empty */
    struct timer **heap;
    size_t count, capacity;
};

/* Setting one that is set moves it. S2S_OK or S2S_ENO_MEMORY. */
int timers_set(struct timers *h, struct timer *t, int64_t at);
void timers_clear(struct timers *h, struct timer *t);

/* The earliest one; NULL: none is set. */
const struct timer *timers_first(const struct timers *h);

/* Clear and call what is due at `now`, the earliest first; it may set and clear
 * others. */
void timers_fire(struct timers *h, int64_t now);

void timers_free(struct timers *h); /* whatever is set */

#endif
