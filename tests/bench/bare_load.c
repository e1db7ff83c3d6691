#include "bare_load.h"

#include <errno.h>
#include <stdbool.h>
#include <sys/epoll.h>
#include <sys/socket.h>
#include <unistd.h>

#include "bench.h"
#include "server.h"

/* It receives all there is, and sends what a step has said in one piece. */
struct client {
    int fd;
    gnutls_session_t session;
    struct bytes in, out;
};

static ssize_t pull(gnutls_transport_ptr_t p, void *buffer, size_t length)
{
    struct client *c = p;
    if (c->in.start == c->in.end) {
        ssize_t n = recv(c->fd, c->in.data, sizeof(c->in.data), 0);
        c->in.end = n > 0 ? (size_t)n : 0;
        if (n <= 0) {
            gnutls_transport_set_errno(c->session, n == 0 ? EIO : errno);
            return -1;
        }
    }
    return (ssize_t)bytes_take(&c->in, buffer, length);
}

static ssize_t push(gnutls_transport_ptr_t p, const void *bytes, size_t length)
{
    struct client *c = p;
    return (ssize_t)bytes_put(&c->out, bytes, length);
}

static int pull_timeout(gnutls_transport_ptr_t p, unsigned ms)
{
    (void)p;
    (void)ms;
    return 1;
}

static void client_open(struct client *c, const struct bare *bare,
                        const struct peer *peer, int epoll)
{
    struct epoll_event e = {.events = EPOLLIN | EPOLLOUT | EPOLLET,
                            .data.ptr = c};
    c->fd = peer_connect(peer, SOCK_NONBLOCK);
    c->in.start = c->in.end = c->out.start = c->out.end = 0;
    c->session = bare_session(bare);
    gnutls_transport_set_ptr(c->session, c);
    gnutls_transport_set_pull_function(c->session, pull);
    gnutls_transport_set_push_function(c->session, push);
    gnutls_transport_set_pull_timeout_function(c->session, pull_timeout);
    bench_must(epoll_ctl(epoll, EPOLL_CTL_ADD, c->fd, &e) == 0, "epoll_ctl");
}

/* Whether the handshake is done, and the connection closed. */
static bool client_step(struct client *c)
{
    int rc = gnutls_handshake(c->session);
    bench_must(rc == 0 || !gnutls_error_is_fatal(rc), gnutls_strerror(rc));
    size_t length = c->out.end - c->out.start;
    if (length > 0)
        bench_must(send(c->fd, c->out.data + c->out.start, length,
                        MSG_NOSIGNAL) == (ssize_t)length,
                   "cannot send");
    c->out.start = c->out.end = 0;
    if (rc != 0)
        return false;
    gnutls_deinit(c->session);
    close(c->fd);
    return true;
}

void bare_load(const struct bare *bare, const struct peer *peer, unsigned count)
{
    static struct client clients[BARE_AT_ONCE];
    struct epoll_event events[BARE_AT_ONCE];
    unsigned begun = 0, ended = 0;
    int epoll = epoll_create1(EPOLL_CLOEXEC);
    while (begun < BARE_AT_ONCE && begun < count)
        client_open(&clients[begun++], bare, peer, epoll);
    while (ended < count) {
        int n = epoll_wait(epoll, events, BARE_AT_ONCE, -1);
        for (int i = 0; i < n; i++) {
            struct client *c = events[i].data.ptr;
            bool connected = events[i].events & EPOLLOUT;
            if (!connected || !client_step(c))
                continue;
            ended++;
            if (begun++ < count)
                client_open(c, bare, peer, epoll);
        }
    }
    close(epoll);
}
