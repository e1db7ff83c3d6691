#include "net/resolver.h"

#include <ares.h>
#include <stdbool.h>
#include <stdlib.h>
#include <string.h>
#include <sys/epoll.h>
#include <sys/queue.h>
#include <sys/time.h>
#include <sys/timerfd.h>
#include <unistd.h>

#include "base/error.h"
#include "base/file.h"

#define LIVE_MAX    100
#define RUNNING_MAX 4096
#define EVENTS      16
#define TIMEOUT_MS  2000
#define TRIES       2
#define EDNS_SIZE   1232
#define RECEIVE     (1024 * 1024)

enum state { WAITING, RUNNING, ENDED };

struct resolver_query {
    TAILQ_ENTRY(resolver_query) link; /* unless RUNNING */
    struct resolver *resolver;
    resolver_done *done; /* NULL: cancelled while RUNNING */
    void *user;
    enum state state;
    unsigned round; /* when it ENDED */
    int error;
    const char *text; /* static */
    bool unanswered;  /* by any DNS server */
    struct resolver_address *addresses;
    size_t count;
    uint16_t port;
    char host[]; /* NUL-terminated */
};

TAILQ_HEAD(list, resolver_query);

struct resolver {
    ares_channel channel;
    int set;   /* epoll: c-ares' sockets and the timer */
    int timer; /* expires when there is something to do */
    struct list waiting, ended;
    unsigned round;       /* of deliver() */
    size_t running, live; /* in c-ares; of these, not cancelled */
};

static void query_free(struct resolver_query *q)
{
    free(q->addresses);
    free(q);
}

static const struct {
    int status;
    const char *text;
} reasons[] = {
    {ARES_ENOTFOUND, "NXDOMAIN"},
    {ARES_ENODATA, "no address"},
    {ARES_ESERVFAIL, "SERVFAIL"},
    {ARES_EREFUSED, "REFUSED"},
    {ARES_EFORMERR, "FORMERR"},
    {ARES_ENOTIMP, "NOTIMP"},
    {ARES_ETIMEOUT, "timed out"},
    {ARES_ECONNREFUSED, "no DNS server can be reached"},
    {ARES_EBADNAME, "not a name that DNS can hold"},
    {ARES_EBADRESP, "malformed answer"},
};

static void end_badly(struct resolver_query *q, int status)
{
    q->error = status == ARES_ENOMEM ? S2S_ENO_MEMORY : S2S_EDNS;
    q->text = status == ARES_ENOMEM ? "out of memory" : "failed";
    for (size_t i = 0; i < sizeof(reasons) / sizeof(reasons[0]); i++)
        if (reasons[i].status == status)
            q->text = reasons[i].text;
    q->unanswered = status == ARES_ECONNREFUSED || status == ARES_ETIMEOUT;
    if (q->unanswered && file_starved()) { /* c-ares got no socket */
        q->error = S2S_EINTERNAL;
        q->text = ERROR_NO_DESCRIPTORS;
    }
}

static void end_well(struct resolver_query *q, const struct order *order)
{
    size_t count = order_count(order);
    if (count == 0) {
        end_badly(q, ARES_ENODATA);
        return;
    }
    q->addresses = calloc(count, sizeof(*q->addresses));
    if (q->addresses == NULL) {
        end_badly(q, ARES_ENOMEM);
        return;
    }
    order_write(order, q->port, q->addresses);
    q->count = count;
    q->error = S2S_OK;
    q->text = "";
}

static void append_ended(struct resolver_query *q)
{
    struct resolver *r = q->resolver;
    q->state = ENDED;
    q->round = r->round;
    TAILQ_INSERT_TAIL(&r->ended, q, link);
}

static void end(struct resolver_query *q, int status,
                const struct ares_addrinfo *answer)
{
    struct order order = {0};
    append_ended(q);
    const struct ares_addrinfo_node *n = answer != NULL ? answer->nodes : NULL;
    for (; n != NULL; n = n->ai_next)
        order_add(&order, n->ai_addr, (size_t)n->ai_addrlen);
    if (status == ARES_SUCCESS || order_add_localhost(&order, q->host))
        end_well(q, &order);
    else
        end_badly(q, status);
}

/* From c-ares, perhaps before ares_getaddrinfo() returns. */
static void answered(void *user, int status, int timeouts,
                     struct ares_addrinfo *answer)
{
    struct resolver_query *q = user;
    (void)timeouts;
    q->resolver->running--;
    if (q->done == NULL) {
        query_free(q);
    } else {
        q->resolver->live--;
        end(q, status, answer);
    }
    if (answer != NULL)
        ares_freeaddrinfo(answer);
}

/* ---- Descriptors ------------------------------------------------------ */

static int watch(int set, int fd, uint32_t events)
{
    struct epoll_event e = {.events = events, .data.fd = fd};
    if (epoll_ctl(set, EPOLL_CTL_ADD, fd, &e) == 0)
        return 0;
    return epoll_ctl(set, EPOLL_CTL_MOD, fd, &e);
}

/* From c-ares. What cannot be watched ends by its time-out. */
static void socket_state(void *user, ares_socket_t fd, int readable,
                         int writable)
{
    struct resolver *r = user;
    uint32_t in = readable ? EPOLLIN : 0, out = writable ? EPOLLOUT : 0;
    if (readable || writable)
        (void)watch(r->set, fd, in | out);
    else
        (void)epoll_ctl(r->set, EPOLL_CTL_DEL, fd, NULL);
}

/* c-ares cannot end one query, only all: those cancelled go on there until it
 * gives them up or nobody waits for any, and keep few others waiting. */
static void drop_cancelled(struct resolver *r)
{
    if (r->live == 0 && r->running > 0)
        ares_cancel(r->channel);
}

static bool startable(const struct resolver *r)
{
    return !TAILQ_EMPTY(&r->waiting) && r->live < LIVE_MAX &&
           r->running < RUNNING_MAX;
}

/* Let the descriptor become readable when there is work, not before. Setting
 * the timer also clears an expiry that is past; zero would stop it. */
static void arm(struct resolver *r)
{
    struct itimerspec when = {0};
    struct timeval now = {0}, buffer, *t = &now;
    if (TAILQ_EMPTY(&r->ended) && !startable(r))
        t = ares_timeout(r->channel, NULL, &buffer);
    if (t != NULL) {
        when.it_value.tv_sec = t->tv_sec;
        when.it_value.tv_nsec = t->tv_usec * 1000;
        if (t->tv_sec == 0 && t->tv_usec == 0)
            when.it_value.tv_nsec = 1;
    }
    (void)timerfd_settime(r->timer, 0, &when, NULL);
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
static int open_channel(struct resolver *r)
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
        .sock_state_cb_data = r,
        .ednspsz = EDNS_SIZE,
    };
    return from_ares(ares_init_options(
        &r->channel, &o,
        ARES_OPT_FLAGS | ARES_OPT_TIMEOUTMS | ARES_OPT_TRIES | ARES_OPT_NDOTS |
            ARES_OPT_SOCK_RCVBUF | ARES_OPT_DOMAINS | ARES_OPT_LOOKUPS |
            ARES_OPT_SOCK_STATE_CB | ARES_OPT_EDNSPSZ));
}

static int set_servers(struct resolver *r, const char *servers)
{
    if (servers == NULL)
        return S2S_OK;
    if (servers[0] == '\0')
        return S2S_EINVALID_ARGUMENT;
    int status = ares_set_servers_ports_csv(r->channel, servers);
    if (status == ARES_SUCCESS || status == ARES_ENOMEM)
        return from_ares(status);
    return S2S_EINVALID_ARGUMENT;
}

static int open_all(struct resolver *r, const char *servers)
{
    r->set = epoll_create1(EPOLL_CLOEXEC);
    r->timer = timerfd_create(CLOCK_MONOTONIC, TFD_NONBLOCK | TFD_CLOEXEC);
    if (r->set < 0 || r->timer < 0 || watch(r->set, r->timer, EPOLLIN) != 0)
        return S2S_EINTERNAL;
    int error = open_channel(r);
    return error != S2S_OK ? error : set_servers(r, servers);
}

int resolver_new(const char *servers, struct resolver **out)
{
    struct resolver *r = calloc(1, sizeof(*r));
    if (r == NULL)
        return S2S_ENO_MEMORY;
    r->set = r->timer = -1;
    TAILQ_INIT(&r->waiting);
    TAILQ_INIT(&r->ended);
    int error = open_all(r, servers);
    if (error != S2S_OK) {
        resolver_free(r);
        return error;
    }
    *out = r;
    return S2S_OK;
}

void resolver_free(struct resolver *r)
{
    struct resolver_query *q;
    if (r == NULL)
        return;
    if (r->channel != NULL)
        ares_destroy(r->channel); /* ends what is cancelled but RUNNING */
    TAILQ_CONCAT(&r->ended, &r->waiting, link);
    while ((q = TAILQ_FIRST(&r->ended)) != NULL) {
        TAILQ_REMOVE(&r->ended, q, link);
        query_free(q);
    }
    if (r->timer >= 0)
        close(r->timer);
    if (r->set >= 0)
        close(r->set);
    free(r);
}

int resolver_fd(const struct resolver *r)
{
    return r->set;
}

/* ---- Work ------------------------------------------------------------- */

static void start(struct resolver *r, struct resolver_query *q)
{
    static const struct ares_addrinfo_hints hints = {
        .ai_family = AF_UNSPEC,
        .ai_socktype = SOCK_STREAM,
    };
    q->state = RUNNING;
    r->running++;
    r->live++;
    ares_getaddrinfo(r->channel, q->host, NULL, &hints, answered, q);
}

static void start_waiting(struct resolver *r)
{
    while (startable(r)) {
        struct resolver_query *q = TAILQ_FIRST(&r->waiting);
        TAILQ_REMOVE(&r->waiting, q, link);
        start(r, q);
    }
}

/* As many as had ended on entry, however many their callbacks add. */
static void deliver(struct resolver *r)
{
    struct resolver_query *q;
    r->round++;
    while ((q = TAILQ_FIRST(&r->ended)) != NULL && q->round != r->round) {
        TAILQ_REMOVE(&r->ended, q, link);
        q->done(q->user, q->error, q->addresses, q->count, q->text);
        query_free(q);
    }
}

void resolver_process(struct resolver *r)
{
    struct epoll_event events[EVENTS];
    int n = epoll_wait(r->set, events, EVENTS, 0);
    for (int i = 0; i < n; i++) {
        int fd = events[i].data.fd;
        if (fd == r->timer)
            continue;
        bool in = (events[i].events & ~(uint32_t)EPOLLOUT) != 0;
        bool out = (events[i].events & EPOLLOUT) != 0;
        ares_process_fd(r->channel, in ? fd : ARES_SOCKET_BAD,
                        out ? fd : ARES_SOCKET_BAD);
    }
    ares_process_fd(r->channel, ARES_SOCKET_BAD, ARES_SOCKET_BAD);
    drop_cancelled(r);
    start_waiting(r);
    deliver(r);
    arm(r);
}

static struct resolver_query *query_new(const char *host)
{
    size_t size = strlen(host) + 1;
    struct resolver_query *q = calloc(1, sizeof(*q) + size);
    if (q != NULL)
        memcpy(q->host, host, size);
    return q;
}

int resolver_lookup(struct resolver *r, const char *host, uint16_t port,
                    resolver_done *done, void *user,
                    struct resolver_query **query)
{
    struct order order = {0};
    struct resolver_query *q = query_new(host);
    if (q == NULL)
        return S2S_ENO_MEMORY;
    q->resolver = r;
    q->done = done;
    q->user = user;
    q->port = port;
    *query = q;
    if (order_add_literal(&order, host)) {
        append_ended(q);
        end_well(q, &order);
    } else {
        TAILQ_INSERT_TAIL(&r->waiting, q, link);
    }
    start_waiting(r);
    arm(r);
    return S2S_OK;
}

bool resolver_unanswered(const struct resolver_query *q)
{
    return q->unanswered;
}

void resolver_cancel(struct resolver_query *q)
{
    struct resolver *r = q->resolver;
    if (q->state == RUNNING) {
        q->done = NULL;
        r->live--;
        drop_cancelled(r);
    } else {
        TAILQ_REMOVE(q->state == WAITING ? &r->waiting : &r->ended, q, link);
        query_free(q);
    }
    arm(r);
}
