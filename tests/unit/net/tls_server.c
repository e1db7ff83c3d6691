/* The server's side of the TLS provider, against ours and plain clients. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>
#include <errno.h>

#include "net/tls.h"
#include "costly_key.h"
#include "pki.h"

#define PIPE_SIZE (256u << 10)
#define ROUNDS    200000
#define HEADER    "<stream:stream to='our.test'>"
#define ANSWER    "<stream:features/>"
#define TLS13     "NORMAL:-VERS-ALL:+VERS-TLS1.3"
#define TLS12     "NORMAL:-VERS-ALL:+VERS-TLS1.2"

/* ---- The wires --------------------------------------------------------- */

struct pipe {
    uint8_t data[PIPE_SIZE];
    size_t start, length;
    bool closed;
    int error; /* what the server's end gets, instead */
};

static void put(struct pipe *p, const void *bytes, size_t length)
{
    assert_true(p->start + p->length + length <= PIPE_SIZE);
    memcpy(p->data + p->start + p->length, bytes, length);
    p->length += length;
}

static size_t take(struct pipe *p, void *bytes, size_t length)
{
    size_t n = length < p->length ? length : p->length;
    memcpy(bytes, p->data + p->start, n);
    p->length -= n;
    p->start = p->length == 0 ? 0 : p->start + n;
    return n;
}

struct world {
    struct pipe up, down; /* to the server, to the client */
    bool bytewise;        /* the server's lower side: a byte every other call */
    unsigned calls;
    struct tls_store *store;
    s2s_tls tls;
    void *server;
    void *client;           /* of ours, or */
    gnutls_session_t plain; /* another one */
    gnutls_certificate_credentials_t credentials;
    int shaken; /* what the plain client's handshake said last */
    /* choose() */
    unsigned chosen;
    char asked[300];
    const char *certificate, *key;
    int answer;
};

static bool blocks(struct world *w)
{
    return w->bytewise && w->calls++ % 2 == 0;
}

static ptrdiff_t server_read(void *conn, void *buffer, size_t length)
{
    struct world *w = conn;
    if (w->up.length == 0 && w->up.error != 0)
        return w->up.error;
    if (w->up.length == 0 && w->up.closed)
        return 0;
    if (w->up.length == 0 || blocks(w))
        return S2S_WANT_READ;
    return (ptrdiff_t)take(&w->up, buffer, w->bytewise ? 1 : length);
}

static ptrdiff_t server_write(void *conn, const void *buffer, size_t length)
{
    struct world *w = conn;
    if (blocks(w))
        return S2S_WANT_WRITE;
    size_t n = w->bytewise ? 1 : length;
    put(&w->down, buffer, n);
    return (ptrdiff_t)n;
}

static ptrdiff_t client_read(void *conn, void *buffer, size_t length)
{
    struct world *w = conn;
    return w->down.length > 0 ? (ptrdiff_t)take(&w->down, buffer, length)
                              : S2S_WANT_READ;
}

static ptrdiff_t client_write(void *conn, const void *buffer, size_t length)
{
    put(&((struct world *)conn)->up, buffer, length);
    return (ptrdiff_t)length;
}

static ssize_t plain_pull(gnutls_transport_ptr_t p, void *buffer, size_t length)
{
    struct world *w = p;
    if (w->down.length > 0)
        return (ssize_t)take(&w->down, buffer, length);
    gnutls_transport_set_errno(w->plain, EAGAIN);
    return -1;
}

static ssize_t plain_push(gnutls_transport_ptr_t p, const void *bytes,
                          size_t length)
{
    put(&((struct world *)p)->up, bytes, length);
    return (ssize_t)length;
}

static int plain_wait(gnutls_transport_ptr_t p, unsigned ms)
{
    (void)ms;
    return ((struct world *)p)->down.length > 0;
}

/* ---- Parties ------------------------------------------------------------ */

static struct pki_party authority, our, other, peer;
static char *our_certificate, *our_key, *other_certificate, *other_key;
static char *peer_certificate, *peer_key;

static struct pki_party leaf(const char *name)
{
    struct pki_spec spec = {.cn = name, .names = {{"dns", name, 0}}};
    return pki_make(&spec, &authority);
}

static int make_parties(void **state)
{
    struct pki_spec ca = {.cn = "authority", .ca = true};
    (void)state;
    authority = pki_make(&ca, NULL);
    our = leaf("our.test");
    other = leaf("other.test");
    peer = leaf("peer.test");
    our_certificate = pki_certificate_pem(&our);
    our_key = pki_key_pem(&our);
    other_certificate = pki_certificate_pem(&other);
    other_key = pki_key_pem(&other);
    peer_certificate = pki_certificate_pem(&peer);
    peer_key = pki_key_pem(&peer);
    return 0;
}

static int free_parties(void **state)
{
    (void)state;
    pki_free(&authority);
    pki_free(&our);
    pki_free(&other);
    pki_free(&peer);
    free(our_certificate);
    free(our_key);
    free(other_certificate);
    free(other_key);
    free(peer_certificate);
    free(peer_key);
    return 0;
}

static int choose(void *chooser, const char *server_name,
                  const char **certificate, const char **key)
{
    struct world *w = chooser;
    w->chosen++;
    (void)snprintf(w->asked, sizeof(w->asked), "%s",
                   server_name != NULL ? server_name : "nothing");
    *certificate = w->certificate;
    *key = w->key;
    return w->answer;
}

static s2s_tls_request request_of(struct world *w)
{
    return (s2s_tls_request){
        .size = sizeof(s2s_tls_request),
        .alpn = "xmpp-server",
        .certificate = our_certificate,
        .key = our_key,
        .lower = w,
        .lower_read = server_read,
        .lower_write = server_write,
        .role = S2S_TLS_SERVER,
    };
}

static struct world *world(void)
{
    struct world *w = calloc(1, sizeof(*w));
    assert_non_null(w);
    assert_int_equal(tls_store_new(&w->store), S2S_OK);
    w->tls = tls_provider(w->store);
    w->shaken = GNUTLS_E_AGAIN;
    return w;
}

static void open_server(struct world *w, const s2s_tls_request *request)
{
    assert_int_equal(w->tls.open(w->tls.user, request, &w->server), S2S_OK);
}

/* One that asks for the name, unless that is NULL. */
static void open_plain(struct world *w, const char *priorities,
                       const struct pki_party *who, const char *name)
{
    pki_must(gnutls_certificate_allocate_credentials(&w->credentials));
    if (who != NULL) {
        gnutls_x509_crt_t chain[] = {who->crt, authority.crt};
        pki_must(gnutls_certificate_set_x509_key(w->credentials, chain, 2,
                                                 who->key));
    }
    pki_must(gnutls_init(&w->plain, GNUTLS_CLIENT | GNUTLS_NONBLOCK));
    pki_must(gnutls_priority_set_direct(w->plain, priorities, NULL));
    pki_must(gnutls_credentials_set(w->plain, GNUTLS_CRD_CERTIFICATE,
                                    w->credentials));
    if (name != NULL)
        pki_must(gnutls_server_name_set(w->plain, GNUTLS_NAME_DNS, name,
                                        strlen(name)));
    gnutls_transport_set_ptr(w->plain, w);
    gnutls_transport_set_pull_function(w->plain, plain_pull);
    gnutls_transport_set_push_function(w->plain, plain_push);
    gnutls_transport_set_pull_timeout_function(w->plain, plain_wait);
}

static struct world *start(const char *priorities, const struct pki_party *who)
{
    struct world *w = world();
    s2s_tls_request request = request_of(w);
    open_server(w, &request);
    if (priorities != NULL)
        open_plain(w, priorities, who, "our.test");
    return w;
}

static void stop(struct world *w)
{
    if (w->server != NULL)
        w->tls.close(w->server);
    if (w->client != NULL)
        w->tls.close(w->client);
    if (w->plain != NULL)
        gnutls_deinit(w->plain);
    if (w->credentials != NULL)
        gnutls_certificate_free_credentials(w->credentials);
    tls_store_free(w->store);
    free(w);
}

static bool waits(ptrdiff_t n)
{
    return n == S2S_WANT_READ || n == S2S_WANT_WRITE;
}

static void plain_step(struct world *w)
{
    if (w->plain == NULL || w->shaken == 0 ||
        gnutls_error_is_fatal(w->shaken) != 0)
        return;
    w->shaken = gnutls_handshake(w->plain);
    if (w->shaken < 0 && gnutls_error_is_fatal(w->shaken) != 0)
        gnutls_alert_send_appropriate(w->plain, w->shaken);
}

/* The server's handshake, as far as it goes. */
static int shake(struct world *w)
{
    int e = S2S_WANT_READ;
    for (int i = 0; i < ROUNDS && waits(e); i++) {
        plain_step(w);
        if (w->client != NULL) {
            char c;
            if (w->tls.handshake(w->client) == S2S_OK)
                assert_true(waits(w->tls.read(w->client, &c, 1)));
        }
        e = w->tls.handshake(w->server);
    }
    return e;
}

/* What comes to the server next. */
static ptrdiff_t read_some(struct world *w, void *buffer, size_t length)
{
    ptrdiff_t n = S2S_WANT_READ;
    for (int i = 0; i < ROUNDS && waits(n); i++) {
        n = w->tls.read(w->server, buffer, length);
        plain_step(w);
    }
    return n;
}

/* The plain client's first bytes, and the server's answer. */
static void converse(struct world *w)
{
    char got[256];
    size_t have = 0;
    assert_true(waits(w->tls.read(w->server, got, 1)));
    for (int i = 0; i < ROUNDS && w->shaken != 0; i++) {
        assert_true(waits(w->tls.read(w->server, got, 1)));
        plain_step(w);
    }
    assert_int_equal(w->shaken, 0);
    assert_int_equal(gnutls_record_send(w->plain, HEADER, strlen(HEADER)),
                     strlen(HEADER));
    while (have < strlen(HEADER)) {
        ptrdiff_t n = read_some(w, got + have, sizeof(got) - have);
        assert_true(n > 0);
        have += (size_t)n;
    }
    assert_int_equal(have, strlen(HEADER));
    assert_memory_equal(got, HEADER, have);
    ptrdiff_t n = w->tls.write(w->server, ANSWER, strlen(ANSWER));
    assert_int_equal(n, strlen(ANSWER));
    have = 0;
    for (int i = 0; i < ROUNDS && have < strlen(ANSWER); i++) {
        assert_true(waits(w->tls.read(w->server, got, 1)));
        ssize_t r =
            gnutls_record_recv(w->plain, got + have, sizeof(got) - have);
        have += r > 0 ? (size_t)r : 0;
    }
    assert_int_equal(have, strlen(ANSWER));
    assert_memory_equal(got, ANSWER, have);
}

/* ---- Tests -------------------------------------------------------------- */

static void check_info(struct world *w, const char *protocol, bool sent)
{
    s2s_tls_info info = {.size = sizeof(info)};
    assert_int_equal(w->tls.info(w->server, &info), S2S_OK);
    assert_string_equal(info.protocol, protocol);
    assert_string_equal(info.server_name, "our.test");
    assert_int_equal(info.client_certificate_requested, 1);
    assert_int_equal(info.client_certificate_sent, sent);
    assert_int_equal(info.chain_length, sent ? 2 : 0);
    if (!sent)
        return;
    assert_int_equal(info.chain_sizes[0], peer.der.size);
    assert_memory_equal(info.chain[0], peer.der.data, peer.der.size);
    assert_int_equal(info.chain_sizes[1], authority.der.size);
}

/* Every version, with and without a certificate, whole and in bytes; data both
 * ways; no ticket; a polite end. */
static void conversations(void **state)
{
    (void)state;
    for (unsigned i = 0; i < 8; i++) {
        bool new = i & 1, have = i & 2;
        struct world *w = start(new ? TLS13 : TLS12, have ? &peer : NULL);
        w->bytewise = i & 4;
        assert_int_equal(shake(w), S2S_OK);
        check_info(w, new ? "TLS1.3" : "TLS1.2", have);
        converse(w);
        assert_int_equal(gnutls_session_get_flags(w->plain) &
                             (unsigned)GNUTLS_SFLAGS_SESSION_TICKET,
                         0);
        pki_must(gnutls_bye(w->plain, GNUTLS_SHUT_WR));
        char c;
        assert_int_equal(read_some(w, &c, 1), 0);
        assert_int_equal(tls_truncated(w->server), 0);
        w->bytewise = false;
        w->tls.close(w->server);
        w->server = NULL;
        assert_int_equal(gnutls_record_recv(w->plain, &c, 1), 0);
        stop(w);
    }
}

/* Ours on both ends. */
static void ourselves(void **state)
{
    (void)state;
    for (int have = 0; have < 2; have++) {
        struct world *w = world();
        s2s_tls_info info = {.size = sizeof(info)};
        s2s_tls_request request = request_of(w);
        open_server(w, &request);
        request.role = S2S_TLS_CLIENT;
        request.server_name = "our.test";
        request.certificate = have ? peer_certificate : NULL;
        request.key = have ? peer_key : NULL;
        request.lower_read = client_read;
        request.lower_write = client_write;
        assert_int_equal(w->tls.open(w->tls.user, &request, &w->client),
                         S2S_OK);
        assert_int_equal(shake(w), S2S_OK);
        assert_int_equal(w->tls.info(w->server, &info), S2S_OK);
        assert_string_equal(info.protocol, "TLS1.3");
        assert_string_equal(info.alpn, "xmpp-server");
        assert_string_equal(info.server_name, "our.test");
        assert_int_equal(info.client_certificate_sent, have);
        assert_int_equal(info.chain_length, have);
        assert_int_equal(w->tls.info(w->client, &info), S2S_OK);
        assert_string_equal(info.alpn, "xmpp-server");
        assert_null(info.server_name);
        assert_int_equal(info.client_certificate_requested, 1);
        assert_int_equal(info.client_certificate_sent, have);
        assert_int_equal(info.chain_sizes[0], our.der.size);
        stop(w);
    }
}

static void alpn(void **state)
{
    static const struct {
        const char *offered[2];
        bool wanted;
        const char *selected;
    } rows[] = {
        {{"xmpp-server", NULL}, true, "xmpp-server"},
        {{"h2", "xmpp-server"}, true, "xmpp-server"},
        {{"h2", "http/1.1"}, true, NULL},
        {{"xmpp-client", NULL}, true, NULL},
        {{NULL, NULL}, true, NULL},
        {{"xmpp-server", NULL}, false, NULL},
    };
    (void)state;
    for (size_t i = 0; i < 2 * sizeof(rows) / sizeof(rows[0]); i++) {
        unsigned n = 0;
        gnutls_datum_t names[2];
        s2s_tls_info info = {.size = sizeof(info)};
        struct world *w = world();
        s2s_tls_request request = request_of(w);
        if (!rows[i / 2].wanted)
            request.alpn = NULL;
        open_server(w, &request);
        open_plain(w, i % 2 != 0 ? TLS13 : TLS12, NULL, NULL);
        for (; n < 2 && rows[i / 2].offered[n] != NULL; n++)
            names[n] = (gnutls_datum_t){
                (unsigned char *)(uintptr_t)rows[i / 2].offered[n],
                (unsigned)strlen(rows[i / 2].offered[n])};
        if (n > 0)
            pki_must(gnutls_alpn_set_protocols(w->plain, names, n, 0));
        assert_int_equal(shake(w), S2S_OK);
        assert_int_equal(w->tls.info(w->server, &info), S2S_OK);
        if (rows[i / 2].selected == NULL)
            assert_null(info.alpn);
        else
            assert_string_equal(info.alpn, rows[i / 2].selected);
        assert_null(info.server_name);
        stop(w);
    }
}

/* The certificate for the name that is asked for; once, even when the client
 * has to say hello twice; names that are no domains count as none. */
static void names(void **state)
{
    static const struct {
        const char *name, *asked;
    } rows[] = {
        {"other.test", "other.test"},
        {"OTHER.test", "other.test"},
        {"xn--bcher-kva.test", "xn--bcher-kva.test"},
        {"-a.test", "nothing"},
        {NULL, "nothing"},
    };
    static const char *const priorities[] = {
        TLS12, TLS13, TLS13 ":-GROUP-ALL:+GROUP-SECP384R1:+GROUP-X25519"};
    (void)state;
    for (size_t i = 0; i < 3 * sizeof(rows) / sizeof(rows[0]); i++) {
        struct world *w = world();
        unsigned count = 0;
        s2s_tls_info info = {.size = sizeof(info)};
        s2s_tls_request request = request_of(w);
        request.choose = choose;
        request.chooser = w;
        w->certificate = other_certificate;
        w->key = other_key;
        open_server(w, &request);
        open_plain(w, priorities[i % 3], NULL, rows[i / 3].name);
        if (shake(w) != S2S_OK)
            fail_msg("%s: %s", rows[i / 3].asked, tls_error(w->server));
        converse(w);
        assert_int_equal(w->chosen, 1);
        assert_string_equal(w->asked, rows[i / 3].asked);
        const gnutls_datum_t *chain =
            gnutls_certificate_get_peers(w->plain, &count);
        assert_int_equal(count, 1);
        assert_int_equal(chain[0].size, other.der.size);
        assert_memory_equal(chain[0].data, other.der.data, other.der.size);
        assert_int_equal(w->tls.info(w->server, &info), S2S_OK);
        if (strcmp(rows[i / 3].asked, "nothing") == 0)
            assert_null(info.server_name);
        else
            assert_string_equal(info.server_name, rows[i / 3].asked);
        stop(w);
    }
}

/* A chooser that has none, or fails: the client hears of it. */
static void nothing_chosen(void **state)
{
    const struct {
        int answer;
        const char *certificate, *key;
        int expected;
    } rows[] = {
        {S2S_OK, NULL, NULL, S2S_EPOLICY},
        {S2S_OK, our_certificate, NULL, S2S_EPOLICY},
        {S2S_OK, our_certificate, peer_key, S2S_EPOLICY},
        {S2S_OK, "nonsense", our_key, S2S_EPOLICY},
        {S2S_EPOLICY, our_certificate, our_key, S2S_EPOLICY},
        {S2S_ENO_MEMORY, NULL, NULL, S2S_ENO_MEMORY},
        {S2S_WANT_READ, our_certificate, our_key, S2S_EINTERNAL},
        {1, our_certificate, our_key, S2S_EINTERNAL},
        {S2S_CALLBACK_ERROR - 7, NULL, NULL, S2S_CALLBACK_ERROR - 7},
    };
    (void)state;
    for (size_t i = 0; i < 2 * sizeof(rows) / sizeof(rows[0]); i++) {
        struct world *w = world();
        s2s_tls_request request = request_of(w);
        request.choose = choose;
        request.chooser = w;
        request.certificate = request.key = NULL;
        w->certificate = rows[i / 2].certificate;
        w->key = rows[i / 2].key;
        w->answer = rows[i / 2].answer;
        open_server(w, &request);
        open_plain(w, i % 2 != 0 ? TLS13 : TLS12, NULL, "our.test");
        assert_int_equal(shake(w), rows[i / 2].expected);
        assert_int_equal(w->tls.handshake(w->server), rows[i / 2].expected);
        assert_true(strlen(tls_error(w->server)) > 0);
        plain_step(w);
        assert_int_equal(w->shaken, GNUTLS_E_FATAL_ALERT_RECEIVED);
        stop(w);
    }
}

/* What cannot be a name at all is refused by GnuTLS itself. */
static void no_name(void **state)
{
    (void)state;
    struct world *w = world();
    s2s_tls_request request = request_of(w);
    request.choose = choose;
    request.chooser = w;
    open_server(w, &request);
    open_plain(w, TLS13, NULL, "a_b.test");
    assert_int_equal(shake(w), S2S_ETLS_HANDSHAKE);
    assert_string_equal(tls_error(w->server),
                        "A disallowed SNI server name has been received");
    assert_int_equal(w->chosen, 0);
    stop(w);
}

static void requests(void **state)
{
    (void)state;
    struct world *w = world();
    void *s = NULL;
    s2s_tls_request request = request_of(w);
    request.certificate = request.key = NULL;
    assert_int_equal(w->tls.open(w->tls.user, &request, &s), S2S_EPOLICY);
    request.key = our_key;
    assert_int_equal(w->tls.open(w->tls.user, &request, &s), S2S_EPOLICY);
    request.certificate = "nonsense";
    assert_int_equal(w->tls.open(w->tls.user, &request, &s), S2S_EPOLICY);
    request = request_of(w);
    request.role = 2;
    assert_int_equal(w->tls.open(w->tls.user, &request, &s),
                     S2S_EINVALID_ARGUMENT);
    assert_null(s);
    /* From before there was a chooser. */
    request = request_of(w);
    request.size = offsetof(s2s_tls_request, choose);
    request.choose = choose;
    open_server(w, &request);
    open_plain(w, TLS13, NULL, "our.test");
    assert_int_equal(shake(w), S2S_OK);
    assert_int_equal(w->chosen, 0);
    stop(w);
}

/* What we do not do; and what we do although it is old. */
static void ciphers(void **state)
{
    static const struct {
        const char *priorities;
        bool good;
    } rows[] = {
        {"NORMAL:-VERS-ALL:+VERS-TLS1.1", false},
        {TLS12 ":-KX-ALL:+RSA", false},
        {TLS12 ":-CIPHER-ALL:+3DES-CBC", false},
        {TLS12 ":-KX-ALL:+DHE-RSA", true},
        {TLS12 ":-KX-ALL:+ECDHE-RSA:-CIPHER-ALL:+AES-256-CBC", true},
        {TLS13 ":-GROUP-ALL:+GROUP-SECP521R1", true},
        {"NORMAL", true},
    };
    (void)state;
    struct pki_party rsa =
        pki_make(&(struct pki_spec){.cn = "our.test",
                                    .rsa = 2048,
                                    .usage = GNUTLS_KEY_DIGITAL_SIGNATURE |
                                             GNUTLS_KEY_KEY_ENCIPHERMENT},
                 &authority);
    char *certificate = pki_certificate_pem(&rsa);
    char *key = pki_key_pem(&rsa);
    for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
        struct world *w = world();
        s2s_tls_request request = request_of(w);
        request.certificate = certificate;
        request.key = key;
        open_server(w, &request);
        open_plain(w, rows[i].priorities, NULL, "our.test");
        int e = shake(w);
        if (e != (rows[i].good ? S2S_OK : S2S_ETLS_HANDSHAKE))
            fail_msg("%s: %d, %s", rows[i].priorities, e, tls_error(w->server));
        if (rows[i].good)
            converse(w);
        stop(w);
    }
    free(certificate);
    free(key);
    pki_free(&rsa);
}

/* The end of the wire at every byte of both of the client's flights. */
static void cut_in_handshake(void **state)
{
    (void)state;
    for (unsigned i = 0; i < 4; i++) {
        size_t flight = 1;
        for (size_t cut = 0; cut < flight; cut++) {
            struct world *w = start(i % 2 != 0 ? TLS13 : TLS12, &peer);
            plain_step(w);
            if (i / 2 == 1) {
                assert_int_equal(w->tls.handshake(w->server), S2S_WANT_READ);
                plain_step(w);
            }
            flight = w->up.length;
            if (cut >= flight) { /* signatures differ in length */
                stop(w);
                break;
            }
            w->up.length = cut;
            w->up.closed = true;
            assert_int_equal(w->tls.handshake(w->server), S2S_ECLOSED);
            assert_string_equal(
                tls_error(w->server),
                "The TLS connection was non-properly terminated");
            stop(w);
        }
        assert_true(flight > 150);
    }
}

static void lower_errors(void **state)
{
    (void)state;
    struct world *w = start(TLS13, NULL);
    w->up.error = S2S_CALLBACK_ERROR - 5;
    assert_int_equal(w->tls.handshake(w->server), S2S_CALLBACK_ERROR - 5);
    stop(w);
}

static void garbage(void **state)
{
    static const struct {
        const char *bytes;
        size_t length;
    } rows[] = {
        {"<?xml version='1.0'?><stream:stream xmlns='jabber:server'>", 58},
        {"GET / HTTP/1.1\r\nHost: our.test\r\n\r\n", 34},
        {"\x16\x03\x01\x00\x05\x01\x00\x00\x01\x00", 10},
        {"\x16\x03\x01\x00\x05\x02\x00\x00\x01\x00", 10},
        {"\x16\x03\x01\xff\xff\x01\xff\xff\xff\xff", 10},
        {"\x16\x03\x01\x00\x04\x01\xff\xff\xff", 9}, /* far too long */
        {"\x80\x2e\x01\x03\x01\x00\x15\x00\x00\x00\x10", 11},
        {"\x17\x03\x03\x00\x05hello", 10},
        {"\x14\x03\x03\x00\x01\x01", 6},
        {"\x00\x00\x00\x00\x00\x00\x00\x00", 8},
    };
    (void)state;
    for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++)
        for (int bytewise = 0; bytewise < 2; bytewise++) {
            struct world *w = start(NULL, NULL);
            w->bytewise = bytewise;
            put(&w->up, rows[i].bytes, rows[i].length);
            w->up.closed = true;
            int e = shake(w);
            if (e != S2S_ETLS_HANDSHAKE && e != S2S_ECLOSED)
                fail_msg("row %zu: %d", i, e);
            assert_true(strlen(tls_error(w->server)) > 0);
            assert_null(strstr(tls_error(w->server), "our.test"));
            stop(w);
        }
}

/* Garbage where the client's second flight should be. */
static void garbage_later(void **state)
{
    (void)state;
    for (unsigned i = 0; i < 2 * 40; i++) {
        struct world *w = start(i % 2 != 0 ? TLS13 : TLS12, &peer);
        plain_step(w);
        assert_int_equal(w->tls.handshake(w->server), S2S_WANT_READ);
        plain_step(w);
        size_t at = w->up.length * (i / 2) / 40;
        w->up.data[w->up.start + at] ^= 0x55;
        w->up.closed = true;
        int e = shake(w);
        bool compat = i % 2 != 0 && at < 6; /* a record that means nothing */
        assert_true(e == S2S_ETLS_HANDSHAKE || e == S2S_ECLOSED ||
                    (compat && e == S2S_OK));
        stop(w);
    }
}

/* Records that bring nothing come to an end. */
static void patience(void **state)
{
    (void)state;
    struct world *w = start(TLS12, NULL);
    plain_step(w);
    assert_int_equal(w->tls.handshake(w->server), S2S_WANT_READ);
    for (int i = 0; i < 1000; i++) /* warnings: user_cancelled */
        put(&w->up, "\x15\x03\x03\x00\x02\x01\x5a", 7);
    assert_int_equal(w->tls.handshake(w->server), S2S_ETLS_HANDSHAKE);
    stop(w);
}

/* The client's complaints, by name: within the handshake, and after it. */
static void alerts(void **state)
{
    static const struct {
        gnutls_alert_description_t alert;
        const char *text;
    } rows[] = {
        {GNUTLS_A_UNKNOWN_CA, "alert: unknown ca"},
        {GNUTLS_A_BAD_CERTIFICATE, "alert: bad certificate"},
        {GNUTLS_A_CERTIFICATE_EXPIRED, "alert: certificate expired"},
        {GNUTLS_A_UNSUPPORTED_CERTIFICATE, "alert: unsupported certificate"},
    };
    (void)state;
    for (size_t i = 0; i < 8 * sizeof(rows) / sizeof(rows[0]); i++) {
        bool after = i & 1, new = i & 2;
        uint8_t record[] = {21, 3, 3, 0, 2, 2, (uint8_t)rows[i / 8].alert};
        struct world *w = start(new ? TLS13 : TLS12, NULL);
        char c;
        int e;
        w->bytewise = i & 4;
        if (after) {
            assert_int_equal(shake(w), S2S_OK);
            converse(w);
            pki_must(gnutls_alert_send(w->plain, GNUTLS_AL_FATAL,
                                       rows[i / 8].alert));
            w->up.closed = true;
            e = (int)read_some(w, &c, 1);
        } else {
            /* In TLS 1.3 too it may come in the clear. */
            plain_step(w);
            while (w->up.length > 0 || w->down.length == 0)
                assert_true(waits(w->tls.handshake(w->server)));
            put(&w->up, record, sizeof(record));
            w->up.closed = true;
            e = w->tls.handshake(w->server);
            while (waits(e))
                e = w->tls.handshake(w->server);
        }
        assert_int_equal(e, S2S_ETLS_HANDSHAKE);
        assert_string_equal(tls_error(w->server), rows[i / 8].text);
        stop(w);
    }
}

/* A client that checks our certificate within its handshake, and minds. */
static int distrust(gnutls_session_t session)
{
    (void)session;
    return GNUTLS_E_CERTIFICATE_ERROR;
}

static void our_certificate_refused(void **state)
{
    (void)state;
    for (int i = 0; i < 2; i++) {
        struct world *w = start(i != 0 ? TLS13 : TLS12, &peer);
        gnutls_session_set_verify_function(w->plain, distrust);
        assert_int_equal(shake(w), S2S_ETLS_HANDSHAKE);
        assert_string_equal(tls_error(w->server), "alert: bad certificate");
        stop(w);
    }
}

/* A client's certificate is not verified, whoever it is of; but a key made to
 * keep us busy is refused before it is used. */
static void client_certificates(void **state)
{
    (void)state;
    const struct {
        struct pki_spec spec;
        int expected;
    } rows[] = {
        {{.cn = "old", .begin = -30, .end = -20}, S2S_OK},
        {{.cn = "short", .rsa = 1024}, S2S_OK},
        {{.cn = "server", .eku = GNUTLS_KP_TLS_WWW_SERVER}, S2S_OK},
        {{.cn = "long", .padding = 60000}, S2S_OK},
        {{.cn = "too long", .padding = 140000}, S2S_ETLS_HANDSHAKE},
        {{.cn = "costly", .key = costly_key}, S2S_ETLS_HANDSHAKE},
    };
    for (size_t i = 0; i < 2 * sizeof(rows) / sizeof(rows[0]); i++) {
        struct pki_party who = pki_make(&rows[i / 2].spec, NULL);
        struct world *w = start(i % 2 != 0 ? TLS13 : TLS12, &who);
        s2s_tls_info info = {.size = sizeof(info)};
        int e = shake(w);
        if (e != rows[i / 2].expected)
            fail_msg("%s: %d %s", rows[i / 2].spec.cn, e, tls_error(w->server));
        if (e == S2S_OK) {
            assert_int_equal(w->tls.info(w->server, &info), S2S_OK);
            assert_int_equal(info.client_certificate_sent, 1);
            assert_int_equal(info.chain_sizes[0], who.der.size);
        }
        stop(w);
        pki_free(&who);
    }
}

/* RFC 6120, 5.3.5: not with us. */
static void renegotiation(void **state)
{
    char c;
    (void)state;
    struct world *w = start(TLS12, NULL);
    assert_int_equal(shake(w), S2S_OK);
    converse(w);
    w->shaken = gnutls_handshake(w->plain);
    assert_int_equal(w->shaken, GNUTLS_E_AGAIN);
    assert_int_equal(w->tls.read(w->server, &c, 1), S2S_ETLS_HANDSHAKE);
    assert_string_equal(tls_error(w->server), "the peer asks to renegotiate");
    stop(w);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(conversations),
        cmocka_unit_test(ourselves),
        cmocka_unit_test(alpn),
        cmocka_unit_test(names),
        cmocka_unit_test(nothing_chosen),
        cmocka_unit_test(no_name),
        cmocka_unit_test(requests),
        cmocka_unit_test(ciphers),
        cmocka_unit_test(cut_in_handshake),
        cmocka_unit_test(lower_errors),
        cmocka_unit_test(garbage),
        cmocka_unit_test(garbage_later),
        cmocka_unit_test(patience),
        cmocka_unit_test(alerts),
        cmocka_unit_test(our_certificate_refused),
        cmocka_unit_test(client_certificates),
        cmocka_unit_test(renegotiation),
    };
    return cmocka_run_group_tests_name("net/tls_server", tests, make_parties,
                                       free_parties);
}
