#include "xmpp/initiator.h"

#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "xml/tree.h"
#include "xml/write.h"
#include "xmpp/dialback.h"
#include "xmpp/features.h"
#include "xmpp/names.h"
#include "xmpp/stream_error.h"
#include "xmpp/stream_header.h"
#include "xmpp/wire.h"

#define OUTPUT_MAX 16384u

enum state {
    HEADER,   /* ours is out, the peer's is due */
    FEATURES, /* its features are due */
    PROCEED,  /* <starttls/> is out */
    TLS,      /* the driver makes TLS */
    ASKED,    /* <db:verify/> is out */
    VERDICT,  /* the header is bad: is there a stream error behind it? */
    CLOSING,  /* a farewell is out */
    DONE
};

struct initiator {
    const struct initiator_config *config;
    s2s_result *result;
    struct tokenizer *tokenizer;
    struct tree *tree;
    struct buf out;
    enum state state;
    int stage;
    bool secured;
    bool header_sent;
    struct features features;
    struct result_stream *stream; /* in the record; NULL before a header */
    int waiting;                  /* a verdict that waits: an error, or 0 */
    const char *waiting_text;
    int certificate; /* S2S_ECERT_*, or 0 */
    const char *certificate_text;
    uint64_t received;
    uint32_t elements;
};

/* ---- Ends ---- */

/* The first cause: a bad certificate and a bad header were there before
 * whatever came afterwards. */
static void record_failure(struct initiator *i, int error, const char *text)
{
    if (i->certificate != S2S_OK)
        result_fail(i->result, i->certificate, "%s", i->certificate_text);
    else if (i->waiting != S2S_OK)
        result_fail(i->result, i->waiting, "%s", i->waiting_text);
    else
        result_fail(i->result, error, "%s", text);
}

static void say_farewell(struct initiator *i, int error)
{
    static const char close_tag[] = "</stream:stream>";
    i->out.length = 0;
    i->state = CLOSING;
    if (!i->header_sent || error == S2S_ENOT_XMPP ||
        error == S2S_ETLS_INJECTION)
        return;
    if (stream_error_write(&i->out, error) != S2S_OK ||
        buf_add_text(&i->out, close_tag) != S2S_OK)
        i->out.length = 0;
    wire_sent(i->config->log, (const char *)i->out.data, i->out.length, false);
}

void initiator_fail(struct initiator *i, int error, const char *text)
{
    if (i->state >= CLOSING)
        return;
    record_failure(i, error, text);
    say_farewell(i, error);
}

static void succeed(struct initiator *i)
{
    i->stage = S2S_STAGE_DONE;
    say_farewell(i, S2S_OK);
}

/* The peer ended the stream or the connection. Where it never offered TLS,
 * that is its answer to <starttls/>. */
static void fail_closed(struct initiator *i, int error, const char *text)
{
    if (i->state == PROCEED && !i->features.starttls) {
        result_find(i->result, FINDING_TLS_NOT_OFFERED, NULL);
        initiator_fail(i, S2S_ETLS_NOT_OFFERED,
                       "STARTTLS is not offered, and the peer ended the stream "
                       "when asked for it");
        return;
    }
    initiator_fail(i, error, text);
}

/* ---- Sending ---- */

/* Queue what `e` says was appended to out behind `start`, once our own
 * tokenizer has accepted it. */
static bool send_unit(struct initiator *i, size_t start, int e, bool header,
                      bool secret)
{
    if (e == S2S_OK)
        e = write_check(i->out.data + start, i->out.length - start, header);
    if (e != S2S_OK) {
        i->out.length = start;
        initiator_fail(i, e, error_text(e));
        return false;
    }
    wire_sent(i->config->log, (const char *)i->out.data + start,
              i->out.length - start, secret);
    return true;
}

static void send_header(struct initiator *i)
{
    size_t start = i->out.length;
    int e = stream_header_write(&i->out, i->config->from->unicode,
                                i->config->to->unicode);
    i->header_sent = send_unit(i, start, e, true, false);
}

static void send_starttls(struct initiator *i)
{
    size_t start = i->out.length;
    int e = buf_add_text(&i->out, "<starttls xmlns='" NS_TLS "'/>");
    if (!send_unit(i, start, e, false, false))
        return;
    i->state = PROCEED;
    i->stage = S2S_STAGE_STARTTLS;
}

static void send_verify(struct initiator *i)
{
    const struct initiator_config *c = i->config;
    size_t start = i->out.length;
    int e = dialback_write_verify(&i->out, c->from->unicode, c->to->unicode,
                                  c->verify_id, c->verify_key);
    i->stage = S2S_STAGE_PING;
    i->result->ping_method = "dialback-verify";
    if (send_unit(i, start, e, false, true))
        i->state = ASKED;
}

/* ---- What elements mean ---- */

/* What is worth saying about the features of a stream inside TLS. */
static void lint_secured(struct initiator *i)
{
    const struct features *f = &i->features;
    if (f->starttls)
        result_find(i->result, FINDING_STARTTLS_INSIDE_TLS, NULL);
    if (!f->external && !f->dialback)
        result_find(i->result, FINDING_NO_AUTHENTICATION, NULL);
    if (i->result->tls.client_certificate_sent && !f->external)
        result_find(i->result, FINDING_EXTERNAL_NOT_OFFERED, NULL);
}

/* The stream is as secure as it gets, and its features are known. */
static void on_usable(struct initiator *i)
{
    if (i->secured)
        lint_secured(i);
    else if (i->features.starttls_required)
        result_find(i->result, FINDING_TLS_REQUIRED, NULL);
    if (i->certificate != S2S_OK)
        initiator_fail(i, i->certificate, i->certificate_text);
    else if (i->config->verify)
        send_verify(i);
    else
        succeed(i);
}

static void on_features(struct initiator *i, const tree_node *n)
{
    features_read(n, i->result, &i->stream->features, &i->features);
    if (i->features.client)
        result_find(i->result, FINDING_CLIENT_PORT, NULL);
    if (i->stream->features.sasl_empty)
        result_find(i->result, FINDING_SASL_EMPTY, NULL);
    if (!i->secured)
        i->result->tls.starttls_offered = i->features.starttls;
    if (i->secured || i->config->tls == INITIATOR_CLEAR)
        on_usable(i);
    else
        send_starttls(i);
}

static void on_proceed(struct initiator *i, const tree_node *n)
{
    (void)n;
    i->state = TLS;
    i->stage = S2S_STAGE_TLS;
}

static void on_tls_failure(struct initiator *i, const tree_node *n)
{
    (void)n;
    if (!i->features.starttls) {
        fail_closed(i, S2S_ETLS_NOT_OFFERED, "");
        return;
    }
    result_find(i->result, FINDING_TLS_REFUSED, NULL);
    initiator_fail(i, S2S_ETLS_REFUSED,
                   "the peer offers STARTTLS and answers it with a failure");
}

static void on_error(struct initiator *i, const tree_node *n)
{
    char text[512];
    int e = stream_error_read(n, i->result);
    const struct result_stream_error *s = &i->result->stream_error;
    snprintf(text, sizeof(text), "stream error %s%s%s",
             s->condition != NULL ? s->condition : "", s->text ? ": " : "",
             s->text != NULL ? s->text : "");
    i->waiting = S2S_OK; /* the header of an error proves nothing */
    fail_closed(i, e, text);
}

/* Something else than a stream error behind a bad header. */
static void on_verdict(struct initiator *i, const tree_node *n)
{
    (void)n;
    initiator_fail(i, i->waiting, i->waiting_text);
}

static void on_ignored(struct initiator *i, const tree_node *n)
{
    char name[512];
    snprintf(name, sizeof(name), "{%s}%s", tree_ns(n), tree_local(n));
    const char *seen = result_untrusted(i->result, name, strlen(name));
    result_find(i->result, FINDING_UNKNOWN_ELEMENT, seen);
}

/* RFC 6120, 4.8.4 lets us ignore what we do not know or close. In the clear
 * nothing else may come here. */
static void on_unexpected(struct initiator *i, const tree_node *n)
{
    if (i->secured) {
        on_ignored(i, n);
        return;
    }
    if (i->state == FEATURES)
        initiator_fail(i, S2S_EFEATURES,
                       "something else came in place of the features");
    else
        initiator_fail(i, S2S_EPROTOCOL,
                       "something else came in answer to <starttls/>");
}

static void on_answer(struct initiator *i, const tree_node *n)
{
    static const char *const names[] = {
        [DIALBACK_VALID] = "valid",
        [DIALBACK_INVALID] = "invalid",
        [DIALBACK_ERROR] = "error",
    };
    const struct initiator_config *c = i->config;
    const char *condition;
    enum dialback_answer a = dialback_read_verify(
        n, c->from->unicode, c->to->unicode, c->verify_id, &condition);
    if (a == DIALBACK_OTHER) {
        on_ignored(i, n);
        return;
    }
    struct tokenizer_span s = tokenizer_verbatim(i->tokenizer);
    result_add_text(i->result, &i->result->stanzas, s.text, s.length);
    i->result->ping_answer = names[a];
    i->result->ping_condition = result_text(i->result, condition);
    result_find(i->result,
                a == DIALBACK_VALID ? FINDING_VERIFY_VALID
                                    : FINDING_PING_PROVES_LITTLE,
                NULL);
    succeed(i);
}

/* What a top-level element means in each state: the first row that fits. NULL
 * for ns fits any element. */
static const struct rule {
    enum state state;
    const char *ns, *local;
    void (*apply)(struct initiator *, const tree_node *);
} rules[] = {
    {FEATURES, NS_STREAMS, "features", on_features},
    {FEATURES, NS_STREAMS, "error", on_error},
    {FEATURES, NULL, NULL, on_unexpected},
    {PROCEED, NS_TLS, "proceed", on_proceed},
    {PROCEED, NS_TLS, "failure", on_tls_failure},
    {PROCEED, NS_STREAMS, "error", on_error},
    {PROCEED, NULL, NULL, on_unexpected},
    {ASKED, NS_DIALBACK, "verify", on_answer},
    {ASKED, NS_STREAMS, "error", on_error},
    {ASKED, NULL, NULL, on_ignored},
    {VERDICT, NS_STREAMS, "error", on_error},
    {VERDICT, NULL, NULL, on_verdict},
};

static void on_element(struct initiator *i)
{
    const tree_node *n = tree_root(i->tree);
    if (++i->elements > i->config->limits->stanzas) {
        result_find(i->result, FINDING_OWN_LIMIT, "elements");
        initiator_fail(i, S2S_ELIMIT, "too many elements");
        return;
    }
    wire_received(i->config->log, n, tokenizer_verbatim(i->tokenizer));
    for (size_t k = 0; k < sizeof(rules) / sizeof(rules[0]); k++) {
        const struct rule *r = &rules[k];
        if (r->state == i->state &&
            (r->ns == NULL || tree_is(n, r->ns, r->local))) {
            r->apply(i, n);
            break;
        }
    }
    tree_clear(i->tree);
}

static void on_header(struct initiator *i)
{
    const tree_node *n = tree_root(i->tree);
    wire_received(i->config->log, n, tokenizer_verbatim(i->tokenizer));
    i->stream = result_add_stream(i->result, i->secured);
    i->waiting = stream_header_judge(n, i->config->from->unicode, i->config->to,
                                     i->stream, i->result, &i->waiting_text);
    tree_clear(i->tree);
    if (i->waiting != S2S_OK) {
        /* Ending our side makes the peer end its own, or say why. */
        int e = buf_add_text(&i->out, "</stream:stream>");
        i->state = VERDICT;
        if (e != S2S_OK)
            initiator_fail(i, e, error_text(e));
        return;
    }
    i->state = FEATURES;
    if (i->config->tls == INITIATOR_CLEAR)
        i->stage = S2S_STAGE_FEATURES;
}

static void on_footer(struct initiator *i)
{
    if (i->state == FEATURES)
        fail_closed(i, S2S_EFEATURES,
                    "the peer closed the stream without features");
    else
        fail_closed(i, S2S_ECLOSED, "the peer closed the stream");
}

/* ---- Bytes ---- */

static void on_xml_error(struct initiator *i, int error)
{
    char text[256];
    if (error == S2S_ENOT_XMPP) {
        /* Nothing of what it sent is repeated. */
        initiator_fail(i, error, error_text(error));
        return;
    }
    if (error == S2S_ELIMIT)
        result_find(i->result, FINDING_OWN_LIMIT,
                    tokenizer_error_text(i->tokenizer));
    snprintf(text, sizeof(text), "%s: %s at byte %" PRIu64, error_text(error),
             tokenizer_error_text(i->tokenizer),
             tokenizer_error_offset(i->tokenizer));
    initiator_fail(i, error, text);
}

static void on_event(struct initiator *i, int event)
{
    if (event < 0)
        on_xml_error(i, event);
    else if (event == TOKENIZER_HEADER)
        on_header(i);
    else if (event == TOKENIZER_ELEMENT)
        on_element(i);
    else if (event == TOKENIZER_FOOTER)
        on_footer(i);
}

static bool reading(const struct initiator *i)
{
    return i->state < CLOSING && i->state != TLS;
}

void initiator_input(struct initiator *i, const void *bytes, size_t length)
{
    const uint8_t *p = bytes;
    uint64_t left = i->config->limits->probe - i->received;
    size_t usable = length < left ? length : (size_t)left;
    size_t done = 0;
    i->received += usable;
    while (done < usable && reading(i)) {
        size_t used = 0;
        int event =
            tokenizer_feed(i->tokenizer, p + done, usable - done, &used);
        done += used;
        on_event(i, event);
    }
    if (i->state == TLS && done < length) {
        result_find(i->result, FINDING_TLS_INJECTION, NULL);
        initiator_fail(i, S2S_ETLS_INJECTION, error_text(S2S_ETLS_INJECTION));
    } else if (usable < length && reading(i)) {
        result_find(i->result, FINDING_OWN_LIMIT, "bytes");
        initiator_fail(i, S2S_ELIMIT, "too many bytes");
    }
    if (reading(i) && tokenizer_at_rest(i->tokenizer))
        tokenizer_compact(i->tokenizer);
}

void initiator_ended(struct initiator *i)
{
    if (i->received == 0)
        fail_closed(i, S2S_ECLOSED,
                    "the peer closed the connection without an answer");
    else
        fail_closed(i, S2S_ECLOSED, error_text(S2S_ECLOSED));
}

/* A new stream begins on the connection: nothing of an old one counts. */
static int restart(struct initiator *i)
{
    const s2s_limits *l = i->config->limits;
    const struct tokenizer_limits limits = {
        .header = l->header,
        .element = l->element,
        .depth = l->depth,
        .nodes = l->nodes,
        .attributes = l->attributes,
        .bindings = l->bindings,
        .name = l->name,
    };
    tokenizer_free(i->tokenizer);
    tree_clear(i->tree);
    i->features = (struct features){.starttls = false};
    i->stream = NULL;
    struct tokenizer_sink sink = tree_sink(i->tree);
    i->tokenizer = tokenizer_new(&sink, &limits);
    i->state = HEADER;
    if (i->tokenizer == NULL)
        return S2S_ENO_MEMORY;
    send_header(i);
    return S2S_OK;
}

void initiator_secured(struct initiator *i, int verdict, const char *why)
{
    if (i->config->tls == INITIATOR_STARTTLS && !i->features.starttls)
        result_find(i->result, FINDING_STARTTLS_NOT_ADVERTISED, NULL);
    i->certificate = verdict;
    i->certificate_text = why;
    i->secured = true;
    i->stage = S2S_STAGE_FEATURES;
    int e = restart(i);
    if (e != S2S_OK)
        initiator_fail(i, e, error_text(e));
}

/* ---- Life ---- */

int initiator_new(const struct initiator_config *config, s2s_result *result,
                  struct initiator **out)
{
    struct initiator *i = calloc(1, sizeof(*i));
    if (i == NULL)
        return S2S_ENO_MEMORY;
    i->config = config;
    i->result = result;
    buf_init(&i->out, OUTPUT_MAX);
    i->stage = S2S_STAGE_STREAM;
    i->tree = tree_new();
    int e = i->tree != NULL ? S2S_OK : S2S_ENO_MEMORY;
    if (e == S2S_OK && config->tls == INITIATOR_DIRECT) {
        i->state = TLS;
        i->stage = S2S_STAGE_TLS;
    } else if (e == S2S_OK) {
        e = restart(i);
    }
    if (e != S2S_OK) {
        initiator_free(i);
        return e;
    }
    *out = i;
    return S2S_OK;
}

void initiator_free(struct initiator *i)
{
    if (i == NULL)
        return;
    tokenizer_free(i->tokenizer);
    tree_free(i->tree);
    buf_free(&i->out);
    free(i);
}

unsigned initiator_wants(const struct initiator *i)
{
    if (i->state == DONE || (i->state == CLOSING && i->out.length == 0))
        return INITIATOR_DONE;
    if (i->state == CLOSING)
        return INITIATOR_WRITE | INITIATOR_LAST;
    if (i->out.length > 0)
        return INITIATOR_WRITE;
    return i->state == TLS ? INITIATOR_TLS : INITIATOR_READ;
}

int initiator_stage(const struct initiator *i)
{
    return i->stage;
}

const uint8_t *initiator_output(const struct initiator *i, size_t *length)
{
    *length = i->out.length;
    return i->out.data;
}

void initiator_sent(struct initiator *i, size_t length)
{
    buf_consume(&i->out, length);
    if (i->out.length == 0)
        buf_free(&i->out);
}

bool initiator_heard(const struct initiator *i)
{
    return i->stream != NULL || i->secured;
}
