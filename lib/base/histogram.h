/* How long many things took, to within an eighth, in little memory. */
#ifndef BASE_HISTOGRAM_H
#define BASE_HISTOGRAM_H

#include <stdint.h>

#define HISTOGRAM_BUCKETS 264u /* up to 2^35 microseconds */

struct histogram { /* zeroed: empty */
    uint64_t count;
    int64_t max;
    uint32_t buckets[HISTOGRAM_BUCKETS];
};

/* Microseconds; negative ones count as 0. */
void histogram_add(struct histogram *h, int64_t us);

/* At least `share` (0 to 1) of all took no longer than this; never more than
 * the longest did. 0 when there is nothing. */
int64_t histogram_quantile(const struct histogram *h, double share);

#endif
