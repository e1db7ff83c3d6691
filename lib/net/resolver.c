#include "net/resolver_state.h"

#include <stdlib.h>
#include <string.h>
#include <sys/time.h>
#include <sys/timerfd.h>

#include "base/clock.h"
#include "base/error.h"

#define LIVE_MAX    100
#define RUNNING_MAX 4096

void resolver_query_free(resolver_query *q)
{
    dns_answer_release(q->answer);
    free(q);
}

/* ---- Ends ------------------------------------------------------------- */

void resolver_ended(resolver_query *q)
{
    struct resolver *r = q->resolver;
    q->state = ENDED;
    q->round = r->round;
    TAILQ_INSERT_TAIL(&r->ended, q, link);
}

void resolver_end(resolver_query *q, struct dns_answer *answer)
{
    struct resolver *r = q->resolver;
    dns_answer_release(q->answer);
    q->answer = answer;
    if (answer != NULL)
        resolver_cache_add(&r->cache, q->name, q->type, q->hosts, answer,
                           clock_us() / 1000000);
    resolver_ended(q);
}

static void answered(void *user, struct dns_answer *answer);

/* A server that validates says SERVFAIL for what is bogus (RFC 4035, 5.5), and
 * for much else: with the CD bit it answers all the same, or not. */
static bool ask_unchecked(resolver_query *q, struct dns_answer *answer)
{
    struct resolver *r = q->resolver;
    if (q->hosts || q->unchecked || r->ares == NULL || answer == NULL ||
        answer->error != S2S_EDNS ||
        strcmp(answer->text, dns_rcode_name(DNS_SERVFAIL)) != 0)
        return false;
    q->answer = answer;
    q->unchecked = true;
    r->running++;
    r->live++;
    resolver_ares_query(r->ares, q->name, q->type, true, answered, q);
    return true;
}

/* The second answer only tells what the first one means. */
static struct dns_answer *judge_unchecked(resolver_query *q,
                                          struct dns_answer *second)
{
    struct dns_answer *first = q->answer;
    q->answer = NULL;
    if (second != NULL && second->error == S2S_OK) {
        dns_answer_release(first);
        first = dns_answer_failed(S2S_EDNS, "DNSSEC validation failed");
        if (first != NULL)
            first->security = DNS_BOGUS;
    }
    dns_answer_release(second);
    return first;
}

/* From c-ares, perhaps before it was asked has returned. */
static void answered(void *user, struct dns_answer *answer)
{
    resolver_query *q = user;
    struct resolver *r = q->resolver;
    r->running--;
    if (q->done == NULL) {
        dns_answer_release(answer);
        resolver_query_free(q);
        return;
    }
    r->live--;
    if (ask_unchecked(q, answer))
        return;
    resolver_end(q, q->unchecked ? judge_unchecked(q, answer) : answer);
}

/* ---- When to work ----------------------------------------------------- */

void resolver_drop(struct resolver *r)
{
    if (r->ares != NULL && r->live == 0 && r->running > 0)
        resolver_ares_cancel(r->ares);
}

static bool startable(const struct resolver *r)
{
    return !TAILQ_EMPTY(&r->waiting) && r->live < LIVE_MAX &&
           r->running < RUNNING_MAX;
}

/* Microseconds until there is work; -1: nothing by the clock. */
static int64_t until_work(struct resolver *r)
{
    struct timeval t;
    int64_t left = -1;
    if (!TAILQ_EMPTY(&r->ended) || startable(r))
        return 0;
    if (r->ares != NULL && resolver_ares_timeout(r->ares, &t))
        left = (int64_t)t.tv_sec * 1000000 + t.tv_usec;
    const struct timer *first = timers_first(&r->delays);
    if (first != NULL) {
        int64_t delay = first->at - clock_us();
        delay = delay > 0 ? delay : 0;
        left = left < 0 || delay < left ? delay : left;
    }
    return left;
}

/* Setting the timer also clears an expiry that is past; zero would stop it. */
void resolver_arm(struct resolver *r)
{
    struct itimerspec when = {0};
    int64_t left = until_work(r);
    if (left >= 0) {
        when.it_value.tv_sec = (time_t)(left / 1000000);
        when.it_value.tv_nsec = (long)(left % 1000000) * 1000;
        if (left == 0)
            when.it_value.tv_nsec = 1;
    }
    (void)timerfd_settime(r->timer, 0, &when, NULL);
}

/* ---- Starting ----------------------------------------------------------- */

static void start_hook(struct resolver *r, resolver_query *q)
{
    int e = r->hook.start(r->hook.user, q, q->name, q->type);
    if (e == S2S_OK || q->state != RUNNING)
        return;
    if (e != S2S_EDNS && e != S2S_ENO_MEMORY && e > S2S_CALLBACK_ERROR)
        e = S2S_EINTERNAL; /* not its to say */
    r->running--;          /* an error: it will not be answered */
    r->live--;
    resolver_end(q, e == S2S_ENO_MEMORY
                        ? NULL
                        : dns_answer_failed(e, "resolver.start failed"));
}

static void start(struct resolver *r, resolver_query *q)
{
    q->state = RUNNING;
    r->running++;
    r->live++;
    if (r->ares == NULL)
        start_hook(r, q);
    else if (q->hosts)
        resolver_ares_hosts(r->ares, q->name, q->type, answered, q);
    else
        resolver_ares_query(r->ares, q->name, q->type, false, answered, q);
}

void resolver_start(struct resolver *r)
{
    while (startable(r)) {
        resolver_query *q = TAILQ_FIRST(&r->waiting);
        TAILQ_REMOVE(&r->waiting, q, link);
        start(r, q);
    }
}
