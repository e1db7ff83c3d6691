/* Answers that may be used again: until their time to live is over, and only
 * so many. */
#ifndef NET_RESOLVER_CACHE_H
#define NET_RESOLVER_CACHE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "net/dns.h"

#define RESOLVER_CACHE_ENTRIES 512u
#define RESOLVER_CACHE_BYTES   (1024u * 1024)
#define RESOLVER_CACHE_SECONDS 3600u /* at most, whatever a record says */

struct resolver_cache_entry {
    char *name; /* NULL: free */
    uint32_t hash;
    uint16_t type;
    bool hosts; /* the hosts file had its say */
    int64_t until;
    size_t bytes;
    struct dns_answer *answer;
};

struct resolver_cache {
    struct resolver_cache_entry *entries; /* made when the first one comes */
    size_t next;                          /* to be given up next */
    size_t bytes;
};

/* Seconds of any clock that does not jump. */
struct dns_answer *resolver_cache_find(struct resolver_cache *c,
                                       const char *name, uint16_t type,
                                       bool hosts, int64_t now); /* held */
/* Keep an answer that has a time to live; the oldest ones make room. Without
 * memory it is not kept. */
void resolver_cache_add(struct resolver_cache *c, const char *name,
                        uint16_t type, bool hosts, struct dns_answer *answer,
                        int64_t now);
void resolver_cache_free(struct resolver_cache *c);

#endif
