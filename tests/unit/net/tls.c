/* The TLS provider against a GnuTLS server, over memory. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>
#include <errno.h>
#include <gnutls/abstract.h>

#include "base/error.h"
#include "net/tls.h"
#include "net/tls_io.h"
#include "net/tls_session.h"
#include "costly_key.h"
#include "override.h"
#include "pki.h"

#define PIPE_SIZE (256u << 10)
#define ROUNDS    400000
#define HEADER    "<stream:stream to='peer.test'>"
#define FEATURES  "<stream:features><bidi/></stream:features>"

/* ---- The wires --------------------------------------------------------- */

struct pipe { /* circular */
    uint8_t data[PIPE_SIZE];
    size_t start, length;
    size_t limit; /* takes no more than this at a time; 0: all */
    bool closed;
    int error; /* what both ends get, instead */
};

static size_t pipe_put(struct pipe *p, const void *bytes, size_t length)
{
    size_t room = (p->limit != 0 ? p->limit : PIPE_SIZE) - p->length;
    size_t n = length < room ? length : room;
    for (size_t i = 0; i < n; i++)
        p->data[(p->start + p->length + i) % PIPE_SIZE] =
            ((const uint8_t *)bytes)[i];
    p->length += n;
    return n;
}

static size_t pipe_take(struct pipe *p, void *bytes, size_t length)
{
    size_t n = length < p->length ? length : p->length;
    for (size_t i = 0; i < n; i++)
        ((uint8_t *)bytes)[i] = p->data[(p->start + i) % PIPE_SIZE];
    p->start = (p->start + n) % PIPE_SIZE;
    p->length -= n;
    return n;
}

struct world {
    struct pipe up, down; /* to the server, to the client */
    bool bytewise;        /* a byte a call, every other call blocks */
    unsigned calls;
    unsigned reads, writes; /* that moved something */
    unsigned asked;         /* reads in all */
    struct tls_store *store;
    s2s_tls tls;
    void *client;
    gnutls_session_t server;
    gnutls_certificate_credentials_t credentials;
    const struct pki_party *trusted; /* by the server; NULL: `authority` */
    bool server_done;
    int server_error;
};

static bool blocks(struct world *w)
{
    return w->bytewise && w->calls++ % 2 == 0;
}

static ptrdiff_t lower_read(void *conn, void *buffer, size_t length)
{
    struct world *w = conn;
    w->asked++;
    if (w->down.length == 0 && w->down.error != 0)
        return w->down.error;
    if (w->down.length == 0 && w->down.closed)
        return 0;
    if (w->down.length == 0 || blocks(w))
        return S2S_WANT_READ;
    w->reads++;
    return (ptrdiff_t)pipe_take(&w->down, buffer, w->bytewise ? 1 : length);
}

static ptrdiff_t lower_write(void *conn, const void *buffer, size_t length)
{
    struct world *w = conn;
    if (w->up.error != 0)
        return w->up.error;
    if (blocks(w))
        return S2S_WANT_WRITE;
    size_t n = pipe_put(&w->up, buffer, w->bytewise ? 1 : length);
    if (n == 0)
        return S2S_WANT_WRITE;
    w->writes++;
    return (ptrdiff_t)n;
}

static ssize_t server_pull(gnutls_transport_ptr_t p, void *buffer,
                           size_t length)
{
    struct world *w = p;
    if (w->up.length == 0) {
        gnutls_transport_set_errno(w->server, EAGAIN);
        return w->up.closed ? 0 : -1;
    }
    return (ssize_t)pipe_take(&w->up, buffer, length);
}

static ssize_t server_push(gnutls_transport_ptr_t p, const void *bytes,
                           size_t length)
{
    struct world *w = p;
    size_t n = pipe_put(&w->down, bytes, length);
    if (n > 0)
        return (ssize_t)n;
    gnutls_transport_set_errno(w->server, EAGAIN);
    return -1;
}

static int server_wait(gnutls_transport_ptr_t p, unsigned ms)
{
    (void)ms;
    return ((struct world *)p)->up.length > 0;
}

/* ---- A server, a client ------------------------------------------------- */

static struct pki_party root, authority, server_party, client_party;
static char *client_certificate, *client_key;

static int make_parties(void **state)
{
    struct pki_spec top = {.cn = "root", .ca = true};
    struct pki_spec ca = {.cn = "authority", .ca = true};
    struct pki_spec leaf = {.cn = "peer", .names = {{"dns", "peer.test", 0}}};
    struct pki_spec own = {.cn = "own", .names = {{"dns", "own.test", 0}}};
    (void)state;
    root = pki_make(&top, NULL);
    authority = pki_make(&ca, &root);
    server_party = pki_make(&leaf, &authority);
    client_party = pki_make(&own, &authority);
    client_certificate = pki_certificate_pem(&client_party);
    client_key = pki_key_pem(&client_party);
    return 0;
}

static int free_parties(void **state)
{
    (void)state;
    pki_free(&root);
    pki_free(&authority);
    pki_free(&server_party);
    pki_free(&client_party);
    free(client_certificate);
    free(client_key);
    return 0;
}

#define TLS13 "NORMAL:-VERS-ALL:+VERS-TLS1.3"
#define TLS12 "NORMAL:-VERS-ALL:+VERS-TLS1.2"
#define LAX   ":%DEBUG_ALLOW_KEY_USAGE_VIOLATIONS"
#define TLS11 "NORMAL:-VERS-ALL:+VERS-TLS1.1"
/* one that we do not offer */
#define OTHER_CIPHER "NORMAL:-CIPHER-ALL:+AES-256-CCM"

static void start_server_as(struct world *w, const struct pki_party *who,
                            const char *priorities,
                            gnutls_certificate_request_t ask)
{
    gnutls_x509_crt_t chain[] = {who->crt, authority.crt};
    gnutls_datum_t alpn = {(unsigned char *)(uintptr_t) "xmpp-server", 11};
    pki_must(gnutls_certificate_allocate_credentials(&w->credentials));
    pki_must(
        gnutls_certificate_set_x509_key(w->credentials, chain, 2, who->key));
    const struct pki_party *trusted =
        w->trusted != NULL ? w->trusted : &authority;
    pki_must(gnutls_certificate_set_x509_trust_mem(
        w->credentials, &trusted->der, GNUTLS_X509_FMT_DER));
    pki_must(gnutls_init(&w->server, GNUTLS_SERVER | GNUTLS_NONBLOCK));
    pki_must(gnutls_priority_set_direct(w->server, priorities, NULL));
    pki_must(gnutls_credentials_set(w->server, GNUTLS_CRD_CERTIFICATE,
                                    w->credentials));
    gnutls_certificate_server_set_request(w->server, ask);
    pki_must(gnutls_alpn_set_protocols(w->server, &alpn, 1, 0));
    gnutls_datum_t ticket;
    pki_must(gnutls_session_ticket_key_generate(&ticket));
    pki_must(gnutls_session_ticket_enable_server(w->server, &ticket));
    gnutls_free(ticket.data);
    gnutls_transport_set_ptr(w->server, w);
    gnutls_transport_set_pull_function(w->server, server_pull);
    gnutls_transport_set_push_function(w->server, server_push);
    gnutls_transport_set_pull_timeout_function(w->server, server_wait);
}

static void start_server(struct world *w, const char *priorities,
                         gnutls_certificate_request_t ask)
{
    start_server_as(w, &server_party, priorities, ask);
}

static s2s_tls_request request_of(struct world *w)
{
    return (s2s_tls_request){
        .size = sizeof(s2s_tls_request),
        .server_name = "peer.test",
        .alpn = "xmpp-server",
        .lower = w,
        .lower_read = lower_read,
        .lower_write = lower_write,
    };
}

static void start_client(struct world *w, bool certificate)
{
    s2s_tls_request request = request_of(w);
    if (certificate) {
        request.certificate = client_certificate;
        request.key = client_key;
    }
    assert_int_equal(tls_store_new(&w->store), S2S_OK);
    w->tls = tls_provider(w->store);
    assert_int_equal(w->tls.open(w->tls.user, &request, &w->client), S2S_OK);
}

static struct world *start(const char *priorities, bool bytewise)
{
    struct world *w = calloc(1, sizeof(*w));
    assert_non_null(w);
    w->bytewise = bytewise;
    if (priorities != NULL)
        start_server(w, priorities, GNUTLS_CERT_IGNORE);
    start_client(w, false);
    return w;
}

static void stop(struct world *w)
{
    if (w->client != NULL)
        w->tls.close(w->client);
    tls_store_free(w->store);
    if (w->server != NULL)
        gnutls_deinit(w->server);
    if (w->credentials != NULL)
        gnutls_certificate_free_credentials(w->credentials);
    free(w);
}

static bool waits(ptrdiff_t n)
{
    return n == S2S_WANT_READ || n == S2S_WANT_WRITE;
}

static void server_step(struct world *w)
{
    if (w->server_done || w->server_error != 0 || w->server == NULL)
        return;
    int rc = gnutls_handshake(w->server);
    if (rc == 0)
        w->server_done = true;
    else if (gnutls_error_is_fatal(rc)) {
        w->server_error = rc;
        gnutls_alert_send_appropriate(w->server, rc);
    }
}

/* The client's handshake, as far as it goes. */
static int shake(struct world *w)
{
    int e = S2S_WANT_READ;
    for (int i = 0; i < ROUNDS && waits(e); i++) {
        e = w->tls.handshake(w->client);
        server_step(w);
    }
    return e;
}

static ptrdiff_t read_some(struct world *w, void *buffer, size_t length)
{
    ptrdiff_t n = S2S_WANT_READ;
    for (int i = 0; i < ROUNDS && waits(n); i++) {
        n = w->tls.read(w->client, buffer, length);
        server_step(w);
    }
    return n;
}

static ptrdiff_t write_some(struct world *w, const void *bytes, size_t length)
{
    ptrdiff_t n = S2S_WANT_WRITE;
    for (int i = 0; i < ROUNDS && waits(n); i++)
        n = w->tls.write(w->client, bytes, length);
    return n;
}

static void server_send(struct world *w, const char *text)
{
    assert_int_equal(gnutls_record_send(w->server, text, strlen(text)),
                     strlen(text));
}

/* Until the server has this text, with the client reading in between, as a
 * link does before it waits. */
static void server_expect(struct world *w, const char *text)
{
    char got[256];
    char scrap[16];
    size_t have = 0;
    for (int i = 0; i < ROUNDS && have < strlen(text); i++) {
        server_step(w);
        ssize_t n = w->server_done ? gnutls_record_recv(w->server, got + have,
                                                        sizeof(got) - have)
                                   : GNUTLS_E_AGAIN;
        if (n > 0)
            have += (size_t)n;
        else
            assert_int_equal(n, GNUTLS_E_AGAIN);
        if (have < strlen(text))
            assert_true(waits(w->tls.read(w->client, scrap, sizeof(scrap))));
    }
    assert_int_equal(have, strlen(text));
    assert_memory_equal(got, text, have);
}

static void client_expect(struct world *w, const char *text)
{
    char got[256];
    size_t have = 0;
    while (have < strlen(text)) {
        ptrdiff_t n = read_some(w, got + have, sizeof(got) - have);
        assert_true(n > 0);
        have += (size_t)n;
    }
    assert_int_equal(have, strlen(text));
    assert_memory_equal(got, text, have);
}

/* ---- Tests -------------------------------------------------------------- */

static void check_info(struct world *w, const char *protocol,
                       const char *cipher, bool asked, bool sent)
{
    s2s_tls_info info = {.size = sizeof(info)};
    assert_int_equal(w->tls.info(w->client, &info), S2S_OK);
    assert_string_equal(info.protocol, protocol);
    assert_string_equal(info.cipher, cipher);
    assert_string_equal(info.alpn, "xmpp-server");
    assert_int_equal(info.chain_length, 2);
    assert_int_equal(info.chain_sizes[0], server_party.der.size);
    assert_memory_equal(info.chain[0], server_party.der.data,
                        server_party.der.size);
    assert_int_equal(info.chain_sizes[1], authority.der.size);
    assert_null(info.ocsp);
    assert_int_equal(info.client_certificate_requested, asked);
    assert_int_equal(info.client_certificate_sent, sent);
}

/* Every version, certificate request and segmentation; data both ways; a
 * polite end. */
static void conversations(void **state)
{
    static const struct {
        const char *priorities, *protocol, *cipher;
    } versions[] = {
        {TLS13, "TLS1.3", "TLS_AES_128_GCM_SHA256"},
        {TLS12, "TLS1.2", "TLS_ECDHE_ECDSA_WITH_AES_128_GCM_SHA256"},
    };
    (void)state;
    for (unsigned i = 0; i < 16; i++) {
        bool ask = i & 1, have = i & 2, bytewise = i & 4;
        unsigned v = i >> 3;
        struct world *w = calloc(1, sizeof(*w));
        assert_non_null(w);
        w->bytewise = bytewise;
        start_server(w, versions[v].priorities,
                     ask ? GNUTLS_CERT_REQUEST : GNUTLS_CERT_IGNORE);
        start_client(w, have);
        assert_int_equal(shake(w), S2S_OK);
        check_info(w, versions[v].protocol, versions[v].cipher, ask,
                   ask && have);
        assert_int_equal(write_some(w, HEADER, strlen(HEADER)), strlen(HEADER));
        server_expect(w, HEADER);
        char name[32];
        size_t size = sizeof(name);
        assert_int_equal(gnutls_certificate_get_peers(w->server, &v) != NULL,
                         ask && have);
        pki_must(gnutls_server_name_get(w->server, name, &size, &v, 0));
        assert_string_equal(name, "peer.test");
        server_send(w, FEATURES);
        client_expect(w, FEATURES);
        pki_must(gnutls_bye(w->server, GNUTLS_SHUT_WR));
        w->down.closed = true;
        char c;
        assert_int_equal(read_some(w, &c, 1), 0);
        assert_int_equal(w->tls.read(w->client, &c, 1), 0);
        assert_int_equal(tls_truncated(w->client), 0);
        stop(w);
    }
}

/* How many lower calls a probe's TLS takes. */
static void few_calls(void **state)
{
    (void)state;
    struct world *w = start(TLS13, false);
    assert_int_equal(w->tls.handshake(w->client), S2S_WANT_READ);
    assert_int_equal(w->writes, 1);
    assert_int_equal(w->asked, 1);
    server_step(w);
    assert_int_equal(w->tls.handshake(w->client), S2S_OK);
    assert_int_equal(w->writes, 1); /* Finished waits for the header */
    assert_int_equal(w->reads, 1);
    assert_int_equal(w->tls.write(w->client, HEADER, strlen(HEADER)),
                     strlen(HEADER));
    assert_int_equal(w->writes, 2);
    server_step(w);
    assert_true(w->server_done);
    char got[256];
    assert_int_equal(gnutls_record_recv(w->server, got, sizeof(got)),
                     strlen(HEADER));
    server_send(w, FEATURES); /* behind the tickets */
    assert_int_equal(w->tls.read(w->client, got, sizeof(got)),
                     strlen(FEATURES));
    assert_int_equal(w->writes, 2);
    assert_int_equal(w->reads, 2);
    assert_int_equal(w->asked, 3);
    stop(w);
}

/* A header that is never written: the handshake's end goes out with a read. */
static void finished_goes_out(void **state)
{
    char c;
    (void)state;
    struct world *w = start(TLS13, false);
    assert_int_equal(shake(w), S2S_OK);
    assert_false(w->server_done);
    assert_int_equal(w->tls.read(w->client, &c, 1), S2S_WANT_READ);
    server_step(w);
    assert_true(w->server_done);
    stop(w);
}

static void refused_by_alert(void **state)
{
    char c;
    (void)state;
    struct world *w = start(OTHER_CIPHER, false);
    assert_int_equal(shake(w), S2S_ETLS_HANDSHAKE);
    assert_string_equal(tls_error(w->client), "alert: handshake failure");
    assert_int_equal(w->tls.handshake(w->client), S2S_ETLS_HANDSHAKE);
    assert_int_equal(w->tls.read(w->client, &c, 1), S2S_ETLS_HANDSHAKE);
    assert_int_equal(w->tls.write(w->client, &c, 1), S2S_ETLS_HANDSHAKE);
    stop(w);
}

static void old_version(void **state)
{
    (void)state;
    struct world *w = start(TLS11, false);
    assert_int_equal(shake(w), S2S_ETLS_HANDSHAKE);
    server_step(w); /* and we say so */
    assert_int_equal(w->server_error, GNUTLS_E_FATAL_ALERT_RECEIVED);
    assert_int_equal(gnutls_alert_get(w->server), GNUTLS_A_PROTOCOL_VERSION);
    stop(w);
}

/* A handshake fails over no ordinary fault of a certificate, and over no cipher
 * that can still be reported. */
static void whatever_certificate(void **state)
{
    static const struct {
        struct pki_spec leaf;
        const char *priorities, *cipher;
    } rows[] = {
        {{.cn = "expired", .begin = -90, .end = -10}, TLS13, NULL},
        {{.cn = "client only", .eku = GNUTLS_KP_TLS_WWW_CLIENT}, TLS13, NULL},
        {{.cn = "short", .rsa = 1024}, TLS13, NULL},
        {{.cn = "short", .rsa = 1024}, TLS12, NULL},
        {{.cn = "SHA-1", .digest = GNUTLS_DIG_SHA1}, TLS13, NULL},
        {{.cn = "SHA-1", .digest = GNUTLS_DIG_SHA1}, TLS12, NULL},
        {{.cn = "static", .rsa = 2048, .usage = GNUTLS_KEY_KEY_ENCIPHERMENT},
         TLS12 ":-KX-ALL:+RSA",
         "TLS_RSA_WITH_AES_128_GCM_SHA256"},
        {{.cn = "DHE", .rsa = 2048},
         TLS12 ":-KX-ALL:+DHE-RSA:+RSA",
         "TLS_DHE_RSA_WITH_AES_128_GCM_SHA256"},
        {{.cn = "CBC"},
         TLS12 ":-CIPHER-ALL:+AES-256-CBC",
         "TLS_ECDHE_ECDSA_WITH_AES_256_CBC_SHA"},
        {{.cn = "P-256 only"}, TLS13 ":-GROUP-ALL:+GROUP-SECP256R1", NULL},
        {{.cn = "P-384 only"}, TLS13 ":-GROUP-ALL:+GROUP-SECP384R1", NULL},
    };
    (void)state;
    for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
        struct pki_party leaf = pki_make(&rows[i].leaf, &authority);
        s2s_tls_info info = {.size = sizeof(info)};
        struct world *w = calloc(1, sizeof(*w));
        assert_non_null(w);
        start_server_as(w, &leaf, rows[i].priorities, GNUTLS_CERT_IGNORE);
        start_client(w, false);
        if (shake(w) != S2S_OK)
            fail_msg("%s: %s, %s", rows[i].leaf.cn, tls_error(w->client),
                     gnutls_strerror(w->server_error));
        assert_int_equal(w->tls.info(w->client, &info), S2S_OK);
        assert_int_equal(info.chain_sizes[0], leaf.der.size);
        if (rows[i].cipher != NULL)
            assert_string_equal(info.cipher, rows[i].cipher);
        stop(w);
        pki_free(&leaf);
    }
}

/* But over a key usage that forbids what is done. */
static void key_usage(void **state)
{
    (void)state;
    struct pki_party leaf = pki_make(
        &(struct pki_spec){.cn = "peer", .usage = GNUTLS_KEY_KEY_AGREEMENT},
        &authority);
    struct world *w = calloc(1, sizeof(*w));
    assert_non_null(w);
    start_server_as(w, &leaf, TLS12 LAX, GNUTLS_CERT_IGNORE);
    start_client(w, false);
    assert_int_equal(shake(w), S2S_ETLS_HANDSHAKE);
    assert_string_equal(tls_error(w->client),
                        "Key usage violation in certificate has been detected");
    stop(w);
    pki_free(&leaf);
}

/* A key made to keep us busy is refused before it is used. */
static void costly_keys(void **state)
{
    (void)state;
    struct pki_party costly = pki_make(
        &(struct pki_spec){.cn = "peer", .key = costly_key}, &authority);
    struct pki_party plain =
        pki_make(&(struct pki_spec){.cn = "peer", .rsa = 1024}, &authority);
    for (int i = 0; i < 4; i++) {
        struct world *w = calloc(1, sizeof(*w));
        assert_non_null(w);
        start_server_as(w, i < 2 ? &costly : &plain, i % 2 != 0 ? TLS13 : TLS12,
                        GNUTLS_CERT_IGNORE);
        start_client(w, false);
        assert_int_equal(shake(w), i < 2 ? S2S_ETLS_HANDSHAKE : S2S_OK);
        assert_string_equal(tls_error(w->client),
                            i < 2 ? "Error in the certificate" : "");
        stop(w);
    }
    pki_free(&costly);
    pki_free(&plain);
}

/* One that GnuTLS finds, and another reader does not, is refused too. */
static void hidden_key(void **state)
{
    uint8_t der[2000];
    (void)state;
    struct pki_party p = pki_make(&(struct pki_spec){.cn = "peer"}, &authority);
    gnutls_pcert_st sent = {.type = GNUTLS_CRT_X509};
    gnutls_privkey_t key;
    assert_true(p.der.size <= sizeof(der));
    for (int i = 0; i < 4; i++) {
        struct world *w = calloc(1, sizeof(*w));
        assert_non_null(w);
        start_server_as(w, &p, i % 2 != 0 ? TLS13 : TLS12, GNUTLS_CERT_IGNORE);
        memcpy(der, p.der.data, p.der.size);
        assert_int_equal(der[8], 0xa0);
        der[9] = (uint8_t)(der[9] + (i < 2));
        gnutls_certificate_free_keys(w->credentials);
        pki_must(gnutls_pcert_import_x509_raw(
            &sent, &(gnutls_datum_t){der, p.der.size}, GNUTLS_X509_FMT_DER, 0));
        pki_must(gnutls_privkey_init(&key));
        pki_must(
            gnutls_privkey_import_x509(key, p.key, GNUTLS_PRIVKEY_IMPORT_COPY));
        pki_must(
            gnutls_certificate_set_key(w->credentials, NULL, 0, &sent, 1, key));
        start_client(w, false);
        assert_int_equal(shake(w), i < 2 ? S2S_ETLS_HANDSHAKE : S2S_OK);
        assert_string_equal(tls_error(w->client),
                            i < 2 ? "Error in the certificate" : "");
        stop(w);
    }
    pki_free(&p);
}

/* A server that selects what we did not offer may be another protocol's. When
 * we offer nothing, GnuTLS itself refuses what is selected. */
static void other_protocol(void **state)
{
    static const char *const versions[] = {TLS12, TLS13};
    (void)state;
    for (int i = 0; i < 4; i++) {
        size_t length;
        struct world *w = start(versions[i % 2], i > 1);
        override_alpn(w->server);
        assert_null(tls_other_protocol(w->client, &length));
        assert_int_equal(shake(w), S2S_ETLS_HANDSHAKE);
        assert_string_equal(
            tls_error(w->client),
            "the server selected a protocol by ALPN that was not offered");
        assert_memory_equal(tls_other_protocol(w->client, &length),
                            OVERRIDE_OTHER, 11);
        assert_int_equal(length, 11);
        server_step(w);
        if (!w->bytewise) /* else the alert would have to wait */
            assert_int_equal(gnutls_alert_get(w->server),
                             GNUTLS_A_ILLEGAL_PARAMETER);
        stop(w);
    }
}

/* One that selects nothing is fine. */
static void no_protocol(void **state)
{
    static const char *const versions[] = {TLS12, TLS13};
    (void)state;
    for (size_t i = 0; i < 2; i++) {
        s2s_tls_info info = {.size = sizeof(info)};
        gnutls_datum_t name = {(unsigned char *)(uintptr_t) "http/1.1", 8};
        struct world *w = start(versions[i], false);
        pki_must(gnutls_alpn_set_protocols(w->server, &name, 1, 0));
        assert_int_equal(shake(w), S2S_OK);
        assert_int_equal(w->tls.info(w->client, &info), S2S_OK);
        assert_null(info.alpn);
        stop(w);
    }
}

/* The size of a server's own group, and of a standard one. */
static void dh_groups(void **state)
{
    static const struct {
        const char *priorities;
        unsigned own, bits; /* 0: none */
    } rows[] = {
        {OVERRIDE_CURVES ":-KX-ALL:+DHE-RSA", 1024, 1024},
        {OVERRIDE_CURVES ":-KX-ALL:+DHE-RSA", 2048, 2048},
        {TLS12 ":-KX-ALL:+DHE-RSA", 0, 2048},
        {TLS12, 0, 0},
        {TLS13, 0, 0},
    };
    (void)state;
    struct pki_party leaf =
        pki_make(&(struct pki_spec){.cn = "DHE", .rsa = 2048}, &authority);
    for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
        gnutls_dh_params_t group = NULL;
        struct world *w = calloc(1, sizeof(*w));
        assert_non_null(w);
        start_server_as(w, &leaf, rows[i].priorities, GNUTLS_CERT_IGNORE);
        start_client(w, false);
        if (rows[i].own != 0)
            override_group(((struct tls_session *)w->client)->gnutls,
                           w->credentials, rows[i].own, &group);
        if (shake(w) != S2S_OK)
            fail_msg("row %zu: %s, %s", i, tls_error(w->client),
                     gnutls_strerror(w->server_error));
        assert_int_equal(tls_dh_bits(w->client), rows[i].bits);
        stop(w);
        if (group != NULL)
            gnutls_dh_params_deinit(group);
    }
    pki_free(&leaf);
}

/* A server that insists on a certificate of ours: in TLS 1.3 its refusal
 * comes after the handshake. */
static void certificate_required(void **state)
{
    char c;
    (void)state;
    for (int i = 0; i < 2; i++) {
        struct world *w = calloc(1, sizeof(*w));
        assert_non_null(w);
        start_server(w, i == 0 ? TLS13 : TLS12, GNUTLS_CERT_REQUIRE);
        start_client(w, false);
        int e = shake(w);
        if (i == 0) {
            assert_int_equal(e, S2S_OK);
            e = (int)read_some(w, &c, 1);
        }
        assert_int_equal(e, S2S_ETLS_HANDSHAKE);
        assert_memory_equal(tls_error(w->client), "alert: ", 7);
        stop(w);
    }
}

static void answer_in_the_clear(void **state)
{
    static const char *const answers[] = {
        "<stream:stream xmlns='jabber:server'>",
        "HTTP/1.1 400 Bad Request\r\n\r\n",
        "220 mail.example ESMTP\r\n",
    };
    (void)state;
    for (size_t i = 0; i < sizeof(answers) / sizeof(answers[0]); i++)
        for (int bytewise = 0; bytewise < 2; bytewise++) {
            struct world *w = start(NULL, bytewise);
            pipe_put(&w->down, answers[i], strlen(answers[i]));
            assert_int_equal(shake(w), S2S_ETLS_HANDSHAKE);
            assert_true(strlen(tls_error(w->client)) > 0);
            assert_null(strstr(tls_error(w->client), "mail"));
            stop(w);
        }
}

/* The end of the wire at every byte of the server's flight. */
static void cut_in_handshake(void **state)
{
    (void)state;
    size_t flight = 1;
    for (size_t cut = 0; cut < flight; cut++) {
        struct world *w = start(TLS12, false);
        assert_int_equal(w->tls.handshake(w->client), S2S_WANT_READ);
        server_step(w);
        flight = w->down.length;
        w->down.length = cut;
        w->down.closed = true;
        assert_int_equal(w->tls.handshake(w->client), S2S_ECLOSED);
        assert_string_equal(tls_error(w->client),
                            "The TLS connection was non-properly terminated");
        stop(w);
    }
    assert_true(flight > 1000);
}

static void truncated(void **state)
{
    char got[256];
    (void)state;
    for (size_t cut = 0; cut < 20; cut++) {
        struct world *w = start(cut % 2 != 0 ? TLS13 : TLS12, false);
        assert_int_equal(shake(w), S2S_OK);
        assert_int_equal(write_some(w, HEADER, strlen(HEADER)), strlen(HEADER));
        server_expect(w, HEADER);
        server_send(w, FEATURES);
        client_expect(w, FEATURES);
        assert_int_equal(w->down.length, 0);
        server_send(w, FEATURES);
        w->down.length = cut; /* the end comes within the record */
        w->down.closed = true;
        assert_int_equal(read_some(w, got, sizeof(got)), 0);
        assert_int_equal(tls_truncated(w->client), 1);
        assert_string_equal(tls_error(w->client),
                            "The TLS connection was non-properly terminated");
        assert_int_equal(w->tls.read(w->client, got, 1), 0);
        stop(w);
    }
}

/* Errors of the lower side come out as they are, and stay. */
static void lower_errors(void **state)
{
    static const int errors[] = {S2S_ECLOSED, S2S_CALLBACK_ERROR - 5,
                                 S2S_ETIMEOUT};
    char c;
    (void)state;
    for (size_t i = 0; i < sizeof(errors) / sizeof(errors[0]); i++) {
        struct world *w = start(TLS13, false);
        w->down.error = errors[i];
        assert_int_equal(w->tls.handshake(w->client), errors[i]);
        stop(w);
        w = start(TLS13, false);
        w->up.error = errors[i];
        assert_int_equal(w->tls.handshake(w->client), errors[i]);
        stop(w);
        w = start(TLS13, false);
        assert_int_equal(shake(w), S2S_OK);
        w->up.error = errors[i];
        assert_int_equal(w->tls.write(w->client, "x", 1), errors[i]);
        assert_int_equal(w->tls.write(w->client, "x", 1), errors[i]);
        assert_int_equal(w->tls.read(w->client, &c, 1), errors[i]);
        stop(w);
        w = start(TLS13, false);
        assert_int_equal(shake(w), S2S_OK);
        w->down.error = errors[i];
        assert_int_equal(w->tls.read(w->client, &c, 1), errors[i]);
        assert_int_equal(w->tls.read(w->client, &c, 1), errors[i]);
        assert_true(strlen(tls_error(w->client)) > 0);
        stop(w);
    }
}

static ptrdiff_t too_much(void *conn, void *buffer, size_t length)
{
    (void)conn;
    (void)buffer;
    return (ptrdiff_t)length + 1;
}

static ptrdiff_t nothing_written(void *conn, const void *buffer, size_t length)
{
    (void)conn;
    (void)buffer;
    (void)length;
    return 0;
}

static void lower_nonsense(void **state)
{
    (void)state;
    struct world *w = start(TLS13, false);
    s2s_tls_request request = request_of(w);
    void *other;
    request.lower_read = too_much;
    assert_int_equal(w->tls.open(w->tls.user, &request, &other), S2S_OK);
    assert_int_equal(w->tls.handshake(other), S2S_EINTERNAL);
    w->tls.close(other);
    request = request_of(w);
    request.lower_write = nothing_written;
    assert_int_equal(w->tls.open(w->tls.user, &request, &other), S2S_OK);
    assert_int_equal(w->tls.handshake(other), S2S_EINTERNAL);
    w->tls.close(other);
    stop(w);
}

/* What the server said before it closed counts, even when we cannot send. */
static void last_words(void **state)
{
    char got[256];
    (void)state;
    struct world *w = start(TLS13, false);
    assert_int_equal(shake(w), S2S_OK);
    assert_int_equal(write_some(w, HEADER, strlen(HEADER)), strlen(HEADER));
    server_expect(w, HEADER);
    server_send(w, FEATURES);
    w->up.error = S2S_ECLOSED;
    assert_int_equal(w->tls.write(w->client, "x", 1), S2S_ECLOSED);
    client_expect(w, FEATURES);
    assert_int_equal(w->tls.read(w->client, got, 1), S2S_ECLOSED);
    stop(w);
}

/* Much data through a narrow wire. */
static void backpressure(void **state)
{
    static uint8_t sent[150000], got[150000];
    size_t out = 0, in = 0;
    char scrap[16];
    (void)state;
    for (size_t i = 0; i < sizeof(sent); i++)
        sent[i] = (uint8_t)(i * 7 + i / 251);
    struct world *w = start(TLS13, false);
    w->up.limit = 1000;
    assert_int_equal(shake(w), S2S_OK);
    for (int i = 0; i < ROUNDS && in < sizeof(sent); i++) {
        if (out < sizeof(sent)) {
            ptrdiff_t n =
                w->tls.write(w->client, sent + out, sizeof(sent) - out);
            assert_true(n > 0 || n == S2S_WANT_WRITE);
            out += n > 0 ? (size_t)n : 0;
        }
        ptrdiff_t n = w->tls.read(w->client, scrap, sizeof(scrap));
        assert_true(waits(n));
        server_step(w);
        ssize_t r = w->server_done ? gnutls_record_recv(w->server, got + in,
                                                        sizeof(got) - in)
                                   : 0;
        in += r > 0 ? (size_t)r : 0;
    }
    assert_int_equal(in, sizeof(sent));
    assert_memory_equal(got, sent, sizeof(sent));
    stop(w);
}

static void much_to_read(void **state)
{
    static char sent[100000], got[100000];
    (void)state;
    for (int bytewise = 0; bytewise < 2; bytewise++) {
        size_t out = 0, in = 0;
        struct world *w = start(TLS12, bytewise);
        memset(sent, 'a' + bytewise, sizeof(sent));
        assert_int_equal(shake(w), S2S_OK);
        while (!w->server_done) {
            assert_true(waits(w->tls.read(w->client, got, 1)));
            server_step(w);
        }
        while (out < sizeof(sent)) {
            ssize_t n =
                gnutls_record_send(w->server, sent + out, sizeof(sent) - out);
            assert_true(n > 0);
            out += (size_t)n;
        }
        while (in < sizeof(got)) {
            ptrdiff_t n = read_some(w, got + in, sizeof(got) - in);
            assert_true(n > 0);
            in += (size_t)n;
        }
        assert_memory_equal(got, sent, sizeof(sent));
        stop(w);
    }
}

/* A full record takes few reads, though we read ahead little. */
static void few_reads(void **state)
{
    static char bytes[16384];
    static char got[16384];
    size_t in = 0;
    (void)state;
    struct world *w = start(TLS12, false);
    assert_int_equal(shake(w), S2S_OK);
    assert_int_equal(w->tls.read(w->client, got, 1), S2S_WANT_READ);
    server_step(w);
    assert_int_equal(gnutls_record_send(w->server, bytes, sizeof(bytes)),
                     sizeof(bytes));
    unsigned before = w->reads;
    while (in < sizeof(got)) {
        ptrdiff_t n = w->tls.read(w->client, got + in, sizeof(got) - in);
        assert_true(n > 0);
        in += (size_t)n;
    }
    assert_in_range(w->reads - before, 1, 3);
    stop(w);
}

/* What could not be sent goes out before more is read. */
static void read_sends_first(void **state)
{
    char got[256];
    (void)state;
    struct world *w = start(TLS12, false);
    assert_int_equal(shake(w), S2S_OK);
    assert_int_equal(w->tls.read(w->client, got, 1), S2S_WANT_READ);
    server_step(w);
    server_send(w, FEATURES);
    server_send(w, FEATURES);
    client_expect(w, FEATURES); /* the other one is read ahead */
    w->up.limit = 10;
    assert_int_equal(w->tls.write(w->client, HEADER, strlen(HEADER)),
                     strlen(HEADER));
    assert_int_equal(w->up.length, 10);
    assert_int_equal(w->tls.read(w->client, got, sizeof(got)), S2S_WANT_WRITE);
    w->up.limit = 0;
    client_expect(w, FEATURES);
    server_expect(w, HEADER);
    stop(w);
}

/* A polite end, also when nothing was ever written. */
static void close_notify(void **state)
{
    char c;
    (void)state;
    for (int i = 0; i < 2; i++) {
        struct world *w = start(i == 0 ? TLS12 : TLS13, false);
        assert_int_equal(shake(w), S2S_OK);
        w->tls.close(w->client);
        w->client = NULL;
        server_step(w);
        assert_true(w->server_done);
        assert_int_equal(gnutls_record_recv(w->server, &c, 1), 0);
        stop(w);
    }
}

/* A server that names authorities, and not ours, gets our certificate all the
 * same: it may know better, or refuse and say so. */
static void certificate_of_another_authority(void **state)
{
    unsigned count;
    (void)state;
    for (int i = 0; i < 2; i++) {
        struct world *w = calloc(1, sizeof(*w));
        assert_non_null(w);
        struct pki_party other = pki_make(
            &(struct pki_spec){.cn = "somebody else", .ca = true}, NULL);
        w->trusted = &other;
        start_server(w, i == 0 ? TLS12 : TLS13, GNUTLS_CERT_REQUEST);
        start_client(w, true);
        assert_int_equal(shake(w), S2S_OK);
        check_info(w, i == 0 ? "TLS1.2" : "TLS1.3",
                   i == 0 ? "TLS_ECDHE_ECDSA_WITH_AES_128_GCM_SHA256"
                          : "TLS_AES_128_GCM_SHA256",
                   true, true);
        assert_int_equal(write_some(w, HEADER, strlen(HEADER)), strlen(HEADER));
        server_expect(w, HEADER);
        assert_non_null(gnutls_certificate_get_peers(w->server, &count));
        stop(w);
        pki_free(&other);
    }
}

/* The cork holds so much, then it sends; sent into the void, it drops. */
static void cork(void **state)
{
    static uint8_t bytes[TLS_IO_OUT_MAX];
    struct tls_io io;
    (void)state;
    struct world *w = start(NULL, false);
    s2s_tls_request request = request_of(w);
    tls_io_init(&io, &request);
    assert_int_equal(tls_io_push(&io, bytes, sizeof(bytes)), sizeof(bytes));
    assert_int_equal(tls_io_room(&io), 0);
    assert_int_equal(w->writes, 0);
    assert_int_equal(tls_io_push(&io, bytes, 10), 10);
    assert_int_equal(w->writes, 1);
    w->up.limit = w->up.length + 4;
    assert_int_equal(tls_io_push(&io, bytes, sizeof(bytes)), sizeof(bytes) - 6);
    assert_int_equal(tls_io_push(&io, bytes, 10), S2S_WANT_WRITE);
    assert_int_equal(io.wait, S2S_WANT_WRITE);
    w->up.error = S2S_ECLOSED;
    assert_int_equal(tls_io_push(&io, bytes, 10), 10);
    assert_int_equal(io.broken, S2S_ECLOSED);
    assert_int_equal(tls_io_room(&io), TLS_IO_OUT_MAX);
    assert_int_equal(tls_io_push(&io, bytes, 10), 10);
    assert_int_equal(tls_io_room(&io), TLS_IO_OUT_MAX);
    tls_io_free(&io);
    stop(w);
}

static void no_renegotiation(void **state)
{
    char c;
    (void)state;
    struct world *w = start(TLS12, false);
    assert_int_equal(shake(w), S2S_OK);
    assert_int_equal(w->tls.read(w->client, &c, 1), S2S_WANT_READ);
    server_step(w);
    assert_true(w->server_done);
    pki_must(gnutls_rehandshake(w->server));
    assert_int_equal(read_some(w, &c, 1), S2S_ETLS_HANDSHAKE);
    assert_string_equal(tls_error(w->client), "the peer asks to renegotiate");
    stop(w);
}

/* A peer that keeps us busy with records that bring nothing. */
static void flood(void **state)
{
    char c;
    (void)state;
    struct world *w = start(TLS12, false);
    assert_int_equal(shake(w), S2S_OK);
    assert_int_equal(w->tls.read(w->client, &c, 1), S2S_WANT_READ);
    server_step(w);
    for (int i = 0; i < 100; i++)
        pki_must(gnutls_alert_send(w->server, GNUTLS_AL_WARNING,
                                   GNUTLS_A_USER_CANCELED));
    assert_int_equal(read_some(w, &c, 1), S2S_ETLS_HANDSHAKE);
    stop(w);
}

/* Warnings during a handshake are let pass, but not without end. */
static void warnings(void **state)
{
    static const uint8_t warning[] = {21, 3, 3, 0, 2, 1, 112};
    (void)state;
    for (int many = 0; many < 2; many++) {
        struct world *w = start(TLS12, false);
        assert_int_equal(w->tls.handshake(w->client), S2S_WANT_READ);
        for (int i = 0; i < (many != 0 ? 100 : 3); i++)
            pipe_put(&w->down, warning, sizeof(warning));
        assert_int_equal(shake(w), many != 0 ? S2S_ETLS_HANDSHAKE : S2S_OK);
        stop(w);
    }
}

static int staple(gnutls_session_t session, void *user,
                  gnutls_datum_t *response)
{
    (void)session;
    (void)user;
    response->data = gnutls_malloc(5);
    assert_non_null(response->data);
    memcpy(response->data, "bytes", 5);
    response->size = 5;
    return 0;
}

static void stapled(void **state)
{
    (void)state;
    for (int i = 0; i < 2; i++) {
        struct world *w = start(i == 0 ? TLS13 : TLS12, false);
        gnutls_certificate_set_ocsp_status_request_function(w->credentials,
                                                            staple, NULL);
        assert_int_equal(shake(w), S2S_OK);
        s2s_tls_info info = {.size = sizeof(info)};
        assert_int_equal(w->tls.info(w->client, &info), S2S_OK);
        assert_int_equal(info.ocsp_size, 5);
        assert_memory_equal(info.ocsp, "bytes", 5);
        stop(w);
    }
}

/* A caller that knows less than we do gets what it knows. */
static void short_info(void **state)
{
    (void)state;
    struct world *w = start(TLS13, false);
    s2s_tls_info info = {.size = offsetof(s2s_tls_info, cipher)};
    assert_int_equal(w->tls.info(w->client, &info), S2S_EINVALID_ARGUMENT);
    assert_int_equal(shake(w), S2S_OK);
    assert_int_equal(w->tls.info(w->client, &info), S2S_OK);
    assert_string_equal(info.protocol, "TLS1.3");
    assert_null(info.cipher);
    assert_int_equal(info.size, offsetof(s2s_tls_info, cipher));
    stop(w);
}

static void bad_requests(void **state)
{
    (void)state;
    struct world *w = start(NULL, false);
    void *session = w;
    s2s_tls_request request = request_of(w);
    request.role = 2;
    assert_int_equal(w->tls.open(w->tls.user, &request, &session),
                     S2S_EINVALID_ARGUMENT);
    request = request_of(w);
    request.lower_write = NULL;
    assert_int_equal(w->tls.open(w->tls.user, &request, &session),
                     S2S_EINVALID_ARGUMENT);
    request = request_of(w);
    request.size = 4;
    assert_int_equal(w->tls.open(w->tls.user, &request, &session),
                     S2S_EINVALID_ARGUMENT);
    const char *const bad[][2] = {
        {client_certificate, NULL},
        {NULL, client_key},
        {client_certificate, client_certificate},
        {client_key, client_key},
        {"", ""},
    };
    for (size_t i = 0; i < sizeof(bad) / sizeof(bad[0]); i++) {
        request = request_of(w);
        request.certificate = bad[i][0];
        request.key = bad[i][1];
        assert_int_equal(w->tls.open(w->tls.user, &request, &session),
                         S2S_EPOLICY);
    }
    assert_ptr_equal(session, w);
    stop(w);
}

/* A key of another certificate is not taken; one pair is read once, for all
 * who hold the store. */
static void credentials(void **state)
{
    (void)state;
    struct tls_store *store, *same;
    struct tls_credentials *a, *b, *none;
    char *other = pki_key_pem(&server_party);
    assert_int_equal(tls_store_new(&store), S2S_OK);
    assert_int_equal(tls_store_take(store, client_certificate, other, &a),
                     S2S_EPOLICY);
    assert_int_equal(tls_store_take(store, client_certificate, client_key, &a),
                     S2S_OK);
    same = tls_store_share(store);
    assert_int_equal(tls_store_take(same, client_certificate, client_key, &b),
                     S2S_OK);
    assert_int_equal(tls_store_take(store, NULL, NULL, &none), S2S_OK);
    assert_ptr_equal(a, b);
    assert_ptr_not_equal(a, none);
    tls_store_give(a);
    tls_store_give(b);
    tls_store_give(none);
    tls_store_give(NULL);
    tls_store_free(store);
    assert_int_equal(tls_store_take(same, client_certificate, client_key, &b),
                     S2S_OK);
    assert_ptr_equal(a, b);
    tls_store_give(b);
    tls_store_free(same);
    free(other);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(conversations),
        cmocka_unit_test(few_calls),
        cmocka_unit_test(finished_goes_out),
        cmocka_unit_test(refused_by_alert),
        cmocka_unit_test(old_version),
        cmocka_unit_test(whatever_certificate),
        cmocka_unit_test(key_usage),
        cmocka_unit_test(costly_keys),
        cmocka_unit_test(hidden_key),
        cmocka_unit_test(other_protocol),
        cmocka_unit_test(no_protocol),
        cmocka_unit_test(dh_groups),
        cmocka_unit_test(certificate_required),
        cmocka_unit_test(answer_in_the_clear),
        cmocka_unit_test(cut_in_handshake),
        cmocka_unit_test(truncated),
        cmocka_unit_test(lower_errors),
        cmocka_unit_test(lower_nonsense),
        cmocka_unit_test(last_words),
        cmocka_unit_test(backpressure),
        cmocka_unit_test(much_to_read),
        cmocka_unit_test(few_reads),
        cmocka_unit_test(read_sends_first),
        cmocka_unit_test(close_notify),
        cmocka_unit_test(certificate_of_another_authority),
        cmocka_unit_test(cork),
        cmocka_unit_test(no_renegotiation),
        cmocka_unit_test(flood),
        cmocka_unit_test(warnings),
        cmocka_unit_test(stapled),
        cmocka_unit_test(short_info),
        cmocka_unit_test(bad_requests),
        cmocka_unit_test(credentials),
    };
    return cmocka_run_group_tests_name("net/tls", tests, make_parties,
                                       free_parties);
}
