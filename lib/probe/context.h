/* Any number of probes behind one descriptor. */
#ifndef PROBE_CONTEXT_H
#define PROBE_CONTEXT_H

#include <s2sprobe.h>

#include "base/options.h"
#include "probe/probe.h"
#include "probe/stream.h"

/* Contracts: see the functions of the same names in s2sprobe.h. `what` gets
 * the member that S2S_EINVALID_ARGUMENT means. */
int context_new(const s2s_context_options *options, s2s_context **out,
                char what[OPTIONS_WHAT]);
void context_free(s2s_context *c);
int context_fd(s2s_context *c);
int context_timeout_ms(s2s_context *c);
int context_process(s2s_context *c);
int context_submit(s2s_context *c, int op, const char *from, const char *to,
                   const s2s_options *options, void *user, uint64_t *id);
void context_cancel(s2s_context *c, uint64_t id);
int context_run(s2s_context *c, int timeout_ms);
void context_wakeup(s2s_context *c);
void context_stop(s2s_context *c);

int context_listen(s2s_context *c, const char *address, uint16_t *port);
/* The same for an identity's list (NULL ends, and is allowed), whose name is
 * `member` in `what`. */
int context_listen_for(s2s_context *c, const char *member,
                       const char *const *list, char *what);

/* As s2s_stream_open(), s2s_context_stream(), s2s_stream_next(),
 * s2s_stream_close() and s2s_stream_free(). */
int context_open(s2s_context *c, const char *from, const char *to,
                 const s2s_options *options, void *user,
                 struct s2s_stream **out);
struct s2s_stream *context_stream(s2s_context *c);
const struct stream_event *context_stream_take(struct s2s_stream *s);
void context_stream_close(struct s2s_stream *s);
void context_stream_free(struct s2s_stream *s);

/* All but the size. */
void context_stats(const s2s_context *c, s2s_stats *out);

/* Whether the calling code runs inside a callback of this context. */
bool context_busy(const s2s_context *c);

/* Take a finished probe, to be freed with probe_free(): the first one, or the
 * one with this id. NULL when there is none. */
struct probe *context_take(s2s_context *c);
/* Work until the probe with this id is finished, and take it. */
struct probe *context_await(s2s_context *c, uint64_t id);

/* For tests: the shared part, before the first probe. */
struct shared *context_shared(s2s_context *c);

#endif
