#include "probe/way_back.h"

#include <stdio.h>
#include <string.h>

#include "probe/listener.h"

void way_back_record(struct probe *p)
{
    const struct listener *l = p->shared->listener;
    if (l != NULL && !p->result->listening)
        listener_report(l, p->options.from, p->options.to, p->result);
}

static const struct inbound *furthest(const s2s_result *r)
{
    const struct inbound *best = NULL;
    for (const struct result_inbound *i = r->inbound; i != NULL; i = i->next)
        if (best == NULL || inbound_rank(&i->seen) > inbound_rank(best))
            best = &i->seen;
    return best;
}

static const char *condition_and_text(s2s_result *r, const struct inbound *i)
{
    char text[sizeof(i->error) + sizeof(i->error_text) + 4];
    snprintf(text, sizeof(text), "%s%s%s", i->error,
             i->error_text[0] != '\0' ? ": " : "", i->error_text);
    return result_untrusted(r, text, strlen(text));
}

static const char *clean(s2s_result *r, const char *text)
{
    return text[0] != '\0' ? result_untrusted(r, text, strlen(text)) : NULL;
}

/* Before the peer has authenticated. */
static void explain_stranger(s2s_result *r, const struct inbound *i)
{
    if (i->turned_away)
        result_find(r, FINDING_RETURN_NO_ROOM, i->address);
    else if (!i->heard)
        result_find(r, FINDING_RETURN_SILENT, i->address);
    else if (i->tls_error[0] != '\0')
        result_find(r, FINDING_RETURN_TLS_FAILED, clean(r, i->tls_error));
    else if (i->error[0] != '\0')
        result_find(r, FINDING_RETURN_REFUSED, condition_and_text(r, i));
    else if (i->auth_error[0] != '\0')
        result_find(r, FINDING_RETURN_NO_AUTH, clean(r, i->auth_error));
    else if (i->ended)
        result_find(r, FINDING_RETURN_CLOSED, i->address);
    else
        result_find(r, FINDING_RETURN_NO_AUTH, i->address);
}

void way_back_explain(struct probe *p)
{
    s2s_result *r = p->result;
    const struct inbound *i = furthest(r);
    if (!r->listening)
        result_find(r, FINDING_RETURN_NO_LISTENER, NULL);
    else if (i == NULL)
        result_find(r, FINDING_RETURN_NOTHING, NULL);
    else if (i->auth == INBOUND_NOBODY && i->verifies == 0)
        explain_stranger(r, i);
    else if (i->error[0] != '\0')
        result_find(r, FINDING_RETURN_REFUSED, condition_and_text(r, i));
    else if (p->stage == S2S_STAGE_AUTH && i->verifies == 0)
        result_find(r, FINDING_RETURN_NO_VERIFY, NULL);
    else if (p->stage == S2S_STAGE_AUTH)
        result_find(r, FINDING_RETURN_VERIFIED, NULL);
    else if (p->stage != S2S_STAGE_AUTH)
        result_find(r, FINDING_RETURN_IDLE, NULL);
}
