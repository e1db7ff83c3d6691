/* Findings, the worst first. */
#ifndef TOOLS_FINDINGS_H
#define TOOLS_FINDINGS_H

#include <s2sprobe.h>

#include "text.h"

void findings_print(struct out *o, const s2s_result *r);

#endif
