#include "report.h"

#include <stdio.h>
#include <string.h>

#include "findings.h"
#include "pings.h"
#include "report_check.h"
#include "report_federation.h"
#include "report_way.h"
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
    char ms[VALUE_MS];
    int error = s2s_result_error(r);
    int64_t us = s2s_result_stage_us(r, S2S_STAGE_DONE);
    line_add(&l, s2s_code_name(error));
    if (us >= 0)
        line_join(&l, ", ", value_ms(us, ms));
    if (error != S2S_OK)
        line_join(&l, ", stage ", s2s_result_get(r, "stage"));
    line_join(&l, ": ", s2s_result_message(r));
    report_row(o, "outcome", l.text, error == S2S_OK ? STYLE_GOOD : STYLE_BAD);
}

/* ---- TLS ---------------------------------------------------------------- */

static void put_tls(struct out *o, const s2s_result *r)
{
    struct line l = {.length = 0};
    bool established = value_is_true(r, "tls.established");
    bool verified = value_is_true(r, "tls.verified");
    line_join(&l, "", s2s_result_get(r, "tls.mode"));
    if (l.length == 0 || s2s_result_stage(r) <= S2S_STAGE_TCP)
        return;
    line_join(&l, ", ", s2s_result_get(r, "tls.protocol"));
    line_join(&l, ", ", s2s_result_get(r, "tls.cipher"));
    line_join(&l, ", alpn ", s2s_result_get(r, "tls.alpn"));
    line_join(&l, ", ",
              established ? verified ? "verified" : "not verified"
              : strcmp(l.text, "none") == 0 ? "not encrypted"
                                            : "not established");
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

static void put_one(struct out *o, const struct options *options,
                    const s2s_result *r)
{
    put_outcome(o, r);
    report_dns(o, r);
    report_attempts(o, r);
    report_reached(o, r);
    put_tls(o, r);
    put_certificate(o, r);
    put_features(o, r);
    report_auth(o, r);
    report_inbound(o, r);
    put_stream_error(o, r);
    if (options->command == COMMAND_PING)
        pings_print(o, options, r);
    else
        put_stanzas(o, r);
    waterfall_print(o, r);
}

static void put_check(struct out *o, const s2s_result *r)
{
    report_check_outcome(o, r);
    report_dns(o, r);
    table_print(o, r);
    report_check_others(o, r);
}

void report_print(struct out *o, const struct options *options,
                  const s2s_result *r)
{
    put_head(o, options, r);
    if (options->command == COMMAND_CHECK)
        put_check(o, r);
    else
        put_one(o, options, r);
    findings_print(o, r);
}
