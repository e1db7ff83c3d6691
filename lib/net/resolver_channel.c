#include "net/resolver_channel.h"

#include <s2sprobe.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>
#include <sys/epoll.h>

#define EVENTS     16
#define TIMEOUT_MS 2000
#define TRIES      2
#define RECEIVE    (1024 * 1024)
#define ONE_PORT   1000u /* queries; then guessing the port would pay */
#define CONFIG     "/etc/resolv.conf"

/* ---- Descriptors ------------------------------------------------------ */

/* From c-ares. What cannot be watched ends by its time-out. */
static void socket_state(void *user, ares_socket_t fd, int readable,
                         int writable)
{
    const struct resolver_channels *a = user;
    uint32_t in = readable ? EPOLLIN : 0, out = writable ? EPOLLOUT : 0;
    struct epoll_event e = {.events = in | out, .data.fd = fd};
    if (!readable && !writable)
        (void)epoll_ctl(a->set, EPOLL_CTL_DEL, fd, NULL);
    else if (epoll_ctl(a->set, EPOLL_CTL_ADD, fd, &e) != 0)
        (void)epoll_ctl(a->set, EPOLL_CTL_MOD, fd, &e);
}

/* Whose socket it is c-ares knows. */
static void process(struct resolver_channels *a, int in, int out)
{
    for (size_t i = 0; i < RESOLVER_CHANNELS; i++)
        if (a->list[i].ares != NULL)
            ares_process_fd(a->list[i].ares, in, out);
}

void resolver_channels_process(struct resolver_channels *a)
{
    struct epoll_event events[EVENTS];
    int n = epoll_wait(a->set, events, EVENTS, 0);
    for (int i = 0; i < n; i++) {
        int fd = events[i].data.fd;
        bool in = (events[i].events & ~(uint32_t)EPOLLOUT) != 0;
        bool out = (events[i].events & EPOLLOUT) != 0;
        process(a, in ? fd : ARES_SOCKET_BAD, out ? fd : ARES_SOCKET_BAD);
    }
    process(a, ARES_SOCKET_BAD, ARES_SOCKET_BAD);
}

bool resolver_channels_timeout(const struct resolver_channels *a,
                               struct timeval *out)
{
    struct timeval t;
    bool any = false;
    for (size_t i = 0; i < RESOLVER_CHANNELS; i++) {
        if (a->list[i].ares == NULL ||
            ares_timeout(a->list[i].ares, NULL, &t) == NULL)
            continue;
        if (!any || timercmp(&t, out, <))
            *out = t;
        any = true;
    }
    return any;
}

/* ---- Trust ------------------------------------------------------------ */

static bool is_loopback(const struct ares_addr_port_node *n)
{
    static const struct in6_addr mapped = {
        .s6_addr = {[10] = 0xff, [11] = 0xff, [12] = 127}};
    if (n->family == AF_INET)
        return (ntohl(n->addr.addr4.s_addr) >> 24) == 127;
    return memcmp(&n->addr.addr6, &in6addr_loopback,
                  sizeof(in6addr_loopback)) == 0 ||
           memcmp(&n->addr.addr6, &mapped, 13) == 0;
}

/* Whether they all are on this machine. */
static bool servers_local(ares_channel channel)
{
    struct ares_addr_port_node *list = NULL;
    if (ares_get_servers_ports(channel, &list) != ARES_SUCCESS || list == NULL)
        return false;
    bool local = true;
    for (const struct ares_addr_port_node *n = list; n != NULL; n = n->next)
        local = local && is_loopback(n);
    ares_free_data(list);
    return local;
}

/* ---- Life ------------------------------------------------------------- */

static int from_ares(int status)
{
    if (status == ARES_SUCCESS)
        return S2S_OK;
    return status == ARES_ENOMEM ? S2S_ENO_MEMORY : S2S_EINTERNAL;
}

/* No search domains, no aliases, and refusals reach us as such. c-ares 1.18
 * looks at `ndots` and not at NOSEARCH here: 0 takes every name as it is. */
static int open_channel(struct resolver_channels *a, ares_channel *channel)
{
    char lookups[] = "fb"; /* hosts file, then DNS */
    struct ares_options o = {
        .flags = ARES_FLAG_NOSEARCH | ARES_FLAG_NOALIASES |
                 ARES_FLAG_NOCHECKRESP | ARES_FLAG_EDNS,
        .timeout = TIMEOUT_MS,
        .tries = TRIES,
        .ndots = 0,
        .socket_receive_buffer_size = RECEIVE,
        .lookups = lookups,
        .sock_state_cb = socket_state,
        .sock_state_cb_data = a,
        .ednspsz = RESOLVER_EDNS_SIZE,
        .resolvconf_path = a->path,
    };
    return from_ares(ares_init_options(
        channel, &o,
        ARES_OPT_FLAGS | ARES_OPT_TIMEOUTMS | ARES_OPT_TRIES | ARES_OPT_NDOTS |
            ARES_OPT_SOCK_RCVBUF | ARES_OPT_DOMAINS | ARES_OPT_LOOKUPS |
            ARES_OPT_SOCK_STATE_CB | ARES_OPT_EDNSPSZ | ARES_OPT_RESOLVCONF));
}

static int set_servers(const struct resolver_channels *a, ares_channel channel)
{
    if (a->servers == NULL)
        return S2S_OK;
    if (a->servers[0] == '\0')
        return S2S_EINVALID_ARGUMENT;
    int status = ares_set_servers_ports_csv(channel, a->servers);
    if (status == ARES_SUCCESS || status == ARES_ENOMEM)
        return from_ares(status);
    return S2S_EINVALID_ARGUMENT;
}

/* ---- Which channel ----------------------------------------------------- */

static void look_at_config(const struct resolver_channels *a, struct stat *out)
{
    if (stat(a->path, out) != 0)
        memset(out, 0, sizeof(*out));
}

/* On a channel where nothing runs; as it is when there is none. */
static int begin(struct resolver_channels *a)
{
    ares_channel fresh = NULL;
    struct stat config;
    struct resolver_channel *c = a->list;
    while (c < a->list + RESOLVER_CHANNELS && c->running > 0)
        c++;
    if (c == a->list + RESOLVER_CHANNELS)
        return S2S_OK;
    look_at_config(a, &config);
    int e = open_channel(a, &fresh);
    if (e == S2S_OK)
        e = set_servers(a, fresh);
    if (e != S2S_OK) {
        if (fresh != NULL)
            ares_destroy(fresh);
        return e;
    }
    if (c->ares != NULL)
        ares_destroy(c->ares);
    *c =
        (struct resolver_channel){.ares = fresh, .local = servers_local(fresh)};
    a->current = c;
    a->config = config;
    return S2S_OK;
}

int resolver_channels_open(struct resolver_channels *c, const char *servers,
                           const char *config, int set)
{
    *c = (struct resolver_channels){.set = set};
    c->path = strdup(config != NULL ? config : CONFIG);
    c->servers = servers != NULL ? strdup(servers) : NULL;
    bool copied = c->path != NULL && (servers == NULL || c->servers != NULL);
    int e = copied ? begin(c) : S2S_ENO_MEMORY;
    if (e != S2S_OK)
        resolver_channels_close(c);
    return e;
}

void resolver_channels_close(struct resolver_channels *c)
{
    for (size_t i = 0; i < RESOLVER_CHANNELS; i++)
        if (c->list[i].ares != NULL)
            ares_destroy(c->list[i].ares);
    free(c->servers);
    free(c->path);
    *c = (struct resolver_channels){.set = -1};
}

void resolver_channels_cancel(struct resolver_channels *c)
{
    for (size_t i = 0; i < RESOLVER_CHANNELS; i++)
        if (c->list[i].ares != NULL)
            ares_cancel(c->list[i].ares);
}

static bool config_changed(const struct resolver_channels *a)
{
    struct stat now;
    if (a->servers != NULL)
        return false;
    look_at_config(a, &now);
    return now.st_ino != a->config.st_ino || now.st_dev != a->config.st_dev ||
           now.st_size != a->config.st_size ||
           now.st_mtim.tv_sec != a->config.st_mtim.tv_sec ||
           now.st_mtim.tv_nsec != a->config.st_mtim.tv_nsec;
}

/* What cannot be made anew goes on as it is. */
struct resolver_channel *resolver_channels_pick(struct resolver_channels *a)
{
    if (a->current->asked >= ONE_PORT || config_changed(a))
        (void)begin(a);
    return a->current;
}
