/* Fill a record with one of everything and print its paths and its JSON, for
 * the script `paths` to compare with the manual. */
#include <stdbool.h>
#include <stdio.h>
#include <string.h>

#include <s2sprobe.h>

#include "api/json.h"
#include "base/result.h"

static void fill_stream(s2s_result *r)
{
    struct result_stream *s = result_add_stream(r, true);
    struct result_feature *f = result_add_feature(r, &s->features);
    s->id = s->from = s->to = s->version = s->lang = "x";
    s->header_received = s->features.received = s->features.sasl_empty = true;
    if (f == NULL)
        return;
    f->label = f->name = f->node = f->hash = f->ver = "x";
    f->required = f->optional = f->errors = true;
    f->max_bytes = f->idle_seconds = 1;
}

static void fill_tls(s2s_result *r)
{
    struct result_certificate *c = &r->tls.certificate;
    r->tls.mode = r->tls.protocol = r->tls.cipher = "x";
    r->tls.alpn = r->tls.server_name = "x";
    c->present = true;
    c->subject = c->issuer = c->serial = c->sha256 = "x";
    c->key_type = c->signature = c->matched = "x";
    c->chain = c->name = RESULT_OK;
    result_add_name(r, "dns", "x", true);
}

static void fill_tlsa(s2s_result *r)
{
    struct result_tlsa *t = result_add_tlsa(r);
    r->tlsa.verdict = RESULT_DANE_MATCH;
    r->tlsa.name = "x";
    r->tlsa.unread = 1;
    r->tlsa.usage = DANE_USAGE_DANE_EE;
    if (t != NULL)
        t->usage = t->selector = t->matching = 1;
}

static void fill_auth(s2s_result *r)
{
    struct result_also *also = result_add_also(r, "x");
    struct result_ping *ping = result_add_ping(r, 1);
    r->auth.method = r->auth.external = r->auth.external_text = "x";
    r->auth.dialback = r->auth.dialback_condition = "x";
    r->acks.version = "x";
    if (also == NULL || ping == NULL)
        return;
    also->answer = also->condition = "x";
    ping->answer = ping->condition = ping->via = "x";
    ping->us = ping->ack_us = 1;
}

static void fill_inbound(s2s_result *r)
{
    const struct inbound seen = {
        .address = "x",
        .from = "x",
        .to = "x",
        .tls_error = "x",
        .auth = INBOUND_EXTERNAL,
        .auth_error = "x",
        .error = "x",
        .error_text = "x",
        .our_error = "x",
        .at_accept = 1,
        .at_tls = 2,
        .at_auth = 3,
    };
    r->listening = true;
    (void)result_add_inbound(r, &seen);
}

static void fill_dns(s2s_result *r)
{
    struct result_dns *d = &r->dns;
    d->plan = "x";
    for (int k = 0; k < 2; k++)
        d->answers[k] = d->errors[k] = "x";
    result_add_srv(r, &(struct result_srv){.service = "x", .target = "x"});
}

static void fill(s2s_result *r)
{
    result_fail(r, S2S_ESTREAM_ERROR, "x");
    r->host = r->from = r->to = r->address = r->redirect = "x";
    r->pipelined = true;
    r->port = 1;
    r->rtt_us = r->lag_us = 1;
    r->ping_method = r->ping_answer = r->ping_condition = "x";
    r->stream_error.condition = "x";
    r->stream_error.text = r->stream_error.other = "x";
    result_add_text(r, &r->stanzas, "x", 1);
    result_add_attempt(r, &(struct result_attempt){
                              .address = "x",
                              .host = "x",
                              .port = 1,
                              .us = 1,
                              .outcome = "x",
                          });
    result_find(r, FINDING_TIMEOUT, "x");
    result_find_in_row(r, FINDING_NO_TLS_1_3, NULL, 1);
    fill_dns(r);
    fill_stream(r);
    fill_tls(r);
    fill_tlsa(r);
    fill_auth(r);
    fill_inbound(r);
    for (int stage = 0; stage <= S2S_STAGE_DONE; stage++)
        if (result_stage_index(stage) >= 0)
            result_add_us(r, stage, 1);
}

/* A row with a probe of its own, and one that was not tried. */
static bool fill_rows(s2s_result *r)
{
    struct result_row *tried = result_add_row(r);
    struct result_row *other = result_add_row(r);
    if (tried == NULL || other == NULL)
        return false;
    *tried = (struct result_row){
        .next = tried->next,
        .kind = "x",
        .target = "x",
        .address = "x",
        .port = 1,
        .tls12 = true,
        .tls13 = true,
        .result = result_new(S2S_OP_PING),
    };
    other->kind = other->target = "x";
    other->error = S2S_ETIMEOUT;
    if (tried->result == NULL)
        return false;
    fill(tried->result);
    tried->result->tls.established = true;
    result_collect(tried->result);
    return true;
}

static bool print(s2s_result *r)
{
    if (json_build(r) != S2S_OK)
        return false;
    const char *p = (const char *)r->paths.data;
    const char *end = p + r->paths.length;
    while (p < end) {
        puts(p);
        p += strlen(p) + 1;
        p += strlen(p) + 1;
    }
    return true;
}

int main(void)
{
    static const int ops[] = {S2S_OP_PING, S2S_OP_CHECK};
    bool good = true;
    for (size_t i = 0; i < sizeof(ops) / sizeof(ops[0]) && good; i++) {
        s2s_result *r = result_new(ops[i]);
        if (r == NULL)
            return 1;
        fill(r);
        good = (ops[i] != S2S_OP_CHECK || fill_rows(r)) && print(r);
        result_free(r);
    }
    return good ? 0 : 1;
}
