#include "net/resolver_cache.h"

#include <stdlib.h>
#include <string.h>

static uint32_t hash_of(const char *name, uint16_t type)
{
    uint32_t h = 2166136261u ^ type; /* FNV-1a */
    for (; *name != '\0'; name++)
        h = (h ^ (unsigned char)*name) * 16777619u;
    return h;
}

static void forget(struct resolver_cache *c, struct resolver_cache_entry *e)
{
    if (e->name == NULL)
        return;
    c->bytes -= e->bytes;
    free(e->name);
    dns_answer_release(e->answer);
    *e = (struct resolver_cache_entry){.name = NULL};
}

static struct resolver_cache_entry *find(struct resolver_cache *c,
                                         const char *name, uint16_t type,
                                         bool hosts)
{
    uint32_t hash = hash_of(name, type);
    if (c->entries == NULL)
        return NULL;
    for (size_t i = 0; i < RESOLVER_CACHE_ENTRIES; i++) {
        struct resolver_cache_entry *e = &c->entries[i];
        if (e->name != NULL && e->hash == hash && e->type == type &&
            e->hosts == hosts && strcmp(e->name, name) == 0)
            return e;
    }
    return NULL;
}

struct dns_answer *resolver_cache_find(struct resolver_cache *c,
                                       const char *name, uint16_t type,
                                       bool hosts, int64_t now)
{
    struct resolver_cache_entry *e = find(c, name, type, hosts);
    if (e == NULL)
        return NULL;
    if (now >= e->until) {
        forget(c, e);
        return NULL;
    }
    return dns_answer_hold(e->answer);
}

static size_t size_of(const char *name, const struct dns_answer *a)
{
    size_t bytes = sizeof(*a) + strlen(name) + strlen(a->text);
    for (size_t i = 0; i < a->count; i++)
        bytes += sizeof(a->records[0]) + a->records[i].size;
    return bytes;
}

/* A place with so many bytes to spare. */
static struct resolver_cache_entry *make_room(struct resolver_cache *c,
                                              size_t bytes)
{
    struct resolver_cache_entry *e;
    do {
        e = &c->entries[c->next];
        c->next = (c->next + 1) % RESOLVER_CACHE_ENTRIES;
        forget(c, e);
    } while (c->bytes > RESOLVER_CACHE_BYTES - bytes);
    return e;
}

void resolver_cache_add(struct resolver_cache *c, const char *name,
                        uint16_t type, bool hosts, struct dns_answer *answer,
                        int64_t now)
{
    size_t bytes = size_of(name, answer);
    uint32_t ttl = answer->ttl < RESOLVER_CACHE_SECONDS
                       ? answer->ttl
                       : RESOLVER_CACHE_SECONDS;
    if (ttl == 0 || bytes > RESOLVER_CACHE_BYTES / 4)
        return;
    if (c->entries == NULL)
        c->entries = calloc(RESOLVER_CACHE_ENTRIES, sizeof(*c->entries));
    char *copy = c->entries != NULL ? strdup(name) : NULL;
    if (copy == NULL)
        return;
    struct resolver_cache_entry *e = find(c, name, type, hosts);
    if (e != NULL)
        forget(c, e);
    e = make_room(c, bytes);
    *e = (struct resolver_cache_entry){
        .name = copy,
        .hash = hash_of(name, type),
        .type = type,
        .hosts = hosts,
        .until = now + ttl,
        .bytes = bytes,
        .answer = dns_answer_hold(answer),
    };
    c->bytes += bytes;
}

void resolver_cache_free(struct resolver_cache *c)
{
    for (size_t i = 0; c->entries != NULL && i < RESOLVER_CACHE_ENTRIES; i++)
        forget(c, &c->entries[i]);
    free(c->entries);
    c->entries = NULL;
}
