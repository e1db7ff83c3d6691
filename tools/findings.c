#include "findings.h"

#include <string.h>

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

/* "target address" of the row of a check that it is about. */
static void join_row(struct line *l, const s2s_result *r, size_t i)
{
    const char *number = value_item(r, "findings", i, "row");
    char path[64];
    if (number == NULL || strlen(number) > 8)
        return;
    struct line row = {.length = 0};
    line_add(&row, "rows.");
    line_add(&row, number);
    size_t stem = row.length;
    static const char *const members[] = {".target", ".address", ".port"};
    for (size_t m = 0; m < sizeof(members) / sizeof(members[0]); m++) {
        row.length = stem;
        line_add(&row, members[m]);
        memcpy(path, row.text, row.length + 1);
        line_join(l, m == 0 ? ", at " : " ", s2s_result_get(r, path));
    }
}

static void put_texts(struct out *o, const char *text)
{
    if (text == NULL || text[0] == '\0')
        return;
    out_pad(o, INDENT);
    out_wrapped(o, INDENT, text);
    out_newline(o);
}

static void put_finding(struct out *o, const s2s_result *r, size_t i,
                        int severity)
{
    struct line head = {.length = 0};
    out_style(o, severities[severity].style);
    out_text(o, severities[severity].name);
    out_style(o, STYLE_NONE);
    out_pad(o, INDENT);
    line_add(&head, s2s_result_finding_code(r, i));
    line_add(&head, ", fault: ");
    line_add(&head, whose(s2s_result_finding_fault(r, i)));
    join_row(&head, r, i);
    out_style(o, STYLE_HEADING);
    out_wrapped(o, INDENT, head.text);
    out_style(o, STYLE_NONE);
    out_newline(o);
    if (s2s_result_finding_seen(r, i)[0] != '\0') {
        struct line seen = {.length = 0};
        line_add(&seen, "seen: ");
        line_add(&seen, s2s_result_finding_seen(r, i));
        put_texts(o, seen.text);
    }
    put_texts(o, s2s_result_finding_advice(r, i));
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
            if (s2s_result_finding_severity(r, i) == s)
                put_finding(o, r, i, s);
}
