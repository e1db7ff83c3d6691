/* What a probe saw, for people. */
#ifndef TOOLS_REPORT_H
#define TOOLS_REPORT_H

#include <s2sprobe.h>

#include "options.h"
#include "text.h"

void report_print(struct out *o, const struct options *options,
                  const s2s_result *r);

/* A line of a label and a text that goes on below itself. */
void report_row(struct out *o, const char *label, const char *text,
                enum style style);

#endif
