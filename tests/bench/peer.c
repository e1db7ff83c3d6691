#include "peer.h"

#include <arpa/inet.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <pthread.h>
#include <signal.h>
#include <stdlib.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/socket.h>
#include <sys/wait.h>
#include <unistd.h>

#include "bench.h"
#include "server.h"

#define STACK 262144

struct connection {
    int fd;
    struct server server;
};

/* Everything that one step says leaves in one write. */
static bool flush(struct connection *c)
{
    struct bytes *out = &c->server.out;
    while (out->start < out->end) {
        ssize_t n = send(c->fd, out->data + out->start, out->end - out->start,
                         MSG_NOSIGNAL);
        if (n <= 0)
            return false;
        out->start += (size_t)n;
    }
    out->start = out->end = 0;
    return true;
}

static bool fill(struct connection *c)
{
    struct bytes *in = &c->server.in;
    ssize_t n = recv(c->fd, in->data + in->end, sizeof(in->data) - in->end, 0);
    if (n > 0)
        in->end += (size_t)n;
    return n > 0;
}

static void *serve(void *arg)
{
    struct connection *c = arg;
    while (fill(c)) {
        server_step(&c->server);
        if (!flush(c) || c->server.ended)
            break;
    }
    server_free(&c->server);
    close(c->fd);
    free(c);
    return NULL;
}

static void start_thread(int fd, gnutls_certificate_credentials_t credentials,
                         const pthread_attr_t *attributes)
{
    const int on = 1;
    pthread_t thread;
    struct connection *c = malloc(sizeof(*c));
    bench_must(c != NULL, "no memory");
    c->fd = fd;
    server_init(&c->server, credentials);
    setsockopt(fd, IPPROTO_TCP, TCP_NODELAY, &on, sizeof(on));
    bench_must(pthread_create(&thread, attributes, serve, c) == 0,
               "the peer cannot start a thread");
}

_Noreturn static void serve_all(int listener, const struct certs *certs)
{
    pthread_attr_t attributes;
    pthread_attr_init(&attributes);
    pthread_attr_setdetachstate(&attributes, PTHREAD_CREATE_DETACHED);
    pthread_attr_setstacksize(&attributes, STACK);
    for (;;) {
        int fd = accept(listener, NULL, NULL);
        bench_must(fd >= 0, "the peer cannot accept");
        start_thread(fd, certs->server, &attributes);
    }
}

static struct sockaddr_in loopback(uint16_t port)
{
    return (struct sockaddr_in){
        .sin_family = AF_INET,
        .sin_port = htons(port),
        .sin_addr.s_addr = htonl(INADDR_LOOPBACK),
    };
}

static int listen_somewhere(uint16_t *port)
{
    struct sockaddr_in a = loopback(0);
    socklen_t length = sizeof(a);
    int fd = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
    bench_must(fd >= 0 && bind(fd, (struct sockaddr *)&a, length) == 0 &&
                   listen(fd, 1024) == 0 &&
                   getsockname(fd, (struct sockaddr *)&a, &length) == 0,
               "cannot listen");
    *port = ntohs(a.sin_port);
    return fd;
}

void peer_start(struct peer *p, const struct certs *certs)
{
    int listener = listen_somewhere(&p->port);
    pid_t parent = getpid();
    p->pid = fork();
    bench_must(p->pid >= 0, "cannot fork");
    if (p->pid == 0) {
        prctl(PR_SET_PDEATHSIG, SIGKILL);
        bench_must(getppid() == parent, "the parent is gone");
        serve_all(listener, certs);
    }
    close(listener);
}

void peer_stop(const struct peer *p)
{
    kill(p->pid, SIGKILL);
    waitpid(p->pid, NULL, 0);
}

int peer_connect(const struct peer *p)
{
    struct sockaddr_in a = loopback(p->port);
    const int on = 1;
    int fd = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
    bench_must(fd >= 0 && connect(fd, (struct sockaddr *)&a, sizeof(a)) == 0,
               "cannot connect to the peer");
    setsockopt(fd, IPPROTO_TCP, TCP_NODELAY, &on, sizeof(on));
    return fd;
}
