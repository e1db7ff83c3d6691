#include <s2sprobe.h>

#include <string.h>

#include "base/result.h"

void s2s_result_free(s2s_result *result)
{
    result_free(result);
}

int s2s_result_error(const s2s_result *result)
{
    return result->error;
}

const char *s2s_result_message(const s2s_result *result)
{
    return result->message;
}

int s2s_result_stage(const s2s_result *result)
{
    return result->stage;
}

const char *s2s_result_stream_id(const s2s_result *result)
{
    const struct result_stream *s = result_last_stream(result);
    return s != NULL ? s->id : NULL;
}

size_t s2s_result_feature_count(const s2s_result *result)
{
    return result->union_count;
}

const char *s2s_result_feature(const s2s_result *result, size_t index)
{
    return index < result->union_count ? result->union_labels[index] : NULL;
}

size_t s2s_result_stanza_count(const s2s_result *result)
{
    return result->stanzas.count;
}

const char *s2s_result_stanza(const s2s_result *result, size_t index)
{
    const struct result_text *t = result->stanzas.first;
    while (t != NULL && index-- > 0)
        t = t->next;
    return t != NULL ? t->text : NULL;
}

int64_t s2s_result_stage_us(const s2s_result *result, int stage)
{
    int i = result_stage_index(stage);
    return i >= 0 ? result->stage_us[i] : -1;
}

size_t s2s_result_finding_count(const s2s_result *result)
{
    return result->finding_count;
}

static const struct result_finding *finding_at(const s2s_result *result,
                                               size_t index)
{
    const struct result_finding *f = result->findings;
    while (f != NULL && index-- > 0)
        f = f->next;
    return f;
}

const char *s2s_result_finding_code(const s2s_result *result, size_t index)
{
    const struct result_finding *f = finding_at(result, index);
    return f != NULL ? finding_info(f->id)->code : NULL;
}

int s2s_result_finding_severity(const s2s_result *result, size_t index)
{
    const struct result_finding *f = finding_at(result, index);
    return f != NULL ? finding_info(f->id)->severity : -1;
}

const char *s2s_result_finding_fault(const s2s_result *result, size_t index)
{
    const struct result_finding *f = finding_at(result, index);
    return f != NULL ? finding_info(f->id)->fault : NULL;
}

const char *s2s_result_finding_seen(const s2s_result *result, size_t index)
{
    const struct result_finding *f = finding_at(result, index);
    return f != NULL ? f->seen : NULL;
}

const char *s2s_result_finding_advice(const s2s_result *result, size_t index)
{
    const struct result_finding *f = finding_at(result, index);
    return f != NULL ? finding_info(f->id)->advice : NULL;
}

const char *s2s_result_get(const s2s_result *result, const char *path)
{
    const char *p = (const char *)result->paths.data;
    const char *end = p + result->paths.length;
    while (path != NULL && p != NULL && p < end) {
        const char *value = p + strlen(p) + 1;
        if (strcmp(p, path) == 0)
            return value;
        p = value + strlen(value) + 1;
    }
    return NULL;
}

const char *s2s_result_json(const s2s_result *result)
{
    return result->json;
}
