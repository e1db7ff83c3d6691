/* How a context comes to be, and its end. */
#include <stdlib.h>

#include "base/error.h"
#include "probe/context_state.h"

static void free_list(struct probe_list *list)
{
    struct probe *p;
    while ((p = TAILQ_FIRST(list)) != NULL) {
        TAILQ_REMOVE(list, p, link_all);
        if (p->done != NULL)
            p->done(p, p->done_user);
        else
            probe_free(p);
    }
}

void context_free(s2s_context *c)
{
    if (c == NULL)
        return;
    c->busy = true; /* transports are closed by this */
    c->freeing = true;
    listener_free(c->shared.listener);
    c->shared.listener = NULL;
    free_list(&c->queued);
    free_list(&c->running);
    free_list(&c->finished);
    shared_free(&c->shared);
    free(c);
}

int context_new(const s2s_context_options *options, s2s_context **out,
                char what[OPTIONS_WHAT])
{
    struct options_context o;
    int e = options_load_context(options, &o, what);
    if (e != S2S_OK)
        return e;
    s2s_context *c = calloc(1, sizeof(*c));
    const struct shared *other = o.share != NULL ? &o.share->shared : NULL;
    e = c != NULL ? shared_init(&c->shared, &o, other, what) : S2S_ENO_MEMORY;
    if (e != S2S_OK) {
        options_free_context(&o);
        free(c);
        return e;
    }
    TAILQ_INIT(&c->queued);
    TAILQ_INIT(&c->running);
    TAILQ_INIT(&c->finished);
    TAILQ_INIT(&c->ready);
    TAILQ_INIT(&c->streams);
    c->errands = (struct errand_runner){
        .shared = &c->shared, .user = c, .run = context_run_now};
    errand_init(&c->errands);
    c->shared.children = (struct children){.user = c,
                                           .make = probe_new,
                                           .free = probe_free,
                                           .run = context_run_now,
                                           .drop = context_drop};
    e = context_listen_for_all(c, what);
    if (e != S2S_OK) {
        context_free(c);
        return e;
    }
    *out = c;
    return S2S_OK;
}
