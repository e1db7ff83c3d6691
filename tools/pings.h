/* Pings as ping(8) tells them. */
#ifndef TOOLS_PINGS_H
#define TOOLS_PINGS_H

#include <s2sprobe.h>

#include "options.h"
#include "text.h"

struct pings {
    size_t sent, answered;
    int64_t min_us, max_us, mean_us, deviation_us; /* of those answered */
};

struct pings pings_count(const s2s_result *r);
void pings_print(struct out *o, const struct options *options,
                 const s2s_result *r);

#endif
