#include "probe/loop.h"

#include <errno.h>
#include <limits.h>
#include <stdlib.h>
#include <string.h>
#include <sys/eventfd.h>
#include <sys/timerfd.h>
#include <time.h>
#include <unistd.h>

#include "base/clock.h"
#include "base/error.h"

#define FIRST_CAPACITY 64u
#define MICROSECONDS   1000000
#define OWN            UINT64_MAX /* the loop's own descriptors; else: the fd */

static int64_t monotonic(void *user)
{
    (void)user;
    return clock_us();
}

static int add_own(struct loop *l, int fd)
{
    struct epoll_event e = {.events = EPOLLIN, .data.u64 = OWN};
    if (fd < 0 || epoll_ctl(l->epoll, EPOLL_CTL_ADD, fd, &e) != 0)
        return S2S_EINTERNAL;
    return S2S_OK;
}

int loop_init(struct loop *l)
{
    *l = (struct loop){.clock = monotonic, .epoll = -1};
    l->timer = timerfd_create(CLOCK_MONOTONIC, TFD_CLOEXEC | TFD_NONBLOCK);
    l->event = eventfd(0, EFD_CLOEXEC | EFD_NONBLOCK);
    l->epoll = epoll_create1(EPOLL_CLOEXEC);
    if (l->epoll < 0 || add_own(l, l->timer) != S2S_OK ||
        add_own(l, l->event) != S2S_OK) {
        loop_free(l);
        return S2S_EINTERNAL;
    }
    return S2S_OK;
}

static void close_if_open(int fd)
{
    if (fd >= 0)
        close(fd);
}

void loop_free(struct loop *l)
{
    close_if_open(l->epoll);
    close_if_open(l->timer);
    close_if_open(l->event);
    timers_free(&l->timers);
    free(l->owners);
    *l = (struct loop){.epoll = -1, .timer = -1, .event = -1};
}

static void arm(struct loop *l);

int loop_fd(struct loop *l)
{
    l->watched = true;
    arm(l);
    return l->epoll;
}

int64_t loop_now(const struct loop *l)
{
    return l->clock(l->clock_user);
}

int64_t loop_due(const struct loop *l)
{
    return l->due != 0 ? l->due : loop_now(l);
}

void loop_woken(struct loop *l)
{
    if (!l->more)
        l->seen = loop_now(l);
}

/* ---- Descriptors ---- */

static int grow_owners(struct loop *l, size_t fd)
{
    if (fd < l->owner_count)
        return S2S_OK;
    size_t count = fd + FIRST_CAPACITY;
    struct loop_watch **owners = realloc(l->owners, count * sizeof(*owners));
    if (owners == NULL)
        return S2S_ENO_MEMORY;
    memset(owners + l->owner_count, 0,
           (count - l->owner_count) * sizeof(*owners));
    l->owners = owners;
    l->owner_count = count;
    return S2S_OK;
}

/* A caller's transport may have closed the descriptor, and its number may be
 * somebody else's by now: the table says whose registration it is. */
static void unwatch(struct loop *l, struct loop_watch *w)
{
    struct epoll_event none = {.events = 0};
    size_t fd = (size_t)w->fd;
    if (w->events != 0 && fd < l->owner_count && l->owners[fd] == w) {
        l->owners[fd] = NULL;
        epoll_ctl(l->epoll, EPOLL_CTL_DEL, w->fd, &none);
    }
    w->events = 0;
}

static int put(struct loop *l, int fd, struct epoll_event *e, bool known)
{
    int op = known ? EPOLL_CTL_MOD : EPOLL_CTL_ADD;
    if (epoll_ctl(l->epoll, op, fd, e) == 0)
        return S2S_OK;
    /* The kernel forgets a closed descriptor by itself, and we are not told. */
    if (errno != ENOENT && errno != EEXIST)
        return S2S_EINTERNAL;
    op = errno == ENOENT ? EPOLL_CTL_ADD : EPOLL_CTL_MOD;
    return epoll_ctl(l->epoll, op, fd, e) == 0 ? S2S_OK : S2S_EINTERNAL;
}

int loop_watch(struct loop *l, struct loop_watch *w, int fd, uint32_t events)
{
    if (w->events != 0 && w->fd != fd)
        unwatch(l, w);
    if (fd < 0 || events == 0) {
        unwatch(l, w);
        return S2S_OK;
    }
    int e = grow_owners(l, (size_t)fd);
    if (e != S2S_OK)
        return e;
    bool known = l->owners[fd] == w;
    if (known && w->events == events)
        return S2S_OK;
    struct epoll_event event = {.events = events, .data.u64 = (uint64_t)fd};
    e = put(l, fd, &event, known);
    if (e != S2S_OK)
        return e;
    if (l->owners[fd] != NULL && l->owners[fd] != w)
        l->owners[fd]->events = 0;
    l->owners[fd] = w;
    w->fd = fd;
    w->events = events;
    return S2S_OK;
}

/* ---- Timers ---- */

static void set_timerfd(struct loop *l, int64_t at)
{
    struct itimerspec s = {.it_value = {.tv_sec = 0}}; /* zero: not set */
    int64_t left = at - loop_now(l);
    if (at != 0) {
        left = left < 1 ? 1 : left;
        s.it_value.tv_sec = left / MICROSECONDS;
        s.it_value.tv_nsec = (long)(left % MICROSECONDS) * 1000;
    }
    timerfd_settime(l->timer, 0, &s, NULL);
    l->armed = at;
}

static void arm(struct loop *l)
{
    const struct timer *first = timers_first(&l->timers);
    int64_t at = first != NULL ? first->at : 0;
    /* One that is set too early fires in vain once, and is set again then:
     * cheaper than setting it for each timer that goes. */
    bool early = l->armed != 0 && at > l->armed;
    if (l->watched && at != l->armed && !early)
        set_timerfd(l, at);
}

int loop_set_timer(struct loop *l, struct timer *t, int64_t at)
{
    int e = timers_set(&l->timers, t, at);
    arm(l);
    return e;
}

void loop_clear_timer(struct loop *l, struct timer *t)
{
    timers_clear(&l->timers, t);
}

int loop_timeout_ms(const struct loop *l)
{
    const struct timer *first = timers_first(&l->timers);
    if (first == NULL)
        return -1;
    int64_t left = first->at - loop_now(l);
    if (left <= 0)
        return 0;
    int64_t ms = (left + 999) / 1000;
    return ms < INT_MAX ? (int)ms : INT_MAX;
}

/* ---- Firing ---- */

static void drain(int fd)
{
    uint64_t count;
    ssize_t n = read(fd, &count, sizeof(count));
    (void)n; /* nothing there is as good */
}

/* Those of one time together, so that it is known which one it is. */
static void fire_timers(struct loop *l)
{
    const struct timer *t;
    int64_t now = loop_now(l);
    while ((t = timers_first(&l->timers)) != NULL && t->at <= now) {
        l->due = t->at;
        timers_fire(&l->timers, l->due);
    }
    l->due = 0;
}

/* An open file that a caller moved to another number stays registered with the
 * old one, beyond our reach: it may have no owner, or fire another in vain. */
static void fire_owner(const struct loop *l, uint64_t fd)
{
    struct loop_watch *w = fd < l->owner_count ? l->owners[fd] : NULL;
    if (w != NULL && w->events != 0)
        w->fire(w->user);
}

static int ask(struct loop *l, int timeout_ms)
{
    int n = epoll_wait(l->epoll, l->events, LOOP_EVENTS, timeout_ms);
    return n > 0 ? n : 0;
}

void loop_fire(struct loop *l)
{
    const struct epoll_event *events = l->events;
    int64_t now = loop_now(l);
    int n = l->told > 0 ? l->told : ask(l, 0);
    l->told = 0;
    l->due = l->seen != 0 ? l->seen : now;
    l->more = n == LOOP_EVENTS;
    l->seen = l->more ? l->seen : now;
    for (int i = 0; i < n; i++)
        fire_owner(l, events[i].data.u64);
    for (int i = 0; i < n; i++)
        if (events[i].data.u64 == OWN) {
            /* One of the two: asking both costs less than telling. */
            drain(l->event);
            drain(l->timer);
            l->armed = 0;
            break;
        }
    fire_timers(l);
    arm(l);
}

void loop_signal(const struct loop *l)
{
    const uint64_t one = 1;
    int saved = errno;
    ssize_t n = write(l->event, &one, sizeof(one));
    (void)n; /* full is signalled too */
    errno = saved;
}

void loop_tell(const struct loop *l)
{
    if (l->watched)
        loop_signal(l);
}

void loop_quiet(const struct loop *l)
{
    if (l->watched)
        drain(l->event);
}

void loop_wait(struct loop *l, int timeout_ms)
{
    int first = loop_timeout_ms(l);
    bool sooner = first >= 0 && (timeout_ms < 0 || first < timeout_ms);
    l->told = ask(l, sooner ? first : timeout_ms);
    loop_woken(l);
}
