/* Errors, on the standard error. */
#ifndef TOOLS_COMPLAIN_H
#define TOOLS_COMPLAIN_H

#include <stdbool.h>

/* One line; `detail` may be NULL. Returns false. */
bool complain(const char *text, const char *detail);

#endif
