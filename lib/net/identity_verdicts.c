#include "net/identity_verdicts.h"

#include <stddef.h>

static void repeat(const s2s_result *said, s2s_result *result)
{
    for (const struct result_finding *f = said->findings; f != NULL;
         f = f->next)
        result_find(result, f->id, result_text(result, f->seen));
}

/* Whether there is a verdict, made now. */
static bool renew(struct identity_verdicts *v,
                  const struct options_identity *identity,
                  struct certificate_trust *trust, int64_t now)
{
    identity_verdicts_free(v);
    v->said = result_new(S2S_OP_CONNECT);
    if (v->said == NULL)
        return false;
    identity_judge(identity, trust, now, v->said);
    if (v->said->no_memory) {
        identity_verdicts_free(v);
        return false;
    }
    v->identity = identity;
    v->at = now;
    return true;
}

void identity_verdicts_judge(struct identity_verdicts *v,
                             const struct options_identity *identity,
                             struct certificate_trust *trust, int64_t now,
                             s2s_result *result)
{
    bool kept = v->said != NULL && v->identity == identity && v->at == now;
    if (kept || renew(v, identity, trust, now))
        repeat(v->said, result);
    else
        result->no_memory = true;
}

void identity_verdicts_free(struct identity_verdicts *v)
{
    result_free(v->said);
    *v = (struct identity_verdicts){.said = NULL};
}
