#include "base/histogram.h"

/* Eight buckets for each power of two; below 8 one for each number. */
#define BITS 3

static unsigned bucket_of(uint64_t us)
{
    unsigned power = 0;
    while (us >> power >= 2u << BITS)
        power++;
    /* us >> power is now below 16, and at least 8 unless power is 0 */
    unsigned i = power * (1u << BITS) + (unsigned)(us >> power);
    return i < HISTOGRAM_BUCKETS ? i : HISTOGRAM_BUCKETS - 1;
}

/* The largest number in a bucket. */
static int64_t top_of(unsigned bucket)
{
    unsigned power = bucket < 2u << BITS ? 0 : (bucket >> BITS) - 1;
    uint64_t mantissa = bucket - power * (1u << BITS);
    return (int64_t)(((mantissa + 1) << power) - 1);
}

void histogram_add(struct histogram *h, int64_t us)
{
    us = us > 0 ? us : 0;
    h->count++;
    h->max = us > h->max ? us : h->max;
    uint32_t *bucket = &h->buckets[bucket_of((uint64_t)us)];
    *bucket += *bucket < UINT32_MAX ? 1 : 0;
}

int64_t histogram_quantile(const struct histogram *h, double share)
{
    double wanted = share * (double)h->count;
    uint64_t seen = 0;
    for (unsigned i = 0; i < HISTOGRAM_BUCKETS; i++) {
        seen += h->buckets[i];
        if (seen > 0 && (double)seen >= wanted)
            return top_of(i) < h->max ? top_of(i) : h->max;
    }
    return h->max;
}
