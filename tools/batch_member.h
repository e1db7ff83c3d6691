/* The members of a line that is an object: those of a request to
 * s2sprobe-http(8), and id and op. */
#ifndef TOOLS_BATCH_MEMBER_H
#define TOOLS_BATCH_MEMBER_H

#include "batch_request.h"

/* Into `r`, over what is there; or `code` and `error` of it. */
void batch_member_read(const struct jsontext *object, struct batch_request *r);

#endif
