/* The rows of a check: endpoints first, then what else was tried. */
#ifndef TOOLS_ROWS_H
#define TOOLS_ROWS_H

#include <s2sprobe.h>
#include <stdbool.h>

#include "text.h"

struct rows {
    size_t endpoints, good;
};

bool rows_is_there(const s2s_result *r, size_t i);
bool rows_is(const s2s_result *r, size_t i, const char *kind);
bool rows_succeeded(const s2s_result *r, size_t i);
struct rows rows_count(const s2s_result *r);

/* "TARGET ADDRESS port PORT" behind the separator. */
void rows_join_place(struct line *l, const char *separator, const s2s_result *r,
                     size_t i);
/* `text` without the "TARGET: " or "ADDRESS: " of the row. */
const char *rows_without_place(const s2s_result *r, size_t i, const char *text);
/* ", 1.2 ms", when it is known. */
void rows_join_ms(struct line *l, const s2s_result *r, size_t i);

#endif
