#include "api/node.h"

void node_put(struct node *n, const char *key, json_t *value)
{
    if (json_object_set_new(n->value, key, value) != 0)
        n->failed = true;
}

void node_put_text(struct node *n, const char *key, const char *text)
{
    if (text != NULL)
        node_put(n, key, json_string(text));
}

void node_put_bool(struct node *n, const char *key, bool value)
{
    node_put(n, key, json_boolean(value));
}

void node_put_true(struct node *n, const char *key, bool value)
{
    if (value)
        node_put_bool(n, key, true);
}

void node_put_number(struct node *n, const char *key, int64_t value)
{
    node_put(n, key, json_integer(value));
}

struct node node_object(void)
{
    struct node n = {json_object(), false};
    n.failed = n.value == NULL;
    return n;
}

struct node node_array(void)
{
    struct node n = {json_array(), false};
    n.failed = n.value == NULL;
    return n;
}

void node_append(struct node *list, json_t *value)
{
    if (json_array_append_new(list->value, value) != 0)
        list->failed = true;
}

void node_append_node(struct node *list, struct node *n)
{
    list->failed = list->failed || n->failed;
    node_append(list, n->value);
}

void node_put_node(struct node *n, const char *key, struct node *child)
{
    n->failed = n->failed || child->failed;
    node_put(n, key, child->value);
}
