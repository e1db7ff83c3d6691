#include "net/race.h"

#include <stdlib.h>
#include <string.h>

#include "base/error.h"
#include "net/address.h"

/* Unless the settings say otherwise. */
#define MAX_LOOKUPS   8
#define MAX_ATTEMPTS  10
#define MAX_ADDRESSES 8
#define PATIENCE_MS   3000 /* with a group that does not answer */
#define AGAIN_MS      250

static uint32_t or_default(uint32_t value, uint32_t otherwise)
{
    return value != 0 ? value : otherwise;
}

static bool over(const struct race *r)
{
    return r->eyes.winner != NULL || r->error != S2S_OK;
}

/* No connection may be tried any more. */
static bool spent(const struct race *r)
{
    return r->tried >= or_default(r->settings->max_attempts, MAX_ATTEMPTS);
}

/* ---- Ends ------------------------------------------------------------- */

static void stop_waiting(struct race *r)
{
    if (r->delay.place != 0)
        resolver_delay_stop(r->settings->resolver, &r->delay);
    if (r->patience.place != 0)
        resolver_delay_stop(r->settings->resolver, &r->patience);
    if (r->again.place != 0)
        resolver_delay_stop(r->settings->resolver, &r->again);
}

static void stop_asking(struct race *r)
{
    if (r->asking != NULL)
        courtesy_give(&r->asking->permit);
    r->asking = NULL;
    for (size_t i = 0; i < r->count; i++) {
        if (r->endpoints[i].lookup != NULL)
            lookup_cancel(r->endpoints[i].lookup);
        r->endpoints[i].lookup = NULL;
    }
    r->looking = 0;
    stop_waiting(r);
}

/* Why it has failed: what this machine lacks comes first, then what a resolver
 * of the caller's says. */
static int failure(const struct race *r)
{
    bool starved = r->eyes.starved;
    int own = S2S_OK;
    for (size_t i = 0; i < r->count; i++) {
        int e = r->endpoints[i].error;
        if (e == S2S_ENO_MEMORY)
            return S2S_ENO_MEMORY;
        starved = starved || e == S2S_EINTERNAL;
        own = e <= S2S_CALLBACK_ERROR ? e : own;
    }
    if (starved || own != S2S_OK)
        return starved ? S2S_EINTERNAL : own;
    if (r->tried > 0)
        return S2S_ECONNECT;
    return race_unresolved(r) ? S2S_EDNS : S2S_EADDRESS_FORBIDDEN;
}

/* ---- Look-ups --------------------------------------------------------- */

static void looked_up(void *user, const struct lookup_result *result);

static void unknown(struct race_endpoint *ep, int error, const char *why)
{
    ep->state = RACE_UNKNOWN;
    free(ep->why);
    ep->why = strndup(why, RACE_WHY - 1);
    ep->error = ep->why != NULL ? error : S2S_ENO_MEMORY;
}

static void known(struct race_endpoint *ep, const struct resolver_address *list,
                  size_t count)
{
    ep->attempts = calloc(count, sizeof(*ep->attempts));
    if (ep->attempts == NULL) {
        unknown(ep, S2S_ENO_MEMORY, error_text(S2S_ENO_MEMORY));
        return;
    }
    for (size_t i = 0; i < count; i++)
        if (eyeballs_prepare(&ep->attempts[ep->count], &list[i].address,
                             list[i].length))
            ep->count++;
    ep->state = RACE_KNOWN;
}

static void look_up(struct race *r, struct race_endpoint *ep)
{
    struct resolver_address literal;
    literal.length = address_parse(ep->host, ep->port, &literal.address);
    if (literal.length > 0) {
        ep->literal = true;
        known(ep, &literal, 1);
        return;
    }
    int e =
        lookup_start(r->settings->resolver, ep->host, ep->port,
                     ep->dns_only ? LOOKUP_DNS : 0, looked_up, ep, &ep->lookup);
    if (e != S2S_OK) {
        unknown(ep, e, error_text(e));
        return;
    }
    ep->state = RACE_ASKED;
    r->looking++;
}

static void look_up_group(struct race *r)
{
    uint32_t most = or_default(r->settings->max_lookups, MAX_LOOKUPS);
    for (size_t i = r->first; i < r->end && r->looking < most; i++)
        if (r->endpoints[i].state == RACE_WAITING)
            look_up(r, &r->endpoints[i]);
}

static bool pending(const struct race_endpoint *ep)
{
    return ep->state == RACE_WAITING || ep->state == RACE_ASKED;
}

static bool group_pending(const struct race *r)
{
    for (size_t i = r->first; i < r->end; i++)
        if (pending(&r->endpoints[i]))
            return true;
    return false;
}

/* ---- Order ------------------------------------------------------------ */

static bool has_next(const struct race *r, const struct race_endpoint *ep)
{
    return ep->next < ep->count &&
           ep->tried < or_default(r->settings->max_addresses, MAX_ADDRESSES);
}

static void wait_for(struct race *r, struct timer *t, uint32_t ms)
{
    if (t->place == 0 && resolver_delay(r->settings->resolver, t, ms) != S2S_OK)
        r->error = S2S_ENO_MEMORY;
}

/* The endpoint whose address is to be tried next, unless an earlier one is
 * worth a moment of waiting. */
static struct race_endpoint *next_endpoint(struct race *r)
{
    bool late = false; /* one in front is being looked up */
    for (size_t i = r->first; i < r->end && !spent(r); i++) {
        struct race_endpoint *ep = &r->endpoints[i];
        late = late || pending(ep);
        if (!has_next(r, ep))
            continue;
        if (!late || r->impatient)
            return ep;
        wait_for(r, &r->delay, RESOLVER_DELAY_MS);
        return NULL;
    }
    return NULL;
}

static void next_group(struct race *r)
{
    r->first = r->end;
    while (r->end < r->count &&
           r->endpoints[r->end].group == r->endpoints[r->first].group)
        r->end++;
    r->impatient = r->slow = false;
    stop_waiting(r);
}

/* ---- The race --------------------------------------------------------- */

/* The filter sees what connect() will. */
static bool refused(const struct race *r, const struct eyeballs_attempt *a)
{
    const struct tcp_settings *s = r->settings;
    return r->asking != a && address_refused(s->filter, s->filter_user,
                                             &a->address.any, a->length);
}

/* Whether it may be begun now, as far as others are concerned. Only one waits
 * for that. */
static bool permitted(struct race *r, const struct race_endpoint *ep,
                      struct eyeballs_attempt *a)
{
    if (r->asking != NULL && r->asking != a)
        courtesy_give(&r->asking->permit);
    r->asking = a;
    int e = courtesy_ask(&r->party, &a->permit, ep->literal ? NULL : ep->host,
                         &a->address.any);
    if (e != S2S_OK && e != S2S_WANT_READ)
        r->error = e;
    return e == S2S_OK;
}

/* Begin the next one, or pass over it; false: it has to wait. */
static bool try(struct race *r, struct race_endpoint *ep)
{
    struct eyeballs_attempt *a = &ep->attempts[ep->next];
    if (refused(r, a)) {
        ep->next++;
        a->outcome = &eyeballs_forbidden;
        return true;
    }
    if (!permitted(r, ep, a))
        return false;
    if (!eyeballs_begin(&r->eyes, a)) {
        wait_for(r, &r->again, AGAIN_MS);
        return false;
    }
    r->asking = NULL;
    ep->next++;
    ep->tried++;
    r->tried++;
    return true;
}

/* What else may come is of later groups. */
static bool group_begun(const struct race *r)
{
    return !spent(r) && !group_pending(r) && r->end < r->count;
}

/* Of what was begun nothing runs, or it has had its time; and no more of this
 * group will begin. */
static bool group_over(const struct race *r)
{
    if (over(r) || r->eyes.live > 0)
        return !over(r) && r->slow && group_begun(r);
    return spent(r) || !group_pending(r);
}

static void go(struct race *r)
{
    struct race_endpoint *ep;
    for (;;) {
        look_up_group(r);
        while ((ep = next_endpoint(r)) != NULL && eyeballs_ready(&r->eyes) &&
               try(r, ep))
            continue;
        if (ep != NULL || !group_over(r))
            break;
        if (spent(r) || r->end == r->count)
            r->error = failure(r);
        else
            next_group(r);
    }
    if (!over(r) && ep == NULL && group_begun(r))
        wait_for(r, &r->patience, PATIENCE_MS);
    bool waits = r->asking != NULL;
    bool more = waits || (!spent(r) && (group_pending(r) || r->end < r->count));
    if (!eyeballs_settle(&r->eyes, ep != NULL && !over(r) && !waits,
                         more && !over(r)))
        wait_for(r, &r->again, AGAIN_MS);
    if (over(r))
        stop_asking(r);
}

/* Because of something outside of the race. */
static void go_on(void *user)
{
    struct race *r = user;
    go(r);
    r->changed(r->user);
}

static void looked_up(void *user, const struct lookup_result *result)
{
    struct race_endpoint *ep = user;
    struct race *r = ep->race;
    ep->lookup = NULL;
    r->looking--;
    ep->alias = result->alias;
    ep->security = result->security;
    ep->unanswered = result->unanswered;
    if (result->error == S2S_OK)
        known(ep, result->addresses, result->count);
    else
        unknown(ep, result->error, result->text);
    go_on(r);
}

static void lose_patience(void *user)
{
    struct race *r = user;
    r->impatient = true;
    go_on(r);
}

static void leave_behind(void *user)
{
    struct race *r = user;
    r->slow = true;
    go_on(r);
}

bool race_held(const struct race *r)
{
    return r->asking != NULL && r->eyes.live == 0 && r->looking == 0;
}

void race_advance(struct race *r)
{
    if (over(r) || r->eyes.live == 0)
        return;
    eyeballs_advance(&r->eyes);
    go(r);
}

/* ---- Life ------------------------------------------------------------- */

/* The bytes of all hosts; 0: too many. */
static size_t host_bytes(const struct tcp_endpoint *list, size_t count)
{
    size_t sum = 0;
    for (size_t i = 0; i < count; i++) {
        size_t size = strlen(list[i].host) + 1;
        if (size > SIZE_MAX - sum)
            return 0;
        sum += size;
    }
    return sum;
}

static void fill(struct race *r, const struct tcp_endpoint *list, char *hosts)
{
    for (size_t i = 0; i < r->count; i++) {
        size_t size = strlen(list[i].host) + 1;
        memcpy(hosts, list[i].host, size);
        r->endpoints[i] = (struct race_endpoint){
            .race = r,
            .state = list[i].forbidden ? RACE_FORBIDDEN : RACE_WAITING,
            .host = hosts,
            .group = list[i].group,
            .port = list[i].port,
            .dns_only = list[i].dns_only,
        };
        hosts += size;
    }
}

void race_init(struct race *r, const struct tcp_settings *settings)
{
    memset(r, 0, sizeof(*r));
    eyeballs_init(&r->eyes, settings != NULL ? settings->descriptors : NULL);
    r->settings = settings;
    r->delay = (struct timer){.fire = lose_patience, .user = r};
    r->patience = (struct timer){.fire = leave_behind, .user = r};
    r->again = (struct timer){.fire = go_on, .user = r};
    r->party = (struct courtesy_party){
        .courtesy = settings != NULL ? settings->courtesy : NULL,
        .granted = go_on,
        .user = r};
}

int race_start(struct race *r, const struct tcp_endpoint *list, size_t count)
{
    size_t hosts = host_bytes(list, count);
    if (count == 0)
        return S2S_EINVALID_ARGUMENT;
    if (hosts == 0 || count > (SIZE_MAX - hosts) / sizeof(*r->endpoints))
        return S2S_ENO_MEMORY;
    r->endpoints = malloc(count * sizeof(*r->endpoints) + hosts);
    if (r->endpoints == NULL)
        return S2S_ENO_MEMORY;
    r->count = count;
    fill(r, list, (char *)(r->endpoints + count));
    next_group(r);
    go(r);
    return S2S_OK;
}

void race_close(struct race *r)
{
    stop_asking(r);
    eyeballs_close(&r->eyes);
    for (size_t i = 0; i < r->count; i++) {
        free(r->endpoints[i].attempts);
        free(r->endpoints[i].why);
    }
    free(r->endpoints);
}
