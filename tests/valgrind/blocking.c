/*
 * The blocking calls against a real server on loopback, to be run by valgrind:
 * resolver, TCP, TLS, certificates, streams, JSON, and all that is freed.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

#include <cmocka.h>
#include <s2sprobe.h>

#include "server.h"
#include "unit/net/override.h"
#include "unit/net/pki.h"

#define TIMEOUT_MS 60000

static struct {
    struct pki_party authority, stranger, server, strange_server, client;
    gnutls_certificate_credentials_t good, strange;
    char ca_file[40], certificate_file[40], key_file[40];
} made;

/* ---- Certificates ---- */

/* The library's blocking calls have the real time. */
static struct pki_party make(const char *name, bool ca,
                             const struct pki_party *issuer)
{
    int64_t today = ((int64_t)time(NULL) - PKI_NOW) / PKI_DAY;
    struct pki_spec spec = {
        .cn = name, .ca = ca, .begin = today - 2, .end = today + 30};
    if (!ca)
        spec.names[0] = (struct pki_name){"dns", name, 0};
    return pki_make(&spec, issuer);
}

static gnutls_certificate_credentials_t credentials(const struct pki_party *p)
{
    gnutls_certificate_credentials_t c;
    gnutls_x509_crt_t chain[] = {p->crt};
    pki_must(gnutls_certificate_allocate_credentials(&c));
    pki_must(gnutls_certificate_set_x509_key(c, chain, 1, p->key));
    return c;
}

static void write_file(char name[40], char *text)
{
    size_t length = strlen(text);
    snprintf(name, 40, "/tmp/s2sprobe-valgrind-XXXXXX");
    int fd = mkstemp(name);
    if (fd < 0 || write(fd, text, length) != (ssize_t)length)
        abort();
    close(fd);
    free(text);
}

static int set_up(void **state)
{
    (void)state;
    made.authority = make("Test CA", true, NULL);
    made.stranger = make("Unknown CA", true, NULL);
    made.server = make(SERVER_DOMAIN, false, &made.authority);
    made.strange_server = make(SERVER_DOMAIN, false, &made.stranger);
    made.client = make("us.example", false, &made.authority);
    made.good = credentials(&made.server);
    made.strange = credentials(&made.strange_server);
    write_file(made.ca_file, pki_certificate_pem(&made.authority));
    write_file(made.certificate_file, pki_certificate_pem(&made.client));
    write_file(made.key_file, pki_key_pem(&made.client));
    return 0;
}

static int tear_down(void **state)
{
    (void)state;
    gnutls_certificate_free_credentials(made.good);
    gnutls_certificate_free_credentials(made.strange);
    pki_free(&made.authority);
    pki_free(&made.stranger);
    pki_free(&made.server);
    pki_free(&made.strange_server);
    pki_free(&made.client);
    unlink(made.ca_file);
    unlink(made.certificate_file);
    unlink(made.key_file);
    return 0;
}

/* ---- Probes ---- */

static const struct row {
    const char *name;
    int op;
    enum server_manner manner;
    const char *host; /* NULL: 127.0.0.1 */
    uint16_t tls_mode;
    uint32_t flags;
    bool strange, identity;
    int error;
    const char *path, *value; /* something the result says */
} rows[] = {
    {.name = "connect", .path = "tls.verified", .value = "true"},
    {.name = "connect to a name",
     .host = "localhost",
     .path = "address",
     .value = "127.0.0.1"},
    {.name = "connect with a certificate",
     .identity = true,
     .path = "tls.clientCertificateSent",
     .value = "true"},
    {.name = "connect, direct TLS",
     .manner = SERVER_DIRECT,
     .tls_mode = S2S_TLS_DIRECT,
     .path = "tls.mode",
     .value = "direct"},
    {.name = "connect, another protocol",
     .manner = SERVER_OTHER,
     .tls_mode = S2S_TLS_DIRECT,
     .error = S2S_ETLS_HANDSHAKE,
     .path = "findings.0.code",
     .value = "alpn_other"},
    {.name = "connect, another protocol's name",
     .manner = SERVER_OTHER,
     .tls_mode = S2S_TLS_DIRECT,
     .error = S2S_ETLS_HANDSHAKE,
     .path = "findings.0.seen",
     .value = OVERRIDE_OTHER},
    {.name = "connect, padding without end",
     .manner = SERVER_PADDING,
     .error = S2S_ELIMIT,
     .path = "findings.1.code",
     .value = "own_limit"},
    {.name = "connect, not XMPP",
     .manner = SERVER_NO_XMPP,
     .error = S2S_ENOT_XMPP,
     .path = "stage",
     .value = "stream"},
    {.name = "connect, stream error",
     .manner = SERVER_ERROR,
     .error = S2S_ESTREAM_ERROR,
     .path = "streamError.text",
     .value = "not here"},
    {.name = "connect, end in place of TLS",
     .manner = SERVER_END,
     .error = S2S_ETLS_HANDSHAKE,
     .path = "stage",
     .value = "tls"},
    {.name = "connect, rubbish in place of TLS",
     .manner = SERVER_RUBBISH,
     .error = S2S_ETLS_HANDSHAKE,
     .path = "stage",
     .value = "tls"},
    {.name = "connect, a stranger's certificate",
     .strange = true,
     .error = S2S_ECERT_UNTRUSTED,
     .path = "certificate.chain",
     .value = "untrusted"},
    {.name = "ping",
     .op = S2S_OP_PING,
     .path = "pingAnswer",
     .value = "invalid"},
    {.name = "ping with a certificate",
     .op = S2S_OP_PING,
     .identity = true,
     .path = "pingAnswer",
     .value = "invalid"},
    {.name = "ping, a stranger's certificate",
     .op = S2S_OP_PING,
     .strange = true,
     .flags = S2S_ACCEPT_UNTRUSTED,
     .path = "pingAnswer",
     .value = "invalid"},
};

/* The call for `row` at this port. */
static int probe(const struct row *row, uint16_t port, s2s_result **result)
{
    const s2s_identity identity = {.size = sizeof(identity),
                                   .domain = "us.example",
                                   .certificate_file = made.certificate_file,
                                   .key_file = made.key_file};
    const s2s_identity *const identities[] = {&identity, NULL};
    const char *const servers[] = {"127.0.0.1:9", NULL}; /* never asked */
    const s2s_context_options setup = {.size = sizeof(setup),
                                       .ca_file = made.ca_file,
                                       .dns_servers = servers,
                                       .identities =
                                           row->identity ? identities : NULL};
    const s2s_options options = {.size = sizeof(options),
                                 .host = row->host != NULL ? row->host
                                                           : "127.0.0.1",
                                 .port = port,
                                 .tls_mode = row->tls_mode,
                                 .ping_method = S2S_PING_DIALBACK_VERIFY,
                                 .timeout_ms = TIMEOUT_MS,
                                 .flags = row->flags,
                                 .setup = &setup};
    return (row->op == S2S_OP_PING ? s2s_ping : s2s_connect)(
        "us.example", SERVER_DOMAIN, &options, result);
}

static void check(const struct row *row, int e, const s2s_result *r)
{
    assert_non_null(r);
    if (e != row->error)
        fail_msg("%s: %s", s2s_code_name(e), s2s_result_json(r));
    assert_int_equal(s2s_result_error(r), e);
    assert_non_null(s2s_result_get(r, row->path));
    assert_string_equal(s2s_result_get(r, row->path), row->value);
    assert_null(s2s_result_get(r, "no.such.path"));
}

static void is_clean(void **state)
{
    const struct row *row = *state;
    struct server s = {.manner = row->manner,
                       .credentials = row->strange ? made.strange : made.good};
    s2s_result *r = NULL;
    server_start(&s);
    int e = probe(row, s.port, &r);
    server_join(&s);
    check(row, e, r);
    assert_int_equal(s.certificate_seen, row->identity);
    s2s_result_free(r);
}

/* Nobody there, nothing to try, and nobody who wants the result. */
static void comes_to_nothing(void **state)
{
    static const struct row nobody = {.error = S2S_ECONNECT,
                                      .path = "attempts.0.outcome",
                                      .value = "refused"};
    struct server s = {.manner = SERVER_END};
    s2s_result *r = NULL;
    (void)state;
    server_start(&s); /* takes a port that is free then */
    assert_int_equal(probe(&(struct row){.error = 0}, s.port, NULL),
                     S2S_ETLS_HANDSHAKE);
    server_join(&s);
    int e = probe(&nobody, s.port, &r);
    check(&nobody, e, r);
    s2s_result_free(r);
    assert_int_equal(s2s_connect("us.example", "not a domain", NULL, &r),
                     S2S_EINVALID_ARGUMENT);
    assert_non_null(s2s_result_json(r));
    s2s_result_free(r);
}

int main(void)
{
    enum { COUNT = sizeof(rows) / sizeof(rows[0]) };
    struct CMUnitTest tests[COUNT + 1];
    for (size_t i = 0; i < COUNT; i++)
        tests[i] =
            (struct CMUnitTest){.name = rows[i].name,
                                .test_func = is_clean,
                                .initial_state = (void *)(uintptr_t)&rows[i]};
    tests[COUNT] = (struct CMUnitTest)cmocka_unit_test(comes_to_nothing);
    return cmocka_run_group_tests_name("valgrind/blocking", tests, set_up,
                                       tear_down);
}
