#include "net/tcp.h"

#include <errno.h>
#include <netinet/tcp.h>
#include <stdio.h>
#include <stdlib.h>
#include <unistd.h>

#include "net/race.h"
#include "net/tcp_info.h"

#define TEXT 384

struct tcp {
    void (*ready)(void *user);
    void *ready_user;
    struct race race;
    enum tcp_phase phase;
    int error;   /* while FAILED or UNRESOLVED */
    int adopted; /* -1: none, the race decides */
    bool drained;
    bool quickack;
    bool reset;
    char *text; /* TEXT bytes; NULL while there is nothing to say */
};

/* ---- Connecting ------------------------------------------------------- */

/* `error` when there is room for a text that says it, else S2S_ENO_MEMORY. */
static int sayable(struct tcp *c, int error)
{
    if (c->text == NULL)
        c->text = calloc(1, TEXT);
    return c->text != NULL ? error : S2S_ENO_MEMORY;
}

static void fail(struct tcp *c)
{
    c->phase = race_unresolved(&c->race) ? TCP_UNRESOLVED : TCP_FAILED;
    c->error = sayable(c, c->race.error);
    if (c->text != NULL)
        race_describe(&c->race, c->text, TEXT);
}

/* Take over what became of the race. */
static void note(struct tcp *c)
{
    if (c->race.eyes.winner != NULL) {
        c->phase = TCP_CONNECTED;
        c->drained = true; /* nothing is there before we have said a word */
    } else if (c->race.error != S2S_OK)
        fail(c);
    else if (race_held(&c->race))
        c->phase = TCP_HELD;
    else
        c->phase = c->race.tried > 0 ? TCP_CONNECTING : TCP_RESOLVING;
}

static void changed(void *user)
{
    struct tcp *c = user;
    note(c);
    if (c->ready != NULL)
        c->ready(c->ready_user); /* may close the connection */
}

static struct tcp *new (struct tcp_settings *settings, enum tcp_phase phase)
{
    struct tcp *c = calloc(1, sizeof(*c));
    if (c == NULL)
        return NULL;
    c->phase = phase;
    c->adopted = -1;
    race_init(&c->race, settings);
    c->race.changed = changed;
    c->race.user = c;
    return c;
}

static void tcp_close(void *conn)
{
    struct tcp *c = conn;
    race_close(&c->race);
    if (c->adopted >= 0)
        close(c->adopted);
    free(c->text);
    free(c);
}

int tcp_open_endpoints(struct tcp_settings *s, const struct tcp_endpoint *list,
                       size_t count, void **conn)
{
    struct tcp *c = new (s, TCP_RESOLVING);
    if (c == NULL)
        return S2S_ENO_MEMORY;
    int error = race_start(&c->race, list, count);
    if (error == S2S_OK && c->race.error == S2S_ENO_MEMORY)
        error = S2S_ENO_MEMORY;
    if (error != S2S_OK) {
        tcp_close(c);
        return error;
    }
    note(c);
    *conn = c;
    return S2S_OK;
}

static int tcp_open(void *user, const char *host, uint16_t port, void **conn)
{
    const struct tcp_endpoint one = {.host = host, .port = port};
    return tcp_open_endpoints(user, &one, 1, conn);
}

int tcp_adopt(int fd, void **conn)
{
    struct tcp *c = new (NULL, TCP_CONNECTED);
    int on = 1;
    if (c == NULL)
        return S2S_ENO_MEMORY;
    c->adopted = fd;
    (void)setsockopt(fd, IPPROTO_TCP, TCP_NODELAY, &on, sizeof(on));
    *conn = c;
    return S2S_OK;
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
    race_advance(&c->race);
    note(c);
}

static int descriptor(const struct tcp *c)
{
    return c->adopted >= 0 ? c->adopted : eyeballs_fd(&c->race.eyes);
}

static int tcp_fd(void *conn)
{
    return descriptor(conn);
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
    return eyeballs_want(&c->race.eyes);
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

bool tcp_never_left(const void *conn)
{
    return race_never_left(&((const struct tcp *)conn)->race);
}

void tcp_quickack(void *conn)
{
    ((struct tcp *)conn)->quickack = true;
}

bool tcp_was_reset(const void *conn)
{
    return ((const struct tcp *)conn)->reset;
}

static struct courtesy_permit *permit(void *conn)
{
    struct eyeballs_attempt *winner = ((struct tcp *)conn)->race.eyes.winner;
    return winner != NULL ? &winner->permit : NULL;
}

bool tcp_spared(const void *conn)
{
    const struct tcp *c = conn;
    return c->phase == TCP_HELD && courtesy_spared(&c->race.asking->permit);
}

void tcp_offended(void *conn)
{
    if (permit(conn) != NULL)
        courtesy_offended(permit(conn));
}

void tcp_pleased(void *conn)
{
    if (permit(conn) != NULL)
        courtesy_pleased(permit(conn));
}

void tcp_settled(void *conn)
{
    tcp_pleased(conn);
    if (permit(conn) != NULL)
        courtesy_give(permit(conn));
}

void tcp_report(const void *conn, s2s_result *result)
{
    const struct tcp *c = conn;
    race_report(&c->race, result);
    if (c->phase == TCP_CONNECTED)
        result->rtt_us = tcp_info_rtt_us(descriptor(c));
}

int tcp_connected_endpoint(const void *conn)
{
    return race_winner(&((const struct tcp *)conn)->race);
}

static const struct race_endpoint *endpoint(const void *conn, size_t index)
{
    const struct race *r = &((const struct tcp *)conn)->race;
    return index < r->count ? &r->endpoints[index] : NULL;
}

enum dns_security tcp_endpoint_security(const void *conn, size_t index)
{
    const struct race_endpoint *ep = endpoint(conn, index);
    return ep != NULL ? ep->security : DNS_INSECURE;
}

bool tcp_endpoint_alias(const void *conn, size_t index)
{
    const struct race_endpoint *ep = endpoint(conn, index);
    return ep != NULL && ep->alias;
}
