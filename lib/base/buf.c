#include "base/buf.h"

#include <stdlib.h>
#include <string.h>

#include "base/error.h"

#define FIRST_CAPACITY 256u

void buf_init(struct buf *b, size_t limit)
{
    *b = (struct buf){.limit = limit};
}

void buf_free(struct buf *b)
{
    free(b->data);
    buf_init(b, b->limit);
}

int buf_reserve(struct buf *b, size_t length)
{
    if (length > b->limit || b->length > b->limit - length)
        return S2S_ELIMIT;
    size_t need = b->length + length;
    if (need <= b->capacity)
        return S2S_OK;
    size_t capacity = b->capacity != 0 ? b->capacity : FIRST_CAPACITY;
    while (capacity < need && capacity <= b->limit / 2)
        capacity *= 2;
    if (capacity < need)
        capacity = b->limit;
    uint8_t *data = realloc(b->data, capacity);
    if (data == NULL)
        return S2S_ENO_MEMORY;
    b->data = data;
    b->capacity = capacity;
    return S2S_OK;
}

int buf_add(struct buf *b, const void *bytes, size_t length)
{
    if (length == 0)
        return S2S_OK;
    int e = buf_reserve(b, length);
    if (e != S2S_OK)
        return e;
    memcpy(b->data + b->length, bytes, length);
    b->length += length;
    return S2S_OK;
}

int buf_add_text(struct buf *b, const char *text)
{
    return buf_add(b, text, strlen(text));
}

int buf_add_texts(struct buf *b, const char *const texts[])
{
    size_t start = b->length;
    int e = S2S_OK;
    for (; *texts != NULL && e == S2S_OK; texts++)
        e = buf_add_text(b, *texts);
    if (e != S2S_OK)
        b->length = start;
    return e;
}

void buf_consume(struct buf *b, size_t length)
{
    b->length -= length;
    if (b->length > 0)
        memmove(b->data, b->data + length, b->length);
}
