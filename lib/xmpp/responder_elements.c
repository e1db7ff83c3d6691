/* What the items of a stream mean to the receiving entity. */
#include "xmpp/responder_state.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/error.h"
#include "base/random.h"
#include "xmpp/features.h"
#include "xmpp/names.h"
#include "xmpp/stanza.h"
#include "xmpp/stream_error.h"
#include "xmpp/stream_header.h"
#include "xmpp/wire.h"

/* ---- The header ---- */

void responder_note(struct responder *r, const struct domain *from,
                    const struct domain *to)
{
    struct inbound *seen = r->seen;
    if (from != NULL && seen->from[0] == '\0')
        snprintf(seen->from, sizeof(seen->from), "%s", from->ascii);
    if (to != NULL && seen->to[0] == '\0')
        snprintf(seen->to, sizeof(seen->to), "%s", to->ascii);
}

/* Read whom it is from. */
static const char *take_from(struct responder *r, const char *from)
{
    struct domain *d = NULL;
    int e = from != NULL ? domain_parse(from, &d) : S2S_OK;
    if (e == S2S_ENO_MEMORY)
        return "internal-server-error";
    free(r->from);
    r->from = d;
    return e == S2S_OK ? NULL : "improper-addressing";
}

/* The header behind <success/> gives nobody another name: what has been
 * authenticated is the pair of the header before. */
static const char *compare_pair(const struct responder *r)
{
    const struct responder_pair *p = &r->pairs[0];
    if (!r->authenticated)
        return NULL;
    if (r->from != NULL && !domain_equal(p->from, r->from->ascii))
        return "invalid-from";
    if (r->local != NULL && !domain_equal(p->to, r->local->ascii))
        return "improper-addressing";
    return NULL;
}

/* Take what the header says; NULL, or the condition of a stream error. */
static const char *take_header(struct responder *r,
                               const struct stream_header_request *h)
{
    const struct responder_house *house = r->config->house;
    const char *condition = take_from(r, h->from);
    r->seen->header = true;
    r->local = h->to != NULL ? house->serves(house->user, h->to) : NULL;
    responder_note(r, r->from, r->local);
    if (h->foreign)
        return "invalid-namespace";
    if (h->to != NULL && r->local == NULL)
        return "host-unknown";
    return condition != NULL ? condition : compare_pair(r);
}

static enum responder_state next_state(const struct responder *r)
{
    if (r->authenticated)
        return AUTHENTICATED;
    return r->config->require_tls && !r->secured ? LOCKED : OPEN;
}

/* EXTERNAL is for a pair whose domain the certificate proves (XEP-0178, 3). */
static bool may_offer_external(struct responder *r)
{
    const struct responder_house *house = r->config->house;
    const char *why = NULL;
    if (!r->secured || r->authenticated || !r->config->request_certificate ||
        r->from == NULL || r->local == NULL)
        return false;
    if (house->trusts(house->user, r->from, &why))
        return true;
    snprintf(r->why, sizeof(r->why), "%s", why != NULL ? why : "");
    return false;
}

static int write_features(struct responder *r, enum responder_state state)
{
    const struct features_offer offer = {
        .starttls = r->config->offer_tls && !r->secured,
        .starttls_required = r->config->require_tls,
        .external = r->trusted,
        .dialback = state != LOCKED,
        .bidi = state == OPEN,
        .sm = state == AUTHENTICATED,
    };
    return features_write(&r->out, &offer);
}

/* Our header, with a `from` also when none of our domains is meant. */
static int write_header(struct responder *r,
                        const struct stream_header_request *h,
                        const char *condition)
{
    const char *from = condition != NULL ? "" : NULL;
    int e = random_hex(r->id, sizeof(r->id) / 2);
    if (e == S2S_OK)
        e = stream_header_write_response(
            &r->out, r->local != NULL ? r->local->unicode : from,
            r->from != NULL ? h->from : NULL, r->id, h->version);
    return e;
}

void responder_on_header(struct responder *r)
{
    struct stream_header_request h;
    const tree_node *n = tree_root(r->tree);
    size_t start = r->out.length;
    wire_received(r->config->log, n, tokenizer_verbatim(r->tokenizer));
    stream_header_read_request(n, &h);
    const char *condition = take_header(r, &h);
    enum responder_state state = next_state(r);
    r->trusted = condition == NULL && may_offer_external(r);
    int e = write_header(r, &h, condition);
    r->answered = e == S2S_OK;
    /* Without a version the peer knows no features (RFC 6120, 4.7.5). */
    if (e == S2S_OK && condition == NULL && h.version)
        e = write_features(r, state);
    if (responder_queue(r, start, e)) {
        if (condition != NULL)
            responder_refuse(r, condition);
        else
            r->state = state;
    }
    tree_clear(r->tree);
}

/* ---- TLS ---- */

static void on_starttls(struct responder *r, const tree_node *n)
{
    bool can = r->config->offer_tls && !r->secured;
    size_t start = r->out.length;
    (void)n;
    int e = buf_add_text(&r->out, can ? "<proceed xmlns='" NS_TLS "'/>"
                                      : "<failure xmlns='" NS_TLS "'/>");
    if (!responder_queue(r, start, e))
        return;
    if (!can) { /* RFC 6120, 5.4.2.2 */
        r->seen->refused++;
        responder_close(r, NULL, NULL);
        return;
    }
    r->seen->tls_tried = true;
    r->state = TLS;
}

/* ---- Stanzas ---- */

static bool filled(const tree_node *n, const char *name)
{
    const char *text = tree_attribute(n, name);
    return text != NULL && text[0] != '\0';
}

/* The domain of ours that a stanza is for, or NULL. */
static const struct domain *addressee(const struct responder *r,
                                      const tree_node *n)
{
    const struct responder_house *house = r->config->house;
    char to[DOMAIN_UNICODE_MAX];
    return stanza_domain(tree_attribute(n, "to"), to)
               ? house->serves(house->user, to)
               : NULL;
}

/* Who sends a stanza, or the condition that refuses it (RFC 6120, 8.1.1.2 and
 * 8.1.2.2). Who is known may write to any domain of ours: Prosody does so where
 * one stream of ours is for several. */
static const char *judge_stanza(const struct responder *r, const tree_node *n,
                                const struct domain **from)
{
    if (stanza_kind(n) == STANZA_NONE)
        return "unsupported-stanza-type";
    if (!r->authenticated)
        return "not-authorized";
    if (!filled(n, "from") || !filled(n, "to"))
        return "improper-addressing";
    for (size_t i = 0; i < r->pair_count; i++) {
        *from = r->pairs[i].from;
        if (r->pairs[i].authenticated &&
            stanza_domain_is(tree_attribute(n, "from"), *from))
            return NULL;
    }
    return "invalid-from";
}

static void on_stanza(struct responder *r, const tree_node *n)
{
    const struct responder_house *house = r->config->house;
    const struct domain *from = NULL;
    const struct domain *to = NULL;
    const char *condition = judge_stanza(r, n, &from);
    if (condition == NULL)
        to = addressee(r, n);
    if (condition == NULL && to == NULL)
        condition = "host-unknown";
    if (condition != NULL) {
        responder_refuse(r, condition);
        return;
    }
    r->seen->stanzas++;
    if (r->sm.on)
        r->sm.received++;
    house->stanza(house->user, from, to, n, tokenizer_verbatim(r->tokenizer));
}

/* ---- The rest ---- */

static void on_bidi(struct responder *r, const tree_node *n)
{
    (void)n;
    r->bidi = true; /* there is no answer: XEP-0288, 2.2 */
}

/* One <enable/> a stream, and nothing to resume (XEP-0198, 3 and 5). */
static int write_failed(struct responder *r, const tree_node *n)
{
    const char *const parts[] = {"<failed xmlns='",
                                 tree_ns(n),
                                 "'><",
                                 tree_is(n, tree_ns(n), "resume")
                                     ? "feature-not-implemented"
                                     : "unexpected-request",
                                 " xmlns='" NS_STANZA_ERRORS "'/></failed>",
                                 NULL};
    r->seen->refused++;
    return buf_add_texts(&r->out, parts);
}

static void on_sm_refused(struct responder *r, const tree_node *n)
{
    size_t start = r->out.length;
    responder_queue(r, start, write_failed(r, n));
}

static void on_sm(struct responder *r, const tree_node *n)
{
    size_t start = r->out.length;
    int e = S2S_OK;
    switch (sm_read(&r->sm, n)) {
    case SM_ENABLE:
        e = r->sm.on ? write_failed(r, n)
                     : sm_write_enabled(&r->sm, &r->out, sm_requested(n));
        break;
    case SM_ASKED:
        e = sm_write_answer(&r->sm, &r->out);
        break;
    case SM_BROKEN:
        responder_refuse(r, "undefined-condition");
        return;
    case SM_ACKED:
        return;
    default:
        r->seen->refused++;
        return;
    }
    if (e != S2S_OK || r->out.length > start)
        responder_queue(r, start, e);
}

/* RFC 6120, 4.9.1.1: whoever gets one ends the stream too. */
static void on_error(struct responder *r, const tree_node *n)
{
    stream_error_note(n, r->seen);
    responder_close(r, NULL, NULL);
}

static void on_foreign(struct responder *r, const tree_node *n)
{
    (void)n;
    responder_refuse(r, "invalid-namespace"); /* RFC 6120, 4.8.3 */
}

static void on_locked(struct responder *r, const tree_node *n)
{
    (void)n;
    r->seen->refused++;
    responder_close(r, "policy-violation", "TLS is required");
}

static void on_unknown(struct responder *r, const tree_node *n)
{
    (void)n;
    responder_refuse(r, "unsupported-stanza-type");
}

/* What a top-level element means in each state: the first row that fits. NULL
 * for a name fits any. */
static const struct rule {
    enum responder_state state;
    const char *ns, *local;
    void (*apply)(struct responder *, const tree_node *);
} rules[] = {
    {LOCKED, NS_TLS, "starttls", on_starttls},
    {LOCKED, NS_DIALBACK, "verify", responder_on_verify},
    {LOCKED, NS_DIALBACK, "result", responder_on_result},
    {LOCKED, NS_STREAMS, "error", on_error},
    {LOCKED, NULL, NULL, on_locked},
    {OPEN, NS_TLS, "starttls", on_starttls},
    {OPEN, NS_SASL, "auth", responder_on_auth},
    {OPEN, NS_SASL, NULL, responder_on_sasl},
    {OPEN, NS_DIALBACK, "verify", responder_on_verify},
    {OPEN, NS_DIALBACK, "result", responder_on_result},
    {OPEN, NS_BIDI, "bidi", on_bidi},
    {OPEN, NS_SM_2, "enable", on_sm_refused}, /* too early: XEP-0198, 3 */
    {OPEN, NS_SM_3, "enable", on_sm_refused},
    {OPEN, NS_SERVER, NULL, on_stanza},
    {OPEN, NS_CLIENT, NULL, on_foreign},
    {OPEN, NS_STREAMS, "error", on_error},
    {OPEN, NULL, NULL, on_unknown},
    {AUTHENTICATED, NS_DIALBACK, "verify", responder_on_verify},
    {AUTHENTICATED, NS_DIALBACK, "result", responder_on_result},
    {AUTHENTICATED, NS_SM_2, "resume", on_sm_refused},
    {AUTHENTICATED, NS_SM_3, "resume", on_sm_refused},
    {AUTHENTICATED, NS_SM_2, NULL, on_sm},
    {AUTHENTICATED, NS_SM_3, NULL, on_sm},
    {AUTHENTICATED, NS_SERVER, NULL, on_stanza},
    {AUTHENTICATED, NS_CLIENT, NULL, on_foreign},
    {AUTHENTICATED, NS_STREAMS, "error", on_error},
    {AUTHENTICATED, NULL, NULL, on_unknown},
};

static bool fits(const struct rule *rule, enum responder_state state,
                 const tree_node *n)
{
    return rule->state == state && tree_is(n, rule->ns, rule->local);
}

static void apply_rule(struct responder *r, const tree_node *n)
{
    size_t i = 0;
    while (!fits(&rules[i], r->state, n)) /* each state ends with any */
        i++;
    rules[i].apply(r, n);
}

void responder_on_element(struct responder *r)
{
    const tree_node *n = tree_root(r->tree);
    wire_received(r->config->log, n, tokenizer_verbatim(r->tokenizer));
    if (!r->authenticated && ++r->elements > r->config->limits->stanzas)
        responder_close(r, "policy-violation",
                        "too many elements before authentication");
    else
        apply_rule(r, n);
    tree_clear(r->tree);
}
