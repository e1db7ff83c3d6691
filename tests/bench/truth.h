/* What a relay really did to packets: memory that it shares with those who
 * measure behind it. */
#ifndef BENCH_TRUTH_H
#define BENCH_TRUTH_H

#include <stdint.h>

#define TRUTH_NAME    "S2S_BENCH_RELAY" /* environment: its descriptor */
#define TRUTH_STEP_US 10
#define TRUTH_STEPS   20000

enum truth_way { TRUTH_THERE, TRUTH_BACK, TRUTH_WAYS };

/* Packets by the delay that they got. */
struct truth {
    _Atomic uint32_t counts[TRUTH_WAYS][TRUTH_STEPS];
};

/* For the relay: made, and named in the environment. */
struct truth *truth_make(void);
void truth_note(struct truth *t, enum truth_way way, int64_t delay_ns);

/* For those behind it: what it is now, and the round trip of the median
 * packets since then. */
const struct truth *truth_open(void);
void truth_mark(const struct truth *t, struct truth *mark);
double truth_rtt_ms(const struct truth *t, const struct truth *mark);

/* Of one way since the mark, or since ever. */
double truth_share_ms(const struct truth *t, const struct truth *mark,
                      enum truth_way way, double share);

#endif
