/* One probe, from its options to its record. */
#ifndef PROBE_PROBE_H
#define PROBE_PROBE_H

#include "probe/state.h"

/* A probe that waits to be started. S2S_OK or S2S_ENO_MEMORY. Takes `options`
 * over, on success only. */
int probe_new(struct shared *shared, struct options_probe *options,
              struct probe **out);
/* One that has already ended, with S2S_EINVALID_ARGUMENT and this text. */
int probe_new_invalid(struct shared *shared, int op, const char *what,
                      struct probe **out);
void probe_free(struct probe *p);

void probe_start(struct probe *p);
/* Do what can be done now, within bounds; p->finished tells the end. */
void probe_step(struct probe *p);
/* The next step ends it as cancelled. */
void probe_cancel(struct probe *p);

/* Whether it waits on a transport that has no descriptor. */
bool probe_waits_blindly(const struct probe *p);

#endif
