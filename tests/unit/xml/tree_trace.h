/* A tree, written as trace.h writes events. */
#ifndef TEST_TREE_TRACE_H
#define TEST_TREE_TRACE_H

#include <mxml.h>

#include "trace.h"
#include "xml/tree.h"

#if MXML_MAJOR_VERSION >= 4
#define MXML_ELEMENT MXML_TYPE_ELEMENT
typedef size_t attribute_index;
#else
typedef int attribute_index;
#endif

static inline mxml_node_t *node_of(const tree_node *n)
{
    return (mxml_node_t *)(uintptr_t)n;
}

static inline void write_start(FILE *out, const tree_node *n)
{
    mxml_node_t *node = node_of(n);
    attribute_index count = mxmlElementGetAttrCount(node);
    fputc('<', out);
    if (strcmp(tree_ns(n), "jabber:server") != 0)
        fprintf(out, "{%s}", tree_ns(n));
    fputs(tree_local(n), out);
    for (attribute_index i = 0; i < count; i++) {
        const char *name = NULL;
        const char *value = mxmlElementGetAttrByIndex(node, i, &name);
        assert_ptr_equal(tree_attribute(n, name), value);
        fprintf(out, " %s='%s'", name, value);
    }
    fputc('>', out);
}

static inline void write_node(FILE *out, mxml_node_t *n)
{
    if (mxmlGetType(n) == MXML_ELEMENT)
        write_start(out, n);
    else
        fprintf(out, "[%s]", mxmlGetOpaque(n));
}

static inline void write_tree(FILE *out, const tree_node *root)
{
    mxml_node_t *n = node_of(root);
    bool down = true;
    while (down || n != node_of(root)) {
        if (down)
            write_node(out, n);
        mxml_node_t *child = down ? mxmlGetFirstChild(n) : NULL;
        mxml_node_t *sibling = mxmlGetNextSibling(n);
        if (child != NULL) {
            n = child;
            continue;
        }
        if (mxmlGetType(n) == MXML_ELEMENT)
            fputs("</>", out);
        down = n != node_of(root) && sibling != NULL;
        if (n == node_of(root))
            return;
        n = down ? sibling : mxmlGetParent(n);
    }
    fputs("</>", out);
}

#endif
