#include "probe/drive.h"

#include <string.h>

#include "base/error.h"

#define BUFFER 4096u

/* ---- Failures ---- */

static const char *io_text(const struct probe *p, int error)
{
    const struct link *l = &p->link;
    if (l->fault[0] != '\0' && !(l->fault_tls ? p->own_tls : p->own_transport))
        return l->fault;
    if (p->own_transport && p->link.open &&
        (error == S2S_EDNS || error == S2S_ECONNECT || error == S2S_ECLOSED ||
         error == S2S_EADDRESS_FORBIDDEN || error == S2S_EINTERNAL)) {
        const char *text = tcp_error(p->link.conn);
        if (text[0] != '\0')
            return text;
    }
    return error_text(error);
}

static enum drive fail(struct probe *p, int error, const char *text)
{
    initiator_fail(p->stream, error, text);
    return DRIVE_ON;
}

static bool is_tls_record(uint8_t first)
{
    return first >= 0x14 && first <= 0x17; /* RFC 8446, B.1 */
}

static enum drive fail_tls(struct probe *p, int error)
{
    const struct link *l = &p->link;
    const char *text = io_text(p, error);
    if (!p->connected || error <= S2S_CALLBACK_ERROR ||
        error == S2S_ENO_MEMORY || error == S2S_EPOLICY ||
        error == S2S_EINTERNAL)
        return fail(p, error, text);
    if (p->config.tls == INITIATOR_STARTTLS && l->heard_tls &&
        !is_tls_record(l->first_tls)) {
        /* What came in place of TLS was sent in the clear, behind
         * <proceed/>. */
        result_find(p->result, FINDING_TLS_INJECTION, NULL);
        return fail(p, S2S_ETLS_INJECTION, error_text(S2S_ETLS_INJECTION));
    }
    if (p->own_tls && l->tls_begun && tls_error(l->session)[0] != '\0')
        text = tls_error(l->session);
    else if (error == S2S_ECLOSED)
        text = "the peer closed the connection during the TLS handshake";
    return fail(p, S2S_ETLS_HANDSHAKE, text);
}

/* ---- Rungs ---- */

/* Our own transport tells its phases; another is connected when bytes move. */
static enum drive connect_step(struct probe *p)
{
    if (!p->own_transport) {
        p->connected = p->link.moved;
        return DRIVE_ON;
    }
    tcp_advance(p->link.conn);
    enum tcp_phase phase = tcp_phase(p->link.conn);
    p->connected = phase == TCP_CONNECTED;
    return phase == TCP_RESOLVING || phase == TCP_CONNECTING ? DRIVE_WAIT
                                                             : DRIVE_ON;
}

static enum drive write_step(struct probe *p, bool last)
{
    size_t length;
    const uint8_t *bytes = initiator_output(p->stream, &length);
    bool possible = p->connected || !last;
    /* A half-made TLS session can carry nothing. */
    if (p->link.tls_begun && !p->link.secure)
        possible = false;
    ptrdiff_t n = possible ? link_write(&p->link, bytes, length) : S2S_ECLOSED;
    if (n > 0) {
        initiator_sent(p->stream, (size_t)n);
        return DRIVE_ON;
    }
    if (last)
        return DRIVE_END;
    if (n == S2S_WANT_READ || n == S2S_WANT_WRITE)
        return DRIVE_WAIT;
    return fail(p, (int)n, io_text(p, (int)n));
}

static enum drive read_step(struct probe *p)
{
    uint8_t buffer[BUFFER];
    ptrdiff_t n = link_read(&p->link, buffer, sizeof(buffer));
    if (n == S2S_WANT_READ || n == S2S_WANT_WRITE)
        return DRIVE_WAIT;
    if (n > 0) {
        initiator_input(p->stream, buffer, (size_t)n);
    } else if (n == 0) {
        if (p->own_tls && p->link.secure && tls_truncated(p->link.session))
            result_find(p->result, FINDING_TLS_TRUNCATED, NULL);
        initiator_ended(p->stream);
    } else if (n == S2S_ECLOSED) {
        initiator_ended(p->stream);
    } else {
        return fail(p, (int)n, io_text(p, (int)n));
    }
    return DRIVE_ON;
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
}

static enum drive secured(struct probe *p)
{
    s2s_tls_info info = {.size = sizeof(info)};
    const char *why = "";
    int e = link_tls_info(&p->link, &info);
    if (e != S2S_OK)
        return fail(p, e, io_text(p, e));
    p->secured = true;
    record_tls(p, &info);
    e = certificate_judge(p->shared->trust, &info, p->options.to,
                          p->shared->wall_clock(), p->result, &why);
    if (e != S2S_OK && e != S2S_ECERT_UNTRUSTED && e != S2S_ECERT_EXPIRED &&
        e != S2S_ECERT_NAME)
        return fail(p, e, error_text(e));
    bool accept = (p->options.flags & S2S_ACCEPT_UNTRUSTED) != 0;
    initiator_secured(p->stream, accept ? S2S_OK : e, why);
    return DRIVE_ON;
}

static int begin_tls(struct probe *p)
{
    const struct options_identity *mine =
        options_identity(&p->shared->options, p->options.from);
    bool direct = p->config.tls == INITIATOR_DIRECT;
    s2s_tls_request request = {
        .size = sizeof(request),
        .server_name = p->options.to->ascii,
        .alpn = direct ? "xmpp-server" : NULL,
        .certificate = mine != NULL ? mine->certificate : NULL,
        .key = mine != NULL ? mine->key : NULL,
    };
    s2s_tls tls = p->own_tls ? tls_provider(p->shared->tls) : p->options.tls;
    if (p->own_transport)
        tcp_quickack(p->link.conn);
    return link_begin_tls(&p->link, &tls, &request);
}

static enum drive tls_step(struct probe *p)
{
    if (!p->link.tls_begun) {
        int e = begin_tls(p);
        if (e != S2S_OK)
            return fail_tls(p, e);
    }
    if (p->link.secure)
        return secured(p);
    int e = link_handshake(&p->link);
    if (!p->own_transport)
        p->connected = p->link.moved;
    if (e == S2S_WANT_READ || e == S2S_WANT_WRITE)
        return DRIVE_WAIT;
    /* One more rung for what follows, so that the stage is seen. */
    return e == S2S_OK ? DRIVE_ON : fail_tls(p, e);
}

enum drive drive_once(struct probe *p)
{
    unsigned wants = initiator_wants(p->stream);
    if ((wants & INITIATOR_DONE) != 0)
        return DRIVE_END;
    if (!p->connected && (wants & INITIATOR_LAST) == 0) {
        enum drive d = connect_step(p);
        if (d == DRIVE_WAIT || (p->own_transport && p->connected))
            return d;
    }
    if ((wants & INITIATOR_WRITE) != 0)
        return write_step(p, (wants & INITIATOR_LAST) != 0);
    if ((wants & INITIATOR_TLS) != 0)
        return tls_step(p);
    return read_step(p);
}

int drive_stage(const struct probe *p)
{
    if (p->connected || (!p->own_transport && p->link.moved))
        return initiator_stage(p->stream);
    if (p->own_transport && p->link.open &&
        tcp_phase(p->link.conn) < TCP_CONNECTING)
        return S2S_STAGE_DNS;
    return S2S_STAGE_TCP;
}
