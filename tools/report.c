#include "report.h"

#include <stdio.h>
#include <string.h>

#include "findings.h"
#include "pings.h"
#include "report_federation.h"
#include "table.h"
#include "value.h"
#include "waterfall.h"

#define LABEL 13 /* columns */

void report_row(struct out *o, const char *label, const char *text,
                enum style style)
{
    out_style(o, STYLE_QUIET);
    out_text(o, label);
    out_style(o, STYLE_NONE);
    out_pad(o, LABEL);
    out_style(o, style);
    out_wrapped(o, LABEL, text);
    out_style(o, STYLE_NONE);
    out_newline(o);
}

static void row(struct out *o, const char *label, const struct line *l)
{
    if (l->length > 0)
        report_row(o, label, l->text, STYLE_NONE);
}

/* ---- The outcome -------------------------------------------------------- */

static void put_outcome(struct out *o, const s2s_result *r)
{
    struct line l = {.length = 0};
    char ms[40];
    int error = s2s_result_error(r);
    int64_t us = s2s_result_stage_us(r, S2S_STAGE_DONE);
    line_add(&l, s2s_code_name(error));
    if (us >= 0) {
        snprintf(ms, sizeof(ms), ", %.1f ms", (double)us / 1e3);
        line_add(&l, ms);
    }
    if (error != S2S_OK)
        line_join(&l, ", stage ", s2s_result_get(r, "stage"));
    line_join(&l, ": ", s2s_result_message(r));
    report_row(o, "outcome", l.text, error == S2S_OK ? STYLE_GOOD : STYLE_BAD);
}

/* ---- The way there ------------------------------------------------------ */

static void put_dns(struct out *o, const s2s_result *r)
{
    static const char *const parts[] = {"secure", "xmpps", "xmpp"};
    struct line l = {.length = 0};
    line_join(&l, ", ", s2s_result_get(r, "dns.plan"));
    for (size_t i = 0; i < sizeof(parts) / sizeof(parts[0]); i++) {
        char path[32];
        snprintf(path, sizeof(path), "dns.%s", parts[i]);
        if (s2s_result_get(r, path) == NULL)
            continue;
        line_join(&l, ", ", parts[i]);
        line_join(&l, " ", s2s_result_get(r, path));
    }
    row(o, "dns", &l);
    for (size_t i = 0; i < VALUE_MAX; i++) {
        const char *list = "dns.records";
        struct line record = {.length = 0};
        line_join(&record, "", value_item(r, list, i, "service"));
        if (record.length == 0)
            break;
        line_join(&record, " ", value_item(r, list, i, "target"));
        line_join(&record, " port ", value_item(r, list, i, "port"));
        line_join(&record, " priority ", value_item(r, list, i, "priority"));
        line_join(&record, " weight ", value_item(r, list, i, "weight"));
        row(o, "", &record);
    }
}

static void put_attempt(struct out *o, const s2s_result *r, size_t i)
{
    static const char list[] = "attempts";
    struct line l = {.length = 0};
    line_join(&l, "", value_item(r, list, i, "host"));
    line_join(&l, " ", value_item(r, list, i, "address"));
    line_join(&l, " port ", value_item(r, list, i, "port"));
    line_join(&l, ": ", value_item(r, list, i, "outcome"));
    if (value_item(r, list, i, "ms") != NULL) {
        line_join(&l, ", ", value_item(r, list, i, "ms"));
        line_add(&l, " ms");
    }
    row(o, i == 0 ? "tried" : "", &l);
}

/* One that worked at once is told as the address that was reached. */
static void put_attempts(struct out *o, const s2s_result *r)
{
    const char *first = value_item(r, "attempts", 0, "outcome");
    if (first == NULL || (strcmp(first, "connected") == 0 &&
                          value_item(r, "attempts", 1, "outcome") == NULL))
        return;
    for (size_t i = 0; i < VALUE_MAX; i++) {
        if (value_item(r, "attempts", i, "outcome") == NULL)
            break;
        put_attempt(o, r, i);
    }
}

static void put_reached(struct out *o, const s2s_result *r)
{
    const char *address = s2s_result_get(r, "address");
    const char *host = s2s_result_get(r, "host");
    struct line l = {.length = 0};
    line_join(&l, "", address);
    if (l.length == 0)
        return;
    line_join(&l, " port ", s2s_result_get(r, "port"));
    if (host != NULL && strcmp(host, address) != 0)
        line_join(&l, ", host ", host);
    row(o, "reached", &l);
}

/* ---- TLS ---------------------------------------------------------------- */

static void put_tls(struct out *o, const s2s_result *r)
{
    struct line l = {.length = 0};
    bool established = value_is_true(r, "tls.established");
    bool verified = value_is_true(r, "tls.verified");
    line_join(&l, "", s2s_result_get(r, "tls.mode"));
    if (l.length == 0)
        return;
    line_join(&l, ", ", s2s_result_get(r, "tls.protocol"));
    line_join(&l, ", ", s2s_result_get(r, "tls.cipher"));
    line_join(&l, ", alpn ", s2s_result_get(r, "tls.alpn"));
    line_join(&l, ", ",
              !established ? "not encrypted"
              : verified   ? "verified"
                           : "not verified");
    report_row(o, "tls", l.text, verified ? STYLE_GOOD : STYLE_WARNING);
}

static void put_validity(struct out *o, const s2s_result *r)
{
    struct line l = {.length = 0};
    char text[64];
    long days;
    if (!value_days(r, "certificate.daysLeft", &days))
        return;
    line_join(&l, "", s2s_result_get(r, "certificate.notAfter"));
    snprintf(text, sizeof(text), ", %ld days left", days);
    line_add(&l, text);
    row(o, "  expires", &l);
}

static void put_certificate(struct out *o, const s2s_result *r)
{
    const char *chain = s2s_result_get(r, "certificate.chain");
    const char *name = s2s_result_get(r, "certificate.name");
    const char *subject = s2s_result_get(r, "certificate.subject");
    const char *issuer = s2s_result_get(r, "certificate.issuer");
    struct line l = {.length = 0};
    if (chain == NULL || name == NULL)
        return;
    if (subject != NULL)
        report_row(o, "certificate", subject, STYLE_NONE);
    if (issuer != NULL)
        report_row(o, "  issuer", issuer, STYLE_NONE);
    put_validity(o, r);
    line_add(&l, "chain ");
    line_add(&l, chain);
    line_join(&l, ", name ", name);
    line_join(&l, ", matched ", s2s_result_get(r, "certificate.matched"));
    report_row(o, "  verdict", l.text,
               strcmp(chain, "ok") == 0 && strcmp(name, "ok") == 0 ? STYLE_GOOD
                                                                   : STYLE_BAD);
}

/* ---- The stream --------------------------------------------------------- */

static void put_features(struct out *o, const s2s_result *r)
{
    struct line l = {.length = 0};
    for (size_t i = 0; i < s2s_result_feature_count(r); i++)
        line_join(&l, " ", s2s_result_feature(r, i));
    row(o, "features", &l);
}

static void put_stream_error(struct out *o, const s2s_result *r)
{
    struct line l = {.length = 0};
    line_join(&l, "", s2s_result_get(r, "streamError.condition"));
    line_join(&l, ": ", s2s_result_get(r, "streamError.text"));
    if (l.length > 0)
        report_row(o, "stream error", l.text, STYLE_BAD);
    struct line to = {.length = 0};
    line_join(&to, "", s2s_result_get(r, "redirect"));
    row(o, "redirect", &to);
}

static void put_stanzas(struct out *o, const s2s_result *r)
{
    if (s2s_result_stanza_count(r) == 0)
        return;
    out_newline(o);
    out_style(o, STYLE_HEADING);
    out_text(o, "answers");
    out_style(o, STYLE_NONE);
    out_newline(o);
    for (size_t i = 0; i < s2s_result_stanza_count(r); i++) {
        out_text(o, s2s_result_stanza(r, i));
        out_newline(o);
    }
}

static void put_head(struct out *o, const struct options *options,
                     const s2s_result *r)
{
    const char *from = s2s_result_get(r, "from");
    struct line l = {.length = 0};
    line_add(&l, options->domain);
    line_join(&l, ", asked by ", from);
    out_style(o, STYLE_HEADING);
    out_wrapped(o, 0, l.text);
    out_style(o, STYLE_NONE);
    out_newline(o);
}

void report_print(struct out *o, const struct options *options,
                  const s2s_result *r)
{
    put_head(o, options, r);
    put_outcome(o, r);
    put_dns(o, r);
    put_attempts(o, r);
    put_reached(o, r);
    put_tls(o, r);
    put_certificate(o, r);
    put_features(o, r);
    report_auth(o, r);
    report_inbound(o, r);
    put_stream_error(o, r);
    table_print(o, r);
    if (options->command == COMMAND_PING)
        pings_print(o, options, r);
    else
        put_stanzas(o, r);
    waterfall_print(o, r);
    findings_print(o, r);
}
