/*
 * What the tokenizer says of some input, as one line of text:
 *
 *   <{ns}local name='value'>[text]</>  events; no {ns}: jabber:server
 *   ;  #  .                            an element, the header, the end is there
 *   !code@offset                       an error
 *   ?                                  the input ends inside an item
 */
#ifndef TEST_TRACE_H
#define TEST_TRACE_H

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/error.h"
#include "xml/tokenizer.h"

#define HEADER                                                                 \
    "<stream:stream xmlns='jabber:server' "                                    \
    "xmlns:stream='http://etherx.jabber.org/streams' "                         \
    "xmlns:db='jabber:server:dialback' id='i'>"

static const struct tokenizer_limits usual_limits = {
    .header = 8192,
    .element = 65536,
    .depth = 64,
    .nodes = 16384,
    .attributes = 64,
    .bindings = 64,
    .name = 1024,
};

struct tracer {
    FILE *out;
    bool skip_header; /* say nothing of it */
};

static inline void trace_span(FILE *out, struct tokenizer_span s)
{
    fwrite(s.text, 1, s.length, out);
}

static inline bool is_usual(struct tokenizer_span ns)
{
    return ns.length == 13 && memcmp(ns.text, "jabber:server", 13) == 0;
}

static inline int trace_start(void *user, const struct tokenizer_element *e)
{
    const struct tracer *tracer = user;
    FILE *out = tracer->out;
    if (e->is_header && tracer->skip_header)
        return 0;
    fputc('<', out);
    if (!is_usual(e->ns)) {
        fputc('{', out);
        trace_span(out, e->ns);
        fputc('}', out);
    }
    trace_span(out, e->local);
    for (size_t i = 0; i < e->attribute_count; i++) {
        fputc(' ', out);
        trace_span(out, e->attributes[i].name);
        fputs("='", out);
        trace_span(out, e->attributes[i].value);
        fputc('\'', out);
    }
    fputc('>', out);
    return 0;
}

static inline int trace_text(void *user, const char *text, size_t length)
{
    const struct tracer *tracer = user;
    fprintf(tracer->out, "[%.*s]", (int)length, text);
    return 0;
}

static inline int trace_end(void *user)
{
    const struct tracer *tracer = user;
    fputs("</>", tracer->out);
    return 0;
}

/* How to cut the input: pieces of `step` bytes, or, with 0, at `cut` alone. */
struct cutting {
    size_t step;
    size_t cut;
};

static inline size_t trace_piece(struct cutting c, size_t at, size_t length)
{
    if (c.step == 0)
        return (at < c.cut ? c.cut : length) - at;
    return c.step < length - at ? c.step : length - at;
}

/* An event's bytes are the last ones that were taken. */
static inline void trace_event(FILE *out, const struct tokenizer *t, int event,
                               const uint8_t *taken)
{
    struct tokenizer_span s = tokenizer_verbatim(t);
    fputc(" #;."[event], out);
    if (memcmp(taken - s.length, s.text, s.length) != 0)
        fputs("(not verbatim)", out);
    if (!tokenizer_at_rest(t))
        fputs("(not at rest)", out);
}

/* Offsets are counted from `origin`. */
static inline void trace_feed(struct tokenizer *t, const uint8_t *bytes,
                              size_t length, struct cutting c, size_t origin,
                              FILE *out)
{
    size_t at = 0;
    int r = 0;
    while (at < length && r >= 0) {
        size_t piece = trace_piece(c, at, length);
        while (piece > 0 && r >= 0) {
            size_t used = 0;
            r = tokenizer_feed(t, bytes + at, piece, &used);
            at += used;
            piece -= used;
            if (r > 0)
                trace_event(out, t, r, bytes + at);
            if (r == 0 && piece > 0)
                fputs("(bytes left)", out);
        }
    }
    if (r < 0)
        fprintf(out, "!%s@%ld", error_code_name(r),
                (long)(tokenizer_error_offset(t) - origin));
    else if (!tokenizer_at_rest(t))
        fputc('?', out);
}

/* The trace of some bytes; behind HEADER, of which nothing is said, when
 * `inside`. To be freed. */
static inline char *trace(const struct tokenizer_limits *limits, bool inside,
                          const void *bytes, size_t length, struct cutting c)
{
    char *text = NULL;
    size_t size = 0;
    FILE *out = open_memstream(&text, &size);
    struct tracer tracer = {out, inside};
    struct tokenizer_sink sink = {&tracer, trace_start, trace_text, trace_end};
    struct tokenizer *t = tokenizer_new(&sink, limits);
    size_t origin = 0;
    if (out == NULL || t == NULL)
        abort();
    if (inside &&
        tokenizer_feed(t, HEADER, strlen(HEADER), &origin) != TOKENIZER_HEADER)
        abort();
    trace_feed(t, bytes, length, c, origin, out);
    tokenizer_free(t);
    fclose(out);
    return text;
}

#endif
