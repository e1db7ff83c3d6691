#include "truth.h"

#include <stdio.h>
#include <stdlib.h>
#include <sys/mman.h>
#include <unistd.h>

#include "bench.h"

static void *map(int fd)
{
    void *at = mmap(NULL, sizeof(struct truth), PROT_READ | PROT_WRITE,
                    MAP_SHARED, fd, 0);
    bench_must(at != MAP_FAILED, "cannot map the relay's counts");
    return at;
}

struct truth *truth_make(void)
{
    char number[16];
    int fd = memfd_create("relay", 0);
    bench_must(fd >= 0 && ftruncate(fd, sizeof(struct truth)) == 0,
               "no memory");
    snprintf(number, sizeof(number), "%d", fd);
    setenv(TRUTH_NAME, number, 1);
    return map(fd);
}

void truth_note(struct truth *t, enum truth_way way, int64_t delay_ns)
{
    int64_t step = delay_ns / 1000 / TRUTH_STEP_US;
    t->counts[way][step < TRUTH_STEPS ? step : TRUTH_STEPS - 1]++;
}

const struct truth *truth_open(void)
{
    const char *number = getenv(TRUTH_NAME);
    bench_must(number != NULL, "this is to be run by bench-relay");
    return map(bench_port(number));
}

void truth_mark(const struct truth *t, struct truth *mark)
{
    for (int way = 0; way < TRUTH_WAYS; way++)
        for (int i = 0; i < TRUTH_STEPS; i++)
            mark->counts[way][i] = t->counts[way][i];
}

static uint32_t since(const struct truth *t, const struct truth *mark,
                      enum truth_way way, int step)
{
    return t->counts[way][step] - (mark != NULL ? mark->counts[way][step] : 0);
}

double truth_share_ms(const struct truth *t, const struct truth *mark,
                      enum truth_way way, double share)
{
    double sum = 0, seen = 0;
    int step = 0;
    for (int i = 0; i < TRUTH_STEPS; i++)
        sum += since(t, mark, way, i);
    while (step < TRUTH_STEPS - 1 &&
           (seen += since(t, mark, way, step)) < sum * share)
        step++;
    return (step + 0.5) * TRUTH_STEP_US / 1e3;
}

double truth_rtt_ms(const struct truth *t, const struct truth *mark)
{
    return truth_share_ms(t, mark, TRUTH_THERE, 0.5) +
           truth_share_ms(t, mark, TRUTH_BACK, 0.5);
}
