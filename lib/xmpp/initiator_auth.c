/* How the initiating entity proves who it is: SASL EXTERNAL (XEP-0178), then
 * dialback (XEP-0220). */
#include "xmpp/initiator_state.h"

#include <stdio.h>
#include <string.h>

#include "xmpp/names.h"
#include "xmpp/sasl.h"

#define TEXT_MAX   400u
#define OUTPUT_MAX (1u << 20) /* once authenticated */

static void fail(struct initiator *i, int error, const char *text)
{
    initiator_fail(i, error, text);
}

/* ---- SASL EXTERNAL ---- */

static void send_auth(struct initiator *i)
{
    size_t start = i->out.length;
    int e = sasl_write_auth(&i->out, i->config->from->unicode);
    if (initiator_queue(i, start, initiator_check(i, start, e, false), true))
        i->state = SASL;
}

void initiator_on_success(struct initiator *i, const tree_node *n)
{
    (void)n;
    i->result->auth.external = "success";
    i->result->auth.method = "external";
    i->authenticated = true;
    int e = initiator_restart(i);
    if (e != S2S_OK)
        fail(i, e, error_text(e));
}

/* ---- Dialback ---- */

static int append_key(struct initiator *i, const struct domain *from,
                      const char *secret)
{
    const char *to = i->config->to->unicode;
    char key[CRYPTO_HEX];
    int e = dialback_key(secret, to, from->unicode, i->stream->id, key);
    if (e == S2S_OK)
        e = dialback_write_result(&i->out, from->unicode, to, key);
    explicit_bzero(key, sizeof(key));
    return e;
}

static bool send_key(struct initiator *i, const struct domain *from,
                     const char *secret)
{
    size_t start = i->out.length;
    int e = append_key(i, from, secret);
    return initiator_queue(i, start, initiator_check(i, start, e, false), true);
}

/* Why no dialback key may go to this peer, or NULL. */
static const char *no_key(struct initiator *i)
{
    const struct initiator_config *c = i->config;
    if (!c->dialback)
        return "dialback is not to be used";
    if (i->verified || c->unverified)
        return NULL;
    result_find(i->result, FINDING_DIALBACK_WITHHELD, NULL);
    return "a dialback key goes only to a peer whose certificate is verified";
}

/* Why dialback cannot be used, or NULL. */
static const char *no_dialback(struct initiator *i)
{
    const struct initiator_config *c = i->config;
    if (!c->dialback || c->secret == NULL)
        return "dialback is not to be used";
    if (!i->features.dialback) {
        result_find(i->result, FINDING_DIALBACK_NOT_OFFERED, NULL);
        return "dialback is not offered";
    }
    return no_key(i);
}

/* The second way, after `first` said why the first one is closed. */
static void try_dialback(struct initiator *i, const char *first)
{
    char text[TEXT_MAX];
    const char *why = no_dialback(i);
    if (why != NULL) {
        snprintf(text, sizeof(text), "%s, and %s", first, why);
        fail(i, S2S_EAUTH_FAILED, text);
    } else if (send_key(i, i->config->from, i->config->secret)) {
        i->state = KEYED;
        i->keyed = true;
    }
}

void initiator_on_failure(struct initiator *i, const tree_node *n)
{
    struct result_auth *a = &i->result->auth;
    char seen[TEXT_MAX];
    char text[TEXT_MAX + 64];
    const char *why;
    const char *condition = sasl_read_failure(n, &why);
    a->external = result_text(i->result, condition);
    a->external_text =
        why != NULL ? result_untrusted(i->result, why, strlen(why)) : NULL;
    snprintf(seen, sizeof(seen), "%s%s%s", condition,
             a->external_text != NULL ? ": " : "",
             a->external_text != NULL ? a->external_text : "");
    result_find(i->result, FINDING_EXTERNAL_FAILED,
                result_untrusted(i->result, seen, strlen(seen)));
    snprintf(text, sizeof(text), "SASL EXTERNAL failed (%s)", seen);
    try_dialback(i, text);
}

/* EXTERNAL has none (RFC 6120, 6.4.4): a failure answers this. */
void initiator_on_challenge(struct initiator *i, const tree_node *n)
{
    size_t start = i->out.length;
    (void)n;
    int e = buf_add_text(&i->out, "<abort xmlns='" NS_SASL "'/>");
    initiator_queue(i, start, e, false);
}

static void on_invalid(struct initiator *i)
{
    result_find(i->result, FINDING_DIALBACK_INVALID, NULL);
    fail(i, S2S_EDIALBACK_FAILED, "the peer calls our dialback key invalid");
}

static void on_dialback_error(struct initiator *i, const char *condition)
{
    char text[TEXT_MAX];
    const char *name = condition != NULL ? condition : "no condition";
    result_find(i->result, FINDING_DIALBACK_ERROR,
                result_untrusted(i->result, name, strlen(name)));
    snprintf(text, sizeof(text),
             "the peer could not check our dialback key: %s", name);
    fail(i, S2S_EDIALBACK_FAILED, text);
}

void initiator_on_key_answer(struct initiator *i, const tree_node *n)
{
    const struct initiator_config *c = i->config;
    struct result_auth *a = &i->result->auth;
    const char *condition;
    enum dialback_answer answer = dialback_read_answer(
        n, DIALBACK_RESULT, c->from->unicode, c->to->unicode, NULL, &condition);
    a->dialback = dialback_answer_name(answer);
    switch (answer) {
    case DIALBACK_VALID:
        initiator_become_ready(i, "dialback");
        break;
    case DIALBACK_INVALID:
        on_invalid(i);
        break;
    case DIALBACK_ERROR:
        a->dialback_condition = result_text(i->result, condition);
        on_dialback_error(i, condition);
        break;
    default:
        initiator_on_result(i, n);
    }
}

/* ---- Both ---- */

static void ask_for_bidi(struct initiator *i)
{
    size_t start = i->out.length;
    if (!i->features.bidi || !i->config->bidi || i->result->auth.bidi)
        return;
    int e = buf_add_text(&i->out, "<bidi xmlns='" NS_BIDI "'/>");
    i->result->auth.bidi = initiator_queue(i, start, e, false);
}

void initiator_authenticate(struct initiator *i)
{
    const struct initiator_config *c = i->config;
    i->stage = S2S_STAGE_AUTH;
    ask_for_bidi(i); /* before SASL and dialback: XEP-0288, 2.2 */
    if (i->state >= CLOSING)
        return;
    if (c->external && i->secured && i->features.external)
        send_auth(i);
    else if (!c->external)
        try_dialback(i, "SASL EXTERNAL is not to be used");
    else if (!i->secured)
        try_dialback(i, "SASL EXTERNAL needs TLS");
    else
        try_dialback(i, "SASL EXTERNAL is not offered");
}

static void begin_acks(struct initiator *i)
{
    enum sm_version v = i->features.sm3   ? SM_3
                        : i->features.sm2 ? SM_2
                                          : SM_NONE;
    size_t start = i->out.length;
    if (v == SM_NONE || !i->config->acks)
        return;
    int e = sm_write_enable(&i->sm, &i->out, v);
    if (initiator_queue(i, start, e, false))
        i->result->acks.version = v == SM_3 ? "3" : "2";
}

/* Those that no key may go for stay without an answer. */
static void authenticate_others(struct initiator *i)
{
    const size_t count = i->config->also_count;
    bool allowed = count > 0 && no_key(i) == NULL;
    for (size_t k = 0; k < count; k++) {
        const struct initiator_also *a = &i->config->also[k];
        if (i->state != READY ||
            result_add_also(i->result, a->domain->unicode) == NULL)
            return;
        if (!allowed)
            continue;
        if (!send_key(i, a->domain, a->secret))
            return;
        i->also_open++;
    }
}

void initiator_become_ready(struct initiator *i, const char *method)
{
    const struct initiator_house *h = i->config->house;
    i->authenticated = true;
    i->result->auth.method = method;
    i->state = READY;
    i->out.limit = OUTPUT_MAX;
    tokenizer_set_element_limit(i->tokenizer,
                                i->config->limits->element_authenticated,
                                i->config->limits->nodes);
    begin_acks(i);
    authenticate_others(i);
    if (i->state == READY && i->also_open == 0 && h->ready != NULL)
        h->ready(h->user);
}
