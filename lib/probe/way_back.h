/* What our listener saw while a probe waited for what comes back. */
#ifndef PROBE_WAY_BACK_H
#define PROBE_WAY_BACK_H

#include "probe/state.h"

/* Record what was seen of connections from the peer, once. */
void way_back_record(struct probe *p);

/* Say where the way back ends, when something is missing that should have
 * come on it. */
void way_back_explain(struct probe *p);

#endif
