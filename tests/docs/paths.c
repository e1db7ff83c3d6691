/* Fill a record with one of everything and print its paths and its JSON, for
 * the script `paths` to compare with the manual. */
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

static void fill(s2s_result *r)
{
    result_fail(r, S2S_ESTREAM_ERROR, "x");
    r->host = r->from = r->to = r->address = r->redirect = "x";
    r->port = 1;
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
    fill_stream(r);
    fill_tls(r);
    fill_tlsa(r);
    fill_auth(r);
    fill_inbound(r);
    for (int stage = 0; stage <= S2S_STAGE_DONE; stage++)
        if (result_stage_index(stage) >= 0)
            result_add_us(r, stage, 1);
}

int main(void)
{
    s2s_result *r = result_new(S2S_OP_PING);
    if (r == NULL)
        return 1;
    fill(r);
    if (json_build(r) != S2S_OK)
        return 1;
    const char *p = (const char *)r->paths.data;
    const char *end = p + r->paths.length;
    while (p < end) {
        puts(p);
        p += strlen(p) + 1;
        p += strlen(p) + 1;
    }
    result_free(r);
    return 0;
}
