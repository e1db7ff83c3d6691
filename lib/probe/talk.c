#include "probe/talk.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/error.h"
#include "base/random.h"
#include "probe/listener.h"
#include "xmpp/stanza_check.h"

#define ID_BYTES   16
#define STANZA_MAX 1024u

struct talk {
    struct probe *probe;
    const struct options_identity *identity;
    struct guest guest;
    struct route route;
    struct initiator_house house;
    struct initiator_also also[OPTIONS_ALSO];
    bool joined;
    bool key_checked;

    struct loop_timer next; /* ping */
    bool due;
    struct result_ping *ping; /* the one that is out */
    uint32_t sent;            /* pings */
    char id[2 * ID_BYTES + 1];
    struct stanza_facts stanza; /* of S2S_OP_SEND */
    bool collecting;            /* it was sent */
};

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
    int e = random_hex(t->id, ID_BYTES);
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
    t->ping = result_add_ping(p->result, now(t));
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

static void on_next(void *user)
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
}

static enum route_taken collect(struct talk *t, const tree_node *n,
                                struct tokenizer_span verbatim)
{
    s2s_result *r = t->probe->result;
    const char *id = tree_attribute(n, "id");
    const char *type = tree_attribute(n, "type");
    bool answer = stanza_kind(n) == STANZA_IQ && type != NULL &&
                  (strcmp(type, "result") == 0 || strcmp(type, "error") == 0);
    result_add_text(r, &r->stanzas, verbatim.text, verbatim.length);
    if (answer && t->stanza.request && id != NULL &&
        strcmp(id, t->stanza.id) == 0) {
        finish(t);
        return ROUTE_TAKEN;
    }
    return ROUTE_SHARED;
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

static enum route_taken on_inbound(void *user, const tree_node *n,
                                   struct tokenizer_span verbatim)
{
    struct talk *t = user;
    if (t->probe->stream == NULL || t->probe->finished)
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

/* Stanzas on our own stream: with XEP-0288, or against the rules by a peer
 * that is known to be the one. */
static void on_own_stream(void *user, const tree_node *n,
                          struct tokenizer_span verbatim)
{
    struct talk *t = user;
    struct probe *p = t->probe;
    const struct result_certificate *c = &p->result->tls.certificate;
    bool known = c->chain == RESULT_OK && c->name == RESULT_OK;
    if ((!p->result->auth.bidi && !known) ||
        !stanza_is_between(n, p->options.to, p->options.from))
        return;
    if (dispatch(t, n, verbatim, S2S_VIA_STREAM) == ROUTE_LEFT &&
        p->result->auth.bidi)
        answer(t, n);
}

static void on_ready(void *user)
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
        loop_clear_timer(&t->probe->shared->loop, &t->probe->deadline);
        initiator_enter(t->probe->stream, S2S_STAGE_OPEN);
        t->probe->observer->open(t->probe->observer->user);
        break;
    default:
        initiator_finish(t->probe->stream);
    }
}

static void on_acked(void *user)
{
    struct talk *t = user;
    const struct result_acks *a = &t->probe->result->acks;
    if (t->ping != NULL && t->ping->ack_us < 0 && a->acked == a->sent)
        t->ping->ack_us = now(t) - t->ping->sent_at;
    if (t->probe->options.op == TALK_OP_STREAM)
        t->probe->observer->acked(t->probe->observer->user, a->acked);
}

static void on_verdict(void *user, const char *from, const char *to,
                       const char *id, enum dialback_answer answer,
                       const char *condition)
{
    struct talk *t = user;
    router_answer(&t->probe->shared->router, from, to, id, answer, condition);
}

/* ---- The router's side ---- */

static const char *secret_for(const struct talk *t, const char *domain,
                              const char **name)
{
    const struct initiator_config *c = &t->probe->config;
    *name = c->from->unicode;
    if (domain_equal(c->from, domain))
        return c->secret;
    for (size_t k = 0; k < c->also_count; k++) {
        *name = c->also[k].domain->unicode;
        if (domain_equal(c->also[k].domain, domain))
            return c->also[k].secret;
    }
    return NULL;
}

static bool sent_key(void *user, const char *from, const char *id,
                     const char *key)
{
    struct talk *t = user;
    const struct probe *p = t->probe;
    const char *name;
    const char *secret = secret_for(t, from, &name);
    const char *mine =
        p->stream != NULL ? initiator_stream_id(p->stream) : NULL;
    char expected[CRYPTO_HEX];
    if (secret == NULL || mine == NULL || strcmp(mine, id) != 0 ||
        dialback_key(secret, p->options.to->unicode, name, id, expected) !=
            S2S_OK)
        return false;
    bool equal = dialback_key_equal(expected, key);
    explicit_bzero(expected, sizeof(expected));
    t->key_checked = t->key_checked || equal;
    return equal;
}

static int ask(void *user, const char *from, const char *to, const char *id,
               const char *key)
{
    struct talk *t = user;
    const struct result_certificate *c = &t->probe->result->tls.certificate;
    if (t->probe->stream == NULL || c->chain != RESULT_OK ||
        c->name != RESULT_OK)
        return S2S_EPOLICY;
    int e = initiator_ask(t->probe->stream, from, to, id, key);
    if (e == S2S_OK)
        wake(t);
    return e;
}

int talk_check(const struct talk *t, const char *text, size_t length,
               struct stanza_facts *out)
{
    const struct domain *ours[OPTIONS_ALSO + 1];
    size_t count = 0;
    ours[count++] = t->probe->options.from;
    for (size_t k = 0; k < t->probe->options.also_count; k++)
        ours[count++] = t->probe->options.also_from[k];
    return stanza_check(text, length, ours, count, t->probe->options.to, out);
}

int talk_send(struct talk *t, const void *bytes, size_t length)
{
    if (t->probe->stream == NULL)
        return S2S_EPOLICY;
    int e = initiator_send(t->probe->stream, bytes, length,
                           t->probe->options.op == TALK_OP_STREAM);
    if (e == S2S_OK)
        wake(t);
    return e;
}

static int send_for_router(void *user, const void *bytes, size_t length)
{
    return talk_send(user, bytes, length);
}

void talk_join(struct talk *t)
{
    struct shared *s = t->probe->shared;
    if (t->joined)
        return;
    t->joined = true;
    router_add(&s->router, &t->route);
    if (t->guest.identity != NULL)
        TAILQ_INSERT_TAIL(&s->guests, &t->guest, link);
}

void talk_leave(struct talk *t)
{
    struct shared *s = t->probe->shared;
    if (!t->joined)
        return;
    t->joined = false;
    loop_clear_timer(&s->loop, &t->next);
    router_remove(&s->router, &t->route);
    if (t->guest.identity == NULL)
        return;
    TAILQ_REMOVE(&s->guests, &t->guest, link);
    if (s->listener != NULL)
        listener_forget(s->listener, t->guest.identity);
}

/* ---- Steps ---- */

void talk_step(struct talk *t)
{
    if (!t->due || t->probe->stream == NULL)
        return;
    t->due = false;
    send_ping(t);
}

void talk_drop_certificate(struct talk *t)
{
    t->probe->config.external = false;
}

const struct options_identity *talk_identity(const struct talk *t)
{
    return t->identity;
}

bool talk_ends_in_time(const struct talk *t)
{
    size_t queued = 0;
    if (!t->collecting || t->stanza.request || t->probe->stream == NULL)
        return false;
    (void)initiator_engine.output(t->probe->stream, &queued);
    return queued == 0;
}

bool talk_key_checked(const struct talk *t)
{
    return t->key_checked;
}

/* ---- Life ---- */

static const struct options_identity *find_identity(const struct probe *p)
{
    return p->options.identity != NULL
               ? p->options.identity
               : options_identity(&p->shared->options, p->options.from);
}

bool talk_wanted(const struct probe *p)
{
    const struct options_probe *o = &p->options;
    switch (o->op) {
    case S2S_OP_CONNECT:
        return (o->flags & S2S_AUTHENTICATE) != 0;
    case S2S_OP_PING:
        return o->ping_method == S2S_PING_IQ ||
               (o->ping_method == S2S_PING_AUTO && find_identity(p) != NULL);
    default:
        return true;
    }
}

static int set_others(struct talk *t)
{
    const struct options_probe *o = &t->probe->options;
    for (size_t k = 0; k < o->also_count; k++) {
        const struct options_identity *i =
            options_identity(&t->probe->shared->options, o->also_from[k]);
        if (i == NULL)
            return S2S_EPOLICY;
        t->also[k] = (struct initiator_also){i->domain, i->secret};
    }
    return S2S_OK;
}

static void set_config(struct talk *t)
{
    const struct options_probe *o = &t->probe->options;
    struct initiator_config *c = &t->probe->config;
    uint32_t no = o->flags;
    c->authenticate = true;
    c->verify = false;
    c->external =
        t->identity->certificate != NULL && (no & S2S_NO_EXTERNAL) == 0;
    c->dialback = (no & S2S_NO_DIALBACK) == 0;
    c->unverified = (no & S2S_DIALBACK_UNVERIFIED) != 0 && !o->host_given;
    c->bidi = (no & S2S_NO_BIDI) == 0;
    c->acks = (no & S2S_NO_ACKS) == 0;
    c->endless = o->op == TALK_OP_STREAM;
    c->secret = t->identity->secret;
    c->also = t->also;
    c->also_count = o->also_count;
    c->house = &t->house;
}

static void set_route(struct talk *t)
{
    t->house = (struct initiator_house){
        .user = t,
        .ready = on_ready,
        .stanza = on_own_stream,
        .acked = on_acked,
        .verdict = on_verdict,
    };
    t->route = (struct route){
        .from = t->probe->options.from,
        .to = t->probe->options.to,
        .user = t,
        .sent_key = sent_key,
        .take = on_inbound,
        .ask = ask,
        .send = send_for_router,
    };
    t->next = (struct loop_timer){.fire = on_next, .user = t};
}

int talk_new(struct probe *p)
{
    const struct options_identity *i = find_identity(p);
    if (i == NULL)
        return S2S_EPOLICY;
    struct talk *t = calloc(1, sizeof(*t));
    if (t == NULL)
        return S2S_ENO_MEMORY;
    t->probe = p;
    t->identity = i;
    if (p->options.identity != NULL)
        t->guest.identity = p->options.identity;
    set_route(t);
    int e = set_others(t);
    if (e == S2S_OK && p->options.op == S2S_OP_SEND)
        e = talk_check(t, p->options.stanza, strlen(p->options.stanza),
                       &t->stanza);
    if (e != S2S_OK) {
        free(t);
        return e;
    }
    set_config(t);
    p->talk = t;
    return S2S_OK;
}

void talk_free(struct talk *t)
{
    if (t == NULL)
        return;
    talk_leave(t);
    free(t);
}
