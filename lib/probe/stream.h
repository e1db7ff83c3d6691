/* A stream that stays open: a probe and the events that it brings. */
#ifndef PROBE_STREAM_H
#define PROBE_STREAM_H

#include "probe/probe.h"
#include "probe/talk.h"

struct stream_event {
    TAILQ_ENTRY(stream_event) link;
    uint32_t type, via;
    uint64_t acked;
    size_t length;
    char text[]; /* with its NUL */
};

struct s2s_stream {
    TAILQ_ENTRY(s2s_stream) link; /* when `listed`: it has events */
    bool listed;
    struct probe *probe;
    void *user;
    void (*wake)(struct s2s_stream *s, void *user); /* it has events */
    void *wake_user;
    TAILQ_HEAD(, stream_event) events;
    size_t held; /* bytes of them */
    struct stream_event *current;
    struct stream_event *last; /* that it is closed; NULL once queued */
    struct talk_observer observer;
    bool closed; /* the probe has finished */
    bool told;   /* and the caller knows */
};

/* Takes a new probe of TALK_OP_STREAM over; on failure too. */
int stream_new(struct probe *p, void *user, struct s2s_stream **out);
/* Not the probe. */
void stream_free(struct s2s_stream *s);

/* Take an event: it lives until the next call. NULL: none. */
const struct stream_event *stream_take(struct s2s_stream *s);

/* See s2s_stream_send() and s2s_stream_close(). */
int stream_send(struct s2s_stream *s, const char *stanza, size_t length);
void stream_close(struct s2s_stream *s);

#endif
