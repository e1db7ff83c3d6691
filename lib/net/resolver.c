#include "net/resolver_state.h"

#include <stdlib.h>
#include <string.h>
#include <sys/time.h>
#include <sys/timerfd.h>

#include "base/clock.h"
#include "base/error.h"

#define SLOW_US     1000000 /* without an answer: it keeps nobody waiting */
#define RUNNING_MAX 4096

/* dnsmasq says REFUSED when its 150 places are taken, and gives one up after 10
 * seconds: 50 at once, for 6 seconds each, fit in. */
#define REFUSALS  6
#define AGAIN_MS  2000
#define MOST_MIN  50
#define MEMORY_US (REFUSALS * AGAIN_MS * INT64_C(1000))

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

/* ---- Under way -------------------------------------------------------- */

static void enter(resolver_query *q)
{
    struct resolver *r = q->resolver;
    q->state = RUNNING;
    q->since = clock_us();
    q->slow = false;
    TAILQ_INSERT_TAIL(&r->young, q, link);
    r->running++;
    r->live++;
}

void resolver_leave(resolver_query *q)
{
    struct resolver *r = q->resolver;
    r->live--;
    if (q->slow)
        r->slow--;
    else
        TAILQ_REMOVE(&r->young, q, link);
}

/* What has been asked for long counts no more, and others are asked. */
static void age(struct resolver *r)
{
    resolver_query *q;
    int64_t now = clock_us();
    while (r->slow < r->slow_most && (q = TAILQ_FIRST(&r->young)) != NULL &&
           now - q->since >= SLOW_US) {
        TAILQ_REMOVE(&r->young, q, link);
        q->slow = true;
        r->slow++;
        r->unanswered = now;
    }
}

void resolver_stop_again(resolver_query *q)
{
    timers_clear(&q->resolver->delays, &q->again);
    q->resolver->refused--;
}

static void wait_again(void *user)
{
    resolver_query *q = user;
    q->resolver->refused--;
    q->state = WAITING;
    resolver_wait(q);
}

static bool says(const struct dns_answer *answer, unsigned rcode)
{
    return answer != NULL && answer->error == S2S_EDNS &&
           strcmp(answer->text, dns_rcode_name(rcode)) == 0;
}

/* What was answered makes room, what was refused takes it away. */
static void adapt(struct resolver *r, bool refusal)
{
    if (refusal) {
        r->most = r->most / 2 > MOST_MIN ? r->most / 2 : MOST_MIN;
        r->slow_most = r->slow / 2;
        return;
    }
    r->most += r->most < RESOLVER_LIVE_MAX ? 1 : 0;
    r->slow_most += r->slow_most < RESOLVER_SLOW_MAX ? 1 : 0;
}

/* Whether other questions have been without an answer of late: then a refusal
 * may only mean that there is no place. */
static bool may_be_full(const struct resolver *r)
{
    return r->ares != NULL && r->unanswered != 0 &&
           clock_us() - r->unanswered <= MEMORY_US;
}

/* It comes once more. */
static bool refused(resolver_query *q, const struct dns_answer *answer)
{
    struct resolver *r = q->resolver;
    bool refusal = says(answer, DNS_REFUSED) && may_be_full(r);
    if (answer != NULL && answer->unanswered)
        r->unanswered = clock_us();
    else
        adapt(r, refusal);
    if (!refusal || q->unchecked || q->refusals == REFUSALS)
        return false;
    q->again = (struct timer){.fire = wait_again, .user = q};
    if (resolver_delay(r, &q->again, AGAIN_MS) != S2S_OK)
        return false;
    q->refusals++;
    q->state = REFUSED;
    r->refused++;
    return true;
}

/* ---- Answers ---------------------------------------------------------- */

static void answered(void *user, struct dns_answer *answer);

/* A server that validates says SERVFAIL for what is bogus (RFC 4035, 5.5), and
 * for much else: with the CD bit it answers all the same, or not. */
static bool ask_unchecked(resolver_query *q, struct dns_answer *answer)
{
    struct resolver *r = q->resolver;
    if (q->hosts || q->unchecked || r->ares == NULL ||
        !says(answer, DNS_SERVFAIL))
        return false;
    q->answer = answer;
    q->unchecked = true;
    enter(q);
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
    resolver_leave(q);
    if (refused(q, answer)) {
        dns_answer_release(answer);
        return;
    }
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

static bool full(const struct resolver *r)
{
    size_t spared = r->slow < r->slow_most ? r->slow : r->slow_most;
    return r->live - spared + r->refused >= r->most ||
           r->running >= RUNNING_MAX;
}

/* The next one to be asked; NULL: none waits. */
static resolver_query *next(const struct resolver *r)
{
    resolver_query *q = TAILQ_FIRST(&r->waiting[RESOLVER_HOSTS]);
    return q != NULL ? q : TAILQ_FIRST(&r->waiting[RESOLVER_SERVICES]);
}

bool resolver_busy(const struct resolver *r)
{
    return full(r) || next(r) != NULL;
}

static int64_t sooner(int64_t left, int64_t at)
{
    int64_t until = at - clock_us();
    until = until > 0 ? until : 0;
    return left < 0 || until < left ? until : left;
}

/* Microseconds until there is work; -1: nothing by the clock. */
static int64_t until_work(struct resolver *r)
{
    struct timeval t;
    int64_t left = -1;
    if (!TAILQ_EMPTY(&r->ended) || (next(r) != NULL && !full(r)))
        return 0;
    if (r->ares != NULL && resolver_ares_timeout(r->ares, &t))
        left = (int64_t)t.tv_sec * 1000000 + t.tv_usec;
    const struct timer *first = timers_first(&r->delays);
    if (first != NULL)
        left = sooner(left, first->at);
    if (full(r) && r->slow < r->slow_most && !TAILQ_EMPTY(&r->young))
        left = sooner(left, TAILQ_FIRST(&r->young)->since + SLOW_US);
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
    resolver_leave(q);
    resolver_end(q, e == S2S_ENO_MEMORY
                        ? NULL
                        : dns_answer_failed(e, "resolver.start failed"));
}

static struct resolver_list *queue_of(const resolver_query *q)
{
    bool service = q->type == DNS_SRV;
    return &q->resolver->waiting[service ? RESOLVER_SERVICES : RESOLVER_HOSTS];
}

void resolver_wait(resolver_query *q)
{
    TAILQ_INSERT_TAIL(queue_of(q), q, link);
}

void resolver_unwait(resolver_query *q)
{
    TAILQ_REMOVE(queue_of(q), q, link);
}

static void start(struct resolver *r, resolver_query *q)
{
    enter(q);
    if (r->ares == NULL)
        start_hook(r, q);
    else if (q->hosts)
        resolver_ares_hosts(r->ares, q->name, q->type, answered, q);
    else
        resolver_ares_query(r->ares, q->name, q->type, false, answered, q);
}

void resolver_start(struct resolver *r)
{
    resolver_query *q;
    age(r);
    while ((q = next(r)) != NULL && !full(r)) {
        resolver_unwait(q);
        start(r, q);
    }
}
