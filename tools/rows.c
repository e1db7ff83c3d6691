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

static const char *without(const char *text, const char *name)
{
    size_t length = name != NULL ? strlen(name) : 0;
    if (length == 0 || strncmp(text, name, length) != 0)
        return text;
    if (text[length] == '\0')
        return text + length;
    return strncmp(text + length, ": ", 2) == 0 ? text + length + 2 : text;
}

const char *rows_without_place(const s2s_result *r, size_t i, const char *text)
{
    if (text == NULL)
        return NULL;
    text = without(text, value_item(r, "rows", i, "target"));
    return without(text, value_item(r, "rows", i, "address"));
}

void rows_join_ms(struct line *l, const s2s_result *r, size_t i)
{
    int64_t us = value_us(value_item(r, "rows", i, "ms"));
    char text[VALUE_MS];
    if (us >= 0)
        line_join(l, ", ", value_ms(us, text));
}
