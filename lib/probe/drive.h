/* The ladder that joins a stream to its connection, one rung a call. */
#ifndef PROBE_DRIVE_H
#define PROBE_DRIVE_H

#include "probe/pump.h"
#include "probe/state.h"

enum pump_step drive_once(struct probe *p);

/* The stage that the probe is in now. */
int drive_stage(const struct probe *p);

#endif
