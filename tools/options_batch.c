#include "options_batch.h"

#include <stdio.h>
#include <string.h>

#include <s2sprobe.h>

#include "number.h"
#include "options_value.h"

#define CONCURRENCY_MAX 100000 /* the library's own limit */
#define RATE_MAX        1000000
#define SHARDS_MAX      1000000

/* "none", or 1..max. */
static bool limit(const char *text, uint32_t max, uint32_t *out)
{
    if (strcmp(text, "none") != 0)
        return number_whole(text, 1, max, out);
    *out = S2S_NO_LIMIT;
    return true;
}

/* "I/N" with I < N. */
static bool shard(const char *text, struct options_batch *out)
{
    char first[16];
    const char *slash = strchr(text, '/');
    if (slash == NULL || (size_t)(slash - text) >= sizeof(first))
        return false;
    snprintf(first, sizeof(first), "%.*s", (int)(slash - text), text);
    return number_whole(slash + 1, 1, SHARDS_MAX, &out->shards) &&
           number_whole(first, 0, out->shards - 1, &out->shard);
}

static bool operation(const char *text, int *out)
{
    static const struct options_word words[] = {{"connect", S2S_OP_CONNECT},
                                                {"ping", S2S_OP_PING},
                                                {"check", S2S_OP_CHECK},
                                                {NULL, 0}};
    uint32_t op;
    if (!options_choose(words, text, &op))
        return false;
    *out = (int)op;
    return true;
}

bool options_batch_take(int option, const char *value,
                        struct options_batch *out)
{
    out->given = true;
    switch (option) {
    case CONCURRENCY:
        return number_whole(value, 1, CONCURRENCY_MAX, &out->concurrency);
    case RATE:
        return number_whole(value, 1, RATE_MAX, &out->rate);
    case PER_HOST:
        return limit(value, CONCURRENCY_MAX, &out->per_host);
    case HOST_RATE:
        return limit(value, RATE_MAX, &out->host_rate);
    case HANDSHAKES:
        return limit(value, CONCURRENCY_MAX, &out->handshakes);
    case SHARD:
        return shard(value, out);
    default:
        return operation(value, &out->op);
    }
}

const char *options_batch_wanted(int option)
{
    static const char *const texts[] = {
        [CONCURRENCY - CONCURRENCY] = "--concurrency wants 1 to 100000",
        [RATE - CONCURRENCY] = "--rate wants 1 to 1000000",
        [PER_HOST - CONCURRENCY] = "--per-host wants 1 to 100000, or none",
        [HOST_RATE - CONCURRENCY] = "--host-rate wants 1 to 1000000, or none",
        [HANDSHAKES - CONCURRENCY] = "--handshakes wants 1 to 100000, or none",
        [SHARD - CONCURRENCY] = "--shard wants I/N, I from 0 to N - 1",
        [OP - CONCURRENCY] = "--op wants connect, ping or check"};
    return texts[option - CONCURRENCY];
}
