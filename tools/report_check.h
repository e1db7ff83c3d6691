/* Parts of the report of a check. */
#ifndef TOOLS_REPORT_CHECK_H
#define TOOLS_REPORT_CHECK_H

#include <s2sprobe.h>

#include "text.h"

/* "3 of 4 endpoints work, 1 error", and why where none does. */
void report_check_outcome(struct out *o, const s2s_result *r);
/* The rows that are no endpoints. */
void report_check_others(struct out *o, const s2s_result *r);

#endif
