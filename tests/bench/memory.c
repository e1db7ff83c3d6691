#include "memory.h"

static int memory_open(void *user, const char *host, uint16_t port, void **conn)
{
    (void)host;
    (void)port;
    *conn = user;
    return S2S_OK;
}

ptrdiff_t memory_read(void *conn, void *buffer, size_t length)
{
    struct server *s = conn;
    size_t n = bytes_take(&s->out, buffer, length);
    return n > 0 ? (ptrdiff_t)n : S2S_WANT_READ;
}

ptrdiff_t memory_write(void *conn, const void *buffer, size_t length)
{
    struct server *s = conn;
    size_t n = bytes_put(&s->in, buffer, length);
    return n > 0 ? (ptrdiff_t)n : S2S_WANT_WRITE;
}

static void memory_close(void *conn)
{
    (void)conn;
}

s2s_transport memory_transport(struct server *server)
{
    return (s2s_transport){
        .size = sizeof(s2s_transport),
        .user = server,
        .open = memory_open,
        .read = memory_read,
        .write = memory_write,
        .close = memory_close,
    };
}
