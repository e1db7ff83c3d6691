#include "rows.h"

#include <string.h>

#include "value.h"

bool rows_is_there(const s2s_result *r, size_t i)
{
    return i < VALUE_MAX && value_item(r, "rows", i, "success") != NULL;
}

bool rows_is(const s2s_result *r, size_t i, const char *kind)
{
    const char *text = value_item(r, "rows", i, "kind");
    return text != NULL && strcmp(text, kind) == 0;
}

bool rows_succeeded(const s2s_result *r, size_t i)
{
    const char *text = value_item(r, "rows", i, "success");
    return text != NULL && strcmp(text, "true") == 0;
}

struct rows rows_count(const s2s_result *r)
{
    struct rows rows = {.endpoints = 0};
    for (size_t i = 0; rows_is_there(r, i); i++) {
        if (!rows_is(r, i, "endpoint"))
            continue;
        rows.endpoints++;
        rows.good += rows_succeeded(r, i) ? 1 : 0;
    }
    return rows;
}

void rows_join_place(struct line *l, const char *separator, const s2s_result *r,
                     size_t i)
{
    const char *target = value_item(r, "rows", i, "target");
    const char *address = value_item(r, "rows", i, "address");
    line_join(l, separator, target);
    if (address != NULL && (target == NULL || strcmp(address, target) != 0))
        line_join(l, target != NULL ? " " : separator, address);
    line_join(l, " port ", value_item(r, "rows", i, "port"));
}

void rows_join_ms(struct line *l, const s2s_result *r, size_t i)
{
    int64_t us = value_us(value_item(r, "rows", i, "ms"));
    char text[VALUE_MS];
    if (us >= 0)
        line_join(l, ", ", value_ms(us, text));
}
