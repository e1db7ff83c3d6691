#include "table.h"

#include <string.h>

#include "value.h"

#define GAP         2
#define SECOND_LINE 4 /* its indent, where one line is too narrow */
#define NAME_MIN    10

struct column {
    const char *title, *member;
    bool right;
    size_t width;
};

enum { TARGET, ADDRESS, PORT, TLS, OUTCOME, PROTOCOL, DAYS, MS, COLUMNS };

static const struct column columns[COLUMNS] = {
    [TARGET] = {"target", "target", false, 0},
    [ADDRESS] = {"address", "address", false, 0},
    [PORT] = {"port", "port", true, 0},
    [TLS] = {"tls", "tls", false, 0},
    [OUTCOME] = {"outcome", "code", false, 0},
    [PROTOCOL] = {"protocol", "protocol", false, 0},
    [DAYS] = {"days", "daysLeft", true, 0},
    [MS] = {"ms", "ms", true, 0},
};

static bool is_there(const s2s_result *r, size_t i)
{
    return value_item(r, "rows", i, "target") != NULL ||
           value_item(r, "rows", i, "success") != NULL;
}

static bool succeeded(const s2s_result *r, size_t i)
{
    const char *text = value_item(r, "rows", i, "success");
    return text != NULL && strcmp(text, "true") == 0;
}

static const char *cell(const s2s_result *r, size_t i, size_t column)
{
    const char *text = value_item(r, "rows", i, columns[column].member);
    if (column == OUTCOME && succeeded(r, i))
        return "ok";
    return text != NULL ? text : "-";
}

static size_t measure(const struct out *o, const s2s_result *r,
                      size_t widths[COLUMNS])
{
    size_t rows = 0;
    for (size_t c = 0; c < COLUMNS; c++)
        widths[c] = strlen(columns[c].title);
    for (; rows < VALUE_MAX && is_there(r, rows); rows++)
        for (size_t c = 0; c < COLUMNS; c++) {
            size_t width = text_width(o, cell(r, rows, c));
            if (width > widths[c])
                widths[c] = width;
        }
    return rows;
}

static size_t sum(const size_t *widths, size_t from, size_t to)
{
    size_t width = 0;
    for (size_t c = from; c < to; c++)
        width += widths[c] + (c > from ? GAP : 0);
    return width;
}

/* Takes what is too much from a name, which is then cut. */
static void shrink(size_t *width, size_t much)
{
    size_t spare = *width > NAME_MIN ? *width - NAME_MIN : 0;
    *width -= much < spare ? much : spare;
}

/* The column that begins a second line, COLUMNS: there is none. */
static size_t fit(const struct out *o, size_t widths[COLUMNS])
{
    size_t second = COLUMNS;
    if (sum(widths, TARGET, COLUMNS) > o->width)
        second = OUTCOME;
    for (size_t c = TARGET; c <= ADDRESS; c++) {
        size_t width = sum(widths, TARGET, second);
        if (width > o->width)
            shrink(&widths[c], width - o->width);
    }
    return second;
}

static enum style style(const s2s_result *r, size_t i, size_t column)
{
    if (column != OUTCOME)
        return STYLE_NONE;
    return succeeded(r, i) ? STYLE_GOOD : STYLE_BAD;
}

/* Row `i`, or the titles where `r` is NULL. */
static void put_row(struct out *o, const s2s_result *r, size_t i,
                    const size_t widths[COLUMNS], size_t second)
{
    for (size_t c = 0; c < COLUMNS; c++) {
        if (c == second) {
            out_newline(o);
            out_pad(o, SECOND_LINE);
        } else if (c > 0) {
            out_pad(o, o->column + GAP);
        }
        out_style(o, r != NULL ? style(r, i, c) : STYLE_QUIET);
        out_cell(o, r != NULL ? cell(r, i, c) : columns[c].title, widths[c],
                 columns[c].right);
        out_style(o, STYLE_NONE);
    }
    out_newline(o);
}

void table_print(struct out *o, const s2s_result *r)
{
    size_t widths[COLUMNS];
    size_t rows = measure(o, r, widths);
    if (rows == 0)
        return;
    size_t second = fit(o, widths);
    out_newline(o);
    put_row(o, NULL, 0, widths, second);
    for (size_t i = 0; i < rows; i++)
        put_row(o, r, i, widths, second);
}
