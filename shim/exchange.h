/* One request and its answer, on a thread of civetweb's. */
#ifndef SHIM_EXCHANGE_H
#define SHIM_EXCHANGE_H

#include <civetweb.h>
#include <stdatomic.h>
#include <stdbool.h>
#include <stdint.h>

#include "headers.h"
#include "worker.h"

/* What every exchange needs to know. */
struct site {
    struct worker *worker;
    uint32_t max_timeout_ms;
    bool access_log;
    struct headers_hosts hosts;
    atomic_bool refusing; /* new probes */
};

void exchange_serve(struct site *site, struct mg_connection *connection);

/* The answer to a request that civetweb could not read or serve. */
void exchange_refuse(const struct site *site, struct mg_connection *connection,
                     enum refusal refusal);

#endif
