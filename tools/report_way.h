/* Parts of the report: what DNS says, what was tried, what was reached. */
#ifndef TOOLS_REPORT_WAY_H
#define TOOLS_REPORT_WAY_H

#include <s2sprobe.h>

#include "text.h"

void report_dns(struct out *o, const s2s_result *r);
void report_attempts(struct out *o, const s2s_result *r);
void report_reached(struct out *o, const s2s_result *r);

#endif
