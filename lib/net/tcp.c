#include "net/tcp.h"

#include <errno.h>
#include <netinet/tcp.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "net/address.h"
#include "net/eyeballs.h"

#define TEXT 384

struct tcp {
    struct tcp_settings *settings;
    struct lookup *lookup; /* while RESOLVING */
    void (*ready)(void *user);
    void *ready_user;
    struct eyeballs race;
    enum tcp_phase phase;
    int error;       /* while FAILED or UNRESOLVED */
    int adopted;     /* -1: none, the race decides */
    bool literal;    /* the host is an address */
    bool unanswered; /* UNRESOLVED because no DNS server answered */
    bool drained;
    bool quickack;
    bool reset;
    char *text; /* TEXT bytes; NULL while there is nothing to say */
    char host[];
};

/* ---- Connecting ------------------------------------------------------- */

/* `error` when there is room for a text that says it, else S2S_ENO_MEMORY. */
static int sayable(struct tcp *c, int error)
{
    if (c->text == NULL)
        c->text = calloc(1, TEXT);
    return c->text != NULL ? error : S2S_ENO_MEMORY;
}

static void fail(struct tcp *c, int error)
{
    c->phase = TCP_FAILED;
    c->error = sayable(c, error);
    if (c->error == S2S_ENO_MEMORY)
        return;
    if (error == S2S_EADDRESS_FORBIDDEN)
        (void)snprintf(c->text, TEXT, "no address of the host is allowed");
    else
        eyeballs_describe(&c->race, c->text, TEXT);
}

/* Take over what became of the race. */
static void note(struct tcp *c)
{
    if (c->race.winner >= 0) {
        c->phase = TCP_CONNECTED;
        c->drained = true; /* nothing is there before we have said a word */
    } else if (c->race.error != S2S_OK)
        fail(c, c->race.error);
}

static void start(struct tcp *c, const struct resolver_address *addresses,
                  size_t count)
{
    c->phase = TCP_CONNECTING;
    eyeballs_start(&c->race, addresses, count, c->settings->filter,
                   c->settings->filter_user);
    note(c);
}

static void resolved(void *user, const struct lookup_result *r)
{
    struct tcp *c = user;
    c->unanswered = r->unanswered;
    c->lookup = NULL;
    if (r->error == S2S_OK) {
        start(c, r->addresses, r->count);
    } else {
        c->phase = TCP_UNRESOLVED;
        c->error = sayable(c, r->error);
        if (c->text != NULL)
            (void)snprintf(c->text, TEXT, "%s: %s", c->host, r->text);
    }
    if (c->ready != NULL)
        c->ready(c->ready_user); /* may close the connection */
}

static int begin(struct tcp *c, uint16_t port)
{
    struct resolver_address literal;
    literal.length = address_parse(c->host, port, &literal.address);
    if (literal.length == 0)
        return lookup_start(c->settings->resolver, c->host, port, 0, resolved,
                            c, &c->lookup);
    c->literal = true;
    start(c, &literal, 1);
    return S2S_OK;
}

static struct tcp *new (const char *host, enum tcp_phase phase)
{
    size_t size = strlen(host) + 1;
    struct tcp *c = calloc(1, sizeof(*c) + size);
    if (c == NULL)
        return NULL;
    memcpy(c->host, host, size);
    c->phase = phase;
    c->adopted = -1;
    eyeballs_init(&c->race);
    return c;
}

static int tcp_open(void *user, const char *host, uint16_t port, void **conn)
{
    struct tcp *c = new (host, TCP_RESOLVING);
    if (c == NULL)
        return S2S_ENO_MEMORY;
    c->settings = user;
    int error = begin(c, port);
    if (error != S2S_OK) {
        free(c);
        return error;
    }
    *conn = c;
    return S2S_OK;
}

int tcp_adopt(int fd, void **conn)
{
    struct tcp *c = new ("", TCP_CONNECTED);
    int on = 1;
    if (c == NULL)
        return S2S_ENO_MEMORY;
    c->adopted = fd;
    (void)setsockopt(fd, IPPROTO_TCP, TCP_NODELAY, &on, sizeof(on));
    *conn = c;
    return S2S_OK;
}

static void tcp_close(void *conn)
{
    struct tcp *c = conn;
    if (c->lookup != NULL)
        lookup_cancel(c->lookup);
    eyeballs_close(&c->race);
    if (c->adopted >= 0)
        close(c->adopted);
    free(c->text);
    free(c);
}

void tcp_watch(void *conn, void (*ready)(void *user), void *user)
{
    struct tcp *c = conn;
    c->ready = ready;
    c->ready_user = user;
}

enum tcp_phase tcp_phase(const void *conn)
{
    return ((const struct tcp *)conn)->phase;
}

void tcp_advance(void *conn)
{
    struct tcp *c = conn;
    if (c->phase != TCP_CONNECTING)
        return;
    eyeballs_advance(&c->race);
    note(c);
}

static int tcp_fd(void *conn)
{
    const struct tcp *c = conn;
    return c->adopted >= 0 ? c->adopted : eyeballs_fd(&c->race);
}

/* ---- Moving bytes ----------------------------------------------------- */

/* S2S_OK once connected; what read and write have to say until then. */
static int connected(struct tcp *c)
{
    tcp_advance(c);
    if (c->phase == TCP_CONNECTED)
        return S2S_OK;
    if (c->phase == TCP_FAILED || c->phase == TCP_UNRESOLVED)
        return c->error;
    return eyeballs_want(&c->race);
}

static const struct failure {
    int number;
    int error;
    const char *text;
} failures[] = {
    {ECONNRESET, S2S_ECLOSED, "connection reset"},
    {EPIPE, S2S_ECLOSED, "the peer has closed the connection"},
    {ETIMEDOUT, S2S_ECLOSED, "the connection timed out"},
    {EHOSTUNREACH, S2S_ECLOSED, "host unreachable"},
    {ENETUNREACH, S2S_ECLOSED, "network unreachable"},
    {ENETDOWN, S2S_ECLOSED, "network down"},
    {ENOBUFS, S2S_EINTERNAL, "no memory left"},
    {ENOMEM, S2S_ENO_MEMORY, "no memory left"},
    {0, S2S_ECLOSED, "the connection failed"},
};

/* The connection stays CONNECTED: after a write has failed there may still be
 * something to read that says why. */
static int broken(struct tcp *c, int number)
{
    const struct failure *f = failures;
    while (f->number != 0 && f->number != number)
        f++;
    if (number == ECONNRESET)
        c->reset = true;
    if (c->text != NULL) /* an earlier one is the cause */
        return f->error;
    int error = sayable(c, f->error);
    if (c->text != NULL)
        (void)snprintf(c->text, TEXT, "%s", f->text);
    return error;
}

static void acknowledge(const struct tcp *c, int fd)
{
#ifdef TCP_QUICKACK
    int on = 1;
    if (c->quickack)
        (void)setsockopt(fd, IPPROTO_TCP, TCP_QUICKACK, &on, sizeof(on));
#else
    (void)c;
    (void)fd;
#endif
}

static ptrdiff_t tcp_read(void *conn, void *buffer, size_t length)
{
    struct tcp *c = conn;
    ptrdiff_t n;
    int fd, error = connected(c);
    if (error != S2S_OK)
        return error;
    if (length == 0)
        return S2S_EINVALID_ARGUMENT;
    if (c->drained) {
        c->drained = false;
        return S2S_WANT_READ;
    }
    fd = tcp_fd(c);
    do
        n = recv(fd, buffer, length, 0);
    while (n < 0 && errno == EINTR);
    if (n < 0)
        return errno == EAGAIN ? S2S_WANT_READ : broken(c, errno);
    if (n == 0)
        return c->reset ? S2S_ECLOSED : 0; /* a write saw the reset */
    c->drained = (size_t)n < length;
    acknowledge(c, fd);
    return n;
}

static ptrdiff_t tcp_write(void *conn, const void *buffer, size_t length)
{
    struct tcp *c = conn;
    ptrdiff_t n;
    int error = connected(c);
    if (error != S2S_OK)
        return error;
    if (length == 0)
        return S2S_EINVALID_ARGUMENT;
    do
        n = send(tcp_fd(c), buffer, length, MSG_NOSIGNAL);
    while (n < 0 && errno == EINTR);
    if (n < 0)
        return errno == EAGAIN ? S2S_WANT_WRITE : broken(c, errno);
    return n;
}

s2s_transport tcp_transport(struct tcp_settings *settings)
{
    return (s2s_transport){
        .size = sizeof(s2s_transport),
        .user = settings,
        .open = tcp_open,
        .read = tcp_read,
        .write = tcp_write,
        .fd = tcp_fd,
        .close = tcp_close,
    };
}

/* ---- Telling ---------------------------------------------------------- */

const char *tcp_error(const void *conn)
{
    const char *text = ((const struct tcp *)conn)->text;
    return text != NULL ? text : "";
}

/* No packet left for any address that was allowed. */
static bool stuck(const struct eyeballs *e)
{
    for (size_t i = 0; i < e->count; i++)
        if (!e->attempts[i].forbidden && !e->attempts[i].local)
            return false;
    return e->count > 0;
}

bool tcp_never_left(const void *conn)
{
    const struct tcp *c = conn;
    return c->phase == TCP_FAILED ? stuck(&c->race) : c->unanswered;
}

void tcp_quickack(void *conn)
{
    ((struct tcp *)conn)->quickack = true;
}

bool tcp_was_reset(const void *conn)
{
    return ((const struct tcp *)conn)->reset;
}

/* An attempt that failed says something about the peer only when another one
 * shows that the host can be reached, and when a packet left. */
static void find(const struct eyeballs *e, size_t index, const char *address,
                 s2s_result *result)
{
    const struct eyeballs_attempt *a = &e->attempts[index];
    bool failed = a->outcome != NULL && index != (size_t)e->winner &&
                  a->outcome != &eyeballs_abandoned;
    if (a->forbidden)
        result_find(result, FINDING_ADDRESS_FORBIDDEN, address);
    else if (e->winner >= 0 && failed && !a->local)
        result_find(result, FINDING_ADDRESS_UNREACHABLE, address);
}

/* Whoever may not go to an address need not learn by a name that it is there:
 * of a forbidden one only what the caller wrote is told. */
void tcp_report(const void *conn, s2s_result *result)
{
    const struct tcp *c = conn;
    const struct eyeballs *e = &c->race;
    const struct eyeballs_outcome *stopped = result->error == S2S_ECANCELLED
                                                 ? &eyeballs_abandoned
                                                 : &eyeballs_timed_out;
    for (size_t i = 0; i < e->count; i++) {
        char address[ADDRESS_TEXT];
        const struct eyeballs_attempt *a = &e->attempts[i];
        const char *told = a->forbidden && !c->literal ? NULL : address;
        address_format(&a->address.any, a->length, address);
        result_add_attempt(result, told, eyeballs_outcome(e, i, stopped)->name);
        find(e, i, told, result);
        if (e->winner == (int)i)
            result->address = result_text(result, address);
    }
}
