/* The rows of a check: every endpoint of a domain. */
#ifndef TOOLS_TABLE_H
#define TOOLS_TABLE_H

#include <s2sprobe.h>

#include "text.h"

/* Nothing when the result has none. */
void table_print(struct out *o, const s2s_result *r);

#endif
