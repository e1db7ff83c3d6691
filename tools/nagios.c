#include "nagios.h"

#include <stdio.h>
#include <string.h>

#include "pings.h"
#include "reason.h"
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

static void join_worst_finding(struct line *l, const s2s_result *r)
{
    for (size_t i = 0; i < s2s_result_finding_count(r); i++)
        if (s2s_result_finding_severity(r, i) == S2S_SEVERITY_ERROR) {
            line_join(l, ", ", s2s_result_finding_code(r, i));
            return;
        }
}

static void join_rows(struct line *l, const s2s_result *r)
{
    size_t rows = 0, good = 0;
    const char *success;
    char text[64];
    while (rows < VALUE_MAX &&
           (success = value_item(r, "rows", rows, "success")) != NULL) {
        good += strcmp(success, "true") == 0 ? 1 : 0;
        rows++;
    }
    if (rows == 0)
        return;
    snprintf(text, sizeof(text), "%zu of %zu addresses work", good, rows);
    line_join(l, ", ", text);
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
    reason_translate(s2s_result_message(r), message, sizeof(message));
    line_add(&l, options_command_name(options));
    line_add(&l, " ");
    line_add(&l, options->domain);
    line_add(&l, ": ");
    line_add(&l, s2s_code_name(s2s_result_error(r)));
    line_join(&l, ": ", message);
    line_join(&l, ", ", s2s_result_get(r, "tls.protocol"));
    join_rows(&l, r);
    if (options->command == COMMAND_PING)
        join_pings(&l, r);
    join_days(&l, r);
    if (s2s_result_error(r) == S2S_OK)
        join_worst_finding(&l, r);
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
