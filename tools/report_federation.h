/* Parts of the report: authentication, and what came in. */
#ifndef TOOLS_REPORT_FEDERATION_H
#define TOOLS_REPORT_FEDERATION_H

#include <s2sprobe.h>

#include "text.h"

void report_auth(struct out *o, const s2s_result *r);
void report_inbound(struct out *o, const s2s_result *r);

#endif
