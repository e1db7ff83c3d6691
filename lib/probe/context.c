#include "probe/context_state.h"

#include <stdlib.h>
#include <string.h>

#include "base/error.h"
#include "net/identity.h"
#include "probe/endpoints.h"
#include "probe/stages.h"

#define STEPS_AT_ONCE 256u /* probes looked at in one call of process, */
#define WORK_US       5000 /* begun within so long */
#define SPARING       8    /* times max_running: do not count */

/* ---- Lists ---- */

static void make_ready(struct probe *p, void *user)
{
    s2s_context *c = user;
    /* One that waits in the queue is looked at when its turn comes. */
    if (p->ready || p->finished || p->started == 0 || c->freeing)
        return;
    p->ready = true;
    stages_ready(p, loop_due(&c->shared.loop));
    TAILQ_INSERT_TAIL(&c->ready, p, link_ready);
    if (!c->busy)
        loop_tell(&c->shared.loop);
}

static void unready(s2s_context *c, struct probe *p)
{
    if (p->ready)
        TAILQ_REMOVE(&c->ready, p, link_ready);
    p->ready = false;
}

/* A finished one goes to whoever started it. */
static void hand_over(s2s_context *c, struct probe *p)
{
    if (p->done != NULL)
        p->done(p, p->done_user);
    else
        TAILQ_INSERT_TAIL(&c->finished, p, link_all);
}

/* Against max_running. */
static bool counts(const struct probe *p)
{
    return !p->errand && p->parent == NULL;
}

static void stop_running(s2s_context *c, struct probe *p)
{
    unready(c, p);
    TAILQ_REMOVE(&c->running, p, link_all);
    c->running_count -= counts(p) ? 1 : 0;
}

static void retire(s2s_context *c, struct probe *p)
{
    stop_running(c, p);
    hand_over(c, p);
}

static void start(s2s_context *c, struct probe *p)
{
    TAILQ_INSERT_TAIL(&c->running, p, link_all);
    c->running_count += counts(p) ? 1 : 0;
    probe_start(p);
    if (p->finished)
        retire(c, p);
}

static void leave_queue(s2s_context *c, struct probe *p)
{
    TAILQ_REMOVE(&c->queued, p, link_all);
    c->queued_count--;
}

/* Those that wait for the sake of a server leave room for others, so long as
 * there are not too many of them. */
static bool can_start(const s2s_context *c)
{
    uint64_t most = c->shared.options.max_running;
    uint64_t sparing = c->shared.sparing;
    uint64_t more = sparing < SPARING * most ? sparing : SPARING * most;
    const struct probe *first = TAILQ_FIRST(&c->queued);
    return first != NULL && c->running_count < most + more &&
           (!endpoints_ask_dns(first) || c->shared.resolver == NULL ||
            !resolver_busy(c->shared.resolver));
}

static void start_queued(s2s_context *c)
{
    for (unsigned n = 0; n < STEPS_AT_ONCE && can_start(c); n++) {
        struct probe *p = TAILQ_FIRST(&c->queued);
        leave_queue(c, p);
        start(c, p);
    }
}

/* From now on it is one of ours. */
static void adopt(s2s_context *c, struct probe *p)
{
    p->id = ++c->last_id;
    p->wake = make_ready;
    p->wake_user = c;
}

void context_run_now(void *user, struct probe *p)
{
    adopt(user, p);
    start(user, p);
}

void context_drop(void *user, struct probe *p)
{
    stop_running(user, p);
    probe_free(p);
}

static void step_ready(s2s_context *c)
{
    int64_t end = loop_now(&c->shared.loop) + WORK_US;
    struct probe *p;
    for (unsigned n = 0; n < STEPS_AT_ONCE && (p = TAILQ_FIRST(&c->ready)) &&
                         loop_now(&c->shared.loop) < end;
         n++) {
        unready(c, p);
        probe_step(p);
        if (p->finished)
            retire(c, p);
    }
}

static bool inbound_work(const s2s_context *c)
{
    return c->shared.listener != NULL && listener_has_work(c->shared.listener);
}

bool context_has_work(const s2s_context *c)
{
    return TAILQ_FIRST(&c->ready) != NULL ||
           TAILQ_FIRST(&c->finished) != NULL ||
           TAILQ_FIRST(&c->streams) != NULL || can_start(c) ||
           inbound_work(c) || atomic_load(&c->wake_asked);
}

bool context_idle(const s2s_context *c)
{
    return TAILQ_FIRST(&c->ready) == NULL && !can_start(c) &&
           !inbound_work(c) && !atomic_load(&c->wake_asked);
}

/* ---- Requests from other threads ---- */

static void cancel_queued(s2s_context *c, struct probe *p)
{
    leave_queue(c, p);
    p->cancelled = true;
    probe_step(p);
    hand_over(c, p);
}

static void cancel_all(s2s_context *c)
{
    struct probe *p;
    while ((p = TAILQ_FIRST(&c->queued)) != NULL)
        cancel_queued(c, p);
    TAILQ_FOREACH(p, &c->running, link_all)
    {
        if (!p->cancelled)
            probe_cancel(p);
    }
}

static void look_at_requests(s2s_context *c)
{
    if (atomic_exchange(&c->wake_asked, false)) {
        struct probe *p;
        c->woken = true;
        TAILQ_FOREACH(p, &c->running, link_all)
        {
            if (probe_waits_blindly(p))
                make_ready(p, c);
        }
    }
    if (atomic_load(&c->stop_asked))
        cancel_all(c);
}

void context_wakeup(s2s_context *c)
{
    atomic_store(&c->wake_asked, true);
    loop_signal(&c->shared.loop);
}

void context_stop(s2s_context *c)
{
    atomic_store(&c->stop_asked, true);
    context_wakeup(c);
}

/* ---- Working ---- */

void context_work(s2s_context *c)
{
    c->busy = true;
    loop_fire(&c->shared.loop);
    look_at_requests(c);
    shared_process(&c->shared);
    start_queued(c);
    step_ready(c);
    if (c->shared.listener != NULL)
        listener_process(c->shared.listener);
    admission_process(&c->shared.admission);
    c->busy = false;
}

int context_process(s2s_context *c)
{
    if (c->busy)
        return S2S_EBUSY;
    if (context_idle(c))
        loop_woken(&c->shared.loop);
    context_work(c);
    if (context_has_work(c))
        loop_tell(&c->shared.loop);
    return S2S_OK;
}

int context_fd(s2s_context *c)
{
    bool first = !c->shared.loop.watched;
    int fd = loop_fd(&c->shared.loop);
    if (first && context_has_work(c))
        loop_tell(&c->shared.loop);
    return fd;
}

int context_timeout_ms(s2s_context *c)
{
    return context_has_work(c) ? 0 : loop_timeout_ms(&c->shared.loop);
}

bool context_busy(const s2s_context *c)
{
    return c->busy;
}

struct shared *context_shared(s2s_context *c)
{
    return &c->shared;
}

/* ---- Submitting and taking ---- */

int context_make(s2s_context *c, int op, const char *from, const char *to,
                 const s2s_options *options, struct probe **out)
{
    struct options_probe o;
    char what[OPTIONS_WHAT];
    int e = options_load_probe(op, from, to, options, &o, what);
    if (e != S2S_OK)
        o = (struct options_probe){.op = op};
    else if (o.identity != NULL)
        e = identity_open(o.identity, what);
    if (e == S2S_EINVALID_ARGUMENT)
        e = probe_new_invalid(&c->shared, op, what, out);
    else if (e == S2S_OK)
        e = probe_new(&c->shared, &o, out);
    options_free_probe(&o);
    return e;
}

void context_enqueue(s2s_context *c, struct probe *p)
{
    adopt(c, p);
    if (p->finished) {
        hand_over(c, p);
    } else {
        TAILQ_INSERT_TAIL(&c->queued, p, link_all);
        c->queued_count++;
    }
    if (!c->busy)
        loop_tell(&c->shared.loop);
}

int context_submit(s2s_context *c, int op, const char *from, const char *to,
                   const s2s_options *options, void *user, uint64_t *id)
{
    struct probe *p;
    if (atomic_load(&c->stop_asked) || c->freeing)
        return S2S_EBUSY;
    int e = context_make(c, op, from, to, options, &p);
    if (e != S2S_OK)
        return e;
    p->user = user;
    context_enqueue(c, p);
    *id = p->id;
    return S2S_OK;
}

void context_withdraw(s2s_context *c, struct probe *p)
{
    if (p->started == 0)
        leave_queue(c, p);
    else
        stop_running(c, p);
}

struct probe *context_find(struct probe_list *list, uint64_t id)
{
    struct probe *p;
    TAILQ_FOREACH(p, list, link_all)
    {
        if (p->id == id)
            return p;
    }
    return NULL;
}

void context_cancel(s2s_context *c, uint64_t id)
{
    struct probe *p = context_find(&c->queued, id);
    if (p != NULL) {
        cancel_queued(c, p);
    } else {
        p = context_find(&c->running, id);
        if (p != NULL && !p->finished)
            probe_cancel(p);
    }
    if (!c->busy)
        loop_tell(&c->shared.loop);
}

struct probe *context_take_out(s2s_context *c, struct probe *p)
{
    if (p != NULL)
        TAILQ_REMOVE(&c->finished, p, link_all);
    return p;
}

struct probe *context_take(s2s_context *c)
{
    struct probe *p = context_take_out(c, TAILQ_FIRST(&c->finished));
    if (p != NULL && !context_has_work(c)) {
        loop_quiet(&c->shared.loop);
        if (context_has_work(c)) /* another thread asked in between */
            loop_tell(&c->shared.loop);
    }
    return p;
}
