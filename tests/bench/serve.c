#include "serve.h"

#include <errno.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <stdlib.h>
#include <sys/epoll.h>
#include <sys/socket.h>
#include <unistd.h>

#include "bench.h"
#include "server.h"

#define BACKLOG 65535
#define EVENTS  256

struct connection {
    int fd;
    struct server server;
};

/* Everything that one step says leaves in one write; it always fits into the
 * socket's buffer. */
static bool flush(struct connection *c)
{
    struct bytes *out = &c->server.out;
    size_t length = out->end - out->start;
    if (length == 0)
        return true;
    ssize_t n = send(c->fd, out->data + out->start, length, MSG_NOSIGNAL);
    out->start = out->end = 0;
    return n == (ssize_t)length;
}

static bool fill(struct connection *c)
{
    struct bytes *in = &c->server.in;
    ssize_t n = recv(c->fd, in->data + in->end, sizeof(in->data) - in->end, 0);
    if (n > 0)
        in->end += (size_t)n;
    return n > 0 || (n < 0 && errno == EAGAIN);
}

static void end(struct connection *c)
{
    server_free(&c->server);
    close(c->fd);
    free(c);
}

static void step(struct connection *c)
{
    bool open = fill(c);
    if (open) {
        server_step(&c->server);
        open = flush(c) && !c->server.ended;
    }
    if (!open)
        end(c);
}

static void watch(int epoll, int fd, void *what)
{
    struct epoll_event e = {.events = EPOLLIN, .data.ptr = what};
    bench_must(epoll_ctl(epoll, EPOLL_CTL_ADD, fd, &e) == 0, "epoll_ctl");
}

static void take(int epoll, int fd, const struct certs *certs)
{
    const int on = 1;
    struct connection *c = malloc(sizeof(*c));
    bench_must(c != NULL, "no memory");
    c->fd = fd;
    server_init(&c->server, certs);
    setsockopt(fd, IPPROTO_TCP, TCP_NODELAY, &on, sizeof(on));
    watch(epoll, fd, c);
}

static void take_all(int epoll, int listener, const struct certs *certs)
{
    int fd;
    while ((fd = accept4(listener, NULL, NULL, SOCK_NONBLOCK | SOCK_CLOEXEC)) >=
           0)
        take(epoll, fd, certs);
    bench_must(errno == EAGAIN || errno == ECONNABORTED,
               "the server cannot accept");
}

void serve(int listener, const struct certs *certs)
{
    struct epoll_event events[EVENTS];
    int epoll = epoll_create1(EPOLL_CLOEXEC);
    bench_raise_files();
    bench_must(epoll >= 0, "no epoll");
    watch(epoll, listener, NULL);
    for (;;) {
        int n = epoll_wait(epoll, events, EVENTS, -1);
        for (int i = 0; i < n; i++)
            if (events[i].data.ptr != NULL)
                step(events[i].data.ptr);
            else
                take_all(epoll, listener, certs);
    }
}

int serve_listen(bool anywhere, uint16_t *port)
{
    const int on = 1;
    struct sockaddr_in a = {.sin_family = AF_INET,
                            .sin_port = htons(*port),
                            .sin_addr.s_addr = htonl(INADDR_ANY)};
    socklen_t length = sizeof(a);
    int fd = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0);
    setsockopt(fd, SOL_SOCKET, SO_REUSEADDR, &on, sizeof(on));
    bool bound =
        anywhere || setsockopt(fd, SOL_SOCKET, SO_BINDTODEVICE, "lo", 3) == 0;
    bench_must(bound && bind(fd, (struct sockaddr *)&a, length) == 0 &&
                   listen(fd, BACKLOG) == 0 &&
                   getsockname(fd, (struct sockaddr *)&a, &length) == 0,
               "cannot listen");
    *port = ntohs(a.sin_port);
    return fd;
}
