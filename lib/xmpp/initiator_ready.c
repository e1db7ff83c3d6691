/* The authenticated outgoing stream: stanzas, acknowledgements, and questions
 * about other people's keys. */
#include "xmpp/initiator_state.h"

#include <stdlib.h>
#include <string.h>

#include "xmpp/names.h"
#include "xmpp/stanza.h"
#include "xmpp/wire.h"

#define QUESTIONS 16u

/* ---- Sending ---- */

int initiator_send(struct initiator *i, const void *bytes, size_t length,
                   bool ask)
{
    size_t start = i->out.length;
    if (i->state != READY)
        return S2S_EPOLICY;
    int e = buf_add(&i->out, bytes, length);
    if (e == S2S_OK && ask && i->sm.version != SM_NONE)
        e = sm_write_request(&i->sm, &i->out);
    if (e != S2S_OK) {
        i->out.length = start;
        return e;
    }
    if (i->sm.version != SM_NONE)
        i->sm.sent++;
    i->result->acks.sent = i->sm.sent;
    wire_sent(i->config->log, (const char *)i->out.data + start,
              i->out.length - start, true);
    return S2S_OK;
}

void initiator_keep_alive(struct initiator *i)
{
    size_t start = i->out.length;
    if (i->state != READY)
        return;
    if (i->sm.on)
        initiator_queue(i, start, sm_write_request(&i->sm, &i->out), false);
    else
        (void)buf_add_text(&i->out, " ");
}

void initiator_finish(struct initiator *i)
{
    i->finishing = true;
    if (i->state < CLOSING && i->out.length == 0)
        initiator_succeed(i);
}

void initiator_end(struct initiator *i)
{
    if (i->state < CLOSING)
        initiator_succeed(i);
}

/* ---- Questions (XEP-0220, 2.1.2) ---- */

static const char *copy(char **at, const char *text)
{
    size_t n = strlen(text) + 1;
    char *to = *at;
    memcpy(to, text, n);
    *at += n;
    return to;
}

static struct initiator_question *new_question(const char *from, const char *to,
                                               const char *id)
{
    struct initiator_question *q =
        malloc(sizeof(*q) + strlen(from) + strlen(to) + strlen(id) + 3);
    if (q == NULL)
        return NULL;
    char *at = (char *)(q + 1);
    q->from = copy(&at, from);
    q->to = copy(&at, to);
    q->id = copy(&at, id);
    return q;
}

int initiator_ask(struct initiator *i, const char *from, const char *to,
                  const char *id, const char *key)
{
    size_t start = i->out.length;
    if ((i->state != READY && i->state != KEYED) || i->finishing)
        return S2S_EPOLICY;
    if (i->question_count >= QUESTIONS)
        return S2S_ELIMIT;
    struct initiator_question *q = new_question(from, to, id);
    if (q == NULL)
        return S2S_ENO_MEMORY;
    int e = dialback_write_verify(&i->out, from, to, id, key);
    e = initiator_check(i, start, e, false);
    if (e != S2S_OK) {
        i->out.length = start;
        free(q);
        return e;
    }
    q->next = i->questions;
    i->questions = q;
    i->question_count++;
    wire_sent(i->config->log, (const char *)i->out.data + start,
              i->out.length - start, true);
    return S2S_OK;
}

/* Nobody answers them any more (XEP-0220, 2.5). */
void initiator_drop_questions(struct initiator *i)
{
    const struct initiator_house *h = i->config->house;
    struct initiator_question *q;
    while ((q = i->questions) != NULL) {
        i->questions = q->next;
        i->question_count--;
        if (h->verdict != NULL)
            h->verdict(h->user, q->from, q->to, q->id, DIALBACK_ERROR,
                       "remote-connection-failed");
        free(q);
    }
}

void initiator_on_verify(struct initiator *i, const tree_node *n)
{
    const struct initiator_house *h = i->config->house;
    const char *condition;
    for (struct initiator_question **at = &i->questions; *at != NULL;
         at = &(*at)->next) {
        struct initiator_question *q = *at;
        enum dialback_answer a = dialback_read_answer(
            n, DIALBACK_VERIFY, q->from, q->to, q->id, &condition);
        if (a == DIALBACK_OTHER)
            continue;
        *at = q->next;
        i->question_count--;
        if (h->verdict != NULL)
            h->verdict(h->user, q->from, q->to, q->id, a, condition);
        free(q);
        return;
    }
    initiator_on_ignored(i, n);
}

/* ---- Receiving ---- */

/* With XEP-0288 the peer may offer other domains of its own here. We take
 * connections for that. */
static bool refuse_offer(struct initiator *i, const tree_node *n)
{
    struct dialback_request q;
    size_t start = i->out.length;
    if (!i->result->auth.bidi || !dialback_read_request(n, &q) ||
        q.kind != DIALBACK_RESULT || q.from == NULL || q.to == NULL)
        return false;
    int e = dialback_write_answer(&i->out, DIALBACK_RESULT, q.to, q.from, NULL,
                                  DIALBACK_ERROR, "policy-violation");
    return initiator_queue(i, start, initiator_check(i, start, e, false),
                           false);
}

/* The answer for one more domain of ours. */
static bool answers_other(struct initiator *i, const tree_node *n)
{
    const char *condition;
    for (struct result_also *a = i->result->also; a != NULL; a = a->next) {
        enum dialback_answer answer =
            a->answer != NULL
                ? DIALBACK_OTHER
                : dialback_read_answer(n, DIALBACK_RESULT, a->domain,
                                       i->config->to->unicode, NULL,
                                       &condition);
        if (answer == DIALBACK_OTHER)
            continue;
        a->answer = dialback_answer_name(answer);
        a->condition = result_text(i->result, condition);
        return true;
    }
    return false;
}

void initiator_on_result(struct initiator *i, const tree_node *n)
{
    const struct initiator_house *h = i->config->house;
    if (i->state == READY && i->also_open > 0 && answers_other(i, n)) {
        if (--i->also_open == 0 && h->ready != NULL)
            h->ready(h->user);
        return;
    }
    if (!refuse_offer(i, n))
        initiator_on_ignored(i, n);
}

void initiator_on_stanza(struct initiator *i, const tree_node *n)
{
    const struct initiator_house *h = i->config->house;
    if (stanza_kind(n) == STANZA_NONE) {
        initiator_on_ignored(i, n);
        return;
    }
    if (i->sm.on)
        i->sm.received++;
    if (h->stanza != NULL)
        h->stanza(h->user, n, tokenizer_verbatim(i->tokenizer));
}

static void answer_acks(struct initiator *i)
{
    size_t start = i->out.length;
    initiator_queue(i, start, sm_write_answer(&i->sm, &i->out), false);
}

static void note_acks(struct initiator *i)
{
    const struct initiator_house *h = i->config->house;
    i->result->acks.acked = i->sm.acked;
    if (h->acked != NULL)
        h->acked(h->user);
}

void initiator_on_other(struct initiator *i, const tree_node *n)
{
    switch (sm_read(&i->sm, n)) {
    case SM_ENABLED:
        i->result->acks.enabled = true;
        break;
    case SM_FAILED:
        i->sm.version = SM_NONE;
        i->result->acks.version = NULL;
        break;
    case SM_ASKED:
        answer_acks(i);
        break;
    case SM_ACKED:
        note_acks(i);
        break;
    case SM_BROKEN:
        initiator_fail(i, S2S_EPROTOCOL,
                       "the peer acknowledges stanzas that were not sent");
        break;
    default:
        initiator_on_ignored(i, n);
    }
}
