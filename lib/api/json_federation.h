/* The part of a result that comes of an identity of ours. */
#ifndef API_JSON_FEDERATION_H
#define API_JSON_FEDERATION_H

#include "api/node.h"
#include "base/result.h"

void json_federation(struct node *n, const s2s_result *r);

#endif
