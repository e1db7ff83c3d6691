/*
 * Where a probe's time goes: its stages, its turns on the loop, its deadline.
 * The deadline is for the network. What the probe waits for us is told apart
 * and moves it: in S2S_STAGE_QUEUE, and while others have the loop.
 */
#ifndef PROBE_STAGES_H
#define PROBE_STAGES_H

#include "probe/state.h"

/* The stage from now on. In S2S_STAGE_QUEUE the deadline stands still, that of
 * a check too while one of its parts is there. */
void stages_enter(struct probe *p, int stage);

/* Whether it waits for the sake of a server. */
void stages_spare(struct probe *p, bool spare);

/* It has begun: set the deadline. S2S_OK or S2S_ENO_MEMORY. */
int stages_start(struct probe *p);

/* Another deadline, so long from now. S2S_OK or S2S_ENO_MEMORY. */
int stages_limit(struct probe *p, int64_t us);

/* None from now on. */
void stages_unlimit(struct probe *p);

/* Work of ours on the way, which is to count for no stage. */
void stages_excuse(struct probe *p, int64_t us);

/* In S2S_STAGE_QUEUE, where it stands still: wake the probe then all the same.
 */
void stages_remind(struct probe *p, int64_t at);

/* Whether the deadline has passed, since the timer last said so. */
bool stages_expired(struct probe *p);

/* Microseconds until it, if nothing of ours comes in between. */
int64_t stages_left(const struct probe *p);

/* There is work for it, since then. */
void stages_ready(struct probe *p, int64_t since);
/* Its turn begins, and is over. */
void stages_begin_turn(struct probe *p);
void stages_end_turn(struct probe *p);
/* Microseconds that its turns have taken so far. */
int64_t stages_worked(const struct probe *p);

/* It is over: add up. */
void stages_finish(struct probe *p);

#endif
