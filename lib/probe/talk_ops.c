/* What an authenticated probe does for each operation. */
#include "probe/talk_state.h"

#include <stdio.h>
#include <string.h>

#include "base/error.h"
#include "base/random.h"
#include "probe/listener.h"
#include "probe/stages.h"
#include "xmpp/stanza.h"

#define STANZA_MAX 1024u
/* How long an answer's stream stays: jabberd2 drops what it has when the stream
 * ends at once. */
#define GRACE_US 1000000

static int64_t now(const struct talk *t)
{
    return loop_now(&t->probe->shared->loop);
}

static void wake(struct talk *t)
{
    t->probe->wake(t->probe, t->probe->wake_user);
}

static void finish(struct talk *t)
{
    initiator_finish(t->probe->stream);
    wake(t);
}

/* ---- Ping ---- */

/* Whether an answer has a way to us. */
static bool has_return_path(const struct talk *t)
{
    const struct listener *l = t->probe->shared->listener;
    return t->probe->result->auth.bidi || (l != NULL && l->socket_count > 0);
}

static int queue_ping(struct talk *t)
{
    struct buf b;
    buf_init(&b, STANZA_MAX);
    int e = random_hex(t->id, (TALK_ID - 1) / 2);
    if (e == S2S_OK)
        e = stanza_write_ping(&b, t->probe->options.from->unicode,
                              t->probe->options.to->unicode, t->id);
    if (e == S2S_OK)
        e = initiator_send(t->probe->stream, b.data, b.length, true);
    buf_free(&b);
    return e;
}

static void send_ping(struct talk *t)
{
    struct probe *p = t->probe;
    initiator_enter(p->stream, S2S_STAGE_PING);
    p->result->ping_method = "iq";
    int e = queue_ping(t);
    if (e != S2S_OK) {
        initiator_fail(p->stream, e, error_text(e));
        return;
    }
    t->ping = t->last = result_add_ping(p->result, now(t));
    t->sent++;
}

static void first_ping(struct talk *t)
{
    struct probe *p = t->probe;
    if (p->options.ping_method == S2S_PING_DIALBACK_VERIFY) {
        initiator_ask_last(p->stream);
    } else if (has_return_path(t)) {
        send_ping(t);
    } else if (p->options.ping_method == S2S_PING_IQ) {
        result_find(p->result, FINDING_RETURN_NO_LISTENER, NULL);
        initiator_fail(p->stream, S2S_ENO_RETURN_PATH,
                       "nothing could carry the answer to a ping: no XEP-0288 "
                       "and no listener");
    } else {
        initiator_ask_last(p->stream);
    }
}

/* ---- A stream that stays open ---- */

static void plan_keepalive(struct talk *t)
{
    int64_t at = t->active + (int64_t)t->probe->options.keepalive_ms * 1000;
    (void)loop_set_timer(&t->probe->shared->loop, &t->next, at);
}

static void keep_alive(struct talk *t)
{
    int64_t idle = now(t) - t->active;
    if (idle >= (int64_t)t->probe->options.keepalive_ms * 1000) {
        initiator_keep_alive(t->probe->stream);
        t->active = now(t);
    }
    plan_keepalive(t);
}

void talk_on_next(void *user)
{
    struct talk *t = user;
    t->due = true;
    wake(t);
}

/* The next ping, an interval after the last one was sent; or the end. */
static void go_on(struct talk *t)
{
    const struct options_probe *o = &t->probe->options;
    int64_t at = t->ping->sent_at + (int64_t)o->interval_ms * 1000;
    t->ping = NULL;
    if (t->sent >= o->count)
        finish(t);
    else if (loop_set_timer(&t->probe->shared->loop, &t->next, at) != S2S_OK)
        initiator_fail(t->probe->stream, S2S_ENO_MEMORY,
                       error_text(S2S_ENO_MEMORY));
}

static void on_ping_error(struct talk *t, const char *condition)
{
    char text[160];
    s2s_result *r = t->probe->result;
    const char *name = condition != NULL ? condition : "no condition";
    const char *seen = result_untrusted(r, name, strlen(name));
    result_find(r, FINDING_PING_ERROR, seen);
    snprintf(text, sizeof(text), "the ping was answered by an error: %.80s",
             name);
    initiator_fail(t->probe->stream, S2S_EREMOTE_ERROR, text);
    wake(t);
}

static enum route_taken on_pong(struct talk *t, const tree_node *n,
                                struct tokenizer_span verbatim, const char *via)
{
    static const char *const names[] = {
        [STANZA_RESULT] = "result",
        [STANZA_UNSUPPORTED] = "unsupported",
        [STANZA_ERROR] = "error",
    };
    s2s_result *r = t->probe->result;
    const char *condition = NULL;
    enum stanza_answer a =
        t->ping != NULL
            ? stanza_read_answer(n, t->probe->options.from,
                                 t->probe->options.to, t->id, &condition)
            : STANZA_NO_ANSWER;
    if (a == STANZA_NO_ANSWER)
        return ROUTE_LEFT;
    t->ping->us = now(t) - t->ping->sent_at;
    t->ping->via = via;
    t->ping->answer = r->ping_answer = names[a];
    t->ping->condition = r->ping_condition = result_text(r, condition);
    result_add_text(r, &r->stanzas, verbatim.text, verbatim.length);
    if (a == STANZA_UNSUPPORTED)
        result_find(r, FINDING_PING_UNSUPPORTED, NULL);
    if (a == STANZA_ERROR)
        on_ping_error(t, condition);
    else
        go_on(t);
    return ROUTE_TAKEN;
}

/* ---- One stanza ---- */

static void send_stanza(struct talk *t)
{
    struct probe *p = t->probe;
    const char *text = p->options.stanza;
    initiator_enter(p->stream, S2S_STAGE_OPEN);
    int e = initiator_send(p->stream, text, strlen(text), true);
    if (e != S2S_OK)
        initiator_fail(p->stream, e, error_text(e));
    t->collecting = e == S2S_OK;
    if (e == S2S_OK && p->errand)
        (void)loop_set_timer(&p->shared->loop, &t->next, now(t) + GRACE_US);
}

static enum route_taken collect(struct talk *t, const tree_node *n,
                                struct tokenizer_span verbatim)
{
    s2s_result *r = t->probe->result;
    const char *id = tree_attribute(n, "id");
    const char *type = tree_attribute(n, "type");
    bool iq = stanza_kind(n) == STANZA_IQ && type != NULL;
    bool answer =
        iq && (strcmp(type, "result") == 0 || strcmp(type, "error") == 0);
    result_add_text(r, &r->stanzas, verbatim.text, verbatim.length);
    if (answer && t->stanza.request && id != NULL &&
        strcmp(id, t->stanza.id) == 0) {
        finish(t);
        return ROUTE_TAKEN;
    }
    /* A request is kept too, and answered as if we were not here. */
    return iq && !answer ? ROUTE_LEFT : ROUTE_SHARED;
}

/* ---- What comes ---- */

static enum route_taken dispatch(struct talk *t, const tree_node *n,
                                 struct tokenizer_span verbatim, uint32_t via)
{
    switch (t->probe->options.op) {
    case S2S_OP_PING:
        return on_pong(t, n, verbatim,
                       via == S2S_VIA_STREAM ? "stream" : "inbound");
    case S2S_OP_SEND:
        return collect(t, n, verbatim);
    case TALK_OP_STREAM:
        t->probe->observer->stanza(t->probe->observer->user, verbatim, via);
        return ROUTE_SHARED;
    default:
        return ROUTE_LEFT;
    }
}

enum route_taken talk_on_inbound(void *user, const tree_node *n,
                                 struct tokenizer_span verbatim)
{
    struct talk *t = user;
    if (t->probe->stream == NULL || t->probe->finished || t->probe->errand)
        return ROUTE_LEFT;
    return dispatch(t, n, verbatim, S2S_VIA_INBOUND);
}

static void answer(struct talk *t, const tree_node *n)
{
    struct buf b;
    buf_init(&b, STANZA_MAX * 8);
    if (stanza_write_answer(&b, n) == S2S_OK && b.length > 0)
        (void)initiator_send(t->probe->stream, b.data, b.length, false);
    buf_free(&b);
}

/* The domain of ours that a stanza of the peer is for, if the stream is for
 * that too. */
static const struct domain *addressee(const struct probe *p, const tree_node *n)
{
    if (stanza_is_between(n, p->options.to, p->options.from))
        return p->options.from;
    for (size_t i = 0; i < p->options.also_count; i++)
        if (stanza_is_between(n, p->options.to, p->options.also_from[i]))
            return p->options.also_from[i];
    return NULL;
}

/* A server has one stream to us where it may (XEP-0288): what comes here may be
 * for another one of the pair. */
static bool offer_others(struct talk *t, const struct domain *ours,
                         const tree_node *n, struct tokenizer_span verbatim)
{
    struct probe *p = t->probe;
    return router_deliver(&p->shared->router, &t->route, p->options.to, ours, n,
                          verbatim);
}

/* Stanzas on our own stream: with XEP-0288, or against the rules by a peer
 * that is known to be the one. */
void talk_on_own_stream(void *user, const tree_node *n,
                        struct tokenizer_span verbatim)
{
    struct talk *t = user;
    struct probe *p = t->probe;
    bool verified = talk_peer_verified(t);
    const struct domain *ours = addressee(p, n);
    if ((!p->result->auth.bidi && !verified) || ours == NULL)
        return;
    enum route_taken taken = dispatch(t, n, verbatim, S2S_VIA_STREAM);
    /* Others get nothing from a peer that may be anybody. */
    if (taken != ROUTE_TAKEN && verified && offer_others(t, ours, n, verbatim))
        taken = ROUTE_TAKEN;
    if (taken == ROUTE_LEFT && p->result->auth.bidi)
        answer(t, n);
}

void talk_on_ready(void *user)
{
    struct talk *t = user;
    switch (t->probe->options.op) {
    case S2S_OP_PING:
        first_ping(t);
        break;
    case S2S_OP_SEND:
        send_stanza(t);
        break;
    case TALK_OP_STREAM:
        stages_unlimit(t->probe);
        initiator_enter(t->probe->stream, S2S_STAGE_OPEN);
        t->active = now(t);
        plan_keepalive(t);
        if (t->probe->own_transport)
            tcp_settled(t->probe->link.conn);
        t->probe->observer->open(t->probe->observer->user);
        break;
    default:
        initiator_finish(t->probe->stream);
    }
}

void talk_on_acked(void *user)
{
    struct talk *t = user;
    const struct result_acks *a = &t->probe->result->acks;
    /* The answer may have come before. */
    if (t->last != NULL && t->last->ack_us < 0 && a->acked == a->sent)
        t->last->ack_us = now(t) - t->last->sent_at;
    if (t->probe->errand && a->acked == a->sent)
        finish(t);
    if (t->probe->options.op == TALK_OP_STREAM)
        t->probe->observer->acked(t->probe->observer->user, a->acked);
}

/* ---- Steps ---- */

void talk_step(struct talk *t)
{
    if (!t->due || t->probe->stream == NULL)
        return;
    t->due = false;
    if (t->probe->errand)
        initiator_finish(t->probe->stream);
    else if (t->probe->options.op == TALK_OP_STREAM)
        keep_alive(t);
    else
        send_ping(t);
}

bool talk_ends_in_time(const struct talk *t)
{
    size_t queued = 0;
    if (!t->collecting || t->stanza.request || t->probe->stream == NULL)
        return false;
    (void)initiator_engine.output(t->probe->stream, &queued);
    return queued == 0;
}
