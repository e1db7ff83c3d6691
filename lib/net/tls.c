#include "net/tls.h"

#include <ctype.h>
#include <errno.h>
#include <gnutls/gnutls.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/uio.h>

#include "base/error.h"
#include "net/der.h"
#include "net/tls_io.h"

#define FLAGS                                                                  \
    (GNUTLS_CLIENT | GNUTLS_NONBLOCK | GNUTLS_NO_SIGNAL | GNUTLS_NO_TICKETS |  \
     GNUTLS_KEY_SHARE_TOP2 | GNUTLS_FORCE_CLIENT_CERT)

#define ROLE_CLIENT     0u
#define HANDSHAKE_MAX   (128u << 10) /* bytes of the peer's messages */
#define KEY_MAX         2300u /* of a public key: RSA of 16384 bits is 2086 */
#define NOTHING_MAX     64u   /* records in a row that bring no data */
#define RECORD_MAX      16384u
#define RECORD_OVERHEAD 256u
#define ALERT_PREFIX    "GNUTLS_A_"
#define ALPN_SIZE       33u /* GnuTLS takes no longer names */

struct session {
    gnutls_session_t gnutls;
    struct tls_credentials *credentials;
    struct tls_io io;
    const unsigned char **chain; /* both made by info() */
    size_t *chain_sizes;
    int failure; /* what it died of */
    unsigned nothing;
    bool established;
    bool ended; /* the peer will send no more */
    bool truncated;
    char alpn[ALPN_SIZE];
    char error[80];
};

/* ---- What went wrong --------------------------------------------------- */

static void set_error(struct session *s, const char *text)
{
    size_t n = strlen(text);
    if (n > 0 && text[n - 1] == '.')
        n--;
    if (n >= sizeof(s->error))
        n = sizeof(s->error) - 1;
    memcpy(s->error, text, n);
    s->error[n] = '\0';
}

/* "GNUTLS_A_HANDSHAKE_FAILURE" as "alert: handshake failure", which is the
 * alert's name in RFC 8446, 6. */
static void set_alert(struct session *s)
{
    gnutls_alert_description_t alert = gnutls_alert_get(s->gnutls);
    const char *name = gnutls_alert_get_strname(alert);
    if (name == NULL || strncmp(name, ALERT_PREFIX, strlen(ALERT_PREFIX)) != 0)
        name = ALERT_PREFIX "unknown";
    (void)snprintf(s->error, sizeof(s->error), "alert: %s",
                   name + strlen(ALERT_PREFIX));
    for (char *c = s->error; *c != '\0'; c++)
        *c = *c == '_' ? ' ' : (char)tolower((unsigned char)*c);
}

/* The session is dead, for this reason. */
static int die(struct session *s, int e, const char *text)
{
    s->failure = e;
    if (text != NULL)
        set_error(s, text);
    return e;
}

/* Dead by what GnuTLS said; the lower side's own reason goes first. */
static int die_of(struct session *s, ptrdiff_t rc)
{
    if (s->io.failure != S2S_OK)
        return die(s, s->io.failure, error_text(s->io.failure));
    if (rc == GNUTLS_E_MEMORY_ERROR)
        return die(s, S2S_ENO_MEMORY, error_text(S2S_ENO_MEMORY));
    if (rc == GNUTLS_E_FATAL_ALERT_RECEIVED) {
        set_alert(s);
        return die(s, S2S_ETLS_HANDSHAKE, NULL);
    }
    if (s->io.ended)
        return die(s, S2S_ECLOSED,
                   gnutls_strerror(GNUTLS_E_PREMATURE_TERMINATION));
    return die(s, S2S_ETLS_HANDSHAKE, gnutls_strerror((int)rc));
}

/* One more event that brought nothing; false when there were too many. */
static bool patience(struct session *s)
{
    return ++s->nothing <= NOTHING_MAX;
}

/* ---- GnuTLS's lower side ----------------------------------------------- */

static ssize_t answer(struct session *s, ptrdiff_t n)
{
    if (n >= 0)
        return n;
    bool wait = n == S2S_WANT_READ || n == S2S_WANT_WRITE;
    gnutls_transport_set_errno(s->gnutls, wait ? EAGAIN : EIO);
    return -1;
}

static ssize_t pull(gnutls_transport_ptr_t p, void *buffer, size_t length)
{
    struct session *s = p;
    return answer(s, tls_io_pull(&s->io, buffer, length));
}

static ssize_t push(gnutls_transport_ptr_t p, const giovec_t *parts, int count)
{
    struct session *s = p;
    ssize_t total = 0;
    for (int i = 0; i < count; i++) {
        ptrdiff_t n = tls_io_push(&s->io, parts[i].iov_base, parts[i].iov_len);
        if (n < 0)
            return total > 0 ? total : answer(s, n);
        total += n;
        if ((size_t)n < parts[i].iov_len)
            break;
    }
    return total;
}

/* Never waits: pull() itself says that there is nothing. */
static int pull_timeout(gnutls_transport_ptr_t p, unsigned ms)
{
    (void)p;
    (void)ms;
    return 1;
}

/* Refuse keys that would cost too much, before anything is done with them. */
static int check_key(gnutls_session_t session, unsigned type, unsigned when,
                     unsigned incoming, const gnutls_datum_t *message)
{
    (void)type;
    (void)when;
    (void)message;
    unsigned count = 0;
    const gnutls_datum_t *chain = gnutls_certificate_get_peers(session, &count);
    if (incoming == 0 || chain == NULL || count == 0)
        return 0;
    size_t size = der_certificate_key_size(chain[0].data, chain[0].size);
    return size <= KEY_MAX ? 0 : GNUTLS_E_CERTIFICATE_ERROR;
}

/* ---- Open and close ---------------------------------------------------- */

static void free_session(struct session *s)
{
    if (s->gnutls != NULL)
        gnutls_deinit(s->gnutls);
    tls_store_give(s->credentials);
    tls_io_free(&s->io);
    free(s->chain);
    free(s->chain_sizes);
    free(s);
}

static void attach(struct session *s)
{
    gnutls_transport_set_ptr(s->gnutls, s);
    gnutls_transport_set_pull_function(s->gnutls, pull);
    gnutls_transport_set_vec_push_function(s->gnutls, push);
    gnutls_transport_set_pull_timeout_function(s->gnutls, pull_timeout);
    gnutls_handshake_set_max_packet_length(s->gnutls, HANDSHAKE_MAX);
    gnutls_handshake_set_hook_function(s->gnutls,
                                       GNUTLS_HANDSHAKE_CERTIFICATE_PKT,
                                       GNUTLS_HOOK_POST, check_key);
}

static int set_names(struct session *s, const s2s_tls_request *request)
{
    int rc = 0;
    if (request->server_name != NULL)
        rc = gnutls_server_name_set(s->gnutls, GNUTLS_NAME_DNS,
                                    request->server_name,
                                    strlen(request->server_name));
    if (rc == 0 && request->alpn != NULL) {
        gnutls_datum_t name = {(unsigned char *)(uintptr_t)request->alpn,
                               (unsigned)strlen(request->alpn)};
        rc = gnutls_alpn_set_protocols(s->gnutls, &name, 1, 0);
    }
    return rc;
}

static int configure(struct session *s, const struct tls_store *store,
                     const s2s_tls_request *request)
{
    int rc = gnutls_init(&s->gnutls, FLAGS);
    if (rc != 0) {
        s->gnutls = NULL;
        return S2S_ENO_MEMORY;
    }
    attach(s);
    rc = gnutls_priority_set(s->gnutls, tls_store_priorities(store));
    if (rc == 0)
        rc = gnutls_credentials_set(s->gnutls, GNUTLS_CRD_CERTIFICATE,
                                    s->credentials->gnutls);
    if (rc == 0)
        rc = set_names(s, request);
    if (rc == GNUTLS_E_MEMORY_ERROR)
        return S2S_ENO_MEMORY;
    return rc == 0 ? S2S_OK : S2S_EINTERNAL;
}

/* A request of another size than ours: what is missing is zero. */
static bool load_request(const s2s_tls_request *from, s2s_tls_request *to)
{
    if (from == NULL || from->size < sizeof(from->size))
        return false;
    size_t n = from->size < sizeof(*to) ? from->size : sizeof(*to);
    memset(to, 0, sizeof(*to));
    memcpy(to, from, n);
    return to->role == ROLE_CLIENT && to->lower_read != NULL &&
           to->lower_write != NULL;
}

static int open_session(void *user, const s2s_tls_request *from, void **out)
{
    struct tls_store *store = user;
    s2s_tls_request request;
    if (!load_request(from, &request))
        return S2S_EINVALID_ARGUMENT;
    struct session *s = calloc(1, sizeof(*s));
    if (s == NULL)
        return S2S_ENO_MEMORY;
    tls_io_init(&s->io, &request);
    int e = tls_store_take(store, request.certificate, request.key,
                           &s->credentials);
    if (e == S2S_OK)
        e = configure(s, store, &request);
    if (e == S2S_OK)
        *out = s;
    else
        free_session(s);
    return e;
}

static void close_session(void *session)
{
    struct session *s = session;
    if (s->established && s->failure == S2S_OK && !s->truncated) {
        (void)gnutls_bye(s->gnutls, GNUTLS_SHUT_WR);
        (void)tls_io_flush(&s->io);
    }
    free_session(s);
}

/* ---- Handshake --------------------------------------------------------- */

/* Tell the peer why, once, as far as that goes without waiting. */
static int refuse(struct session *s, int rc)
{
    int e = die_of(s, rc);
    if (e == S2S_ETLS_HANDSHAKE && rc != GNUTLS_E_FATAL_ALERT_RECEIVED) {
        (void)gnutls_alert_send_appropriate(s->gnutls, rc);
        (void)tls_io_flush(&s->io);
    }
    return e;
}

static int handshake(void *session)
{
    struct session *s = session;
    while (s->failure == S2S_OK && !s->established) {
        s->io.wait = 0;
        int rc = gnutls_handshake(s->gnutls);
        s->established = rc == 0;
        if (rc == GNUTLS_E_AGAIN && s->io.wait != 0)
            return s->io.wait;
        if (rc != 0 && (gnutls_error_is_fatal(rc) || !patience(s)))
            return refuse(s, rc);
    }
    s->nothing = 0;
    return s->failure;
}

/* ---- Evidence ---------------------------------------------------------- */

static int list_chain(struct session *s, s2s_tls_info *info)
{
    unsigned count = 0;
    const gnutls_datum_t *sent =
        gnutls_certificate_get_peers(s->gnutls, &count);
    if (sent == NULL || count == 0)
        return S2S_OK;
    if (s->chain == NULL)
        s->chain = calloc(count, sizeof(*s->chain));
    if (s->chain_sizes == NULL)
        s->chain_sizes = calloc(count, sizeof(*s->chain_sizes));
    if (s->chain == NULL || s->chain_sizes == NULL)
        return S2S_ENO_MEMORY;
    for (unsigned i = 0; i < count; i++) {
        s->chain[i] = sent[i].data;
        s->chain_sizes[i] = sent[i].size;
    }
    info->chain = s->chain;
    info->chain_sizes = s->chain_sizes;
    info->chain_length = count;
    return S2S_OK;
}

static void list_staple(struct session *s, s2s_tls_info *info)
{
    gnutls_datum_t staple = {NULL, 0};
    if (gnutls_ocsp_status_request_get(s->gnutls, &staple) == 0 &&
        staple.size > 0) {
        info->ocsp = staple.data;
        info->ocsp_size = staple.size;
    }
}

/* There is one to choose: ours. */
static const char *selected_alpn(struct session *s)
{
    gnutls_datum_t name = {NULL, 0};
    if (gnutls_alpn_get_selected_protocol(s->gnutls, &name) != 0 ||
        name.size == 0 || name.size >= sizeof(s->alpn))
        return NULL;
    memcpy(s->alpn, name.data, name.size);
    s->alpn[name.size] = '\0';
    return s->alpn;
}

static int info(void *session, s2s_tls_info *out)
{
    struct session *s = session;
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
    all.client_certificate_requested =
        gnutls_certificate_client_get_request_status(s->gnutls) != 0;
    all.client_certificate_sent =
        all.client_certificate_requested != 0 &&
        gnutls_certificate_get_ours(s->gnutls) != NULL;
    memcpy(out, &all, out->size < sizeof(all) ? out->size : sizeof(all));
    return S2S_OK;
}

/* ---- Data -------------------------------------------------------------- */

/* The end of what the peer sends, polite or not. */
static ptrdiff_t end(struct session *s, bool truncated)
{
    s->ended = true;
    s->truncated = truncated;
    if (truncated)
        set_error(s, gnutls_strerror(GNUTLS_E_PREMATURE_TERMINATION));
    return 0;
}

/* What a receive that brought no data means; 0 when it means nothing. */
static int no_data(struct session *s, ptrdiff_t rc)
{
    if (rc == GNUTLS_E_AGAIN && s->io.wait != 0)
        return s->io.wait;
    if (rc == GNUTLS_E_REHANDSHAKE) /* RFC 6120, 5.3.5: we do not */
        return die(s, S2S_ETLS_HANDSHAKE, "the peer asks to renegotiate");
    if (gnutls_error_is_fatal((int)rc))
        return die_of(s, rc);
    if (!patience(s))
        return die(s, S2S_ETLS_HANDSHAKE, "too many records without data");
    return 0;
}

/* GNUTLS_E_AGAIN also follows a session ticket, with data waiting behind it:
 * only our own pull() knows when there is nothing left. */
static ptrdiff_t receive(struct session *s, void *buffer, size_t length)
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
    struct session *s = session;
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
static ptrdiff_t cork(struct session *s, const char *bytes, size_t length)
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
            return die_of(s, rc);
        done += (size_t)rc;
    }
    return (ptrdiff_t)done;
}

static ptrdiff_t write_session(void *session, const void *buffer, size_t length)
{
    struct session *s = session;
    if (s->failure != S2S_OK)
        return s->failure;
    if (!s->established || length == 0)
        return S2S_EINVALID_ARGUMENT;
    s->io.wait = 0;
    ptrdiff_t n = s->io.broken != S2S_OK ? 0 : cork(s, buffer, length);
    if (n < 0)
        return n;
    if (tls_io_flush(&s->io) == s->io.broken && s->io.broken != S2S_OK) {
        set_error(s, error_text(s->io.broken));
        return s->io.broken;
    }
    return n > 0 ? n : s->io.wait;
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
    const struct session *s = session;
    return s->error;
}

int tls_truncated(const void *session)
{
    const struct session *s = session;
    return s->truncated;
}
