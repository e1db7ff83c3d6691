/* What the standard output can show. */
#ifndef TOOLS_TERMINAL_H
#define TOOLS_TERMINAL_H

#include "options.h"
#include "text.h"

/* Whether the locale of the environment is one of UTF-8. */
bool terminal_is_utf8(void);
struct out terminal_out(enum color color);

#endif
