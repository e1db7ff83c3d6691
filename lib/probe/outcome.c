#include "probe/outcome.h"

#include <string.h>

#include "base/error.h"
#include "probe/talk.h"
#include "probe/way_back.h"

#define TLS_ALERT     0x15
#define TLS_HANDSHAKE 0x16

const char *outcome_doing(const struct probe *p)
{
    bool header = p->stream != NULL && initiator_has_header(p->stream);
    switch (p->stage) {
    case S2S_STAGE_DNS:
        return p->discovering ? "looking up SRV records"
                              : "resolving the host name";
    case S2S_STAGE_TCP:
        return "connecting";
    case S2S_STAGE_STREAM:
        return !header                ? "waiting for the stream header"
               : p->result->pipelined ? "waiting for the features and the "
                                        "answer to <starttls/>"
                                      : "waiting for the features";
    case S2S_STAGE_STARTTLS:
        return "waiting for the answer to <starttls/>";
    case S2S_STAGE_TLS:
        return "making the TLS handshake";
    case S2S_STAGE_FEATURES:
        return header ? "waiting for the features inside TLS"
                      : "waiting for the stream header inside TLS";
    case S2S_STAGE_AUTH:
        return "authenticating";
    case S2S_STAGE_PING:
        return "waiting for the answer to the ping";
    case S2S_STAGE_OPEN:
        return "waiting for an answer";
    default:
        return "working";
    }
}

/* A TLS record in answer to a stream header. */
static bool answered_with_tls(const struct probe *p)
{
    return p->config.tls != INITIATOR_DIRECT && p->link.heard &&
           !initiator_heard(p->stream) &&
           (p->link.first == TLS_ALERT || p->link.first == TLS_HANDSHAKE);
}

/* The end, or a reset, in answer to a stream header. */
static bool answered_with_end(const struct probe *p)
{
    return p->config.tls != INITIATOR_DIRECT && p->connected &&
           !p->link.heard && p->result->error == S2S_ECLOSED;
}

/* XML in answer to a ClientHello. */
static bool answered_with_xml(const struct probe *p)
{
    return p->config.tls == INITIATOR_DIRECT && p->link.heard &&
           p->link.first == '<';
}

/* The outcome of this try is put aside for another one. */
static void put_aside(struct probe *p)
{
    s2s_result *r = p->result;
    p->first_error = r->error;
    p->first_message = r->message;
    p->first_stage = p->stage;
    r->error = S2S_OK;
    r->message = "";
}

/*
 * Whether our certificate may be what ended the connection: in TLS 1.3 the
 * refusal comes after the handshake, as an alert or a reset in place of the
 * stream header; before that, within it.
 */
static bool refused_certificate(const struct probe *p)
{
    const s2s_result *r = p->result;
    bool broken = r->error == S2S_ECLOSED || r->error == S2S_ETLS_HANDSHAKE;
    if (!p->certificate_set || !broken || !p->link.heard_tls ||
        !link_is_tls(p->link.first_tls) || initiator_heard_secured(p->stream))
        return false;
    return p->stage == S2S_STAGE_TLS ? p->certificate_asked
                                     : r->tls.client_certificate_sent;
}

bool outcome_bare(struct probe *p)
{
    if (p->bare || p->result->no_memory || !refused_certificate(p))
        return false;
    put_aside(p);
    return true;
}

bool outcome_other_way(struct probe *p)
{
    s2s_result *r = p->result;
    if (p->options.tls_mode != S2S_TLS_AUTO || p->switched || p->from_srv ||
        r->error == S2S_OK || r->no_memory)
        return false;
    if (answered_with_tls(p))
        result_find(r, FINDING_DIRECT_TLS_PORT, NULL);
    else if (answered_with_xml(p))
        result_find(r, FINDING_STARTTLS_PORT, NULL);
    else if (!answered_with_end(p))
        return false;
    put_aside(p);
    return true;
}

/* An answer did not come: was the request acknowledged, and what did our
 * listener see? */
static void explain_no_answer(struct probe *p)
{
    const struct result_acks *a = &p->result->acks;
    if (a->enabled && a->sent > 0 && a->acked == a->sent)
        result_find(p->result, FINDING_ACKED_NOT_ANSWERED, NULL);
    else
        result_find(p->result, FINDING_NO_ANSWER, NULL);
    if (p->talk != NULL &&
        (p->result->pings != NULL || p->stage == S2S_STAGE_OPEN))
        way_back_explain(p);
}

static void explain_silence(struct probe *p)
{
    p->result->auth.dialback = "silent";
    result_find(p->result, FINDING_DIALBACK_SILENT, NULL);
    way_back_explain(p);
}

static void explain_timeout(struct probe *p)
{
    s2s_result *r = p->result;
    if (p->stage == S2S_STAGE_STARTTLS && !r->tls.starttls_offered)
        result_find(r, FINDING_TLS_NOT_OFFERED, NULL);
    if (p->stage == S2S_STAGE_PING || p->stage == S2S_STAGE_OPEN)
        explain_no_answer(p);
    else if (p->talk != NULL && p->stream != NULL &&
             initiator_waits_for_dialback(p->stream))
        explain_silence(p);
    else if (p->connected && !p->link.heard)
        result_find(r, FINDING_SILENT, NULL);
    else
        result_find(r, FINDING_TIMEOUT, error_stage_name(p->stage));
}

/* Nothing of the peer's was reached. */
static void explain_unreached(struct probe *p)
{
    s2s_result *r = p->result;
    bool here =
        p->own_transport && p->link.open && tcp_never_left(p->link.conn);
    if (r->error == S2S_EDNS)
        result_find(r, here ? FINDING_DNS_UNAVAILABLE : FINDING_DNS_FAILED,
                    r->message);
    else
        result_find(r,
                    here ? FINDING_NETWORK_UNREACHABLE : FINDING_CONNECT_FAILED,
                    r->message);
}

static void explain(struct probe *p)
{
    s2s_result *r = p->result;
    switch (r->error) {
    case S2S_EDNS:
    case S2S_ECONNECT:
        explain_unreached(p);
        break;
    case S2S_ENOT_XMPP:
        result_find(r,
                    answered_with_tls(p) ? FINDING_DIRECT_TLS_PORT
                                         : FINDING_NOT_XMPP,
                    NULL);
        break;
    case S2S_ETLS_HANDSHAKE:
        if (answered_with_xml(p))
            result_find(r, FINDING_STARTTLS_PORT, NULL);
        else
            result_find(r, FINDING_TLS_HANDSHAKE_FAILED, r->message);
        break;
    case S2S_ECLOSED:
        if (answered_with_end(p))
            result_find(r, FINDING_CLOSED_AT_ONCE, NULL);
        break;
    case S2S_ETIMEOUT:
        explain_timeout(p);
        break;
    case S2S_EDIALBACK_FAILED:
        if (!talk_key_checked(p->talk))
            way_back_explain(p);
        break;
    default:
        break;
    }
}

/* Whether the second way got to where its own outcome says more. */
static bool got_further(const struct probe *p)
{
    if (p->config.tls == INITIATOR_DIRECT)
        return p->secured;
    return p->stream != NULL && initiator_heard(p->stream);
}

/* What is worth saying when all went well too. */
static void note_success(struct probe *p)
{
    s2s_result *r = p->result;
    if (r->auth.dialback != NULL && r->listening && !talk_key_checked(p->talk))
        result_find(r, FINDING_DIALBACK_NOT_CHECKED, NULL);
}

/* Without our certificate the connection stands, or fails as before. */
static void settle_bare(struct probe *p)
{
    s2s_result *r = p->result;
    if (p->stream != NULL && initiator_heard_secured(p->stream)) {
        result_find(r, FINDING_CERT_REFUSED, p->first_message);
        explain(p);
    } else if (r->error != S2S_OK) {
        r->error = p->first_error;
        r->message = p->first_message;
        p->stage = p->first_stage;
        explain(p);
    }
}

static bool asks_for_less(const char *condition)
{
    return condition != NULL && (strcmp(condition, "policy-violation") == 0 ||
                                 strcmp(condition, "resource-constraint") == 0);
}

/* In the clear the policy is that there is to be TLS. */
static bool was_unwelcome(const struct probe *p)
{
    const s2s_result *r = p->result;
    return p->config.tls != INITIATOR_CLEAR && r->auth.method == NULL &&
           (asks_for_less(r->stream_error.condition) ||
            asks_for_less(r->auth.dialback_condition));
}

static bool was_served(const struct probe *p)
{
    const s2s_result *r = p->result;
    return p->stream != NULL && initiator_heard(p->stream) &&
           r->stream_count > 0 &&
           r->streams[r->stream_count - 1].features.received;
}

void outcome_courtesy(struct probe *p)
{
    if (!p->own_transport || !p->link.open)
        return;
    if (was_unwelcome(p))
        tcp_offended(p->link.conn);
    else if (was_served(p))
        tcp_pleased(p->link.conn);
}

void outcome_note_ping(s2s_result *r)
{
    int i = result_stage_index(S2S_STAGE_PING);
    if (r->pings != NULL && r->pings->us >= 0)
        r->stage_us[i] = r->pings->us;
}

void outcome_settle(struct probe *p)
{
    s2s_result *r = p->result;
    if (p->talk != NULL)
        way_back_record(p);
    if (p->talk != NULL && r->error == S2S_OK)
        note_success(p);
    if (p->bare) {
        settle_bare(p);
    } else if (!p->switched) {
        explain(p);
    } else if (got_further(p)) {
        if (p->config.tls == INITIATOR_DIRECT)
            result_find(r, FINDING_DIRECT_TLS_PORT, NULL);
        explain(p);
    } else if (r->error != S2S_OK) {
        r->error = p->first_error;
        r->message = p->first_message;
        p->stage = p->first_stage;
        if (r->error == S2S_ECLOSED)
            result_find(r, FINDING_CLOSED_BOTH_WAYS, NULL);
    }
}
