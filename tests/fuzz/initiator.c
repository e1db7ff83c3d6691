/*
 * The outgoing stream: the same bytes of a peer, whole and in pieces, give the
 * same record and log, whatever comes after the end. Input: three bytes for
 * the mode, the certificate and the pieces, then what the peer sends, cut by
 * 0xff where one flight ends; TLS is made between two flights only.
 */
#include <s2sprobe.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include "api/json.h"
#include "base/result.h"
#include "base/utf8.h"
#include "xmpp/initiator.h"

#define OUTPUT_MAX 16384u
#define TOTAL_MAX  65536u /* of all that we send */
#define FLIGHT_END 0xff   /* no UTF-8 has it */

static const s2s_limits usual = {
    .size = sizeof(usual),
    .header = 8192,
    .element = 65536,
    .depth = 64,
    .nodes = 16384,
    .attributes = 64,
    .bindings = 64,
    .name = 1024,
    .probe = 1048576,
    .stanzas = 100,
};
static const s2s_limits small = {
    .size = sizeof(small),
    .header = 512,
    .element = 600,
    .depth = 4,
    .nodes = 16,
    .attributes = 10,
    .bindings = 6,
    .name = 64,
    .probe = 1200,
    .stanzas = 4,
};

struct input {
    const uint8_t *data;
    size_t size;
    struct initiator_config config;
    int verdict;
    bool time_out; /* at the end, in place of the peer's end */
    size_t piece;
};

struct run {
    struct initiator *stream;
    s2s_result *result;
    size_t piece;
    size_t sent;
    uint64_t log; /* a digest of the lines, FNV-1a */
};

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static void must(bool condition)
{
    if (!condition)
        abort();
}

static void on_line(void *user, int level, const char *area, const char *line)
{
    struct run *r = user;
    must(level >= S2S_LOG_ERROR && level <= S2S_LOG_WIRE && area[0] != '\0');
    must(utf8_valid(line, strlen(line)));
    for (const char *p = line;; p++) {
        must(*p == '\0' || ((uint8_t)*p >= ' ' && *p != 0x7f));
        r->log = (r->log ^ (uint8_t)*p) * UINT64_C(1099511628211);
        if (*p == '\0')
            break;
    }
}

/* ---- One run ---- */

/* Send what there is to send; a farewell is tried once. */
static void write_all(struct run *r)
{
    unsigned wants;
    while (((wants = initiator_engine.wants(r->stream)) & ENGINE_WRITE) != 0) {
        size_t length = 0;
        const uint8_t *bytes = initiator_engine.output(r->stream, &length);
        must(length > 0 && length <= OUTPUT_MAX && utf8_valid(bytes, length));
        bool last = (wants & ENGINE_LAST) != 0;
        size_t n = !last && length > r->piece ? r->piece : length;
        initiator_engine.sent(r->stream, n);
        r->sent += n;
        must(r->sent <= TOTAL_MAX);
    }
    must(wants == ENGINE_DONE || wants == ENGINE_TLS || wants == ENGINE_READ);
}

static void make_tls(struct run *r, const struct input *in)
{
    write_all(r);
    if (initiator_engine.wants(r->stream) != ENGINE_TLS)
        return;
    r->result->tls.established = true;
    initiator_secured(r->stream, in->verdict,
                      in->verdict != S2S_OK ? "a bad certificate" : "", false);
    write_all(r);
    must(initiator_engine.wants(r->stream) != ENGINE_TLS);
}

static void receive(struct run *r, const uint8_t *bytes, size_t length)
{
    while (length > 0) {
        size_t n = length < r->piece ? length : r->piece;
        initiator_engine.input(r->stream, bytes, n);
        write_all(r);
        bytes += n;
        length -= n;
    }
}

static void finish(struct run *r, const struct input *in)
{
    if (in->time_out)
        initiator_fail(r->stream, S2S_ETIMEOUT, "no answer in time");
    else
        initiator_engine.ended(r->stream);
    write_all(r);
    must(initiator_engine.wants(r->stream) == ENGINE_DONE);
}

/* Nothing happens any more. */
static void disturb(struct run *r)
{
    size_t length = 0;
    initiator_engine.input(r->stream, "</stream:stream>", 16);
    initiator_engine.ended(r->stream);
    initiator_fail(r->stream, S2S_EINTERNAL, "after the end");
    must(initiator_engine.wants(r->stream) == ENGINE_DONE);
    initiator_engine.output(r->stream, &length);
    must(length == 0);
}

static void play(struct run *r, const struct input *in)
{
    const uint8_t *p = in->data;
    const uint8_t *end = p + in->size;
    make_tls(r, in);
    while (p < end) {
        size_t left = (size_t)(end - p);
        const uint8_t *mark = memchr(p, FLIGHT_END, left);
        size_t n = mark != NULL ? (size_t)(mark - p) : left;
        receive(r, p, n);
        make_tls(r, in);
        p += mark != NULL ? n + 1 : n;
    }
    if (initiator_engine.wants(r->stream) != ENGINE_DONE)
        finish(r, in);
}

/* An answer is what the peer has sent, byte for byte. */
static void check_answers(const s2s_result *r, const struct input *in)
{
    uint8_t *sent = malloc(in->size + 1);
    size_t n = 0;
    must(sent != NULL);
    for (size_t i = 0; i < in->size; i++)
        if (in->data[i] != FLIGHT_END)
            sent[n++] = in->data[i];
    for (const struct result_text *t = r->stanzas.first; t != NULL; t = t->next)
        must(memmem(sent, n, t->text, strlen(t->text)) != NULL);
    free(sent);
}

static void check_result(const struct run *run, const struct input *in)
{
    s2s_result *r = run->result;
    const char *message = s2s_result_message(r);
    bool ok = s2s_result_error(r) == S2S_OK;
    must(!r->no_memory);
    must(ok == (initiator_stage(run->stream) == S2S_STAGE_DONE));
    must(ok == (message[0] == '\0') && utf8_valid(message, strlen(message)));
    must(!ok || in->config.tls == INITIATOR_CLEAR || in->verdict == S2S_OK);
    must(ok || r->stanzas.count == 0);
    must((r->stanzas.count == 1) == (r->ping_answer != NULL));
    check_answers(r, in);
}

/* The record as JSON; to be freed. */
static char *record(const struct input *in, size_t piece, uint64_t *log)
{
    struct run r = {.piece = piece, .log = UINT64_C(14695981039346656037)};
    const struct log lines = {on_line, &r, S2S_LOG_WIRE};
    struct initiator_config config = in->config;
    config.log = &lines;
    r.result = result_new(config.verify ? S2S_OP_PING : S2S_OP_CONNECT);
    must(r.result != NULL);
    must(initiator_new(&config, r.result, &r.stream) == S2S_OK);
    play(&r, in);
    if (piece != SIZE_MAX)
        disturb(&r);
    check_result(&r, in);
    must(json_build(r.result) == S2S_OK);
    char *json = strdup(s2s_result_json(r.result));
    must(json != NULL && utf8_valid(json, strlen(json)));
    initiator_free(r.stream);
    result_free(r.result);
    *log = r.log;
    return json;
}

/* ---- The input ---- */

static void configure(struct input *in, const uint8_t *head)
{
    static const enum initiator_tls modes[] = {
        INITIATOR_CLEAR,
        INITIATOR_STARTTLS,
        INITIATOR_DIRECT,
        INITIATOR_STARTTLS,
    };
    static const int verdicts[] = {
        S2S_OK,
        S2S_ECERT_UNTRUSTED,
        S2S_ECERT_EXPIRED,
        S2S_ECERT_NAME,
    };
    static struct domain *from, *to;
    if (from == NULL) {
        must(domain_parse("us.example", &from) == S2S_OK);
        must(domain_parse("them.example", &to) == S2S_OK);
    }
    in->config = (struct initiator_config){
        .from = from,
        .to = to,
        .tls = modes[head[0] & 3],
        .verify = (head[0] & 4) != 0,
        .verify_id = "0123456789abcdef0123456789abcdef",
        .verify_key = "fedcba9876543210fedcba9876543210",
        .limits = (head[0] & 8) != 0 ? &small : &usual,
    };
    in->verdict = verdicts[head[1] & 3];
    in->time_out = (head[1] & 4) != 0;
    in->piece = 1u + head[2] % 32u;
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    struct input in = {.data = data + 3};
    if (size < 3)
        return 0;
    in.size = size - 3;
    configure(&in, data);
    uint64_t log = 0;
    char *whole = record(&in, SIZE_MAX, &log);
    const size_t pieces[] = {in.piece, 1};
    for (size_t i = 0; i < 2; i++) {
        uint64_t same = 0;
        char *json = record(&in, pieces[i], &same);
        must(strcmp(json, whole) == 0 && same == log);
        free(json);
    }
    free(whole);
    return 0;
}
