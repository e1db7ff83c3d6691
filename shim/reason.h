/* Why the library makes no context, in the words of the command line. */
#ifndef SHIM_REASON_H
#define SHIM_REASON_H

#include <stddef.h>

#include "options.h"

/* `line` is what the library has logged: "identities.0.key_file: ...". */
void reason_translate(const struct options *o, const char *line, char *out,
                      size_t size);

#endif
