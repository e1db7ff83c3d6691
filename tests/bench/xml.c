/*
 * xml [--smoke]: how fast XML is read, next to Expat (with namespaces and
 * handlers) and to Mini-XML's own parser.
 *
 * Rounds are interleaved, so that all readers see the same machine, and the
 * best of each counts. Mini-XML reads one stanza a call, from memory; the
 * others get the stream in chunks.
 */
#include <expat.h>
#include <mxml.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "xml/tokenizer.h"
#include "xml/tree.h"

#include "bench.h"
#include "corpus.h"

#define LENGTH       3000000u
#define SMOKE_LENGTH 70000u
#define ROUNDS       9

static const struct tokenizer_limits limits = {
    .header = 8192,
    .element = 524288,
    .depth = 64,
    .nodes = 16384,
    .attributes = 64,
    .bindings = 64,
    .name = 1024,
};

/* ---- Readers: each returns how many stanzas it saw ---- */

static int on_start(void *user, const struct tokenizer_element *element)
{
    (void)user;
    (void)element;
    return 0;
}

static int on_text(void *user, const char *text, size_t length)
{
    (void)user;
    (void)text;
    (void)length;
    return 0;
}

static int on_end(void *user)
{
    (void)user;
    return 0;
}

static size_t feed(struct tokenizer *t, const char *bytes, size_t length)
{
    size_t seen = 0;
    while (length > 0) {
        size_t used;
        int event = tokenizer_feed(t, bytes, length, &used);
        bench_must(event >= 0, tokenizer_error_text(t));
        bytes += used;
        length -= used;
        seen += event == TOKENIZER_ELEMENT;
    }
    return seen;
}

static size_t tokenize(const struct corpus *c, size_t chunk,
                       const struct tokenizer_sink *sink)
{
    struct tokenizer *t = tokenizer_new(sink, &limits);
    size_t seen = 0;
    bench_must(t != NULL, "no memory");
    for (size_t at = 0; at < c->length; at += chunk)
        seen += feed(t, c->stream + at,
                     c->length - at < chunk ? c->length - at : chunk);
    tokenizer_free(t);
    return seen;
}

static size_t read_tokens(const struct corpus *c, size_t chunk)
{
    const struct tokenizer_sink sink = {NULL, on_start, on_text, on_end};
    return tokenize(c, chunk, &sink);
}

static size_t read_trees(const struct corpus *c, size_t chunk)
{
    struct tree *tree = tree_new();
    bench_must(tree != NULL, "no memory");
    const struct tokenizer_sink sink = tree_sink(tree);
    size_t seen = tokenize(c, chunk, &sink);
    tree_free(tree);
    return seen;
}

struct expat_count {
    size_t depth, seen;
};

static void expat_start(void *user, const XML_Char *name, const XML_Char **a)
{
    struct expat_count *count = user;
    (void)name;
    (void)a;
    count->depth++;
}

static void expat_end(void *user, const XML_Char *name)
{
    struct expat_count *count = user;
    (void)name;
    count->depth--;
    count->seen += count->depth == 1;
}

static void expat_text(void *user, const XML_Char *text, int length)
{
    (void)user;
    (void)text;
    (void)length;
}

static size_t read_expat(const struct corpus *c, size_t chunk)
{
    struct expat_count count = {0, 0};
    XML_Parser p = XML_ParserCreateNS("UTF-8", '|');
    bench_must(p != NULL, "no memory");
    XML_SetUserData(p, &count);
    XML_SetElementHandler(p, expat_start, expat_end);
    XML_SetCharacterDataHandler(p, expat_text);
    for (size_t at = 0; at < c->length; at += chunk) {
        size_t n = c->length - at < chunk ? c->length - at : chunk;
        bench_must(XML_Parse(p, c->stream + at, (int)n, 0) == XML_STATUS_OK,
                   "Expat refuses a corpus");
    }
    XML_ParserFree(p);
    return count.seen;
}

static size_t read_mxml(const struct corpus *c, size_t chunk)
{
    size_t seen = 0;
    (void)chunk;
    for (size_t i = 0; i < c->count; i++) {
        mxml_node_t *n = mxmlLoadString(NULL, c->stanza, MXML_OPAQUE_CALLBACK);
        seen += n != NULL;
        mxmlDelete(n);
    }
    return seen;
}

/* ---- Measuring ---- */

enum { TOKENS, TREES, EXPAT, MXML, READERS };

static const struct reader {
    const char *name;
    size_t (*read)(const struct corpus *c, size_t chunk);
} readers[READERS] = {
    [TOKENS] = {"tokenizer", read_tokens},
    [TREES] = {"tokenizer+tree", read_trees},
    [EXPAT] = {"expat-ns", read_expat},
    [MXML] = {"mxmlLoadString", read_mxml},
};

static const size_t chunks[] = {16384, 1460};

enum { CHUNKS = sizeof(chunks) / sizeof(chunks[0]) };

static double megabytes_a_second(const struct reader *r, const struct corpus *c,
                                 size_t chunk)
{
    int64_t begin = bench_now_ns();
    size_t seen = r->read(c, chunk);
    int64_t end = bench_now_ns();
    bench_must(seen == c->count, r->name);
    return (double)c->length * 1e3 / (double)(end - begin);
}

static void measure(const struct corpus *c, size_t chunk, int rounds,
                    double best[READERS])
{
    memset(best, 0, READERS * sizeof(*best));
    for (int round = 0; round < rounds; round++)
        for (size_t i = 0; i < READERS; i++) {
            double speed = megabytes_a_second(&readers[i], c, chunk);
            if (speed > best[i])
                best[i] = speed;
        }
}

/* ---- Telling ---- */

static void print_head(void)
{
    printf("# %-12s %5s", "MB/s", "chunk");
    for (size_t i = 0; i < READERS; i++)
        printf(" %14s", readers[i].name);
    printf("   x expat: tokenizer  +tree   x mxml: +tree\n");
}

static void print_row(const char *name, size_t chunk, const double *best)
{
    printf("# %-12s %5zu", name, chunk);
    for (size_t i = 0; i < READERS; i++)
        printf(" %14.0f", best[i]);
    printf("   %18.2f %6.2f %15.2f\n", best[TOKENS] / best[EXPAT],
           best[TREES] / best[EXPAT], best[TREES] / best[MXML]);
    fflush(stdout);
}

static double smaller(double a, double b)
{
    return a < b ? a : b;
}

int main(int argc, char **argv)
{
    bool smoke = bench_smoke(argc, argv);
    double tokens = 1e9, trees = 1e9, trees_mxml = 1e9;
    print_head();
    for (size_t k = 0; k < CHUNKS; k++)
        for (size_t i = 0; i < CORPUS_COUNT; i++) {
            struct corpus c;
            double best[READERS];
            corpus_make(&c, i, smoke ? SMOKE_LENGTH : LENGTH);
            measure(&c, chunks[k], smoke ? 1 : ROUNDS, best);
            print_row(corpus_names[i], chunks[k], best);
            tokens = smaller(tokens, best[TOKENS] / best[EXPAT]);
            trees = smaller(trees, best[TREES] / best[EXPAT]);
            trees_mxml = smaller(trees_mxml, best[TREES] / best[MXML]);
            corpus_free(&c);
        }
    bench_report("xml.tokenizer-by-expat-worst", tokens, 2, ">=1");
    bench_report("xml.tree-by-expat-worst", trees, 2, ">=1");
    bench_report("xml.tree-by-mxml-worst", trees_mxml, 2, ">=1");
    return EXIT_SUCCESS;
}
