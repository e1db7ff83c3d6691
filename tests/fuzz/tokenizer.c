/*
 * The tokenizer: the same bytes whole and in pieces give the same events,
 * errors and offsets. The first byte of the input says how they are cut.
 */
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "xml/tokenizer.h"

struct seen { /* a digest of the events, FNV-1a */
    uint64_t digest;
};

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static void must(bool condition)
{
    if (!condition)
        abort();
}

static void mix(struct seen *s, const char *text, size_t length)
{
    for (size_t i = 0; i < length; i++)
        s->digest = (s->digest ^ (uint8_t)text[i]) * UINT64_C(1099511628211);
    s->digest = (s->digest ^ 0x1ff) * UINT64_C(1099511628211);
}

static void mix_span(struct seen *s, struct tokenizer_span span)
{
    mix(s, span.text, span.length);
}

static int on_start(void *user, const struct tokenizer_element *e)
{
    mix(user, e->is_header ? "header" : "start", 5);
    mix_span(user, e->name);
    mix_span(user, e->local);
    mix_span(user, e->ns);
    for (size_t i = 0; i < e->attribute_count; i++) {
        mix_span(user, e->attributes[i].name);
        mix_span(user, e->attributes[i].ns);
        mix_span(user, e->attributes[i].value);
    }
    return 0;
}

static int on_text(void *user, const char *text, size_t length)
{
    must(length > 0);
    mix(user, "text", 4);
    mix(user, text, length);
    return 0;
}

static int on_end(void *user)
{
    mix(user, "end", 3);
    return 0;
}

/* Feed in pieces of `piece` bytes; the digest says all that happened. */
static uint64_t run(const uint8_t *data, size_t size, size_t piece)
{
    static const struct tokenizer_limits limits = {
        .header = 512,
        .element = 2048,
        .depth = 8,
        .nodes = 64,
        .attributes = 8,
        .bindings = 8,
        .name = 64,
    };
    struct seen seen = {UINT64_C(14695981039346656037)};
    const struct tokenizer_sink sink = {&seen, on_start, on_text, on_end};
    struct tokenizer *t = tokenizer_new(&sink, &limits);
    must(t != NULL);
    int event = TOKENIZER_MORE;
    for (size_t at = 0; at < size && event >= 0;) {
        size_t left = size - at;
        size_t used = 0;
        event =
            tokenizer_feed(t, data + at, left < piece ? left : piece, &used);
        must(used <= left && (used > 0 || event != TOKENIZER_MORE));
        at += used;
        if (event == TOKENIZER_MORE)
            continue;
        char line[64];
        int n =
            snprintf(line, sizeof(line), "%d %llu", event,
                     event < 0 ? (unsigned long long)tokenizer_error_offset(t)
                               : (unsigned long long)at);
        mix(&seen, line, (size_t)n);
        if (event == TOKENIZER_ELEMENT)
            mix_span(&seen, tokenizer_verbatim(t));
        if (tokenizer_at_rest(t))
            tokenizer_compact(t);
    }
    tokenizer_free(t);
    return seen.digest;
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    if (size == 0)
        return 0;
    size_t piece = 1u + data[0] % 16u;
    uint64_t whole = run(data + 1, size - 1, SIZE_MAX);
    must(run(data + 1, size - 1, piece) == whole);
    must(run(data + 1, size - 1, 1) == whole);
    return 0;
}
