#include "report_check.h"

#include <stdio.h>
#include <string.h>

#include "report.h"
#include "rows.h"
#include "value.h"

/* ---- The outcome -------------------------------------------------------- */

static void join_findings(struct line *l, const s2s_result *r, int severity,
                          const char *name)
{
    size_t count = value_findings(r, severity);
    char text[48];
    if (count == 0)
        return;
    snprintf(text, sizeof(text), "%zu %s%s", count, name, count > 1 ? "s" : "");
    line_join(l, ", ", text);
}

static enum style style_of(const s2s_result *r)
{
    if (s2s_result_error(r) != S2S_OK || value_has_errors(r))
        return STYLE_BAD;
    return value_findings(r, S2S_SEVERITY_WARNING) > 0 ? STYLE_WARNING
                                                       : STYLE_GOOD;
}

void report_check_outcome(struct out *o, const s2s_result *r)
{
    struct rows rows = rows_count(r);
    struct line l = {.length = 0}, why = {.length = 0};
    char text[VALUE_MS > 96 ? VALUE_MS : 96];
    int64_t us = s2s_result_stage_us(r, S2S_STAGE_DONE);
    snprintf(text, sizeof(text), "%zu of %zu endpoint%s", rows.good,
             rows.endpoints, rows.endpoints == 1 ? " works" : "s work");
    line_add(&l, rows.endpoints > 0 ? text : "no endpoint");
    join_findings(&l, r, S2S_SEVERITY_ERROR, "error");
    join_findings(&l, r, S2S_SEVERITY_WARNING, "warning");
    if (us >= 0)
        line_join(&l, ", ", value_ms(us, text));
    report_row(o, "outcome", l.text, style_of(r));
    if (s2s_result_error(r) == S2S_OK)
        return;
    line_add(&why, s2s_code_name(s2s_result_error(r)));
    line_join(&why, ": ", s2s_result_message(r));
    report_row(o, "", why.text, STYLE_BAD);
}

/* ---- The others --------------------------------------------------------- */

static void join_failure(struct line *l, const char *separator,
                         const s2s_result *r, size_t i)
{
    line_join(l, separator, value_item(r, "rows", i, "code"));
    line_join(l, ": ",
              rows_without_place(r, i, value_item(r, "rows", i, "error")));
}

static void add_verify(struct line *l, const s2s_result *r, size_t i)
{
    const char *answer = value_item(r, "rows", i, "pingAnswer");
    line_add(l, "verify");
    if (!rows_succeeded(r, i)) {
        join_failure(l, ": ", r, i);
        return;
    }
    line_join(l, ": ", answer);
    if (answer != NULL && strcmp(answer, "invalid") == 0)
        line_add(l, ", as it should be");
}

static void add_ping(struct line *l, const s2s_result *r, size_t i)
{
    if (rows_succeeded(r, i))
        line_join(l, "", value_item(r, "rows", i, "pingAnswer"));
    else
        join_failure(l, "", r, i);
    line_join(l, ", authenticated by ", value_item(r, "rows", i, "authMethod"));
}

static void add_clock(struct line *l, const s2s_result *r, size_t i)
{
    if (!rows_succeeded(r, i)) {
        line_add(l, "not known");
        join_failure(l, ": ", r, i);
        return;
    }
    for (size_t k = 0; k < s2s_result_finding_count(r); k++) {
        if (strcmp(s2s_result_finding_code(r, k), "clock_skew") != 0)
            continue;
        line_add(l, "wrong: ");
        line_add(l, s2s_result_finding_seen(r, k));
        return;
    }
    line_add(l, "ok");
}

static void add_service(struct line *l, const s2s_result *r, size_t i)
{
    const char *address = value_item(r, "rows", i, "address");
    line_join(l, "", value_item(r, "rows", i, "target"));
    line_join(l, " ", address);
    if (address != NULL)
        line_join(l, " port ", value_item(r, "rows", i, "port"));
    if (rows_succeeded(r, i))
        line_join(l, ": ", "ok");
    else
        join_failure(l, ": ", r, i);
    line_join(l, ", ", value_item(r, "rows", i, "protocol"));
}

static const struct {
    const char *kind, *label;
    void (*add)(struct line *l, const s2s_result *r, size_t i);
} kinds[] = {{"service", "service", add_service},
             {"verify", "dialback", add_verify},
             {"ping", "ping", add_ping},
             {"time", "clock", add_clock}};

static void put_other(struct out *o, const s2s_result *r, size_t i)
{
    for (size_t k = 0; k < sizeof(kinds) / sizeof(kinds[0]); k++) {
        struct line l = {.length = 0};
        if (!rows_is(r, i, kinds[k].kind))
            continue;
        kinds[k].add(&l, r, i);
        rows_join_ms(&l, r, i);
        report_row(o, kinds[k].label, l.text,
                   rows_succeeded(r, i) ? STYLE_NONE : STYLE_WARNING);
    }
}

void report_check_others(struct out *o, const s2s_result *r)
{
    bool first = true;
    for (size_t i = 0; rows_is_there(r, i); i++) {
        if (rows_is(r, i, "endpoint"))
            continue;
        if (first)
            out_newline(o);
        first = false;
        put_other(o, r, i);
    }
}
