/* The inside of a context, for the files that make it up. */
#ifndef PROBE_CONTEXT_STATE_H
#define PROBE_CONTEXT_STATE_H

#include <stdatomic.h>

#include "probe/context.h"
#include "probe/errand.h"
#include "probe/listener.h"

struct s2s_context {
    struct shared shared;
    struct probe_list queued, running, finished;
    struct probe_list ready;
    uint64_t last_id;
    uint32_t queued_count, running_count;
    struct errand_runner errands;
    TAILQ_HEAD(, s2s_stream) streams; /* that have events */
    bool busy;                        /* callbacks may be on the stack */
    bool freeing;
    bool woken;
    atomic_bool wake_asked;
    atomic_bool stop_asked;
};

/* A new probe from a caller's arguments; one that has ended already when they
 * are wrong. */
int context_make(s2s_context *c, int op, const char *from, const char *to,
                 const s2s_options *options, struct probe **out);
/* It waits for its turn, or is handed over when it has ended. */
void context_enqueue(s2s_context *c, struct probe *p);
/* Take an unfinished one out of wherever it is. */
void context_withdraw(s2s_context *c, struct probe *p);

/* What the context lends to others: start a probe whatever else runs, and end
 * one without a word; `user` is the context. */
void context_run_now(void *user, struct probe *p);
void context_drop(void *user, struct probe *p);

/* Do what can be done now, and whether nothing more can. */
void context_work(s2s_context *c);
bool context_idle(const s2s_context *c);
/* Whether that, or a result or event is there to be taken. */
bool context_has_work(const s2s_context *c);
/* In a list, or NULL; a finished one, taken out of its list (NULL: NULL). */
struct probe *context_find(struct probe_list *list, uint64_t id);
struct probe *context_take_out(s2s_context *c, struct probe *p);

/* Listen where the identities say. `what` as in context_new(). */
int context_listen_for_all(s2s_context *c, char *what);

#endif
