/*
 * The one thread that probes. It owns the library's context; whoever wants a
 * probe hands over a request and sleeps until the result is there.
 */
#ifndef SHIM_WORKER_H
#define SHIM_WORKER_H

#include <stdbool.h>
#include <stdint.h>

#include <s2sprobe.h>

#include "request.h"

struct worker;

enum worker_answer {
    WORKER_DONE,   /* *result and *error are set */
    WORKER_BUSY,   /* max_probes are running, or too many for a check */
    WORKER_LATE,   /* it waited for its turn for too long */
    WORKER_STOPPED /* worker_stop() came first */
};

/* Takes over the context: worker_free() frees it. NULL when there is no
 * memory or no thread; the context is the caller's then. */
struct worker *worker_new(s2s_context *context, uint32_t max_probes);

/* A check counts as so many probes as it has connections at once, or as all
 * when there are fewer. */
#define WORKER_CHECK_WEIGHT 8u

#define WORKER_GRACE_MS 1000

/*
 * Probe, from any thread. Blocks for the time of the probe, but never to wait
 * for a place. What it waits for the limits of the context does not count for
 * its timeout: it may do so for as long again and WORKER_GRACE_MS; a check
 * WORKER_CHECK_WEIGHT times as long, since its parts wait for each other too.
 * *result (NULL when memory ran out) is to be freed, *error is its outcome;
 * both are set only with WORKER_DONE.
 */
enum worker_answer worker_probe(struct worker *w, const struct request *request,
                                s2s_result **result, int *error);

/* End all probes, now and for good; their callers get a cancelled result. */
void worker_stop(struct worker *w);

/* After worker_stop(), when no worker_probe() runs. NULL is allowed. */
void worker_free(struct worker *w);

#endif
