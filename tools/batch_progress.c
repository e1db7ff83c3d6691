#include "batch_progress.h"

#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

#include "complain.h"
#include "terminal.h"

#define EVERY_MS 200
#define BAR      20 /* columns */

static int64_t now_ms(void)
{
    struct timespec t;
    clock_gettime(CLOCK_MONOTONIC, &t);
    return (int64_t)t.tv_sec * 1000 + t.tv_nsec / 1000000;
}

/* Whether a line can be drawn anew. */
static bool can_redraw(void)
{
    const char *term = getenv("TERM");
    return isatty(STDERR_FILENO) == 1 && term != NULL && term[0] != '\0' &&
           strcmp(term, "dumb") != 0;
}

void batch_progress_init(struct batch_progress *p, const struct options *o)
{
    *p = (struct batch_progress){
        .bar = can_redraw() && !o->quiet && !o->batch.no_progress,
        .summary = !o->quiet && (isatty(STDERR_FILENO) == 1 || o->verbose > 0),
        .began = now_ms()};
    p->due = p->began;
}

/* ---- Texts -------------------------------------------------------------- */

static double per_second(const struct batch_progress *p,
                         const struct batch_counts *c)
{
    int64_t ms = now_ms() - p->began;
    return ms > 0 ? (double)c->answered * 1e3 / (double)ms : 0;
}

/* Lines that there will be: those of the bytes that are still to be read are
 * like those that have been. */
static double expected(const struct batch_counts *c)
{
    double part = c->read < c->size ? (double)c->read / (double)c->size : 1;
    return part > 0 ? (double)c->taken / part : 0;
}

static void add_time(struct line *l, double seconds)
{
    char text[48];
    unsigned long s = seconds < 1e9 ? (unsigned long)seconds : 1000000000;
    if (s >= 3600)
        snprintf(text, sizeof(text), "%lu:%02lu:%02lu left", s / 3600,
                 s / 60 % 60, s % 60);
    else
        snprintf(text, sizeof(text), "%lu:%02lu left", s / 60, s % 60);
    line_join(l, ", ", text);
}

static void add_bar(struct line *l, double part)
{
    char text[BAR + 16];
    char marks[BAR + 1];
    size_t full = (size_t)(part * BAR);
    memset(marks, '#', BAR);
    memset(marks + full, '-', BAR - full);
    marks[BAR] = '\0';
    snprintf(text, sizeof(text), "[%s] %3.0f%% ", marks, part * 100);
    line_add(l, text);
}

static void compose(struct line *l, const struct batch_progress *p,
                    const struct batch_counts *c)
{
    char text[160];
    double all = expected(c), rate = per_second(p, c);
    bool known = c->size > 0 && all > 0;
    if (known)
        add_bar(l, (double)c->answered / all);
    snprintf(text, sizeof(text),
             "%" PRIu64 " done, %" PRIu64 " failed, %" PRIu64
             " in flight, %.0f/s",
             c->answered, c->failed + c->bad, c->taken - c->answered, rate);
    line_add(l, text);
    if (known && rate > 0)
        add_time(l, (all - (double)c->answered) / rate);
}

/* ---- The screen --------------------------------------------------------- */

void batch_progress_clear(struct batch_progress *p)
{
    if (p->shown)
        fputs("\r\033[K", stderr);
    fflush(stderr);
    p->shown = false;
}

void batch_progress_show(struct batch_progress *p, const struct batch_counts *c)
{
    struct line l = {.length = 0};
    if (!p->bar || now_ms() < p->due)
        return;
    compose(&l, p, c);
    size_t width = terminal_width(STDERR_FILENO) - 1;
    fprintf(stderr, "\r%.*s\033[K", (int)width, l.text);
    fflush(stderr);
    p->shown = true;
    p->due = now_ms() + EVERY_MS;
}

int batch_progress_timeout_ms(const struct batch_progress *p)
{
    int64_t left = p->due - now_ms();
    if (!p->bar)
        return -1;
    return left > 0 ? (int)left : 0;
}

void batch_progress_end(struct batch_progress *p, const struct batch_counts *c)
{
    char text[256];
    batch_progress_clear(p);
    if (!p->summary)
        return;
    snprintf(text, sizeof(text),
             "%" PRIu64 " lines answered: %" PRIu64 " ok, %" PRIu64
             " failed, %" PRIu64
             " no requests; %.1f s, %.1f/s, loop lag p99 %.1f ms",
             c->answered, c->ok, c->failed, c->bad,
             (double)(now_ms() - p->began) / 1e3, per_second(p, c),
             (double)c->lag_us / 1e3);
    complain(text, NULL);
}
