#include "report_federation.h"

#include <stdio.h>
#include <string.h>

#include "report.h"
#include "value.h"

static void join_named(struct line *l, const char *name, const char *value)
{
    if (value == NULL)
        return;
    line_join(l, ", ", name);
    line_join(l, " ", value);
}

void report_auth(struct out *o, const s2s_result *r)
{
    const char *method = s2s_result_get(r, "auth.method");
    struct line l = {.length = 0};
    if (method != NULL) {
        line_join(&l, "", "authenticated by ");
        line_add(&l, method);
    }
    join_named(&l, "external", s2s_result_get(r, "auth.external"));
    line_join(&l, ": ", s2s_result_get(r, "auth.externalText"));
    join_named(&l, "dialback", s2s_result_get(r, "auth.dialback"));
    line_join(&l, ": ", s2s_result_get(r, "auth.dialbackCondition"));
    if (value_is_true(r, "auth.bidi"))
        line_join(&l, ", ", "both directions");
    if (value_is_true(r, "acks.enabled"))
        line_join(&l, ", ", "acknowledgements");
    if (l.length > 0)
        report_row(o, "auth", l.text, method != NULL ? STYLE_GOOD : STYLE_BAD);
}

static void put_connection(struct out *o, const s2s_result *r, size_t i)
{
    static const char list[] = "inbound.connections";
    struct line l = {.length = 0};
    line_join(&l, "", value_item(r, list, i, "address"));
    line_join(&l, ", from ", value_item(r, list, i, "from"));
    line_join(&l, ", tls: ", value_item(r, list, i, "tlsError"));
    line_join(&l, ", authenticated by ", value_item(r, list, i, "auth"));
    line_join(&l, ", refused: ", value_item(r, list, i, "authError"));
    line_join(&l, ", stream error ", value_item(r, list, i, "streamError"));
    line_join(&l, ": ", value_item(r, list, i, "streamErrorText"));
    line_join(&l, ", our stream error ",
              value_item(r, list, i, "ourStreamError"));
    report_row(o, "", l.text, STYLE_NONE);
}

void report_inbound(struct out *o, const s2s_result *r)
{
    const char *count = s2s_result_get(r, "inbound.count");
    struct line l = {.length = 0};
    if (count == NULL)
        return;
    line_add(&l, count);
    line_add(&l, strcmp(count, "1") == 0 ? " connection" : " connections");
    report_row(o, "came in", l.text, STYLE_NONE);
    for (size_t i = 0; i < VALUE_MAX; i++) {
        if (value_item(r, "inbound.connections", i, "address") == NULL)
            break;
        put_connection(o, r, i);
    }
}
