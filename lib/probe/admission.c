#include "probe/admission.h"

#include <s2sprobe.h>

#define FIRST_COST 2000  /* before anything was measured */
#define WEIGHT     16    /* of what went before, in the average */
#define AHEAD_US   20000 /* of work that may be booked */
#define SECOND     1000000
#define AGAIN_US   250000 /* descriptors are closed without a word */

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
                    uint32_t rate, struct descriptors *descriptors)
{
    *a = (struct admission){.loop = loop,
                            .descriptors = descriptors,
                            .most = most,
                            .rate = rate,
                            .cost = FIRST_COST};
    a->timer = (struct timer){.fire = on_timer, .user = a};
    TAILQ_INIT(&a->waiting);
}

/* ---- Descriptors ------------------------------------------------------ */

static void redeem(struct admission *a, struct admission_ticket *t)
{
    if (t->promised)
        descriptors_redeem(a->descriptors);
    t->promised = false;
}

void admission_place(struct admission *a, struct admission_ticket *t, int fd,
                     bool counted)
{
    if (!t->promised || fd < 0)
        return;
    redeem(a, t);
    t->foreign = !counted;
    if (t->foreign)
        (void)descriptors_opened(a->descriptors, fd);
}

static void unplace(struct admission *a, struct admission_ticket *t)
{
    redeem(a, t);
    if (t->foreign)
        descriptors_closed(a->descriptors);
    t->foreign = false;
}

/* ---- When ------------------------------------------------------------- */

/* The time at which one more may begin, as far as time decides. */
static int64_t begins_at(const struct admission *a)
{
    int64_t at = a->rate != S2S_NO_LIMIT ? a->next : 0;
    return a->most == 0 ? later(at, a->pace - AHEAD_US) : at;
}

static bool is_full(const struct admission *a)
{
    return a->most != 0 && a->most != S2S_NO_LIMIT && a->connecting >= a->most;
}

static bool has_room(const struct admission *a)
{
    return !is_full(a) && descriptors_can_promise(a->descriptors);
}

static void connecting(struct admission *a, struct admission_ticket *t,
                       int64_t now)
{
    t->state = ADMISSION_CONNECTING;
    t->booked = a->cost;
    a->connecting++;
    a->pace = later(a->pace, now) + time_for(t->booked);
}

static void admit(struct admission *a, struct admission_ticket *t, int64_t now)
{
    connecting(a, t, now);
    t->promised = true;
    descriptors_promise(a->descriptors);
    if (a->rate != S2S_NO_LIMIT)
        a->next = later(a->next, now) + SECOND / a->rate;
}

bool admission_ask(struct admission *a, struct admission_ticket *t,
                   int64_t worked_us)
{
    int64_t now = loop_now(a->loop);
    t->worked = worked_us;
    if (TAILQ_EMPTY(&a->waiting) && begins_at(a) <= now && has_room(a)) {
        admit(a, t, now);
        return true;
    }
    t->state = ADMISSION_WAITING;
    TAILQ_INSERT_TAIL(&a->waiting, t, link);
    a->due = true;
    return false;
}

void admission_force(struct admission *a, struct admission_ticket *t,
                     int64_t worked_us)
{
    t->worked = worked_us;
    admit(a, t, loop_now(a->loop));
}

void admission_again(struct admission *a, struct admission_ticket *t,
                     int64_t worked_us)
{
    if (t->state != ADMISSION_SECURE)
        return;
    t->worked = worked_us;
    connecting(a, t, loop_now(a->loop));
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
        TAILQ_REMOVE(&a->waiting, t, link);
        admit(a, t, now);
        t->admitted(t->user);
    }
    /* Places are made by those that leave, descriptors also by others. Without
     * memory for the timer the next one that leaves does. */
    int64_t at = begins_at(a) > now ? begins_at(a) : now + AGAIN_US;
    if (t == NULL || (begins_at(a) <= now && is_full(a)))
        loop_clear_timer(a->loop, &a->timer);
    else
        (void)loop_set_timer(a->loop, &a->timer, at);
}

/* ---- Ends ------------------------------------------------------------- */

static void settle(struct admission *a, struct admission_ticket *t,
                   int64_t worked_us)
{
    a->pace += time_for(worked_us - t->worked) - time_for(t->booked);
    a->connecting--;
    a->due = true;
}

void admission_secured(struct admission *a, struct admission_ticket *t,
                       int64_t worked_us)
{
    if (t->state != ADMISSION_CONNECTING)
        return;
    a->cost += (worked_us - t->worked - a->cost) / WEIGHT;
    settle(a, t, worked_us);
    t->state = ADMISSION_SECURE;
}

void admission_postpone(struct admission *a, struct admission_ticket *t,
                        int64_t worked_us)
{
    if (t->state == ADMISSION_CONNECTING && a->rate != S2S_NO_LIMIT)
        a->next -= SECOND / a->rate;
    admission_leave(a, t, worked_us);
}

void admission_leave(struct admission *a, struct admission_ticket *t,
                     int64_t worked_us)
{
    if (t->state == ADMISSION_NONE)
        return;
    if (t->state == ADMISSION_WAITING)
        TAILQ_REMOVE(&a->waiting, t, link);
    if (t->state == ADMISSION_CONNECTING)
        settle(a, t, worked_us);
    unplace(a, t);
    a->due = true;
    t->state = ADMISSION_NONE;
}
