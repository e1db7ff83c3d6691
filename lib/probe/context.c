#include "probe/context.h"

#include <limits.h>
#include <stdatomic.h>
#include <stdlib.h>
#include <string.h>

#include "base/error.h"

#define STEPS_AT_ONCE 256u /* probes looked at in one call of process */

struct s2s_context {
    struct shared shared;
    struct probe_list queued, running, finished;
    struct probe_list ready;
    uint64_t last_id;
    uint32_t running_count;
    bool busy; /* callbacks may be on the stack */
    bool woken;
    atomic_bool wake_asked;
    atomic_bool stop_asked;
};

int context_new(const s2s_context_options *options, s2s_context **out,
                char what[OPTIONS_WHAT])
{
    struct options_context o;
    int e = options_load_context(options, &o, what);
    if (e != S2S_OK)
        return e;
    s2s_context *c = calloc(1, sizeof(*c));
    e = c != NULL ? shared_init(&c->shared, &o, what) : S2S_ENO_MEMORY;
    if (e != S2S_OK) {
        options_free_context(&o);
        free(c);
        return e;
    }
    TAILQ_INIT(&c->queued);
    TAILQ_INIT(&c->running);
    TAILQ_INIT(&c->finished);
    TAILQ_INIT(&c->ready);
    *out = c;
    return S2S_OK;
}

static void free_list(struct probe_list *list)
{
    struct probe *p;
    while ((p = TAILQ_FIRST(list)) != NULL) {
        TAILQ_REMOVE(list, p, link_all);
        probe_free(p);
    }
}

void context_free(s2s_context *c)
{
    if (c == NULL)
        return;
    c->busy = true; /* transports are closed by this */
    free_list(&c->queued);
    free_list(&c->running);
    free_list(&c->finished);
    shared_free(&c->shared);
    free(c);
}

/* ---- Lists ---- */

static void make_ready(struct probe *p, void *user)
{
    s2s_context *c = user;
    if (p->ready || p->finished)
        return;
    p->ready = true;
    TAILQ_INSERT_TAIL(&c->ready, p, link_ready);
}

static void unready(s2s_context *c, struct probe *p)
{
    if (p->ready)
        TAILQ_REMOVE(&c->ready, p, link_ready);
    p->ready = false;
}

static void retire(s2s_context *c, struct probe *p)
{
    unready(c, p);
    TAILQ_REMOVE(&c->running, p, link_all);
    TAILQ_INSERT_TAIL(&c->finished, p, link_all);
    c->running_count--;
}

static void start_queued(s2s_context *c)
{
    struct probe *p;
    while (c->running_count < c->shared.options.max_running &&
           (p = TAILQ_FIRST(&c->queued)) != NULL) {
        TAILQ_REMOVE(&c->queued, p, link_all);
        TAILQ_INSERT_TAIL(&c->running, p, link_all);
        c->running_count++;
        probe_start(p);
        if (p->finished)
            retire(c, p);
    }
}

static void step_ready(s2s_context *c)
{
    for (unsigned n = 0; n < STEPS_AT_ONCE; n++) {
        struct probe *p = TAILQ_FIRST(&c->ready);
        if (p == NULL)
            return;
        unready(c, p);
        probe_step(p);
        if (p->finished)
            retire(c, p);
    }
}

static bool can_start(const s2s_context *c)
{
    return TAILQ_FIRST(&c->queued) != NULL &&
           c->running_count < c->shared.options.max_running;
}

static bool has_work(const s2s_context *c)
{
    return TAILQ_FIRST(&c->ready) != NULL ||
           TAILQ_FIRST(&c->finished) != NULL || can_start(c) ||
           atomic_load(&c->wake_asked);
}

/* ---- Requests from other threads ---- */

static void cancel_queued(s2s_context *c, struct probe *p)
{
    TAILQ_REMOVE(&c->queued, p, link_all);
    TAILQ_INSERT_TAIL(&c->finished, p, link_all);
    p->cancelled = true;
    probe_step(p);
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

static void process(s2s_context *c)
{
    c->busy = true;
    loop_fire(&c->shared.loop);
    look_at_requests(c);
    shared_process(&c->shared);
    start_queued(c);
    step_ready(c);
    c->busy = false;
}

int context_process(s2s_context *c)
{
    if (c->busy)
        return S2S_EBUSY;
    process(c);
    if (has_work(c))
        loop_signal(&c->shared.loop);
    return S2S_OK;
}

int context_fd(const s2s_context *c)
{
    return loop_fd(&c->shared.loop);
}

int context_timeout_ms(s2s_context *c)
{
    return has_work(c) ? 0 : loop_timeout_ms(&c->shared.loop);
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

static int make_probe(s2s_context *c, int op, const char *from, const char *to,
                      const s2s_options *options, struct probe **out)
{
    struct options_probe o;
    char what[OPTIONS_WHAT];
    int e = options_load_probe(op, from, to, options, &o, what);
    if (e == S2S_EINVALID_ARGUMENT)
        return probe_new_invalid(&c->shared, op, what, out);
    if (e != S2S_OK)
        return e;
    e = probe_new(&c->shared, &o, out);
    options_free_probe(&o);
    return e;
}

int context_submit(s2s_context *c, int op, const char *from, const char *to,
                   const s2s_options *options, void *user, uint64_t *id)
{
    struct probe *p;
    if (atomic_load(&c->stop_asked))
        return S2S_EBUSY;
    int e = make_probe(c, op, from, to, options, &p);
    if (e != S2S_OK)
        return e;
    p->id = ++c->last_id;
    p->user = user;
    p->wake = make_ready;
    p->wake_user = c;
    if (p->finished)
        TAILQ_INSERT_TAIL(&c->finished, p, link_all);
    else
        TAILQ_INSERT_TAIL(&c->queued, p, link_all);
    *id = p->id;
    if (!c->busy)
        loop_signal(&c->shared.loop);
    return S2S_OK;
}

static struct probe *find(struct probe_list *list, uint64_t id)
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
    struct probe *p = find(&c->queued, id);
    if (p != NULL) {
        cancel_queued(c, p);
    } else {
        p = find(&c->running, id);
        if (p != NULL && !p->finished)
            probe_cancel(p);
    }
    if (!c->busy)
        loop_signal(&c->shared.loop);
}

static struct probe *take(s2s_context *c, struct probe *p)
{
    if (p != NULL)
        TAILQ_REMOVE(&c->finished, p, link_all);
    return p;
}

struct probe *context_take(s2s_context *c)
{
    struct probe *p = take(c, TAILQ_FIRST(&c->finished));
    if (p != NULL && !has_work(c)) {
        loop_quiet(&c->shared.loop);
        if (has_work(c)) /* another thread asked in between */
            loop_signal(&c->shared.loop);
    }
    return p;
}

/* ---- Waiting ---- */

static int64_t deadline_of(const s2s_context *c, int timeout_ms)
{
    return timeout_ms < 0
               ? INT64_MAX
               : loop_now(&c->shared.loop) + (int64_t)timeout_ms * 1000;
}

static int left_ms(const s2s_context *c, int64_t deadline)
{
    if (deadline == INT64_MAX)
        return -1;
    int64_t left = (deadline - loop_now(&c->shared.loop) + 999) / 1000;
    return left <= 0 ? 0 : left < INT_MAX ? (int)left : INT_MAX;
}

static bool idle(const s2s_context *c)
{
    return TAILQ_FIRST(&c->ready) == NULL && !can_start(c) &&
           !atomic_load(&c->wake_asked);
}

int context_run(s2s_context *c, int timeout_ms)
{
    if (c->busy)
        return S2S_EBUSY;
    int64_t deadline = deadline_of(c, timeout_ms);
    c->woken = false;
    for (;;) {
        process(c);
        if (TAILQ_FIRST(&c->finished) != NULL)
            return 1;
        if (!idle(c))
            continue;
        if (atomic_load(&c->stop_asked))
            return S2S_ECANCELLED;
        int left = left_ms(c, deadline);
        if (c->woken || left == 0)
            return 0;
        loop_wait(&c->shared.loop, left);
    }
}

struct probe *context_await(s2s_context *c, uint64_t id)
{
    struct probe *p;
    while ((p = find(&c->finished, id)) == NULL) {
        process(c);
        if (find(&c->finished, id) == NULL && idle(c))
            loop_wait(&c->shared.loop, -1);
    }
    if (TAILQ_NEXT(p, link_all) != NULL || TAILQ_FIRST(&c->finished) != p)
        loop_signal(&c->shared.loop); /* others are waiting to be taken */
    return take(c, p);
}
