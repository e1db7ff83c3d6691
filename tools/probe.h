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

/* A context as the command line wants it; `identities`, which NULL ends,
 * belongs to the caller. */
void probe_setup(const struct options *o, const s2s_identity *const *identities,
                 s2s_context_options *out);
/* An s2s_log_fn; `user` is not used. */
void probe_log(void *user, int level, const char *area, const char *line);

void probe_run(const struct options *o, struct probe *out);

#endif
