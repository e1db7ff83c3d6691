/* Many probes: lines in, an answer each. */
#ifndef TOOLS_BATCH_H
#define TOOLS_BATCH_H

#include "options.h"

/* How the program ends. */
int batch_run(const struct options *o);

#endif
