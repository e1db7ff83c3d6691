#include "net/eyeballs.h"

#include <errno.h>
#include <netinet/tcp.h>
#include <string.h>
#include <sys/epoll.h>
#include <sys/timerfd.h>
#include <unistd.h>

#include "base/clock.h"
#include "base/error.h"

#define APART_US 250000
#define ALONE_US 1000000 /* where there is no room for two */
#define EVENTS   16      /* at once; others are told the next time */

static const struct eyeballs_outcome connected = {"connected", "connected"};
static const struct eyeballs_outcome failed = {"failed", "failed"};
const struct eyeballs_outcome eyeballs_forbidden = {"forbidden", "not allowed"};
const struct eyeballs_outcome eyeballs_not_tried = {"not tried", "not tried"};
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

static void close_fd(const struct eyeballs *e, int *fd)
{
    if (*fd < 0)
        return;
    close(*fd);
    descriptors_closed(e->descriptors);
    *fd = -1;
}

static void close_set(struct eyeballs *e)
{
    close_fd(e, &e->set);
    close_fd(e, &e->timer);
    e->due = 0;
}

void eyeballs_init(struct eyeballs *e, struct descriptors *descriptors)
{
    memset(e, 0, sizeof(*e));
    e->descriptors = descriptors;
    TAILQ_INIT(&e->running);
    e->set = e->timer = e->stale = -1;
}

bool eyeballs_prepare(struct eyeballs_attempt *a,
                      const struct sockaddr_storage *address, socklen_t length)
{
    memset(a, 0, sizeof(*a));
    a->fd = -1;
    a->us = -1;
    if (length > sizeof(a->address))
        return false;
    memcpy(&a->address, address, length);
    a->length = length;
    return true;
}

/* ---- One attempt ------------------------------------------------------ */

static void leave(struct eyeballs *e, struct eyeballs_attempt *a,
                  const struct eyeballs_outcome *outcome)
{
    TAILQ_REMOVE(&e->running, a, link);
    a->outcome = outcome;
    a->us = clock_us() - a->from;
    e->live--;
}

static void stop(struct eyeballs *e, struct eyeballs_attempt *a,
                 const struct eyeballs_outcome *outcome)
{
    leave(e, a, outcome);
    if (e->set < 0 && e->stale < 0) {
        e->stale = a->fd;
        a->fd = -1;
    }
    close_fd(e, &a->fd);
    courtesy_give(&a->permit);
}

static void stop_failed(struct eyeballs *e, struct eyeballs_attempt *a,
                        int number)
{
    e->starved = e->starved || number == EMFILE || number == ENFILE ||
                 number == ENOBUFS || number == ENOMEM;
    e->hurry = true;
    stop(e, a, outcome_of(number));
}

static void win(struct eyeballs *e, struct eyeballs_attempt *winner)
{
    leave(e, winner, &connected);
    while (!TAILQ_EMPTY(&e->running))
        stop(e, TAILQ_FIRST(&e->running), &eyeballs_abandoned);
    e->winner = winner;
    close_set(e);
    close_fd(e, &e->stale);
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

/* `a` is NULL for the timer. */
static int watch(const struct eyeballs *e, int fd, uint32_t events,
                 struct eyeballs_attempt *a)
{
    struct epoll_event event = {.events = events, .data.ptr = a};
    return epoll_ctl(e->set, EPOLL_CTL_ADD, fd, &event);
}

/* From the one socket that runs to a set of descriptors. */
static bool open_set(struct eyeballs *e)
{
    struct eyeballs_attempt *a = TAILQ_FIRST(&e->running);
    if (e->set >= 0)
        return true;
    if (!descriptors_suffice(e->descriptors, 3))
        return false;
    e->set = descriptors_opened(e->descriptors, epoll_create1(EPOLL_CLOEXEC));
    e->timer = descriptors_opened(
        e->descriptors,
        timerfd_create(CLOCK_MONOTONIC, TFD_NONBLOCK | TFD_CLOEXEC));
    if (e->set >= 0 && e->timer >= 0 &&
        watch(e, e->timer, EPOLLIN, NULL) == 0 &&
        watch(e, a->fd, EPOLLOUT, a) == 0)
        return true;
    close_set(e);
    return false;
}

/* 0, or why not. */
static int open_socket(struct eyeballs *e, struct eyeballs_attempt *a)
{
    int on = 1;
    a->fd = socket(a->address.any.sa_family,
                   SOCK_STREAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0);
    if (a->fd < 0)
        return errno;
    (void)descriptors_opened(e->descriptors, a->fd);
    (void)setsockopt(a->fd, IPPROTO_TCP, TCP_NODELAY, &on, sizeof(on));
    return 0;
}

/* Of this race, or of others. */
static bool some_will_come(const struct eyeballs *e)
{
    return e->live > 0 || e->stale >= 0 ||
           descriptors_will_come(e->descriptors);
}

static bool has_room(struct eyeballs *e)
{
    return (e->live == 0 || open_set(e)) &&
           descriptors_suffice(e->descriptors, e->live > 0 ? 1 : 0);
}

/* By giving up the oldest one, when all have had some time. */
static bool make_room(struct eyeballs *e)
{
    if (e->live == 0 || clock_us() - e->last < ALONE_US)
        return false;
    stop(e, TAILQ_FIRST(&e->running), &eyeballs_abandoned);
    return true;
}

static void start(struct eyeballs *e, struct eyeballs_attempt *a)
{
    ask(e, a, true);
    if (a->fd >= 0 && e->set >= 0 && watch(e, a->fd, EPOLLOUT, a) != 0)
        stop_failed(e, a, ENOMEM);
}

bool eyeballs_begin(struct eyeballs *e, struct eyeballs_attempt *a)
{
    if (!has_room(e) && !make_room(e))
        return false;
    int number = open_socket(e, a);
    if ((number == EMFILE || number == ENFILE) &&
        (make_room(e) || some_will_come(e)))
        return false;
    a->begun = true;
    a->from = e->last = clock_us();
    e->hurry = false;
    TAILQ_INSERT_TAIL(&e->running, a, link);
    e->live++;
    if (number == 0) {
        start(e, a);
    } else {
        a->local = true;
        stop_failed(e, a, number);
    }
    return true;
}

/* ---- All of them ------------------------------------------------------ */

bool eyeballs_ready(const struct eyeballs *e)
{
    if (e->winner != NULL || e->live == 0)
        return e->winner == NULL;
    return e->hurry || clock_us() - e->last >= APART_US;
}

/* As an absolute time; 0 is none. */
static void set_timer(struct eyeballs *e, int64_t due)
{
    struct itimerspec when = {.it_value.tv_sec = due / 1000000,
                              .it_value.tv_nsec = due % 1000000 * 1000};
    if (due != e->due)
        (void)timerfd_settime(e->timer, TFD_TIMER_ABSTIME, &when, NULL);
    e->due = due;
}

bool eyeballs_settle(struct eyeballs *e, bool next, bool more)
{
    bool told = !next || e->live == 0 || open_set(e);
    if (e->set >= 0 && !next && !more && e->live < 2)
        close_set(e);
    if (e->set >= 0)
        set_timer(e, next ? e->last + APART_US : 0);
    close_fd(e, &e->stale);
    return told;
}

void eyeballs_advance(struct eyeballs *e)
{
    struct epoll_event events[EVENTS];
    if (e->winner != NULL || e->live == 0)
        return;
    if (e->set < 0) {
        ask(e, TAILQ_FIRST(&e->running), false);
        return;
    }
    int n = epoll_wait(e->set, events, EVENTS, 0);
    for (int i = 0; i < n && e->winner == NULL; i++) {
        if (events[i].data.ptr == NULL)
            e->hurry = true;
        else
            ask(e, events[i].data.ptr, false);
    }
}

int eyeballs_fd(const struct eyeballs *e)
{
    if (e->winner != NULL)
        return e->winner->fd;
    if (e->set >= 0 || e->live == 0)
        return e->live > 0 ? e->set : -1;
    return TAILQ_FIRST(&e->running)->fd;
}

int eyeballs_want(const struct eyeballs *e)
{
    return e->set >= 0 || e->live == 0 ? S2S_WANT_READ : S2S_WANT_WRITE;
}

const struct eyeballs_outcome *eyeballs_outcome(
    const struct eyeballs_attempt *a, const struct eyeballs_outcome *stopped)
{
    if (a->outcome != NULL)
        return a->outcome;
    return a->begun ? stopped : &eyeballs_not_tried;
}

int64_t eyeballs_us(const struct eyeballs_attempt *a)
{
    return a->begun && a->us < 0 ? clock_us() - a->from : a->us;
}

void eyeballs_close(struct eyeballs *e)
{
    while (!TAILQ_EMPTY(&e->running))
        stop(e, TAILQ_FIRST(&e->running), &eyeballs_abandoned);
    if (e->winner != NULL) {
        close_fd(e, &e->winner->fd);
        courtesy_give(&e->winner->permit);
    }
    close_set(e);
    close_fd(e, &e->stale);
    eyeballs_init(e, e->descriptors);
}
