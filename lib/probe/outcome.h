/* What the end of a stream means for the probe. */
#ifndef PROBE_OUTCOME_H
#define PROBE_OUTCOME_H

#include "probe/state.h"

/* "connecting", "waiting for <proceed/>": what goes on in a stage. */
const char *outcome_doing(int stage);

/*
 * Whether, in automatic TLS mode, this end shows that the port speaks TLS the
 * other way (once a probe). If so, its outcome is put aside.
 */
bool outcome_other_way(struct probe *p);

/* Add the findings that belong to the outcome. */
void outcome_explain(struct probe *p);

/* After both ways were tried: whose outcome counts. */
void outcome_settle(struct probe *p);

#endif
