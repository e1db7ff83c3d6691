#include "probe/stages.h"

#include "base/error.h"

static int64_t now(const struct probe *p)
{
    return loop_now(&p->shared->loop);
}

/* ---- The deadline ----------------------------------------------------- */

/* What is ours does not count against it. */
static int64_t due(const struct probe *p)
{
    return p->due + p->held_us + p->lag_us;
}

static void set_timer(struct probe *p, int64_t at)
{
    p->lapsed = false;
    if (loop_set_timer(&p->shared->loop, &p->deadline, at) == S2S_OK)
        return;
    p->result->no_memory = true;
    p->lapsed = true;
}

int stages_limit(struct probe *p, int64_t us)
{
    int64_t at = now(p) + us;
    p->due = at - p->held_us - p->lag_us;
    p->lapsed = false;
    return loop_set_timer(&p->shared->loop, &p->deadline, at);
}

int stages_start(struct probe *p)
{
    p->started = now(p);
    result_add_us(p->result, S2S_STAGE_QUEUE, p->started - p->submitted);
    return stages_limit(p, (int64_t)p->options.timeout_ms * 1000);
}

void stages_unlimit(struct probe *p)
{
    p->lapsed = false;
    loop_clear_timer(&p->shared->loop, &p->deadline);
}

void stages_remind(struct probe *p, int64_t at)
{
    set_timer(p, at);
}

int64_t stages_left(const struct probe *p)
{
    return due(p) - now(p);
}

bool stages_expired(struct probe *p)
{
    if (!p->lapsed || p->holds > 0)
        return false;
    if (stages_left(p) <= 0 || p->result->no_memory)
        return true;
    set_timer(p, due(p));
    return p->lapsed;
}

void stages_excuse(struct probe *p, int64_t us)
{
    p->stage_since += us;
    p->due += us;
}

/* ---- The queue -------------------------------------------------------- */

static void hold(struct probe *p, int64_t at)
{
    for (; p != NULL; p = p->parent)
        if (p->holds++ == 0)
            p->held_since = at;
}

static void go_on(struct probe *p, int64_t at)
{
    for (; p != NULL; p = p->parent) {
        if (--p->holds > 0)
            continue;
        p->held_us += at - p->held_since;
        set_timer(p, due(p));
        if (p->check != NULL)
            result_add_us(p->result, S2S_STAGE_QUEUE, at - p->held_since);
    }
}

void stages_enter(struct probe *p, int stage)
{
    if (stage == p->stage)
        return;
    int64_t at = now(p);
    if (p->stage != S2S_STAGE_NONE && p->stage != S2S_STAGE_DONE)
        result_add_us(p->result, p->stage, at - p->stage_since);
    if (stage == S2S_STAGE_QUEUE) {
        hold(p, at);
        p->shared->held++;
    } else if (p->stage == S2S_STAGE_QUEUE) {
        go_on(p, at);
        p->shared->held--;
    }
    p->stage = stage;
    p->stage_since = at;
}

static void count(uint32_t *n, bool more)
{
    if (more)
        ++*n;
    else
        --*n;
}

/* A check leaves room while one of its parts does. */
void stages_spare(struct probe *p, bool spare)
{
    struct probe *whole = p->parent != NULL ? p->parent : p;
    if (spare == p->sparing)
        return;
    p->sparing = spare;
    count(&whole->spared_parts, spare);
    if (!whole->errand && whole->spared_parts == (spare ? 1u : 0u))
        count(&p->shared->sparing, spare);
}

/* ---- Turns ------------------------------------------------------------ */

void stages_ready(struct probe *p, int64_t since)
{
    p->ready_since = since;
}

void stages_begin_turn(struct probe *p)
{
    p->turn_since = now(p);
    /* What was due before the last turn has been looked at in it. */
    int64_t since =
        p->ready_since > p->last_turn ? p->ready_since : p->last_turn;
    int64_t lag = p->ready_since != 0 ? p->turn_since - since : 0;
    histogram_add(&p->shared->lag, lag);
    if (p->holds == 0)
        p->lag_us += lag;
}

int64_t stages_worked(const struct probe *p)
{
    int64_t turn = p->turn_since != 0 ? now(p) - p->turn_since : 0;
    return p->worked_us + turn;
}

void stages_end_turn(struct probe *p)
{
    p->worked_us = stages_worked(p);
    p->last_turn = p->turn_since;
    p->turn_since = p->ready_since = 0;
}

void stages_finish(struct probe *p)
{
    stages_enter(p, S2S_STAGE_NONE);
    stages_spare(p, false);
    p->result->lag_us = p->lag_us;
    if (p->started != 0)
        result_add_us(p->result, S2S_STAGE_DONE,
                      now(p) - p->started - p->held_us);
}
