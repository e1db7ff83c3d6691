/* How a context fares, in numbers. */
#include "probe/context_state.h"

static uint64_t lag(const s2s_context *c, double share)
{
    return (uint64_t)histogram_quantile(&c->shared.lag, share);
}

void context_stats(const s2s_context *c, s2s_stats *out)
{
    out->queued = c->queued_count;
    out->running = c->running_count;
    out->held = c->shared.held;
    out->handshakes = c->shared.admission.connecting;
    out->lag_p50_us = lag(c, 0.5);
    out->lag_p99_us = lag(c, 0.99);
    out->lag_max_us = (uint64_t)c->shared.lag.max;
}
