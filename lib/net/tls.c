#include "net/tls.h"

#include <gnutls/gnutls.h>
#include <stdlib.h>
#include <string.h>

#include "base/error.h"
#include "net/tls_server.h"
#include "net/tls_session.h"

#define RECORD_MAX      16384u
#define RECORD_OVERHEAD 256u

/* ---- Open and close ---------------------------------------------------- */

static int open_session(void *user, const s2s_tls_request *request, void **out)
{
    struct tls_session *s;
    int e = tls_session_new(user, request, &s);
    if (e != S2S_OK)
        return e;
    if (s->server)
        e = tls_server_prepare(s);
    if (e == S2S_OK)
        *out = s;
    else
        tls_session_free(s);
    return e;
}

static void close_session(void *session)
{
    struct tls_session *s = session;
    if (s->established && s->failure == S2S_OK && !s->truncated) {
        (void)gnutls_bye(s->gnutls, GNUTLS_SHUT_WR);
        (void)tls_io_flush(&s->io);
    }
    tls_session_free(s);
}

/* ---- Handshake --------------------------------------------------------- */

/* Tell the peer why, once, as far as that goes without waiting. */
static int refuse(struct tls_session *s, int rc)
{
    int e = tls_session_die_of(s, rc);
    bool ours = e == S2S_ETLS_HANDSHAKE || s->refusal != S2S_OK;
    if (ours && rc != GNUTLS_E_FATAL_ALERT_RECEIVED) {
        (void)gnutls_alert_send_appropriate(s->gnutls, rc);
        (void)tls_io_flush(&s->io);
    }
    return e;
}

static int handshake(void *session)
{
    struct tls_session *s = session;
    while (s->failure == S2S_OK && !s->established) {
        s->io.wait = 0;
        int rc = gnutls_handshake(s->gnutls);
        s->established = rc == 0;
        if (rc == GNUTLS_E_AGAIN && s->io.wait != 0)
            return s->io.wait;
        if (rc != 0 && (gnutls_error_is_fatal(rc) || !tls_session_patience(s)))
            return refuse(s, rc);
    }
    s->nothing = 0;
    return s->failure;
}

/* ---- Evidence ---------------------------------------------------------- */

static int list_chain(struct tls_session *s, s2s_tls_info *info)
{
    unsigned count = 0;
    const gnutls_datum_t *sent =
        gnutls_certificate_get_peers(s->gnutls, &count);
    if (sent == NULL || count == 0)
        return S2S_OK;
    if (s->chain == NULL)
        s->chain = calloc(count, sizeof(*s->chain) + sizeof(size_t));
    if (s->chain == NULL)
        return S2S_ENO_MEMORY;
    size_t *sizes = (size_t *)(void *)(s->chain + count);
    for (unsigned i = 0; i < count; i++) {
        s->chain[i] = sent[i].data;
        sizes[i] = sent[i].size;
    }
    info->chain = s->chain;
    info->chain_sizes = sizes;
    info->chain_length = count;
    return S2S_OK;
}

static void list_staple(struct tls_session *s, s2s_tls_info *info)
{
    gnutls_datum_t staple = {NULL, 0};
    if (gnutls_ocsp_status_request_get(s->gnutls, &staple) == 0 &&
        staple.size > 0) {
        info->ocsp = staple.data;
        info->ocsp_size = staple.size;
    }
}

/* There is one to choose: ours. */
static const char *selected_alpn(const struct tls_session *s)
{
    gnutls_datum_t name = {NULL, 0};
    bool selected = gnutls_alpn_get_selected_protocol(s->gnutls, &name) == 0 &&
                    name.size > 0;
    return selected ? s->alpn : NULL;
}

static void client_info(struct tls_session *s, s2s_tls_info *info)
{
    info->client_certificate_requested =
        gnutls_certificate_client_get_request_status(s->gnutls) != 0;
    info->client_certificate_sent =
        gnutls_certificate_get_ours(s->gnutls) != NULL;
}

static int info(void *session, s2s_tls_info *out)
{
    struct tls_session *s = session;
    s2s_tls_info all = {.size = out->size};
    if (out->size < sizeof(out->size) || !s->established)
        return S2S_EINVALID_ARGUMENT;
    int e = list_chain(s, &all);
    if (e != S2S_OK)
        return e;
    list_staple(s, &all);
    all.protocol =
        gnutls_protocol_get_name(gnutls_protocol_get_version(s->gnutls));
    all.cipher = gnutls_ciphersuite_get(s->gnutls);
    all.alpn = selected_alpn(s);
    if (s->server)
        tls_server_info(s, &all);
    else
        client_info(s, &all);
    memcpy(out, &all, out->size < sizeof(all) ? out->size : sizeof(all));
    return S2S_OK;
}

/* ---- Data -------------------------------------------------------------- */

/* The end of what the peer sends, polite or not. */
static ptrdiff_t end(struct tls_session *s, bool truncated)
{
    s->ended = true;
    s->truncated = truncated;
    if (!truncated)
        return 0;
    return tls_session_note(s, gnutls_strerror(GNUTLS_E_PREMATURE_TERMINATION));
}

/* What a receive that brought no data means; 0 when it means nothing. */
static int no_data(struct tls_session *s, ptrdiff_t rc)
{
    if (rc == GNUTLS_E_AGAIN && s->io.wait != 0)
        return s->io.wait;
    if (rc == GNUTLS_E_REHANDSHAKE) /* RFC 6120, 5.3.5: we do not */
        return tls_session_die(s, S2S_ETLS_HANDSHAKE,
                               "the peer asks to renegotiate");
    if (gnutls_error_is_fatal((int)rc))
        return tls_session_die_of(s, rc);
    if (!tls_session_patience(s))
        return tls_session_die(s, S2S_ETLS_HANDSHAKE,
                               "too many records without data");
    return 0;
}

/* GNUTLS_E_AGAIN also follows a session ticket, with data waiting behind it:
 * only our own pull() knows when there is nothing left. */
static ptrdiff_t receive(struct tls_session *s, void *buffer, size_t length)
{
    for (;;) {
        s->io.wait = 0;
        ptrdiff_t n = gnutls_record_recv(s->gnutls, buffer, length);
        if (n > 0) {
            s->nothing = 0;
            return n;
        }
        if (n == 0)
            return end(s, false);
        if (s->io.ended && gnutls_error_is_fatal((int)n))
            return end(s, true);
        int e = no_data(s, n);
        if (e != 0)
            return e;
    }
}

static ptrdiff_t read_session(void *session, void *buffer, size_t length)
{
    struct tls_session *s = session;
    if (s->failure != S2S_OK)
        return s->failure;
    if (!s->established)
        return S2S_EINVALID_ARGUMENT;
    if (s->ended)
        return 0;
    s->io.wait = 0;
    (void)tls_io_flush(&s->io);
    if (s->io.wait != 0)
        return s->io.wait;
    return receive(s, buffer, length);
}

/* Encrypt what fits into the room left, so that GnuTLS never has to keep a
 * record back. Returns how much of it. */
static ptrdiff_t cork(struct tls_session *s, const char *bytes, size_t length)
{
    size_t done = 0;
    while (done < length) {
        size_t room = tls_io_room(&s->io);
        if (room <= RECORD_OVERHEAD)
            break;
        size_t n = length - done;
        if (n > RECORD_MAX)
            n = RECORD_MAX;
        if (n > room - RECORD_OVERHEAD)
            n = room - RECORD_OVERHEAD;
        ptrdiff_t rc = gnutls_record_send(s->gnutls, bytes + done, n);
        if (rc <= 0)
            return tls_session_die_of(s, rc);
        done += (size_t)rc;
    }
    return (ptrdiff_t)done;
}

static ptrdiff_t write_session(void *session, const void *buffer, size_t length)
{
    struct tls_session *s = session;
    if (s->failure != S2S_OK)
        return s->failure;
    if (!s->established || length == 0)
        return S2S_EINVALID_ARGUMENT;
    s->io.wait = 0;
    ptrdiff_t n = s->io.broken != S2S_OK ? 0 : cork(s, buffer, length);
    if (n < 0)
        return n;
    if (tls_io_flush(&s->io) == s->io.broken && s->io.broken != S2S_OK) {
        int e = tls_session_note(s, error_text(s->io.broken));
        return e != S2S_OK ? e : s->io.broken;
    }
    /* There was no room, and meanwhile there is. */
    if (n == 0 && s->io.wait == 0)
        n = cork(s, buffer, length);
    if (n != 0)
        return n;
    return s->io.wait != 0 ? s->io.wait : S2S_WANT_WRITE;
}

/* ---- The provider ------------------------------------------------------ */

s2s_tls tls_provider(struct tls_store *store)
{
    return (s2s_tls){
        .size = sizeof(s2s_tls),
        .user = store,
        .open = open_session,
        .handshake = handshake,
        .info = info,
        .read = read_session,
        .write = write_session,
        .close = close_session,
    };
}

const char *tls_error(const void *session)
{
    const struct tls_session *s = session;
    return s->words != NULL ? s->words->error : "";
}

const char *tls_other_protocol(const void *session, size_t *length)
{
    const struct tls_session *s = session;
    *length = s->other_length;
    return s->other_length > 0 ? s->words->other : NULL;
}

unsigned tls_dh_bits(const void *session)
{
    const struct tls_session *s = session;
    gnutls_kx_algorithm_t kx = gnutls_kx_get(s->gnutls);
    bool finite = kx == GNUTLS_KX_DHE_RSA || kx == GNUTLS_KX_DHE_DSS;
    int bits = finite ? gnutls_dh_get_prime_bits(s->gnutls) : 0;
    return bits > 0 ? (unsigned)bits : 0;
}

int tls_asked(const void *session)
{
    const struct tls_session *s = session;
    return !s->server &&
           gnutls_certificate_client_get_request_status(s->gnutls) != 0;
}

int tls_truncated(const void *session)
{
    const struct tls_session *s = session;
    return s->truncated;
}
