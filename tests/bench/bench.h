/* What the bench programs share. They measure and tell; they judge nothing. */
#ifndef BENCH_BENCH_H
#define BENCH_BENCH_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <time.h>

#define BENCH_DOMAIN "peer.test"
#define BENCH_FROM   "probe.test"

/* One line: "name value goal". The goal is "<=N", ">=N" or "-". */
void bench_report(const char *name, double value, int digits, const char *goal);

/* End the program, with a reason on stderr, unless the condition holds. */
void bench_must(bool condition, const char *what);

/* Whether the only argument is --smoke. */
bool bench_smoke(int argc, char **argv);

int64_t bench_now_ns(void);
/* Processor time, user and system, in microseconds. */
double bench_used_us(clockid_t clock);
int bench_port(const char *text);

/* Sorts the values. */
double bench_median(double *values, size_t count);

/* What the process holds in memory now. */
double bench_rss_bytes(void);

/* As many descriptors as we may have; root may have more. */
void bench_raise_files(void);

#endif
