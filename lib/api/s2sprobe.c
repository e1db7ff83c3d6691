#include <s2sprobe.h>

#include <string.h>
#include <sys/socket.h>

#include "api/json.h"
#include "base/error.h"
#include "base/result.h"
#include "net/address.h"
#include "net/resolver.h"
#include "probe/context.h"

/* ---- Handing out ---- */

/* Take the record out of a finished probe, made ready for the caller; NULL
 * when memory ran out. The probe is freed. */
static s2s_result *hand_out(struct probe *p)
{
    s2s_result *r = p->result;
    p->result = NULL;
    probe_free(p);
    if (r->no_memory || r->error == S2S_ENO_MEMORY || json_build(r) != S2S_OK) {
        result_free(r);
        return NULL;
    }
    return r;
}

/* ---- Blocking calls ---- */

static int run_on(s2s_context *c, int op, const char *from, const char *to,
                  const s2s_options *options, s2s_result **out)
{
    uint64_t id;
    int e = context_submit(c, op, from, to, options, NULL, &id);
    if (e != S2S_OK)
        return e;
    s2s_result *r = hand_out(context_await(c, id));
    if (r == NULL)
        return S2S_ENO_MEMORY;
    e = r->error;
    if (out != NULL)
        *out = r;
    else
        result_free(r);
    return e;
}

/* A result that says only why nothing was tried. */
static int refuse(int op, int error, const char *what, s2s_result **out)
{
    s2s_result *r = result_new(op);
    if (r == NULL)
        return S2S_ENO_MEMORY;
    result_fail(r, error, "%s", what);
    if (r->no_memory || json_build(r) != S2S_OK) {
        result_free(r);
        return S2S_ENO_MEMORY;
    }
    if (out != NULL)
        *out = r;
    else
        result_free(r);
    return error;
}

/* Where the identity of this one call listens. */
static int listen_for_call(s2s_context *c, const s2s_identity *from,
                           char text[OPTIONS_WHAT])
{
    s2s_identity known;
    int e = options_load(&known, sizeof(known), from);
    return e == S2S_OK ? context_listen_for(c, "identity", known.listen, text)
                       : e;
}

static int run_alone(int op, const char *from, const char *to,
                     const s2s_options *options, const s2s_options *known,
                     s2s_result **out)
{
    char what[OPTIONS_WHAT];
    char text[OPTIONS_WHAT + 8];
    s2s_context *c;
    int e = context_new(known->setup, &c, what);
    if (e == S2S_EINVALID_ARGUMENT) {
        memcpy(text, "setup.", 6);
        memcpy(text + 6, what, strlen(what) + 1);
        return refuse(op, e, text, out);
    }
    if (e == S2S_EINTERNAL)
        return refuse(op, e, "no context: the system has no descriptors left",
                      out);
    if (e != S2S_OK)
        return e;
    e = listen_for_call(c, known->identity, what);
    if (e == S2S_EINVALID_ARGUMENT)
        e = refuse(op, e, what, out);
    else if (e == S2S_OK)
        e = run_on(c, op, from, to, options, out);
    context_free(c);
    return e;
}

static int run(int op, const char *from, const char *to,
               const s2s_options *options, s2s_result **out)
{
    s2s_options known;
    if (out != NULL)
        *out = NULL;
    int e = options_load(&known, sizeof(known), options);
    if (e != S2S_OK)
        return e;
    if (known.context != NULL && known.setup != NULL)
        return refuse(op, S2S_EINVALID_ARGUMENT,
                      "setup: not together with context", out);
    if (known.context == NULL)
        return run_alone(op, from, to, options, &known, out);
    if (context_busy(known.context))
        return S2S_EBUSY;
    return run_on(known.context, op, from, to, options, out);
}

int s2s_connect(const char *from, const char *to, const s2s_options *options,
                s2s_result **result)
{
    return run(S2S_OP_CONNECT, from, to, options, result);
}

int s2s_ping(const char *from, const char *to, const s2s_options *options,
             s2s_result **result)
{
    return run(S2S_OP_PING, from, to, options, result);
}

int s2s_check(const char *from, const char *to, const s2s_options *options,
              s2s_result **result)
{
    return run(S2S_OP_CHECK, from, to, options, result);
}

int s2s_send(const char *from, const char *to, const char *stanza,
             const s2s_options *options, s2s_result **result)
{
    s2s_options known;
    if (result != NULL)
        *result = NULL;
    int e = options_load(&known, sizeof(known), options);
    if (e != S2S_OK)
        return e;
    known.size = sizeof(known);
    known.stanza = stanza;
    return run(S2S_OP_SEND, from, to, &known, result);
}

/* ---- Contexts ---- */

/* There is no result to say it in. */
static void log_failure(const s2s_context_options *options, int error,
                        const char *what)
{
    s2s_context_options known;
    if (options_load(&known, sizeof(known), options) != S2S_OK)
        return;
    const struct log log = {known.log, known.log_user, S2S_LOG_ERROR};
    if (error == S2S_EINTERNAL)
        what = ERROR_NO_DESCRIPTORS;
    else if (error != S2S_EINVALID_ARGUMENT)
        what = error_text(error);
    log_line(&log, S2S_LOG_ERROR, "context", "%s", what);
}

int s2s_context_new(const s2s_context_options *options, s2s_context **context)
{
    char what[OPTIONS_WHAT];
    if (context == NULL)
        return S2S_EINVALID_ARGUMENT;
    int e = context_new(options, context, what);
    if (e != S2S_OK)
        log_failure(options, e, what);
    return e;
}

void s2s_context_free(s2s_context *context)
{
    context_free(context);
}

int s2s_context_fd(const s2s_context *context)
{
    /* Contexts are never const; that one is looked at is noted. */
    return context_fd((s2s_context *)(uintptr_t)context);
}

int s2s_context_timeout_ms(s2s_context *context)
{
    return context_timeout_ms(context);
}

int s2s_context_process(s2s_context *context)
{
    return context_process(context);
}

/* Options of what is to run on this context, which they then name. */
static int load_for(s2s_context *context, const s2s_options *from,
                    s2s_options *to)
{
    int e = options_load(to, sizeof(*to), from);
    if (e != S2S_OK)
        return e;
    if (to->setup != NULL || (to->context != NULL && to->context != context))
        return S2S_EINVALID_ARGUMENT;
    to->size = sizeof(*to);
    to->context = context;
    return S2S_OK;
}

int s2s_context_submit(s2s_context *context, int op, const char *from,
                       const char *to, const s2s_options *options, void *user,
                       uint64_t *id)
{
    s2s_options known;
    if (context == NULL || id == NULL || op < S2S_OP_CONNECT ||
        op > S2S_OP_CHECK)
        return S2S_EINVALID_ARGUMENT;
    int e = load_for(context, options, &known);
    if (e != S2S_OK)
        return e;
    return context_submit(context, op, from, to, &known, user, id);
}

void s2s_context_cancel(s2s_context *context, uint64_t id)
{
    context_cancel(context, id);
}

int s2s_context_next(s2s_context *context, s2s_result **result, uint64_t *id,
                     void **user)
{
    struct probe *p = context_take(context);
    if (p == NULL)
        return 0;
    if (id != NULL)
        *id = p->id;
    if (user != NULL)
        *user = p->user;
    *result = hand_out(p);
    return 1;
}

int s2s_context_run(s2s_context *context, int timeout_ms)
{
    return context_run(context, timeout_ms);
}

/* As much as the caller's structure has room for. */
static void fill(void *to, size_t size, const void *all, size_t known)
{
    memcpy(to, all, size < known ? size : known);
}

int s2s_context_stats(const s2s_context *context, s2s_stats *stats)
{
    if (context == NULL || stats == NULL)
        return S2S_EINVALID_ARGUMENT;
    if (stats->size < sizeof(stats->size))
        return S2S_EABI;
    s2s_stats all = {.size = stats->size};
    context_stats(context, &all);
    fill(stats, all.size, &all, sizeof(all));
    return S2S_OK;
}

void s2s_context_wakeup(s2s_context *context)
{
    context_wakeup(context);
}

void s2s_context_stop(s2s_context *context)
{
    context_stop(context);
}

int s2s_context_listen(s2s_context *context, const char *address,
                       uint16_t *port)
{
    if (context == NULL || address == NULL)
        return S2S_EINVALID_ARGUMENT;
    return context_listen(context, address, port);
}

/* ---- Streams ---- */

int s2s_stream_open(s2s_context *context, const char *from, const char *to,
                    const s2s_options *options, void *user, s2s_stream **stream)
{
    s2s_options known;
    if (context == NULL || from == NULL || to == NULL || stream == NULL)
        return S2S_EINVALID_ARGUMENT;
    int e = load_for(context, options, &known);
    if (e != S2S_OK)
        return e;
    return context_open(context, from, to, &known, user, stream);
}

int s2s_stream_send(s2s_stream *stream, const char *stanza, size_t length)
{
    if (stream == NULL || stanza == NULL)
        return S2S_EINVALID_ARGUMENT;
    return stream_send(stream, stanza, length);
}

int s2s_stream_next(s2s_stream *stream, s2s_event *event)
{
    if (stream == NULL || event == NULL || event->size < sizeof(event->size))
        return S2S_EABI;
    const struct stream_event *e = context_stream_take(stream);
    if (e == NULL)
        return 0;
    s2s_event all = {
        .size = event->size,
        .type = e->type,
        .via = e->via,
        .stanza = e->type == S2S_EVENT_STANZA ? e->text : NULL,
        .length = e->length,
        .acked = e->acked,
    };
    fill(event, all.size, &all, sizeof(all));
    if (e->type == S2S_EVENT_CLOSED)
        (void)json_build(stream->probe->result);
    return 1;
}

s2s_stream *s2s_context_stream(s2s_context *context)
{
    return context_stream(context);
}

void *s2s_stream_user(const s2s_stream *stream)
{
    return stream->user;
}

void s2s_stream_close(s2s_stream *stream)
{
    context_stream_close(stream);
}

const s2s_result *s2s_stream_result(const s2s_stream *stream)
{
    return stream->told && stream->probe->result->json != NULL
               ? stream->probe->result
               : NULL;
}

void s2s_stream_free(s2s_stream *stream)
{
    if (stream != NULL)
        context_stream_free(stream);
}

/* ---- Odds and ends ---- */

int s2s_dns_done(s2s_dns_query *query, const s2s_dns_answer *answer)
{
    return query != NULL ? resolver_hook_done(query, answer)
                         : S2S_EINVALID_ARGUMENT;
}

int s2s_address_public(const struct sockaddr *address, uint32_t length)
{
    return address != NULL && address_public(address, length);
}

const char *s2s_strerror(int error)
{
    return error_text(error);
}

const char *s2s_code_name(int error)
{
    return error_code_name(error);
}

const char *s2s_version(void)
{
    return S2SPROBE_VERSION;
}
