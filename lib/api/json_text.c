#include "api/json_text.h"

#include <stdio.h>
#include <string.h>

#include "base/error.h"

#define JSON_MAX       (8u << 20)
#define PATH_MAX_BYTES 128

static int dump(const char *bytes, size_t length, void *user)
{
    return buf_add(user, bytes, length) == S2S_OK ? 0 : -1;
}

int json_text_make(const json_t *value, char **out)
{
    struct buf b;
    buf_init(&b, JSON_MAX);
    if (json_dump_callback(value, dump, &b,
                           JSON_COMPACT | JSON_REAL_PRECISION(9)) != 0 ||
        buf_add(&b, "", 1) != S2S_OK) {
        buf_free(&b);
        return S2S_ENO_MEMORY;
    }
    *out = (char *)b.data;
    return S2S_OK;
}

static int add_path(struct buf *paths, const char *path, const json_t *value)
{
    char number[40];
    const char *text = number;
    if (json_is_string(value))
        text = json_string_value(value);
    else if (json_is_boolean(value))
        text = json_is_true(value) ? "true" : "false";
    else if (json_is_integer(value))
        snprintf(number, sizeof(number), "%" JSON_INTEGER_FORMAT,
                 json_integer_value(value));
    else
        snprintf(number, sizeof(number), "%.3f", json_real_value(value));
    int e = buf_add(paths, path, strlen(path) + 1);
    return e == S2S_OK ? buf_add(paths, text, strlen(text) + 1) : e;
}

static int walk(struct buf *paths, const char *path, json_t *value);

static int walk_member(struct buf *paths, const char *path, const char *key,
                       json_t *value)
{
    char longer[PATH_MAX_BYTES];
    snprintf(longer, sizeof(longer), "%s%s%s", path, path[0] ? "." : "", key);
    return walk(paths, longer, value);
}

/* The depth is that of the layout above, not of anything a peer sends. */
static int walk(struct buf *paths, const char *path, json_t *value)
{
    int e = S2S_OK;
    const char *key;
    json_t *member;
    if (json_is_object(value)) {
        json_object_foreach(value, key, member)
        {
            if (e == S2S_OK)
                e = walk_member(paths, path, key, member);
        }
        return e;
    }
    if (!json_is_array(value))
        return add_path(paths, path, value);
    for (size_t i = 0; e == S2S_OK && i < json_array_size(value); i++) {
        char index[24];
        snprintf(index, sizeof(index), "%zu", i);
        e = walk_member(paths, path, index, json_array_get(value, i));
    }
    return e;
}

int json_text_paths(struct buf *paths, json_t *value)
{
    return walk(paths, "", value);
}
