#include "probe/talk_state.h"

#include <stdlib.h>
#include <string.h>

#include "base/error.h"
#include "net/identity.h"
#include "probe/listener.h"

#define PER_PING 4u /* elements: pong, acknowledgement, a request of theirs */

static void wake(struct talk *t)
{
    t->probe->wake(t->probe, t->probe->wake_user);
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

bool talk_peer_verified(const struct talk *t)
{
    return result_verified(t->probe->result);
}

/* Whether others may use the stream: an errand's is about to end. */
static bool is_for_others(const struct talk *t)
{
    return t->probe->stream != NULL && !t->probe->errand &&
           talk_peer_verified(t);
}

static int ask(void *user, const char *from, const char *to, const char *id,
               const char *key)
{
    struct talk *t = user;
    if (!is_for_others(t))
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
    t->active = loop_now(&t->probe->shared->loop);
    if (e == S2S_OK)
        wake(t);
    return e;
}

static void note(void *user, const struct inbound *seen)
{
    struct talk *t = user;
    result_add_inbound(t->probe->result, seen);
}

static int send_for_router(void *user, const void *bytes, size_t length)
{
    struct talk *t = user;
    return is_for_others(t) ? talk_send(t, bytes, length) : S2S_EPOLICY;
}

static void join(struct talk *t)
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

bool talk_key_checked(const struct talk *t)
{
    return t->key_checked;
}

/* ---- Life ---- */

static bool wanted(const struct probe *p)
{
    const struct options_probe *o = &p->options;
    switch (o->op) {
    case S2S_OP_CHECK:
        return false;
    case S2S_OP_CONNECT:
        return (o->flags & S2S_AUTHENTICATE) != 0;
    case S2S_OP_PING:
        return o->ping_method == S2S_PING_IQ ||
               (o->ping_method == S2S_PING_AUTO &&
                shared_identity(p->shared, &p->options) != NULL);
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

/* A key under the name of another domain than the one whose certificate is
 * verified would let the peer speak for us there. */
static bool may_use_dialback(const struct options_probe *o)
{
    return (o->flags & S2S_NO_DIALBACK) == 0 && !o->to->renamed;
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
    c->dialback = may_use_dialback(o);
    c->unverified = (no & S2S_DIALBACK_UNVERIFIED) != 0 && !o->host_given;
    c->bidi = (no & S2S_NO_BIDI) == 0;
    c->acks = (no & S2S_NO_ACKS) == 0;
    c->endless = o->op == TALK_OP_STREAM;
    c->expected = o->op == S2S_OP_PING ? o->count * PER_PING : 0;
    c->secret = t->identity->secret;
    c->also = t->also;
    c->also_count = o->also_count;
    c->house = &t->house;
}

static void set_route(struct talk *t)
{
    t->house = (struct initiator_house){
        .user = t,
        .ready = talk_on_ready,
        .stanza = talk_on_own_stream,
        .acked = talk_on_acked,
        .verdict = on_verdict,
    };
    t->route = (struct route){
        .from = t->probe->options.from,
        .to = t->probe->options.to,
        .also = (const struct domain *const *)t->probe->options.also_from,
        .also_count = t->probe->options.also_count,
        .user = t,
        .sent_key = sent_key,
        .take = talk_on_inbound,
        .note = note,
        .ask = ask,
        .send = send_for_router,
    };
    t->next = (struct timer){.fire = talk_on_next, .user = t};
}

static int new_talk(struct probe *p)
{
    const struct options_identity *i = shared_identity(p->shared, &p->options);
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

/* Why there is no talk. */
static void refuse(struct probe *p, int error)
{
    s2s_result *r = p->result;
    if (error == S2S_EPOLICY)
        result_fail(r, error,
                    "there is no identity for %.300s, or for another domain "
                    "to authenticate",
                    r->from != NULL ? r->from : "");
    else if (error == S2S_EINVALID_ARGUMENT)
        result_fail(r, error,
                    "stanza: not one message, presence or iq between the two "
                    "domains");
    else
        result_fail(r, error, "%s", error_text(error));
}

bool talk_begin(struct probe *p)
{
    if (!wanted(p))
        return true;
    int e = new_talk(p);
    if (e != S2S_OK) {
        refuse(p, e);
        return false;
    }
    join(p->talk);
    return true;
}

void talk_judge_identity(struct talk *t)
{
    const struct probe *p = t->probe;
    struct shared *s = p->shared;
    int64_t now = s->wall_clock();
    if (t->judged)
        return;
    t->judged = true;
    if (p->options.identity != NULL)
        identity_judge(t->identity, s->trust, now, p->result);
    else
        identity_verdicts_judge(&s->verdicts, t->identity, s->trust, now,
                                p->result);
}

void talk_free(struct talk *t)
{
    if (t == NULL)
        return;
    talk_leave(t);
    free(t);
}
