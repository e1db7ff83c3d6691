/* A byte buffer that never grows beyond its limit. */
#ifndef BASE_BUF_H
#define BASE_BUF_H

#include <stddef.h>
#include <stdint.h>

struct buf {
    uint8_t *data; /* NULL while empty; not NUL-terminated */
    size_t length;
    size_t capacity;
    size_t limit;
};

void buf_init(struct buf *b, size_t limit);
void buf_free(struct buf *b); /* empty again, its memory given back */

/* Append; 0, S2S_ENO_MEMORY or S2S_ELIMIT. Unchanged on failure. */
int buf_add(struct buf *b, const void *bytes, size_t length);
int buf_add_text(struct buf *b, const char *text);
/* All of them, up to a NULL. */
int buf_add_texts(struct buf *b, const char *const texts[]);

/* Make room for `length` more bytes behind the contents. */
int buf_reserve(struct buf *b, size_t length);

/* Drop `length` bytes from the front; length <= b->length. */
void buf_consume(struct buf *b, size_t length);

#endif
