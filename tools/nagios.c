#include "nagios.h"

#include <stdio.h>
#include <string.h>

#include "number.h"
#include "pings.h"
#include "reason.h"
#include "rows.h"
#include "status.h"
#include "value.h"

static const char *const states[] = {"OK", "WARNING", "CRITICAL", "UNKNOWN"};

/* ---- The state ---------------------------------------------------------- */

static int state_of_days(const struct options *options, const s2s_result *r)
{
    long days;
    if (!value_days_left(r, &days) || days >= (long)options->warning)
        return NAGIOS_OK;
    return days < (long)options->critical ? NAGIOS_CRITICAL : NAGIOS_WARNING;
}

static int state(const struct options *options, int status, const s2s_result *r)
{
    if (status == STATUS_OURS || status == STATUS_INTERNAL)
        return NAGIOS_UNKNOWN;
    if (status != STATUS_OK)
        return NAGIOS_CRITICAL;
    int days = state_of_days(options, r);
    return days == NAGIOS_OK && value_has_errors(r) ? NAGIOS_WARNING : days;
}

/* ---- The text ----------------------------------------------------------- */

/* '|' would begin the numbers. */
static void put_text(struct out *o, struct line *l)
{
    for (size_t i = 0; i < l->length; i++)
        if (l->text[i] == '|')
            l->text[i] = '/';
    out_text(o, l->text);
}

static bool join_first_finding(struct line *l, const s2s_result *r,
                               int severity)
{
    for (size_t i = 0; i < s2s_result_finding_count(r); i++) {
        const char *row = value_item(r, "findings", i, "row");
        uint32_t number;
        if (s2s_result_finding_severity(r, i) != severity)
            continue;
        line_join(l, ", ", s2s_result_finding_code(r, i));
        if (row != NULL && number_whole(row, 0, VALUE_MAX, &number))
            rows_join_place(l, " at ", r, number);
        return true;
    }
    return false;
}

static void join_worst_finding(struct line *l, const struct options *options,
                               const s2s_result *r)
{
    if (!join_first_finding(l, r, S2S_SEVERITY_ERROR) &&
        options->command == COMMAND_CHECK)
        (void)join_first_finding(l, r, S2S_SEVERITY_WARNING);
}

static void join_rows(struct line *l, const char *separator,
                      const s2s_result *r)
{
    struct rows rows = rows_count(r);
    char text[96];
    if (rows.endpoints == 0)
        return;
    snprintf(text, sizeof(text), "%zu of %zu endpoint%s", rows.good,
             rows.endpoints, rows.endpoints == 1 ? " works" : "s work");
    line_join(l, separator, text);
}

static void join_pings(struct line *l, const s2s_result *r)
{
    struct pings p = pings_count(r);
    char text[96];
    if (p.sent == 0)
        return;
    snprintf(text, sizeof(text), "%zu of %zu pings answered", p.answered,
             p.sent);
    line_join(l, ", ", text);
    if (p.answered == 0)
        return;
    snprintf(text, sizeof(text), "rtt %.3f ms", (double)p.mean_us / 1e3);
    line_join(l, ", ", text);
}

static void join_days(struct line *l, const s2s_result *r)
{
    char text[64];
    long days;
    if (!value_days_left(r, &days))
        return;
    snprintf(text, sizeof(text), "certificate has %ld days left", days);
    line_join(l, ", ", text);
}

static void put_summary(struct out *o, const struct options *options,
                        const s2s_result *r)
{
    struct line l = {.length = 0};
    char message[1024];
    int error = s2s_result_error(r);
    reason_translate(s2s_result_message(r), message, sizeof(message));
    line_add(&l, options_command_name(options));
    line_add(&l, " ");
    line_add(&l, options->domain);
    /* That some endpoint works is not what "ok" would say. */
    const bool counts = error == S2S_OK && options->command == COMMAND_CHECK;
    if (!counts)
        line_join(&l, ": ", s2s_code_name(error));
    line_join(&l, ": ", message);
    line_join(&l, ", ", s2s_result_get(r, "tls.protocol"));
    join_rows(&l, counts ? ": " : ", ", r);
    if (options->command == COMMAND_PING)
        join_pings(&l, r);
    join_days(&l, r);
    if (error == S2S_OK)
        join_worst_finding(&l, options, r);
    put_text(o, &l);
}

/* ---- The numbers -------------------------------------------------------- */

static void put_seconds(struct out *o, const char *label, int64_t us)
{
    if (us >= 0)
        fprintf(o->to, " %s=%.6fs;;;0", label, (double)us / 1e6);
}

static void put_numbers(struct out *o, const struct options *options,
                        const s2s_result *r)
{
    struct rows rows = rows_count(r);
    const char *name;
    long days;
    int stage;
    int64_t whole = s2s_result_stage_us(r, S2S_STAGE_DONE);
    if (whole < 0)
        return;
    fputs(" |", o->to);
    put_seconds(o, "time", whole);
    for (size_t i = 0; (name = value_phase(i, &stage)) != NULL; i++)
        put_seconds(o, name, s2s_result_stage_us(r, stage));
    if (rows.endpoints > 0)
        fprintf(o->to, " endpoints=%zu;;;0;%zu", rows.good, rows.endpoints);
    if (value_days_left(r, &days))
        fprintf(o->to, " daysleft=%ld;%u:;%u:", days, options->warning,
                options->critical);
}

static void put_head(struct out *o, int which)
{
    out_text(o, "S2SPROBE ");
    out_text(o, states[which]);
    out_text(o, " - ");
}

int nagios_print(struct out *o, const struct options *options, int status,
                 const s2s_result *r)
{
    int which = state(options, status, r);
    put_head(o, which);
    put_summary(o, options, r);
    put_numbers(o, options, r);
    out_newline(o);
    return which;
}

int nagios_unknown(struct out *o, const char *text)
{
    struct line l = {.length = 0};
    line_add(&l, text);
    put_head(o, NAGIOS_UNKNOWN);
    put_text(o, &l);
    out_newline(o);
    return NAGIOS_UNKNOWN;
}
