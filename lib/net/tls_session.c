#include "net/tls_session.h"

#include <ctype.h>
#include <errno.h>
#include <gnutls/gnutls.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/uio.h>

#include "base/error.h"
#include "net/der.h"
#include "net/tls_alpn.h"

#define FLAGS (GNUTLS_NONBLOCK | GNUTLS_NO_SIGNAL | GNUTLS_NO_TICKETS)
#define CLIENT_FLAGS                                                           \
    (FLAGS | GNUTLS_CLIENT | GNUTLS_KEY_SHARE_TOP2 | GNUTLS_FORCE_CLIENT_CERT)
#define SERVER_FLAGS (FLAGS | GNUTLS_SERVER)

#define HANDSHAKE_MAX (128u << 10) /* bytes of the peer's messages */
#define NOTHING_MAX   64u
#define ALERT_PREFIX  "GNUTLS_A_"
#define OTHER_PROTOCOL                                                         \
    "the server selected a protocol by ALPN that was not offered"

/* ---- What went wrong --------------------------------------------------- */

static struct tls_words *words(struct tls_session *s)
{
    if (s->words == NULL)
        s->words = calloc(1, sizeof(*s->words));
    return s->words;
}

int tls_session_note(struct tls_session *s, const char *text)
{
    struct tls_words *w = words(s);
    size_t n = strlen(text);
    if (w == NULL)
        return S2S_ENO_MEMORY;
    if (n > 0 && text[n - 1] == '.')
        n--;
    if (n >= sizeof(w->error))
        n = sizeof(w->error) - 1;
    memcpy(w->error, text, n);
    w->error[n] = '\0';
    return S2S_OK;
}

/* "GNUTLS_A_HANDSHAKE_FAILURE" as "alert: handshake failure", which is the
 * alert's name in RFC 8446, 6. */
static void set_alert(struct tls_session *s, gnutls_alert_description_t alert)
{
    struct tls_words *w = words(s);
    const char *name = gnutls_alert_get_strname(alert);
    if (w == NULL)
        return;
    if (name == NULL || strncmp(name, ALERT_PREFIX, strlen(ALERT_PREFIX)) != 0)
        name = ALERT_PREFIX "unknown";
    (void)snprintf(w->error, sizeof(w->error), "alert: %s",
                   name + strlen(ALERT_PREFIX));
    for (char *c = w->error; *c != '\0'; c++)
        *c = *c == '_' ? ' ' : (char)tolower((unsigned char)*c);
}

int tls_session_die(struct tls_session *s, int e, const char *text)
{
    if (text != NULL)
        (void)tls_session_note(s, text);
    s->failure = s->words != NULL ? e : S2S_ENO_MEMORY;
    return s->failure;
}

/*
 * A client that dislikes our certificate in TLS 1.3 may say so before it has
 * keys of its own in use (OpenSSL does), when GnuTLS takes encrypted records
 * only. The record: alert, version, length 2, fatal, which.
 */
static bool is_clear_alert(const struct tls_session *s)
{
    static const uint8_t record[] = {21, 3, 3, 0, 2, 2};
    return !s->established && memcmp(s->last, record, sizeof(record)) == 0;
}

int tls_session_die_of(struct tls_session *s, ptrdiff_t rc)
{
    if (s->refusal != S2S_OK)
        return tls_session_die(s, s->refusal, error_text(s->refusal));
    if (s->other_length > 0)
        return tls_session_die(s, S2S_ETLS_HANDSHAKE, OTHER_PROTOCOL);
    if (s->io.failure != S2S_OK)
        return tls_session_die(s, s->io.failure, error_text(s->io.failure));
    if (rc == GNUTLS_E_MEMORY_ERROR)
        return tls_session_die(s, S2S_ENO_MEMORY, error_text(S2S_ENO_MEMORY));
    if (rc == GNUTLS_E_FATAL_ALERT_RECEIVED) {
        set_alert(s, gnutls_alert_get(s->gnutls));
        return tls_session_die(s, S2S_ETLS_HANDSHAKE, NULL);
    }
    if (rc == GNUTLS_E_DECRYPTION_FAILED && is_clear_alert(s)) {
        set_alert(s, (gnutls_alert_description_t)s->last[6]);
        return tls_session_die(s, S2S_ETLS_HANDSHAKE, NULL);
    }
    if (s->io.ended)
        return tls_session_die(s, S2S_ECLOSED,
                               gnutls_strerror(GNUTLS_E_PREMATURE_TERMINATION));
    return tls_session_die(s, S2S_ETLS_HANDSHAKE, gnutls_strerror((int)rc));
}

bool tls_session_patience(struct tls_session *s)
{
    return ++s->nothing <= NOTHING_MAX;
}

/* ---- GnuTLS's lower side ----------------------------------------------- */

static ssize_t answer(struct tls_session *s, ptrdiff_t n)
{
    if (n >= 0)
        return n;
    bool wait = n == S2S_WANT_READ || n == S2S_WANT_WRITE;
    gnutls_transport_set_errno(s->gnutls, wait ? EAGAIN : EIO);
    return -1;
}

static void remember(struct tls_session *s, const uint8_t *bytes, size_t length)
{
    size_t n = length < sizeof(s->last) ? length : sizeof(s->last);
    memmove(s->last, s->last + n, sizeof(s->last) - n);
    memcpy(s->last + sizeof(s->last) - n, bytes + length - n, n);
}

static ssize_t pull(gnutls_transport_ptr_t p, void *buffer, size_t length)
{
    struct tls_session *s = p;
    ptrdiff_t n = tls_io_pull(&s->io, buffer, length);
    if (n > 0 && !s->established)
        remember(s, buffer, (size_t)n);
    return answer(s, n);
}

static ssize_t push(gnutls_transport_ptr_t p, const giovec_t *parts, int count)
{
    struct tls_session *s = p;
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

/* The leaf in a Certificate message (RFC 5246, 7.4.2; RFC 8446, 4.4.2): behind
 * the list's length, and in TLS 1.3 behind a context. */
static struct der first_certificate(const gnutls_datum_t *message, bool context)
{
    const uint8_t *data = message->data;
    size_t skip = context && message->size > 0 ? 1u + data[0] : 0u;
    if (message->size < skip + 6)
        return (struct der){NULL, 0};
    data += skip + 3;
    size_t left = message->size - skip - 6;
    size_t size = (size_t)data[0] << 16 | (size_t)data[1] << 8 | data[2];
    return (struct der){data + 3, size < left ? size : left};
}

/* GnuTLS computes with keys of any size: minutes of it for one handshake. This
 * runs when the message has come, before anything is done with it. */
static int check_key(gnutls_session_t session, const gnutls_datum_t *message)
{
    bool context = gnutls_protocol_get_version(session) == GNUTLS_TLS1_3;
    struct der leaf = first_certificate(message, context);
    size_t size = der_certificate_key_size(leaf.data, leaf.left);
    bool found = size > 0 || leaf.left == 0; /* or there is no certificate */
    return found && size <= DER_KEY_SIZE_MAX ? 0 : GNUTLS_E_CERTIFICATE_ERROR;
}

/* RFC 7301, 3.2: it selects one of ours. Another protocol's server must not get
 * what we say (cross-protocol attacks). */
static int check_alpn(struct tls_session *s, const struct tls_alpn *alpn)
{
    if (s->server || s->alpn[0] == '\0' ||
        (alpn->length == strlen(s->alpn) &&
         memcmp(alpn->name, s->alpn, alpn->length) == 0))
        return 0;
    struct tls_words *w = words(s);
    if (w == NULL)
        return GNUTLS_E_MEMORY_ERROR;
    s->other_length =
        alpn->length < sizeof(w->other) ? alpn->length : sizeof(w->other);
    memcpy(w->other, alpn->name, s->other_length);
    return GNUTLS_E_RECEIVED_ILLEGAL_PARAMETER;
}

static int look(gnutls_session_t session, unsigned type, unsigned when,
                unsigned incoming, const gnutls_datum_t *message)
{
    struct tls_session *s = gnutls_session_get_ptr(session);
    struct tls_alpn alpn;
    bool found = false;
    (void)when;
    if (incoming == 0)
        return 0;
    if (type == GNUTLS_HANDSHAKE_CERTIFICATE_PKT)
        return check_key(session, message);
    if (type == GNUTLS_HANDSHAKE_SERVER_HELLO)
        found = tls_alpn_in_hello(message->data, message->size, &alpn);
    else if (type == GNUTLS_HANDSHAKE_ENCRYPTED_EXTENSIONS)
        found = tls_alpn_in_extensions(message->data, message->size, &alpn);
    return found ? check_alpn(s, &alpn) : 0;
}

/* ---- Making one --------------------------------------------------------- */

void tls_session_free(struct tls_session *s)
{
    if (s->gnutls != NULL)
        gnutls_deinit(s->gnutls);
    tls_store_give(s->credentials);
    tls_io_free(&s->io);
    free(s->asked);
    free(s->chain);
    free(s->words);
    free(s);
}

static void attach(struct tls_session *s)
{
    gnutls_transport_set_ptr(s->gnutls, s);
    gnutls_transport_set_pull_function(s->gnutls, pull);
    gnutls_transport_set_vec_push_function(s->gnutls, push);
    gnutls_transport_set_pull_timeout_function(s->gnutls, pull_timeout);
    gnutls_handshake_set_max_packet_length(s->gnutls, HANDSHAKE_MAX);
    gnutls_session_set_ptr(s->gnutls, s);
    gnutls_handshake_set_hook_function(s->gnutls, GNUTLS_HANDSHAKE_ANY,
                                       GNUTLS_HOOK_POST, look);
}

static int set_names(struct tls_session *s, const s2s_tls_request *request)
{
    int rc = 0;
    if (!s->server && request->server_name != NULL)
        rc = gnutls_server_name_set(s->gnutls, GNUTLS_NAME_DNS,
                                    request->server_name,
                                    strlen(request->server_name));
    if (rc != 0 || request->alpn == NULL)
        return rc;
    gnutls_datum_t name = {(unsigned char *)(uintptr_t)request->alpn,
                           (unsigned)strlen(request->alpn)};
    rc = gnutls_alpn_set_protocols(s->gnutls, &name, 1, 0);
    if (rc == 0 && name.size < sizeof(s->alpn))
        memcpy(s->alpn, request->alpn, name.size + 1);
    return rc;
}

static int configure(struct tls_session *s, struct tls_store *store,
                     const s2s_tls_request *request)
{
    int rc = gnutls_init(&s->gnutls, s->server ? SERVER_FLAGS : CLIENT_FLAGS);
    if (rc != 0) {
        s->gnutls = NULL;
        return S2S_ENO_MEMORY;
    }
    attach(s);
    struct gnutls_priority_st *priorities =
        s->server ? tls_store_server_priorities(store)
                  : tls_store_priorities(store, request->version);
    if (priorities == NULL)
        return S2S_ENO_MEMORY;
    rc = gnutls_priority_set(s->gnutls, priorities);
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
    return to->role <= S2S_TLS_SERVER && to->lower_read != NULL &&
           to->lower_write != NULL;
}

int tls_session_new(struct tls_store *store, const s2s_tls_request *from,
                    struct tls_session **out)
{
    s2s_tls_request request;
    if (!load_request(from, &request))
        return S2S_EINVALID_ARGUMENT;
    struct tls_session *s = calloc(1, sizeof(*s));
    if (s == NULL)
        return S2S_ENO_MEMORY;
    s->server = request.role == S2S_TLS_SERVER;
    s->store = store;
    s->choose = request.choose;
    s->chooser = request.chooser;
    tls_io_init(&s->io, &request);
    int e = tls_store_take(store, request.certificate, request.key,
                           &s->credentials);
    if (e == S2S_OK)
        e = configure(s, store, &request);
    if (e == S2S_OK)
        *out = s;
    else
        tls_session_free(s);
    return e;
}
