/* A context's open streams, and where it listens. */
#include "probe/context_state.h"

#include "base/error.h"

static void list_stream(struct s2s_stream *s, void *user)
{
    s2s_context *c = user;
    if (s->listed)
        return;
    s->listed = true;
    TAILQ_INSERT_TAIL(&c->streams, s, link);
}

int context_open(s2s_context *c, const char *from, const char *to,
                 const s2s_options *options, void *user,
                 struct s2s_stream **out)
{
    struct probe *p;
    struct s2s_stream *s;
    if (atomic_load(&c->stop_asked) || c->freeing)
        return S2S_EBUSY;
    int e = context_make(c, TALK_OP_STREAM, from, to, options, &p);
    if (e == S2S_OK)
        e = stream_new(p, user, &s);
    if (e != S2S_OK)
        return e;
    s->wake = list_stream;
    s->wake_user = c;
    context_enqueue(c, p);
    *out = s;
    return S2S_OK;
}

struct s2s_stream *context_stream(s2s_context *c)
{
    return TAILQ_FIRST(&c->streams);
}

const struct stream_event *context_stream_take(struct s2s_stream *s)
{
    s2s_context *c = s->wake_user;
    const struct stream_event *e = stream_take(s);
    if (s->listed && TAILQ_FIRST(&s->events) == NULL) {
        TAILQ_REMOVE(&c->streams, s, link);
        s->listed = false;
    }
    return e;
}

void context_stream_close(struct s2s_stream *s)
{
    if (!s->closed && s->probe->started == 0)
        context_cancel(s->wake_user, s->probe->id);
    else
        stream_close(s);
}

void context_stream_free(struct s2s_stream *s)
{
    s2s_context *c = s->wake_user;
    struct probe *p = s->probe;
    if (s->listed)
        TAILQ_REMOVE(&c->streams, s, link);
    if (!s->closed)
        context_withdraw(c, p);
    probe_free(p);
    stream_free(s);
    if (!c->busy)
        loop_tell(&c->shared.loop); /* its place is free */
}

int context_listen(s2s_context *c, const char *address, uint16_t *port)
{
    int e = S2S_OK;
    if (c->busy)
        return S2S_EBUSY;
    if (c->shared.listener == NULL)
        e = listener_new(&c->shared, &c->shared.listener);
    return e == S2S_OK ? listener_open(c->shared.listener, address, port) : e;
}

int context_listen_for(s2s_context *c, const char *member,
                       const char *const *list, char *what)
{
    int e = S2S_OK;
    for (; e == S2S_OK && list != NULL && *list != NULL; list++) {
        e = context_listen(c, *list, NULL);
        if (e == S2S_EPOLICY)
            e = options_load_invalid(what, "%s.listen: cannot listen on %.60s",
                                     member, *list);
        else if (e == S2S_EINVALID_ARGUMENT)
            e = options_load_invalid(
                what, "%s.listen: \"%.60s\" is not ADDR:PORT", member, *list);
    }
    return e;
}

int context_listen_for_all(s2s_context *c, char *what)
{
    const struct options_context *o = &c->shared.options;
    int e = S2S_OK;
    for (size_t i = 0; e == S2S_OK && i < o->identity_count; i++)
        e = context_listen_for(c, o->identities[i].member,
                               (const char *const *)o->identities[i].listen,
                               what);
    return e;
}
