/* JSON while it is written, and beside it the paths of its scalars. */
#ifndef API_NODE_H
#define API_NODE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/buf.h"

#define NODE_DEPTH 8
#define NODE_PATH  128

/*
 * Objects and arrays are opened, filled and closed; `key` is NULL in an array.
 * An error sticks: one look at the end is enough. Absent values (NULL, -1)
 * leave no member. Texts that are not UTF-8, cut ones of strangers, are not
 * repeated.
 */
struct node {
    struct buf text;
    struct buf *paths; /* "path\0value\0" for each: "tls.protocol" */
    int error;
    struct {
        bool list;
        uint32_t count;
        size_t length; /* of the path to it */
    } levels[NODE_DEPTH];
    size_t depth;
    char path[NODE_PATH]; /* to what was written last */
    size_t length;
};

/* One object, to be filled and ended. */
void node_begin(struct node *n, struct buf *paths);
/* `*out`: a NUL-terminated text, to be freed. S2S_OK or the first error. */
int node_end(struct node *n, char **out);

void node_open(struct node *n, const char *key);
void node_open_list(struct node *n, const char *key);
void node_close(struct node *n);

void node_put_text(struct node *n, const char *key, const char *text);
void node_put_bool(struct node *n, const char *key, bool value);
void node_put_true(struct node *n, const char *key, bool value);
void node_put_number(struct node *n, const char *key, int64_t value);
/* Microseconds, as milliseconds with a fraction. */
void node_put_ms(struct node *n, const char *key, int64_t us);

#endif
