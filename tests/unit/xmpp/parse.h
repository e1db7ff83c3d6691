/* Headers and elements as the tokenizer and the tree make them, for tests. */
#ifndef TESTS_UNIT_XMPP_PARSE_H
#define TESTS_UNIT_XMPP_PARSE_H

#include <string.h>

#include "xml/tree.h"

#define COUNT(list) (sizeof(list) / sizeof((list)[0]))

/* What elements stand in: the prefixes stream: and db:, jabber:server. */
#define PARSE_STREAM                                                           \
    "<stream:stream xmlns='jabber:server' "                                    \
    "xmlns:stream='http://etherx.jabber.org/streams' "                         \
    "xmlns:db='jabber:server:dialback'>"

struct parse {
    struct tree *tree;
    struct tokenizer *tokenizer;
};

static inline void parse_open(struct parse *p)
{
    const struct tokenizer_limits limits = {
        .header = 1u << 20,
        .element = 1u << 20,
        .depth = 64,
        .nodes = 16384,
        .attributes = 64,
        .bindings = 64,
        .name = 1u << 16,
    };
    p->tree = tree_new();
    assert_non_null(p->tree);
    struct tokenizer_sink sink = tree_sink(p->tree);
    p->tokenizer = tokenizer_new(&sink, &limits);
    assert_non_null(p->tokenizer);
}

static inline void parse_close(struct parse *p)
{
    tokenizer_free(p->tokenizer);
    tree_free(p->tree);
}

static inline const tree_node *parse_feed(struct parse *p, const char *text,
                                          int event)
{
    size_t used = 0;
    assert_int_equal(tokenizer_feed(p->tokenizer, text, strlen(text), &used),
                     event);
    assert_int_equal(used, strlen(text));
    return tree_root(p->tree);
}

/* A stream header, the first and only one. */
static inline const tree_node *parse_header(struct parse *p, const char *text)
{
    parse_open(p);
    return parse_feed(p, text, TOKENIZER_HEADER);
}

/* A top-level element of a stream. */
static inline const tree_node *parse_element(struct parse *p, const char *text)
{
    parse_header(p, PARSE_STREAM);
    return parse_feed(p, text, TOKENIZER_ELEMENT);
}

#endif
