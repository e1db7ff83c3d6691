/* What the standard output can show. */
#ifndef TOOLS_TERMINAL_H
#define TOOLS_TERMINAL_H

#include "options.h"
#include "text.h"

/* Whether the locale of the environment is one of UTF-8. */
bool terminal_is_utf8(void);
/* Columns of a terminal; 80 where there is none. */
size_t terminal_width(int fd);
struct out terminal_out(enum color color);

#endif
