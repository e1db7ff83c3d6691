/*
 * Mini-XML trees, built from the tokenizer's events and never by Mini-XML's
 * parser. Nothing else in the library includes <mxml.h>.
 *
 * A tree holds one item at a time: the header, or one top-level element. Any
 * prefix is understood; look-ups are by namespace and local name.
 */
#ifndef XML_TREE_H
#define XML_TREE_H

#include <stdbool.h>
#include <stddef.h>

#include "xml/tokenizer.h"

struct tree;
typedef struct _mxml_node_s tree_node; /* Mini-XML's own node */

struct tree *tree_new(void); /* NULL when there is no memory */
void tree_free(struct tree *t);

/* Events for the tokenizer. A new header or top-level element replaces what
 * the tree held. Fails with S2S_ENO_MEMORY. */
struct tokenizer_sink tree_sink(struct tree *t);

/* The header or element that is complete now, or NULL. Belongs to the tree,
 * and lives until the next one begins. */
const tree_node *tree_root(const struct tree *t);
/* Forget it, and give its memory back. */
void tree_clear(struct tree *t);

/* NULL matches any. */
bool tree_is(const tree_node *n, const char *ns, const char *local);
const char *tree_ns(const tree_node *n); /* "" for none */
const char *tree_local(const tree_node *n);

/* An attribute by its name as written ("id", "xml:lang"), or NULL. Attributes
 * without a prefix have no namespace; xml: is the same prefix everywhere. */
const char *tree_attribute(const tree_node *n, const char *name);
/* Whether it is there, with this value. */
bool tree_has(const tree_node *n, const char *name, const char *value);

/* Child elements. NULL ns or local matches any. */
const tree_node *tree_first(const tree_node *n, const char *ns,
                            const char *local);
const tree_node *tree_next(const tree_node *n, const char *ns,
                           const char *local);

/* The text of an element that has no child element: "" when empty, NULL when
 * it has one. Not trimmed. */
const char *tree_text(const tree_node *n);

/* Whether the header declares this namespace, by whatever prefix. */
bool tree_declares(const tree_node *header, const char *ns);

#endif
