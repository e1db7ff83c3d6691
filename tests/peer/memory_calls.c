/*
 * Contexts and blocking calls, with real sockets and TLS on loopback, with each
 * allocation of the library failing, alone and with all after it. What was
 * made is given back, descriptors too; sanitizers tell of memory.
 */
#include "trust.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>

#include <cmocka.h>

#include "unit/failing.h"
#include "unit/net/loopback.h"
#include "unit/net/pki.h"
#include "valgrind/server.h"

#define TIMEOUT_MS 60000
#define GIST_MAX   2048

static gnutls_certificate_credentials_t credentials;

static int set_up(void **state)
{
    (void)state;
    trust_init();
    const struct pki_party *leaf = trust_leaf(TRUST_GOOD);
    gnutls_x509_crt_t chain[] = {leaf->crt};
    pki_must(gnutls_certificate_allocate_credentials(&credentials));
    pki_must(gnutls_certificate_set_x509_key(credentials, chain, 1, leaf->key));
    return 0;
}

static int tear_down(void **state)
{
    (void)state;
    gnutls_certificate_free_credentials(credentials);
    trust_free();
    return 0;
}

static void ignore(void *user, int level, const char *area, const char *line)
{
    (void)user;
    (void)level;
    (void)area;
    (void)line;
}

static const char *const servers[] = {"127.0.0.1:9", "[::1]", NULL};

static s2s_context_options full(void)
{
    return (s2s_context_options){.size = sizeof(s2s_context_options),
                                 .ca_file = trust_ca_file(),
                                 .dns_servers = servers,
                                 .identities = trust_identities(),
                                 .log = ignore,
                                 .log_level = S2S_LOG_WIRE};
}

/* ---- Contexts ---- */

static int make(const s2s_context_options *options, unsigned long nth,
                bool sticky)
{
    static int untouched;
    s2s_context *const before = (s2s_context *)&untouched;
    s2s_context *c = before;
    failing_arm(nth, sticky);
    int e = s2s_context_new(options, &c);
    if (e == S2S_OK)
        s2s_context_free(c);
    else
        assert_ptr_equal(c, before);
    return e;
}

static void sweep_context(const s2s_context_options *options, int outcome)
{
    struct loopback_descriptors before;
    assert_int_equal(make(options, 0, false), outcome);
    unsigned long count = failing_count();
    loopback_note(&before);
    assert_true(count > 0);
    for (unsigned long nth = 1; nth <= count; nth++) {
        assert_int_equal(make(options, nth, false), S2S_ENO_MEMORY);
        assert_int_equal(make(options, nth, true), S2S_ENO_MEMORY);
    }
    failing_off();
    assert_int_equal(loopback_opened(&before), 0);
}

static void contexts(void **state)
{
    static const s2s_identity odd = {.size = sizeof(odd), .domain = "a b"};
    static const s2s_identity *const odd_identities[] = {&odd, NULL};
    s2s_context_options options = full();
    (void)state;
    sweep_context(NULL, S2S_OK);
    sweep_context(&options, S2S_OK);
    options.identities = odd_identities;
    sweep_context(&options, S2S_EINVALID_ARGUMENT);
}

/* ---- Calls ---- */

static const struct call {
    const char *name;
    int op;
    const char *to;   /* NULL: TRUST_DOMAIN */
    const char *host; /* NULL: 127.0.0.1 */
    bool served;      /* by a server; otherwise the port is free */
    enum server_manner manner;
    uint16_t tls_mode;
    bool bad_setup;
    int error;
} calls[] = {
    {.name = "no domain", .to = "a..b", .error = S2S_EINVALID_ARGUMENT},
    {.name = "bad setup", .bad_setup = true, .error = S2S_EINVALID_ARGUMENT},
    {.name = "nobody there", .error = S2S_ECONNECT},
    {.name = "nobody at a name", .host = "localhost", .error = S2S_ECONNECT},
    {.name = "STARTTLS", .served = true},
    {.name = "direct TLS",
     .served = true,
     .manner = SERVER_DIRECT,
     .tls_mode = S2S_TLS_DIRECT},
    {.name = "no TLS at all",
     .served = true,
     .manner = SERVER_RUBBISH,
     .error = S2S_ETLS_HANDSHAKE},
    {.name = "ping", .op = S2S_OP_PING, .served = true},
};

static int call(const struct call *c, uint16_t port, s2s_result **r)
{
    s2s_context_options setup = full();
    if (c->bad_setup)
        setup.log_level = S2S_LOG_WIRE + 1;
    /* The certificates are for another day. */
    const s2s_options options = {.size = sizeof(options),
                                 .host =
                                     c->host != NULL ? c->host : "127.0.0.1",
                                 .port = port,
                                 .tls_mode = c->tls_mode,
                                 .ping_method = S2S_PING_DIALBACK_VERIFY,
                                 .timeout_ms = TIMEOUT_MS,
                                 .flags = S2S_ACCEPT_UNTRUSTED,
                                 .setup = &setup};
    return (c->op == S2S_OP_PING ? s2s_ping : s2s_connect)(
        TRUST_OURS, c->to != NULL ? c->to : TRUST_DOMAIN, &options, r);
}

/* All that does not change from run to run. */
static void write_gist(const s2s_result *r, char gist[GIST_MAX])
{
    static const char *const paths[] = {"error",
                                        "stage",
                                        "streamId",
                                        "tls.protocol",
                                        "tls.verified",
                                        "certificate.chain",
                                        "certificate.sha256",
                                        "pingAnswer",
                                        "attempts.0.outcome"};
    size_t used = 0;
    for (size_t i = 0; i < sizeof(paths) / sizeof(paths[0]); i++) {
        const char *value = s2s_result_get(r, paths[i]);
        used += (size_t)snprintf(gist + used, GIST_MAX - used, "%s=%s ",
                                 paths[i], value != NULL ? value : "");
        assert_true(used < GIST_MAX);
    }
    for (size_t i = 0; i < s2s_result_feature_count(r); i++)
        used += (size_t)snprintf(gist + used, GIST_MAX - used, "%s ",
                                 s2s_result_feature(r, i));
    for (size_t i = 0; i < s2s_result_finding_count(r); i++)
        used += (size_t)snprintf(gist + used, GIST_MAX - used, "%s ",
                                 s2s_result_finding_code(r, i));
    assert_true(used < GIST_MAX);
}

/* A server whose client never came is not to wait for it. */
static void release(const struct server *s)
{
    struct sockaddr_in a = loopback_address("127.0.0.1", s->port);
    int fd = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
    assert_true(fd >= 0);
    assert_int_equal(connect(fd, (struct sockaddr *)&a, sizeof(a)), 0);
    close(fd);
}

static uint16_t free_port(void)
{
    int fd = loopback_bind(SOCK_STREAM, "127.0.0.1", 0);
    uint16_t port = loopback_port(fd);
    close(fd);
    return port;
}

/* "" for no result. */
static int run(const struct call *c, unsigned long nth, bool sticky,
               char gist[GIST_MAX], unsigned long *count)
{
    struct server s = {.manner = c->manner, .credentials = credentials};
    s2s_result *r = (s2s_result *)gist; /* must be written */
    if (c->served)
        server_start(&s);
    uint16_t port = c->served ? s.port : free_port();
    failing_arm(nth, sticky);
    int e = call(c, port, &r);
    *count = failing_count();
    failing_off();
    if (c->served) {
        release(&s);
        server_join(&s);
    }
    gist[0] = '\0';
    if (r != NULL) {
        assert_int_equal(s2s_result_error(r), e);
        write_gist(r, gist);
    }
    s2s_result_free(r);
    return e;
}

static void check(const struct call *c, unsigned long nth, bool sticky,
                  const char *undisturbed)
{
    char gist[GIST_MAX];
    unsigned long count;
    int e = run(c, nth, sticky, gist, &count);
    if (e == S2S_ENO_MEMORY)
        assert_string_equal(gist, "");
    else
        assert_string_equal(gist, undisturbed);
    assert_true(e == S2S_ENO_MEMORY || e == c->error);
}

static void sweep_call(void **state)
{
    const struct call *c = *state;
    char undisturbed[GIST_MAX], gist[GIST_MAX];
    struct loopback_descriptors before;
    unsigned long count;
    assert_int_equal(run(c, 0, false, undisturbed, &count), c->error);
    assert_string_not_equal(undisturbed, "");
    assert_true(count > (c->served ? 50 : 2));
    loopback_note(&before);
    for (unsigned long nth = 1; nth <= count; nth++) {
        check(c, nth, false, undisturbed);
        check(c, nth, true, undisturbed);
    }
    assert_int_equal(loopback_opened(&before), 0);
    assert_int_equal(run(c, 1, false, gist, &count), S2S_ENO_MEMORY);
}

/* Jansson's allocations fail too, from here on. */
static void jansson(void **state)
{
    (void)state;
    assert_int_not_equal(failing_include("libjansson"), 0);
    for (size_t i = 0; i < 3; i++) {
        void *row = (void *)(uintptr_t)&calls[i];
        sweep_call(&row);
    }
}

int main(void)
{
    enum { COUNT = sizeof(calls) / sizeof(calls[0]) };
    struct CMUnitTest tests[COUNT + 2] = {cmocka_unit_test(contexts)};
    for (size_t i = 0; i < COUNT; i++)
        tests[1 + i] =
            (struct CMUnitTest){.name = calls[i].name,
                                .test_func = sweep_call,
                                .initial_state = (void *)(uintptr_t)&calls[i]};
    tests[1 + COUNT] = (struct CMUnitTest)cmocka_unit_test(jansson);
    return cmocka_run_group_tests_name("peer/memory_calls", tests, set_up,
                                       tear_down);
}
