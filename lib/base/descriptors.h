/*
 * Whether there are descriptors left for connections. The system gives out the
 * lowest number that is free, so all below one that was given out are in use.
 * Who closes some does not tell: they are counted before anybody waits, four
 * times a second at most.
 * Some are left for files, DNS and the caller: an eighth of the limit, and half
 * of that for connections that have begun and try another address.
 */
#ifndef BASE_DESCRIPTORS_H
#define BASE_DESCRIPTORS_H

#include <stdbool.h>
#include <stdint.h>

struct descriptors { /* of one context */
    int any;         /* one that stays open, for a look */
    int64_t used;    /* in the process, about */
    int64_t counted; /* when they were last looked at */
    uint32_t open;   /* ours */
    uint32_t promised;
};

void descriptors_init(struct descriptors *d, int any);

/* For one more connection. With nothing of ours that could be closed, waiting
 * is vain, and it may try. */
bool descriptors_can_promise(struct descriptors *d);
void descriptors_promise(struct descriptors *d);
void descriptors_redeem(struct descriptors *d); /* open, or not wanted */

/* In all of these NULL is nobody's: nothing is counted. */

/* For so many more than were promised. */
bool descriptors_suffice(const struct descriptors *d, uint32_t more);
/* The same for after a call that found none: whether another one may. */
bool descriptors_will_come(const struct descriptors *d);

/* One was opened (or not: -1), which is returned; or closed. */
int descriptors_opened(struct descriptors *d, int fd);
void descriptors_closed(struct descriptors *d);

#endif
