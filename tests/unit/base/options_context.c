/* What a context's options may hold. */
#include <setjmp.h>
#include <stdarg.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include <cmocka.h>

#include "../failing.h"
#include "base/error.h"
#include "base/options.h"

#define COUNT(list) (sizeof(list) / sizeof((list)[0]))
#define OPTIONS(...)                                                           \
    ((const s2s_context_options){.size = sizeof(s2s_context_options),          \
                                 __VA_ARGS__})

static char certificate[] = "/tmp/s2sprobe-options-XXXXXX";
static char key[] = "/tmp/s2sprobe-options-XXXXXX";

static int write_file(char *name, const char *text)
{
    int fd = mkstemp(name);
    if (fd < 0 || write(fd, text, strlen(text)) != (ssize_t)strlen(text))
        return -1;
    return close(fd);
}

static int set_up(void **state)
{
    (void)state;
    return write_file(certificate, "a certificate") == 0 &&
                   write_file(key, "a key") == 0
               ? 0
               : -1;
}

static int tear_down(void **state)
{
    (void)state;
    return unlink(certificate) == 0 && unlink(key) == 0 ? 0 : -1;
}

/* ---- What is taken ---- */

static void check_defaults(const struct options_context *o)
{
    const s2s_limits limits = {.size = sizeof(limits),
                               .header = 8192,
                               .element = 65536,
                               .element_authenticated = 524288,
                               .depth = 64,
                               .nodes = 16384,
                               .attributes = 64,
                               .bindings = 64,
                               .name = 1024,
                               .probe = 1048576,
                               .stanzas = 100,
                               .inbound = 256,
                               .inbound_address = 32};
    assert_memory_equal(&o->limits, &limits, sizeof(limits));
    assert_int_equal(o->max_running, 256);
    assert_int_equal(o->max_handshakes, 0);
    assert_int_equal(o->rate, S2S_NO_LIMIT);
    assert_int_equal(o->host_running, 4);
    assert_int_equal(o->address_running, 8);
    assert_int_equal(o->host_rate, 10);
    assert_null(o->share);
    assert_null(o->ca_file);
    assert_null(o->dns_servers);
    assert_false(o->has_resolver || o->dns_trust_ad);
    assert_int_equal(o->identity_count, 0);
    assert_null(o->address_filter);
    assert_null(o->log.function);
    assert_int_equal(o->log.level, S2S_LOG_ERROR);
}

static void defaults(void **state)
{
    static const char *const no_servers[] = {NULL};
    static const s2s_identity *const no_identities[] = {NULL};
    static const s2s_limits no_limits = {.size = sizeof(no_limits)};
    const s2s_context_options empty =
        OPTIONS(.dns_servers = no_servers, .identities = no_identities,
                .limits = &no_limits);
    struct options_context o;
    char what[OPTIONS_WHAT] = "#";
    (void)state;
    assert_int_equal(options_load_context(NULL, &o, what), S2S_OK);
    assert_string_equal(what, "");
    check_defaults(&o);
    options_free_context(&o);
    assert_int_equal(options_load_context(&empty, &o, what), S2S_OK);
    check_defaults(&o);
    options_free_context(&o);
    options_free_context(&o);
}

static int filter(void *user, const struct sockaddr *address, uint32_t length)
{
    (void)user;
    (void)address;
    (void)length;
    return 0;
}

static void hear(void *user, int level, const char *area, const char *line)
{
    (void)user;
    (void)level;
    (void)area;
    (void)line;
}

static const char *const two_servers[] = {"192.0.2.1", "[2001:db8::1]:5353",
                                          NULL};
static int users[2];

static s2s_context_options full(const s2s_identity *const *identities)
{
    return OPTIONS(.ca_file = "/ca.pem", .dns_servers = two_servers,
                   .identities = identities, .address_filter = filter,
                   .address_filter_user = &users[0], .log = hear,
                   .log_user = &users[1], .log_level = S2S_LOG_WIRE,
                   .max_running = 100000, .max_handshakes = 50, .rate = 100,
                   .host_running = 1, .address_running = S2S_NO_LIMIT,
                   .host_rate = 3);
}

static void everything(void **state)
{
    const s2s_identity first = {.size = sizeof(first), .domain = "A.example"};
    const s2s_identity second = {.size = sizeof(second),
                                 .domain = "b.example",
                                 .certificate_file = certificate,
                                 .key_file = key};
    const s2s_identity *const both[] = {&first, &second, NULL};
    const s2s_context_options options = full(both);
    struct options_context o;
    char what[OPTIONS_WHAT];
    (void)state;
    assert_int_equal(options_load_context(&options, &o, what), S2S_OK);
    assert_string_equal(o.ca_file, "/ca.pem");
    assert_ptr_not_equal(o.ca_file, options.ca_file);
    assert_string_equal(o.dns_servers, "192.0.2.1:53,[2001:db8::1]:5353");
    assert_int_equal(o.identity_count, 2);
    assert_string_equal(o.identities[0].domain->ascii, "a.example");
    assert_null(o.identities[0].certificate);
    assert_null(o.identities[0].key);
    assert_string_equal(o.identities[1].certificate, "a certificate");
    assert_string_equal(o.identities[1].key, "a key");
    assert_true(o.address_filter == filter && o.log.function == hear);
    assert_ptr_equal(o.address_filter_user, &users[0]);
    assert_ptr_equal(o.log.user, &users[1]);
    assert_int_equal(o.log.level, S2S_LOG_WIRE);
    assert_int_equal(o.max_running, 100000);
    assert_int_equal(o.max_handshakes, 50);
    assert_int_equal(o.rate, 100);
    assert_int_equal(o.host_running, 1);
    assert_int_equal(o.address_running, S2S_NO_LIMIT);
    assert_int_equal(o.host_rate, 3);
    assert_ptr_equal(options_identity(&o, o.identities[1].domain),
                     &o.identities[1]);
    struct domain *other;
    assert_int_equal(domain_parse("c.example", &other), S2S_OK);
    assert_null(options_identity(&o, other));
    free(other);
    options_free_context(&o);
    assert_null(o.identities);
}

/* ---- Limits ---- */

static const struct {
    const char *name;
    size_t offset;
    uint32_t min, max;
} limits[] = {
    {"header", offsetof(s2s_limits, header), 512, 1048576},
    {"element", offsetof(s2s_limits, element), 10000, 16777216},
    {"element_authenticated", offsetof(s2s_limits, element_authenticated),
     10000, 16777216},
    {"depth", offsetof(s2s_limits, depth), 4, 10000},
    {"nodes", offsetof(s2s_limits, nodes), 16, 1048576},
    {"attributes", offsetof(s2s_limits, attributes), 16, 1024},
    {"bindings", offsetof(s2s_limits, bindings), 8, 1024},
    {"name", offsetof(s2s_limits, name), 64, 65536},
    {"probe", offsetof(s2s_limits, probe), 10000, 1073741824},
    {"stanzas", offsetof(s2s_limits, stanzas), 4, 100000},
    {"inbound", offsetof(s2s_limits, inbound), 1, 100000},
    {"inbound_address", offsetof(s2s_limits, inbound_address), 1, 100000},
};

/* What comes of one limit with this value; "" when it is kept. */
static void try_limit(size_t row, uint32_t value, char what[OPTIONS_WHAT])
{
    s2s_limits l = {.size = sizeof(l)};
    const s2s_context_options options = OPTIONS(.limits = &l);
    struct options_context o = {.max_running = 0};
    uint32_t kept = 0;
    memcpy((char *)&l + limits[row].offset, &value, sizeof(value));
    int e = options_load_context(&options, &o, what);
    assert_int_equal(e, what[0] == '\0' ? S2S_OK : S2S_EINVALID_ARGUMENT);
    memcpy(&kept, (char *)&o.limits + limits[row].offset, sizeof(kept));
    assert_int_equal(kept, e == S2S_OK ? value : 0);
    options_free_context(&o);
}

static void bounds(void **state)
{
    char what[OPTIONS_WHAT], wanted[OPTIONS_WHAT];
    (void)state;
    assert_int_equal(sizeof(s2s_limits),
                     sizeof(size_t) + COUNT(limits) * sizeof(uint32_t));
    for (size_t i = 0; i < COUNT(limits); i++) {
        const uint32_t bad[] = {limits[i].max + 1, UINT32_MAX,
                                limits[i].min - 1, 1};
        size_t count = limits[i].min > 1 ? COUNT(bad) : 2;
        try_limit(i, limits[i].min, what);
        assert_string_equal(what, "");
        try_limit(i, limits[i].max, what);
        assert_string_equal(what, "");
        for (size_t k = 0; k < count; k++) {
            try_limit(i, bad[k], what);
            snprintf(wanted, sizeof(wanted),
                     "limits.%s: %u is not within %u to %u", limits[i].name,
                     bad[k], limits[i].min, limits[i].max);
            assert_string_equal(what, wanted);
        }
    }
}

/* ---- What is refused ---- */

static void refuse(const s2s_context_options *options, int error,
                   const char *wanted)
{
    static const struct options_context untouched = {.max_running = 7};
    struct options_context o = untouched;
    char what[OPTIONS_WHAT] = "#";
    int e = options_load_context(options, &o, what);
    assert_string_equal(what, wanted);
    assert_int_equal(e, error);
    assert_memory_equal(&o, &untouched, sizeof(o));
}

static void refused(void **state)
{
    static const s2s_limits sizeless = {.depth = 64};
    static const s2s_identity sizeless_identity = {.domain = "a"};
    static const s2s_identity *const sizeless_identities[] = {
        &sizeless_identity, NULL};
    static const s2s_identity plain = {.size = sizeof(plain), .domain = "a"};
    static const s2s_identity wrong = {.size = sizeof(wrong), .domain = "a b"};
    static const s2s_identity *const odd[] = {&plain, &wrong, NULL};
    const struct {
        s2s_context_options options;
        int error;
        const char *what;
    } rows[] = {
        {{.size = 0}, S2S_EABI, ""},
        {OPTIONS(.limits = &sizeless), S2S_EABI, ""},
        {OPTIONS(.identities = sizeless_identities), S2S_EABI, ""},
        {OPTIONS(.log_level = 4), S2S_EINVALID_ARGUMENT,
         "log_level: no such level"},
        {OPTIONS(.max_running = 100001), S2S_EINVALID_ARGUMENT,
         "max_running: more than 100000"},
        {OPTIONS(.identities = odd), S2S_EINVALID_ARGUMENT,
         "identities.1.domain: missing or not valid"},
    };
    (void)state;
    for (size_t i = 0; i < COUNT(rows); i++)
        refuse(&rows[i].options, rows[i].error, rows[i].what);
}

/* ---- Resolvers ---- */

static int start(void *user, s2s_dns_query *query, const char *name,
                 uint16_t type)
{
    (void)user;
    (void)query;
    (void)name;
    return type;
}

static void cancel(void *user, s2s_dns_query *query)
{
    (void)user;
    (void)query;
}

static int fd(void *user)
{
    (void)user;
    return -1;
}

static void process(void *user)
{
    (void)user;
}

#define RESOLVER(...)                                                          \
    (&(const s2s_resolver){.size = sizeof(s2s_resolver), __VA_ARGS__})

static void resolvers(void **state)
{
    static const char missing[] = "resolver: a required function is missing";
    static const char half[] = "resolver: fd and process go together";
    const struct {
        s2s_context_options options;
        int error;
        const char *what;
    } rows[] = {
        {OPTIONS(.resolver = RESOLVER(.start = start)), S2S_EINVALID_ARGUMENT,
         missing},
        {OPTIONS(.resolver = RESOLVER(.cancel = cancel)), S2S_EINVALID_ARGUMENT,
         missing},
        {OPTIONS(.resolver = RESOLVER(.user = NULL)), S2S_EINVALID_ARGUMENT,
         missing},
        {OPTIONS(.resolver =
                     RESOLVER(.start = start, .cancel = cancel, .fd = fd)),
         S2S_EINVALID_ARGUMENT, half},
        {OPTIONS(.resolver = RESOLVER(.start = start, .cancel = cancel,
                                      .process = process)),
         S2S_EINVALID_ARGUMENT, half},
        {OPTIONS(.resolver = RESOLVER(.start = start, .cancel = cancel),
                 .dns_servers = two_servers),
         S2S_EINVALID_ARGUMENT, "resolver: not together with dns_servers"},
        {OPTIONS(.resolver = &(const s2s_resolver){.start = start}), S2S_EABI,
         ""},
        {OPTIONS(.dns_trust_ad = 2), S2S_EINVALID_ARGUMENT,
         "dns_trust_ad: not 0 or 1"},
    };
    (void)state;
    for (size_t i = 0; i < COUNT(rows); i++)
        refuse(&rows[i].options, rows[i].error, rows[i].what);
}

static void resolver_taken(void **state)
{
    const s2s_resolver r = {.size = sizeof(r),
                            .user = &users[0],
                            .start = start,
                            .cancel = cancel,
                            .fd = fd,
                            .process = process};
    const s2s_context_options options =
        OPTIONS(.resolver = &r, .dns_trust_ad = 1);
    struct options_context o;
    char what[OPTIONS_WHAT];
    (void)state;
    assert_int_equal(options_load_context(&options, &o, what), S2S_OK);
    assert_true(o.has_resolver && o.dns_trust_ad);
    assert_memory_equal(&o.resolver, &r, sizeof(r));
    options_free_context(&o);
    const s2s_context_options small = {
        .size = offsetof(s2s_context_options, resolver), .resolver = &r};
    assert_int_equal(options_load_context(&small, &o, what), S2S_OK);
    assert_false(o.has_resolver || o.dns_trust_ad);
    options_free_context(&o);
}

static void too_many_identities(void **state)
{
    static const s2s_identity one = {.size = sizeof(one), .domain = "a"};
    static const s2s_identity *list[66];
    const s2s_context_options options = OPTIONS(.identities = list);
    struct options_context o;
    char what[OPTIONS_WHAT];
    (void)state;
    for (size_t i = 0; i < 64; i++)
        list[i] = &one;
    assert_int_equal(options_load_context(&options, &o, what), S2S_OK);
    assert_int_equal(o.identity_count, 64);
    options_free_context(&o);
    list[64] = &one;
    refuse(&options, S2S_EINVALID_ARGUMENT, "identities: more than 64");
}

static void without_memory(void **state)
{
    const s2s_identity one = {.size = sizeof(one),
                              .domain = "b.example",
                              .certificate_file = certificate,
                              .key_file = key};
    const s2s_identity *const list[] = {&one, &one, NULL};
    const s2s_context_options options = full(list);
    struct options_context o;
    char what[OPTIONS_WHAT];
    (void)state;
    failing_off();
    assert_int_equal(options_load_context(&options, &o, what), S2S_OK);
    unsigned long calls = failing_count();
    options_free_context(&o);
    assert_true(calls > 8);
    for (unsigned long nth = 1; nth <= calls; nth++) {
        failing_arm(nth, false);
        assert_int_equal(options_load_context(&options, &o, what),
                         S2S_ENO_MEMORY);
    }
    failing_off();
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(defaults),
        cmocka_unit_test(everything),
        cmocka_unit_test(bounds),
        cmocka_unit_test(refused),
        cmocka_unit_test(resolvers),
        cmocka_unit_test(resolver_taken),
        cmocka_unit_test(too_many_identities),
        cmocka_unit_test(without_memory),
    };
    return cmocka_run_group_tests_name("base/options_context", tests, set_up,
                                       tear_down);
}
