/* Which options go together. */
#ifndef TOOLS_OPTIONS_RULES_H
#define TOOLS_OPTIONS_RULES_H

#include "options.h"

/* False, and why in `error`; fills in what follows from other options. */
bool options_complete(struct options *o, char *error, size_t error_size);

#endif
