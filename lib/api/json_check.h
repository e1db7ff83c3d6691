/* The part of a result that comes of a check: its rows. */
#ifndef API_JSON_CHECK_H
#define API_JSON_CHECK_H

#include "api/node.h"
#include "base/result.h"

void json_check(struct node *n, const s2s_result *r);

#endif
