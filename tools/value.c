#include "value.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "number.h"

const char *value_item(const s2s_result *r, const char *list, size_t n,
                       const char *member)
{
    char path[128];
    snprintf(path, sizeof(path), "%s.%zu.%s", list, n, member);
    return s2s_result_get(r, path);
}

bool value_is_true(const s2s_result *r, const char *path)
{
    const char *text = s2s_result_get(r, path);
    return text != NULL && strcmp(text, "true") == 0;
}

bool value_days(const s2s_result *r, const char *path, long *days)
{
    const char *text = s2s_result_get(r, path);
    char *end;
    if (text == NULL)
        return false;
    *days = strtol(text, &end, 10);
    return end != text;
}

bool value_days_left(const s2s_result *r, long *days)
{
    bool found = value_days(r, "certificate.daysLeft", days);
    for (size_t i = 0; i < VALUE_MAX; i++) {
        char path[64];
        long of_row;
        if (value_item(r, "rows", i, "success") == NULL)
            break;
        snprintf(path, sizeof(path), "rows.%zu.daysLeft", i);
        if (!value_days(r, path, &of_row) || (found && of_row >= *days))
            continue;
        *days = of_row;
        found = true;
    }
    return found;
}

int64_t value_us(const char *ms)
{
    uint64_t us;
    return ms != NULL && number_thousandths(ms, UINT32_MAX, &us) ? (int64_t)us
                                                                 : -1;
}

const char *value_ms(int64_t us, char text[VALUE_MS])
{
    snprintf(text, VALUE_MS, "%.1f ms", (double)us / 1e3);
    return text;
}

size_t value_findings(const s2s_result *r, int severity)
{
    size_t count = 0;
    for (size_t i = 0; i < s2s_result_finding_count(r); i++)
        count += s2s_result_finding_severity(r, i) == severity ? 1 : 0;
    return count;
}

bool value_has_errors(const s2s_result *r)
{
    return value_findings(r, S2S_SEVERITY_ERROR) > 0;
}

const char *value_phase(size_t n, int *stage)
{
    static const struct {
        int stage;
        const char *name;
    } phases[] = {
        {S2S_STAGE_DNS, "dns"},       {S2S_STAGE_TCP, "tcp"},
        {S2S_STAGE_STREAM, "stream"}, {S2S_STAGE_STARTTLS, "starttls"},
        {S2S_STAGE_TLS, "tls"},       {S2S_STAGE_FEATURES, "features"},
        {S2S_STAGE_AUTH, "auth"},     {S2S_STAGE_PING, "ping"},
        {S2S_STAGE_OPEN, "open"}};
    if (n >= sizeof(phases) / sizeof(phases[0]))
        return NULL;
    *stage = phases[n].stage;
    return phases[n].name;
}
