#include "probe/stream.h"

#include <stdlib.h>
#include <string.h>

#include "base/error.h"
#include "probe/stages.h"

#define HELD_MAX (4u << 20) /* bytes of events that nobody takes */

static void too_much(struct s2s_stream *s)
{
    if (s->probe->stream == NULL)
        return;
    initiator_fail(s->probe->stream, S2S_ELIMIT,
                   "the events of the stream are not taken");
    s->probe->wake(s->probe, s->probe->wake_user);
}

static struct stream_event *push(struct s2s_stream *s, uint32_t type,
                                 const char *text, size_t length)
{
    size_t size = sizeof(struct stream_event) + length + 1;
    struct stream_event *e =
        s->held + size <= HELD_MAX ? calloc(1, size) : NULL;
    if (e == NULL) {
        too_much(s);
        return NULL;
    }
    e->type = type;
    e->length = length;
    if (length > 0)
        memcpy(e->text, text, length);
    s->held += size;
    TAILQ_INSERT_TAIL(&s->events, e, link);
    s->wake(s, s->wake_user);
    return e;
}

static void on_open(void *user)
{
    (void)push(user, S2S_EVENT_OPEN, NULL, 0);
}

static void on_stanza(void *user, struct tokenizer_span verbatim, uint32_t via)
{
    struct stream_event *e =
        push(user, S2S_EVENT_STANZA, verbatim.text, verbatim.length);
    if (e != NULL)
        e->via = via;
}

static void on_acked(void *user, uint32_t acked)
{
    struct stream_event *e = push(user, S2S_EVENT_ACKED, NULL, 0);
    if (e != NULL)
        e->acked = acked;
}

/* The probe stays with us. */
static void on_done(struct probe *p, void *user)
{
    struct s2s_stream *s = user;
    (void)p;
    s->closed = true;
    TAILQ_INSERT_TAIL(&s->events, s->last, link);
    s->last = NULL;
    s->wake(s, s->wake_user);
}

const struct stream_event *stream_take(struct s2s_stream *s)
{
    struct stream_event *e = TAILQ_FIRST(&s->events);
    free(s->current);
    s->current = e;
    if (e == NULL)
        return NULL;
    TAILQ_REMOVE(&s->events, e, link);
    if (e->type != S2S_EVENT_CLOSED)
        s->held -= sizeof(*e) + e->length + 1;
    s->told = s->told || e->type == S2S_EVENT_CLOSED;
    return e;
}

int stream_send(struct s2s_stream *s, const char *stanza, size_t length)
{
    struct stanza_facts facts;
    if (s->closed || s->probe->talk == NULL)
        return S2S_EPOLICY;
    int e = talk_check(s->probe->talk, stanza, length, &facts);
    return e == S2S_OK ? talk_send(s->probe->talk, stanza, length) : e;
}

void stream_close(struct s2s_stream *s)
{
    struct probe *p = s->probe;
    if (s->closed)
        return;
    if (p->stream != NULL && p->result->auth.method != NULL) {
        (void)stages_limit(p, (int64_t)p->options.timeout_ms * 1000);
        initiator_finish(p->stream);
    } else
        p->cancelled = true;
    p->wake(p, p->wake_user);
}

int stream_new(struct probe *p, void *user, struct s2s_stream **out)
{
    struct s2s_stream *s = calloc(1, sizeof(*s));
    if (s != NULL)
        s->last = calloc(1, sizeof(*s->last) + 1);
    if (s == NULL || s->last == NULL) {
        free(s);
        probe_free(p);
        return S2S_ENO_MEMORY;
    }
    s->last->type = S2S_EVENT_CLOSED;
    s->probe = p;
    s->user = user;
    s->observer = (struct talk_observer){
        .user = s, .open = on_open, .stanza = on_stanza, .acked = on_acked};
    TAILQ_INIT(&s->events);
    p->done = on_done;
    p->done_user = s;
    p->observer = &s->observer;
    *out = s;
    return S2S_OK;
}

void stream_free(struct s2s_stream *s)
{
    while (stream_take(s) != NULL)
        continue;
    free(s->last);
    free(s);
}
