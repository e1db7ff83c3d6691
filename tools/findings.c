#include "findings.h"

#include <stdio.h>
#include <string.h>

#include "number.h"
#include "rows.h"
#include "value.h"

#define INDENT 9

static const struct {
    const char *name;
    enum style style;
} severities[] = {[S2S_SEVERITY_INFO] = {"info", STYLE_QUIET},
                  [S2S_SEVERITY_WARNING] = {"warning", STYLE_WARNING},
                  [S2S_SEVERITY_ERROR] = {"error", STYLE_BAD}};

static const char *whose(const char *fault)
{
    if (strcmp(fault, "peer") == 0)
        return "the server's";
    if (strcmp(fault, "us") == 0)
        return "ours";
    return strcmp(fault, "network") == 0 ? "the network's" : "nobody's";
}

/* The `k`th row of a check that it is about. */
static bool row_of(const s2s_result *r, size_t i, size_t k, size_t *row)
{
    char member[32];
    uint32_t number;
    (void)snprintf(member, sizeof(member), "rows.%zu", k);
    const char *text = value_item(r, "findings", i, member);
    if (text == NULL || !number_whole(text, 0, VALUE_MAX, &number))
        return false;
    *row = number;
    return true;
}

static void put_text(struct out *o, const char *text)
{
    if (text == NULL || text[0] == '\0')
        return;
    out_pad(o, INDENT);
    out_wrapped(o, INDENT, text);
    out_newline(o);
}

static void put_place(struct out *o, const s2s_result *r, size_t row,
                      const char *seen)
{
    struct line l = {.length = 0};
    line_add(&l, "at");
    rows_join_place(&l, " ", r, row);
    line_join(&l, ": ", rows_without_place(r, row, seen));
    put_text(o, l.text);
}

static void put_seen(struct out *o, const char *seen)
{
    struct line l = {.length = 0};
    line_add(&l, "seen: ");
    line_add(&l, seen);
    put_text(o, l.text);
}

/* Where, and what. */
static void put_evidence(struct out *o, const s2s_result *r, size_t i)
{
    const char *seen = s2s_result_finding_seen(r, i);
    char stage[64];
    size_t row, k = 0;
    if (strcmp(s2s_result_finding_code(r, i), "timeout") == 0) {
        (void)snprintf(stage, sizeof(stage), "stage %s", seen);
        seen = stage;
    }
    for (; row_of(r, i, k, &row); k++)
        put_place(o, r, row, seen);
    if (k == 0 && seen[0] != '\0')
        put_seen(o, seen);
}

static bool is_same(const s2s_result *r, size_t a, size_t b)
{
    return strcmp(s2s_result_finding_code(r, a),
                  s2s_result_finding_code(r, b)) == 0;
}

static bool was_before(const s2s_result *r, size_t i)
{
    size_t k = 0;
    while (k < i && !is_same(r, k, i))
        k++;
    return k < i;
}

/* All findings of one code: what to do about them is the same. */
static void put_findings(struct out *o, const s2s_result *r, size_t first,
                         int severity)
{
    struct line head = {.length = 0};
    out_style(o, severities[severity].style);
    out_text(o, severities[severity].name);
    out_style(o, STYLE_NONE);
    out_pad(o, INDENT);
    line_add(&head, s2s_result_finding_code(r, first));
    line_add(&head, ", fault: ");
    line_add(&head, whose(s2s_result_finding_fault(r, first)));
    out_style(o, STYLE_HEADING);
    out_wrapped(o, INDENT, head.text);
    out_style(o, STYLE_NONE);
    out_newline(o);
    for (size_t i = first; i < s2s_result_finding_count(r); i++)
        if (is_same(r, first, i))
            put_evidence(o, r, i);
    put_text(o, s2s_result_finding_advice(r, first));
}

void findings_print(struct out *o, const s2s_result *r)
{
    size_t count = s2s_result_finding_count(r);
    if (count == 0)
        return;
    out_newline(o);
    out_style(o, STYLE_HEADING);
    out_text(o, "findings");
    out_style(o, STYLE_NONE);
    out_newline(o);
    for (int s = S2S_SEVERITY_ERROR; s >= S2S_SEVERITY_INFO; s--)
        for (size_t i = 0; i < count; i++)
            if (s2s_result_finding_severity(r, i) == s && !was_before(r, i))
                put_findings(o, r, i, s);
}
