/* What the end of a stream means for the probe. */
#ifndef PROBE_OUTCOME_H
#define PROBE_OUTCOME_H

#include "probe/state.h"

/* "connecting", "waiting for the features": what goes on. */
const char *outcome_doing(const struct probe *p);

/*
 * Whether, in automatic TLS mode, this end shows that the port speaks TLS the
 * other way (once a probe). If so, its outcome is put aside.
 */
bool outcome_other_way(struct probe *p);

/* Whether this end shows that our certificate is not welcome, so that one more
 * try without it is worth while. If so, its outcome is put aside. */
bool outcome_bare(struct probe *p);

/*
 * The end of the probe. After both ways were tried, the first one's outcome
 * counts unless the second got further. Then add the findings that belong to
 * the outcome.
 */
void outcome_settle(struct probe *p);

/* Tell our courtesy what the peer says to our coming this often, before the
 * connection is closed. */
void outcome_courtesy(struct probe *p);

/* The ping's own time is that of the first one, not of all and the pauses. */
void outcome_note_ping(s2s_result *r);

#endif
