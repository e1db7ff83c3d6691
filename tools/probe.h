/* One probe, until it ends or a signal does. */
#ifndef TOOLS_PROBE_H
#define TOOLS_PROBE_H

#include <s2sprobe.h>

#include "options.h"

struct probe {
    s2s_result *result; /* NULL: why was said on the standard error */
    int error;
    int signal; /* that ended it, or 0 */
    bool usage; /* a file that the command line names is wrong */
};

void probe_run(const struct options *o, struct probe *out);

#endif
