#include "server.h"

#include <errno.h>
#include <stdio.h>
#include <string.h>

#include "bench.h"

#define HEADER                                                                 \
    "<?xml version='1.0'?><stream:stream xmlns='jabber:server'"                \
    " xmlns:stream='http://etherx.jabber.org/streams'"                         \
    " xmlns:db='jabber:server:dialback' version='1.0' xml:lang='en'"           \
    " from='%s' to='%s' id='5f0c1f0e-6f1e-4c3a-9d57-2f6d0b0a7c11'>"

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

#define LAST_FEATURES "<stream:features/>"

#define PROCEED "<proceed xmlns='urn:ietf:params:xml:ns:xmpp-tls'/>"
#define SUCCESS "<success xmlns='urn:ietf:params:xml:ns:xmpp-sasl'/>"

#define REFUSAL                                                                \
    "<stream:error><policy-violation"                                          \
    " xmlns='urn:ietf:params:xml:ns:xmpp-streams'/></stream:error>"            \
    "</stream:stream>"

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

/* ---- Manners ---- */

enum moment { ALWAYS, GREETING, FEATURES, STARTTLS, HELLO, SECURED };

/* What is done at one moment instead of the right thing. */
struct manner {
    const char *label;
    enum moment at;
    bool end;
    const char *instead; /* NULL: nothing */
};

static const struct manner manners[] = {
    {"silent", GREETING, false, NULL},
    {"close", GREETING, true, NULL},
    {"garbage", GREETING, true, "HTTP/1.1 400 Bad Request\r\n\r\n"},
    {"header", FEATURES, false, NULL},
    {"proceed", STARTTLS, false, NULL},
    {"tls", HELLO, false, NULL},
    {"noise", HELLO, true, "220 mail ready\r\n"},
    {"features", SECURED, false, NULL},
    {"error", SECURED, true, HEADER REFUSAL},
    {"auth", ALWAYS, false, NULL},
    {"old", ALWAYS, false, NULL},
};

enum { MANNERS = sizeof(manners) / sizeof(manners[0]), AUTH = 9, TLS12 = 10 };

static const struct manner *manner_of(const char *domain)
{
    size_t length = strcspn(domain, ".");
    for (size_t i = 0; i < MANNERS; i++) {
        size_t n = strlen(manners[i].label);
        if (n <= length && strncmp(domain, manners[i].label, n) == 0 &&
            strspn(domain + n, "0123456789") == length - n)
            return &manners[i];
    }
    return NULL;
}

static void say(struct server *s, const char *text);

/* Whether the server misbehaves at this moment; then it has. */
static bool misbehaves(struct server *s, enum moment at)
{
    const struct manner *m = s->manner;
    if (m == NULL || m->at != at)
        return false;
    if (m->instead != NULL)
        say(s, m->instead);
    s->mute = true;
    s->ended = m->end;
    return true;
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
    const struct certs *c = s->certs;
    bool ok =
        gnutls_init(&s->tls, GNUTLS_SERVER | GNUTLS_NONBLOCK) == 0 &&
        gnutls_priority_set(s->tls, s->manner == &manners[TLS12]
                                        ? c->only_tls12
                                        : c->any) == 0 &&
        gnutls_credentials_set(s->tls, GNUTLS_CRD_CERTIFICATE, c->server) == 0;
    bench_must(ok, "the server cannot begin TLS");
    if (s->manner == &manners[AUTH])
        gnutls_certificate_server_set_request(s->tls, GNUTLS_CERT_REQUEST);
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

/* `text` with the two domains, if it wants them. */
static void say(struct server *s, const char *text)
{
    char whole[2048];
    const char *hole = strstr(text, "'%s' to='%s'");
    int n = hole == NULL
                ? snprintf(whole, sizeof(whole), "%s", text)
                : snprintf(whole, sizeof(whole), "%.*s'%s' to='%s'%s",
                           (int)(hole - text), text, s->to, s->from, hole + 12);
    bench_must(n >= 0 && (size_t)n < sizeof(whole), "no room");
    size_t length = (size_t)n;
    if (s->tls == NULL || !s->secure)
        bench_must(bytes_put(&s->out, whole, length) == length, "no room");
    else
        bench_must(gnutls_record_send(s->tls, whole, length) == n,
                   "the server cannot send");
}

/* The value of ` name='...'`, or nothing. */
static void attribute(const char *element, const char *name, char *value,
                      size_t size)
{
    const char *end = strchr(element, '>');
    const char *at = strstr(element, name);
    *value = '\0';
    if (at == NULL || end == NULL || at > end)
        return;
    at += strlen(name);
    size_t length = strcspn(at + 1, *at == '"' ? "\"" : "'");
    if (length < size) {
        memcpy(value, at + 1, length);
        value[length] = '\0';
    }
}

static void greet(struct server *s, const char *element)
{
    attribute(element, " to=", s->to, sizeof(s->to));
    attribute(element, " from=", s->from, sizeof(s->from));
    s->manner = manner_of(s->to);
    if (misbehaves(s, s->secure ? SECURED : GREETING))
        return;
    if (!s->secure && s->manner != NULL && s->manner->at == FEATURES) {
        say(s, HEADER);
        s->mute = true;
    } else {
        say(s, !s->secure         ? HEADER CLEAR_FEATURES
               : s->authenticated ? HEADER LAST_FEATURES
                                  : HEADER SECURE_FEATURES);
    }
}

static void proceed(struct server *s, const char *element)
{
    (void)element;
    if (s->tls != NULL || misbehaves(s, STARTTLS))
        return;
    say(s, PROCEED);
    begin_tls(s);
}

static void accept_external(struct server *s, const char *element)
{
    (void)element;
    s->authenticated = true;
    say(s, SUCCESS);
}

static void answer_ping(struct server *s, const char *element)
{
    char id[128], whole[512];
    attribute(element, " id=", id, sizeof(id));
    snprintf(whole, sizeof(whole),
             "<iq type='result' id='%s' from='%s' to='%s'/>", id, s->to,
             s->from);
    say(s, whole);
}

static void finish(struct server *s, const char *element)
{
    (void)element;
    s->ended = true;
}

static const struct row {
    const char *begin, *end;
    void (*act)(struct server *s, const char *element);
} rows[] = {
    {"<stream:stream", ">", greet},   {"<starttls", ">", proceed},
    {"<auth", ">", accept_external},  {"<iq", "</iq>", answer_ping},
    {"</stream:stream", ">", finish},
};

enum { ROWS = sizeof(rows) / sizeof(rows[0]) };

/* Of the elements that matter and are whole, the first one. */
static const struct row *find(const char *heard, const char **begin)
{
    const struct row *first = NULL;
    for (size_t i = 0; i < ROWS; i++) {
        const char *at = strstr(heard, rows[i].begin);
        if (at != NULL && strstr(at, rows[i].end) != NULL &&
            (first == NULL || at < *begin)) {
            first = &rows[i];
            *begin = at;
        }
    }
    return first;
}

static void answer(struct server *s)
{
    const char *begin = NULL;
    const struct row *row;
    while (!s->ended && !s->mute && (row = find(s->heard, &begin)) != NULL) {
        row->act(s, begin);
        const char *end = strstr(begin, row->end) + strlen(row->end);
        s->heard_length -= (size_t)(end - s->heard);
        memmove(s->heard, end, s->heard_length + 1);
    }
}

static bool is_tls(const struct bytes *in)
{
    return in->end > in->start && in->data[in->start] == 0x16;
}

static void step_tls(struct server *s)
{
    if (s->tls == NULL && is_tls(&s->in))
        begin_tls(s);
    if (s->tls == NULL || s->secure || s->in.end == s->in.start)
        return;
    if (!misbehaves(s, HELLO))
        shake_hands(s);
}

void server_step(struct server *s)
{
    step_tls(s);
    while (!s->mute && !s->ended && (s->tls == NULL || s->secure)) {
        size_t n = receive(s);
        if (n == 0)
            break;
        s->heard_length += n;
        s->heard[s->heard_length] = '\0';
        answer(s);
        if (s->heard_length == sizeof(s->heard) - 1)
            s->heard_length = 0; /* nothing that matters */
    }
    if (s->mute)
        s->in.start = s->in.end = 0;
}

void server_init(struct server *s, const struct certs *certs)
{
    memset(s, 0, offsetof(struct server, heard));
    s->certs = certs;
    s->in.start = s->in.end = s->out.start = s->out.end = 0;
}

void server_free(struct server *s)
{
    if (s->tls != NULL)
        gnutls_deinit(s->tls);
}
