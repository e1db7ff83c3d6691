/* TLS that changes no byte, after a made-up handshake. */
#include "peer.h"

#include <string.h>

static int session_open(void *user, const s2s_tls_request *request,
                        void **session)
{
    struct peer *p = user;
    if (peer_faulty(p, PEER_TLS_OPEN))
        return (int)p->fault_value;
    if (p->session_open || request->size < sizeof(*request) ||
        request->role != 0 || strcmp(request->server_name, p->server_name) != 0)
        p->misused = true;
    p->request = *request;
    p->hello_sent = p->answer_got = 0;
    p->secure = false;
    p->session_open = true;
    p->sessions++;
    *session = p;
    return S2S_OK;
}

static ptrdiff_t lower_read(struct peer *p, void *buffer, size_t length)
{
    return p->request.lower_read(p->request.lower, buffer, length);
}

static ptrdiff_t lower_write(struct peer *p, const void *bytes, size_t length)
{
    return p->request.lower_write(p->request.lower, bytes, length);
}

static int send_hello(struct peer *p)
{
    const size_t length = sizeof(PEER_HELLO) - 1;
    while (p->hello_sent < length) {
        ptrdiff_t n =
            lower_write(p, &PEER_HELLO[p->hello_sent], length - p->hello_sent);
        if (n < 0)
            return (int)n;
        p->hello_sent += (size_t)n;
    }
    return S2S_OK;
}

static int read_answer(struct peer *p)
{
    static const char answer[] = PEER_ANSWER;
    const size_t length = sizeof(answer) - 1;
    while (p->answer_got < length) {
        char bytes[sizeof(answer)];
        ptrdiff_t n = lower_read(p, bytes, length - p->answer_got);
        if (n <= 0)
            return n == 0 ? S2S_ECLOSED : (int)n;
        if (memcmp(bytes, answer + p->answer_got, (size_t)n) != 0)
            return S2S_ETLS_HANDSHAKE;
        p->answer_got += (size_t)n;
    }
    return S2S_OK;
}

static int session_handshake(void *session)
{
    struct peer *p = session;
    if (peer_faulty(p, PEER_TLS_HANDSHAKE))
        return (int)p->fault_value;
    if (!p->session_open || p->secure)
        p->misused = true;
    int e = send_hello(p);
    if (e == S2S_OK)
        e = read_answer(p);
    p->secure = e == S2S_OK;
    return e;
}

static int session_info(void *session, s2s_tls_info *info)
{
    struct peer *p = session;
    if (peer_faulty(p, PEER_TLS_INFO))
        return (int)p->fault_value;
    if (!p->secure || info->size < sizeof(*info))
        p->misused = true;
    info->protocol = "TLS1.3";
    info->cipher = "TLS_AES_128_GCM_SHA256";
    info->alpn = p->alpn != NULL ? p->alpn : p->request.alpn;
    info->chain = p->chain->der;
    info->chain_sizes = p->chain->sizes;
    info->chain_length = p->chain->length;
    return S2S_OK;
}

static ptrdiff_t session_read(void *session, void *buffer, size_t length)
{
    struct peer *p = session;
    if (peer_faulty(p, PEER_TLS_READ))
        return p->fault_value > 0 ? (ptrdiff_t)length + 1 : p->fault_value;
    if (!p->secure)
        p->misused = true;
    return lower_read(p, buffer, length);
}

static ptrdiff_t session_write(void *session, const void *bytes, size_t length)
{
    struct peer *p = session;
    if (peer_faulty(p, PEER_TLS_WRITE))
        return p->fault_value > 0 ? (ptrdiff_t)length + 1 : p->fault_value;
    if (!p->secure)
        p->misused = true;
    return lower_write(p, bytes, length);
}

static void session_close(void *session)
{
    struct peer *p = session;
    static const char notify = PEER_NOTIFY;
    if (!p->session_open)
        p->misused = true;
    if (p->secure)
        lower_write(p, &notify, 1);
    p->session_open = false;
    p->secure = false;
    p->session_closes++;
}

s2s_tls peer_tls(struct peer *p)
{
    return (s2s_tls){
        .size = sizeof(s2s_tls),
        .user = p,
        .open = session_open,
        .handshake = session_handshake,
        .info = session_info,
        .read = session_read,
        .write = session_write,
        .close = session_close,
    };
}
