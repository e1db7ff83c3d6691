#include "net/lookup.h"

#include <stdlib.h>
#include <string.h>

#include "base/error.h"

enum { SIX, FOUR, FAMILIES };

struct lookup {
    struct resolver *resolver;
    resolver_query *queries[FAMILIES];    /* NULL: ended, or never asked */
    struct dns_answer *answers[FAMILIES]; /* NULL: not yet, or no memory */
    struct timer delay;
    lookup_done *done;
    void *user;
    uint16_t port;
    unsigned flags;
    bool no_memory;
    bool hasty;
    char host[]; /* NUL-terminated */
};

static void lookup_free(struct lookup *l)
{
    resolver_delay_stop(l->resolver, &l->delay);
    for (int i = 0; i < FAMILIES; i++) {
        if (l->queries[i] != NULL)
            resolver_cancel(l->queries[i]);
        dns_answer_release(l->answers[i]);
    }
    free(l);
}

void lookup_cancel(struct lookup *l)
{
    lookup_free(l);
}

/* ---- The result ------------------------------------------------------- */

static void add_addresses(struct order *o, const struct dns_answer *a)
{
    struct sockaddr_storage address;
    for (size_t i = 0; a != NULL && i < a->count; i++) {
        socklen_t length = dns_read_address(&a->records[i], 0, &address);
        if (length > 0)
            order_add(o, (const struct sockaddr *)&address, length);
    }
}

/* The security of both; what was not waited for does not count. Nor does what
 * failed: whoever spoils one question must not make the other one insecure. */
static enum dns_security security_of(const struct lookup *l)
{
    bool any = false, secure = true;
    for (int i = 0; i < FAMILIES; i++) {
        const struct dns_answer *a = l->answers[i];
        if (a != NULL && a->security == DNS_BOGUS)
            return DNS_BOGUS;
        if (a == NULL || a->error != S2S_OK)
            continue;
        any = true;
        secure = secure && a->security == DNS_SECURE;
    }
    return any && secure ? DNS_SECURE : DNS_INSECURE;
}

/* Why there is no address. IPv4 has the say, unless it went well there. */
static void explain(const struct lookup *l, struct lookup_result *result)
{
    const struct dns_answer *six = l->answers[SIX], *four = l->answers[FOUR];
    const struct dns_answer *a = four != NULL ? four : six;
    if (six != NULL && six->error != S2S_OK &&
        (four == NULL || four->error == S2S_OK || six->security == DNS_BOGUS))
        a = six;
    result->error = S2S_EDNS;
    if (l->no_memory || a == NULL) {
        result->error = S2S_ENO_MEMORY;
        result->text = "out of memory";
        return;
    }
    if (a->error != S2S_OK)
        result->error = a->error;
    result->unanswered = a->unanswered;
    result->text =
        strcmp(a->text, dns_rcode_name(DNS_NXDOMAIN)) == 0 || a->error != S2S_OK
            ? a->text
            : "no address";
}

static void finish(struct lookup *l)
{
    struct order order = {0};
    struct resolver_address *list = NULL;
    struct lookup_result result = {
        .text = "", .hasty = l->hasty, .security = security_of(l)};
    for (int i = 0; i < FAMILIES; i++) {
        const struct dns_answer *a = l->answers[i];
        result.alias = result.alias || (a != NULL && a->alias);
        add_addresses(&order, a);
    }
    if (order_count(&order) == 0)
        (void)order_add_localhost(&order, l->host);
    if (result.security != DNS_BOGUS && !l->no_memory)
        result.count = order_count(&order);
    if (result.count > 0)
        list = calloc(result.count, sizeof(*list));
    l->no_memory = l->no_memory || (result.count > 0 && list == NULL);
    if (list != NULL)
        order_write(&order, l->port, list);
    else
        explain(l, &result);
    result.addresses = list;
    result.count = list != NULL ? result.count : 0;
    l->done(l->user, &result);
    free(list);
    lookup_free(l);
}

/* ---- Answers ---------------------------------------------------------- */

static void hurry(void *user)
{
    struct lookup *l = user;
    l->hasty = true;
    finish(l);
}

/* For the other answer, a moment. */
static void wait_for_other(struct lookup *l)
{
    if (resolver_delay(l->resolver, &l->delay, RESOLVER_DELAY_MS) == S2S_OK)
        return;
    l->no_memory = true;
    finish(l);
}

static void answered(struct lookup *l, int family, struct dns_answer *answer)
{
    l->queries[family] = NULL;
    if (answer->error == S2S_ENO_MEMORY)
        l->no_memory = true;
    else
        l->answers[family] = dns_answer_hold(answer);
    if (l->queries[SIX] == NULL && l->queries[FOUR] == NULL)
        finish(l);
    else if (family == FOUR && answer->count > 0 &&
             (l->flags & LOOKUP_PATIENT) == 0)
        wait_for_other(l);
}

static void six_answered(void *user, struct dns_answer *answer)
{
    answered(user, SIX, answer);
}

static void four_answered(void *user, struct dns_answer *answer)
{
    answered(user, FOUR, answer);
}

/* ---- Questions -------------------------------------------------------- */

/* A literal, or localhost where the hosts file has no say: known already. */
static struct dns_answer *known(const struct order *o, int family)
{
    const uint8_t *bytes;
    struct dns_rdata data = {NULL, 0};
    if (family == SIX && o->six_count > 0) {
        bytes = (const uint8_t *)&o->six[0].sin6_addr;
        data = (struct dns_rdata){bytes, sizeof(struct in6_addr)};
    } else if (family == FOUR && o->four_count > 0) {
        bytes = (const uint8_t *)&o->four[0].sin_addr;
        data = (struct dns_rdata){bytes, sizeof(struct in_addr)};
    }
    return dns_answer_new(&data, data.size > 0 ? 1 : 0, "");
}

static int ask_known(struct lookup *l, const struct order *addresses)
{
    int e = resolver_answer(l->resolver, known(addresses, SIX), six_answered, l,
                            &l->queries[SIX]);
    return e != S2S_OK ? e
                       : resolver_answer(l->resolver, known(addresses, FOUR),
                                         four_answered, l, &l->queries[FOUR]);
}

/* Of localhost the hosts file may know one address, and DNS is no place to ask
 * for the other (RFC 6761, 6.3). */
static int ask(struct lookup *l)
{
    bool hosts = (l->flags & LOOKUP_DNS) == 0;
    if (order_is_localhost(l->host))
        return resolver_ask(l->resolver, l->host, DNS_ADDRESS, true,
                            four_answered, l, &l->queries[FOUR]);
    int e = resolver_ask(l->resolver, l->host, DNS_AAAA, hosts, six_answered, l,
                         &l->queries[SIX]);
    return e != S2S_OK ? e
                       : resolver_ask(l->resolver, l->host, DNS_A, hosts,
                                      four_answered, l, &l->queries[FOUR]);
}

int lookup_start(struct resolver *r, const char *host, uint16_t port,
                 unsigned flags, lookup_done *done, void *user,
                 struct lookup **out)
{
    struct order o = {0};
    size_t size = strlen(host) + 1;
    struct lookup *l = calloc(1, sizeof(*l) + size);
    if (l == NULL)
        return S2S_ENO_MEMORY;
    memcpy(l->host, host, size);
    l->resolver = r;
    l->delay = (struct timer){.fire = hurry, .user = l};
    l->done = done;
    l->user = user;
    l->port = port;
    l->flags = flags;
    bool answered = order_add_literal(&o, host) ||
                    (!resolver_is_ours(r) && order_add_localhost(&o, host));
    int e = answered ? ask_known(l, &o) : ask(l);
    if (e != S2S_OK) {
        lookup_free(l);
        return e;
    }
    *out = l;
    return S2S_OK;
}
