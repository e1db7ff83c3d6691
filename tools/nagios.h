/* One line for a monitoring system, as plugins of Nagios write it. */
#ifndef TOOLS_NAGIOS_H
#define TOOLS_NAGIOS_H

#include <s2sprobe.h>

#include "options.h"
#include "text.h"

enum {
    NAGIOS_OK = 0,
    NAGIOS_WARNING = 1,
    NAGIOS_CRITICAL = 2,
    NAGIOS_UNKNOWN = 3
};

/* Returns the exit status. */
int nagios_print(struct out *o, const struct options *options, int status,
                 const s2s_result *r);
/* No probe came to an end; `text` says why. */
int nagios_unknown(struct out *o, const char *text);

#endif
