/* Channels of c-ares. A change of resolv.conf is noticed, and no port is used
 * for ever. */
#ifndef NET_RESOLVER_CHANNEL_H
#define NET_RESOLVER_CHANNEL_H

#include <ares.h>
#include <stdbool.h>
#include <sys/stat.h>
#include <sys/time.h>

#define RESOLVER_CHANNELS  4
#define RESOLVER_EDNS_SIZE 1232

struct resolver_channel {
    ares_channel ares;       /* NULL: none */
    bool local;              /* all its servers are on this machine */
    unsigned asked, running; /* the caller's to count */
};

/* One that is given up goes on until its queries have ended. */
struct resolver_channels {
    struct resolver_channel list[RESOLVER_CHANNELS];
    struct resolver_channel *current;
    int set;            /* epoll, the caller's: for c-ares' sockets */
    char *servers;      /* NULL: the system's */
    char *path;         /* of resolv.conf */
    struct stat config; /* as it was read */
};

/* As resolver_new(). Not to be moved in memory. */
int resolver_channels_open(struct resolver_channels *c, const char *servers,
                           const char *config, int set);
void resolver_channels_close(struct resolver_channels *c);

/* The one for the next query. */
struct resolver_channel *resolver_channels_pick(struct resolver_channels *c);

void resolver_channels_process(struct resolver_channels *c);
bool resolver_channels_timeout(const struct resolver_channels *c,
                               struct timeval *out);
void resolver_channels_cancel(struct resolver_channels *c);

#endif
