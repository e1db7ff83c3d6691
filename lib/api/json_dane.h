/* The part of a result that comes of TLSA records. */
#ifndef API_JSON_DANE_H
#define API_JSON_DANE_H

#include "api/node.h"
#include "base/result.h"

void json_dane(struct node *n, const s2s_result *r);

#endif
