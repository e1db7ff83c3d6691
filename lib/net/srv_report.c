#include <stdio.h>

#include "net/srv.h"

#define TRIED 10 /* servers try fewer */

static const char *const services[] = {"xmpps-server", "xmpp-server"};

static const char *const states[] = {
    [SRV_NONE] = "none",       [SRV_RECORDS] = "records",
    [SRV_REFUSED] = "refused", [SRV_FAILED] = "failed",
    [SRV_BOGUS] = "bogus",
};

static const char *const plans[] = {
    [SRV_TO_TARGETS] = "srv",  [SRV_TO_DOMAIN] = "domain",
    [SRV_NO_SERVICE] = "none", [SRV_UNKNOWN] = "unknown",
    [SRV_FORGED] = "bogus",
};

/* "_xmpps-server: timed out" */
static const char *seen(s2s_result *r, int service, const char *text)
{
    char line[200];
    int n =
        snprintf(line, sizeof(line), "_%s: %.150s", services[service], text);
    return n > 0 ? result_untrusted(r, line, (size_t)n) : NULL;
}

static void find_in_set(const struct srv_plan *p, int service, s2s_result *r)
{
    const struct srv_set *s = &p->sets[service];
    char count[64];
    if (s->state == SRV_BOGUS)
        result_find(r, FINDING_DNSSEC_BOGUS, seen(r, service, s->text));
    if (s->state == SRV_FAILED && s->unreadable == 0 &&
        p->outcome != SRV_UNKNOWN)
        result_find(r, FINDING_SRV_FAILED, seen(r, service, s->text));
    if (s->roots > 0 && s->count > 0)
        result_find(r, FINDING_SRV_DOT, seen(r, service, "\".\""));
    if (s->unreadable > 0) {
        (void)snprintf(count, sizeof(count), "%zu of %zu", s->unreadable,
                       s->unreadable + s->count + s->roots);
        result_find(r, FINDING_SRV_UNREADABLE, seen(r, service, count));
    }
    if (s->count + s->dropped > TRIED) {
        (void)snprintf(count, sizeof(count), "%zu", s->count + s->dropped);
        result_find(r, FINDING_SRV_MANY, seen(r, service, count));
    }
    for (size_t i = 0; i < s->count; i++) {
        if (!s->targets[i].bad_port)
            continue;
        (void)snprintf(count, sizeof(count), "port %u", s->targets[i].port);
        result_find(r, FINDING_SRV_PORT, seen(r, service, count));
    }
}

static void add_records(const struct srv_plan *p, s2s_result *r)
{
    for (size_t i = 0; i < p->count; i++) {
        const struct srv_target *t = p->order[i];
        const struct result_srv record = {
            .service = services[t->direct ? SRV_DIRECT : SRV_STARTTLS],
            .target = t->host,
            .port = t->port,
            .priority = t->priority,
            .weight = t->weight,
        };
        result_add_srv(r, &record);
    }
}

static bool is_secure(const struct srv_plan *p)
{
    return p->sets[SRV_DIRECT].secure && p->sets[SRV_STARTTLS].secure;
}

void srv_report(const struct srv_plan *p, s2s_result *result)
{
    const struct srv_set *direct = &p->sets[SRV_DIRECT];
    const struct srv_set *starttls = &p->sets[SRV_STARTTLS];
    struct result_dns *d = &result->dns;
    d->plan = plans[p->outcome];
    d->secure = is_secure(p);
    for (int k = 0; k < SRV_SERVICES; k++) {
        d->answers[k] = states[p->sets[k].state];
        if (p->sets[k].text != NULL && p->sets[k].text[0] != '\0')
            d->errors[k] = result_text(result, p->sets[k].text);
        find_in_set(p, k, result);
    }
    add_records(p, result);
    if (direct->state == SRV_NONE && starttls->state == SRV_NONE)
        result_find(result, FINDING_SRV_NONE, NULL);
    if (direct->state == SRV_RECORDS && starttls->state == SRV_NONE)
        result_find(result, FINDING_SRV_DIRECT_ONLY, NULL);
    if (p->outcome == SRV_NO_SERVICE)
        result_find(result, FINDING_NO_SERVICE, NULL);
}
