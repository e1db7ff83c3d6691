/* Who the peer is: SASL EXTERNAL, Server Dialback, and the pairs of domains
 * that came out of them. */
#include "xmpp/responder_state.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/error.h"
#include "xmpp/names.h"
#include "xmpp/sasl.h"
#include "xmpp/wire.h"

#define VERIFIES_MAX 10u /* answered to a stranger */
#define TRIES_MAX    3u  /* RFC 6120, 6.4.5 */
#define ASKS_MAX     16u /* each costs us a connection */
#define PENDING_MAX  4u  /* of them at a time */
#define KEY_MAX      256u

/* Why the peer is not authenticated; the first reason is kept. */
static void note_refusal(struct responder *r, const char *method,
                         const char *why)
{
    char *out = r->seen->auth_error;
    if (out[0] == '\0')
        snprintf(out, sizeof(r->seen->auth_error), "%s: %s", method, why);
}

/* ---- Pairs ---- */

static struct responder_pair *find_pair(struct responder *r,
                                        const struct domain *from,
                                        const struct domain *to)
{
    for (size_t i = 0; i < r->pair_count; i++)
        if (domain_equal(r->pairs[i].from, from->ascii) &&
            domain_equal(r->pairs[i].to, to->ascii))
            return &r->pairs[i];
    return NULL;
}

static void drop_pair(struct responder *r, struct responder_pair *p)
{
    free(p->from);
    free(p->from_text);
    *p = r->pairs[--r->pair_count];
}

void responder_drop_pairs(struct responder *r)
{
    while (r->pair_count > 0)
        drop_pair(r, &r->pairs[r->pair_count - 1]);
}

void responder_admit(struct responder *r, struct responder_pair *pair,
                     enum inbound_auth how)
{
    pair->authenticated = true;
    r->authenticated = true;
    if (r->seen->auth == INBOUND_NOBODY)
        r->seen->auth = how;
}

/* Takes `from` over, when it succeeds; there is room. */
static struct responder_pair *add_pair(struct responder *r, struct domain *from,
                                       const struct domain *to,
                                       const struct dialback_request *q)
{
    size_t from_size = strlen(q->from) + 1;
    size_t to_size = strlen(q->to) + 1;
    char *text = malloc(from_size + to_size);
    if (text == NULL)
        return NULL;
    memcpy(text, q->from, from_size);
    memcpy(text + from_size, q->to, to_size);
    struct responder_pair *p = &r->pairs[r->pair_count++];
    *p = (struct responder_pair){
        .from = from, .to = to, .from_text = text, .to_text = text + from_size};
    return p;
}

/* ---- SASL ---- */

/* NULL, or the failure's condition and why. */
static const char *judge_auth(const struct responder *r, const tree_node *n,
                              const char **why)
{
    char authzid[SASL_AUTHZID];
    const char *condition = sasl_read_auth(n, authzid);
    *why = condition;
    if (condition != NULL)
        return condition;
    if (!r->secured)
        return *why = "encryption-required";
    if (!r->config->request_certificate)
        return *why = "invalid-mechanism";
    *why = "the stream header does not say from and to";
    if (r->from == NULL || r->local == NULL)
        return "not-authorized";
    *why = r->why;
    if (!r->trusted)
        return "not-authorized";
    *why = "the authorization identity is not the stream's from";
    if (authzid[0] != '\0' && !domain_equal(r->from, authzid))
        return "invalid-authzid";
    return NULL;
}

static void refuse_auth(struct responder *r, const char *condition)
{
    size_t start = r->out.length;
    r->seen->refused++;
    if (!responder_queue(r, start, sasl_write_failure(&r->out, condition)))
        return;
    if (++r->tries >= TRIES_MAX)
        responder_close(r, "policy-violation", "too many attempts");
}

/* The pair of the header is what has been proved. */
static void accept_auth(struct responder *r)
{
    size_t start = r->out.length;
    if (!responder_queue(r, start, sasl_write_success(&r->out)))
        return;
    responder_drop_pairs(r); /* keys were for the id of a stream that ends */
    r->pairs[0] = (struct responder_pair){.from = r->from, .to = r->local};
    r->pair_count = 1;
    r->from = NULL;
    responder_admit(r, &r->pairs[0], INBOUND_EXTERNAL);
    responder_restart(r);
}

void responder_on_auth(struct responder *r, const tree_node *n)
{
    const char *why = NULL;
    const char *condition = judge_auth(r, n, &why);
    r->seen->auth_tried = true;
    if (condition == NULL) {
        accept_auth(r);
        return;
    }
    note_refusal(r, "SASL EXTERNAL", why);
    refuse_auth(r, condition);
}

void responder_on_sasl(struct responder *r, const tree_node *n)
{
    refuse_auth(r,
                tree_is(n, NS_SASL, "abort") ? "aborted" : "malformed-request");
}

/* ---- Dialback ---- */

/* An answer to a request, which also says that it has failed. */
static void answer(struct responder *r, enum dialback_kind kind,
                   const char *from, const char *to, const char *id,
                   enum dialback_answer what, const char *condition)
{
    size_t start = r->out.length;
    responder_queue(
        r, start,
        dialback_write_answer(&r->out, kind, from, to, id, what, condition));
}

/* A request, or false for what was refused. Whatever has a type answers a
 * question that we have not asked here (XEP-0220, 3.1). */
static bool read_request(struct responder *r, const tree_node *n,
                         struct dialback_request *out)
{
    if (!dialback_read_request(n, out)) {
        responder_refuse(r, NULL);
        return false;
    }
    if (out->from == NULL || out->to == NULL) {
        responder_refuse(r, "improper-addressing");
        return false;
    }
    return true;
}

/* Those who send no header attributes are known by their requests. */
static void note_request(struct responder *r, const struct dialback_request *q)
{
    const struct responder_house *house = r->config->house;
    struct domain *from = NULL;
    if (r->seen->from[0] == '\0')
        (void)domain_parse(q->from, &from);
    responder_note(r, from, house->serves(house->user, q->to));
    free(from);
}

void responder_on_verify(struct responder *r, const tree_node *n)
{
    const struct responder_house *house = r->config->house;
    struct dialback_request q;
    if (!read_request(r, n, &q))
        return;
    if (q.id == NULL) {
        responder_refuse(r, "bad-format");
        return;
    }
    if (!r->authenticated && r->seen->verifies >= VERIFIES_MAX) {
        responder_refuse(r, "policy-violation");
        return;
    }
    note_request(r, &q);
    enum dialback_answer a = house->verify(house->user, &q);
    r->seen->verifies++;
    r->seen->verifies_valid += a == DIALBACK_VALID;
    answer(r, DIALBACK_VERIFY, q.to, q.from, q.id,
           a == DIALBACK_OTHER ? DIALBACK_INVALID : a,
           a == DIALBACK_ERROR ? "item-not-found" : NULL);
}

/* Keys that the house is asking about. */
static size_t pending(const struct responder *r)
{
    size_t n = 0;
    for (size_t i = 0; i < r->pair_count; i++)
        n += r->pairs[i].authenticated ? 0 : 1;
    return n;
}

/* The dialback error that refuses a key (XEP-0220, 2.5), or NULL. */
static const char *judge_result(struct responder *r,
                                const struct dialback_request *q,
                                const struct domain *from,
                                const struct domain *to)
{
    if (r->state == LOCKED)
        return "policy-violation";
    if (to == NULL)
        return "item-not-found";
    if (q->key == NULL || q->key[0] == '\0' || strlen(q->key) > KEY_MAX)
        return "not-acceptable";
    const struct responder_pair *p = find_pair(r, from, to);
    if (p != NULL)
        return p->authenticated ? NULL : "unexpected-request";
    if (r->pair_count == RESPONDER_DOMAINS || r->asks == ASKS_MAX ||
        pending(r) == PENDING_MAX)
        return "resource-constraint";
    return NULL;
}

static void refuse_result(struct responder *r, const struct dialback_request *q,
                          const char *condition)
{
    r->seen->refused++;
    note_refusal(r, "dialback", condition);
    answer(r, DIALBACK_RESULT, q->to, q->from, NULL, DIALBACK_ERROR, condition);
}

/* The pair that owns this and is still asked for, or NULL. */
static struct responder_pair *find_pending(struct responder *r,
                                           const struct domain *from)
{
    for (size_t i = 0; i < r->pair_count; i++)
        if (r->pairs[i].from == from && !r->pairs[i].authenticated)
            return &r->pairs[i];
    return NULL;
}

/* Takes `from` over, when it succeeds. The verdict may come before the house
 * returns. */
static int ask(struct responder *r, const struct dialback_request *q,
               struct domain *from, const struct domain *to)
{
    const struct responder_house *house = r->config->house;
    if (add_pair(r, from, to, q) == NULL)
        return S2S_ENO_MEMORY;
    r->asks++;
    int e = house->ask(house->user, from, to, r->id, q->key);
    struct responder_pair *p = e != S2S_OK ? find_pending(r, from) : NULL;
    if (p == NULL)
        return S2S_OK;
    p->from = NULL; /* the caller's again */
    drop_pair(r, p);
    return e;
}

static void take_result(struct responder *r, const struct dialback_request *q,
                        struct domain *from)
{
    const struct responder_house *house = r->config->house;
    const struct domain *to = house->serves(house->user, q->to);
    responder_note(r, from, to);
    const char *condition = judge_result(r, q, from, to);
    if (condition == NULL && find_pair(r, from, to) != NULL) {
        answer(r, DIALBACK_RESULT, q->to, q->from, NULL, DIALBACK_VALID, NULL);
    } else if (condition == NULL) {
        int e = ask(r, q, from, to);
        if (e == S2S_OK)
            return;
        condition = e == S2S_ENO_MEMORY || e == S2S_ELIMIT || e == S2S_EBUSY
                        ? "resource-constraint"
                        : "not-acceptable";
    }
    if (condition != NULL)
        refuse_result(r, q, condition);
    free(from);
}

void responder_on_result(struct responder *r, const tree_node *n)
{
    struct dialback_request q;
    struct domain *from = NULL;
    if (!read_request(r, n, &q))
        return;
    r->seen->auth_tried = true;
    int e = domain_parse(q.from, &from);
    if (e == S2S_OK)
        take_result(r, &q, from);
    else
        responder_refuse(r, e == S2S_ENO_MEMORY ? "internal-server-error"
                                                : "improper-addressing");
}

/* ---- What the house found out ---- */

static void on_valid(struct responder *r, struct responder_pair *p)
{
    responder_admit(r, p, INBOUND_DIALBACK);
    r->state = AUTHENTICATED;
    tokenizer_set_element_limit(r->tokenizer,
                                r->config->limits->element_authenticated,
                                r->config->limits->nodes);
    answer(r, DIALBACK_RESULT, p->to_text, p->from_text, NULL, DIALBACK_VALID,
           NULL);
}

/* Where others are authenticated, the stream stays (XEP-0220, 2.2.1). */
static void on_invalid(struct responder *r, struct responder_pair *p)
{
    bool others = r->authenticated;
    note_refusal(r, "dialback", "their own server says the key is invalid");
    r->seen->refused++;
    answer(r, DIALBACK_RESULT, p->to_text, p->from_text, NULL,
           others ? DIALBACK_ERROR : DIALBACK_INVALID,
           others ? "forbidden" : NULL);
    drop_pair(r, p);
    if (!others)
        responder_close(r, NULL, NULL);
}

static void on_failed(struct responder *r, struct responder_pair *p,
                      const char *condition)
{
    if (condition == NULL)
        condition = "remote-server-not-found"; /* XEP-0220, 2.5 */
    note_refusal(r, "dialback", condition);
    r->seen->refused++;
    answer(r, DIALBACK_RESULT, p->to_text, p->from_text, NULL, DIALBACK_ERROR,
           condition);
    drop_pair(r, p);
}

void responder_verdict(struct responder *r, const struct domain *from,
                       const struct domain *to, const char *id,
                       enum dialback_answer what, const char *condition)
{
    struct responder_pair *p = find_pair(r, from, to);
    if ((r->state != OPEN && r->state != AUTHENTICATED) || p == NULL ||
        p->authenticated || strcmp(id, r->id) != 0)
        return;
    if (what == DIALBACK_VALID)
        on_valid(r, p);
    else if (what == DIALBACK_INVALID)
        on_invalid(r, p);
    else
        on_failed(r, p, condition);
}
