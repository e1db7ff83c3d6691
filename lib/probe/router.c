#include "probe/router.h"

#include <stdlib.h>
#include <string.h>

#include "base/error.h"

void router_init(struct router *r)
{
    TAILQ_INIT(&r->routes);
    TAILQ_INIT(&r->waiters);
}

void router_add(struct router *r, struct route *route)
{
    TAILQ_INSERT_TAIL(&r->routes, route, link);
}

void router_remove(struct router *r, struct route *route)
{
    TAILQ_REMOVE(&r->routes, route, link);
}

void router_add_waiter(struct router *r, struct router_waiter *w)
{
    TAILQ_INSERT_TAIL(&r->waiters, w, link);
}

void router_remove_waiter(struct router *r, struct router_waiter *w)
{
    TAILQ_REMOVE(&r->waiters, w, link);
}

static bool is_of(const struct route *x, const struct domain *ours,
                  const struct domain *theirs)
{
    return strcmp(x->from->ascii, ours->ascii) == 0 &&
           strcmp(x->to->ascii, theirs->ascii) == 0;
}

/* Whether it takes stanzas for this domain of ours. */
static bool takes_for(const struct route *x, const struct domain *ours,
                      const struct domain *theirs)
{
    if (is_of(x, ours, theirs))
        return true;
    for (size_t i = 0; i < x->also_count; i++)
        if (strcmp(x->also[i]->ascii, ours->ascii) == 0)
            return strcmp(x->to->ascii, theirs->ascii) == 0;
    return false;
}

bool router_sent_key(const struct router *r, const struct dialback_request *q)
{
    const struct route *x;
    if (q->from == NULL || q->to == NULL || q->id == NULL || q->key == NULL)
        return false;
    TAILQ_FOREACH(x, &r->routes, link)
    {
        if (domain_equal(x->to, q->from) &&
            x->sent_key(x->user, q->to, q->id, q->key))
            return true;
    }
    return false;
}

bool router_deliver(struct router *r, const struct route *except,
                    const struct domain *from, const struct domain *to,
                    const tree_node *stanza, struct tokenizer_span verbatim)
{
    bool taken = false;
    struct route *x;
    TAILQ_FOREACH(x, &r->routes, link)
    {
        enum route_taken t = x != except && takes_for(x, to, from)
                                 ? x->take(x->user, stanza, verbatim)
                                 : ROUTE_LEFT;
        taken = taken || t != ROUTE_LEFT;
        if (t == ROUTE_TAKEN)
            break;
    }
    return taken;
}

void router_tell(const struct router *r, const struct inbound *seen)
{
    const struct route *x;
    TAILQ_FOREACH(x, &r->routes, link)
    {
        if (inbound_concerns(seen, x->from->ascii, x->to->ascii))
            x->note(x->user, seen);
    }
}

bool router_has(const struct router *r, const struct domain *ours,
                const struct domain *theirs)
{
    const struct route *x;
    TAILQ_FOREACH(x, &r->routes, link)
    {
        if (is_of(x, ours, theirs))
            return true;
    }
    return false;
}

int router_ask(struct router *r, const struct domain *theirs,
               const struct domain *ours, const char *id, const char *key)
{
    struct route *x;
    TAILQ_FOREACH(x, &r->routes, link)
    {
        if (is_of(x, ours, theirs) &&
            x->ask(x->user, ours->unicode, theirs->unicode, id, key) == S2S_OK)
            return S2S_OK;
    }
    return S2S_EPOLICY;
}

int router_send(struct router *r, const struct domain *ours,
                const struct domain *theirs, const void *bytes, size_t length)
{
    struct route *x;
    TAILQ_FOREACH(x, &r->routes, link)
    {
        if (is_of(x, ours, theirs) && x->send(x->user, bytes, length) == S2S_OK)
            return S2S_OK;
    }
    return S2S_EPOLICY;
}

static void tell(struct router *r, const struct domain *ours,
                 const struct domain *theirs, const char *id,
                 enum dialback_answer answer, const char *condition)
{
    struct router_waiter *w;
    TAILQ_FOREACH(w, &r->waiters, link)
    {
        w->answer(w->user, ours, theirs, id, answer, condition);
    }
}

void router_answer(struct router *r, const char *from, const char *to,
                   const char *id, enum dialback_answer answer,
                   const char *condition)
{
    struct domain *ours = NULL;
    struct domain *theirs = NULL;
    if (domain_parse(from, &ours) == S2S_OK &&
        domain_parse(to, &theirs) == S2S_OK)
        tell(r, ours, theirs, id, answer, condition);
    free(ours);
    free(theirs);
}
