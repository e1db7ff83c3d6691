/* Memory that is given back all at once. For the parts of a result. */
#ifndef BASE_ARENA_H
#define BASE_ARENA_H

#include <stddef.h>

struct arena_block;

struct arena {
    struct arena_block *blocks;
    size_t total; /* bytes handed out */
    size_t limit;
};

void arena_init(struct arena *a, size_t limit);
void arena_free(struct arena *a);

/* Zeroed, aligned for anything; NULL when memory or the limit is at its end. */
void *arena_alloc(struct arena *a, size_t length);

/* A NUL-terminated copy. */
char *arena_copy(struct arena *a, const void *bytes, size_t length);

#endif
