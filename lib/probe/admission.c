#include "probe/admission.h"

#include <s2sprobe.h>
#include <sys/resource.h>

#define FIRST_COST 2000  /* before anything was measured */
#define WEIGHT     16    /* of what went before, in the average */
#define AHEAD_US   20000 /* of work that may be booked */
#define SECOND     1000000

/* A quarter of the time is left for what is not counted. */
static int64_t time_for(int64_t work_us)
{
    return work_us + work_us / 3;
}

static int64_t later(int64_t a, int64_t b)
{
    return a > b ? a : b;
}

static void on_timer(void *user)
{
    struct admission *a = user;
    a->due = true;
}

void admission_init(struct admission *a, struct loop *loop, uint32_t most,
                    uint32_t rate)
{
    *a = (struct admission){
        .loop = loop, .most = most, .rate = rate, .cost = FIRST_COST};
    a->timer = (struct timer){.fire = on_timer, .user = a};
    TAILQ_INIT(&a->waiting);
}

/* ---- Descriptors ------------------------------------------------------ */

/* Files, DNS, and more than one connection for some probe need some too. */
static int64_t spare(int64_t limit)
{
    int64_t part = limit / 8;
    return part < 16 ? 16 : part > 256 ? 256 : part;
}

/* The system gives out the lowest number that is free: all below the last one
 * are in use. With nothing open that could be closed, waiting is vain. */
static bool has_descriptor(const struct admission *a)
{
    struct rlimit limit;
    if (a->open == 0 || getrlimit(RLIMIT_NOFILE, &limit) != 0 ||
        limit.rlim_cur > INT32_MAX)
        return true;
    int64_t most = (int64_t)limit.rlim_cur;
    return a->used + a->unplaced < most - spare(most);
}

void admission_place(struct admission *a, struct admission_ticket *t, int fd)
{
    if (t->placed || fd < 0 || t->state == ADMISSION_NONE)
        return;
    t->placed = true;
    a->unplaced--;
    a->used = later(a->used, fd) + 1;
}

/* ---- When ------------------------------------------------------------- */

/* The time at which one more may begin, as far as time decides. */
static int64_t begins_at(const struct admission *a)
{
    int64_t at = a->rate != S2S_NO_LIMIT ? a->next : 0;
    return a->most == 0 ? later(at, a->pace - AHEAD_US) : at;
}

static bool has_room(const struct admission *a)
{
    bool full =
        a->most != 0 && a->most != S2S_NO_LIMIT && a->connecting >= a->most;
    return !full && has_descriptor(a);
}

static void admit(struct admission *a, struct admission_ticket *t, int64_t now)
{
    t->state = ADMISSION_CONNECTING;
    t->placed = false;
    t->booked = a->cost;
    a->connecting++;
    a->open++;
    a->unplaced++;
    a->pace = later(a->pace, now) + time_for(t->booked);
    if (a->rate != S2S_NO_LIMIT)
        a->next = later(a->next, now) + SECOND / a->rate;
}

bool admission_ask(struct admission *a, struct admission_ticket *t)
{
    int64_t now = loop_now(a->loop);
    if (TAILQ_EMPTY(&a->waiting) && begins_at(a) <= now && has_room(a)) {
        admit(a, t, now);
        return true;
    }
    t->state = ADMISSION_WAITING;
    TAILQ_INSERT_TAIL(&a->waiting, t, link);
    a->waiting_count++;
    a->due = true;
    return false;
}

void admission_force(struct admission *a, struct admission_ticket *t)
{
    admit(a, t, loop_now(a->loop));
}

static void stop_waiting(struct admission *a, struct admission_ticket *t)
{
    TAILQ_REMOVE(&a->waiting, t, link);
    a->waiting_count--;
}

void admission_process(struct admission *a)
{
    struct admission_ticket *t;
    int64_t now = loop_now(a->loop);
    if (!a->due)
        return;
    a->due = false;
    while ((t = TAILQ_FIRST(&a->waiting)) != NULL && begins_at(a) <= now &&
           has_room(a)) {
        stop_waiting(a, t);
        admit(a, t, now);
        t->admitted(t->user);
    }
    /* Room is made by those that leave; for time there is the timer. Without
     * memory for it the next one that leaves does. */
    if (t != NULL && begins_at(a) > now)
        (void)loop_set_timer(a->loop, &a->timer, begins_at(a));
    else
        loop_clear_timer(a->loop, &a->timer);
}

/* ---- Ends ------------------------------------------------------------- */

static void settle(struct admission *a, struct admission_ticket *t,
                   int64_t worked_us)
{
    a->pace += time_for(worked_us) - time_for(t->booked);
    t->booked = 0;
    a->connecting--;
    a->due = true;
}

void admission_secured(struct admission *a, struct admission_ticket *t,
                       int64_t worked_us)
{
    if (t->state != ADMISSION_CONNECTING)
        return;
    a->cost += (worked_us - a->cost) / WEIGHT;
    settle(a, t, worked_us);
    t->state = ADMISSION_SECURE;
}

void admission_leave(struct admission *a, struct admission_ticket *t,
                     int64_t worked_us)
{
    if (t->state == ADMISSION_NONE)
        return;
    if (t->state == ADMISSION_WAITING) {
        stop_waiting(a, t);
        a->due = true;
        t->state = ADMISSION_NONE;
        return;
    }
    if (t->state == ADMISSION_CONNECTING)
        settle(a, t, worked_us);
    a->open--;
    if (t->placed)
        a->used = a->open > 0 ? a->used - 1 : 0;
    else
        a->unplaced--;
    a->due = true;
    t->state = ADMISSION_NONE;
}
