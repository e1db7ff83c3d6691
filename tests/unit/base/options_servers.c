/* DNS servers as they are given, and as c-ares reads them. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>

#include <ares.h>
#include <cmocka.h>

#include "base/error.h"
#include "base/options.h"

#define COUNT(list) (sizeof(list) / sizeof((list)[0]))
#define OPTIONS(...)                                                           \
    ((const s2s_context_options){.size = sizeof(s2s_context_options),          \
                                 __VA_ARGS__})

/* c-ares takes it too. */
static void is_read(const char *form)
{
    ares_channel channel;
    assert_int_equal(ares_init(&channel), ARES_SUCCESS);
    assert_int_equal(ares_set_servers_ports_csv(channel, form), ARES_SUCCESS);
    ares_destroy(channel);
}

static void servers(void **state)
{
    static const struct {
        const char *text, *form; /* NULL: refused */
    } rows[] = {
        {"192.0.2.1", "192.0.2.1:53"},
        {"192.0.2.1:1", "192.0.2.1:1"},
        {"192.0.2.1:65535", "192.0.2.1:65535"},
        {"2001:db8::1", "[2001:db8::1]:53"},
        {"[2001:db8::1]", "[2001:db8::1]:53"},
        {"[2001:db8::1]:5353", "[2001:db8::1]:5353"},
        {"::", "[::]:53"},
        {"", NULL},
        {":53", NULL},
        {"[]:53", NULL},
        {"[2001:db8::1", NULL},
        {"2001:db8::1]", NULL},
        {"[192.0.2.1]", NULL},
        {"[2001:db8::1]5353", NULL},
        {"192.0.2.1:", NULL},
        {"192.0.2.1:0", NULL},
        {"192.0.2.1:65536", NULL},
        {"192.0.2.1:000053", NULL},
        {"192.0.2.1:-1", NULL},
        {"192.0.2.1:+5", NULL},
        {"192.0.2.1: 53", NULL},
        {"192.0.2.1:53x", NULL},
        {"192.0.2.1:53,192.0.2.2", NULL},
        {"192.0.2.1,192.0.2.2", NULL},
        {"192.0.2", NULL},
        {"dns.example", NULL},
        {"fe80::1%lo", NULL},
        {"1111:2222:3333:4444:5555:6666:7777:8888:9999:1111:2222:3333:4444:5",
         NULL},
    };
    (void)state;
    for (size_t i = 0; i < COUNT(rows); i++) {
        const char *const list[] = {rows[i].text, NULL};
        const s2s_context_options options = OPTIONS(.dns_servers = list);
        struct options_context o = {.dns_servers = NULL};
        char what[OPTIONS_WHAT], wanted[OPTIONS_WHAT];
        int e = options_load_context(&options, &o, what);
        if ((e == S2S_OK) != (rows[i].form != NULL))
            fail_msg("%s", rows[i].text);
        if (e == S2S_OK) {
            assert_string_equal(o.dns_servers, rows[i].form);
            is_read(o.dns_servers);
        } else {
            assert_int_equal(e, S2S_EINVALID_ARGUMENT);
            snprintf(wanted, sizeof(wanted),
                     "dns_servers: \"%.60s\" is not ADDR[:PORT]", rows[i].text);
            assert_string_equal(what, wanted);
        }
        options_free_context(&o);
    }
}

static void too_many_servers(void **state)
{
    static const char *list[1001];
    const s2s_context_options options = OPTIONS(.dns_servers = list);
    struct options_context o;
    char what[OPTIONS_WHAT];
    (void)state;
    for (size_t i = 0; i < 64; i++)
        list[i] = "[1111:2222:3333:4444:5555:6666:7777:8888]:65535";
    assert_int_equal(options_load_context(&options, &o, what), S2S_OK);
    assert_int_equal(strlen(o.dns_servers), 64 * 48 - 1);
    is_read(o.dns_servers);
    options_free_context(&o);
    for (size_t i = 64; i < 1000; i++)
        list[i] = list[0];
    assert_int_equal(options_load_context(&options, &o, what),
                     S2S_EINVALID_ARGUMENT);
    assert_string_equal(what, "dns_servers: too many");
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(servers),
        cmocka_unit_test(too_many_servers),
    };
    return cmocka_run_group_tests_name("base/options_servers", tests, NULL,
                                       NULL);
}
