/* How far a batch is, on the standard error. */
#ifndef TOOLS_BATCH_PROGRESS_H
#define TOOLS_BATCH_PROGRESS_H

#include <stdbool.h>
#include <stdint.h>

#include "options.h"

/* Of lines that have or get an answer. */
struct batch_counts {
    uint64_t taken, answered;
    uint64_t ok, failed, bad; /* bad: no request */
    uint64_t read, size;      /* bytes of the input; size 0: not known */
    uint64_t lag_us;          /* 99 of 100 events waited no longer for us */
};

struct batch_progress {
    bool bar, summary;
    bool shown;         /* the bar is on the screen */
    int64_t began, due; /* milliseconds of the clock */
};

void batch_progress_init(struct batch_progress *p, const struct options *o);
/* Draw the bar when it is time to. */
void batch_progress_show(struct batch_progress *p,
                         const struct batch_counts *counts);
/* Take it away, for something else to be written. */
void batch_progress_clear(struct batch_progress *p);
/* Until it is time again; -1: never. */
int batch_progress_timeout_ms(const struct batch_progress *p);
/* What all came to. */
void batch_progress_end(struct batch_progress *p,
                        const struct batch_counts *counts);

#endif
