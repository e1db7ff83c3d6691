/* The record as JSON: the reply body of the HTTP shim, and get()'s paths. */
#ifndef API_JSON_H
#define API_JSON_H

#include "base/result.h"

/* Fill result->json and result->paths. S2S_OK or S2S_ENO_MEMORY. */
int json_build(s2s_result *result);

#endif
