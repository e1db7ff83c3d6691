#include "probe/listener.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/epoll.h>
#include <unistd.h>

#include "base/error.h"
#include "net/listen.h"

#define ACCEPTS_AT_ONCE 32u
#define STEPS_AT_ONCE   256u
#define PAUSE_US        1000000

static void on_socket(void *user)
{
    struct listener_socket *s = user;
    s->ready = true;
}

static void on_pause_over(void *user)
{
    struct listener *l = user;
    l->resume = true;
}

/* ---- Sockets ---- */

static int watch_socket(struct listener *l, struct listener_socket *s,
                        bool wanted)
{
    return loop_watch(&l->shared->loop, &s->watch, s->fd, wanted ? EPOLLIN : 0);
}

int listener_open(struct listener *l, const char *address, uint16_t *port)
{
    uint16_t taken;
    if (l->socket_count == LISTENER_SOCKETS)
        return S2S_ELIMIT;
    struct listener_socket *s = &l->sockets[l->socket_count];
    int e = listen_open(address, &s->fd, &taken);
    if (e != S2S_OK)
        return e;
    s->listener = l;
    s->watch = (struct loop_watch){.fire = on_socket, .user = s};
    e = watch_socket(l, s, true);
    if (e != S2S_OK) {
        (void)close(s->fd);
        return e;
    }
    l->socket_count++;
    if (port != NULL)
        *port = taken;
    return S2S_OK;
}

/* Without descriptors a listening socket stays readable: leave it alone for a
 * while. */
static void pause_sockets(struct listener *l, bool paused)
{
    l->paused = paused;
    for (size_t i = 0; i < l->socket_count; i++)
        (void)watch_socket(l, &l->sockets[i], !paused);
    if (paused &&
        loop_set_timer(&l->shared->loop, &l->pause,
                       loop_now(&l->shared->loop) + PAUSE_US) != S2S_OK)
        l->resume = true; /* with the next thing that happens */
}

/* ---- Streams ---- */

static void make_ready(struct inbound_stream *s, void *user)
{
    struct listener *l = user;
    if (s->ready)
        return;
    s->ready = true;
    TAILQ_INSERT_TAIL(&l->ready, s, link_ready);
}

static void drop(struct listener *l, struct inbound_stream *s)
{
    s->seen.ended = true;
    s->seen.at_end = loop_now(&l->shared->loop);
    router_tell(&l->shared->router, &s->seen);
    if (s->ready)
        TAILQ_REMOVE(&l->ready, s, link_ready);
    TAILQ_REMOVE(&l->streams, s, link_all);
    l->stream_count--;
    inbound_stream_free(s);
}

/* Whether the host parts of "192.0.2.1:40000" are the same. */
static bool same_host(const char *a, const char *b)
{
    const char *end = strrchr(a, ':');
    size_t n = end != NULL ? (size_t)(end - a) + 1 : strlen(a);
    return strncmp(a, b, n) == 0 && strrchr(b, ':') == b + n - 1;
}

static bool known(const struct inbound_stream *s)
{
    return s->stream != NULL && responder_authenticated(s->stream);
}

/* Room for one more, by all and by those of one host that nobody knows. */
static bool has_room(const struct listener *l, const char *address)
{
    const s2s_limits *limits = &l->shared->options.limits;
    uint32_t strangers = 0;
    const struct inbound_stream *s;
    TAILQ_FOREACH(s, &l->streams, link_all)
    {
        if (!known(s) && same_host(address, s->seen.address))
            strangers++;
    }
    return l->stream_count < limits->inbound &&
           strangers < limits->inbound_address;
}

static void turn_away(struct listener *l, int fd, const char *address)
{
    struct inbound seen = {.ended = true, .turned_away = true};
    seen.at_accept = seen.at_end = loop_now(&l->shared->loop);
    (void)snprintf(seen.address, sizeof(seen.address), "%s", address);
    (void)close(fd);
    router_tell(&l->shared->router, &seen);
}

static void admit(struct listener *l, int fd, const char *address)
{
    struct inbound_stream *s;
    if (!has_room(l, address)) {
        turn_away(l, fd, address);
        return;
    }
    if (inbound_stream_new(l->shared, fd, address, &s) != S2S_OK)
        return;
    s->wake = make_ready;
    s->wake_user = l;
    TAILQ_INSERT_TAIL(&l->streams, s, link_all);
    l->stream_count++;
    make_ready(s, l);
}

static void accept_from(struct listener *l, struct listener_socket *socket)
{
    socket->ready = false;
    for (unsigned n = 0; n < ACCEPTS_AT_ONCE; n++) {
        char address[64];
        int fd;
        int e = listen_accept(socket->fd, &fd, address);
        if (e == S2S_OK) {
            admit(l, fd, address);
            continue;
        }
        if (e != S2S_WANT_READ)
            pause_sockets(l, true);
        return;
    }
}

/* ---- Working ---- */

void listener_process(struct listener *l)
{
    if (l->resume) {
        l->resume = false;
        pause_sockets(l, false);
    }
    for (size_t i = 0; i < l->socket_count; i++)
        if (l->sockets[i].ready)
            accept_from(l, &l->sockets[i]);
    for (unsigned n = 0; n < STEPS_AT_ONCE; n++) {
        struct inbound_stream *s = TAILQ_FIRST(&l->ready);
        if (s == NULL)
            return;
        TAILQ_REMOVE(&l->ready, s, link_ready);
        s->ready = false;
        inbound_stream_step(s);
        if (s->finished)
            drop(l, s);
    }
}

bool listener_has_work(const struct listener *l)
{
    return TAILQ_FIRST(&l->ready) != NULL;
}

/* ---- What was seen ---- */

void listener_report(const struct listener *l, const struct domain *ours,
                     const struct domain *theirs, s2s_result *result)
{
    const struct inbound_stream *s;
    result->listening = l->socket_count > 0;
    TAILQ_FOREACH(s, &l->streams, link_all)
    {
        if (inbound_concerns(&s->seen, ours->ascii, theirs->ascii))
            result_add_inbound(result, &s->seen);
    }
}

void listener_forget(struct listener *l,
                     const struct options_identity *identity)
{
    struct inbound_stream *next;
    for (struct inbound_stream *s = TAILQ_FIRST(&l->streams); s != NULL;
         s = next) {
        next = TAILQ_NEXT(s, link_all);
        if (s->stream == NULL || !responder_refers(s->stream, identity->domain))
            continue;
        inbound_stream_end(s, NULL, NULL);
        drop(l, s);
    }
}

/* ---- Life ---- */

int listener_new(struct shared *shared, struct listener **out)
{
    struct listener *l = calloc(1, sizeof(*l));
    if (l == NULL)
        return S2S_ENO_MEMORY;
    l->shared = shared;
    l->pause = (struct timer){.fire = on_pause_over, .user = l};
    TAILQ_INIT(&l->streams);
    TAILQ_INIT(&l->ready);
    *out = l;
    return S2S_OK;
}

void listener_free(struct listener *l)
{
    struct inbound_stream *s;
    if (l == NULL)
        return;
    while ((s = TAILQ_FIRST(&l->streams)) != NULL) {
        inbound_stream_end(s, NULL, NULL);
        drop(l, s);
    }
    loop_clear_timer(&l->shared->loop, &l->pause);
    for (size_t i = 0; i < l->socket_count; i++) {
        (void)watch_socket(l, &l->sockets[i], false);
        (void)close(l->sockets[i].fd);
    }
    free(l);
}
