/* A record by hand, with everything in it. */
#ifndef TESTS_UNIT_API_RECORD_H
#define TESTS_UNIT_API_RECORD_H

#include <string.h>

#include "api/json.h"

#define COUNT(list) (sizeof(list) / sizeof((list)[0]))

static inline void record_features(s2s_result *r)
{
    struct result_stream *s = result_add_stream(r, false);
    s->id = "c1";
    s->header_received = true;
    s = result_add_stream(r, true);
    s->id = "t1";
    s->from = "them.example";
    s->to = "us.example";
    s->version = "1.0";
    s->lang = "en";
    s->header_received = s->dialback_namespace = true;
    s->features.received = s->features.sasl_empty = true;
    struct result_feature *f = result_add_feature(r, &s->features);
    f->label = "X-a";
    f->name = "{urn:x}a";
    f->rank = 100;
    f = result_add_feature(r, &s->features);
    f->label = "LIMITS";
    f->rank = 6;
    f->max_bytes = 10000;
    f->idle_seconds = 0;
    f = result_add_feature(r, &s->features);
    f->label = "DIALBACK";
    f->rank = 2;
    f->required = f->optional = f->errors = true;
    f->node = "n";
    f->hash = "h";
    f->ver = "v";
}

static inline void record_tls(s2s_result *r)
{
    struct result_tls *t = &r->tls;
    t->mode = "starttls";
    t->protocol = "TLS1.3";
    t->cipher = "C";
    t->alpn = "xmpp-server";
    t->server_name = "them.example";
    t->established = t->starttls_offered = true;
    t->client_certificate_requested = t->client_certificate_sent = true;
    t->certificate = (struct result_certificate){
        .present = true,
        .subject = "CN=s",
        .issuer = "CN=i",
        .serial = "01",
        .sha256 = "ab",
        .key_type = "ECDSA",
        .signature = "ECDSA-SHA256",
        .not_before = 0,
        .not_after = 1800000000,
        .days_left = -3,
        .key_bits = 256,
        .chain_length = 2,
        .usage_server = true,
        .ocsp_stapled = true,
        .matched = "them.example",
        .last_name = &t->certificate.names,
        .chain = RESULT_OK,
        .name = RESULT_OK,
    };
    result_add_name(r, "dns", "them.example", true);
    result_add_name(r, "cn", "other", false);
}

static inline void record_tlsa(s2s_result *r)
{
    struct result_tlsa *t = result_add_tlsa(r);
    t->usage = DANE_USAGE_DANE_EE;
    t->selector = t->matching = 1;
    t->outcome = RESULT_TLSA_MATCH;
    t = result_add_tlsa(r);
    t->usage = 2;
    t->selector = t->matching = -1;
    t->outcome = RESULT_TLSA_NOT_USED;
    r->tlsa.name = "_5269._tcp.host.example";
    r->tlsa.verdict = RESULT_DANE_MATCH;
    r->tlsa.usage = DANE_USAGE_DANE_EE;
}

static inline void record_dns(s2s_result *r)
{
    r->dns.plan = "srv";
    r->dns.secure = true;
    r->dns.answers[0] = "failed";
    r->dns.errors[0] = "SERVFAIL";
    r->dns.answers[1] = "records";
    result_add_srv(r, &(struct result_srv){.service = "xmpp-server",
                                           .target = "host.example",
                                           .port = 5269,
                                           .priority = 1,
                                           .weight = 65535});
}

static inline void record_fill(s2s_result *r)
{
    result_fail(r, S2S_ESTREAM_ERROR, "stream error %s", "conflict");
    r->stage = S2S_STAGE_PING;
    r->host = "host.example";
    r->port = 5269;
    r->from = "us.example";
    r->to = "them.example";
    r->address = "192.0.2.1";
    r->redirect = "other.example:1";
    r->pipelined = true;
    r->ping_method = "dialback-verify";
    r->ping_answer = "error";
    r->ping_condition = "forbidden";
    r->stream_error.condition = "conflict";
    r->stream_error.text = "t";
    r->stream_error.other = "{urn:x}o";
    result_add_text(r, &r->stanzas, "<a/>", 4);
    result_add_text(r, &r->stanzas, "<b c='\"'/>", 10);
    result_add_attempt(r, &(struct result_attempt){.host = "a.example",
                                                   .port = 5270,
                                                   .us = -1,
                                                   .outcome = "NXDOMAIN"});
    result_add_attempt(r, &(struct result_attempt){.address = "192.0.2.1",
                                                   .host = "host.example",
                                                   .port = 5269,
                                                   .us = 1500,
                                                   .outcome = "connected"});
    record_dns(r);
    record_features(r);
    record_tls(r);
    record_tlsa(r);
    for (int stage = 0; stage <= S2S_STAGE_DONE; stage++)
        result_add_us(r, stage, stage * 1001);
    result_find(r, FINDING_CONFLICT, "conflict: t");
    result_find(r, FINDING_LANG_MISSING, NULL);
}

#endif
