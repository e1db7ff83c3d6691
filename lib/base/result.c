#include "base/result.h"

#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/utf8.h"

#define ARENA_LIMIT (4u << 20)
#define RESERVE     (64u << 10) /* for how it ended, when the rest is full */
#define SMALL       2048u       /* what the reserve is for */
#define PATHS_LIMIT (4 * ARENA_LIMIT)
#define MESSAGE_MAX 512

static const int stages[] = {
    S2S_STAGE_QUEUE,    S2S_STAGE_DNS,  S2S_STAGE_TCP,      S2S_STAGE_STREAM,
    S2S_STAGE_STARTTLS, S2S_STAGE_TLS,  S2S_STAGE_FEATURES, S2S_STAGE_AUTH,
    S2S_STAGE_PING,     S2S_STAGE_OPEN, S2S_STAGE_DONE,
};

s2s_result *result_new(int op)
{
    s2s_result *r = calloc(1, sizeof(*r));
    if (r == NULL)
        return NULL;
    arena_init(&r->arena, ARENA_LIMIT);
    buf_init(&r->paths, PATHS_LIMIT);
    r->op = op;
    r->message = "";
    r->last_attempt = &r->attempts;
    r->dns.last_record = &r->dns.records;
    r->last_finding = &r->findings;
    r->last_row = &r->rows;
    r->tls.certificate.last_name = &r->tls.certificate.names;
    r->tlsa.last = &r->tlsa.records;
    r->tlsa.usage = -1;
    r->stanzas.last = &r->stanzas.first;
    for (size_t i = 0; i < sizeof(r->stage_us) / sizeof(r->stage_us[0]); i++)
        r->stage_us[i] = -1;
    r->rtt_us = r->lag_us = -1;
    return r;
}

void result_free(s2s_result *r)
{
    if (r == NULL)
        return;
    for (struct result_row *i = r->rows; i != NULL; i = i->next)
        result_free(i->result); /* which has none itself */
    arena_free(&r->arena);
    buf_free(&r->paths);
    free(r->json);
    free(r);
}

static bool has_room(const s2s_result *r, size_t length)
{
    return length <= r->arena.limit - r->arena.total;
}

/* False: it is left out. */
static bool may_take(s2s_result *r, size_t length)
{
    if (!r->full && !has_room(r, length)) {
        r->full = true;
        r->arena.limit += RESERVE;
    }
    return !r->full || length <= SMALL;
}

void *result_take(s2s_result *r, size_t length)
{
    if (!may_take(r, length))
        return NULL;
    void *p = arena_alloc(&r->arena, length);
    if (p == NULL)
        r->no_memory = true;
    return p;
}

const char *result_bytes(s2s_result *r, const void *bytes, size_t length)
{
    if (bytes == NULL || !may_take(r, length + 1))
        return NULL;
    char *copy = arena_copy(&r->arena, bytes, length);
    if (copy == NULL)
        r->no_memory = true;
    return copy;
}

const char *result_text(s2s_result *r, const char *text)
{
    return text != NULL ? result_bytes(r, text, strlen(text)) : NULL;
}

const char *result_untrusted(s2s_result *r, const void *bytes, size_t length)
{
    if (bytes == NULL)
        return NULL;
    char *copy = result_take(r, utf8_clean_size(length));
    if (copy != NULL)
        utf8_clean(bytes, length, copy);
    return copy;
}

/* Without the beginning of a character that the end was cut off. */
static size_t whole_length(const char *line, size_t length)
{
    uint32_t code;
    size_t at = length;
    while (at > 0 && length - at < 3 &&
           ((unsigned char)line[at] & 0xc0) != 0xc0)
        at--;
    const uint8_t *last = (const uint8_t *)line + at;
    return at < length && utf8_decode(last, length - at, &code) == 0 ? at
                                                                     : length;
}

void result_fail(s2s_result *r, int error, const char *format, ...)
{
    char line[MESSAGE_MAX];
    if (error == S2S_ENO_MEMORY)
        r->no_memory = true;
    if (r->error != S2S_OK)
        return;
    va_list args;
    va_start(args, format);
    int n = vsnprintf(line, sizeof(line), format, args);
    va_end(args);
    r->error = error;
    size_t length = n < 0 ? 0 : (size_t)n;
    if (length >= sizeof(line))
        length = whole_length(line, sizeof(line) - 1);
    const char *message = result_untrusted(r, line, length);
    if (message != NULL)
        r->message = message;
}

void result_find(s2s_result *r, enum finding id, const char *seen)
{
    result_find_in_row(r, id, seen, 0);
}

static uint64_t row_bit(size_t row)
{
    return row > 0 && row <= 64 ? UINT64_C(1) << (row - 1) : 0;
}

void result_find_in_row(s2s_result *r, enum finding id, const char *seen,
                        size_t row)
{
    if (seen == NULL)
        seen = "";
    if (r->finding_count >= RESULT_LIST)
        return;
    for (struct result_finding *f = r->findings; f != NULL; f = f->next)
        if (f->id == id && strcmp(f->seen, seen) == 0) {
            f->row = f->row == row ? row : 0;
            f->rows |= row_bit(row);
            return;
        }
    struct result_finding *f = result_take(r, sizeof(*f));
    const char *copy = result_text(r, seen);
    if (f == NULL || copy == NULL)
        return;
    f->id = id;
    f->seen = copy;
    f->row = row;
    f->rows = row_bit(row);
    *r->last_finding = f;
    r->last_finding = &f->next;
    r->finding_count++;
}

const struct result_stream *result_last_stream(const s2s_result *r)
{
    return r->stream_count > 0 ? &r->streams[r->stream_count - 1] : NULL;
}

int result_stage_index(int stage)
{
    for (size_t i = 0; i < sizeof(stages) / sizeof(stages[0]); i++)
        if (stages[i] == stage)
            return (int)i;
    return -1;
}

void result_add_us(s2s_result *r, int stage, int64_t us)
{
    int i = result_stage_index(stage);
    if (i < 0 || us < 0)
        return;
    r->stage_us[i] = (r->stage_us[i] < 0 ? 0 : r->stage_us[i]) + us;
}

static bool has_label(const s2s_result *r, const char *label)
{
    for (size_t i = 0; i < r->union_count; i++)
        if (strcmp(r->union_labels[i], label) == 0)
            return true;
    return false;
}

/* All labels of one rank, in the order in which the peer first sent them. */
static void collect_rank(s2s_result *r, int rank)
{
    for (size_t i = 0; i < r->stream_count; i++)
        for (const struct result_feature *f = r->streams[i].features.first;
             f != NULL; f = f->next)
            if (f->rank == rank && f->label != NULL && !has_label(r, f->label))
                r->union_labels[r->union_count++] = f->label;
}

void result_collect(s2s_result *r)
{
    size_t total = 0;
    int last = 0;
    for (size_t i = 0; i < r->stream_count; i++) {
        total += r->streams[i].features.count;
        for (const struct result_feature *f = r->streams[i].features.first;
             f != NULL; f = f->next)
            last = f->rank > last ? f->rank : last;
    }
    r->union_count = 0;
    r->union_labels = result_take(r, (total + 1) * sizeof(char *));
    if (r->union_labels == NULL)
        return;
    for (int rank = 0; rank <= last; rank++)
        collect_rank(r, rank);
}

const char *result_verdict_name(enum result_verdict verdict)
{
    static const char *const names[] = {
        [RESULT_NOT_JUDGED] = "not-judged",
        [RESULT_OK] = "ok",
        [RESULT_UNTRUSTED] = "untrusted",
        [RESULT_SELF_SIGNED] = "self-signed",
        [RESULT_EXPIRED] = "expired",
        [RESULT_NOT_YET_VALID] = "not-yet-valid",
        [RESULT_WEAK] = "weak",
        [RESULT_USAGE] = "usage",
        [RESULT_REVOKED] = "revoked",
        [RESULT_NAME_MISMATCH] = "mismatch",
        [RESULT_CN_ONLY] = "cn-only",
    };
    return names[verdict];
}

const char *result_dane_name(enum result_dane verdict)
{
    static const char *const names[] = {
        [RESULT_DANE_NOT_JUDGED] = NULL,     [RESULT_DANE_NONE] = "none",
        [RESULT_DANE_UNUSABLE] = "unusable", [RESULT_DANE_MATCH] = "match",
        [RESULT_DANE_MISMATCH] = "mismatch", [RESULT_DANE_BOGUS] = "bogus",
    };
    return names[verdict];
}

bool result_verified(const s2s_result *r)
{
    const struct result_tlsa_set *t = &r->tlsa;
    const struct result_certificate *c = &r->tls.certificate;
    if (t->decides && t->verdict == RESULT_DANE_MATCH &&
        t->usage == DANE_USAGE_DANE_EE)
        return true;
    if (t->decides &&
        (t->verdict == RESULT_DANE_MISMATCH || t->verdict == RESULT_DANE_BOGUS))
        return false;
    return c->chain == RESULT_OK && c->name == RESULT_OK;
}
