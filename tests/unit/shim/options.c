#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>

#include <cmocka.h>

#include <s2sprobe.h>

#include "options.h"

#define COUNT(table) (sizeof(table) / sizeof((table)[0]))
#define ARGS         48

static char words[ARGS][128]; /* options_parse() keeps pointers into them */

static bool parse(const char *const *args, struct options *o, char *error,
                  size_t size)
{
    char *argv[ARGS + 2] = {words[0]};
    int argc = 1;
    snprintf(words[0], sizeof(words[0]), "s2sprobe-http");
    for (; args[argc - 1] != NULL && argc < ARGS; argc++) {
        snprintf(words[argc], sizeof(words[argc]), "%s", args[argc - 1]);
        argv[argc] = words[argc];
    }
    return options_parse(argc, argv, o, error, size);
}

static bool accepts(const char *a, const char *b, struct options *o)
{
    const char *const args[] = {a, b, NULL};
    char error[256] = "";
    return parse(args, o, error, sizeof(error));
}

static void defaults(void **state)
{
    struct options o;
    (void)state;
    assert_true(accepts(NULL, NULL, &o));
    assert_int_equal(o.action, OPTIONS_SERVE);
    assert_string_equal(o.listen_address, "127.0.0.1");
    assert_int_equal(o.listen_port, 8787);
    assert_null(o.ca_file);
    assert_null(o.dns_servers[0]);
    assert_null(o.listen_s2s[0]);
    assert_int_equal(o.identity_count, 0);
    assert_int_equal(o.max_probes, 64);
    assert_int_equal(o.max_timeout_ms, 60000);
    assert_int_equal(o.max_handshakes, 0);
    assert_int_equal(o.rate, 0);
    assert_int_equal(o.host_running, 0);
    assert_int_equal(o.address_running, 0);
    assert_int_equal(o.host_rate, 0);
    assert_int_equal(o.policy.count, 0);
    assert_false(o.demo);
    assert_false(o.dns_trust_ad);
    assert_false(o.access_log);
    assert_false(options_exposed(&o));
}

static void everything(void **state)
{
    const char *const args[] = {"--listen",
                                "0.0.0.0:0",
                                "--ca-file",
                                "ca.pem",
                                "--dns-server",
                                "192.0.2.1",
                                "--dns-server",
                                "[2001:db8::1]:53",
                                "--dns-trust-ad",
                                "--max-probes",
                                "3",
                                "--max-timeout",
                                "600000",
                                "--allow-target",
                                "fd00::/8",
                                "--allow-host",
                                "probe.example",
                                "--identity",
                                "key=k.pem,domain=d.example,cert=c.pem",
                                "--listen-s2s",
                                "[::]:5269",
                                "--demo",
                                "--access-log",
                                NULL};
    struct options o;
    char error[256];
    (void)state;
    assert_true(parse(args, &o, error, sizeof(error)));
    assert_string_equal(o.listen_address, "0.0.0.0");
    assert_int_equal(o.listen_port, 0);
    assert_true(options_exposed(&o));
    assert_string_equal(o.ca_file, "ca.pem");
    assert_string_equal(o.dns_servers[0], "192.0.2.1");
    assert_string_equal(o.dns_servers[1], "[2001:db8::1]:53");
    assert_null(o.dns_servers[2]);
    assert_true(o.dns_trust_ad);
    assert_int_equal(o.max_probes, 3);
    assert_int_equal(o.max_timeout_ms, 600000);
    assert_int_equal(o.policy.count, 1);
    assert_string_equal(o.allow_hosts[0], "probe.example");
    assert_int_equal(o.identity_count, 1);
    assert_string_equal(o.identities[0].given.domain, "d.example");
    assert_string_equal(o.listen_s2s[0], "[::]:5269");
    assert_null(o.listen_s2s[1]);
    assert_true(o.demo);
    assert_true(o.access_log);
}

/* Each of them alone: the others keep the library's default. */
static void limits(void **state)
{
    static const char *const names[] = {"--max-handshakes", "--rate",
                                        "--host-running", "--address-running",
                                        "--host-rate"};
    static const struct {
        const char *text;
        uint32_t value; /* 0: refused */
    } cases[] = {
        {"1", 1},       {"1000000", 1000000}, {"none", S2S_NO_LIMIT}, {"0", 0},
        {"1000001", 0}, {"None", 0},          {"none ", 0},           {"", 0}};
    (void)state;
    for (size_t i = 0; i < COUNT(names) * COUNT(cases); i++) {
        const char *name = names[i / COUNT(cases)];
        uint32_t value = cases[i % COUNT(cases)].value;
        struct options o;
        assert_int_equal(accepts(name, cases[i % COUNT(cases)].text, &o),
                         value != 0);
        const uint32_t given[] = {o.max_handshakes, o.rate, o.host_running,
                                  o.address_running, o.host_rate};
        for (size_t j = 0; j < COUNT(given); j++)
            assert_int_equal(given[j], names[j] == name ? value : 0);
    }
}

static void actions(void **state)
{
    struct options o;
    (void)state;
    assert_true(accepts("--help", "--no-such-option", &o));
    assert_int_equal(o.action, OPTIONS_HELP);
    assert_true(accepts("--version", NULL, &o));
    assert_int_equal(o.action, OPTIONS_VERSION);
}

static void refused(void **state)
{
    static const char *const cases[][2] = {
        {"--listen", "8787"},
        {"--listen", ":8787"},
        {"--listen", "localhost:8787"},
        {"--listen", "[::1]:8787"},
        {"--listen", "127.0.0.1:"},
        {"--listen", "127.0.0.1:65536"},
        {"--listen", "127.0.0.1:8787s"},
        {"--listen", "127.0.0.1:8787r"},
        {"--listen", "127.0.0.1:80,127.0.0.1:81"},
        {"--listen", "127.1:80"},
        {"--listen", "127.0.0.256:80"},
        {"--listen", "255.255.255.255.255:80"},
        {"--listen", NULL},
        {"--max-probes", "0"},
        {"--max-probes", "1025"},
        {"--max-probes", "-1"},
        {"--max-probes", "0x10"},
        {"--max-probes", ""},
        {"--max-probes", "4294967297"},
        {"--max-timeout", "0"},
        {"--max-timeout", "600001"},
        {"--allow-target", "all"},
        {"--allow-target", "10.0.0.1/8"},
        {"--allow-host", ""},
        {"--allow-host", "a b"},
        {"--allow-host", "a:80"},
        {"--allow-host", "http://a"},
        {"--identity", "d.example"},
        {"--identity", ""},
        {"--identity", "cert=c,key=k"},
        {"--identity", "domain=,cert=c,key=k"},
        {"--identity", "domain=d,cert=c,key=k,"},
        {"--identity", "domain=d,domain=d,cert=c,key=k"},
        {"--identity", "domain=d,cert=c,key=k,secret=s"},
        {"--identity", "domain=d,secret-file="},
        {"--listen-s2s", "127.0.0.1:5269"}, /* for whom? */
        {"--no-such-option", NULL},
        {"--demo=yes", NULL},
        {"-x", NULL},
        {"stray", NULL},
    };
    (void)state;
    for (size_t i = 0; i < COUNT(cases); i++) {
        struct options o;
        char error[256] = "";
        if (parse((const char *const[]){cases[i][0], cases[i][1], NULL}, &o,
                  error, sizeof(error)))
            fail_msg("accepted: %s %s", cases[i][0],
                     cases[i][1] != NULL ? cases[i][1] : "");
        assert_true(error[0] != '\0');
        assert_null(strchr(error, '\n'));
    }
}

static void messages(void **state)
{
    static const char *const cases[][3] = {
        {"--allow-target", "10.0.0.1/8",
         "--allow-target has bits set behind the prefix: 10.0.0.1/8"},
        {"--allow-target", "10.0.0.0/33",
         "--allow-target wants an address or network: 10.0.0.0/33"},
        {"--allow-host", "a b",
         "--allow-host wants a name without a port, at most 16: a b"},
        {"--identity", "domain=d,cert=c,key",
         "--identity wants " IDENTITY_SETTINGS
         ", at most 16 times: domain=d,cert=c,key"},
        {"--listen-s2s", "[::]:5269",
         "--listen-s2s needs an --identity: [::]:5269"},
        {"--host-running", "0",
         "--host-running wants 1 to 1000000, or none: 0"},
        {"--address-running", "many",
         "--address-running wants 1 to 1000000, or none: many"},
        {"--host-rate", "1.5", "--host-rate wants 1 to 1000000, or none: 1.5"},
        {"--rate", "1000001", "--rate wants 1 to 1000000, or none: 1000001"},
        {"--max-handshakes", "-1",
         "--max-handshakes wants 1 to 1000000, or none: -1"},
        {"--nonsense", NULL, "unknown option: --nonsense"},
    };
    (void)state;
    for (size_t i = 0; i < COUNT(cases); i++) {
        struct options o;
        char error[256] = "";
        assert_false(
            parse((const char *const[]){cases[i][0], cases[i][1], NULL}, &o,
                  error, sizeof(error)));
        assert_string_equal(error, cases[i][2]);
    }
}

/* Repeatable options end somewhere. */
static void full(void **state)
{
    static const char *const options[][2] = {
        {"--dns-server", "192.0.2.1"},
        {"--allow-host", "h"},
        {"--identity", "domain=d"},
        {"--listen-s2s", "127.0.0.1:0"},
    };
    (void)state;
    for (size_t i = 0; i < COUNT(options); i++) {
        const char *args[2 * (OPTIONS_LIST + 1) + 3] = {NULL};
        struct options o;
        char error[256];
        size_t n = 0;
        if (strcmp(options[i][0], "--listen-s2s") == 0) {
            args[n++] = "--identity";
            args[n++] = "domain=d";
        }
        for (size_t j = 0; j < 2 * OPTIONS_LIST; j++)
            args[n++] = options[i][j % 2];
        assert_true(parse(args, &o, error, sizeof(error)));
        args[n++] = options[i][0];
        args[n++] = options[i][1];
        assert_false(parse(args, &o, error, sizeof(error)));
    }
}

/* Who may be on another machine. */
static void exposed(void **state)
{
    static const struct {
        const char *args[7];
        bool exposed;
    } cases[] = {
        {{NULL}, false},
        {{"--listen", "127.0.0.1:0"}, false},
        {{"--listen", "127.255.0.1:0"}, false},
        {{"--listen", "0.0.0.0:0"}, true},
        {{"--listen", "12.7.0.1:0"}, true},
        {{"--listen", "192.0.2.1:0"}, true},
        {{"--allow-host", "probe.example"}, true}, /* through a proxy */
        {{"--identity", "domain=d"}, false},
        {{"--identity", "domain=d", "--listen-s2s", "127.0.0.1:0"}, false},
        {{"--identity", "domain=d", "--listen-s2s", "[::1]:0"}, false},
        {{"--identity", "domain=d", "--listen-s2s", "0.0.0.0:0"}, true},
        {{"--identity", "domain=d", "--listen-s2s", "[::]:0"}, true},
        {{"--identity", "domain=d", "--listen-s2s", "127.0.0.1:0",
          "--listen-s2s", "192.0.2.1:0"},
         true},
    };
    (void)state;
    for (size_t i = 0; i < COUNT(cases); i++) {
        struct options o;
        char error[256];
        assert_true(parse(cases[i].args, &o, error, sizeof(error)));
        assert_int_equal(options_exposed(&o), cases[i].exposed);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(defaults), cmocka_unit_test(everything),
        cmocka_unit_test(actions),  cmocka_unit_test(refused),
        cmocka_unit_test(messages), cmocka_unit_test(full),
        cmocka_unit_test(exposed),  cmocka_unit_test(limits),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
