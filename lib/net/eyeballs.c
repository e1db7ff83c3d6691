#include "net/eyeballs.h"

#include <errno.h>
#include <netinet/tcp.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/epoll.h>
#include <sys/timerfd.h>
#include <unistd.h>

#include "base/error.h"
#include "net/address.h"

#define APART_MS 250
#define TIMER    UINT32_MAX
#define EVENTS   (RESOLVER_ADDRESSES + 1)

static const struct eyeballs_outcome connected = {"connected", "connected"};
static const struct eyeballs_outcome forbidden = {"forbidden", "not allowed"};
static const struct eyeballs_outcome not_tried = {"not tried", "not tried"};
static const struct eyeballs_outcome failed = {"failed", "failed"};
const struct eyeballs_outcome eyeballs_timed_out = {"timed out", "timed out"};
const struct eyeballs_outcome eyeballs_abandoned = {"abandoned", "abandoned"};

static const struct {
    int number;
    struct eyeballs_outcome outcome;
} outcomes[] = {
    {ECONNREFUSED, {"refused", "connection refused"}},
    {ENETUNREACH, {"unreachable", "network unreachable"}},
    {ENETDOWN, {"unreachable", "network down"}},
    {EHOSTUNREACH, {"unreachable", "host unreachable"}},
    {EHOSTDOWN, {"unreachable", "host down"}},
    {EADDRNOTAVAIL, {"unreachable", "no local address to use"}},
    {EAFNOSUPPORT, {"unreachable", "address family not supported here"}},
    {ETIMEDOUT, {"timed out", "timed out"}},
    {ECONNRESET, {"reset", "connection reset"}},
    {ECONNABORTED, {"reset", "connection reset"}},
    {EACCES, {"failed", "not permitted here"}},
    {EPERM, {"failed", "not permitted here"}},
    {EMFILE, {"failed", ERROR_NO_DESCRIPTORS}},
    {ENFILE, {"failed", ERROR_NO_DESCRIPTORS}},
    {ENOBUFS, {"failed", "no memory left"}},
    {ENOMEM, {"failed", "no memory left"}},
};

static const struct eyeballs_outcome *outcome_of(int number)
{
    for (size_t i = 0; i < sizeof(outcomes) / sizeof(outcomes[0]); i++)
        if (outcomes[i].number == number)
            return &outcomes[i].outcome;
    return &failed;
}

static void close_fd(int *fd)
{
    if (*fd >= 0)
        close(*fd);
    *fd = -1;
}

static void close_set(struct eyeballs *e)
{
    close_fd(&e->set);
    close_fd(&e->timer);
}

void eyeballs_init(struct eyeballs *e)
{
    memset(e, 0, sizeof(*e));
    e->winner = e->set = e->timer = -1;
}

/* ---- One attempt ------------------------------------------------------ */

static void stop(struct eyeballs *e, struct eyeballs_attempt *a,
                 const struct eyeballs_outcome *outcome)
{
    a->outcome = outcome;
    close_fd(&a->fd);
    e->live--;
}

static void stop_failed(struct eyeballs *e, struct eyeballs_attempt *a,
                        int number)
{
    e->starved = e->starved || number == EMFILE || number == ENFILE ||
                 number == ENOBUFS || number == ENOMEM;
    stop(e, a, outcome_of(number));
}

static void win(struct eyeballs *e, struct eyeballs_attempt *winner)
{
    for (size_t i = 0; i < e->next; i++)
        if (e->attempts[i].fd >= 0 && &e->attempts[i] != winner)
            stop(e, &e->attempts[i], &eyeballs_abandoned);
    winner->outcome = &connected;
    e->winner = (int)(winner - e->attempts);
    close_set(e);
}

/* connect() begins, and asked again it says how things stand. */
static void ask(struct eyeballs *e, struct eyeballs_attempt *a, bool first)
{
    if (connect(a->fd, &a->address.any, a->length) == 0 || errno == EISCONN) {
        win(e, a);
    } else if (errno != EINPROGRESS && errno != EALREADY && errno != EINTR) {
        a->local = first && errno != ECONNREFUSED;
        stop_failed(e, a, errno);
    }
}

static int watch(const struct eyeballs *e, int fd, uint32_t events,
                 uint32_t index)
{
    struct epoll_event event = {.events = events, .data.u32 = index};
    return epoll_ctl(e->set, EPOLL_CTL_ADD, fd, &event);
}

static void begin(struct eyeballs *e, uint32_t index)
{
    struct eyeballs_attempt *a = &e->attempts[index];
    int on = 1;
    e->live++;
    a->fd = socket(a->address.any.sa_family,
                   SOCK_STREAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0);
    if (a->fd < 0) {
        a->local = true;
        stop_failed(e, a, errno);
        return;
    }
    (void)setsockopt(a->fd, IPPROTO_TCP, TCP_NODELAY, &on, sizeof(on));
    ask(e, a, true);
    if (a->fd >= 0 && e->set >= 0 && watch(e, a->fd, EPOLLOUT, index) != 0)
        stop_failed(e, a, ENOMEM);
}

/* ---- The race --------------------------------------------------------- */

static bool over(const struct eyeballs *e)
{
    return e->winner >= 0 || e->error != S2S_OK;
}

/* The first attempt that is running; there must be one. */
static uint32_t running(const struct eyeballs *e)
{
    uint32_t i = 0;
    while (e->attempts[i].fd < 0)
        i++;
    return i;
}

static void skip_forbidden(struct eyeballs *e)
{
    while (e->next < e->count && e->attempts[e->next].forbidden)
        e->next++;
}

/* Start the next attempt, and further ones while they fail at once. */
static void start_next(struct eyeballs *e)
{
    size_t live = e->live;
    while (!over(e) && e->live == live && e->next < e->end) {
        begin(e, (uint32_t)e->next++);
        skip_forbidden(e);
    }
}

static void set_timer(struct eyeballs *e)
{
    struct itimerspec when = {.it_value.tv_nsec = APART_MS * 1000000L};
    if (e->next == e->end)
        when.it_value.tv_nsec = 0;
    (void)timerfd_settime(e->timer, 0, &when, NULL);
}

/* From the one socket that runs to a set of descriptors. */
static bool open_set(struct eyeballs *e)
{
    uint32_t index = running(e);
    e->set = epoll_create1(EPOLL_CLOEXEC);
    e->timer = timerfd_create(CLOCK_MONOTONIC, TFD_NONBLOCK | TFD_CLOEXEC);
    return e->set >= 0 && e->timer >= 0 &&
           watch(e, e->timer, EPOLLIN, TIMER) == 0 &&
           watch(e, e->attempts[index].fd, EPOLLOUT, index) == 0;
}

/* After attempts started or ended: what to wait for, or that it is over. */
static void settle(struct eyeballs *e)
{
    if (over(e))
        return;
    if (e->live == 0) {
        e->error = e->starved ? S2S_EINTERNAL : S2S_ECONNECT;
        close_set(e);
        return;
    }
    if (e->set < 0 && e->next < e->end && !open_set(e)) {
        e->starved = true; /* then this attempt is the last */
        e->end = e->next;
    }
    if (e->live == 1 && e->next == e->end)
        close_set(e);
    else
        set_timer(e);
}

/* Ask the attempts that have news; whether it is time for the next one. */
static bool collect(struct eyeballs *e)
{
    struct epoll_event events[EVENTS];
    bool due = false;
    int n = epoll_wait(e->set, events, EVENTS, 0);
    for (int i = 0; i < n && !over(e); i++) {
        if (events[i].data.u32 == TIMER) {
            due = true;
            continue;
        }
        ask(e, &e->attempts[events[i].data.u32], false);
        due = due || e->attempts[events[i].data.u32].fd < 0;
    }
    return due;
}

void eyeballs_advance(struct eyeballs *e)
{
    if (over(e) || e->live == 0)
        return;
    if (e->set < 0)
        ask(e, &e->attempts[running(e)], false);
    else if (!collect(e))
        return;
    start_next(e);
    settle(e);
}

void eyeballs_start(struct eyeballs *e, const struct resolver_address *list,
                    size_t count, s2s_address_filter *filter, void *user)
{
    bool allowed = false;
    if (count > RESOLVER_ADDRESSES)
        count = RESOLVER_ADDRESSES;
    e->attempts = calloc(count, sizeof(*e->attempts));
    if (e->attempts == NULL && count > 0) {
        e->error = S2S_ENO_MEMORY;
        return;
    }
    for (size_t i = 0; i < count; i++) {
        struct eyeballs_attempt *a = &e->attempts[e->count];
        if (list[i].length > sizeof(a->address))
            continue;
        memcpy(&a->address, &list[i].address, list[i].length);
        a->length = list[i].length;
        a->fd = -1;
        a->forbidden =
            filter != NULL && filter(user, &a->address.any, a->length) != 0;
        allowed = allowed || !a->forbidden;
        e->count++;
    }
    e->end = e->count;
    if (!allowed)
        e->error = S2S_EADDRESS_FORBIDDEN;
    skip_forbidden(e);
    start_next(e);
    settle(e);
}

int eyeballs_fd(const struct eyeballs *e)
{
    if (e->winner >= 0)
        return e->attempts[e->winner].fd;
    if (e->set >= 0 || e->live == 0)
        return e->set;
    return e->attempts[running(e)].fd;
}

int eyeballs_want(const struct eyeballs *e)
{
    return e->set >= 0 ? S2S_WANT_READ : S2S_WANT_WRITE;
}

const struct eyeballs_outcome *eyeballs_outcome(
    const struct eyeballs *e, size_t index,
    const struct eyeballs_outcome *stopped)
{
    const struct eyeballs_attempt *a = &e->attempts[index];
    if (a->forbidden)
        return &forbidden;
    if (a->outcome != NULL)
        return a->outcome;
    return index < e->next ? stopped : &not_tried;
}

void eyeballs_describe(const struct eyeballs *e, char *out, size_t size)
{
    size_t used = 0;
    out[0] = '\0';
    for (size_t i = 0; i < e->count; i++) {
        char address[ADDRESS_TEXT];
        const struct eyeballs_attempt *a = &e->attempts[i];
        if (a->forbidden)
            continue;
        address_format(&a->address.any, a->length, address);
        int n = snprintf(out + used, size - used, "%s%s: %s",
                         used > 0 ? "; " : "", address,
                         eyeballs_outcome(e, i, &eyeballs_abandoned)->text);
        if (n < 0 || (size_t)n >= size - used) {
            out[used] = '\0'; /* no half entries */
            return;
        }
        used += (size_t)n;
    }
}

void eyeballs_close(struct eyeballs *e)
{
    for (size_t i = 0; i < e->next; i++)
        close_fd(&e->attempts[i].fd);
    close_set(e);
    free(e->attempts);
    eyeballs_init(e);
}
