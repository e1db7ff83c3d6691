#include "base/arena.h"

#include <stdalign.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

/* With its header below 1 KiB: malloc() is much quicker there; and little is
 * left over for what a usual probe records. */
#define BLOCK 640u

struct arena_block {
    struct arena_block *next;
    size_t used;
    size_t capacity;
    alignas(max_align_t) uint8_t data[];
};

void arena_init(struct arena *a, size_t limit)
{
    *a = (struct arena){.limit = limit};
}

void arena_free(struct arena *a)
{
    while (a->blocks != NULL) {
        struct arena_block *next = a->blocks->next;
        free(a->blocks);
        a->blocks = next;
    }
    arena_init(a, a->limit);
}

static struct arena_block *grow(struct arena *a, size_t length)
{
    size_t capacity = length > BLOCK ? length : BLOCK;
    struct arena_block *b = calloc(1, sizeof(*b) + capacity);
    if (b == NULL)
        return NULL;
    b->capacity = capacity;
    b->next = a->blocks;
    a->blocks = b;
    return b;
}

static void *take(struct arena *a, size_t length, size_t align)
{
    if (length > a->limit - a->total || length > SIZE_MAX / 2)
        return NULL;
    struct arena_block *b = a->blocks;
    size_t start = b != NULL ? (b->used + align - 1) / align * align : 0;
    if (b == NULL || start > b->capacity || b->capacity - start < length) {
        b = grow(a, length);
        start = 0;
    }
    if (b == NULL)
        return NULL;
    b->used = start + length;
    a->total += length;
    return b->data + start;
}

void *arena_alloc(struct arena *a, size_t length)
{
    return take(a, length, alignof(max_align_t));
}

char *arena_copy(struct arena *a, const void *bytes, size_t length)
{
    if (length == SIZE_MAX)
        return NULL;
    char *p = take(a, length + 1, 1);
    if (p != NULL && length > 0)
        memcpy(p, bytes, length);
    return p;
}
