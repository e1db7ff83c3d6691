#include "net/race.h"

#include <inttypes.h>
#include <stdio.h>
#include <string.h>

#include "base/error.h"
#include "net/address.h"

/* ---- Where it got to -------------------------------------------------- */

int race_winner(const struct race *r)
{
    for (size_t i = 0; i < r->count; i++) {
        const struct race_endpoint *ep = &r->endpoints[i];
        for (size_t k = 0; k < ep->next; k++)
            if (&ep->attempts[k] == r->eyes.winner)
                return (int)i;
    }
    return -1;
}

bool race_unresolved(const struct race *r)
{
    bool unknown = false;
    for (size_t i = 0; i < r->count; i++) {
        if (r->endpoints[i].state == RACE_KNOWN)
            return false;
        unknown = unknown || r->endpoints[i].state == RACE_UNKNOWN;
    }
    return unknown;
}

/* ---- Words ------------------------------------------------------------ */

struct line {
    char *out;
    size_t size, used;
    bool full;
};

/* No half entries, and none behind one that is left out. */
static void say(struct line *l, const char *what, const char *why)
{
    if (l->full)
        return;
    int n = snprintf(l->out + l->used, l->size - l->used, "%s%s: %s",
                     l->used > 0 ? "; " : "", what, why);
    l->full = n < 0 || (size_t)n >= l->size - l->used;
    if (l->full)
        l->out[l->used] = '\0';
    else
        l->used += (size_t)n;
}

#define PLACE (ADDRESS_TEXT + 12)

/* "192.0.2.1"; of several endpoints "192.0.2.1 port 5269". */
static void place(const struct race *r, const struct race_endpoint *ep,
                  const struct eyeballs_attempt *a, char out[PLACE])
{
    address_format(&a->address.any, a->length, out);
    size_t used = strlen(out);
    if (r->count > 1)
        (void)snprintf(out + used, PLACE - used, " port %u", ep->port);
}

static void say_attempts(const struct race *r, struct line *l,
                         const struct race_endpoint *ep)
{
    for (size_t i = 0; i < ep->next; i++) {
        const struct eyeballs_attempt *a = &ep->attempts[i];
        char address[PLACE];
        if (!a->begun) /* forbidden */
            continue;
        place(r, ep, a, address);
        say(l, address, eyeballs_outcome(a, &eyeballs_abandoned)->text);
    }
}

static const char *why_of(const struct race_endpoint *ep)
{
    return ep->why != NULL ? ep->why : error_text(ep->error);
}

void race_describe(const struct race *r, char *out, size_t size)
{
    struct line l = {.out = out, .size = size};
    out[0] = '\0';
    if (r->error == S2S_EADDRESS_FORBIDDEN) {
        /* Whatever was forbidden: one text for all. */
        (void)snprintf(out, size, "%s", error_text(r->error));
        return;
    }
    for (size_t i = 0; i < r->count; i++) {
        const struct race_endpoint *ep = &r->endpoints[i];
        if (ep->state == RACE_UNKNOWN)
            say(&l, ep->host, why_of(ep));
        say_attempts(r, &l, ep);
    }
}

/* ---- Blame ------------------------------------------------------------ */

/* No packet left for any address that was tried. */
static bool stuck(const struct race *r)
{
    for (size_t i = 0; i < r->count; i++)
        for (size_t k = 0; k < r->endpoints[i].next; k++) {
            const struct eyeballs_attempt *a = &r->endpoints[i].attempts[k];
            if (a->begun && !a->local)
                return false;
        }
    return true;
}

/* No DNS server answered any question. */
static bool deaf(const struct race *r)
{
    for (size_t i = 0; i < r->count; i++)
        if (r->endpoints[i].state == RACE_UNKNOWN &&
            !r->endpoints[i].unanswered)
            return false;
    return true;
}

bool race_never_left(const struct race *r)
{
    if (r->error == S2S_OK)
        return false;
    return r->tried > 0 ? stuck(r) : deaf(r);
}

/* ---- The record ------------------------------------------------------- */

/* An attempt that failed says something about the peer only when another one
 * shows that the host can be reached, and when a packet left. */
static bool unreachable(const struct race *r, const struct eyeballs_attempt *a)
{
    return r->eyes.winner != NULL && a != r->eyes.winner && !a->local &&
           a->outcome != NULL && a->outcome != &eyeballs_abandoned;
}

/* What the filter would have said of an address that was never its turn. */
static bool forbidden(const struct race *r, const struct eyeballs_attempt *a)
{
    const struct tcp_settings *s = r->settings;
    if (a->outcome != NULL || a->begun)
        return a->outcome == &eyeballs_forbidden;
    return address_refused(s->filter, s->filter_user, &a->address.any,
                           a->length);
}

/*
 * Whoever may not go to an address need not learn by a name that it is there:
 * of a forbidden one only what the caller wrote is told.
 */
static void report_attempt(const struct race *r, const struct race_endpoint *ep,
                           const struct eyeballs_attempt *a,
                           const struct eyeballs_outcome *stopped,
                           s2s_result *result)
{
    char address[ADDRESS_TEXT];
    struct result_attempt told = {
        .host = ep->host, .port = ep->port, .us = eyeballs_us(a)};
    bool hidden = forbidden(r, a);
    address_format(&a->address.any, a->length, address);
    told.address = hidden && !ep->literal ? NULL : address;
    told.outcome =
        hidden ? eyeballs_forbidden.name : eyeballs_outcome(a, stopped)->name;
    told.alias = ep->alias && !hidden;
    result_add_attempt(result, &told);
    if (hidden)
        result_find(result, FINDING_ADDRESS_FORBIDDEN, told.address);
    else if (unreachable(r, a)) {
        char seen[PLACE];
        place(r, ep, a, seen);
        result_find(result, FINDING_ADDRESS_UNREACHABLE, seen);
    }
    if (r->eyes.winner == a)
        result->address = result_text(result, address);
}

/* One of which no address is known. */
static void report_host(const struct race_endpoint *ep,
                        const struct eyeballs_outcome *stopped,
                        s2s_result *result)
{
    const char *outcome = eyeballs_not_tried.name;
    if (ep->state == RACE_FORBIDDEN)
        outcome = eyeballs_forbidden.name;
    else if (ep->state == RACE_ASKED)
        outcome = stopped->name;
    else if (ep->state == RACE_UNKNOWN)
        outcome = ep->security == DNS_BOGUS ? "bogus" : why_of(ep);
    const struct result_attempt told = {.host = ep->host,
                                        .port = ep->port,
                                        .us = -1,
                                        .outcome = outcome,
                                        .alias = ep->alias};
    result_add_attempt(result, &told);
}

static void report_spared(const struct race *r, s2s_result *result)
{
    char seen[32];
    if (r->party.spared_us == 0)
        return;
    (void)snprintf(seen, sizeof(seen), "%" PRId64 " ms",
                   r->party.spared_us / 1000);
    result_find(result, FINDING_THROTTLED, result_text(result, seen));
}

void race_report(const struct race *r, s2s_result *result)
{
    bool ended = r->eyes.winner != NULL || r->error != S2S_OK ||
                 result->error == S2S_ECANCELLED;
    const struct eyeballs_outcome *stopped =
        ended ? &eyeballs_abandoned : &eyeballs_timed_out;
    for (size_t i = 0; i < r->count; i++) {
        const struct race_endpoint *ep = &r->endpoints[i];
        if (ep->state != RACE_KNOWN)
            report_host(ep, stopped, result);
        for (size_t k = 0; k < ep->count; k++)
            report_attempt(r, ep, &ep->attempts[k], stopped, result);
    }
    report_spared(r, result);
}
