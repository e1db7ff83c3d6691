/* Elements below a stream header, as the tree of a stream shows them, and
 * what is written for one. For files that include cmocka before. */
#ifndef TEST_ELEMENT_H
#define TEST_ELEMENT_H

#include <string.h>

#include "../xml/trace.h"
#include "base/buf.h"
#include "xml/tree.h"
#include "xml/write.h"

#define COUNT(list) (sizeof(list) / sizeof((list)[0]))

struct stream {
    struct tree *tree;
    struct tokenizer *tokenizer;
};

static inline int stream_feed(struct stream *s, const char *xml)
{
    size_t used;
    size_t length = strlen(xml);
    int r = tokenizer_feed(s->tokenizer, xml, length, &used);
    assert_int_equal(used, length);
    return r;
}

static inline void stream_begin(struct stream *s)
{
    s->tree = tree_new();
    assert_non_null(s->tree);
    struct tokenizer_sink sink = tree_sink(s->tree);
    s->tokenizer = tokenizer_new(&sink, &usual_limits);
    assert_non_null(s->tokenizer);
    assert_int_equal(stream_feed(s, HEADER), TOKENIZER_HEADER);
}

static inline void stream_end(struct stream *s)
{
    tokenizer_free(s->tokenizer);
    tree_free(s->tree);
}

/* Lives until the next one. */
static inline const tree_node *stream_element(struct stream *s, const char *xml)
{
    assert_int_equal(stream_feed(s, xml), TOKENIZER_ELEMENT);
    return tree_root(s->tree);
}

static inline void assert_buf(const struct buf *b, const char *text)
{
    assert_int_equal(b->length, strlen(text));
    if (b->length > 0)
        assert_memory_equal(b->data, text, b->length);
}

/*
 * What write() appends, being whole: `text`, which our own tokenizer accepts;
 * and nothing at all where there is room for less.
 */
static inline void assert_written(int (*write)(struct buf *, const void *),
                                  const void *what, const char *text)
{
    struct buf b;
    buf_init(&b, 100000);
    assert_int_equal(write(&b, what), S2S_OK);
    assert_buf(&b, text);
    assert_int_equal(write_check(b.data, b.length, false), S2S_OK);
    buf_free(&b);
    for (size_t room = 0; room < strlen(text); room++) {
        buf_init(&b, 3 + room);
        assert_int_equal(buf_add_text(&b, "abc"), S2S_OK);
        assert_int_equal(write(&b, what), S2S_ELIMIT);
        assert_buf(&b, "abc");
        buf_free(&b);
    }
}

static inline void assert_text(const char *got, const char *expected)
{
    if (expected == NULL)
        assert_null(got);
    else
        assert_non_null(got);
    if (expected != NULL)
        assert_string_equal(got, expected);
}

#endif
