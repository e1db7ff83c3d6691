#include "xml/tree.h"

#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include <mxml.h>

#include "base/error.h"
#include "xml/namespace.h"

#if MXML_MAJOR_VERSION >= 4
#define MXML_ELEMENT MXML_TYPE_ELEMENT
#define MXML_OPAQUE  MXML_TYPE_OPAQUE
typedef size_t attribute_index;
#else
typedef int attribute_index;
#define MXML_GLOBALS 4096 /* bytes; more than they need */
#endif

/* A namespace, once for all nodes below the declaration of it. */
struct uri {
    struct uri *next;  /* in memory with it */
    struct uri *outer; /* in scope around it */
    size_t depth;      /* of the element that declares it; the header is 0 */
    size_t length;
    char text[];
};

struct tree {
    mxml_node_t *root;
    mxml_node_t *open; /* the innermost element whose end has not come */
    bool complete;
    size_t depth; /* open elements, the header not counted */
    struct uri *scope;
    struct uri *header_uris; /* kept until the next header */
    struct uri *uris;        /* of the root */
    char *text;              /* NUL-terminated copies, for a moment */
    size_t capacity;
};

/* Mini-XML takes no const nodes, and keeps the pointers it is given. */
static mxml_node_t *node_of(const tree_node *n)
{
    return (mxml_node_t *)(uintptr_t)n;
}

static void free_uris(struct uri **list)
{
    while (*list != NULL) {
        struct uri *next = (*list)->next;
        free(*list);
        *list = next;
    }
}

/*
 * Mini-XML 3 has a block for each thread, made when it first has an error to
 * tell, which is that memory is short; it then writes to NULL. So it is made
 * while there is memory: looking up an entity does.
 */
static bool has_globals(void)
{
#if MXML_MAJOR_VERSION < 4
    void *volatile room = malloc(MXML_GLOBALS); /* not optimised away */
    if (room == NULL)
        return false;
    free(room);
    (void)mxmlEntityGetValue("amp");
#endif
    return true;
}

struct tree *tree_new(void)
{
    if (!has_globals())
        return NULL;
    return calloc(1, sizeof(struct tree));
}

/* Its text buffer stays. */
static void drop_item(struct tree *t)
{
    while (t->scope != NULL && t->scope->depth > 0)
        t->scope = t->scope->outer;
    free_uris(&t->uris);
    mxmlDelete(t->root);
    t->root = NULL;
    t->open = NULL;
    t->complete = false;
    t->depth = 0;
}

void tree_clear(struct tree *t)
{
    drop_item(t);
    free(t->text);
    t->text = NULL;
    t->capacity = 0;
}

void tree_free(struct tree *t)
{
    if (t == NULL)
        return;
    tree_clear(t);
    free_uris(&t->header_uris);
    free(t);
}

/* Make room for `length` bytes of text. */
static int reserve(struct tree *t, size_t length)
{
    if (length <= t->capacity)
        return S2S_OK;
    size_t capacity = length < 128 ? 256 : 2 * length;
    char *text = realloc(t->text, capacity);
    if (text == NULL)
        return S2S_ENO_MEMORY;
    t->text = text;
    t->capacity = capacity;
    return S2S_OK;
}

/* Copy with a NUL behind; there is room. Returns where the next may go. */
static char *terminate(char *to, const char *text, size_t length)
{
    memcpy(to, text, length);
    to[length] = '\0';
    return to + length + 1;
}

static struct uri *find_uri(const struct tree *t, struct tokenizer_span ns)
{
    struct uri *u = t->scope;
    while (u != NULL &&
           !span_equal(ns, (struct tokenizer_span){u->text, u->length}))
        u = u->outer;
    return u;
}

/* The copy in scope of a namespace, made when there is none. */
static struct uri *keep_uri(struct tree *t, struct tokenizer_span ns)
{
    struct uri *u = find_uri(t, ns);
    if (u != NULL)
        return u;
    u = malloc(sizeof(*u) + ns.length + 1);
    if (u == NULL)
        return NULL;
    struct uri **list = t->depth == 0 ? &t->header_uris : &t->uris;
    *u = (struct uri){*list, t->scope, t->depth, ns.length};
    memcpy(u->text, ns.text, ns.length);
    u->text[ns.length] = '\0';
    *list = u;
    t->scope = u;
    return u;
}

static const struct tokenizer_span xml_ns = {NAMESPACE_XML,
                                             sizeof(NAMESPACE_XML) - 1};
static const struct tokenizer_span xmlns_ns = {NAMESPACE_XMLNS,
                                               sizeof(NAMESPACE_XMLNS) - 1};

static bool is_declaration(const struct tokenizer_attribute *a)
{
    return a->value.length != 0 && span_equal(a->ns, xmlns_ns);
}

static int set_uri(mxml_node_t *n, const char *uri)
{
    return mxmlSetUserData(n, (void *)(uintptr_t)uri) == 0 ? S2S_OK
                                                           : S2S_EINTERNAL;
}

/* All declarations get their copy here, once each, so that an element costs
 * no copy and the copies never exceed the bytes that were read. */
static int set_namespace(struct tree *t, const struct tokenizer_element *e)
{
    for (size_t i = 0; i < e->attribute_count; i++) {
        const struct tokenizer_attribute *a = &e->attributes[i];
        if (is_declaration(a) && keep_uri(t, a->value) == NULL)
            return S2S_ENO_MEMORY;
    }
    if (e->ns.length == 0)
        return S2S_OK;
    if (span_equal(e->ns, xml_ns))
        return set_uri(t->open, xml_ns.text);
    struct uri *u = keep_uri(t, e->ns);
    return u != NULL ? set_uri(t->open, u->text) : S2S_ENO_MEMORY;
}

/* mxmlElementSetAttr() reports nothing to us: look at what is there then. The
 * value may be lost alone. (Mini-XML 3 tells its error callback; that is the
 * program's, and by default writes to stderr.) */
static int set_attribute(struct tree *t, const struct tokenizer_attribute *a,
                         attribute_index i)
{
    if (reserve(t, a->name.length + a->value.length + 2) != S2S_OK)
        return S2S_ENO_MEMORY;
    char *value = terminate(t->text, a->name.text, a->name.length);
    terminate(value, a->value.text, a->value.length);
    mxmlElementSetAttr(t->open, t->text, value);
    if (mxmlElementGetAttrCount(t->open) != i + 1 ||
        mxmlElementGetAttrByIndex(t->open, i, NULL) == NULL)
        return S2S_ENO_MEMORY;
    return S2S_OK;
}

/* A new node below the open one. */
static int open_node(struct tree *t, struct tokenizer_span name)
{
    if (reserve(t, name.length + 1) != S2S_OK)
        return S2S_ENO_MEMORY;
    terminate(t->text, name.text, name.length);
    mxml_node_t *n = mxmlNewElement(t->open, t->text);
    if (n == NULL || mxmlGetElement(n) == NULL) {
        mxmlDelete(n);
        return S2S_ENO_MEMORY;
    }
    if (t->open == NULL)
        t->root = n;
    t->open = n;
    return S2S_OK;
}

/* The item before, and with the header what it declared, is over. */
static void begin(struct tree *t, bool is_header)
{
    drop_item(t);
    if (!is_header)
        return;
    t->scope = NULL;
    free_uris(&t->header_uris);
}

static int on_start(void *user, const struct tokenizer_element *e)
{
    struct tree *t = user;
    if (e->is_header || t->depth == 0)
        begin(t, e->is_header);
    if (!e->is_header)
        t->depth++;
    int r = open_node(t, e->name);
    if (r == S2S_OK)
        r = set_namespace(t, e);
    for (size_t i = 0; i < e->attribute_count && r == S2S_OK; i++)
        r = set_attribute(t, &e->attributes[i], (attribute_index)i);
    t->complete = r == S2S_OK && e->is_header;
    return r;
}

static int on_text(void *user, const char *text, size_t length)
{
    struct tree *t = user;
    if (reserve(t, length + 1) != S2S_OK)
        return S2S_ENO_MEMORY;
    terminate(t->text, text, length);
    mxml_node_t *n = mxmlNewOpaque(t->open, t->text);
    return n != NULL && mxmlGetOpaque(n) != NULL ? S2S_OK : S2S_ENO_MEMORY;
}

static int on_end(void *user)
{
    struct tree *t = user;
    while (t->scope != NULL && t->scope->depth == t->depth)
        t->scope = t->scope->outer;
    t->depth--;
    t->open = mxmlGetParent(t->open);
    t->complete = t->depth == 0;
    return S2S_OK;
}

struct tokenizer_sink tree_sink(struct tree *t)
{
    return (struct tokenizer_sink){
        .user = t, .start = on_start, .text = on_text, .end = on_end};
}

/* --- reading --- */

const tree_node *tree_root(const struct tree *t)
{
    return t->complete ? t->root : NULL;
}

const char *tree_ns(const tree_node *n)
{
    const char *ns = mxmlGetUserData(node_of(n));
    return ns != NULL ? ns : "";
}

const char *tree_local(const tree_node *n)
{
    const char *name = mxmlGetElement(node_of(n));
    const char *colon = strchr(name, ':');
    return colon != NULL ? colon + 1 : name;
}

bool tree_is(const tree_node *n, const char *ns, const char *local)
{
    if (mxmlGetType(node_of(n)) != MXML_ELEMENT)
        return false;
    return (local == NULL || strcmp(tree_local(n), local) == 0) &&
           (ns == NULL || strcmp(tree_ns(n), ns) == 0);
}

const char *tree_attribute(const tree_node *n, const char *name)
{
    return mxmlElementGetAttr(node_of(n), name);
}

bool tree_has(const tree_node *n, const char *name, const char *value)
{
    const char *text = tree_attribute(n, name);
    return text != NULL && strcmp(text, value) == 0;
}

static const tree_node *find(mxml_node_t *n, const char *ns, const char *local)
{
    while (n != NULL && !tree_is(n, ns, local))
        n = mxmlGetNextSibling(n);
    return n;
}

const tree_node *tree_first(const tree_node *n, const char *ns,
                            const char *local)
{
    return find(mxmlGetFirstChild(node_of(n)), ns, local);
}

const tree_node *tree_next(const tree_node *n, const char *ns,
                           const char *local)
{
    return find(mxmlGetNextSibling(node_of(n)), ns, local);
}

const char *tree_text(const tree_node *n)
{
    if (tree_first(n, NULL, NULL) != NULL)
        return NULL;
    mxml_node_t *child = mxmlGetFirstChild(node_of(n));
    return child != NULL ? mxmlGetOpaque(child) : "";
}

bool tree_declares(const tree_node *header, const char *ns)
{
    mxml_node_t *n = node_of(header);
    attribute_index count = mxmlElementGetAttrCount(n);
    for (attribute_index i = 0; i < count; i++) {
        const char *name = NULL;
        const char *value = mxmlElementGetAttrByIndex(n, i, &name);
        if (strncmp(name, "xmlns", 5) == 0 &&
            (name[5] == '\0' || name[5] == ':') && strcmp(value, ns) == 0)
            return true;
    }
    return false;
}
