#include "net/tls_io.h"

#include <limits.h>
#include <stdlib.h>
#include <string.h>

#define IN_SIZE 4096u

void tls_io_init(struct tls_io *io, const s2s_tls_request *request)
{
    *io = (struct tls_io){
        .lower = request->lower,
        .read = request->lower_read,
        .write = request->lower_write,
    };
    buf_init(&io->out, TLS_IO_OUT_MAX);
}

static void drop_in(struct tls_io *io)
{
    free(io->in);
    io->in = NULL;
    io->in_start = io->in_end = 0;
}

void tls_io_free(struct tls_io *io)
{
    drop_in(io);
    buf_free(&io->out);
}

/* What a lower function said: n > 0, 0, or a negative. */
static ptrdiff_t check(ptrdiff_t n, size_t asked)
{
    bool absurd = n < INT_MIN || (n > 0 && (size_t)n > asked);
    return absurd ? S2S_EINTERNAL : n;
}

/* Remember a negative: why to wait, or in *place what it died of. */
static int note(struct tls_io *io, int *place, ptrdiff_t n)
{
    int e = (int)n;
    if (e == S2S_WANT_READ || e == S2S_WANT_WRITE)
        io->wait = e;
    else
        *place = e;
    return e;
}

/* With sending broken, nothing but what is there already will come. */
static ptrdiff_t read_lower(struct tls_io *io, void *buffer, size_t length)
{
    ptrdiff_t n = check(io->read(io->lower, buffer, length), length);
    if (n <= 0 && io->broken != S2S_OK)
        n = io->broken;
    if (n == 0)
        io->ended = true;
    return n < 0 ? note(io, &io->failure, n) : n;
}

static ptrdiff_t read_ahead(struct tls_io *io)
{
    io->in = malloc(IN_SIZE);
    if (io->in == NULL)
        return note(io, &io->failure, S2S_ENO_MEMORY);
    ptrdiff_t n = read_lower(io, io->in, IN_SIZE);
    if (n <= 0)
        drop_in(io);
    else
        io->in_end = (size_t)n;
    return n;
}

static size_t take(struct tls_io *io, void *buffer, size_t length)
{
    size_t have = io->in_end - io->in_start;
    size_t n = have < length ? have : length;
    memcpy(buffer, io->in + io->in_start, n);
    io->in_start += n;
    if (io->in_start == io->in_end)
        drop_in(io);
    return n;
}

ptrdiff_t tls_io_pull(struct tls_io *io, void *buffer, size_t length)
{
    if (io->in == NULL) {
        if (io->failure != S2S_OK)
            return io->failure;
        if (io->ended)
            return 0;
        int e = tls_io_flush(io);
        if (e == S2S_WANT_READ || e == S2S_WANT_WRITE)
            return e;
        if (length >= IN_SIZE)
            return read_lower(io, buffer, length);
        ptrdiff_t n = read_ahead(io);
        if (n <= 0)
            return n;
    }
    return (ptrdiff_t)take(io, buffer, length);
}

int tls_io_flush(struct tls_io *io)
{
    while (io->broken == S2S_OK && io->out.length > 0) {
        size_t length = io->out.length;
        ptrdiff_t n = check(io->write(io->lower, io->out.data, length), length);
        if (n == 0)
            n = S2S_EINTERNAL;
        if (n > 0)
            buf_consume(&io->out, (size_t)n);
        else if (note(io, &io->broken, n) == io->wait)
            return io->wait;
    }
    buf_free(&io->out);
    return io->broken;
}

size_t tls_io_room(const struct tls_io *io)
{
    return io->out.limit - io->out.length;
}

ptrdiff_t tls_io_push(struct tls_io *io, const void *bytes, size_t length)
{
    if (tls_io_room(io) < length)
        (void)tls_io_flush(io);
    if (io->broken != S2S_OK)
        return (ptrdiff_t)length;
    size_t room = tls_io_room(io);
    if (room == 0)
        return io->wait;
    size_t n = room < length ? room : length;
    int e = buf_add(&io->out, bytes, n);
    return e == S2S_OK ? (ptrdiff_t)n : note(io, &io->failure, e);
}
