/* The phases, one below the other, as long as they took. */
#ifndef TOOLS_WATERFALL_H
#define TOOLS_WATERFALL_H

#include <s2sprobe.h>

#include "text.h"

void waterfall_print(struct out *o, const s2s_result *r);

#endif
