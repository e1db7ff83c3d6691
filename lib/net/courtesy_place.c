#include "net/courtesy_place.h"

#include <netinet/in.h>
#include <s2sprobe.h>
#include <stdlib.h>
#include <string.h>

#define SWEEP     2 /* idle ones looked at whenever one is named or dropped */
#define SECOND_US 1000000
#define KEY_MAX   256

struct key {
    unsigned char bytes[KEY_MAX];
    size_t length;
};

static int64_t later(int64_t a, int64_t b)
{
    return a > b ? a : b;
}

/* ---- What it has had -------------------------------------------------- */

bool courtesy_place_spared(struct courtesy_place *place, int64_t now)
{
    if (place->step > 0 && now >= place->until + place->step)
        place->step = 0; /* left alone for long enough */
    return place->step > 0;
}

int64_t courtesy_place_due(const struct courtesy_places *p,
                           struct courtesy_place *place, int64_t now)
{
    if (place->live >= place->most)
        return INT64_MAX;
    int64_t due = place->next - p->burst;
    return courtesy_place_spared(place, now) ? later(due, place->until) : due;
}

void courtesy_place_enter(const struct courtesy_places *p,
                          struct courtesy_place *place, int64_t now)
{
    place->live++;
    place->next = later(place->next, now) + p->interval;
    if (courtesy_place_spared(place, now))
        place->until = later(place->until, now + place->step);
}

void courtesy_place_offended(struct courtesy_place *place, int64_t since,
                             int64_t now)
{
    bool spared = courtesy_place_spared(place, now);
    if (since < place->offended)
        return;
    place->offended = now;
    place->step = spared ? 2 * place->step : COURTESY_STEP_US;
    if (place->step > COURTESY_STEP_MAX_US)
        place->step = COURTESY_STEP_MAX_US;
    place->until = now + place->step;
}

void courtesy_place_pleased(struct courtesy_place *place, int64_t since,
                            int64_t now)
{
    if (!courtesy_place_spared(place, now) || since < place->offended)
        return;
    place->step /= 2;
    if (place->step < COURTESY_STEP_US)
        place->step = 0;
    else if (place->until > now + place->step)
        place->until = now + place->step;
}

/* ---- The table -------------------------------------------------------- */

void courtesy_places_init(struct courtesy_places *p, uint32_t rate)
{
    memset(p, 0, sizeof(*p));
    TAILQ_INIT(&p->idle);
    if (rate > 0 && rate <= SECOND_US) {
        p->interval = SECOND_US / rate;
        p->burst = p->interval * (rate - 1);
    }
}

static void forget(struct courtesy_places *p, struct courtesy_place *place)
{
    LIST_REMOVE(place, chain);
    p->count--;
    free(place);
}

/* Nothing would be different were it new. */
static bool over(struct courtesy_place *place, int64_t now)
{
    return place->next <= now && !courtesy_place_spared(place, now);
}

/* Those that have to stay are asked again when all others were. */
static void sweep(struct courtesy_places *p, int64_t now)
{
    for (int n = 0; n < SWEEP && !TAILQ_EMPTY(&p->idle); n++) {
        struct courtesy_place *place = TAILQ_FIRST(&p->idle);
        TAILQ_REMOVE(&p->idle, place, link);
        if (over(place, now))
            forget(p, place);
        else
            TAILQ_INSERT_TAIL(&p->idle, place, link);
    }
}

void courtesy_places_free(struct courtesy_places *p)
{
    struct courtesy_place *place;
    while ((place = TAILQ_FIRST(&p->idle)) != NULL) {
        TAILQ_REMOVE(&p->idle, place, link);
        forget(p, place);
    }
}

void courtesy_place_drop(struct courtesy_places *p,
                         struct courtesy_place *place, int64_t now)
{
    if (--place->refs == 0)
        TAILQ_INSERT_HEAD(&p->idle, place, link);
    sweep(p, now);
}

static uint32_t hash_of(const struct key *key)
{
    uint32_t h = 2166136261u; /* FNV-1a */
    for (size_t i = 0; i < key->length; i++)
        h = (h ^ key->bytes[i]) * 16777619u;
    return h;
}

static struct courtesy_place *add(struct courtesy_places *p,
                                  const struct key *key, uint32_t bucket,
                                  uint32_t most)
{
    struct courtesy_place *place = calloc(1, sizeof(*place) + key->length);
    if (place == NULL)
        return NULL;
    TAILQ_INIT(&place->waiting);
    memcpy(place->key, key->bytes, key->length);
    place->length = key->length;
    place->most = most;
    LIST_INSERT_HEAD(&p->buckets[bucket], place, chain);
    p->count++;
    return place;
}

static struct courtesy_place *name(struct courtesy_places *p,
                                   const struct key *key, uint32_t most,
                                   int64_t now)
{
    uint32_t bucket = hash_of(key) % COURTESY_BUCKETS;
    struct courtesy_place *place;
    sweep(p, now);
    LIST_FOREACH(place, &p->buckets[bucket], chain)
    {
        if (place->length == key->length &&
            memcmp(place->key, key->bytes, key->length) == 0)
            break;
    }
    if (place == NULL)
        place = add(p, key, bucket, most);
    else if (place->refs == 0)
        TAILQ_REMOVE(&p->idle, place, link);
    if (place != NULL)
        place->refs++;
    return place;
}

/* ---- Keys ------------------------------------------------------------- */

static void put(struct key *key, const void *bytes, size_t length)
{
    memcpy(key->bytes + key->length, bytes, length);
    key->length += length;
}

/* No name that DNS knows is longer than there is room for. */
struct courtesy_place *courtesy_place_host(struct courtesy_places *p,
                                           const char *host, uint32_t most,
                                           int64_t now)
{
    struct key key = {.bytes = "h", .length = 1};
    for (; *host != '\0' && key.length < KEY_MAX; host++) {
        bool large = *host >= 'A' && *host <= 'Z';
        key.bytes[key.length++] =
            (unsigned char)(large ? *host - 'A' + 'a' : *host);
    }
    return name(p, &key, most, now);
}

/* Without its port; one of IPv4 that is written as IPv6 is the same. */
struct courtesy_place *courtesy_place_address(struct courtesy_places *p,
                                              const struct sockaddr *address,
                                              uint32_t most, int64_t now)
{
    struct key key = {.bytes = "a", .length = 1};
    const struct sockaddr_in *four = (const void *)address;
    const struct sockaddr_in6 *six = (const void *)address;
    if (address->sa_family == AF_INET) {
        put(&key, &four->sin_addr, sizeof(four->sin_addr));
    } else if (IN6_IS_ADDR_V4MAPPED(&six->sin6_addr)) {
        put(&key, &six->sin6_addr.s6_addr[12], sizeof(four->sin_addr));
    } else {
        put(&key, &six->sin6_addr, sizeof(six->sin6_addr));
        put(&key, &six->sin6_scope_id, sizeof(six->sin6_scope_id));
    }
    return name(p, &key, most, now);
}
