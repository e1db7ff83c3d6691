/*
 * The lower side of a TLS session: receives read ahead, sends corked. An idle
 * session holds neither buffer.
 */
#ifndef NET_TLS_IO_H
#define NET_TLS_IO_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <s2sprobe.h>

#include "base/buf.h"

#define TLS_IO_OUT_MAX 65536u /* bytes corked at most */

struct tls_io {
    void *lower;
    s2s_read_fn *read;
    s2s_write_fn *write;
    uint8_t *in; /* read ahead; NULL while there is nothing */
    size_t in_start, in_end;
    struct buf out;
    int wait;    /* why the last call could not go on: S2S_WANT_*, or 0 */
    int failure; /* what receiving died of, or S2S_ENO_MEMORY; the lower side is
                    not asked again */
    int broken;  /* what sending died of; what would be sent is dropped */
    bool ended;  /* the peer will send no more */
};

void tls_io_init(struct tls_io *io, const s2s_tls_request *request);
void tls_io_free(struct tls_io *io);

/* Receive: > 0 bytes, 0 end, S2S_WANT_* (noted in `wait`) or an error (noted
 * in `failure`). Flushes before it asks the lower side. When sending is broken
 * it still hands out what has arrived: it may say why. */
ptrdiff_t tls_io_pull(struct tls_io *io, void *buffer, size_t length);

/* Cork as many of the bytes as there is room for, flushing when there is not.
 * > 0, S2S_WANT_* or S2S_ENO_MEMORY (noted in `failure`). */
ptrdiff_t tls_io_push(struct tls_io *io, const void *bytes, size_t length);

/* Send what is corked: S2S_OK, S2S_WANT_* (noted in `wait`) or an error (noted
 * in `broken`). */
int tls_io_flush(struct tls_io *io);

/* Bytes that can be corked now. */
size_t tls_io_room(const struct tls_io *io);

#endif
