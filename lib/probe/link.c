#include "probe/link.h"

#include <string.h>

int link_open(struct link *l, const s2s_transport *transport, const char *host,
              uint16_t port)
{
    void *conn = NULL;
    *l = (struct link){.transport = *transport, .want = S2S_WANT_READ};
    int e = transport->open(transport->user, host, port, &conn);
    if (e != S2S_OK)
        return e < 0 && e != S2S_WANT_READ && e != S2S_WANT_WRITE
                   ? e
                   : S2S_EINTERNAL;
    l->conn = conn;
    l->open = true;
    return S2S_OK;
}

void link_adopt(struct link *l, const s2s_transport *transport, void *conn)
{
    *l = (struct link){.transport = *transport,
                       .conn = conn,
                       .want = S2S_WANT_READ,
                       .open = true};
}

void link_close(struct link *l)
{
    if (l->tls_begun)
        l->tls.close(l->session);
    if (l->open)
        l->transport.close(l->conn);
    l->tls_begun = false;
    l->open = false;
}

/* A callback cannot have moved more than it was given. */
static ptrdiff_t checked(ptrdiff_t n, size_t length)
{
    return n > 0 && (size_t)n > length ? S2S_EINTERNAL : n;
}

static ptrdiff_t lower_read(void *conn, void *buffer, size_t length)
{
    struct link *l = conn;
    ptrdiff_t n = checked(l->transport.read(l->conn, buffer, length), length);
    if (n > 0 && !l->heard)
        memcpy(&l->first, buffer, 1);
    if (n > 0 && l->tls_begun && !l->heard_tls)
        memcpy(&l->first_tls, buffer, 1);
    if (n > 0) {
        l->moved = true;
        l->heard = true;
        l->heard_tls = l->tls_begun;
    }
    return n;
}

static ptrdiff_t lower_write(void *conn, const void *buffer, size_t length)
{
    struct link *l = conn;
    ptrdiff_t n = checked(l->transport.write(l->conn, buffer, length), length);
    l->moved = l->moved || n > 0;
    return n != 0 ? n : S2S_ECLOSED;
}

static ptrdiff_t noted(struct link *l, ptrdiff_t n)
{
    if (n == S2S_WANT_READ || n == S2S_WANT_WRITE)
        l->want = (int)n;
    return n;
}

ptrdiff_t link_read(struct link *l, void *buffer, size_t length)
{
    if (l->tls_begun)
        return noted(l,
                     checked(l->tls.read(l->session, buffer, length), length));
    return noted(l, lower_read(l, buffer, length));
}

ptrdiff_t link_write(struct link *l, const void *buffer, size_t length)
{
    if (!l->tls_begun)
        return noted(l, lower_write(l, buffer, length));
    ptrdiff_t n = checked(l->tls.write(l->session, buffer, length), length);
    return noted(l, n != 0 ? n : S2S_ECLOSED);
}

int link_begin_tls(struct link *l, const s2s_tls *tls, s2s_tls_request *request)
{
    void *session = NULL;
    request->lower = l;
    request->lower_read = lower_read;
    request->lower_write = lower_write;
    l->tls = *tls;
    int e = tls->open(tls->user, request, &session);
    if (e != S2S_OK)
        return e < 0 ? e : S2S_EINTERNAL;
    l->session = session;
    l->tls_begun = true;
    return S2S_OK;
}

int link_handshake(struct link *l)
{
    int e = (int)noted(l, l->tls.handshake(l->session));
    if (e > 0)
        return S2S_EINTERNAL;
    l->secure = e == S2S_OK;
    return e;
}

int link_fd(const struct link *l)
{
    if (!l->open || l->transport.fd == NULL)
        return -1;
    int fd = l->transport.fd(l->conn);
    return fd >= 0 ? fd : -1;
}
