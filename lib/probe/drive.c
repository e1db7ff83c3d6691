#include "probe/drive.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/error.h"
#include "probe/endpoints.h"
#include "probe/stages.h"

#define DH_BITS 2048u /* RFC 9325, 4.1 */

/* ---- Failures ---- */

static const char *io_text(struct probe *p, int error)
{
    const struct link *l = &p->link;
    char fault[LINK_FAULT];
    const char *text = NULL;
    if (!(l->fault_tls ? p->own_tls : p->own_transport) && link_fault(l, fault))
        text = result_text(p->result, fault);
    if (text != NULL)
        return text;
    if (p->own_transport && p->link.open &&
        (error == S2S_EDNS || error == S2S_ECONNECT || error == S2S_ECLOSED ||
         error == S2S_EADDRESS_FORBIDDEN || error == S2S_EINTERNAL ||
         error <= S2S_CALLBACK_ERROR)) {
        text = tcp_error(p->link.conn);
        if (text[0] != '\0')
            return text;
    }
    return error_text(error);
}

static void on_failed(void *user, int error)
{
    struct probe *p = user;
    if (p->link.flooded) {
        result_find(p->result, FINDING_OWN_LIMIT, "bytes");
        initiator_fail(p->stream, S2S_ELIMIT, "too many bytes around the XML");
        return;
    }
    initiator_fail(p->stream, error, io_text(p, error));
}

static void find_other_protocol(struct probe *p)
{
    size_t length = 0;
    const char *name = p->own_tls && p->link.tls_begun
                           ? tls_other_protocol(p->link.session, &length)
                           : NULL;
    if (name != NULL)
        result_find(p->result, FINDING_ALPN_OTHER,
                    result_untrusted(p->result, name, length));
}

static void on_tls_failed(void *user, int error)
{
    struct probe *p = user;
    const struct link *l = &p->link;
    if (!p->own_transport)
        p->connected = l->moved;
    const char *text = io_text(p, error);
    if (!p->connected || l->flooded || error <= S2S_CALLBACK_ERROR ||
        error == S2S_ENO_MEMORY || error == S2S_EPOLICY ||
        error == S2S_EINTERNAL) {
        on_failed(p, error);
        return;
    }
    if (p->config.tls == INITIATOR_STARTTLS && l->heard_tls &&
        !link_is_tls(l->first_tls)) {
        /* What came in place of TLS was sent in the clear, behind
         * <proceed/>. */
        result_find(p->result, FINDING_TLS_INJECTION, NULL);
        initiator_fail(p->stream, S2S_ETLS_INJECTION,
                       error_text(S2S_ETLS_INJECTION));
        return;
    }
    find_other_protocol(p);
    p->certificate_asked = p->own_tls && l->tls_begun && tls_asked(l->session);
    if (p->own_tls && l->tls_begun && tls_error(l->session)[0] != '\0')
        text = tls_error(l->session);
    else if (error == S2S_ECLOSED)
        text = "the peer closed the connection during the TLS handshake";
    initiator_fail(p->stream, S2S_ETLS_HANDSHAKE, text);
}

static void on_ended(void *user)
{
    struct probe *p = user;
    if (p->own_tls && p->link.secure && tls_truncated(p->link.session))
        result_find(p->result, FINDING_TLS_TRUNCATED, NULL);
}

/* What the peer sends fits into its limits, and not into the record. */
static void look_at_result(struct probe *p)
{
    if (!p->result->full || p->result->error != S2S_OK)
        return;
    result_find(p->result, FINDING_OWN_LIMIT, "result");
    initiator_fail(p->stream, S2S_ELIMIT, "the result is too large");
}

static void find_weak_dh(struct probe *p)
{
    char seen[32];
    unsigned bits = tls_dh_bits(p->link.session);
    if (bits == 0 || bits >= DH_BITS)
        return;
    snprintf(seen, sizeof(seen), "%u bits", bits);
    result_find(p->result, FINDING_TLS_WEAK_DH, result_text(p->result, seen));
}

static void record_tls(struct probe *p, const s2s_tls_info *info)
{
    s2s_result *r = p->result;
    struct result_tls *t = &r->tls;
    t->established = true;
    t->protocol = result_text(r, info->protocol);
    t->cipher = result_text(r, info->cipher);
    t->alpn = result_text(r, info->alpn);
    t->client_certificate_requested = info->client_certificate_requested != 0;
    t->client_certificate_sent = info->client_certificate_sent != 0;
    if (info->alpn != NULL && strcmp(info->alpn, "xmpp-server") != 0)
        result_find(r, FINDING_ALPN_OTHER, t->alpn);
    if (info->cipher != NULL && (strncmp(info->cipher, "TLS_RSA_", 8) == 0))
        result_find(r, FINDING_TLS_STATIC_RSA, t->cipher);
    if (p->own_tls)
        find_weak_dh(p);
}

/* S2S_OK, S2S_ECERT_*, or why there is no verdict. */
static int judge(struct probe *p, const char **why)
{
    s2s_tls_info info = {.size = sizeof(info)};
    int e = link_tls_info(&p->link, &info);
    if (e != S2S_OK)
        return e;
    p->secured = true;
    record_tls(p, &info);
    struct endpoints_proof proof;
    e = endpoints_prove(p, &proof);
    if (e == S2S_OK)
        e = certificate_judge(p->shared->trust, &info, &proof.reference,
                              p->shared->wall_clock(), p->result, why);
    free(proof.target);
    return e;
}

static void on_secured(void *user)
{
    struct probe *p = user;
    const char *why = "";
    int e = judge(p, &why);
    bool accept = (p->options.flags & S2S_ACCEPT_UNTRUSTED) != 0;
    if (e == S2S_OK || e == S2S_ECERT_UNTRUSTED || e == S2S_ECERT_EXPIRED ||
        e == S2S_ECERT_NAME)
        initiator_secured(p->stream, e, why, accept);
    else
        initiator_fail(p->stream, e, error_text(e));
}

static int begin_tls(void *user)
{
    struct probe *p = user;
    const struct options_identity *mine =
        p->bare ? NULL : shared_identity(p->shared, &p->options);
    bool direct = p->config.tls == INITIATOR_DIRECT;
    s2s_tls_request request = {
        .size = sizeof(request),
        .server_name = p->options.to->ascii,
        .alpn = direct ? "xmpp-server" : NULL,
        .certificate = mine != NULL ? mine->certificate : NULL,
        .key = mine != NULL ? mine->key : NULL,
        .version = p->tls_version,
    };
    if (p->own_tls)
        p->options.tls = tls_provider(p->shared->tls);
    p->certificate_set = request.certificate != NULL;
    p->certificate_asked = false;
    if (p->own_transport)
        tcp_quickack(p->link.conn);
    return link_begin_tls(&p->link, &p->options.tls, &request);
}

static const struct pump_hooks hooks = {
    .begin_tls = begin_tls,
    .secured = on_secured,
    .tls_failed = on_tls_failed,
    .failed = on_failed,
    .ended = on_ended,
};

/* ---- The ladder ---- */

int drive_load_trust(struct probe *p)
{
    if (p->config.tls == INITIATOR_CLEAR)
        return S2S_OK;
    int64_t before = loop_now(&p->shared->loop);
    int e = certificate_trust_load(p->shared->trust);
    stages_excuse(p, loop_now(&p->shared->loop) - before);
    if (e == S2S_EINTERNAL)
        result_fail(p->result, e, ERROR_NO_DESCRIPTORS);
    if (e == S2S_EPOLICY) {
        result_find(p->result, FINDING_NO_AUTHORITIES, NULL);
        result_fail(p->result, e,
                    "the system has no certificate authorities (install "
                    "ca-certificates, or set ca_file)");
    }
    return e;
}

int drive_begin(struct probe *p, enum initiator_tls mode)
{
    p->config.tls = mode;
    p->result->tls.mode = mode == INITIATOR_CLEAR      ? "none"
                          : mode == INITIATOR_STARTTLS ? "starttls"
                                                       : "direct";
    if (mode != INITIATOR_CLEAR && p->result->tls.server_name == NULL)
        p->result->tls.server_name =
            result_text(p->result, p->options.to->ascii);
    initiator_free(p->stream);
    p->stream = NULL;
    return initiator_new(&p->config, p->result, &p->stream);
}

/* Of several endpoints one has answered, and may want TLS another way than the
 * first one. */
static enum pump_step settle(struct probe *p)
{
    bool before = p->settled;
    endpoints_connected(p);
    enum initiator_tls mode = p->endpoints[p->endpoint].mode;
    if (before || mode == p->config.tls)
        return PUMP_ON;
    if (drive_begin(p, mode) == S2S_OK)
        return PUMP_ON;
    result_fail(p->result, S2S_ENO_MEMORY, "%s", error_text(S2S_ENO_MEMORY));
    return PUMP_END;
}

/* Our own transport tells its phases; another is connected when bytes move. */
static enum pump_step connect_step(struct probe *p)
{
    if (!p->own_transport) {
        p->connected = p->link.moved;
        return PUMP_ON;
    }
    tcp_advance(p->link.conn);
    enum tcp_phase phase = tcp_phase(p->link.conn);
    if (phase == TCP_CONNECTED) {
        enum pump_step s = settle(p);
        if (s != PUMP_ON || endpoints_wait_for_tlsa(p))
            return s != PUMP_ON ? s : PUMP_WAIT;
    }
    p->connected = phase == TCP_CONNECTED;
    bool going =
        phase == TCP_RESOLVING || phase == TCP_HELD || phase == TCP_CONNECTING;
    return going ? PUMP_WAIT : PUMP_ON;
}

enum pump_step drive_once(struct probe *p)
{
    struct pump pump = {
        .link = &p->link,
        .engine = &initiator_engine,
        .stream = p->stream,
        .hooks = &hooks,
        .user = p,
    };
    unsigned wants = initiator_engine.wants(p->stream);
    if (!p->connected && (wants & (ENGINE_DONE | ENGINE_LAST)) == 0) {
        enum pump_step s = connect_step(p);
        if (s != PUMP_ON || (p->own_transport && p->connected))
            return s;
    }
    pump.connected = p->connected;
    enum pump_step s = pump_once(&pump);
    look_at_result(p);
    if (!p->own_transport)
        p->connected = p->link.moved;
    return s;
}

int drive_stage(const struct probe *p)
{
    if (p->connected || (!p->own_transport && p->link.moved))
        return initiator_stage(p->stream);
    if (!p->own_transport || !p->link.open)
        return S2S_STAGE_TCP;
    enum tcp_phase phase = tcp_phase(p->link.conn);
    if (phase == TCP_HELD)
        return S2S_STAGE_QUEUE;
    return phase < TCP_HELD ? S2S_STAGE_DNS : S2S_STAGE_TCP;
}
