/* Blocking on a context: a loop over what never blocks. */
#include "probe/context_state.h"

#include <limits.h>

#include "base/error.h"

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

static int wait_for_results(s2s_context *c, int timeout_ms)
{
    int64_t deadline = deadline_of(c, timeout_ms);
    c->woken = false;
    for (;;) {
        context_work(c);
        if (TAILQ_FIRST(&c->finished) != NULL ||
            TAILQ_FIRST(&c->streams) != NULL)
            return 1;
        if (!context_idle(c))
            continue;
        if (atomic_load(&c->stop_asked))
            return S2S_ECANCELLED;
        int left = left_ms(c, deadline);
        if (c->woken || left == 0)
            return 0;
        loop_wait(&c->shared.loop, left);
    }
}

/* What is left to do keeps the descriptor readable. */
static void leave(s2s_context *c)
{
    if (context_has_work(c))
        loop_tell(&c->shared.loop);
}

int context_run(s2s_context *c, int timeout_ms)
{
    if (c->busy)
        return S2S_EBUSY;
    int e = wait_for_results(c, timeout_ms);
    leave(c);
    return e;
}

struct probe *context_await(s2s_context *c, uint64_t id)
{
    struct probe *p;
    while ((p = context_find(&c->finished, id)) == NULL) {
        context_work(c);
        if (context_find(&c->finished, id) == NULL && context_idle(c))
            loop_wait(&c->shared.loop, -1);
    }
    p = context_take_out(c, p);
    leave(c);
    return p;
}
