#include "server.h"

#include <errno.h>
#include <string.h>

#include "bench.h"

#define HEADER                                                                 \
    "<?xml version='1.0'?><stream:stream xmlns='jabber:server'"                \
    " xmlns:stream='http://etherx.jabber.org/streams'"                         \
    " xmlns:db='jabber:server:dialback' version='1.0' xml:lang='en'"           \
    " from='" BENCH_DOMAIN "' to='" BENCH_FROM "'"                             \
    " id='5f0c1f0e-6f1e-4c3a-9d57-2f6d0b0a7c11'>"

#define CLEAR_FEATURES                                                         \
    "<stream:features>"                                                        \
    "<starttls xmlns='urn:ietf:params:xml:ns:xmpp-tls'><required/></starttls>" \
    "<dialback xmlns='urn:xmpp:features:dialback'><errors/></dialback>"        \
    "</stream:features>"

#define SECURE_FEATURES                                                        \
    "<stream:features>"                                                        \
    "<mechanisms xmlns='urn:ietf:params:xml:ns:xmpp-sasl'>"                    \
    "<mechanism>EXTERNAL</mechanism></mechanisms>"                             \
    "<bidi xmlns='urn:xmpp:features:bidi'/>"                                   \
    "<dialback xmlns='urn:xmpp:features:dialback'><errors/></dialback>"        \
    "</stream:features>"

#define PROCEED "<proceed xmlns='urn:ietf:params:xml:ns:xmpp-tls'/>"

/* What is waited for, its end, and the answer, in order. */
static const struct row {
    const char *begin, *end, *answer;
} conversation[] = {
    {"<stream:stream", ">", HEADER CLEAR_FEATURES},
    {"<starttls", "/>", PROCEED},
    {"<stream:stream", ">", HEADER SECURE_FEATURES},
    {"</stream:stream", ">", NULL},
};

enum { ROW_SECURE = 2, ROW_LAST = 3 };

size_t bytes_put(struct bytes *b, const void *from, size_t length)
{
    size_t room = sizeof(b->data) - b->end;
    size_t n = length < room ? length : room;
    memcpy(b->data + b->end, from, n);
    b->end += n;
    return n;
}

size_t bytes_take(struct bytes *b, void *to, size_t length)
{
    size_t have = b->end - b->start;
    size_t n = length < have ? length : have;
    memcpy(to, b->data + b->start, n);
    b->start += n;
    if (b->start == b->end)
        b->start = b->end = 0;
    return n;
}

/* ---- TLS ---- */

static ssize_t pull(gnutls_transport_ptr_t p, void *buffer, size_t length)
{
    struct server *s = p;
    size_t n = bytes_take(&s->in, buffer, length);
    if (n > 0)
        return (ssize_t)n;
    gnutls_transport_set_errno(s->tls, EAGAIN);
    return -1;
}

static ssize_t push(gnutls_transport_ptr_t p, const void *bytes, size_t length)
{
    struct server *s = p;
    return (ssize_t)bytes_put(&s->out, bytes, length);
}

static int pull_timeout(gnutls_transport_ptr_t p, unsigned ms)
{
    const struct server *s = p;
    (void)ms;
    return s->in.end > s->in.start;
}

static void begin_tls(struct server *s)
{
    bool ok = gnutls_init(&s->tls, GNUTLS_SERVER | GNUTLS_NONBLOCK) == 0 &&
              gnutls_set_default_priority(s->tls) == 0 &&
              gnutls_credentials_set(s->tls, GNUTLS_CRD_CERTIFICATE,
                                     s->credentials) == 0;
    bench_must(ok, "the server cannot begin TLS");
    gnutls_transport_set_ptr(s->tls, s);
    gnutls_transport_set_pull_function(s->tls, pull);
    gnutls_transport_set_push_function(s->tls, push);
    gnutls_transport_set_pull_timeout_function(s->tls, pull_timeout);
}

static void shake_hands(struct server *s)
{
    int rc = gnutls_handshake(s->tls);
    s->secure = rc == 0;
    s->ended = s->ended || (rc != 0 && gnutls_error_is_fatal(rc));
}

/* ---- XML ---- */

static size_t receive(struct server *s)
{
    char *at = s->heard + s->heard_length;
    size_t room = sizeof(s->heard) - 1 - s->heard_length;
    if (s->tls == NULL)
        return bytes_take(&s->in, at, room);
    ssize_t n;
    do
        n = gnutls_record_recv(s->tls, at, room);
    while (n == GNUTLS_E_AGAIN && s->in.end > s->in.start);
    s->ended = s->ended || n == 0 || (n < 0 && gnutls_error_is_fatal((int)n));
    return n > 0 ? (size_t)n : 0;
}

static void send_text(struct server *s, const char *text)
{
    size_t length = strlen(text);
    if (s->tls == NULL)
        bench_must(bytes_put(&s->out, text, length) == length, "no room");
    else
        bench_must(gnutls_record_send(s->tls, text, length) == (ssize_t)length,
                   "the server cannot send");
}

static void answer(struct server *s)
{
    const struct row *row = &conversation[s->row];
    const char *begin = strstr(s->heard, row->begin);
    if (begin == NULL || strstr(begin, row->end) == NULL)
        return;
    s->heard_length = 0;
    s->ended = s->row == ROW_LAST;
    if (row->answer == NULL)
        return;
    send_text(s, row->answer);
    s->row++;
    if (s->row == ROW_SECURE)
        begin_tls(s);
}

static bool is_tls(const struct bytes *in)
{
    return in->end > in->start && in->data[in->start] == 0x16;
}

void server_step(struct server *s)
{
    if (s->row == 0 && is_tls(&s->in)) {
        s->row = ROW_SECURE;
        begin_tls(s);
    }
    if (s->tls != NULL && !s->secure)
        shake_hands(s);
    while (!s->ended && (s->tls == NULL || s->secure)) {
        size_t n = receive(s);
        if (n == 0)
            return;
        s->heard_length += n;
        s->heard[s->heard_length] = '\0';
        answer(s);
        if (s->heard_length == sizeof(s->heard) - 1)
            s->heard_length = 0; /* nothing that matters */
    }
}

void server_init(struct server *s, gnutls_certificate_credentials_t credentials)
{
    memset(s, 0, sizeof(*s));
    s->credentials = credentials;
}

void server_free(struct server *s)
{
    if (s->tls != NULL)
        gnutls_deinit(s->tls);
}
