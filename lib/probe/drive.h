/* The ladder that joins a stream to its connection, one rung a call. */
#ifndef PROBE_DRIVE_H
#define PROBE_DRIVE_H

#include "probe/pump.h"
#include "probe/state.h"

/* A new stream, to be secured like this, for the next connection. S2S_OK or
 * S2S_ENO_MEMORY. */
int drive_begin(struct probe *p, enum initiator_tls mode);

enum pump_step drive_once(struct probe *p);

/* The stage that the probe is in now. */
int drive_stage(const struct probe *p);

#endif
