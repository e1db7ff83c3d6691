#include "api/json_text.h"

#include <stdbool.h>
#include <stdio.h>
#include <string.h>

#include "base/error.h"

#define JSON_MAX       (8u << 20)
#define PATH_MAX_BYTES 128
#define NUMBER_MAX     40

/* Jansson does not pass on every failure. */
struct output {
    struct buf text;
    bool failed;
};

static int dump(const char *bytes, size_t length, void *user)
{
    struct output *o = user;
    if (buf_add(&o->text, bytes, length) != S2S_OK)
        o->failed = true;
    return o->failed ? -1 : 0;
}

int json_text_make(const json_t *value, char **out)
{
    struct output o = {.failed = false};
    buf_init(&o.text, JSON_MAX);
    if (json_dump_callback(value, dump, &o,
                           JSON_COMPACT | JSON_REAL_PRECISION(9)) != 0 ||
        dump("", 1, &o) != 0) {
        buf_free(&o.text);
        return S2S_ENO_MEMORY;
    }
    *out = (char *)o.text.data;
    return S2S_OK;
}

/* The path to where the walk is. */
struct walk {
    struct buf *paths;
    size_t length;
    char path[PATH_MAX_BYTES];
};

static const char *scalar_text(const json_t *value, char number[NUMBER_MAX])
{
    if (json_is_string(value))
        return json_string_value(value);
    if (json_is_boolean(value))
        return json_is_true(value) ? "true" : "false";
    if (json_is_integer(value))
        snprintf(number, NUMBER_MAX, "%" JSON_INTEGER_FORMAT,
                 json_integer_value(value));
    else
        snprintf(number, NUMBER_MAX, "%.3f", json_real_value(value));
    return number;
}

static int add_scalar(struct walk *w, const json_t *value)
{
    char number[NUMBER_MAX];
    const char *text = scalar_text(value, number);
    int e = buf_add(w->paths, w->path, w->length + 1);
    return e == S2S_OK ? buf_add(w->paths, text, strlen(text) + 1) : e;
}

static int walk(struct walk *w, json_t *value);

/* A member or an item; its name is ours, and no path is near the limit. */
static int walk_below(struct walk *w, const char *name, json_t *value)
{
    size_t before = w->length;
    size_t length = strlen(name);
    if (before + length + 2 > sizeof(w->path))
        return S2S_EINTERNAL;
    if (before > 0)
        w->path[w->length++] = '.';
    memcpy(w->path + w->length, name, length + 1);
    w->length += length;
    int e = walk(w, value);
    w->length = before;
    w->path[before] = '\0';
    return e;
}

static int walk_items(struct walk *w, json_t *list)
{
    char index[24];
    int e = S2S_OK;
    for (size_t i = 0; e == S2S_OK && i < json_array_size(list); i++) {
        snprintf(index, sizeof(index), "%zu", i);
        e = walk_below(w, index, json_array_get(list, i));
    }
    return e;
}

/* The depth is that of our own layout, not of anything a peer sends. */
static int walk(struct walk *w, json_t *value)
{
    int e = S2S_OK;
    const char *key;
    json_t *member;
    if (json_is_array(value))
        return walk_items(w, value);
    if (!json_is_object(value))
        return add_scalar(w, value);
    json_object_foreach(value, key, member)
    {
        if (e == S2S_OK)
            e = walk_below(w, key, member);
    }
    return e;
}

int json_text_paths(struct buf *paths, json_t *value)
{
    struct walk w = {.paths = paths};
    return walk(&w, value);
}
