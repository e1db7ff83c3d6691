#include "probe/outcome.h"

#include "base/error.h"

#define TLS_ALERT     0x15
#define TLS_HANDSHAKE 0x16

const char *outcome_doing(const struct probe *p)
{
    bool header = p->stream != NULL && initiator_has_header(p->stream);
    switch (p->stage) {
    case S2S_STAGE_DNS:
        return "resolving the host name";
    case S2S_STAGE_TCP:
        return "connecting";
    case S2S_STAGE_STREAM:
        return header ? "waiting for the features"
                      : "waiting for the stream header";
    case S2S_STAGE_STARTTLS:
        return "waiting for the answer to <starttls/>";
    case S2S_STAGE_TLS:
        return "making the TLS handshake";
    case S2S_STAGE_FEATURES:
        return header ? "waiting for the features inside TLS"
                      : "waiting for the stream header inside TLS";
    case S2S_STAGE_PING:
        return "waiting for the answer to the ping";
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

bool outcome_other_way(struct probe *p)
{
    s2s_result *r = p->result;
    if (p->options.tls_mode != S2S_TLS_AUTO || p->switched ||
        r->error == S2S_OK || r->no_memory)
        return false;
    if (answered_with_tls(p))
        result_find(r, FINDING_DIRECT_TLS_PORT, NULL);
    else if (answered_with_xml(p))
        result_find(r, FINDING_STARTTLS_PORT, NULL);
    else if (!answered_with_end(p))
        return false;
    p->first_error = r->error;
    p->first_message = r->message;
    p->first_stage = p->stage;
    r->error = S2S_OK;
    r->message = "";
    return true;
}

static void explain_timeout(struct probe *p)
{
    s2s_result *r = p->result;
    if (p->stage == S2S_STAGE_STARTTLS && !r->tls.starttls_offered)
        result_find(r, FINDING_TLS_NOT_OFFERED, NULL);
    if (p->stage == S2S_STAGE_PING)
        result_find(r, FINDING_NO_ANSWER, NULL);
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

void outcome_settle(struct probe *p)
{
    s2s_result *r = p->result;
    if (!p->switched) {
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
