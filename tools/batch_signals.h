/* SIGINT and SIGTERM during a batch: the first asks it to come to an end, the
 * second ends what runs, the third ends the program. */
#ifndef TOOLS_BATCH_SIGNALS_H
#define TOOLS_BATCH_SIGNALS_H

#include <s2sprobe.h>

void batch_signals_watch(s2s_context *context);
void batch_signals_unwatch(void);
/* The last that came, or 0. */
int batch_signal(void);

#endif
