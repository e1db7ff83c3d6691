#include "net/discovery.h"

#include <s2sprobe.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

struct question {
    struct discovery *discovery;
    size_t place;          /* of a TLSA question, in the plan's order */
    resolver_query *query; /* NULL: ended, or never asked */
    struct dns_answer *answer;
};

struct discovery {
    struct resolver *resolver;
    discovery_done *done;
    void *user;
    uint64_t seed;
    bool hopeful;
    bool stands;
    struct question srv[SRV_SERVICES];
    struct question tlsa[DISCOVERY_TLSA];
    size_t asked; /* of them */
    struct srv_plan plan;
};

static void drop(struct question *q)
{
    if (q->query != NULL)
        resolver_cancel(q->query);
    dns_answer_release(q->answer);
    *q = (struct question){.discovery = q->discovery};
}

void discovery_free(struct discovery *d)
{
    if (d == NULL)
        return;
    for (size_t i = 0; i < SRV_SERVICES; i++)
        drop(&d->srv[i]);
    for (size_t i = 0; i < d->asked; i++)
        drop(&d->tlsa[i]);
    srv_free(&d->plan);
    free(d);
}

/* ---- TLSA ------------------------------------------------------------- */

void discovery_tlsa_name(const struct discovery *d, size_t place,
                         char out[DOMAIN_MAX])
{
    const struct srv_target *t = d->plan.order[place];
    int n = snprintf(out, DOMAIN_MAX, "_%u._tcp.%s", t->port, t->host);
    if (n < 0 || n >= DOMAIN_MAX)
        out[0] = '\0';
}

static void tlsa_answered(void *user, struct dns_answer *answer)
{
    struct question *q = user;
    struct discovery *d = q->discovery;
    q->query = NULL;
    if (answer->error == S2S_ENO_MEMORY) {
        d->done(d->user, S2S_ENO_MEMORY);
        return;
    }
    q->answer = dns_answer_hold(answer);
    d->done(d->user, S2S_OK);
}

int discovery_ask_tlsa(struct discovery *d, size_t place)
{
    char name[DOMAIN_MAX];
    if (!d->plan.order[place]->secure || d->asked == DISCOVERY_TLSA)
        return S2S_OK;
    discovery_tlsa_name(d, place, name);
    if (name[0] == '\0')
        return S2S_OK;
    struct question *q = &d->tlsa[d->asked++];
    *q = (struct question){.discovery = d, .place = place};
    return resolver_ask(d->resolver, name, DNS_TLSA, false, tlsa_answered, q,
                        &q->query);
}

const struct dns_answer *discovery_tlsa(const struct discovery *d, size_t place,
                                        bool *pending)
{
    *pending = false;
    for (size_t i = 0; i < d->asked; i++) {
        if (d->tlsa[i].place != place)
            continue;
        *pending = d->tlsa[i].query != NULL;
        return d->tlsa[i].answer;
    }
    return NULL;
}

/* ---- SRV -------------------------------------------------------------- */

/* What a resolver itself fails with is no word of DNS. */
static int read_answer(struct discovery *d, enum srv_service service)
{
    const struct dns_answer *a = d->srv[service].answer;
    if (a == NULL)
        return S2S_ENO_MEMORY;
    if (a->error != S2S_OK && a->error != S2S_EDNS)
        return a->error;
    return srv_read(&d->plan, service, a);
}

static int decide(struct discovery *d)
{
    int e = S2S_OK;
    for (int k = 0; k < SRV_SERVICES && e == S2S_OK; k++)
        e = read_answer(d, (enum srv_service)k);
    if (e == S2S_OK)
        e = srv_decide(&d->plan, d->seed, d->hopeful);
    return e;
}

static void srv_answered(void *user, struct dns_answer *answer)
{
    struct question *q = user;
    struct discovery *d = q->discovery;
    q->query = NULL;
    if (answer->error != S2S_ENO_MEMORY)
        q->answer = dns_answer_hold(answer);
    if (d->srv[SRV_DIRECT].query != NULL || d->srv[SRV_STARTTLS].query != NULL)
        return;
    d->stands = true;
    d->done(d->user, decide(d)); /* may free it */
}

static int ask(struct discovery *d, const char *domain)
{
    for (int k = 0; k < SRV_SERVICES; k++) {
        char name[DOMAIN_MAX];
        struct question *q = &d->srv[k];
        bool fits = srv_name((enum srv_service)k, domain, name);
        /* A name that DNS cannot hold has no records. */
        int e = fits ? resolver_ask(d->resolver, name, DNS_SRV, false,
                                    srv_answered, q, &q->query)
                     : resolver_answer(d->resolver,
                                       dns_answer_new(NULL, 0, "no record"),
                                       srv_answered, q, &q->query);
        if (e != S2S_OK)
            return e;
    }
    return S2S_OK;
}

int discovery_start(struct resolver *r, const char *domain, uint64_t seed,
                    bool hopeful, discovery_done *done, void *user,
                    struct discovery **out)
{
    struct discovery *d = calloc(1, sizeof(*d));
    if (d == NULL)
        return S2S_ENO_MEMORY;
    d->resolver = r;
    d->done = done;
    d->user = user;
    d->seed = seed;
    d->hopeful = hopeful;
    srv_init(&d->plan);
    for (size_t i = 0; i < SRV_SERVICES; i++)
        d->srv[i].discovery = d;
    int e = ask(d, domain);
    if (e != S2S_OK) {
        discovery_free(d);
        return e;
    }
    *out = d;
    return S2S_OK;
}

const struct srv_plan *discovery_plan(const struct discovery *d)
{
    return d->stands ? &d->plan : NULL;
}
