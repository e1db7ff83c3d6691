#include "table.h"

#include <stdio.h>
#include <string.h>

#include "rows.h"
#include "value.h"

#define GAP         2
#define SECOND_LINE 4 /* indent of further lines, where one is too narrow */
#define NAME_MIN    10

enum {
    TARGET,
    ADDRESS,
    PORT,
    TLS,
    OUTCOME,
    VERSIONS,
    CERTIFICATE,
    DAYS,
    DANE,
    MS,
    COLUMNS
};

static const struct {
    const char *title, *member;
    bool right;
} columns[COLUMNS] = {
    [TARGET] = {"target", "target", false},
    [ADDRESS] = {"address", "address", false},
    [PORT] = {"port", "port", true},
    [TLS] = {"tls", "tls", false},
    [OUTCOME] = {"outcome", "code", false},
    [VERSIONS] = {"version", NULL, false},
    [CERTIFICATE] = {"cert", "chain", false},
    [DAYS] = {"days", "daysLeft", true},
    [DANE] = {"dane", "dane", false},
    [MS] = {"ms", "ms", true},
};

struct layout {
    size_t gap;             /* between columns */
    size_t widths[COLUMNS]; /* 0: no row has something there */
    bool begins[COLUMNS];   /* a line of its own */
};

/* ---- Cells -------------------------------------------------------------- */

/* "1.2 1.3" */
static void add_versions(struct line *l, const s2s_result *r, size_t i)
{
    for (size_t k = 0; k < VALUE_MAX; k++) {
        char member[40];
        snprintf(member, sizeof(member), "versions.%zu", k);
        const char *text = value_item(r, "rows", i, member);
        if (text == NULL)
            return;
        line_join(l, " ", strncmp(text, "TLS", 3) == 0 ? text + 3 : text);
    }
}

/* The chain first: a name in a certificate of nobody says little. */
static void add_certificate(struct line *l, const s2s_result *r, size_t i)
{
    const char *chain = value_item(r, "rows", i, "chain");
    const char *name = value_item(r, "rows", i, "name");
    if (chain == NULL || strcmp(chain, "ok") != 0 || name == NULL ||
        strcmp(name, "ok") == 0)
        line_join(l, "", chain);
    else {
        line_add(l, "name ");
        line_add(l, name);
    }
}

static void add_ms(struct line *l, const s2s_result *r, size_t i)
{
    int64_t us = value_us(value_item(r, "rows", i, "ms"));
    char text[VALUE_MS];
    if (us < 0)
        return;
    value_ms(us, text);
    text[strcspn(text, " ")] = '\0'; /* the title has the unit */
    line_add(l, text);
}

static const char *cell(const s2s_result *r, size_t i, size_t column,
                        struct line *l)
{
    *l = (struct line){.length = 0};
    if (column == VERSIONS)
        add_versions(l, r, i);
    else if (column == CERTIFICATE)
        add_certificate(l, r, i);
    else if (column == MS)
        add_ms(l, r, i);
    else if (column == OUTCOME && rows_succeeded(r, i))
        line_add(l, "ok");
    else
        line_join(l, "", value_item(r, "rows", i, columns[column].member));
    return l->length > 0 ? l->text : "-";
}

static enum style style(size_t column, const char *text)
{
    if (column == OUTCOME)
        return strcmp(text, "ok") == 0 ? STYLE_GOOD : STYLE_BAD;
    if (column == CERTIFICATE && strcmp(text, "ok") != 0 &&
        strcmp(text, "-") != 0)
        return STYLE_BAD;
    if (column == DANE &&
        (strcmp(text, "mismatch") == 0 || strcmp(text, "bogus") == 0))
        return STYLE_BAD;
    return STYLE_NONE;
}

/* ---- Widths ------------------------------------------------------------- */

static void measure(const struct out *o, const s2s_result *r, size_t i,
                    struct layout *y)
{
    struct line l;
    for (size_t c = 0; c < COLUMNS; c++) {
        const char *text = cell(r, i, c, &l);
        size_t title = strlen(columns[c].title), width = text_width(o, text);
        if (strcmp(text, "-") == 0)
            continue;
        width = width > title ? width : title;
        y->widths[c] = width > y->widths[c] ? width : y->widths[c];
    }
}

/* What the columns of one line take. */
static size_t sum(const struct layout *y, size_t from, size_t to)
{
    size_t width = 0;
    for (size_t c = from; c < to; c++)
        if (y->widths[c] > 0)
            width += y->widths[c] + (width > 0 ? y->gap : 0);
    return width;
}

/* Takes what is too much from a name, which is then cut. */
static void shrink(size_t *width, size_t much)
{
    size_t spare = *width > NAME_MIN ? *width - NAME_MIN : 0;
    *width -= much < spare ? much : spare;
}

/* Narrower gaps; then a row goes on below itself, at the outcome and where a
 * line is full. */
static void fit(const struct out *o, struct layout *y)
{
    size_t at = 0, room = o->width - SECOND_LINE;
    for (y->gap = GAP; y->gap > 0; y->gap--)
        if (sum(y, TARGET, COLUMNS) <= o->width)
            return;
    y->gap = GAP;
    for (size_t c = TARGET; c <= ADDRESS; c++) {
        size_t width = sum(y, TARGET, OUTCOME);
        if (width > o->width)
            shrink(&y->widths[c], width - o->width);
    }
    for (size_t c = OUTCOME; c < COLUMNS; c++) {
        if (y->widths[c] > room)
            y->widths[c] = room;
        if (y->widths[c] == 0)
            continue;
        size_t end = at + y->gap + y->widths[c];
        y->begins[c] = c == OUTCOME || end > room;
        at = y->begins[c] ? y->widths[c] : end;
    }
}

/* ---- Printing ----------------------------------------------------------- */

/* No blanks where a line ends. */
static bool ends_line(const struct layout *y, size_t column)
{
    size_t next = column + 1;
    while (next < COLUMNS && y->widths[next] == 0)
        next++;
    return next == COLUMNS || y->begins[next];
}

static void put_cell(struct out *o, const struct layout *y, size_t c,
                     const char *text)
{
    size_t width = y->widths[c], wide = text_width(o, text);
    if (y->begins[c]) {
        out_newline(o);
        out_pad(o, SECOND_LINE);
    } else if (c > 0) {
        out_pad(o, o->column + y->gap);
    }
    if (!columns[c].right && ends_line(y, c) && wide < width)
        width = wide;
    out_cell(o, text, width, columns[c].right);
}

static void put_titles(struct out *o, const struct layout *y)
{
    out_style(o, STYLE_QUIET);
    for (size_t c = 0; c < COLUMNS; c++)
        if (y->widths[c] > 0)
            put_cell(o, y, c, columns[c].title);
    out_style(o, STYLE_NONE);
    out_newline(o);
}

static void put_row(struct out *o, const s2s_result *r, size_t i,
                    const struct layout *y)
{
    struct line l;
    for (size_t c = 0; c < COLUMNS; c++) {
        if (y->widths[c] == 0)
            continue;
        const char *text = cell(r, i, c, &l);
        out_style(o, style(c, text));
        put_cell(o, y, c, text);
        out_style(o, STYLE_NONE);
    }
    out_newline(o);
}

void table_print(struct out *o, const s2s_result *r)
{
    struct layout y = {.widths = {0}};
    for (size_t i = 0; rows_is_there(r, i); i++)
        if (rows_is(r, i, "endpoint"))
            measure(o, r, i, &y);
    if (y.widths[OUTCOME] == 0)
        return;
    fit(o, &y);
    out_newline(o);
    put_titles(o, &y);
    for (size_t i = 0; rows_is_there(r, i); i++)
        if (rows_is(r, i, "endpoint"))
            put_row(o, r, i, &y);
}
