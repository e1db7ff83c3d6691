/* The options of batch. */
#ifndef TOOLS_OPTIONS_BATCH_H
#define TOOLS_OPTIONS_BATCH_H

#include "options.h"

enum {
    CONCURRENCY = 512,
    RATE,
    PER_HOST,
    HOST_RATE,
    HANDSHAKES,
    SHARD,
    OP,
    NO_PROGRESS
};

/* Whether the value is right, and what would be. */
bool options_batch_take(int option, const char *value,
                        struct options_batch *out);
const char *options_batch_wanted(int option);

#endif
