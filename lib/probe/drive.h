/* The ladder that joins a stream to its connection, one rung a call. */
#ifndef PROBE_DRIVE_H
#define PROBE_DRIVE_H

#include "probe/state.h"

enum drive {
    DRIVE_ON,   /* something was done */
    DRIVE_WAIT, /* nothing can be done until p->link's descriptor is ready */
    DRIVE_END   /* the stream is at its end */
};

enum drive drive_once(struct probe *p);

/* The stage that the probe is in now. */
int drive_stage(const struct probe *p);

#endif
