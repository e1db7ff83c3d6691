#include "base/timers.h"

#include <s2sprobe.h>
#include <stdlib.h>

#define FIRST_CAPACITY 64u

static void put(struct timers *h, size_t place, struct timer *t)
{
    h->heap[place - 1] = t;
    t->place = place;
}

static void sift_up(struct timers *h, struct timer *t)
{
    size_t place = t->place;
    while (place > 1 && h->heap[place / 2 - 1]->at > t->at) {
        put(h, place, h->heap[place / 2 - 1]);
        place /= 2;
    }
    put(h, place, t);
}

static void sift_down(struct timers *h, struct timer *t)
{
    size_t place = t->place;
    for (;;) {
        size_t child = 2 * place;
        if (child > h->count)
            break;
        if (child < h->count && h->heap[child]->at < h->heap[child - 1]->at)
            child++;
        if (h->heap[child - 1]->at >= t->at)
            break;
        put(h, place, h->heap[child - 1]);
        place = child;
    }
    put(h, place, t);
}

static int grow(struct timers *h)
{
    size_t capacity = h->capacity != 0 ? 2 * h->capacity : FIRST_CAPACITY;
    if (h->count < h->capacity)
        return S2S_OK;
    struct timer **heap = realloc(h->heap, capacity * sizeof(struct timer *));
    if (heap == NULL)
        return S2S_ENO_MEMORY;
    h->heap = heap;
    h->capacity = capacity;
    return S2S_OK;
}

int timers_set(struct timers *h, struct timer *t, int64_t at)
{
    if (t->place == 0) {
        if (grow(h) != S2S_OK)
            return S2S_ENO_MEMORY;
        h->count++;
        put(h, h->count, t);
    }
    t->at = at;
    sift_up(h, t);
    sift_down(h, t);
    return S2S_OK;
}

void timers_clear(struct timers *h, struct timer *t)
{
    if (t->place == 0)
        return;
    size_t place = t->place;
    struct timer *last = h->heap[--h->count];
    t->place = 0;
    if (last == t)
        return;
    put(h, place, last);
    sift_up(h, last);
    sift_down(h, last);
}

const struct timer *timers_first(const struct timers *h)
{
    return h->count > 0 ? h->heap[0] : NULL;
}

void timers_fire(struct timers *h, int64_t now)
{
    while (h->count > 0 && h->heap[0]->at <= now) {
        struct timer *t = h->heap[0];
        timers_clear(h, t);
        t->fire(t->user);
    }
}

void timers_free(struct timers *h)
{
    free(h->heap);
    *h = (struct timers){.heap = NULL};
}
