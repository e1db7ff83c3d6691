#include "net/resolver.h"

#include <stdlib.h>
#include <string.h>
#include <sys/epoll.h>
#include <sys/timerfd.h>
#include <unistd.h>

#include "base/clock.h"
#include "base/error.h"
#include "net/resolver_hook.h"
#include "net/resolver_state.h"

/* ---- Life ------------------------------------------------------------- */

static int watch(int set, int fd)
{
    struct epoll_event e = {.events = EPOLLIN, .data.fd = fd};
    return epoll_ctl(set, EPOLL_CTL_ADD, fd, &e) == 0 ? S2S_OK : S2S_EINTERNAL;
}

static int open_hook(struct resolver *r, const s2s_resolver *hook)
{
    r->hook = *hook;
    int fd = hook->fd != NULL ? hook->fd(hook->user) : -1;
    return fd >= 0 ? watch(r->set, fd) : S2S_OK;
}

static int open_all(struct resolver *r, const struct resolver_settings *s)
{
    r->set = epoll_create1(EPOLL_CLOEXEC);
    r->timer = timerfd_create(CLOCK_MONOTONIC, TFD_NONBLOCK | TFD_CLOEXEC);
    if (r->set < 0 || r->timer < 0 || watch(r->set, r->timer) != S2S_OK)
        return S2S_EINTERNAL;
    if (s->hook != NULL)
        return open_hook(r, s->hook);
    return resolver_ares_new(s->servers, s->config, s->trust_ad, r->set,
                             &r->ares);
}

int resolver_new(const struct resolver_settings *settings,
                 struct resolver **out)
{
    struct resolver *r = calloc(1, sizeof(*r));
    if (r == NULL)
        return S2S_ENO_MEMORY;
    r->set = r->timer = -1;
    r->most = RESOLVER_LIVE_MAX;
    r->slow_most = RESOLVER_SLOW_MAX;
    for (size_t i = 0; i < RESOLVER_QUEUES; i++)
        TAILQ_INIT(&r->waiting[i]);
    TAILQ_INIT(&r->young);
    TAILQ_INIT(&r->ended);
    int error = open_all(r, settings);
    if (error != S2S_OK) {
        resolver_free(r);
        return error;
    }
    *out = r;
    return S2S_OK;
}

void resolver_free(struct resolver *r)
{
    resolver_query *q;
    if (r == NULL)
        return;
    resolver_ares_free(r->ares); /* ends what is cancelled but RUNNING */
    for (size_t i = 0; i < RESOLVER_QUEUES; i++)
        TAILQ_CONCAT(&r->ended, &r->waiting[i], link);
    while ((q = TAILQ_FIRST(&r->ended)) != NULL) {
        TAILQ_REMOVE(&r->ended, q, link);
        resolver_query_free(q);
    }
    resolver_cache_free(&r->cache);
    timers_free(&r->delays);
    if (r->timer >= 0)
        close(r->timer);
    if (r->set >= 0)
        close(r->set);
    free(r);
}

int resolver_fd(const struct resolver *r)
{
    return r->set;
}

bool resolver_is_ours(const struct resolver *r)
{
    return r->ares != NULL;
}

/* ---- Work ------------------------------------------------------------- */

/* As many as had ended on entry, however many their callbacks add. */
static void deliver(struct resolver *r)
{
    resolver_query *q;
    r->round++;
    while ((q = TAILQ_FIRST(&r->ended)) != NULL && q->round != r->round) {
        struct dns_answer none = {.error = S2S_ENO_MEMORY,
                                  .text = "out of memory"};
        TAILQ_REMOVE(&r->ended, q, link);
        q->done(q->user, q->answer != NULL ? q->answer : &none);
        resolver_query_free(q);
    }
}

void resolver_process(struct resolver *r)
{
    if (r->ares != NULL)
        resolver_ares_process(r->ares);
    else if (r->hook.process != NULL)
        r->hook.process(r->hook.user);
    resolver_drop(r);
    resolver_start(r);
    deliver(r);
    timers_fire(&r->delays, clock_us());
    resolver_arm(r);
}

int resolver_delay(struct resolver *r, struct timer *t, uint32_t ms)
{
    int e = timers_set(&r->delays, t, clock_us() + (int64_t)ms * 1000);
    resolver_arm(r);
    return e;
}

void resolver_delay_stop(struct resolver *r, struct timer *t)
{
    timers_clear(&r->delays, t);
}

/* ---- Queries ---------------------------------------------------------- */

static resolver_query *query_new(struct resolver *r, const char *name,
                                 resolver_done *done, void *user)
{
    size_t size = strlen(name) + 1;
    resolver_query *q = calloc(1, sizeof(*q) + size);
    if (q == NULL)
        return NULL;
    memcpy(q->name, name, size);
    q->resolver = r;
    q->done = done;
    q->user = user;
    return q;
}

int resolver_ask(struct resolver *r, const char *name, uint16_t type,
                 bool hosts, resolver_done *done, void *user,
                 resolver_query **query)
{
    resolver_query *q = query_new(r, name, done, user);
    if (q == NULL)
        return S2S_ENO_MEMORY;
    q->type = type;
    q->hosts = hosts && r->ares != NULL;
    *query = q;
    q->answer = resolver_cache_find(&r->cache, name, type, q->hosts,
                                    clock_us() / 1000000);
    if (q->answer != NULL)
        resolver_ended(q);
    else
        resolver_wait(q);
    resolver_start(r);
    resolver_arm(r);
    return S2S_OK;
}

int resolver_answer(struct resolver *r, struct dns_answer *answer,
                    resolver_done *done, void *user, resolver_query **query)
{
    resolver_query *q = query_new(r, "", done, user);
    if (q == NULL) {
        dns_answer_release(answer);
        return S2S_ENO_MEMORY;
    }
    q->answer = answer;
    *query = q;
    resolver_ended(q);
    resolver_arm(r);
    return S2S_OK;
}

static void take_out(resolver_query *q)
{
    struct resolver *r = q->resolver;
    if (q->state == WAITING)
        resolver_unwait(q);
    else if (q->state == REFUSED)
        resolver_stop_again(q);
    else
        TAILQ_REMOVE(&r->ended, q, link);
}

void resolver_cancel(resolver_query *q)
{
    struct resolver *r = q->resolver;
    if (q->state == RUNNING)
        resolver_leave(q);
    else
        take_out(q);
    if (q->state != RUNNING) {
        resolver_query_free(q);
    } else if (r->ares != NULL) {
        q->done = NULL;
        resolver_drop(r);
    } else {
        q->state = ENDED; /* an answer from inside comes too late */
        r->running--;
        r->hook.cancel(r->hook.user, q);
        resolver_query_free(q);
    }
    resolver_arm(r);
}

/* ---- The caller's resolver -------------------------------------------- */

int resolver_hook_done(resolver_query *q, const s2s_dns_answer *answer)
{
    struct resolver *r = q->resolver;
    struct dns_answer *a;
    int error = S2S_OK;
    if (q->state != RUNNING)
        return S2S_EINVALID_ARGUMENT;
    if (answer == NULL) {
        a = dns_answer_failed(S2S_EDNS, "no answer");
        if (a != NULL)
            a->unanswered = true;
    } else {
        a = resolver_hook_read(answer, &error);
    }
    r->running--;
    resolver_leave(q);
    resolver_end(q, a);
    resolver_arm(r);
    return error;
}
