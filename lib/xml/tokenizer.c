#include "xml/tokenizer.h"

#include <stdlib.h>
#include <string.h>

#include "base/error.h"
#include "base/utf8.h"
#include "xml/chars.h"
#include "xml/scan.h"

/* Bytes are taken in pieces of this size, or of that of the item so far. What
 * was taken too much, behind the item's end, is given back. */
#define PIECE 256u

/* What may come between two items. */
enum phase {
    AT_START,
    BEFORE_ROOT, /* white space or the XML declaration has come */
    IN_STREAM,
    AFTER_STREAM
};

struct tokenizer {
    struct item item;
    enum phase phase;
    bool in_item;
    uint64_t base; /* offset of the item, or of the next byte between two */
    size_t spent;  /* bytes before the item that count against its limit */
    int error;
    uint64_t error_offset;
    const char *error_text;
};

struct tokenizer_limits tokenizer_limits_of(const s2s_limits *limits)
{
    return (struct tokenizer_limits){
        .header = limits->header,
        .element = limits->element,
        .depth = limits->depth,
        .nodes = limits->nodes,
        .attributes = limits->attributes,
        .bindings = limits->bindings,
        .name = limits->name,
    };
}

struct tokenizer *tokenizer_new(const struct tokenizer_sink *sink,
                                const struct tokenizer_limits *limits)
{
    struct tokenizer *t = calloc(1, sizeof(*t));
    if (t == NULL)
        return NULL;
    elements_init(&t->item.elements, sink, limits);
    buf_init(&t->item.bytes, UINT32_MAX);
    t->error_text = "";
    return t;
}

void tokenizer_free(struct tokenizer *t)
{
    if (t == NULL)
        return;
    elements_free(&t->item.elements);
    buf_free(&t->item.bytes);
    free(t);
}

static int fail(struct tokenizer *t, int error, size_t at, const char *text)
{
    t->error = error;
    t->error_offset = t->base + at;
    t->error_text = text;
    return error;
}

/* How many more bytes may come until the next event. */
static size_t room(const struct tokenizer *t)
{
    const struct tokenizer_limits *limits = &t->item.elements.limits;
    bool header = t->phase == AT_START || t->phase == BEFORE_ROOT;
    size_t limit = header ? limits->header : limits->element;
    size_t spent = t->spent + (t->in_item ? t->item.bytes.length : 0);
    return spent < limit ? limit - spent : 0;
}

static void begin_item(struct tokenizer *t)
{
    static const enum item_state first[] = {
        [AT_START] = IN_FIRST,
        [BEFORE_ROOT] = IN_ROOT,
        [IN_STREAM] = IN_MARKUP,
    };
    scan_begin(&t->item, first[t->phase]);
    t->in_item = true;
}

/* A byte that neither begins an item nor is white space. */
static int stray(struct tokenizer *t, uint8_t byte)
{
    static const char *const texts[] = {
        [AT_START] = "not an XML document",
        [BEFORE_ROOT] = "text before the stream",
        [IN_STREAM] = "text between elements",
        [AFTER_STREAM] = "data after the end of the stream",
    };
    uint32_t code;
    if (!t->item.declared && t->item.elements.root == NULL)
        return fail(t, S2S_ENOT_XMPP, 0, texts[AT_START]);
    if (utf8_decode(&byte, 1, &code) < 0)
        return fail(t, S2S_EENCODING, 0, "not UTF-8");
    return fail(t, S2S_EXML, 0, texts[t->phase]);
}

/* Between two items: skip white space up to the next one's first byte. */
static int between(struct tokenizer *t, const uint8_t *bytes, size_t length,
                   size_t *used)
{
    const uint8_t *p = bytes + *used;
    size_t left = length - *used;
    size_t most = room(t);
    size_t n =
        (size_t)(chars_skip(p, p + (left < most ? left : most), CHARS_SPACE) -
                 p);
    *used += n;
    t->base += n;
    t->spent += n;
    if (n != 0 && t->phase == AT_START)
        t->phase = BEFORE_ROOT;
    if (n == left)
        return S2S_OK;
    if (n == most)
        return fail(t, S2S_ELIMIT, 0, "too long");
    if (t->phase == AFTER_STREAM ||
        (p[n] != '<' && (p[n] != 0xef || t->phase != AT_START)))
        return stray(t, p[n]);
    begin_item(t);
    return S2S_OK;
}

/* Add a piece of the input to the item. */
static int take_piece(struct tokenizer *t, const uint8_t *bytes, size_t length,
                      size_t *used)
{
    struct buf *item = &t->item.bytes;
    size_t n = item->length > PIECE ? item->length : PIECE;
    size_t most = room(t);
    if (most == 0)
        return fail(t, S2S_ELIMIT, item->length, "too long");
    n = n < most ? n : most;
    n = n < length - *used ? n : length - *used;
    if (buf_add(item, bytes + *used, n) != S2S_OK)
        return fail(t, S2S_ENO_MEMORY, item->length, "out of memory");
    *used += n;
    return S2S_OK;
}

/* The item ends at s->at. Give back what is behind it. */
static int end_item(struct tokenizer *t, int result, size_t *used)
{
    static const struct {
        enum phase phase;
        int event;
    } ends[] = {
        [ITEM_DECLARED] = {BEFORE_ROOT, TOKENIZER_MORE},
        [ITEM_HEADER] = {IN_STREAM, TOKENIZER_HEADER},
        [ITEM_ELEMENT] = {IN_STREAM, TOKENIZER_ELEMENT},
        [ITEM_FOOTER] = {AFTER_STREAM, TOKENIZER_FOOTER},
    };
    struct item *i = &t->item;
    *used -= i->bytes.length - i->at;
    i->bytes.length = i->at;
    t->base += i->at;
    t->spent = result == ITEM_DECLARED ? i->at : 0;
    t->phase = ends[result].phase;
    t->in_item = false;
    return ends[result].event;
}

static int inside(struct tokenizer *t, const uint8_t *bytes, size_t length,
                  size_t *used)
{
    int r = take_piece(t, bytes, length, used);
    if (r != S2S_OK)
        return r;
    r = scan_run(&t->item);
    if (r < 0)
        return fail(t, r, t->item.fault.at, t->item.fault.text);
    return r == ITEM_MORE ? TOKENIZER_MORE : end_item(t, r, used);
}

int tokenizer_feed(struct tokenizer *t, const void *bytes, size_t length,
                   size_t *used)
{
    int r = t->error;
    *used = 0;
    if (!t->in_item)
        t->item.bytes.length = 0;
    while (r == TOKENIZER_MORE && *used < length) {
        if (t->in_item)
            r = inside(t, bytes, length, used);
        else
            r = between(t, bytes, length, used);
    }
    return r;
}

struct tokenizer_span tokenizer_verbatim(const struct tokenizer *t)
{
    const struct buf *item = &t->item.bytes;
    return (struct tokenizer_span){(const char *)item->data, item->length};
}

uint64_t tokenizer_error_offset(const struct tokenizer *t)
{
    return t->error_offset;
}

const char *tokenizer_error_text(const struct tokenizer *t)
{
    return t->error_text;
}

bool tokenizer_at_rest(const struct tokenizer *t)
{
    return !t->in_item;
}

void tokenizer_set_element_limit(struct tokenizer *t, uint32_t bytes,
                                 uint32_t nodes)
{
    t->item.elements.limits.element = bytes;
    t->item.elements.limits.nodes = nodes;
}

void tokenizer_compact(struct tokenizer *t)
{
    if (t->in_item)
        return;
    elements_compact(&t->item.elements);
    buf_free(&t->item.bytes);
}
