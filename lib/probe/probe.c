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
#include "probe/outcome.h"
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
    p->expired = true;
    wake(p);
}

/* ---- Stages ---- */

static void enter_stage(struct probe *p, int stage)
{
    if (stage == p->stage)
        return;
    int64_t now = loop_now(&p->shared->loop);
    if (p->stage != S2S_STAGE_NONE && p->stage != S2S_STAGE_DONE)
        result_add_us(p->result, p->stage, now - p->stage_since);
    p->stage = stage;
    p->stage_since = now;
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
    enter_stage(p, S2S_STAGE_NONE);
    if (p->started != 0)
        result_add_us(r, S2S_STAGE_DONE,
                      loop_now(&p->shared->loop) - p->started);
    r->stage = stage;
    loop_clear_timer(&p->shared->loop, &p->deadline);
    if (p->talk != NULL)
        talk_leave(p->talk);
    if (p->stream != NULL || p->link.open)
        end_connection(p);
    endpoints_free(p); /* nothing more is asked of DNS */
    outcome_note_ping(r);
    p->finished = true;
}

static void start_failed(struct probe *p, int error)
{
    const char *fault = p->own_transport ? "" : p->link.fault;
    result_fail(p->result, error, "%s",
                fault[0] != '\0' ? fault : error_text(error));
    outcome_settle(p);
    finish(p);
}

static void again(struct probe *p, enum initiator_tls mode)
{
    end_connection(p);
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
        p->expired = false;
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

/* ---- Steps ---- */

static void wait_for_link(struct probe *p)
{
    uint32_t events = p->link.want == S2S_WANT_WRITE ? EPOLLOUT : EPOLLIN;
    if (p->own_transport && !p->connected)
        events = EPOLLIN | EPOLLOUT; /* it may be an epoll descriptor */
    if (endpoints_wait_for_tlsa(p))
        events = 0;
    int e = loop_watch(&p->shared->loop, &p->watch, link_fd(&p->link), events);
    if (e == S2S_OK)
        return;
    initiator_fail(p->stream, e, "the descriptor cannot be waited on");
    wake(p);
}

static void take_steps(struct probe *p)
{
    for (int n = 0; n < STEPS_AT_ONCE; n++) {
        enter_stage(p, drive_stage(p));
        enum pump_step d = drive_once(p);
        enter_stage(p, drive_stage(p));
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
    bool check = p->options.op == S2S_OP_CHECK;
    if (check || !p->own_transport)
        enter_stage(p, check ? S2S_STAGE_NONE : S2S_STAGE_TCP);
    int e = check ? check_begin(p)
                  : begin_somewhere(p, p->endpoints[p->endpoint].mode);
    if (e != S2S_OK)
        start_failed(p, e);
    else
        wake(p);
}

/* Whether it is over, and the probe goes on. */
static bool end_discovery(struct probe *p)
{
    if (!p->discovered)
        return false;
    p->discovering = false;
    if (endpoints_take(p) == S2S_OK)
        connect_first(p);
    else
        finish(p);
    return !p->finished;
}

void probe_step(struct probe *p)
{
    if (p->finished)
        return;
    if (p->cancelled) {
        result_fail(p->result, S2S_ECANCELLED, "%s",
                    error_text(S2S_ECANCELLED));
        finish(p);
        return;
    }
    if (p->expired) {
        on_expired(p);
        return;
    }
    if (p->discovering && !end_discovery(p))
        return;
    if (p->check != NULL && check_step(p->check))
        finish(p);
    if (p->check != NULL)
        return;
    if (p->talk != NULL)
        talk_step(p->talk);
    take_steps(p);
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
    int64_t now = loop_now(&p->shared->loop);
    if (p->finished)
        return;
    p->started = now;
    result_add_us(p->result, S2S_STAGE_QUEUE, now - p->submitted);
    if (!talk_begin(p)) {
        finish(p);
        return;
    }
    bool named = p->own_transport && !domain_is_ip(p->options.host);
    int e = loop_set_timer(&p->shared->loop, &p->deadline,
                           now + (int64_t)p->options.timeout_ms * 1000);
    if (e == S2S_OK && p->config.verify_key == p->verify_key)
        e = make_tokens(p);
    if (e == S2S_OK)
        e = endpoints_begin(p);
    p->discovering = e == S2S_WANT_READ;
    enter_stage(p, named || p->discovering ? S2S_STAGE_DNS : S2S_STAGE_TCP);
    if (e == S2S_OK)
        connect_first(p);
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
    return !p->finished && p->started != 0 && !p->discovering &&
           p->check == NULL && p->watch.events == 0;
}

/* ---- Life ---- */

static int new_probe(struct shared *shared, int op, struct probe **out)
{
    struct probe *p = calloc(1, sizeof(*p));
    if (p == NULL)
        return S2S_ENO_MEMORY;
    p->result = result_new(op);
    if (p->result == NULL) {
        free(p);
        return S2S_ENO_MEMORY;
    }
    p->shared = shared;
    p->watch = (struct loop_watch){.fire = on_watch, .user = p};
    p->deadline = (struct loop_timer){.fire = on_deadline, .user = p};
    p->submitted = loop_now(&shared->loop);
    *out = p;
    return S2S_OK;
}

int probe_new(struct shared *shared, struct options_probe *options,
              struct probe **out)
{
    struct probe *p;
    int e = new_probe(shared, options->op, &p);
    if (e != S2S_OK)
        return e;
    s2s_result *r = p->result;
    p->options = *options;
    *options = (struct options_probe){.op = p->options.op};
    p->own_transport = !p->options.has_transport;
    p->own_tls = !p->options.has_tls;
    p->config = (struct initiator_config){
        .from = p->options.from,
        .to = p->options.to,
        .pipeline = (p->options.flags & S2S_PIPELINE) != 0,
        .verify = p->options.op == S2S_OP_PING,
        .verify_id = p->verify_id,
        .verify_key = p->verify_key,
        .limits = &shared->options.limits,
        .log = &shared->options.log,
    };
    r->from = result_text(r, p->options.from->unicode);
    r->to = result_text(r, domain_name(p->options.to));
    r->host = result_text(r, p->options.host);
    r->port = p->options.port;
    *out = p;
    return S2S_OK;
}

int probe_new_invalid(struct shared *shared, int op, const char *what,
                      struct probe **out)
{
    struct probe *p;
    int e = new_probe(shared, op, &p);
    if (e != S2S_OK)
        return e;
    result_fail(p->result, S2S_EINVALID_ARGUMENT, "%s", what);
    p->finished = true;
    *out = p;
    return S2S_OK;
}

void probe_free(struct probe *p)
{
    if (p == NULL)
        return;
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
