#include "demo.h"

#include <arpa/inet.h>
#include <errno.h>
#include <gnutls/crypto.h>
#include <gnutls/gnutls.h>
#include <netinet/in.h>
#include <poll.h>
#include <pthread.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/eventfd.h>
#include <sys/socket.h>
#include <time.h>
#include <unistd.h>

#include "demo_stream.h"
#include "demo_trust.h"

#define PEERS       64
#define PEER_BYTES  (16 * 1024)
#define PEER_MS     30000
#define POLL_OTHERS 2 /* the wake-up and the listener */
#define PRIORITY    "NORMAL:-VERS-ALL:+VERS-TLS1.3:+VERS-TLS1.2"

struct peer {
    int fd;
    gnutls_session_t tls; /* NULL: in the clear */
    bool handshaking;
    bool closing; /* after what is still to be sent */
    int64_t end_ms;
    size_t received;
    struct demo_stream stream;
};

struct demo {
    pthread_t thread;
    struct demo_trust trust;
    int listener;
    int wake; /* eventfd: stop */
    uint16_t port;
    struct peer *peers[PEERS];
    size_t count;
};

static int64_t now_ms(void)
{
    struct timespec t;
    clock_gettime(CLOCK_MONOTONIC, &t);
    return (int64_t)t.tv_sec * 1000 + t.tv_nsec / 1000000;
}

/* ---- One connection ---------------------------------------------------- */

static void new_id(struct demo_stream *s)
{
    uint8_t bytes[DEMO_ID / 2];
    if (gnutls_rnd(GNUTLS_RND_NONCE, bytes, sizeof(bytes)) < 0)
        memset(bytes, 0, sizeof(bytes));
    for (size_t i = 0; i < sizeof(bytes); i++)
        snprintf(s->id + 2 * i, 3, "%02x", bytes[i]);
}

static void peer_free(struct peer *p)
{
    if (p->tls != NULL)
        gnutls_deinit(p->tls);
    close(p->fd);
    free(p);
}

static void add_peer(struct demo *d)
{
    int fd = accept4(d->listener, NULL, NULL, SOCK_CLOEXEC | SOCK_NONBLOCK);
    struct peer *p = fd >= 0 ? calloc(1, sizeof(*p)) : NULL;
    if (p == NULL) {
        if (fd >= 0)
            close(fd);
        return;
    }
    p->fd = fd;
    p->end_ms = now_ms() + PEER_MS;
    new_id(&p->stream);
    d->peers[d->count++] = p;
}

/* > 0 bytes moved, 0 not now, < 0 the end. */
static int tls_moved(ssize_t n)
{
    if (n > 0)
        return (int)n;
    return n == GNUTLS_E_AGAIN || n == GNUTLS_E_INTERRUPTED ? 0 : -1;
}

static int socket_moved(ssize_t n)
{
    if (n > 0)
        return (int)n;
    return n < 0 && (errno == EAGAIN || errno == EINTR) ? 0 : -1;
}

static int receive(struct peer *p)
{
    struct demo_stream *s = &p->stream;
    char *to = s->in + s->in_length;
    size_t room = sizeof(s->in) - s->in_length;
    int n = p->tls != NULL ? tls_moved(gnutls_record_recv(p->tls, to, room))
                           : socket_moved(recv(p->fd, to, room, 0));
    if (n <= 0)
        return n;
    s->in_length += (size_t)n;
    p->received += (size_t)n;
    return p->received <= PEER_BYTES ? n : -1;
}

static int flush(struct peer *p)
{
    struct demo_stream *s = &p->stream;
    while (s->out_length > 0) {
        int n =
            p->tls != NULL
                ? tls_moved(gnutls_record_send(p->tls, s->out, s->out_length))
                : socket_moved(
                      send(p->fd, s->out, s->out_length, MSG_NOSIGNAL));
        if (n <= 0)
            return n;
        s->out_length -= (size_t)n;
        memmove(s->out, s->out + n, s->out_length);
    }
    return 1;
}

static bool begin_tls(struct demo *d, struct peer *p)
{
    unsigned flags = GNUTLS_SERVER | GNUTLS_NONBLOCK | GNUTLS_NO_SIGNAL;
    if (gnutls_init(&p->tls, flags) < 0)
        return false;
    gnutls_transport_set_int(p->tls, p->fd);
    p->handshaking = true;
    return gnutls_priority_set_direct(p->tls, PRIORITY, NULL) >= 0 &&
           gnutls_credentials_set(p->tls, GNUTLS_CRD_CERTIFICATE,
                                  d->trust.credentials) >= 0;
}

/* As receive(). */
static int handshake(struct peer *p)
{
    int e = gnutls_handshake(p->tls);
    if (e < 0)
        return gnutls_error_is_fatal(e) ? -1 : 0;
    p->handshaking = false;
    p->stream.secure = true;
    new_id(&p->stream);
    return 1;
}

/* One step; > 0 go on, 0 wait, < 0 the end. */
static int step(struct demo *d, struct peer *p)
{
    if (p->handshaking)
        return handshake(p);
    int n = flush(p);
    if (n <= 0)
        return n;
    if (p->closing) {
        if (p->tls != NULL)
            gnutls_bye(p->tls, GNUTLS_SHUT_WR);
        return -1;
    }
    n = receive(p);
    if (n <= 0)
        return n;
    enum demo_wish wish = demo_stream_work(&p->stream);
    p->closing = wish == DEMO_CLOSE;
    if (wish == DEMO_TLS)
        return flush(p) > 0 && begin_tls(d, p) ? 1 : -1;
    return 1;
}

static bool serve(struct demo *d, struct peer *p)
{
    int n;
    do {
        n = step(d, p);
    } while (n > 0);
    return n == 0;
}

/* ---- The thread -------------------------------------------------------- */

static short wanted(const struct peer *p)
{
    bool out = p->handshaking ? gnutls_record_get_direction(p->tls) == 1
                              : p->stream.out_length > 0;
    return out ? POLLOUT : POLLIN;
}

/* Fill `fds`; the time until the next connection is too old. */
static int prepare(const struct demo *d, struct pollfd *fds)
{
    int64_t next = INT32_MAX;
    int64_t now = now_ms();
    fds[0] = (struct pollfd){.fd = d->wake, .events = POLLIN};
    fds[1] = (struct pollfd){.fd = d->count < PEERS ? d->listener : -1,
                             .events = POLLIN};
    for (size_t i = 0; i < d->count; i++) {
        const struct peer *p = d->peers[i];
        fds[POLL_OTHERS + i] =
            (struct pollfd){.fd = p->fd, .events = wanted(p)};
        if (p->end_ms - now < next)
            next = p->end_ms - now;
    }
    return next > 0 ? (int)next : 0;
}

/* Backwards: the last one takes the place of one that goes. */
static void serve_peers(struct demo *d, const struct pollfd *fds)
{
    int64_t now = now_ms();
    for (size_t i = d->count; i-- > 0;) {
        struct peer *p = d->peers[i];
        bool stays = p->end_ms > now &&
                     (fds[POLL_OTHERS + i].revents == 0 || serve(d, p));
        if (stays)
            continue;
        peer_free(p);
        d->peers[i] = d->peers[--d->count];
    }
}

static void *run(void *user)
{
    struct demo *d = user;
    struct pollfd fds[POLL_OTHERS + PEERS];
    for (;;) {
        int timeout = prepare(d, fds);
        if (poll(fds, POLL_OTHERS + d->count, timeout) < 0 && errno != EINTR)
            break;
        if (fds[0].revents != 0)
            break;
        serve_peers(d, fds);
        if (fds[1].revents != 0)
            add_peer(d);
    }
    while (d->count > 0)
        peer_free(d->peers[--d->count]);
    return NULL;
}

/* ---- Start and stop ---------------------------------------------------- */

static bool bind_port(int fd, uint16_t port)
{
    struct sockaddr_in a = {.sin_family = AF_INET,
                            .sin_port = htons(port),
                            .sin_addr = {htonl(INADDR_LOOPBACK)}};
    return bind(fd, (const struct sockaddr *)&a, sizeof(a)) == 0 &&
           listen(fd, PEERS) == 0;
}

static bool listen_somewhere(struct demo *d)
{
    struct sockaddr_in a;
    socklen_t n = sizeof(a);
    int on = 1;
    for (int i = 0; i < 2; i++) {
        int fd = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0);
        if (fd < 0)
            return false;
        setsockopt(fd, SOL_SOCKET, SO_REUSEADDR, &on, sizeof(on));
        if (bind_port(fd, i == 0 ? DEMO_PORT : 0) &&
            getsockname(fd, (struct sockaddr *)&a, &n) == 0) {
            d->listener = fd;
            d->port = ntohs(a.sin_port);
            return true;
        }
        close(fd);
    }
    return false;
}

static void demo_free(struct demo *d)
{
    if (d->listener >= 0)
        close(d->listener);
    if (d->wake >= 0)
        close(d->wake);
    demo_trust_free(&d->trust);
    free(d);
}

struct demo *demo_start(const char *ca_file, char *error, size_t error_size)
{
    struct demo *d = calloc(1, sizeof(*d));
    const char *what = "out of memory";
    if (d == NULL)
        goto failed;
    d->listener = -1;
    d->wake = eventfd(0, EFD_CLOEXEC);
    what = "cannot make its certificate";
    if (!demo_trust_new(&d->trust, ca_file))
        goto failed;
    what = "cannot listen";
    if (!listen_somewhere(d))
        goto failed;
    what = "cannot start its thread";
    if (d->wake < 0 || pthread_create(&d->thread, NULL, run, d) != 0)
        goto failed;
    return d;

failed:
    if (d != NULL)
        demo_free(d);
    snprintf(error, error_size, "demo: %s", what);
    return NULL;
}

uint16_t demo_port(const struct demo *demo)
{
    return demo->port;
}

const char *demo_ca_file(const struct demo *demo)
{
    return demo->trust.path;
}

void demo_stop(struct demo *demo)
{
    if (demo == NULL)
        return;
    uint64_t one = 1;
    if (write(demo->wake, &one, sizeof(one)) != sizeof(one))
        return; /* it still runs: better to leak than to pull it away */
    pthread_join(demo->thread, NULL);
    demo_free(demo);
}
