/* Connections in memory, and a context with time that moves when told to. */
#ifndef TESTS_UNIT_PROBE_WIRE_H
#define TESTS_UNIT_PROBE_WIRE_H

#include <poll.h>
#include <stdio.h>
#include <string.h>

#include "probe/context.h"

#define COUNT(list) (sizeof(list) / sizeof((list)[0]))
#define TIMEOUT_MS  1000

/* ---- A transport: silent, refused, or a whole stream in the clear ---- */

#define STREAM                                                                 \
    "<stream:stream xmlns='jabber:server' id='1' version='1.0' "               \
    "xmlns:stream='http://etherx.jabber.org/streams' xml:lang='en' "           \
    "from='them.example' to='us.example'><stream:features/>"

struct wire {
    bool answers;     /* else it is silent */
    const char *says; /* in place of STREAM */
    int refuses;      /* open() says so, */
    const char *only; /* of this host; NULL: of all */
    const char *mute; /* this host is silent */
    char hosts[1000]; /* those asked for: "a.example:5269 " */
    char sent[1024];  /* the first bytes of all connections */
    size_t sent_size;
    unsigned open, opened;
    void (*on_open)(struct wire *w); /* called from inside the callback */
    s2s_context *context;
};

struct line {
    struct wire *wire;
    size_t given;
    bool used, mute;
};

static struct line lines[512]; /* connections */

static inline int wire_open(void *user, const char *host, uint16_t port,
                            void **conn)
{
    struct wire *w = user;
    size_t used = strlen(w->hosts);
    (void)snprintf(w->hosts + used, sizeof(w->hosts) - used, "%s:%u ", host,
                   port);
    if (w->on_open != NULL)
        w->on_open(w);
    if (w->refuses != 0 && (w->only == NULL || strcmp(w->only, host) == 0))
        return w->refuses;
    for (size_t i = 0; i < COUNT(lines); i++)
        if (!lines[i].used) {
            lines[i] = (struct line){.wire = w,
                                     .used = true,
                                     .mute = w->mute != NULL &&
                                             strcmp(w->mute, host) == 0};
            *conn = &lines[i];
            w->open++;
            w->opened++;
            return S2S_OK;
        }
    fail_msg("too many connections");
    return S2S_EINTERNAL;
}

static inline ptrdiff_t wire_read(void *conn, void *buffer, size_t length)
{
    struct line *l = conn;
    const char *says = l->wire->says != NULL ? l->wire->says : STREAM;
    size_t left = strlen(says) - l->given;
    if (!l->wire->answers || l->mute || left == 0)
        return S2S_WANT_READ;
    size_t n = left < length ? left : length;
    memcpy(buffer, &says[l->given], n);
    l->given += n;
    return (ptrdiff_t)n;
}

static inline ptrdiff_t wire_write(void *conn, const void *buffer,
                                   size_t length)
{
    struct wire *w = ((struct line *)conn)->wire;
    size_t room = sizeof(w->sent) - 1 - w->sent_size;
    size_t n = length < room ? length : room;
    memcpy(w->sent + w->sent_size, buffer, n);
    w->sent_size += n;
    return (ptrdiff_t)length;
}

static inline void wire_close(void *conn)
{
    struct line *l = conn;
    assert_true(l->used);
    l->used = false;
    l->wire->open--;
}

/* ---- A context ---- */

static int64_t now_us;

static inline int64_t virtual_clock(void *user)
{
    (void)user;
    return now_us;
}

static inline s2s_context *open_context_with(const s2s_context_options *options)
{
    s2s_context *c = NULL;
    assert_int_equal(s2s_context_new(options, &c), S2S_OK);
    now_us = 1000000;
    context_shared(c)->loop.clock = virtual_clock;
    return c;
}

static inline s2s_context *open_context(uint32_t max_running)
{
    const s2s_context_options options = {.size = sizeof(options),
                                         .max_running = max_running,
                                         .max_handshakes = S2S_NO_LIMIT};
    return open_context_with(&options);
}

static inline s2s_transport wire_transport(struct wire *w)
{
    return (s2s_transport){
        .size = sizeof(s2s_transport),
        .user = w,
        .open = wire_open,
        .read = wire_read,
        .write = wire_write,
        .close = wire_close,
    };
}

static inline uint64_t submit_for(s2s_context *c, struct wire *w, void *user,
                                  uint32_t timeout_ms)
{
    const s2s_transport transport = wire_transport(w);
    const s2s_options options = {
        .size = sizeof(options),
        .host = "them.example", /* DNS has no say */
        .tls_mode = S2S_TLS_NONE,
        .timeout_ms = timeout_ms,
        .transport = &transport,
    };
    uint64_t id = 0;
    assert_int_equal(s2s_context_submit(c, S2S_OP_CONNECT, "us.example",
                                        "them.example", &options, user, &id),
                     S2S_OK);
    assert_int_not_equal(id, 0);
    return id;
}

static inline uint64_t submit(s2s_context *c, struct wire *w)
{
    return submit_for(c, w, NULL, TIMEOUT_MS);
}

static inline bool readable(const s2s_context *c)
{
    struct pollfd p = {.fd = s2s_context_fd(c), .events = POLLIN};
    return poll(&p, 1, 0) == 1;
}

/* There is something to do now, and both ways of asking say so. */
static inline void due(s2s_context *c, bool wanted)
{
    assert_int_equal(readable(c), wanted);
    assert_int_equal(s2s_context_timeout_ms(c) == 0, wanted);
}

/* Take the next result: it is of this probe, and ended with this. */
static inline void taken(s2s_context *c, uint64_t id, int error)
{
    s2s_result *r = NULL;
    uint64_t which = 0;
    assert_int_equal(s2s_context_next(c, &r, &which, NULL), 1);
    assert_non_null(r);
    assert_int_equal(which, id);
    assert_int_equal(s2s_result_error(r), error);
    s2s_result_free(r);
}

static inline void nothing_taken(s2s_context *c)
{
    s2s_result *r = NULL;
    uint64_t id = 7;
    void *user = &id;
    assert_int_equal(s2s_context_next(c, &r, &id, &user), 0);
    assert_null(r);
    assert_int_equal(id, 7);
    assert_ptr_equal(user, &id);
}

static inline void process(s2s_context *c)
{
    assert_int_equal(s2s_context_process(c), S2S_OK);
}

static inline void wake(s2s_context *c)
{
    s2s_context_wakeup(c);
    assert_true(readable(c));
    process(c);
}

#endif
