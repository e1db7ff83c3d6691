#include "probe/probe.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/epoll.h>

#include "base/error.h"
#include "base/random.h"
#include "probe/check.h"
#include "probe/drive.h"
#include "probe/endpoints.h"
#include "probe/entry.h"
#include "probe/outcome.h"
#include "probe/stages.h"
#include "probe/talk.h"

#define STEPS_AT_ONCE 64

static void wake(struct probe *p)
{
    p->wake(p, p->wake_user);
}

static void on_watch(void *user)
{
    wake(user);
}

static void on_deadline(void *user)
{
    struct probe *p = user;
    p->lapsed = true;
    wake(p);
}

/* ---- The connection ---- */

static int open_link(struct probe *p)
{
    bool endless = p->options.op == TALK_OP_STREAM;
    int e = endpoints_open(p);
    link_limit(&p->link, endless ? 0 : p->shared->options.limits.probe);
    if (e == S2S_OK && p->own_transport)
        tcp_watch(p->link.conn, on_watch, p);
    return e;
}

static int begin(struct probe *p, enum initiator_tls mode)
{
    p->connected = false;
    int e = drive_begin(p, mode);
    if (e == S2S_OK)
        e = open_link(p);
    if (e == S2S_OK)
        e = drive_load_trust(p);
    if (e == S2S_OK && p->talk != NULL)
        talk_judge_identity(p->talk);
    return e;
}

/* The same, or at the next endpoint when a caller's transport cannot. */
static int begin_somewhere(struct probe *p, enum initiator_tls mode)
{
    int e = begin(p, mode);
    while (e != S2S_OK && endpoints_next(p, e))
        e = begin(p, p->endpoints[p->endpoint].mode);
    return e;
}

static void end_connection(struct probe *p)
{
    loop_watch(&p->shared->loop, &p->watch, -1, 0);
    if (p->own_transport && p->link.open)
        tcp_report(p->link.conn, p->result);
    outcome_courtesy(p);
    endpoints_report(p);
    link_close(&p->link);
    initiator_free(p->stream);
    p->stream = NULL;
}

/* ---- Ends ---- */

static void finish(struct probe *p)
{
    s2s_result *r = p->result;
    if (p->check != NULL)
        check_stop(p->check);
    if (r->op == S2S_OP_CHECK)
        result_sort_findings(r);
    int stage = r->error == S2S_OK ? S2S_STAGE_DONE : p->stage;
    stages_finish(p);
    r->stage = stage;
    loop_clear_timer(&p->shared->loop, &p->deadline);
    if (p->talk != NULL)
        talk_leave(p->talk);
    entry_note_secure(p);
    if (p->stream != NULL || p->link.open)
        end_connection(p);
    endpoints_free(p); /* nothing more is asked of DNS */
    outcome_note_ping(r);
    admission_leave(&p->shared->admission, &p->ticket, stages_worked(p));
    p->finished = true;
}

static void start_failed(struct probe *p, int error)
{
    char fault[LINK_FAULT];
    bool known = !p->own_transport && link_fault(&p->link, fault);
    result_fail(p->result, error, "%s", known ? fault : error_text(error));
    outcome_settle(p);
    finish(p);
}

static void again(struct probe *p, enum initiator_tls mode)
{
    end_connection(p);
    admission_again(&p->shared->admission, &p->ticket, stages_worked(p));
    int e = begin_somewhere(p, mode);
    if (e != S2S_OK)
        start_failed(p, e);
    else
        wake(p);
}

/* The stream is at its end: that of the probe too, unless another connection
 * is worth a try: the other way to TLS, or without a certificate. */
static void on_end(struct probe *p)
{
    if (outcome_other_way(p)) {
        p->switched = true;
        again(p, p->config.tls == INITIATOR_DIRECT ? INITIATOR_STARTTLS
                                                   : INITIATOR_DIRECT);
    } else if (outcome_bare(p)) {
        p->bare = true;
        p->config.external = false;
        again(p, p->config.tls);
    } else if (endpoints_next(p, p->result->error)) {
        p->result->error = S2S_OK;
        p->result->message = "";
        again(p, p->endpoints[p->endpoint].mode);
    } else {
        outcome_settle(p);
        finish(p);
    }
}

static void on_expired(struct probe *p)
{
    char text[160];
    if (p->check != NULL) {
        finish(p);
        return;
    }
    if (p->talk != NULL && talk_ends_in_time(p->talk)) {
        p->lapsed = false;
        initiator_end(p->stream);
        wake(p);
        return;
    }
    snprintf(text, sizeof(text), "the deadline of %u ms passed while %s",
             p->options.timeout_ms, outcome_doing(p));
    if (p->stream != NULL)
        initiator_fail(p->stream, S2S_ETIMEOUT, text);
    else
        result_fail(p->result, S2S_ETIMEOUT, "%s", text);
    outcome_settle(p);
    finish(p);
}

static void give_up(struct probe *p)
{
    static const char text[] = "not connected: the server asks for fewer "
                               "connections, and others wait for it too";
    result_find(p->result, FINDING_THROTTLED, NULL);
    initiator_fail(p->stream, S2S_EPOLICY, text);
    outcome_settle(p);
    finish(p);
}

/* ---- Steps ---- */

static void wait_for_link(struct probe *p)
{
    uint32_t events = p->link.want == S2S_WANT_WRITE ? EPOLLOUT : EPOLLIN;
    if (p->own_transport && !p->connected)
        events = EPOLLIN | EPOLLOUT; /* it may be an epoll descriptor */
    if (endpoints_wait_for_tlsa(p))
        events = 0;
    int e = loop_watch(&p->shared->loop, &p->watch, link_fd(&p->link), events);
    if (p->watch.events != 0)
        admission_place(&p->shared->admission, &p->ticket, p->watch.fd,
                        p->own_transport);
    if (e == S2S_OK)
        return;
    initiator_fail(p->stream, e, "the descriptor cannot be waited on");
    wake(p);
}

static void take_steps(struct probe *p)
{
    for (int n = 0; n < STEPS_AT_ONCE; n++) {
        entry_note_stage(p);
        enum pump_step d = drive_once(p);
        entry_note_stage(p);
        if (p->result->no_memory)
            initiator_fail(p->stream, S2S_ENO_MEMORY,
                           error_text(S2S_ENO_MEMORY));
        if (d == PUMP_WAIT) {
            wait_for_link(p);
            return;
        }
        if (d == PUMP_END) {
            on_end(p);
            return;
        }
    }
    wake(p);
}

static void connect_first(struct probe *p)
{
    bool named = p->from_srv || !domain_is_ip(p->options.host);
    stages_enter(p, p->own_transport && named ? S2S_STAGE_DNS : S2S_STAGE_TCP);
    int e = begin_somewhere(p, p->endpoints[p->endpoint].mode);
    if (e != S2S_OK)
        start_failed(p, e);
    else
        wake(p);
}

static void check_first(struct probe *p)
{
    stages_enter(p, S2S_STAGE_NONE);
    int e = check_begin(p);
    if (e != S2S_OK)
        start_failed(p, e);
    else
        wake(p);
}

/* The endpoints are known. */
static void set_out(struct probe *p)
{
    if (p->options.op == S2S_OP_CHECK) {
        check_first(p);
    } else if (entry_ask(p)) {
        connect_first(p);
    } else {
        p->queued = true;
        stages_enter(p, S2S_STAGE_QUEUE);
    }
}

/* Whether it still has to wait. */
static bool end_queue(struct probe *p)
{
    if (p->ticket.state == ADMISSION_WAITING)
        return false;
    p->queued = false;
    connect_first(p);
    return !p->finished;
}

/* Whether it is over, and the probe goes on. */
static bool end_discovery(struct probe *p)
{
    if (!p->discovered)
        return false;
    p->discovering = false;
    if (endpoints_take(p) == S2S_OK)
        set_out(p);
    else
        finish(p);
    return !p->finished;
}

static void step(struct probe *p)
{
    if (p->cancelled) {
        result_fail(p->result, S2S_ECANCELLED, "%s",
                    error_text(S2S_ECANCELLED));
        finish(p);
        return;
    }
    if (entry_gives_up(p)) {
        give_up(p);
        return;
    }
    if (stages_expired(p)) {
        on_expired(p);
        return;
    }
    if (p->discovering && !end_discovery(p))
        return;
    if (p->queued && !end_queue(p))
        return;
    if (p->check != NULL && check_step(p->check))
        finish(p);
    if (p->check != NULL)
        return;
    if (p->talk != NULL)
        talk_step(p->talk);
    take_steps(p);
}

void probe_step(struct probe *p)
{
    stages_begin_turn(p);
    if (!p->finished)
        step(p);
    if (!p->finished)
        entry_note_secure(p);
    stages_end_turn(p);
}

static int make_tokens(struct probe *p)
{
    int e = random_hex(p->verify_id, (PROBE_TOKEN - 1) / 2);
    if (e == S2S_OK)
        e = random_hex(p->verify_key, (PROBE_TOKEN - 1) / 2);
    return e;
}

void probe_start(struct probe *p)
{
    if (p->finished)
        return;
    p->watch = (struct loop_watch){.fire = on_watch, .user = p};
    p->deadline = (struct timer){.fire = on_deadline, .user = p};
    int e = stages_start(p);
    if (!talk_begin(p)) {
        finish(p);
        return;
    }
    if (e == S2S_OK && p->config.verify_key == p->verify_key)
        e = make_tokens(p);
    if (e == S2S_OK)
        e = endpoints_begin(p);
    p->discovering = e == S2S_WANT_READ;
    bool named = p->own_transport && !domain_is_ip(p->options.host);
    stages_enter(p, named || p->discovering ? S2S_STAGE_DNS : S2S_STAGE_TCP);
    if (e == S2S_OK)
        set_out(p);
    else if (!p->discovering)
        start_failed(p, e);
}

void probe_cancel(struct probe *p)
{
    p->cancelled = true;
    wake(p);
}

bool probe_waits_blindly(const struct probe *p)
{
    return !p->finished && p->started != 0 && !p->discovering && !p->queued &&
           p->check == NULL && p->watch.events == 0;
}

/* ---- The end ---- */

void probe_free(struct probe *p)
{
    if (p == NULL)
        return;
    if (!p->finished)
        stages_finish(p);
    admission_leave(&p->shared->admission, &p->ticket, stages_worked(p));
    loop_clear_timer(&p->shared->loop, &p->deadline);
    if (p->stream != NULL || p->link.open)
        end_connection(p);
    check_free(p->check);
    result_free(p->result);
    endpoints_free(p);
    talk_free(p->talk);
    options_free_probe(&p->options);
    explicit_bzero(p->verify_key, sizeof(p->verify_key));
    free(p);
}
