#include "probe/link.h"

#include <limits.h>
#include <stdio.h>
#include <string.h>

#include "base/error.h"

#define TLS_FACTOR 4u          /* records with more padding than contents */
#define TLS_MORE   (64u << 10) /* handshakes, tickets */

/* ---- What callbacks return ---- */

static bool is_want(ptrdiff_t n)
{
    return n == S2S_WANT_READ || n == S2S_WANT_WRITE;
}

static int error_of(ptrdiff_t n)
{
    return n < INT_MIN || n >= 0 || !error_known((int)n) ? S2S_EINTERNAL
                                                         : (int)n;
}

/* An error of a callback, once for a connection: the first one is the cause of
 * those behind it. Returns it, or S2S_EINTERNAL for what is none. */
static int failed(struct link *l, bool tls, const char *name, ptrdiff_t n)
{
    int e = error_of(n);
    if (l->fault != NULL || e == S2S_ECLOSED) /* that is the peer's */
        return e;
    l->fault = name;
    l->fault_value = n;
    l->fault_tls = tls;
    return e;
}

bool link_fault(const struct link *l, char out[LINK_FAULT])
{
    const char *table = l->fault_tls ? "tls" : "transport";
    ptrdiff_t n = l->fault_value;
    int e = error_of(n);
    if (l->fault == NULL)
        return false;
    if (e == n && e > S2S_CALLBACK_ERROR)
        snprintf(out, LINK_FAULT, "%s.%s: %s", table, l->fault, error_text(e));
    else
        snprintf(out, LINK_FAULT, "%s.%s returned %td%s", table, l->fault, n,
                 e == n ? "" : ", which it may not");
    return true;
}

/* Of a function that moves nothing: 0 or an error. */
static int status(struct link *l, bool tls, const char *name, int n)
{
    return n == S2S_OK ? n : failed(l, tls, name, n);
}

/* Of one that moves at most `length` bytes. */
static ptrdiff_t moved(struct link *l, bool tls, const char *name, ptrdiff_t n,
                       size_t length)
{
    bool fine = is_want(n) || (n >= 0 && (size_t)n <= length);
    return fine ? n : failed(l, tls, name, n);
}

/* ---- Opening and closing ---- */

int link_open(struct link *l, const s2s_transport *transport, const char *host,
              uint16_t port)
{
    void *conn = NULL;
    *l = (struct link){.transport = transport, .want = S2S_WANT_READ};
    int e = status(l, false, "open",
                   transport->open(transport->user, host, port, &conn));
    if (e != S2S_OK)
        return e;
    l->conn = conn;
    l->open = true;
    return S2S_OK;
}

void link_adopt(struct link *l, const s2s_transport *transport, void *conn)
{
    *l = (struct link){.transport = transport,
                       .conn = conn,
                       .want = S2S_WANT_READ,
                       .open = true};
}

void link_close(struct link *l)
{
    if (l->tls_begun)
        l->tls->close(l->session);
    if (l->open)
        l->transport->close(l->conn);
    l->tls_begun = false;
    l->open = false;
}

/* ---- Moving bytes ---- */

static ptrdiff_t lower_read(void *conn, void *buffer, size_t length)
{
    struct link *l = conn;
    if (l->most != 0 && l->heard_bytes >= l->most) {
        l->flooded = true;
        return S2S_ELIMIT;
    }
    ptrdiff_t n = moved(l, false, "read",
                        l->transport->read(l->conn, buffer, length), length);
    if (n > 0 && !l->heard)
        memcpy(&l->first, buffer, 1);
    if (n > 0 && l->tls_begun && !l->heard_tls)
        memcpy(&l->first_tls, buffer, 1);
    if (n > 0) {
        l->heard_bytes += (uint64_t)n;
        l->moved = true;
        l->heard = true;
        l->heard_tls = l->tls_begun;
    }
    return n;
}

static ptrdiff_t lower_write(void *conn, const void *buffer, size_t length)
{
    struct link *l = conn;
    ptrdiff_t n = moved(l, false, "write",
                        l->transport->write(l->conn, buffer, length), length);
    l->moved = l->moved || n > 0;
    return n != 0 ? n : S2S_ECLOSED;
}

void link_limit(struct link *l, uint64_t xml)
{
    bool any = xml == 0 || xml > (UINT64_MAX - TLS_MORE) / TLS_FACTOR;
    l->most = any ? 0 : xml * TLS_FACTOR + TLS_MORE;
}

static ptrdiff_t noted(struct link *l, ptrdiff_t n)
{
    if (is_want(n))
        l->want = (int)n;
    return n;
}

ptrdiff_t link_read(struct link *l, void *buffer, size_t length)
{
    if (l->tls_begun)
        return noted(l,
                     moved(l, true, "read",
                           l->tls->read(l->session, buffer, length), length));
    return noted(l, lower_read(l, buffer, length));
}

ptrdiff_t link_write(struct link *l, const void *buffer, size_t length)
{
    if (!l->tls_begun)
        return noted(l, lower_write(l, buffer, length));
    ptrdiff_t n = moved(l, true, "write",
                        l->tls->write(l->session, buffer, length), length);
    return noted(l, n != 0 ? n : S2S_ECLOSED);
}

int link_begin_tls(struct link *l, const s2s_tls *tls, s2s_tls_request *request)
{
    void *session = NULL;
    request->lower = l;
    request->lower_read = lower_read;
    request->lower_write = lower_write;
    l->tls = tls;
    int e = status(l, true, "open", tls->open(tls->user, request, &session));
    if (e != S2S_OK)
        return e;
    l->session = session;
    l->tls_begun = true;
    return S2S_OK;
}

int link_handshake(struct link *l)
{
    int e = l->tls->handshake(l->session);
    if (is_want(e))
        return (int)noted(l, e);
    e = status(l, true, "handshake", e);
    l->secure = e == S2S_OK;
    return e;
}

int link_tls_info(struct link *l, s2s_tls_info *info)
{
    return status(l, true, "info", l->tls->info(l->session, info));
}

int link_fd(const struct link *l)
{
    if (!l->open || l->transport->fd == NULL)
        return -1;
    int fd = l->transport->fd(l->conn);
    return fd >= 0 ? fd : -1;
}

bool link_is_tls(uint8_t first)
{
    return first >= 0x14 && first <= 0x17; /* RFC 8446, B.1 */
}
