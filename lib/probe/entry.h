/* A probe at the admission to connect. */
#ifndef PROBE_ENTRY_H
#define PROBE_ENTRY_H

#include "probe/state.h"

/* Whether it may connect now; else it is woken when it may. */
bool entry_ask(struct probe *p);

/* Enter the stage that its connection is in. */
void entry_note_stage(struct probe *p);

/* Whether it has waited too long for a server that asks for less, which may
 * take for ever where many wait. */
bool entry_gives_up(struct probe *p);

/* Make way for the next handshake when its own is over. */
void entry_note_secure(struct probe *p);

#endif
