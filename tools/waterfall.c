#include "waterfall.h"

#include <stdio.h>

#include "value.h"

#define NAME  10 /* columns of a name */
#define TIME  14 /* and of a time, with its unit */
#define TEXTS (NAME + TIME + 2)

static int64_t total(const s2s_result *r)
{
    int64_t sum = 0;
    int stage;
    for (size_t i = 0; value_phase(i, &stage) != NULL; i++) {
        int64_t us = s2s_result_stage_us(r, stage);
        sum += us > 0 ? us : 0;
    }
    return sum;
}

/* From `start` to `end` of `whole`, at least one glyph. */
static void put_bar(struct out *o, int64_t start, int64_t end, int64_t whole)
{
    int64_t columns = (int64_t)(o->width - TEXTS);
    int64_t from = start * columns / whole, to = end * columns / whole;
    if (from >= columns)
        from = columns - 1;
    if (to <= from)
        to = from + 1;
    out_pad(o, TEXTS + (size_t)from);
    for (; from < to; from++)
        out_text(o, o->utf8 ? "\xe2\x96\x88" : "#");
}

static void put_phase(struct out *o, const char *name, int64_t start,
                      int64_t us, int64_t whole)
{
    char text[40];
    out_text(o, name);
    out_pad(o, NAME);
    snprintf(text, sizeof(text), "%.3f ms", (double)us / 1e3);
    out_cell(o, text, TIME, true);
    put_bar(o, start, start + us, whole);
    out_newline(o);
}

void waterfall_print(struct out *o, const s2s_result *r)
{
    int64_t whole = total(r), start = 0;
    const char *name;
    int stage;
    if (whole <= 0)
        return;
    out_newline(o);
    out_style(o, STYLE_HEADING);
    out_text(o, "phases");
    out_style(o, STYLE_NONE);
    out_newline(o);
    for (size_t i = 0; (name = value_phase(i, &stage)) != NULL; i++) {
        int64_t us = s2s_result_stage_us(r, stage);
        if (us < 0)
            continue;
        put_phase(o, name, start, us, whole);
        start += us;
    }
}
