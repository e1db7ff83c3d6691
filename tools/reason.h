/* What the library says about its members, in words of the command line. */
#ifndef TOOLS_REASON_H
#define TOOLS_REASON_H

#include <stddef.h>

void reason_translate(const char *line, char *out, size_t size);

#endif
