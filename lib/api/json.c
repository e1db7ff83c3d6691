#include "api/json.h"

#include <jansson.h>
#include <time.h>

#include "api/json_text.h"
#include "base/error.h"

#define JSON_MAX       (8u << 20)
#define PATH_MAX_BYTES 128

/*
 * An object or array under construction. `failed` sticks: one look at the end
 * is enough. Absent values (NULL, -1) leave no member.
 */
struct node {
    json_t *value;
    bool failed;
};

static void put(struct node *n, const char *key, json_t *value)
{
    if (json_object_set_new(n->value, key, value) != 0)
        n->failed = true;
}

static void put_text(struct node *n, const char *key, const char *text)
{
    if (text != NULL)
        put(n, key, json_string(text));
}

static void put_bool(struct node *n, const char *key, bool value)
{
    put(n, key, json_boolean(value));
}

static void put_true(struct node *n, const char *key, bool value)
{
    if (value)
        put_bool(n, key, true);
}

static void put_number(struct node *n, const char *key, int64_t value)
{
    put(n, key, json_integer(value));
}

static struct node object(void)
{
    struct node n = {json_object(), false};
    n.failed = n.value == NULL;
    return n;
}

static struct node array(void)
{
    struct node n = {json_array(), false};
    n.failed = n.value == NULL;
    return n;
}

static void append(struct node *list, json_t *value)
{
    if (json_array_append_new(list->value, value) != 0)
        list->failed = true;
}

static void append_node(struct node *list, struct node *n)
{
    list->failed = list->failed || n->failed;
    append(list, n->value);
}

static void put_node(struct node *n, const char *key, struct node *child)
{
    n->failed = n->failed || child->failed;
    put(n, key, child->value);
}

/* ---- Parts ---- */

static void put_head(struct node *n, const s2s_result *r)
{
    const struct result_stream *last = result_last_stream(r);
    put_bool(n, "success", r->error == S2S_OK);
    if (r->host != NULL) {
        put_text(n, "host", r->host);
        put_number(n, "port", r->port);
    }
    if (last != NULL)
        put_text(n, "streamId", last->id);
}

static void put_features(struct node *n, const s2s_result *r)
{
    struct node list = array();
    for (size_t i = 0; i < r->union_count; i++)
        append(&list, json_string(r->union_labels[i]));
    put_node(n, "features", &list);
}

static void put_stanzas(struct node *n, const s2s_result *r)
{
    struct node list;
    if (r->op != S2S_OP_PING && r->stanzas.count == 0)
        return;
    list = array();
    for (const struct result_text *t = r->stanzas.first; t != NULL; t = t->next)
        append(&list, json_string(t->text));
    put_node(n, "stanzas", &list);
}

static void put_outcome(struct node *n, const s2s_result *r)
{
    int64_t total = r->stage_us[result_stage_index(S2S_STAGE_DONE)];
    if (total >= 0)
        put_number(n, "rtt", (total + 500) / 1000);
    if (r->error != S2S_OK) {
        put_text(n, "code", error_code_name(r->error));
        put_text(n, "error", r->message);
    }
    put_text(n, "stage", error_stage_name(r->stage));
    put_text(n, "from", r->from);
    put_text(n, "to", r->to);
    put_text(n, "address", r->address);
    put_text(n, "redirect", r->redirect);
    if (r->op == S2S_OP_PING)
        put_text(n, "pingMethod",
                 r->ping_method != NULL ? r->ping_method : "none");
    put_text(n, "pingAnswer", r->ping_answer);
    put_text(n, "pingCondition", r->ping_condition);
}

static void put_attempts(struct node *n, const s2s_result *r)
{
    struct node list;
    if (r->attempt_count == 0)
        return;
    list = array();
    for (const struct result_attempt *a = r->attempts; a != NULL; a = a->next) {
        struct node one = object();
        put_text(&one, "address", a->address);
        put_text(&one, "outcome", a->outcome);
        append_node(&list, &one);
    }
    put_node(n, "attempts", &list);
}

static void put_timings(struct node *n, const s2s_result *r)
{
    static const int stages[] = {
        S2S_STAGE_QUEUE,    S2S_STAGE_DNS,      S2S_STAGE_TCP,
        S2S_STAGE_STREAM,   S2S_STAGE_STARTTLS, S2S_STAGE_TLS,
        S2S_STAGE_FEATURES, S2S_STAGE_AUTH,     S2S_STAGE_PING,
        S2S_STAGE_OPEN,
    };
    struct node t = object();
    for (size_t i = 0; i < sizeof(stages) / sizeof(stages[0]); i++) {
        int64_t us = r->stage_us[result_stage_index(stages[i])];
        if (us >= 0)
            put(&t, error_stage_name(stages[i]), json_real((double)us / 1e3));
    }
    int64_t total = r->stage_us[result_stage_index(S2S_STAGE_DONE)];
    if (total >= 0)
        put(&t, "total", json_real((double)total / 1e3));
    put_node(n, "timings", &t);
}

static void put_tls(struct node *n, const s2s_result *r)
{
    const struct result_tls *t = &r->tls;
    const struct result_certificate *c = &t->certificate;
    struct node o;
    if (t->mode == NULL)
        return;
    o = object();
    put_text(&o, "mode", t->mode);
    put_bool(&o, "established", t->established);
    put_bool(&o, "verified",
             t->established && c->chain == RESULT_OK && c->name == RESULT_OK);
    put_text(&o, "protocol", t->protocol);
    put_text(&o, "cipher", t->cipher);
    put_text(&o, "alpn", t->alpn);
    put_text(&o, "serverName", t->server_name);
    put_bool(&o, "starttlsOffered", t->starttls_offered);
    put_bool(&o, "clientCertificateRequested", t->client_certificate_requested);
    put_bool(&o, "clientCertificateSent", t->client_certificate_sent);
    put_node(n, "tls", &o);
}

static void put_time(struct node *n, const char *key, int64_t at)
{
    char text[40];
    struct tm tm;
    time_t t = (time_t)at;
    if (gmtime_r(&t, &tm) != NULL &&
        strftime(text, sizeof(text), "%Y-%m-%dT%H:%M:%SZ", &tm) > 0)
        put_text(n, key, text);
}

static void put_names(struct node *n, const struct result_certificate *c)
{
    struct node list = array();
    for (const struct result_name *i = c->names; i != NULL; i = i->next) {
        struct node one = object();
        put_text(&one, "type", i->type);
        put_text(&one, "value", i->value);
        put_bool(&one, "matches", i->matches);
        append_node(&list, &one);
    }
    put_node(n, "names", &list);
}

static void put_certificate(struct node *n, const s2s_result *r)
{
    const struct result_certificate *c = &r->tls.certificate;
    struct node o, usage;
    if (!c->present)
        return;
    o = object();
    usage = object();
    put_text(&o, "subject", c->subject);
    put_text(&o, "issuer", c->issuer);
    put_text(&o, "serial", c->serial);
    put_text(&o, "sha256", c->sha256);
    put_text(&o, "keyType", c->key_type);
    put_number(&o, "keyBits", c->key_bits);
    put_text(&o, "signature", c->signature);
    put_time(&o, "notBefore", c->not_before);
    put_time(&o, "notAfter", c->not_after);
    put_number(&o, "daysLeft", c->days_left);
    put_number(&o, "chainLength", c->chain_length);
    put_text(&o, "chain", result_verdict_name(c->chain));
    put_text(&o, "name", result_verdict_name(c->name));
    put_text(&o, "matched", c->matched);
    put_bool(&usage, "server", c->usage_server);
    put_bool(&usage, "client", c->usage_client);
    put_node(&o, "usage", &usage);
    put_bool(&o, "ocspStapled", c->ocsp_stapled);
    put_names(&o, c);
    put_node(n, "certificate", &o);
}

static void append_feature(struct node *list, const struct result_feature *f)
{
    struct node o = object();
    put_text(&o, "label", f->label);
    put_text(&o, "name", f->name);
    put_true(&o, "required", f->required);
    put_true(&o, "optional", f->optional);
    put_true(&o, "errors", f->errors);
    put_text(&o, "node", f->node);
    put_text(&o, "hash", f->hash);
    put_text(&o, "ver", f->ver);
    if (f->max_bytes >= 0)
        put_number(&o, "maxBytes", f->max_bytes);
    if (f->idle_seconds >= 0)
        put_number(&o, "idleSeconds", f->idle_seconds);
    append_node(list, &o);
}

static void append_stream(struct node *list, const struct result_stream *s)
{
    struct node o = object();
    struct node features = array();
    put_bool(&o, "secure", s->secure);
    put_text(&o, "id", s->id);
    put_text(&o, "from", s->from);
    put_text(&o, "to", s->to);
    put_text(&o, "version", s->version);
    put_text(&o, "lang", s->lang);
    put_bool(&o, "dialbackNamespace", s->dialback_namespace);
    put_true(&o, "saslEmpty", s->features.sasl_empty);
    for (const struct result_feature *f = s->features.first; f != NULL;
         f = f->next)
        append_feature(&features, f);
    if (s->features.received)
        put_node(&o, "features", &features);
    else
        json_decref(features.value);
    append_node(list, &o);
}

static void put_streams(struct node *n, const s2s_result *r)
{
    struct node list;
    if (r->stream_count == 0)
        return;
    list = array();
    for (size_t i = 0; i < r->stream_count; i++)
        append_stream(&list, &r->streams[i]);
    put_node(n, "streams", &list);
}

static void put_stream_error(struct node *n, const s2s_result *r)
{
    struct node o;
    if (r->stream_error.condition == NULL)
        return;
    o = object();
    put_text(&o, "condition", r->stream_error.condition);
    put_text(&o, "text", r->stream_error.text);
    put_text(&o, "other", r->stream_error.other);
    put_node(n, "streamError", &o);
}

static void put_auth(struct node *n, const s2s_result *r)
{
    const struct result_auth *a = &r->auth;
    struct node o;
    if (a->method == NULL && a->external == NULL && a->dialback == NULL)
        return;
    o = object();
    put_text(&o, "method", a->method);
    put_text(&o, "external", a->external);
    put_text(&o, "externalText", a->external_text);
    put_text(&o, "dialback", a->dialback);
    put_text(&o, "dialbackCondition", a->dialback_condition);
    put_bool(&o, "bidi", a->bidi);
    put_node(n, "auth", &o);
}

static void put_also(struct node *n, const s2s_result *r)
{
    struct node list;
    if (r->also == NULL)
        return;
    list = array();
    for (const struct result_also *a = r->also; a != NULL; a = a->next) {
        struct node o = object();
        put_text(&o, "domain", a->domain);
        put_text(&o, "answer", a->answer);
        put_text(&o, "condition", a->condition);
        append_node(&list, &o);
    }
    put_node(n, "alsoFrom", &list);
}

static void put_acks(struct node *n, const s2s_result *r)
{
    struct node o;
    if (r->acks.version == NULL)
        return;
    o = object();
    put_text(&o, "version", r->acks.version);
    put_bool(&o, "enabled", r->acks.enabled);
    put_number(&o, "sent", r->acks.sent);
    put_number(&o, "acked", r->acks.acked);
    put_node(n, "acks", &o);
}

static void put_ms(struct node *n, const char *key, int64_t us)
{
    if (us >= 0)
        put(n, key, json_real((double)us / 1e3));
}

static void put_pings(struct node *n, const s2s_result *r)
{
    struct node list;
    if (r->pings == NULL)
        return;
    list = array();
    for (const struct result_ping *p = r->pings; p != NULL; p = p->next) {
        struct node o = object();
        put_text(&o, "answer", p->answer);
        put_text(&o, "condition", p->condition);
        put_text(&o, "via", p->via);
        put_ms(&o, "ms", p->us);
        put_ms(&o, "ackMs", p->ack_us);
        append_node(&list, &o);
    }
    put_node(n, "pings", &list);
}

/* Texts of strangers, of bounded size; not always whole characters. */
static void put_seen(struct node *n, const char *key, const char *text)
{
    if (text[0] == '\0')
        return;
    json_t *value = json_string(text);
    put(n, key, value != NULL ? value : json_string("(not UTF-8)"));
}

static void put_connection(struct node *list, const struct inbound *i)
{
    static const char *const methods[] = {
        [INBOUND_NOBODY] = NULL,
        [INBOUND_EXTERNAL] = "external",
        [INBOUND_DIALBACK] = "dialback",
    };
    struct node o = object();
    put_seen(&o, "address", i->address);
    put_seen(&o, "from", i->from);
    put_seen(&o, "to", i->to);
    put_bool(&o, "directTls", i->direct);
    put_bool(&o, "tls", i->tls);
    put_seen(&o, "tlsError", i->tls_error);
    put_text(&o, "auth", methods[i->auth]);
    put_seen(&o, "authError", i->auth_error);
    put_ms(&o, "tlsMs", i->at_tls > 0 ? i->at_tls - i->at_accept : -1);
    put_ms(&o, "authMs", i->at_auth > 0 ? i->at_auth - i->at_accept : -1);
    put_number(&o, "verifies", i->verifies);
    put_number(&o, "stanzas", i->stanzas);
    put_number(&o, "refused", i->refused);
    put_seen(&o, "streamError", i->error);
    put_seen(&o, "streamErrorText", i->error_text);
    put_seen(&o, "ourStreamError", i->our_error);
    put_bool(&o, "ended", i->ended);
    append_node(list, &o);
}

static void put_inbound(struct node *n, const s2s_result *r)
{
    struct node o;
    struct node list;
    if (!r->listening)
        return;
    o = object();
    list = array();
    for (const struct result_inbound *i = r->inbound; i != NULL; i = i->next)
        put_connection(&list, &i->seen);
    put_number(&o, "count", r->inbound_count);
    put_node(&o, "connections", &list);
    put_node(n, "inbound", &o);
}

static void put_findings(struct node *n, const s2s_result *r)
{
    static const char *const severities[] = {"info", "warning", "error"};
    struct node list = array();
    for (const struct result_finding *f = r->findings; f != NULL; f = f->next) {
        const struct finding_info *info = finding_info(f->id);
        struct node o = object();
        put_text(&o, "code", info->code);
        put_text(&o, "severity", severities[info->severity]);
        put_text(&o, "fault", info->fault);
        put_text(&o, "seen", f->seen);
        put_text(&o, "advice", info->advice);
        append_node(&list, &o);
    }
    put_node(n, "findings", &list);
}

static struct node whole(const s2s_result *r)
{
    struct node n = object();
    put_head(&n, r);
    put_features(&n, r);
    put_stanzas(&n, r);
    put_outcome(&n, r);
    put_attempts(&n, r);
    put_timings(&n, r);
    put_tls(&n, r);
    put_certificate(&n, r);
    put_streams(&n, r);
    put_stream_error(&n, r);
    put_auth(&n, r);
    put_also(&n, r);
    put_acks(&n, r);
    put_pings(&n, r);
    put_inbound(&n, r);
    put_findings(&n, r);
    return n;
}

int json_build(s2s_result *result)
{
    int e = S2S_ENO_MEMORY;
    result_collect(result);
    struct node n = whole(result);
    if (!n.failed && !result->no_memory) {
        e = json_text_make(n.value, &result->json);
        if (e == S2S_OK)
            e = json_text_paths(&result->paths, n.value);
    }
    json_decref(n.value);
    return e;
}
