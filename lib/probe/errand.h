/*
 * Probes of our own on behalf of connections that came in: asking about a
 * peer's dialback key, and carrying an answer back to it.
 */
#ifndef PROBE_ERRAND_H
#define PROBE_ERRAND_H

#include "probe/probe.h"
#include "probe/shared.h"

struct errand_runner {
    struct shared *shared;
    void *user;
    /* Run it now, whatever else runs. Takes the probe over; its done() is
     * called at the end. */
    void (*run)(void *user, struct probe *p);
    unsigned count; /* that run */
};

/* Fills shared->errands. The runner outlives them. */
void errand_init(struct errand_runner *r);

#endif
