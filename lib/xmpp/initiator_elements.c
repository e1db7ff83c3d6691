/* What the items of a stream mean to the initiating entity. */
#include "xmpp/initiator_state.h"

#include <stdio.h>
#include <string.h>

#include "xml/write.h"
#include "xmpp/dialback.h"
#include "xmpp/names.h"
#include "xmpp/stream_error.h"
#include "xmpp/stream_header.h"
#include "xmpp/wire.h"

#define IGNORED_MAX 64u /* elements worth telling of */

/* ---- Ends ---- */

/* The first cause: a bad certificate and a bad header were there before
 * whatever came afterwards. But without memory nothing is known for sure. */
static void record_failure(struct initiator *i, int error, const char *text)
{
    if (error == S2S_ENO_MEMORY)
        i->result->no_memory = true;
    if (i->waiting.error != S2S_OK)
        result_find(i->result, i->waiting.finding, i->waiting.seen);
    if (initiator_may_blame_pipelining(i, error))
        result_find(i->result, FINDING_PIPELINED, NULL);
    if (i->certificate != S2S_OK)
        result_fail(i->result, i->certificate, "%s", i->certificate_text);
    else if (i->waiting.error != S2S_OK)
        result_fail(i->result, i->waiting.error, "%s", i->waiting.text);
    else
        result_fail(i->result, error, "%s", text);
}

static void say_farewell(struct initiator *i, int error)
{
    static const char close_tag[] = "</stream:stream>";
    bool said = i->state == VERDICT; /* our end tag is out already */
    if (!said && error != S2S_OK)
        i->out.length = 0;
    i->state = CLOSING;
    initiator_drop_questions(i);
    if (said || !i->header_sent || error == S2S_ENOT_XMPP ||
        error == S2S_ETLS_INJECTION)
        return;
    size_t start = i->out.length;
    if (stream_error_write(&i->out, error) != S2S_OK ||
        buf_add_text(&i->out, close_tag) != S2S_OK)
        i->out.length = start;
    if (i->out.length > start)
        wire_sent(i->config->log, (const char *)i->out.data + start,
                  i->out.length - start, false);
}

void initiator_fail(struct initiator *i, int error, const char *text)
{
    if (i->state >= CLOSING)
        return;
    record_failure(i, error, text);
    say_farewell(i, error);
}

void initiator_succeed(struct initiator *i)
{
    i->stage = S2S_STAGE_DONE;
    say_farewell(i, S2S_OK);
}

/* The peer ended the stream or the connection. Where it never offered TLS,
 * that is its answer to <starttls/>; in answer to a key it is an error
 * (XEP-0220, 2.1.1). */
void initiator_fail_closed(struct initiator *i, int error, const char *text)
{
    if (i->state == SASL && error == S2S_ECLOSED) {
        initiator_fail(i, S2S_EAUTH_ABORTED,
                       "the peer ended the stream during SASL EXTERNAL");
        return;
    }
    if (i->state == KEYED && error == S2S_ECLOSED) {
        initiator_fail(i, S2S_EDIALBACK_FAILED,
                       "the peer ended the stream in answer to our dialback "
                       "key");
        return;
    }
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

bool initiator_queue(struct initiator *i, size_t start, int e, bool secret)
{
    if (e != S2S_OK) {
        i->out.length = start;
        initiator_fail(i, e, error_text(e));
        return false;
    }
    wire_sent(i->config->log, (const char *)i->out.data + start,
              i->out.length - start, secret);
    return true;
}

int initiator_check(const struct initiator *i, size_t start, int e, bool header)
{
    if (e != S2S_OK)
        return e;
    return write_check(i->out.data + start, i->out.length - start, header);
}

void initiator_send_header(struct initiator *i)
{
    size_t start = i->out.length;
    int e = stream_header_write(&i->out, i->config->from->unicode,
                                i->config->to->unicode);
    if (!i->header_checked) /* all headers of ours are the same */
        e = initiator_check(i, start, e, true);
    i->header_checked = e == S2S_OK;
    i->header_sent = false;
    initiator_queue(i, start, e, false);
}

bool initiator_send_starttls(struct initiator *i)
{
    size_t start = i->out.length;
    int e = buf_add_text(&i->out, "<starttls xmlns='" NS_TLS "'/>");
    return initiator_queue(i, start, e, false);
}

/* Where that was done with the header, one round trip brings both answers:
 * there is no stage between them. */
static void ask_for_tls(struct initiator *i)
{
    if (!i->pipelined) {
        if (!initiator_send_starttls(i))
            return;
        i->stage = S2S_STAGE_STARTTLS;
    }
    i->state = PROCEED;
}

void initiator_ask_last(struct initiator *i)
{
    const struct initiator_config *c = i->config;
    size_t start = i->out.length;
    int e = dialback_write_verify(&i->out, c->from->unicode, c->to->unicode,
                                  c->verify_id, c->verify_key);
    i->stage = S2S_STAGE_PING;
    i->result->ping_method = "dialback-verify";
    if (initiator_queue(i, start, initiator_check(i, start, e, false), true))
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
    if (i->authenticated) {
        initiator_become_ready(i, i->result->auth.method);
        return;
    }
    if (i->secured)
        lint_secured(i);
    else if (i->features.starttls_required)
        result_find(i->result, FINDING_TLS_REQUIRED, NULL);
    if (i->certificate != S2S_OK)
        initiator_fail(i, i->certificate, i->certificate_text);
    else if (i->config->authenticate)
        initiator_authenticate(i);
    else if (i->config->verify)
        initiator_ask_last(i);
    else
        initiator_succeed(i);
}

static void on_features(struct initiator *i, const tree_node *n)
{
    const struct initiator_config *c = i->config;
    stream_header_lint(i->stream, c->from->unicode, c->to, i->result);
    features_read(n, i->result, &i->stream->features, &i->features);
    if (i->features.client)
        result_find(i->result, FINDING_CLIENT_PORT, NULL);
    if (i->stream->features.sasl_empty)
        result_find(i->result, FINDING_SASL_EMPTY, NULL);
    if (!i->secured)
        i->result->tls.starttls_offered = i->features.starttls;
    if (i->secured || c->tls == INITIATOR_CLEAR)
        on_usable(i);
    else
        ask_for_tls(i);
}

void initiator_on_proceed(struct initiator *i, const tree_node *n)
{
    (void)n;
    i->state = TLS;
    i->stage = S2S_STAGE_TLS;
}

static void on_tls_failure(struct initiator *i, const tree_node *n)
{
    (void)n;
    if (!i->features.starttls) {
        initiator_fail_closed(i, S2S_ETLS_NOT_OFFERED, "");
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
    i->waiting.error = S2S_OK; /* the header of an error proves nothing */
    initiator_fail_closed(i, e, text);
}

/* Something else than a stream error behind a bad header. */
static void on_verdict(struct initiator *i, const tree_node *n)
{
    (void)n;
    initiator_fail(i, i->waiting.error, i->waiting.text);
}

void initiator_on_ignored(struct initiator *i, const tree_node *n)
{
    char name[512];
    if (i->ignored == IGNORED_MAX)
        return;
    i->ignored++;
    snprintf(name, sizeof(name), "{%s}%s", tree_ns(n), tree_local(n));
    const char *seen = result_untrusted(i->result, name, strlen(name));
    result_find(i->result, FINDING_UNKNOWN_ELEMENT, seen);
}

/* RFC 6120, 4.8.4 lets us ignore what we do not know or close. In the clear
 * nothing else may come here. */
void initiator_on_unexpected(struct initiator *i, const tree_node *n)
{
    if (i->secured) {
        initiator_on_ignored(i, n);
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
    const struct initiator_config *c = i->config;
    const char *condition;
    enum dialback_answer a =
        dialback_read_answer(n, DIALBACK_VERIFY, c->from->unicode,
                             c->to->unicode, c->verify_id, &condition);
    if (a == DIALBACK_OTHER) {
        initiator_on_ignored(i, n);
        return;
    }
    struct tokenizer_span s = tokenizer_verbatim(i->tokenizer);
    result_add_text(i->result, &i->result->stanzas, s.text, s.length);
    i->result->ping_answer = dialback_answer_name(a);
    i->result->ping_condition = result_text(i->result, condition);
    result_find(i->result,
                a == DIALBACK_VALID ? FINDING_VERIFY_VALID
                                    : FINDING_PING_PROVES_LITTLE,
                NULL);
    initiator_succeed(i);
}

/* What a top-level element means in each state: the first row that fits. NULL
 * fits any. */
static const struct rule {
    enum initiator_state state;
    const char *ns, *local;
    void (*apply)(struct initiator *, const tree_node *);
} rules[] = {
    {FEATURES, NS_STREAMS, "features", on_features},
    {FEATURES, NS_STREAMS, "error", on_error},
    {FEATURES, NS_TLS, "proceed", initiator_on_early_proceed},
    {FEATURES, NS_TLS, "failure", initiator_on_early_failure},
    {FEATURES, NULL, NULL, initiator_on_unexpected},
    {PROCEED, NS_TLS, "proceed", initiator_on_proceed},
    {PROCEED, NS_TLS, "failure", on_tls_failure},
    {PROCEED, NS_STREAMS, "error", on_error},
    {PROCEED, NULL, NULL, initiator_on_unexpected},
    {SASL, NS_SASL, "success", initiator_on_success},
    {SASL, NS_SASL, "failure", initiator_on_failure},
    {SASL, NS_SASL, "challenge", initiator_on_challenge},
    {SASL, NS_STREAMS, "error", on_error},
    {SASL, NULL, NULL, initiator_on_ignored},
    {KEYED, NS_DIALBACK, "result", initiator_on_key_answer},
    {KEYED, NS_DIALBACK, "verify", initiator_on_verify},
    {KEYED, NS_STREAMS, "error", on_error},
    {KEYED, NULL, NULL, initiator_on_ignored},
    {READY, NS_SERVER, NULL, initiator_on_stanza},
    {READY, NS_DIALBACK, "result", initiator_on_result},
    {READY, NS_DIALBACK, "verify", initiator_on_verify},
    {READY, NS_STREAMS, "error", on_error},
    {READY, NULL, NULL, initiator_on_other},
    {ASKED, NS_DIALBACK, "verify", on_answer},
    {ASKED, NS_STREAMS, "error", on_error},
    {ASKED, NULL, NULL, initiator_on_ignored},
    {VERDICT, NS_STREAMS, "error", on_error},
    {VERDICT, NULL, NULL, on_verdict},
};

void initiator_on_element(struct initiator *i)
{
    const tree_node *n = tree_root(i->tree);
    bool endless = i->state == READY && i->config->endless;
    uint64_t most = (uint64_t)i->config->limits->stanzas + i->config->expected;
    if (++i->elements > most && !endless) {
        result_find(i->result, FINDING_OWN_LIMIT, "elements");
        initiator_fail(i, S2S_ELIMIT, "too many elements");
        return;
    }
    wire_received(i->config->log, n, tokenizer_verbatim(i->tokenizer));
    for (size_t k = 0; k < sizeof(rules) / sizeof(rules[0]); k++) {
        const struct rule *r = &rules[k];
        if (r->state == i->state && tree_is(n, r->ns, r->local)) {
            r->apply(i, n);
            break;
        }
    }
    tree_clear(i->tree);
}

void initiator_on_header(struct initiator *i)
{
    const tree_node *n = tree_root(i->tree);
    wire_received(i->config->log, n, tokenizer_verbatim(i->tokenizer));
    i->stream = result_add_stream(i->result, i->secured);
    i->waiting = stream_header_judge(n, i->config->to, i->stream, i->result);
    tree_clear(i->tree);
    if (i->waiting.error != S2S_OK) {
        /* Ending our side makes the peer end its own, or say why. */
        int e = buf_add_text(&i->out, "</stream:stream>");
        i->state = VERDICT;
        if (e != S2S_OK)
            initiator_fail(i, e, error_text(e));
        return;
    }
    i->state = FEATURES;
}

void initiator_on_footer(struct initiator *i)
{
    if (i->state == FEATURES)
        initiator_fail_closed(i, S2S_EFEATURES,
                              "the peer closed the stream without features");
    else
        initiator_fail_closed(i, S2S_ECLOSED, "the peer closed the stream");
}
