#include "api/node.h"

#include <inttypes.h>
#include <stdio.h>
#include <string.h>

#include "base/error.h"
#include "base/utf8.h"

#define JSON_MAX   (8u << 20)
#define NUMBER_MAX 40

static void add(struct node *n, const char *bytes, size_t length)
{
    if (n->error == S2S_OK)
        n->error = buf_add(&n->text, bytes, length);
}

static void add_text(struct node *n, const char *text)
{
    add(n, text, strlen(text));
}

/* ---- Where it is ---- */

/* The name of a member or an item is ours, and no path is near the limit. */
static void extend_path(struct node *n, size_t from, const char *name)
{
    size_t length = strlen(name);
    if (from + length + 2 > sizeof(n->path)) {
        n->error = S2S_EINTERNAL;
        return;
    }
    if (from > 0)
        n->path[from++] = '.';
    memcpy(n->path + from, name, length + 1);
    n->length = from + length;
}

static void begin_value(struct node *n, const char *key)
{
    char index[16];
    if (n->error != S2S_OK)
        return;
    bool list = n->levels[n->depth - 1].list;
    uint32_t count = n->levels[n->depth - 1].count++;
    if (list) {
        snprintf(index, sizeof(index), "%" PRIu32, count);
        key = index;
    }
    if (count > 0)
        add_text(n, ",");
    if (!list) {
        add_text(n, "\"");
        add_text(n, key);
        add_text(n, "\":");
    }
    extend_path(n, n->levels[n->depth - 1].length, key);
}

static void enter(struct node *n, bool list)
{
    if (n->error == S2S_OK && n->depth == NODE_DEPTH)
        n->error = S2S_EINTERNAL;
    if (n->error != S2S_OK)
        return;
    n->levels[n->depth].list = list;
    n->levels[n->depth].count = 0;
    n->levels[n->depth].length = n->length;
    n->depth++;
    add_text(n, list ? "[" : "{");
}

void node_open(struct node *n, const char *key)
{
    begin_value(n, key);
    enter(n, false);
}

void node_open_list(struct node *n, const char *key)
{
    begin_value(n, key);
    enter(n, true);
}

void node_close(struct node *n)
{
    if (n->error != S2S_OK)
        return;
    n->depth--;
    add_text(n, n->levels[n->depth].list ? "]" : "}");
}

void node_begin(struct node *n, struct buf *paths)
{
    *n = (struct node){.paths = paths, .error = S2S_OK};
    buf_init(&n->text, JSON_MAX);
    enter(n, false);
}

int node_end(struct node *n, char **out)
{
    node_close(n);
    add(n, "", 1);
    if (n->error == S2S_OK)
        *out = (char *)n->text.data;
    else
        buf_free(&n->text);
    return n->error;
}

/* ---- Scalars ---- */

static void note(struct node *n, const char *value)
{
    if (n->error == S2S_OK)
        n->error = buf_add(n->paths, n->path, n->length + 1);
    if (n->error == S2S_OK)
        n->error = buf_add(n->paths, value, strlen(value) + 1);
}

static void escape(struct node *n, unsigned char c)
{
    static const char names[] = "\bb\ff\nn\rr\tt\"\"\\\\";
    char text[8];
    for (size_t k = 0; k + 1 < sizeof(names); k += 2) {
        if ((unsigned char)names[k] != c)
            continue;
        snprintf(text, sizeof(text), "\\%c", names[k + 1]);
        add_text(n, text);
        return;
    }
    snprintf(text, sizeof(text), "\\u%04X", (unsigned)c);
    add_text(n, text);
}

void node_put_text(struct node *n, const char *key, const char *text)
{
    if (text == NULL)
        return;
    if (!utf8_valid(text, strlen(text)))
        text = "(not UTF-8)";
    begin_value(n, key);
    note(n, text);
    add_text(n, "\"");
    while (*text != '\0') {
        size_t plain = 0;
        while ((unsigned char)text[plain] >= ' ' && text[plain] != '"' &&
               text[plain] != '\\')
            plain++;
        add(n, text, plain);
        text += plain;
        if (*text != '\0')
            escape(n, (unsigned char)*text++);
    }
    add_text(n, "\"");
}

static void put_scalar(struct node *n, const char *key, const char *text,
                       const char *value)
{
    begin_value(n, key);
    note(n, value);
    add_text(n, text);
}

void node_put_bool(struct node *n, const char *key, bool value)
{
    const char *text = value ? "true" : "false";
    put_scalar(n, key, text, text);
}

void node_put_true(struct node *n, const char *key, bool value)
{
    if (value)
        node_put_bool(n, key, true);
}

void node_put_number(struct node *n, const char *key, int64_t value)
{
    char text[NUMBER_MAX];
    snprintf(text, sizeof(text), "%" PRId64, value);
    put_scalar(n, key, text, text);
}

void node_put_ms(struct node *n, const char *key, int64_t us)
{
    char text[NUMBER_MAX], value[NUMBER_MAX];
    if (us < 0)
        return;
    int length = snprintf(value, sizeof(value), "%" PRId64 ".%03d", us / 1000,
                          (int)(us % 1000));
    memcpy(text, value, sizeof(text));
    for (int k = 1; k < 3 && text[length - k] == '0'; k++)
        text[length - k] = '\0';
    put_scalar(n, key, text, value);
}
