#include "net/courtesy.h"

#include <s2sprobe.h>
#include <stdlib.h>
#include <string.h>

#include "base/clock.h"
#include "net/courtesy_place.h"

#define PLACES  2
#define LONG_MS 60000

struct courtesy {
    struct courtesy_limits limits;
    struct courtesy_places places;
    struct courtesy_list wanted; /* somebody waits there */
    struct resolver *resolver;
    struct timer delay; /* set while anybody waits */
    int64_t due;        /* what it is set to; INT64_MAX: it can wait */
    int64_t (*clock)(void);
    unsigned round;
};

static void stop_delay(struct courtesy *c)
{
    if (c->resolver != NULL)
        resolver_delay_stop(c->resolver, &c->delay);
}

/* ---- Life ------------------------------------------------------------- */

static void on_delay(void *user)
{
    courtesy_process(user);
}

struct courtesy *courtesy_new(const struct courtesy_limits *limits,
                              struct resolver *resolver, int64_t (*clock)(void))
{
    struct courtesy *c = calloc(1, sizeof(*c));
    if (c == NULL)
        return NULL;
    c->limits = *limits;
    c->resolver = resolver;
    c->clock = clock != NULL ? clock : clock_us;
    c->delay = (struct timer){.fire = on_delay, .user = c};
    TAILQ_INIT(&c->wanted);
    courtesy_places_init(&c->places, limits->rate);
    return c;
}

void courtesy_free(struct courtesy *c)
{
    if (c == NULL)
        return;
    stop_delay(c);
    courtesy_places_free(&c->places);
    free(c);
}

size_t courtesy_size(const struct courtesy *c)
{
    return c->places.count;
}

/* ---- Waiting ---------------------------------------------------------- */

/* Moving it needs no memory, and so does setting it in its own call. */
static int set_delay(struct courtesy *c, int64_t due)
{
    int64_t left = due != INT64_MAX ? due - c->clock() : LONG_MS * 1000;
    c->due = due;
    if (c->resolver == NULL)
        return S2S_OK;
    return resolver_delay(c->resolver, &c->delay,
                          left > 0 ? (uint32_t)((left + 999) / 1000) : 0);
}

/* Somebody waits there, and something has changed. */
static void look_again(struct courtesy *c, struct courtesy_place *place)
{
    int64_t due = courtesy_place_due(&c->places, place, c->clock());
    if (!TAILQ_EMPTY(&place->waiting) && due < c->due)
        (void)set_delay(c, due);
}

static int wait_at(struct courtesy *c, struct courtesy_place *place,
                   struct courtesy_permit *p)
{
    bool first = TAILQ_EMPTY(&c->wanted);
    if (TAILQ_EMPTY(&place->waiting)) {
        place->round = c->round;
        TAILQ_INSERT_TAIL(&c->wanted, place, link);
    }
    TAILQ_INSERT_TAIL(&place->waiting, p, link);
    p->spared = courtesy_place_spared(place, c->clock());
    int e = first ? set_delay(c, INT64_MAX) : S2S_OK;
    if (e == S2S_OK)
        look_again(c, place);
    return e;
}

static void stop_waiting(struct courtesy *c, struct courtesy_place *place,
                         struct courtesy_permit *p)
{
    TAILQ_REMOVE(&place->waiting, p, link);
    if (TAILQ_EMPTY(&place->waiting))
        TAILQ_REMOVE(&c->wanted, place, link);
    if (TAILQ_EMPTY(&c->wanted))
        stop_delay(c);
}

/* ---- Permits ---------------------------------------------------------- */

static bool has(const struct courtesy_permit *p,
                const struct courtesy_place *place)
{
    for (int k = 0; k < p->entered; k++)
        if (p->places[k] == place)
            return true;
    return false;
}

static bool kin_is_there(const struct courtesy_permit *p,
                         const struct courtesy_place *place)
{
    const struct courtesy_permit *other;
    LIST_FOREACH(other, &p->party->permits, kin)
    {
        if (has(other, place))
            return true;
    }
    return false;
}

static bool may_enter(struct courtesy *c, const struct courtesy_permit *p,
                      struct courtesy_place *place, int64_t now)
{
    if (TAILQ_EMPTY(&place->waiting) &&
        courtesy_place_due(&c->places, place, now) <= now)
        return true;
    return kin_is_there(p, place);
}

static bool is_granted(const struct courtesy_permit *p)
{
    return p->entered == PLACES;
}

/* From one place to the next, as far as it may. S2S_OK or S2S_ENO_MEMORY. */
static int advance(struct courtesy *c, struct courtesy_permit *p, int64_t now)
{
    while (!is_granted(p)) {
        struct courtesy_place *place = p->places[p->entered];
        if (place != NULL && !may_enter(c, p, place, now))
            return wait_at(c, place, p);
        if (place != NULL)
            courtesy_place_enter(&c->places, place, now);
        p->entered++;
    }
    p->since = now;
    return S2S_OK;
}

static bool name_places(struct courtesy *c, struct courtesy_permit *p,
                        const char *host, const struct sockaddr *address,
                        int64_t now)
{
    if (host != NULL) {
        p->places[0] =
            courtesy_place_host(&c->places, host, c->limits.host_running, now);
        if (p->places[0] == NULL)
            return false;
    }
    p->places[1] = courtesy_place_address(&c->places, address,
                                          c->limits.address_running, now);
    return p->places[1] != NULL;
}

int courtesy_ask(struct courtesy_party *party, struct courtesy_permit *p,
                 const char *host, const struct sockaddr *address)
{
    struct courtesy *c = party->courtesy;
    if (c == NULL)
        return S2S_OK;
    if (p->party == NULL) {
        int64_t now = c->clock();
        *p = (struct courtesy_permit){.party = party, .since = now};
        LIST_INSERT_HEAD(&party->permits, p, kin);
        if (!name_places(c, p, host, address, now) ||
            advance(c, p, now) != S2S_OK) {
            courtesy_give(p);
            return S2S_ENO_MEMORY;
        }
    }
    return is_granted(p) ? S2S_OK : S2S_WANT_READ;
}

static bool is_waiting(const struct courtesy_permit *p)
{
    return p->places[PLACES - 1] != NULL && !is_granted(p);
}

bool courtesy_spared(const struct courtesy_permit *p)
{
    return p->party != NULL && is_waiting(p) &&
           courtesy_place_spared(p->places[p->entered],
                                 p->party->courtesy->clock());
}

void courtesy_give(struct courtesy_permit *p)
{
    if (p->party == NULL)
        return;
    struct courtesy *c = p->party->courtesy;
    int64_t now = c->clock();
    if (is_waiting(p))
        stop_waiting(c, p->places[p->entered], p);
    for (int k = 0; k < PLACES; k++) {
        struct courtesy_place *place = p->places[k];
        if (place == NULL)
            continue;
        place->live -= k < p->entered ? 1 : 0;
        look_again(c, place);
        courtesy_place_drop(&c->places, place, now);
    }
    LIST_REMOVE(p, kin);
    *p = (struct courtesy_permit){.party = NULL};
}

/* ---- What servers say ------------------------------------------------- */

void courtesy_offended(struct courtesy_permit *p)
{
    if (p->party == NULL || !is_granted(p))
        return;
    struct courtesy *c = p->party->courtesy;
    if (c->limits.rate == S2S_NO_LIMIT)
        return;
    for (int k = 0; k < PLACES; k++)
        if (p->places[k] != NULL)
            courtesy_place_offended(p->places[k], p->since, c->clock());
}

void courtesy_pleased(struct courtesy_permit *p)
{
    if (p->party == NULL || !is_granted(p))
        return;
    struct courtesy *c = p->party->courtesy;
    for (int k = 0; k < PLACES; k++)
        if (p->places[k] != NULL) {
            courtesy_place_pleased(p->places[k], p->since, c->clock());
            look_again(c, p->places[k]);
        }
}

/* ---- Going on --------------------------------------------------------- */

/* The first who waits there has got it. */
static void let_in(struct courtesy *c, struct courtesy_place *place,
                   int64_t now)
{
    struct courtesy_permit *p = TAILQ_FIRST(&place->waiting);
    bool spared = p->spared || courtesy_place_spared(place, now);
    stop_waiting(c, place, p);
    courtesy_place_enter(&c->places, place, now);
    p->entered++;
    if (spared)
        p->party->spared_us += now - p->since;
    p->since = now;
    (void)advance(c, p, now); /* the delay was set a moment ago */
    if (is_granted(p))
        p->party->granted(p->party->user);
}

/* It stays while it is named. */
static void let_in_all(struct courtesy *c, struct courtesy_place *place,
                       int64_t now)
{
    place->refs++;
    while (!TAILQ_EMPTY(&place->waiting) &&
           courtesy_place_due(&c->places, place, now) <= now)
        let_in(c, place, now);
    courtesy_place_drop(&c->places, place, now);
}

void courtesy_process(struct courtesy *c)
{
    struct courtesy_place *place;
    int64_t now = c->clock(), due = INT64_MAX;
    c->round++;
    if (!TAILQ_EMPTY(&c->wanted))
        (void)set_delay(c, INT64_MAX);
    while ((place = TAILQ_FIRST(&c->wanted)) != NULL &&
           place->round != c->round) {
        place->round = c->round;
        TAILQ_REMOVE(&c->wanted, place, link);
        TAILQ_INSERT_TAIL(&c->wanted, place, link);
        let_in_all(c, place, now);
    }
    TAILQ_FOREACH(place, &c->wanted, link)
    {
        int64_t at = courtesy_place_due(&c->places, place, now);
        due = at < due ? at : due;
    }
    if (due < c->due)
        (void)set_delay(c, due);
}
