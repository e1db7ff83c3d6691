/* JSON under construction. */
#ifndef API_NODE_H
#define API_NODE_H

#include <jansson.h>
#include <stdbool.h>
#include <stdint.h>

/*
 * An object or array under construction. `failed` sticks: one look at the end
 * is enough. Absent values (NULL, -1) leave no member.
 */
struct node {
    json_t *value;
    bool failed;
};

void node_put(struct node *n, const char *key, json_t *value);
void node_put_text(struct node *n, const char *key, const char *text);
void node_put_bool(struct node *n, const char *key, bool value);
void node_put_true(struct node *n, const char *key, bool value);
void node_put_number(struct node *n, const char *key, int64_t value);
struct node node_object(void);
struct node node_array(void);
void node_append(struct node *list, json_t *value);
void node_append_node(struct node *list, struct node *n);
void node_put_node(struct node *n, const char *key, struct node *child);

#endif
