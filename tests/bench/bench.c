#include "bench.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/resource.h>
#include <unistd.h>

#define FILES 65536

void bench_report(const char *name, double value, int digits, const char *goal)
{
    printf("%s %.*f %s\n", name, digits, value, goal);
    fflush(stdout);
}

void bench_must(bool condition, const char *what)
{
    if (condition)
        return;
    fprintf(stderr, "bench: %s\n", what);
    exit(EXIT_FAILURE);
}

bool bench_smoke(int argc, char **argv)
{
    return argc == 2 && strcmp(argv[1], "--smoke") == 0;
}

int64_t bench_now_ns(void)
{
    struct timespec t;
    clock_gettime(CLOCK_MONOTONIC, &t);
    return (int64_t)t.tv_sec * 1000000000 + t.tv_nsec;
}

double bench_used_us(clockid_t clock)
{
    struct timespec t;
    clock_gettime(clock, &t);
    return (double)t.tv_sec * 1e6 + (double)t.tv_nsec / 1e3;
}

int bench_port(const char *text)
{
    char *end;
    long port = strtol(text, &end, 10);
    bench_must(*end == '\0' && port > 0 && port <= UINT16_MAX, "bad port");
    return (int)port;
}

static int compare(const void *left, const void *right)
{
    double a, b;
    memcpy(&a, left, sizeof(a));
    memcpy(&b, right, sizeof(b));
    return (a > b) - (a < b);
}

double bench_median(double *values, size_t count)
{
    qsort(values, count, sizeof(*values), compare);
    return values[count / 2];
}

double bench_rss_bytes(void)
{
    unsigned long pages = 0;
    FILE *f = fopen("/proc/self/statm", "r");
    bench_must(f != NULL && fscanf(f, "%*u %lu", &pages) == 1, "no statm");
    fclose(f);
    return (double)pages * (double)sysconf(_SC_PAGESIZE);
}

void bench_raise_files(void)
{
    struct rlimit limit = {FILES, FILES};
    if (setrlimit(RLIMIT_NOFILE, &limit) == 0 ||
        getrlimit(RLIMIT_NOFILE, &limit) != 0)
        return;
    limit.rlim_cur = limit.rlim_max;
    setrlimit(RLIMIT_NOFILE, &limit);
}
