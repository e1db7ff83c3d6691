/* The ladder that joins a stream to its connection, one rung a call. */
#ifndef PROBE_DRIVE_H
#define PROBE_DRIVE_H

#include "probe/pump.h"
#include "probe/state.h"

/* The system's trust store takes long to read: while the connection is being
 * made nothing is lost by it. No stage is blamed for that time. Errors of
 * certificate_trust_load(), recorded as far as they need a text. */
int drive_load_trust(struct probe *p);

/* A new stream, to be secured like this, for the next connection. S2S_OK or
 * S2S_ENO_MEMORY. */
int drive_begin(struct probe *p, enum initiator_tls mode);

enum pump_step drive_once(struct probe *p);

/* The stage that the probe is in now. */
int drive_stage(const struct probe *p);

#endif
