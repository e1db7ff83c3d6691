#include "api/json.h"

#include <time.h>

#include "api/json_check.h"
#include "api/json_dane.h"
#include "api/json_federation.h"
#include "api/node.h"
#include "api/json_text.h"
#include "base/error.h"

/* ---- Parts ---- */

static void put_head(struct node *n, const s2s_result *r)
{
    const struct result_stream *last = result_last_stream(r);
    node_put_bool(n, "success", r->error == S2S_OK);
    if (r->host != NULL) {
        node_put_text(n, "host", r->host);
        node_put_number(n, "port", r->port);
    }
    if (last != NULL)
        node_put_text(n, "streamId", last->id);
}

static void put_features(struct node *n, const s2s_result *r)
{
    struct node list = node_array();
    for (size_t i = 0; i < r->union_count; i++)
        node_append(&list, json_string(r->union_labels[i]));
    node_put_node(n, "features", &list);
}

static void put_stanzas(struct node *n, const s2s_result *r)
{
    struct node list;
    if (r->op != S2S_OP_PING && r->stanzas.count == 0)
        return;
    list = node_array();
    for (const struct result_text *t = r->stanzas.first; t != NULL; t = t->next)
        node_append(&list, json_string(t->text));
    node_put_node(n, "stanzas", &list);
}

static void put_outcome(struct node *n, const s2s_result *r)
{
    int64_t total = r->stage_us[result_stage_index(S2S_STAGE_DONE)];
    if (total >= 0)
        node_put_number(n, "rtt", (total + 500) / 1000);
    if (r->error != S2S_OK) {
        node_put_text(n, "code", error_code_name(r->error));
        node_put_text(n, "error", r->message);
    }
    node_put_text(n, "stage", error_stage_name(r->stage));
    node_put_text(n, "from", r->from);
    node_put_text(n, "to", r->to);
    node_put_text(n, "address", r->address);
    node_put_text(n, "redirect", r->redirect);
    node_put_true(n, "pipelined", r->pipelined);
    if (r->op == S2S_OP_PING)
        node_put_text(n, "pingMethod",
                      r->ping_method != NULL ? r->ping_method : "none");
    node_put_text(n, "pingAnswer", r->ping_answer);
    node_put_text(n, "pingCondition", r->ping_condition);
}

static void put_records(struct node *n, const struct result_dns *d)
{
    struct node list = node_array();
    for (const struct result_srv *i = d->records; i != NULL; i = i->next) {
        struct node one = node_object();
        node_put_text(&one, "service", i->service);
        node_put_text(&one, "target", i->target);
        node_put_number(&one, "port", i->port);
        node_put_number(&one, "priority", i->priority);
        node_put_number(&one, "weight", i->weight);
        node_append_node(&list, &one);
    }
    node_put_node(n, "records", &list);
}

static void put_dns(struct node *n, const s2s_result *r)
{
    const struct result_dns *d = &r->dns;
    if (d->plan == NULL)
        return;
    struct node o = node_object();
    node_put_text(&o, "plan", d->plan);
    node_put_bool(&o, "secure", d->secure);
    node_put_text(&o, "xmpps", d->answers[0]);
    node_put_text(&o, "xmppsError", d->errors[0]);
    node_put_text(&o, "xmpp", d->answers[1]);
    node_put_text(&o, "xmppError", d->errors[1]);
    put_records(&o, d);
    node_put_node(n, "dns", &o);
}

static void put_attempts(struct node *n, const s2s_result *r)
{
    struct node list;
    if (r->attempt_count == 0)
        return;
    list = node_array();
    for (const struct result_attempt *a = r->attempts; a != NULL; a = a->next) {
        struct node one = node_object();
        node_put_text(&one, "address", a->address);
        node_put_text(&one, "host", a->host);
        node_put_number(&one, "port", a->port);
        node_put_text(&one, "outcome", a->outcome);
        if (a->us >= 0)
            node_put(&one, "ms", json_real((double)a->us / 1e3));
        node_append_node(&list, &one);
    }
    node_put_node(n, "attempts", &list);
}

static void put_timings(struct node *n, const s2s_result *r)
{
    static const int stages[] = {
        S2S_STAGE_QUEUE,    S2S_STAGE_DNS,      S2S_STAGE_TCP,
        S2S_STAGE_STREAM,   S2S_STAGE_STARTTLS, S2S_STAGE_TLS,
        S2S_STAGE_FEATURES, S2S_STAGE_AUTH,     S2S_STAGE_PING,
        S2S_STAGE_OPEN,
    };
    struct node t = node_object();
    for (size_t i = 0; i < sizeof(stages) / sizeof(stages[0]); i++) {
        int64_t us = r->stage_us[result_stage_index(stages[i])];
        if (us >= 0)
            node_put(&t, error_stage_name(stages[i]),
                     json_real((double)us / 1e3));
    }
    int64_t total = r->stage_us[result_stage_index(S2S_STAGE_DONE)];
    if (total >= 0)
        node_put(&t, "total", json_real((double)total / 1e3));
    if (r->rtt_us >= 0)
        node_put(&t, "rtt", json_real((double)r->rtt_us / 1e3));
    if (r->lag_us >= 0)
        node_put(&t, "lag", json_real((double)r->lag_us / 1e3));
    node_put_node(n, "timings", &t);
}

static void put_tls(struct node *n, const s2s_result *r)
{
    const struct result_tls *t = &r->tls;
    struct node o;
    if (t->mode == NULL)
        return;
    o = node_object();
    node_put_text(&o, "mode", t->mode);
    node_put_bool(&o, "established", t->established);
    node_put_bool(&o, "verified", t->established && result_verified(r));
    node_put_text(&o, "protocol", t->protocol);
    node_put_text(&o, "cipher", t->cipher);
    node_put_text(&o, "alpn", t->alpn);
    node_put_text(&o, "serverName", t->server_name);
    node_put_bool(&o, "starttlsOffered", t->starttls_offered);
    node_put_bool(&o, "clientCertificateRequested",
                  t->client_certificate_requested);
    node_put_bool(&o, "clientCertificateSent", t->client_certificate_sent);
    node_put_node(n, "tls", &o);
}

static void put_time(struct node *n, const char *key, int64_t at)
{
    char text[40];
    struct tm tm;
    time_t t = (time_t)at;
    if (gmtime_r(&t, &tm) != NULL &&
        strftime(text, sizeof(text), "%Y-%m-%dT%H:%M:%SZ", &tm) > 0)
        node_put_text(n, key, text);
}

static void put_names(struct node *n, const struct result_certificate *c)
{
    struct node list = node_array();
    for (const struct result_name *i = c->names; i != NULL; i = i->next) {
        struct node one = node_object();
        node_put_text(&one, "type", i->type);
        node_put_text(&one, "value", i->value);
        node_put_bool(&one, "matches", i->matches);
        node_append_node(&list, &one);
    }
    node_put_node(n, "names", &list);
}

static void put_certificate(struct node *n, const s2s_result *r)
{
    const struct result_certificate *c = &r->tls.certificate;
    struct node o, usage;
    if (!c->present)
        return;
    o = node_object();
    usage = node_object();
    node_put_text(&o, "subject", c->subject);
    node_put_text(&o, "issuer", c->issuer);
    node_put_text(&o, "serial", c->serial);
    node_put_text(&o, "sha256", c->sha256);
    node_put_text(&o, "keyType", c->key_type);
    node_put_number(&o, "keyBits", c->key_bits);
    node_put_text(&o, "signature", c->signature);
    put_time(&o, "notBefore", c->not_before);
    put_time(&o, "notAfter", c->not_after);
    node_put_number(&o, "daysLeft", c->days_left);
    node_put_number(&o, "chainLength", c->chain_length);
    node_put_text(&o, "chain", result_verdict_name(c->chain));
    node_put_text(&o, "name", result_verdict_name(c->name));
    node_put_text(&o, "matched", c->matched);
    node_put_bool(&usage, "server", c->usage_server);
    node_put_bool(&usage, "client", c->usage_client);
    node_put_node(&o, "usage", &usage);
    node_put_bool(&o, "ocspStapled", c->ocsp_stapled);
    put_names(&o, c);
    node_put_node(n, "certificate", &o);
}

static void append_feature(struct node *list, const struct result_feature *f)
{
    struct node o = node_object();
    node_put_text(&o, "label", f->label);
    node_put_text(&o, "name", f->name);
    node_put_true(&o, "required", f->required);
    node_put_true(&o, "optional", f->optional);
    node_put_true(&o, "errors", f->errors);
    node_put_text(&o, "node", f->node);
    node_put_text(&o, "hash", f->hash);
    node_put_text(&o, "ver", f->ver);
    if (f->max_bytes >= 0)
        node_put_number(&o, "maxBytes", f->max_bytes);
    if (f->idle_seconds >= 0)
        node_put_number(&o, "idleSeconds", f->idle_seconds);
    node_append_node(list, &o);
}

static void append_stream(struct node *list, const struct result_stream *s)
{
    struct node o = node_object();
    struct node features = node_array();
    node_put_bool(&o, "secure", s->secure);
    node_put_text(&o, "id", s->id);
    node_put_text(&o, "from", s->from);
    node_put_text(&o, "to", s->to);
    node_put_text(&o, "version", s->version);
    node_put_text(&o, "lang", s->lang);
    node_put_bool(&o, "dialbackNamespace", s->dialback_namespace);
    node_put_true(&o, "saslEmpty", s->features.sasl_empty);
    for (const struct result_feature *f = s->features.first; f != NULL;
         f = f->next)
        append_feature(&features, f);
    if (s->features.received)
        node_put_node(&o, "features", &features);
    else
        json_decref(features.value);
    node_append_node(list, &o);
}

static void put_streams(struct node *n, const s2s_result *r)
{
    struct node list;
    if (r->stream_count == 0)
        return;
    list = node_array();
    for (size_t i = 0; i < r->stream_count; i++)
        append_stream(&list, &r->streams[i]);
    node_put_node(n, "streams", &list);
}

static void put_stream_error(struct node *n, const s2s_result *r)
{
    struct node o;
    if (r->stream_error.condition == NULL)
        return;
    o = node_object();
    node_put_text(&o, "condition", r->stream_error.condition);
    node_put_text(&o, "text", r->stream_error.text);
    node_put_text(&o, "other", r->stream_error.other);
    node_put_node(n, "streamError", &o);
}

/* The rows of a check. */
static void put_places(struct node *n, const struct result_finding *f)
{
    struct node list;
    if (f->row > 0)
        node_put_number(n, "row", (int64_t)f->row - 1);
    if (f->rows == 0)
        return;
    list = node_array();
    for (int i = 0; i < 64; i++)
        if ((f->rows >> i & 1) != 0)
            node_append(&list, json_integer(i));
    node_put_node(n, "rows", &list);
}

static void put_findings(struct node *n, const s2s_result *r)
{
    static const char *const severities[] = {"info", "warning", "error"};
    struct node list = node_array();
    for (const struct result_finding *f = r->findings; f != NULL; f = f->next) {
        const struct finding_info *info = finding_info(f->id);
        struct node o = node_object();
        node_put_text(&o, "code", info->code);
        node_put_text(&o, "severity", severities[info->severity]);
        node_put_text(&o, "fault", info->fault);
        node_put_text(&o, "seen", f->seen);
        node_put_text(&o, "advice", info->advice);
        put_places(&o, f);
        node_append_node(&list, &o);
    }
    node_put_node(n, "findings", &list);
}

static struct node whole(const s2s_result *r)
{
    struct node n = node_object();
    put_head(&n, r);
    put_features(&n, r);
    put_stanzas(&n, r);
    put_outcome(&n, r);
    put_dns(&n, r);
    put_attempts(&n, r);
    put_timings(&n, r);
    put_tls(&n, r);
    put_certificate(&n, r);
    json_dane(&n, r);
    put_streams(&n, r);
    put_stream_error(&n, r);
    json_federation(&n, r);
    json_check(&n, r);
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
