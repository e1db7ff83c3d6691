/*
 * The outgoing stream: the same bytes of a peer, whole and in pieces, give the
 * same record and log, whatever comes after the end. Input: three bytes for
 * the mode, the certificate and the pieces, then what the peer sends, cut by
 * 0xff where one flight ends; TLS is made between two flights only. Some modes
 * authenticate, with a house that sends, asks, and ends at the third stanza.
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
#define TOTAL_MAX  262144u /* of all that we send */
#define FLIGHT_END 0xff    /* no UTF-8 has it */

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
    bool accept;
    bool time_out; /* at the end, in place of the peer's end */
    size_t piece;
};

struct run {
    struct initiator *stream;
    s2s_result *result;
    size_t piece;
    char *said; /* all of it */
    size_t sent, secured_at;
    bool tls;
    unsigned ready, stanzas, verdicts;
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

/* ---- The house ---- */

static void on_ready(void *user)
{
    static const char ping[] = "<iq from='us.example' to='them.example' "
                               "id='1' type='get'/>";
    struct run *r = user;
    must(r->ready++ == 0);
    must(initiator_send(r->stream, ping, sizeof(ping) - 1, true) == S2S_OK);
    must(initiator_ask(r->stream, "us.example", "them.example", "1", "0123") ==
         S2S_OK);
}

static void on_stanza(void *user, const tree_node *stanza,
                      struct tokenizer_span verbatim)
{
    struct run *r = user;
    must(strcmp(tree_ns(stanza), "jabber:server") == 0);
    must(verbatim.length > 0);
    if (++r->stanzas == 3)
        initiator_finish(r->stream);
}

static void on_acked(void *user)
{
    const struct run *r = user;
    must(r->result->acks.acked <= r->result->acks.sent);
}

static void on_verdict(void *user, const char *from, const char *to,
                       const char *id, enum dialback_answer answer,
                       const char *condition)
{
    struct run *r = user;
    must(strcmp(from, "us.example") == 0 && strcmp(to, "them.example") == 0);
    must(strcmp(id, "1") == 0 && r->verdicts++ == 0);
    must(answer != DIALBACK_OTHER);
    must(condition == NULL || answer == DIALBACK_ERROR);
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
        must(r->sent + n <= TOTAL_MAX);
        memcpy(r->said + r->sent, bytes, n);
        initiator_engine.sent(r->stream, n);
        r->sent += n;
    }
    must(wants == ENGINE_DONE || wants == ENGINE_TLS || wants == ENGINE_READ);
}

static void make_tls(struct run *r, const struct input *in)
{
    write_all(r);
    if (initiator_engine.wants(r->stream) != ENGINE_TLS)
        return;
    r->result->tls.established = true;
    r->tls = true;
    r->secured_at = r->sent;
    initiator_secured(r->stream, in->verdict,
                      in->verdict != S2S_OK ? "a bad certificate" : "",
                      in->accept);
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
    must(initiator_send(r->stream, "x", 1, true) == S2S_EPOLICY);
    must(initiator_ask(r->stream, "a", "b", "c", "d") == S2S_EPOLICY);
    initiator_finish(r->stream);
    initiator_end(r->stream);
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

/* How often a key of ours went out: answers to keys have a type. */
static unsigned keys(const char *said, size_t length)
{
    static const char begin[] = "<db:result ";
    unsigned count = 0;
    const char *end = said + length;
    const char *at = said;
    while ((at = memmem(at, (size_t)(end - at), begin, sizeof(begin) - 1)) !=
           NULL) {
        const char *close = memchr(at, '>', (size_t)(end - at));
        must(close != NULL);
        count += memmem(at, (size_t)(close - at), " type='", 7) == NULL;
        at = close;
    }
    return count;
}

/* Nothing secret before TLS, no key without the right to send one. */
static void check_secrets(const struct run *run, const struct input *in)
{
    const struct initiator_config *c = &in->config;
    bool good = run->tls && in->verdict == S2S_OK;
    size_t clear = run->tls ? run->secured_at : run->sent;
    must(memmem(run->said, clear, "<auth ", 6) == NULL);
    must(c->tls == INITIATOR_CLEAR || keys(run->said, clear) == 0);
    must((c->dialback && (good || c->unverified)) ||
         keys(run->said, run->sent) == 0);
    must(c->authenticate || memmem(run->said, run->sent, "<auth ", 6) == NULL);
    must(run->ready == 0 || run->result->auth.method != NULL);
    must(run->stanzas == 0 || run->result->auth.method != NULL);
}

static void check_result(const struct run *run, const struct input *in)
{
    s2s_result *r = run->result;
    const char *message = s2s_result_message(r);
    bool ok = s2s_result_error(r) == S2S_OK;
    must(!r->no_memory);
    must(ok == (initiator_stage(run->stream) == S2S_STAGE_DONE));
    must(ok == (message[0] == '\0') && utf8_valid(message, strlen(message)));
    must(!ok || in->config.tls == INITIATOR_CLEAR || in->verdict == S2S_OK ||
         in->accept);
    must(!ok || !in->config.authenticate || r->auth.method != NULL);
    must(ok || r->stanzas.count == 0);
    must((r->stanzas.count == 1) == (r->ping_answer != NULL));
    check_answers(r, in);
    check_secrets(run, in);
}

/* The record as JSON; to be freed. */
static char *record(const struct input *in, size_t piece, uint64_t *log)
{
    struct run r = {.piece = piece, .log = UINT64_C(14695981039346656037)};
    const struct log lines = {on_line, &r, S2S_LOG_WIRE};
    const struct initiator_house house = {&r, on_ready, on_stanza, on_acked,
                                          on_verdict};
    struct initiator_config config = in->config;
    config.log = &lines;
    config.house = config.authenticate ? &house : NULL;
    r.said = malloc(TOTAL_MAX);
    must(r.said != NULL);
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
    free(r.said);
    *log = r.log;
    return json;
}

/* ---- The input ---- */

/* The bits that digits do not have. */
static void authenticate(struct input *in, const uint8_t *head)
{
    static struct initiator_also also[2];
    static struct domain *others[2];
    struct initiator_config *c = &in->config;
    if (others[0] == NULL) {
        must(domain_parse("other.example", &others[0]) == S2S_OK);
        must(domain_parse("third.example", &others[1]) == S2S_OK);
    }
    for (size_t k = 0; k < 2; k++)
        also[k] = (struct initiator_also){others[k], "another secret"};
    c->authenticate = true;
    c->verify = false;
    c->external = (head[0] & 0x10) != 0;
    c->dialback = (head[0] & 0x20) != 0;
    c->unverified = (head[1] & 0x10) != 0;
    c->bidi = (head[1] & 0x20) != 0;
    c->acks = (head[1] & 0x40) != 0;
    c->endless = (head[2] & 0x40) != 0;
    c->secret = "a secret";
    c->also = also;
    c->also_count = (head[2] & 0x20) != 0 ? 2 : 0;
    in->accept = (head[1] & 8) != 0;
}

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
        .pipeline = (head[0] & 3) == 3,
        .verify = (head[0] & 4) != 0,
        .verify_id = "0123456789abcdef0123456789abcdef",
        .verify_key = "fedcba9876543210fedcba9876543210",
        .limits = (head[0] & 8) != 0 ? &small : &usual,
    };
    if ((head[0] & 0x40) != 0)
        authenticate(in, head);
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
