#include "probe/endpoints.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/error.h"
#include "base/random.h"
#include "net/address.h"
#include "net/order.h"

/* ---- Without DNS ------------------------------------------------------ */

static enum initiator_tls mode_for(const struct options_probe *o)
{
    switch (o->tls_mode) {
    case S2S_TLS_STARTTLS:
        return INITIATOR_STARTTLS;
    case S2S_TLS_DIRECT:
        return INITIATOR_DIRECT;
    case S2S_TLS_NONE:
        return INITIATOR_CLEAR;
    default:
        return o->port == 5270 || o->port == 443 ? INITIATOR_DIRECT
                                                 : INITIATOR_STARTTLS;
    }
}

/* The one that the options name, or the domain itself (RFC 6120, 3.2.2). */
static void take_options(struct probe *p)
{
    p->endpoints = &p->only;
    p->only = (struct probe_endpoint){
        .host = p->options.host,
        .port = p->options.port,
        .mode = mode_for(&p->options),
    };
    p->endpoint_count = 1;
}

/* RFC 6120, 3.2.3: not when we are told where to go. And localhost is known
 * without DNS (RFC 6761, 6.3). */
static bool wants_srv(const struct options_probe *o)
{
    return !o->host_given && !o->port_given &&
           !order_is_localhost(o->to->ascii);
}

bool endpoints_ask_dns(const struct probe *p)
{
    return wants_srv(&p->options) ||
           (p->own_transport && !domain_is_ip(p->options.host));
}

/* ---- Asking ----------------------------------------------------------- */

static void on_discovery(void *user, int error)
{
    struct probe *p = user;
    if (p->discovered && error != S2S_OK) /* it was about TLSA records */
        p->result->no_memory = true;
    else if (error != S2S_OK)
        p->discovery_error = error;
    p->discovered = true;
    p->wake(p, p->wake_user);
}

/* Whoever wants DANE to decide does not get past it by a lost answer. */
static bool is_hopeful(uint32_t flags)
{
    return (flags & (S2S_SRV_FALLBACK | S2S_DANE)) == S2S_SRV_FALLBACK;
}

int endpoints_begin(struct probe *p)
{
    uint64_t seed;
    p->endpoint = 0;
    if (p->options.to->deviation)
        result_find(p->result, FINDING_DEVIATION, p->options.to->unicode);
    if (!wants_srv(&p->options)) {
        take_options(p);
        return S2S_OK;
    }
    int e = random_bytes(&seed, sizeof(seed));
    if (e == S2S_OK)
        e = shared_open_resolver(p->shared);
    if (e == S2S_OK)
        e = discovery_start(p->shared->resolver, p->options.to->ascii, seed,
                            is_hopeful(p->options.flags), on_discovery, p,
                            &p->discovery);
    return e == S2S_OK ? S2S_WANT_READ : e;
}

/* ---- The plan --------------------------------------------------------- */

static bool fits_mode(const struct options_probe *o,
                      const struct srv_target *target)
{
    if (o->tls_mode == S2S_TLS_AUTO)
        return true;
    return target->direct == (o->tls_mode == S2S_TLS_DIRECT);
}

static enum initiator_tls mode_of(const struct options_probe *o,
                                  const struct srv_target *target)
{
    if (target->direct)
        return INITIATOR_DIRECT;
    return o->tls_mode == S2S_TLS_NONE ? INITIATOR_CLEAR : INITIATOR_STARTTLS;
}

/* A caller's transport would go there; our own is told not to, and a check
 * tells about it. */
static bool is_bad(const struct probe *p, const struct srv_target *target)
{
    return target->bad_port && !p->own_transport &&
           p->options.op != S2S_OP_CHECK;
}

/* An errand's records are a stranger's, who makes us look them all up. */
static size_t most_endpoints(const struct probe *p)
{
    return p->errand ? ERRAND_ENDPOINTS : PROBE_ENDPOINTS;
}

/* All records have been read and put in order; the first ones are tried. */
static void take_targets(struct probe *p, const struct srv_plan *plan)
{
    size_t forbidden = 0;
    uint32_t group = 0;
    p->from_srv = true;
    p->endpoints =
        calloc(PROBE_ENDPOINTS + PROBE_FORBIDDEN, sizeof(*p->endpoints));
    if (p->endpoints == NULL) {
        p->result->no_memory = true;
        return;
    }
    for (size_t i = 0; i < plan->count; i++) {
        const struct srv_target *t = plan->order[i];
        if (i > 0 && t->priority != plan->order[i - 1]->priority)
            group++;
        if (!fits_mode(&p->options, t) || is_bad(p, t))
            continue;
        if (t->bad_port ? forbidden == PROBE_FORBIDDEN
                        : p->endpoint_count - forbidden == most_endpoints(p)) {
            p->more_endpoints = true;
            continue;
        }
        forbidden += t->bad_port;
        p->endpoints[p->endpoint_count++] = (struct probe_endpoint){
            .host = t->host,
            .port = t->port,
            .group = group,
            .mode = mode_of(&p->options, t),
            .bad_port = t->bad_port,
            .secure = t->secure,
            .place = i,
        };
    }
}

/* A caller's transport connects on its own terms: nothing vouches for it. And
 * an errand does without. */
static int ask_tlsa(struct probe *p)
{
    int e = S2S_OK;
    size_t count = p->own_transport && !p->errand ? p->endpoint_count : 0;
    for (size_t i = 0; i < count && e == S2S_OK; i++)
        if (!p->endpoints[i].bad_port)
            e = discovery_ask_tlsa(p->discovery, p->endpoints[i].place);
    return e;
}

/* "_xmpp-server._tcp.example.com: timed out", of the answer that failed. */
static const char *failure_text(struct probe *p, const struct srv_plan *plan)
{
    char name[DOMAIN_MAX] = "", line[DOMAIN_MAX + 100];
    enum srv_service k = SRV_STARTTLS;
    if (plan->sets[k].state != SRV_FAILED && plan->sets[k].state != SRV_BOGUS)
        k = SRV_DIRECT;
    (void)srv_name(k, p->options.to->ascii, name);
    int n = snprintf(line, sizeof(line), "%s: %.90s", name, plan->sets[k].text);
    return n > 0 ? result_untrusted(p->result, line, (size_t)n) : NULL;
}

static bool leads_to_bad_ports(const struct probe *p,
                               const struct srv_plan *plan)
{
    for (size_t i = 0; i < plan->count; i++)
        if (fits_mode(&p->options, plan->order[i]) && is_bad(p, plan->order[i]))
            return true;
    return false;
}

static int refuse(struct probe *p, const struct srv_plan *plan)
{
    s2s_result *r = p->result;
    const char *text = NULL;
    switch (plan->outcome) {
    case SRV_NO_SERVICE:
        text = "the domain offers no service to other servers (SRV \".\")";
        break;
    case SRV_TO_TARGETS:
        if (leads_to_bad_ports(p, plan)) {
            result_fail(r, S2S_EADDRESS_FORBIDDEN,
                        "the SRV records lead to ports of other services");
            return S2S_EADDRESS_FORBIDDEN;
        }
        text = "the domain has no endpoint with this TLS mode";
        result_find(r, FINDING_NO_ENDPOINT, NULL);
        break;
    default:
        text = failure_text(p, plan);
        if (plan->outcome == SRV_UNKNOWN)
            result_find(r,
                        plan->unanswered ? FINDING_DNS_UNAVAILABLE
                                         : FINDING_DNS_FAILED,
                        text);
        break;
    }
    result_fail(r, S2S_EDNS, "%s", text != NULL ? text : "DNS failed");
    return S2S_EDNS;
}

int endpoints_take(struct probe *p)
{
    const struct srv_plan *plan = discovery_plan(p->discovery);
    int e = p->discovery_error;
    if (e == S2S_OK) {
        srv_report(plan, p->result);
        if (plan->outcome == SRV_TO_TARGETS)
            take_targets(p, plan);
        else if (plan->outcome == SRV_TO_DOMAIN)
            take_options(p);
        if (p->result->no_memory)
            return S2S_ENO_MEMORY;
        if (p->endpoint_count == 0)
            return refuse(p, plan);
        if (p->from_srv)
            e = ask_tlsa(p);
    }
    if (e != S2S_OK)
        result_fail(p->result, e, "%s", error_text(e));
    return e;
}

/* ---- Connecting ------------------------------------------------------- */

static int open_own(struct probe *p)
{
    struct tcp_endpoint list[PROBE_ENDPOINTS + PROBE_FORBIDDEN];
    size_t first = p->settled ? p->endpoint : 0;
    size_t end = p->settled ? p->endpoint + 1 : p->endpoint_count;
    void *conn;
    for (size_t i = first; i < end; i++)
        list[i - first] = (struct tcp_endpoint){
            .host = p->endpoints[i].host,
            .port = p->endpoints[i].port,
            .group = p->endpoints[i].group,
            .dns_only = p->endpoints[i].secure,
            .forbidden = p->endpoints[i].bad_port,
        };
    int e =
        tcp_open_endpoints(p->options.transport.user, list, end - first, &conn);
    if (e != S2S_OK)
        return e;
    link_adopt(&p->link, &p->options.transport, conn);
    return S2S_OK;
}

static void note_endpoint(struct probe *p)
{
    const struct probe_endpoint *e = &p->endpoints[p->endpoint];
    p->result->host = result_text(p->result, e->host);
    p->result->port = e->port;
}

int endpoints_open(struct probe *p)
{
    const struct probe_endpoint *first = &p->endpoints[p->endpoint];
    s2s_transport *transport = &p->options.transport;
    if (!p->own_transport) {
        note_endpoint(p);
        return link_open(&p->link, transport, first->host, first->port);
    }
    int e = shared_transport(p->shared, p->errand, transport);
    if (e == S2S_EINTERNAL)
        result_fail(p->result, e, ERROR_NO_DESCRIPTORS);
    return e == S2S_OK ? open_own(p) : e;
}

static void note_proof(struct probe *p, size_t chosen)
{
    const struct probe_endpoint *e = &p->endpoints[p->endpoint];
    if (p->from_srv && e->secure)
        p->proof = (struct probe_proof){
            .discovery = p->discovery,
            .place = e->place,
            .addresses =
                tcp_endpoint_security(p->link.conn, chosen) == DNS_SECURE,
        };
}

void endpoints_connected(struct probe *p)
{
    int chosen = tcp_connected_endpoint(p->link.conn);
    if (chosen < 0)
        return;
    if (!p->settled) {
        p->settled = true;
        p->endpoint = (size_t)chosen;
        note_endpoint(p);
    }
    note_proof(p, (size_t)chosen);
}

bool endpoints_wait_for_tlsa(const struct probe *p)
{
    bool pending = false;
    if (p->discovery != NULL && p->settled && p->from_srv)
        (void)discovery_tlsa(p->discovery, p->endpoints[p->endpoint].place,
                             &pending);
    return pending;
}

bool endpoints_next(struct probe *p, int error)
{
    if (p->own_transport || p->connected || p->bare ||
        p->endpoint + 1 >= p->endpoint_count ||
        (error != S2S_ECONNECT && error != S2S_EDNS && error != S2S_ECLOSED))
        return false;
    p->endpoint++;
    return true;
}

/* ---- What DNS vouches for --------------------------------------------- */

/* Records count only when all that leads to them is proved (RFC 7673, 3.2). */
static void add_tlsa(const struct probe_proof *proof,
                     struct endpoints_proof *to)
{
    struct certificate_reference *ref = &to->reference;
    bool pending;
    const struct dns_answer *a =
        proof->addresses
            ? discovery_tlsa(proof->discovery, proof->place, &pending)
            : NULL;
    if (a == NULL || (a->error == S2S_OK && a->security != DNS_SECURE))
        return;
    discovery_tlsa_name(proof->discovery, proof->place, to->name);
    ref->tlsa_name = to->name;
    ref->tlsa_bogus = a->error != S2S_OK;
    ref->tlsa = to->records;
    ref->tlsa_count = a->count;
    for (size_t i = 0; i < a->count && i < DANE_RECORDS_MAX; i++)
        to->records[i] =
            (struct dane_record){a->records[i].data, a->records[i].size};
}

int endpoints_prove(const struct probe *p, struct endpoints_proof *to)
{
    const struct probe_proof *proof = &p->proof;
    *to = (struct endpoints_proof){
        .reference = {
            .domain = p->options.to,
            .dane_decides = (p->options.flags & S2S_DANE) != 0,
        }};
    if (proof->discovery == NULL)
        return S2S_OK;
    const struct srv_plan *plan = discovery_plan(proof->discovery);
    int error = domain_parse(plan->order[proof->place]->host, &to->target);
    if (error == S2S_OK)
        to->reference.target = to->target;
    add_tlsa(proof, to);
    return error == S2S_ENO_MEMORY ? error : S2S_OK;
}

void endpoints_free(struct probe *p)
{
    discovery_free(p->discovery);
    if (p->endpoints != &p->only)
        free(p->endpoints);
    p->endpoints = NULL;
    p->discovery = NULL;
}
