/* What the machine itself lacks: descriptors, certificate authorities, a way
 * out. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/resource.h>
#include <unistd.h>

#include <cmocka.h>
#include <gnutls/x509.h>
#include <s2sprobe.h>

#include "unit/net/loopback.h"

#define NO_DESCRIPTORS "the system has no descriptors left"

static bool no_store;
static useconds_t store_us; /* that reading it takes */

/* In place of GnuTLS's own. */
int gnutls_x509_trust_list_add_system_trust(gnutls_x509_trust_list_t list,
                                            unsigned flags, unsigned verify)
{
    static const char file[] = "/etc/ssl/certs/ca-certificates.crt";
    usleep(store_us);
    if (no_store)
        return 0;
    return gnutls_x509_trust_list_add_trust_file(
        list, file, NULL, GNUTLS_X509_FMT_PEM, flags, verify);
}

static uint16_t closed_port(int type)
{
    int fd = loopback_bind(type, "127.0.0.1", 0);
    uint16_t number = loopback_port(fd);
    close(fd);
    return number;
}

static uint16_t port; /* where nobody listens */

static s2s_result *probe(const char *host, uint16_t tls_mode,
                         const s2s_context_options *setup)
{
    const s2s_options options = {
        .size = sizeof(options),
        .host = host,
        .port = port,
        .tls_mode = tls_mode,
        .setup = setup,
    };
    s2s_result *r = NULL;
    int e = s2s_connect("us.example", "them.example", &options, &r);
    assert_non_null(r);
    assert_int_equal(s2s_result_error(r), e);
    return r;
}

static void assert_found(const s2s_result *r, const char *code,
                         const char *fault)
{
    assert_int_equal(s2s_result_finding_count(r), 1);
    assert_string_equal(s2s_result_finding_code(r, 0), code);
    assert_string_equal(s2s_result_finding_fault(r, 0), fault);
    assert_int_equal(s2s_result_finding_severity(r, 0), S2S_SEVERITY_ERROR);
}

static void no_authorities(void **state)
{
    (void)state;
    no_store = true;
    s2s_result *r = probe("127.0.0.1", S2S_TLS_AUTO, NULL);
    assert_int_equal(s2s_result_error(r), S2S_EPOLICY);
    assert_string_equal(s2s_result_message(r),
                        "the system has no certificate authorities (install "
                        "ca-certificates, or set ca_file)");
    assert_found(r, "no_authorities", "us");
    s2s_result_free(r);
    r = probe("127.0.0.1", S2S_TLS_NONE, NULL); /* needs none */
    assert_int_equal(s2s_result_error(r), S2S_ECONNECT);
    s2s_result_free(r);
    no_store = false;
}

/* The time that the store takes is in the total, and in no stage. */
static void slow_store(void **state)
{
    static const int stages[] = {S2S_STAGE_DNS, S2S_STAGE_TCP, S2S_STAGE_STREAM,
                                 S2S_STAGE_TLS};
    (void)state;
    store_us = 50000;
    s2s_result *r = probe("localhost", S2S_TLS_AUTO, NULL);
    store_us = 0;
    int64_t sum = 0;
    for (size_t i = 0; i < sizeof(stages) / sizeof(stages[0]); i++)
        if (s2s_result_stage_us(r, stages[i]) > 0)
            sum += s2s_result_stage_us(r, stages[i]);
    assert_true(sum + 49999 <= s2s_result_stage_us(r, S2S_STAGE_DONE));
    s2s_result_free(r);
}

static rlim_t allow(rlim_t count)
{
    struct rlimit limit;
    assert_int_equal(getrlimit(RLIMIT_NOFILE, &limit), 0);
    rlim_t before = limit.rlim_cur;
    limit.rlim_cur = count;
    assert_int_equal(setrlimit(RLIMIT_NOFILE, &limit), 0);
    return before;
}

/* One descriptor more each time: at first there is never enough, and whatever
 * is missed first, the text is the same. */
static void starve(const char *host, const s2s_context_options *setup, int end)
{
    int next = dup(0);
    int error = S2S_EINTERNAL;
    close(next);
    assert_true(next > 0);
    for (rlim_t n = 0; error == S2S_EINTERNAL && n < 20; n++) {
        rlim_t before = allow((rlim_t)next + n + 1);
        s2s_result *r = probe(host, S2S_TLS_AUTO, setup);
        allow(before);
        error = s2s_result_error(r);
        if (n < 3)
            assert_int_equal(error, S2S_EINTERNAL);
        if (error == S2S_EINTERNAL &&
            strstr(s2s_result_message(r), NO_DESCRIPTORS) == NULL)
            fail_msg("%s, %d more: %s", host, (int)n, s2s_result_message(r));
        s2s_result_free(r);
    }
    assert_int_equal(error, end);
}

static void no_descriptors(void **state)
{
    char server[32];
    const char *const servers[] = {server, NULL};
    const s2s_context_options setup = {.size = sizeof(setup),
                                       .dns_servers = servers};
    (void)state;
    snprintf(server, sizeof(server), "127.0.0.1:%u", closed_port(SOCK_DGRAM));
    starve("127.0.0.1", NULL, S2S_ECONNECT);
    starve("localhost", NULL, S2S_ECONNECT);
    starve("host.example", &setup, S2S_EDNS);
}

/* Whose it is that nothing was reached. */
static void blame(void **state)
{
    char server[32];
    const char *const servers[] = {server, NULL};
    const s2s_context_options setup = {.size = sizeof(setup),
                                       .dns_servers = servers};
    (void)state;
    snprintf(server, sizeof(server), "127.0.0.1:%u", closed_port(SOCK_DGRAM));
    s2s_result *r = probe("host.example", S2S_TLS_AUTO, &setup);
    assert_int_equal(s2s_result_error(r), S2S_EDNS);
    assert_found(r, "dns_unavailable", "network");
    s2s_result_free(r);
    r = probe("127.0.0.1", S2S_TLS_AUTO, NULL);
    assert_int_equal(s2s_result_error(r), S2S_ECONNECT);
    assert_found(r, "connect_failed", "peer");
    s2s_result_free(r);
    r = probe("255.255.255.255", S2S_TLS_AUTO, NULL); /* no stream to that */
    assert_int_equal(s2s_result_error(r), S2S_ECONNECT);
    assert_found(r, "network_unreachable", "network");
    s2s_result_free(r);
}

int main(void)
{
    port = closed_port(SOCK_STREAM);
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(no_authorities),
        cmocka_unit_test(slow_store),
        cmocka_unit_test(no_descriptors),
        cmocka_unit_test(blame),
    };
    return cmocka_run_group_tests_name("probe/shortages", tests, NULL, NULL);
}
