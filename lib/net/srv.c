#include "net/srv.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <s2sprobe.h>

#define ARENA_LIMIT (1024u * 1024)

bool srv_name(enum srv_service service, const char *domain,
              char out[DOMAIN_MAX])
{
    int n = snprintf(out, DOMAIN_MAX, "_xmpp%s-server._tcp.%s",
                     service == SRV_DIRECT ? "s" : "", domain);
    return n > 0 && n < DOMAIN_MAX;
}

void srv_init(struct srv_plan *p)
{
    *p = (struct srv_plan){.outcome = SRV_UNKNOWN};
    arena_init(&p->arena, ARENA_LIMIT);
}

void srv_free(struct srv_plan *p)
{
    arena_free(&p->arena);
}

/* ---- Records ---------------------------------------------------------- */

/* Ports above 1023 where something else listens that a line of XML could be
 * taken for a command by; ordered. */
static const uint16_t bad_ports[] = {
    1433, 1521, 1719, 1720, 1723, 2049,  2375,  2376,  2379,  3306,
    3389, 3659, 4045, 4190, 5060, 5061,  5432,  5672,  5900,  5984,
    6000, 6379, 6566, 6665, 6666, 6667,  6668,  6669,  6679,  6697,
    9000, 9042, 9200, 9300, 9418, 10080, 10250, 11211, 11311, 27017,
};

bool srv_port_allowed(uint16_t port)
{
    if (port < 1024)
        return port == 443;
    for (size_t i = 0; i < sizeof(bad_ports) / sizeof(bad_ports[0]); i++)
        if (bad_ports[i] == port)
            return false;
    return true;
}

static bool is_listed(const struct srv_set *s, const struct dns_srv *record)
{
    for (size_t i = 0; i < s->count; i++)
        if (s->targets[i].port == record->port &&
            strcmp(s->targets[i].host, record->target) == 0)
            return true;
    return false;
}

static int add(struct srv_plan *p, struct srv_set *s, bool direct,
               const struct dns_srv *record)
{
    const char *host =
        arena_copy(&p->arena, record->target, strlen(record->target));
    if (host == NULL)
        return S2S_ENO_MEMORY;
    s->targets[s->count++] = (struct srv_target){
        .host = host,
        .port = record->port,
        .priority = record->priority,
        .weight = record->weight,
        .direct = direct,
        .secure = s->secure,
        .bad_port = !srv_port_allowed(record->port),
    };
    return S2S_OK;
}

static int read_records(struct srv_plan *p, struct srv_set *s, bool direct,
                        const struct dns_answer *answer)
{
    struct dns_srv record;
    s->targets = arena_alloc(&p->arena, answer->count * sizeof(*s->targets));
    if (s->targets == NULL)
        return S2S_ENO_MEMORY;
    for (size_t i = 0; i < answer->count; i++) {
        if (!dns_read_srv(&answer->records[i], &record) ||
            domain_is_ip(record.target)) {
            s->unreadable++;
        } else if (record.target[0] == '\0') {
            s->roots++;
        } else if (!is_listed(s, &record)) {
            int e = add(p, s, direct, &record);
            if (e != S2S_OK)
                return e;
        }
    }
    /* Among others "." says nothing (RFC 2782: "precisely one SRV RR"). */
    s->state = s->count > 0   ? SRV_RECORDS
               : s->roots > 0 ? SRV_REFUSED
                              : SRV_FAILED;
    if (s->state == SRV_FAILED)
        s->text = "no record that makes sense";
    return S2S_OK;
}

int srv_read(struct srv_plan *p, enum srv_service service,
             const struct dns_answer *answer)
{
    struct srv_set *s = &p->sets[service];
    *s = (struct srv_set){.state = SRV_NONE, .text = ""};
    if (answer->error == S2S_ENO_MEMORY)
        return S2S_ENO_MEMORY;
    if (answer->error != S2S_OK) {
        p->unanswered = p->unanswered || answer->unanswered;
        s->state = answer->security == DNS_BOGUS ? SRV_BOGUS : SRV_FAILED;
        s->text = arena_copy(&p->arena, answer->text, strlen(answer->text));
        return s->text != NULL ? S2S_OK : S2S_ENO_MEMORY;
    }
    s->secure = answer->security == DNS_SECURE;
    s->alias = answer->alias;
    s->dropped = answer->dropped;
    return answer->count > 0 ? read_records(p, s, service == SRV_DIRECT, answer)
                             : S2S_OK;
}

/* ---- The decision ----------------------------------------------------- */

#define TARGETS SRV_TO_TARGETS
#define DOMAIN_ SRV_TO_DOMAIN
#define NOWHERE SRV_NO_SERVICE
#define UNKNOWN SRV_UNKNOWN
#define FORGED  SRV_FORGED

/* _xmpps-server down, _xmpp-server across: NONE, RECORDS, REFUSED, FAILED,
 * BOGUS. RFC 6120, 3.2.1; XEP-0368, 5; RFC 7673, 3.1. That records of direct
 * TLS alone leave no way to the domain's own addresses is our reading. */
static const unsigned char outcomes[SRV_STATES][SRV_STATES] = {
    [SRV_NONE] = {DOMAIN_, TARGETS, NOWHERE, UNKNOWN, FORGED},
    [SRV_RECORDS] = {TARGETS, TARGETS, TARGETS, TARGETS, FORGED},
    [SRV_REFUSED] = {NOWHERE, TARGETS, NOWHERE, UNKNOWN, FORGED},
    [SRV_FAILED] = {UNKNOWN, TARGETS, UNKNOWN, UNKNOWN, FORGED},
    [SRV_BOGUS] = {FORGED, FORGED, FORGED, FORGED, FORGED},
};

/* Nothing that DNS did say stands against the domain's own addresses. */
static bool may_hope(const struct srv_plan *p)
{
    for (int k = 0; k < SRV_SERVICES; k++)
        if (p->sets[k].state == SRV_REFUSED || p->sets[k].unreadable > 0)
            return false;
    return true;
}

/* ---- The order -------------------------------------------------------- */

/* By priority; weight 0 first in it (RFC 2782); the rest so that the answer's
 * own order does not matter. */
static int compare(const void *left, const void *right)
{
    const struct srv_target *a = *(const struct srv_target *const *)left;
    const struct srv_target *b = *(const struct srv_target *const *)right;
    if (a->priority != b->priority)
        return a->priority < b->priority ? -1 : 1;
    if ((a->weight == 0) != (b->weight == 0))
        return a->weight == 0 ? -1 : 1;
    int c = strcmp(a->host, b->host);
    if (c != 0)
        return c;
    if (a->port != b->port)
        return a->port < b->port ? -1 : 1;
    return (int)b->direct - (int)a->direct;
}

/* 0..most, evenly (splitmix64). */
static uint32_t draw(uint64_t *seed, uint32_t most)
{
    uint64_t z = (*seed += 0x9e3779b97f4a7c15u);
    z = (z ^ (z >> 30)) * 0xbf58476d1ce4e5b9u;
    z = (z ^ (z >> 27)) * 0x94d049bb133111ebu;
    z ^= z >> 31;
    return (uint32_t)(((z >> 32) * ((uint64_t)most + 1)) >> 32);
}

static void swap(const struct srv_target **a, const struct srv_target **b)
{
    const struct srv_target *t = *a;
    *a = *b;
    *b = t;
}

/* Those of weight 0, which stand in front, are as good as one another. */
static void mix_zeros(const struct srv_target **list, size_t count,
                      uint64_t *seed)
{
    size_t zeros = 0;
    while (zeros < count && list[zeros]->weight == 0)
        zeros++;
    for (size_t i = zeros; i > 1; i--)
        swap(&list[i - 1], &list[draw(seed, (uint32_t)(i - 1))]);
}

/* Of one priority: the next one to the front, and so on. */
static void shuffle(const struct srv_target **list, size_t count,
                    uint64_t *seed)
{
    uint32_t sum = 0;
    mix_zeros(list, count, seed);
    for (size_t i = 0; i < count; i++)
        sum += list[i]->weight;
    for (size_t first = 0; first + 1 < count; first++) {
        uint32_t want = draw(seed, sum), running = list[first]->weight;
        size_t i = first;
        while (running < want)
            running += list[++i]->weight;
        const struct srv_target *chosen = list[i];
        memmove(&list[first + 1], &list[first], (i - first) * sizeof(*list));
        list[first] = chosen;
        sum -= chosen->weight;
    }
}

static void put_in_order(struct srv_plan *p, uint64_t seed)
{
    qsort(p->order, p->count, sizeof(*p->order), compare);
    for (size_t first = 0, end; first < p->count; first = end) {
        end = first + 1;
        while (end < p->count &&
               p->order[end]->priority == p->order[first]->priority)
            end++;
        shuffle(p->order + first, end - first, &seed);
    }
}

int srv_decide(struct srv_plan *p, uint64_t seed, bool hopeful)
{
    const struct srv_set *d = &p->sets[SRV_DIRECT], *s = &p->sets[SRV_STARTTLS];
    p->outcome = outcomes[d->state][s->state];
    if (p->outcome == SRV_UNKNOWN && hopeful && may_hope(p))
        p->outcome = SRV_TO_DOMAIN;
    if (p->outcome != SRV_TO_TARGETS)
        return S2S_OK;
    p->order =
        arena_alloc(&p->arena, (d->count + s->count) * sizeof(*p->order));
    if (p->order == NULL)
        return S2S_ENO_MEMORY;
    for (int k = 0; k < SRV_SERVICES; k++)
        for (size_t i = 0; i < p->sets[k].count; i++)
            p->order[p->count++] = &p->sets[k].targets[i];
    put_in_order(p, seed);
    return S2S_OK;
}
