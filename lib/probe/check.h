/* Look at everything that a domain's DNS leads to (S2S_OP_CHECK). */
#ifndef PROBE_CHECK_H
#define PROBE_CHECK_H

#include "probe/state.h"

/* The endpoints are known: begin. S2S_OK, or S2S_ENO_MEMORY. */
int check_begin(struct probe *p);

/* Do what can be done now; whether all is done and recorded. */
bool check_step(struct check *c);

/* The end has come: record what there is, once. */
void check_stop(struct check *c);

void check_free(struct check *c); /* NULL is allowed */

#endif
