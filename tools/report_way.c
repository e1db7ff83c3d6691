#include "report_way.h"

#include <stdio.h>
#include <string.h>

#include "report.h"
#include "value.h"

#define RECORDS 16 /* that are shown */

static void row(struct out *o, const char *label, const struct line *l)
{
    if (l->length > 0)
        report_row(o, label, l->text, STYLE_NONE);
}

static bool is(const char *text, const char *word)
{
    return text != NULL && strcmp(text, word) == 0;
}

/* ---- DNS ---------------------------------------------------------------- */

/* For one of the two services, when there is more to tell than its records. */
static void put_answer(struct out *o, const s2s_result *r, const char *path,
                       const char *error, const char *name)
{
    const char *answer = s2s_result_get(r, path);
    struct line l = {.length = 0};
    if (answer == NULL || is(answer, "none") || is(answer, "records"))
        return;
    line_add(&l, name);
    line_join(&l, ": ",
              is(answer, "refused")  ? "not offered"
              : is(answer, "failed") ? "no answer"
              : is(answer, "bogus")  ? "refused"
                                     : answer);
    line_join(&l, ", ", s2s_result_get(r, error));
    row(o, "", &l);
}

static bool failed(const s2s_result *r)
{
    const char *direct = s2s_result_get(r, "dns.xmpps");
    const char *starttls = s2s_result_get(r, "dns.xmpp");
    return is(direct, "failed") || is(direct, "bogus") ||
           is(starttls, "failed") || is(starttls, "bogus");
}

static void add_plan(struct line *l, const s2s_result *r, const char *plan)
{
    static const struct {
        const char *plan, *text;
    } texts[] = {
        {"srv", "by SRV, in this order"},
        {"domain", "no SRV records: the domain's own address"},
        {"none", "says that it offers no service to other servers (SRV \".\")"},
        {"unknown", "no answer: where the servers are is not known"},
        {"bogus", "DNSSEC validation of the SRV records fails"}};
    if (is(plan, "domain") && failed(r)) {
        line_add(l, "no answer for SRV: the domain's own address");
        return;
    }
    for (size_t i = 0; i < sizeof(texts) / sizeof(texts[0]); i++)
        if (strcmp(plan, texts[i].plan) == 0)
            plan = texts[i].text;
    line_add(l, plan);
}

static void put_record(struct out *o, const s2s_result *r, size_t i)
{
    static const char list[] = "dns.records";
    struct line l = {.length = 0};
    line_add(&l, "_");
    line_add(&l, value_item(r, list, i, "service"));
    line_join(&l, " ", value_item(r, list, i, "target"));
    line_join(&l, " port ", value_item(r, list, i, "port"));
    line_join(&l, ", priority ", value_item(r, list, i, "priority"));
    line_join(&l, ", weight ", value_item(r, list, i, "weight"));
    row(o, "", &l);
}

static void put_records(struct out *o, const s2s_result *r)
{
    char text[64];
    size_t i = 0;
    for (; i < VALUE_MAX; i++) {
        if (value_item(r, "dns.records", i, "service") == NULL)
            break;
        if (i < RECORDS)
            put_record(o, r, i);
    }
    if (i <= RECORDS)
        return;
    snprintf(text, sizeof(text), "and %zu more, which --json lists",
             i - RECORDS);
    report_row(o, "", text, STYLE_NONE);
}

void report_dns(struct out *o, const s2s_result *r)
{
    const char *plan = s2s_result_get(r, "dns.plan");
    struct line l = {.length = 0};
    if (plan == NULL)
        return;
    add_plan(&l, r, plan);
    if (!is(plan, "unknown") && !is(plan, "bogus"))
        line_join(&l, ", ",
                  value_is_true(r, "dns.secure") ? "secured by DNSSEC"
                                                 : "not secured by DNSSEC");
    row(o, "dns", &l);
    if (!is(plan, "none")) {
        put_answer(o, r, "dns.xmpps", "dns.xmppsError", "_xmpps-server");
        put_answer(o, r, "dns.xmpp", "dns.xmppError", "_xmpp-server");
    }
    put_records(o, r);
}

/* ---- Attempts ----------------------------------------------------------- */

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

/* The first one worked at once, and the others were not needed. */
static bool all_went_well(const s2s_result *r)
{
    const char *outcome = value_item(r, "attempts", 0, "outcome");
    if (!is(outcome, "connected"))
        return false;
    for (size_t i = 1; i < VALUE_MAX && outcome != NULL; i++) {
        outcome = value_item(r, "attempts", i, "outcome");
        if (outcome != NULL && !is(outcome, "not tried"))
            return false;
    }
    return true;
}

/* Then it is told as the address that was reached. */
void report_attempts(struct out *o, const s2s_result *r)
{
    if (all_went_well(r))
        return;
    for (size_t i = 0; i < VALUE_MAX; i++) {
        if (value_item(r, "attempts", i, "outcome") == NULL)
            break;
        put_attempt(o, r, i);
    }
}

void report_reached(struct out *o, const s2s_result *r)
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
