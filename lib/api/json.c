#include "api/json.h"

#include <time.h>

#include "api/json_check.h"
#include "api/json_dane.h"
#include "api/json_federation.h"
#include "api/node.h"
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
    node_open_list(n, "features");
    for (size_t i = 0; i < r->union_count; i++)
        node_put_text(n, NULL, r->union_labels[i]);
    node_close(n);
}

static void put_stanzas(struct node *n, const s2s_result *r)
{
    if (r->op != S2S_OP_PING && r->stanzas.count == 0)
        return;
    node_open_list(n, "stanzas");
    for (const struct result_text *t = r->stanzas.first; t != NULL; t = t->next)
        node_put_text(n, NULL, t->text);
    node_close(n);
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
    node_open_list(n, "records");
    for (const struct result_srv *i = d->records; i != NULL; i = i->next) {
        node_open(n, NULL);
        node_put_text(n, "service", i->service);
        node_put_text(n, "target", i->target);
        node_put_number(n, "port", i->port);
        node_put_number(n, "priority", i->priority);
        node_put_number(n, "weight", i->weight);
        node_close(n);
    }
    node_close(n);
}

static void put_dns(struct node *n, const s2s_result *r)
{
    const struct result_dns *d = &r->dns;
    if (d->plan == NULL)
        return;
    node_open(n, "dns");
    node_put_text(n, "plan", d->plan);
    node_put_bool(n, "secure", d->secure);
    node_put_text(n, "xmpps", d->answers[0]);
    node_put_text(n, "xmppsError", d->errors[0]);
    node_put_text(n, "xmpp", d->answers[1]);
    node_put_text(n, "xmppError", d->errors[1]);
    put_records(n, d);
    node_close(n);
}

static void put_attempts(struct node *n, const s2s_result *r)
{
    if (r->attempt_count == 0)
        return;
    node_open_list(n, "attempts");
    for (const struct result_attempt *a = r->attempts; a != NULL; a = a->next) {
        node_open(n, NULL);
        node_put_text(n, "address", a->address);
        node_put_text(n, "host", a->host);
        node_put_number(n, "port", a->port);
        node_put_text(n, "outcome", a->outcome);
        node_put_ms(n, "ms", a->us);
        node_close(n);
    }
    node_close(n);
}

static void put_timings(struct node *n, const s2s_result *r)
{
    static const int stages[] = {
        S2S_STAGE_QUEUE,    S2S_STAGE_DNS,      S2S_STAGE_TCP,
        S2S_STAGE_STREAM,   S2S_STAGE_STARTTLS, S2S_STAGE_TLS,
        S2S_STAGE_FEATURES, S2S_STAGE_AUTH,     S2S_STAGE_PING,
        S2S_STAGE_OPEN,
    };
    node_open(n, "timings");
    for (size_t i = 0; i < sizeof(stages) / sizeof(stages[0]); i++) {
        int64_t us = r->stage_us[result_stage_index(stages[i])];
        node_put_ms(n, error_stage_name(stages[i]), us);
    }
    node_put_ms(n, "total", r->stage_us[result_stage_index(S2S_STAGE_DONE)]);
    node_put_ms(n, "rtt", r->rtt_us);
    node_put_ms(n, "lag", r->lag_us);
    node_close(n);
}

static void put_tls(struct node *n, const s2s_result *r)
{
    const struct result_tls *t = &r->tls;
    if (t->mode == NULL)
        return;
    node_open(n, "tls");
    node_put_text(n, "mode", t->mode);
    node_put_bool(n, "established", t->established);
    node_put_bool(n, "verified", t->established && result_verified(r));
    node_put_text(n, "protocol", t->protocol);
    node_put_text(n, "cipher", t->cipher);
    node_put_text(n, "alpn", t->alpn);
    node_put_text(n, "serverName", t->server_name);
    node_put_bool(n, "starttlsOffered", t->starttls_offered);
    node_put_bool(n, "clientCertificateRequested",
                  t->client_certificate_requested);
    node_put_bool(n, "clientCertificateSent", t->client_certificate_sent);
    node_close(n);
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
    node_open_list(n, "names");
    for (const struct result_name *i = c->names; i != NULL; i = i->next) {
        node_open(n, NULL);
        node_put_text(n, "type", i->type);
        node_put_text(n, "value", i->value);
        node_put_bool(n, "matches", i->matches);
        node_close(n);
    }
    node_close(n);
}

static void put_certificate(struct node *n, const s2s_result *r)
{
    const struct result_certificate *c = &r->tls.certificate;
    if (!c->present)
        return;
    node_open(n, "certificate");
    node_put_text(n, "subject", c->subject);
    node_put_text(n, "issuer", c->issuer);
    node_put_text(n, "serial", c->serial);
    node_put_text(n, "sha256", c->sha256);
    node_put_text(n, "keyType", c->key_type);
    node_put_number(n, "keyBits", c->key_bits);
    node_put_text(n, "signature", c->signature);
    put_time(n, "notBefore", c->not_before);
    put_time(n, "notAfter", c->not_after);
    node_put_number(n, "daysLeft", c->days_left);
    node_put_number(n, "chainLength", c->chain_length);
    node_put_text(n, "chain", result_verdict_name(c->chain));
    node_put_text(n, "name", result_verdict_name(c->name));
    node_put_text(n, "matched", c->matched);
    node_open(n, "usage");
    node_put_bool(n, "server", c->usage_server);
    node_put_bool(n, "client", c->usage_client);
    node_close(n);
    node_put_bool(n, "ocspStapled", c->ocsp_stapled);
    put_names(n, c);
    node_close(n);
}

static void append_feature(struct node *n, const struct result_feature *f)
{
    node_open(n, NULL);
    node_put_text(n, "label", f->label);
    node_put_text(n, "name", f->name);
    node_put_true(n, "required", f->required);
    node_put_true(n, "optional", f->optional);
    node_put_true(n, "errors", f->errors);
    node_put_text(n, "node", f->node);
    node_put_text(n, "hash", f->hash);
    node_put_text(n, "ver", f->ver);
    if (f->max_bytes >= 0)
        node_put_number(n, "maxBytes", f->max_bytes);
    if (f->idle_seconds >= 0)
        node_put_number(n, "idleSeconds", f->idle_seconds);
    node_close(n);
}

static void put_offers(struct node *n, const struct result_features *list)
{
    node_open_list(n, "features");
    for (const struct result_feature *f = list->first; f != NULL; f = f->next)
        append_feature(n, f);
    node_close(n);
}

static void append_stream(struct node *n, const struct result_stream *s)
{
    node_open(n, NULL);
    node_put_bool(n, "secure", s->secure);
    node_put_text(n, "id", s->id);
    node_put_text(n, "from", s->from);
    node_put_text(n, "to", s->to);
    node_put_text(n, "version", s->version);
    node_put_text(n, "lang", s->lang);
    node_put_bool(n, "dialbackNamespace", s->dialback_namespace);
    node_put_true(n, "saslEmpty", s->features.sasl_empty);
    if (s->features.received)
        put_offers(n, &s->features);
    node_close(n);
}

static void put_streams(struct node *n, const s2s_result *r)
{
    if (r->stream_count == 0)
        return;
    node_open_list(n, "streams");
    for (size_t i = 0; i < r->stream_count; i++)
        append_stream(n, &r->streams[i]);
    node_close(n);
}

static void put_stream_error(struct node *n, const s2s_result *r)
{
    if (r->stream_error.condition == NULL)
        return;
    node_open(n, "streamError");
    node_put_text(n, "condition", r->stream_error.condition);
    node_put_text(n, "text", r->stream_error.text);
    node_put_text(n, "other", r->stream_error.other);
    node_close(n);
}

/* The rows of a check. */
static void put_places(struct node *n, const struct result_finding *f)
{
    if (f->row > 0)
        node_put_number(n, "row", (int64_t)f->row - 1);
    if (f->rows == 0)
        return;
    node_open_list(n, "rows");
    for (int i = 0; i < 64; i++)
        if ((f->rows >> i & 1) != 0)
            node_put_number(n, NULL, i);
    node_close(n);
}

static void put_findings(struct node *n, const s2s_result *r)
{
    static const char *const severities[] = {"info", "warning", "error"};
    node_open_list(n, "findings");
    for (const struct result_finding *f = r->findings; f != NULL; f = f->next) {
        const struct finding_info *info = finding_info(f->id);
        node_open(n, NULL);
        node_put_text(n, "code", info->code);
        node_put_text(n, "severity", severities[info->severity]);
        node_put_text(n, "fault", info->fault);
        node_put_text(n, "seen", f->seen);
        node_put_text(n, "advice", info->advice);
        put_places(n, f);
        node_close(n);
    }
    node_close(n);
}

int json_build(s2s_result *result)
{
    const s2s_result *r = result;
    struct node n;
    result_collect(result);
    if (result->no_memory)
        return S2S_ENO_MEMORY;
    node_begin(&n, &result->paths);
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
    return node_end(&n, &result->json);
}
