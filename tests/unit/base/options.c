/* Structures of other sizes, and what a probe's options may hold. */
#include <setjmp.h>
#include <stdarg.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>

#include "../failing.h"
#include "base/error.h"
#include "base/options.h"

#define COUNT(list) (sizeof(list) / sizeof((list)[0]))

/* ---- Sizes ---- */

struct known {
    size_t size;
    uint32_t a, b;
    uint64_t c;
};

struct theirs { /* of a caller from another day */
    struct known known;
    uint8_t tail[4200];
};

static struct theirs *make(size_t size)
{
    static struct theirs t;
    t = (struct theirs){.known = {size, 1, 2, 3}};
    return &t;
}

static void shorter(void **state)
{
    static const struct {
        size_t size;
        struct known got;
    } rows[] = {
        {sizeof(size_t), {sizeof(struct known), 0, 0, 0}},
        {sizeof(size_t) + 4, {sizeof(struct known), 1, 0, 0}},
        {sizeof(size_t) + 8, {sizeof(struct known), 1, 2, 0}},
        {sizeof(struct known), {sizeof(struct known), 1, 2, 3}},
    };
    (void)state;
    for (size_t i = 0; i < COUNT(rows); i++) {
        struct known k;
        memset(&k, 0xff, sizeof(k));
        assert_int_equal(options_load(&k, sizeof(k), make(rows[i].size)),
                         S2S_OK);
        assert_memory_equal(&k, &rows[i].got, sizeof(k));
    }
}

static void absent(void **state)
{
    static const struct known zeros = {.size = sizeof(zeros)};
    struct known k;
    (void)state;
    memset(&k, 0xff, sizeof(k));
    assert_int_equal(options_load(&k, sizeof(k), NULL), S2S_OK);
    assert_memory_equal(&k, &zeros, sizeof(k));
}

/* A tail of zeros is nothing; any other byte of it is more than we know. What
 * is behind the size is nobody's business. */
static void longer(void **state)
{
    static const size_t sizes[] = {sizeof(struct known) + 1,
                                   sizeof(struct known) + 17, 4096};
    (void)state;
    for (size_t i = 0; i < COUNT(sizes); i++) {
        struct theirs *t = make(sizes[i]);
        const struct known want = {sizeof(want), 1, 2, 3};
        struct known k;
        size_t tail = sizes[i] - sizeof(struct known);
        t->tail[tail] = 1;
        assert_int_equal(options_load(&k, sizeof(k), t), S2S_OK);
        assert_memory_equal(&k, &want, sizeof(k));
        for (size_t at = 0; at < tail; at++) {
            t->tail[at] = 0x80;
            assert_int_equal(options_load(&k, sizeof(k), t), S2S_EABI);
            t->tail[at] = 0;
        }
    }
}

static void absurd(void **state)
{
    static const size_t sizes[] = {0, 1, sizeof(size_t) - 1, 4097, SIZE_MAX};
    (void)state;
    for (size_t i = 0; i < COUNT(sizes); i++) {
        struct known k;
        assert_int_equal(options_load(&k, sizeof(k), make(sizes[i])), S2S_EABI);
    }
}

/* ---- A probe's ---- */

static int open_none(void *user, const char *host, uint16_t port, void **conn)
{
    (void)user;
    (void)host;
    (void)port;
    (void)conn;
    return S2S_ECONNECT;
}

static ptrdiff_t read_none(void *conn, void *buffer, size_t length)
{
    (void)conn;
    (void)buffer;
    (void)length;
    return 0;
}

static ptrdiff_t write_none(void *conn, const void *buffer, size_t length)
{
    (void)conn;
    (void)buffer;
    (void)length;
    return S2S_ECLOSED;
}

static void close_none(void *conn)
{
    (void)conn;
}

static int tls_open(void *user, const s2s_tls_request *request, void **session)
{
    (void)user;
    (void)request;
    (void)session;
    return S2S_ETLS_HANDSHAKE;
}

static int handshake(void *session)
{
    (void)session;
    return S2S_ETLS_HANDSHAKE;
}

static int info(void *session, s2s_tls_info *out)
{
    (void)session;
    (void)out;
    return S2S_ETLS_HANDSHAKE;
}

#define TRANSPORT                                                              \
    .size = sizeof(s2s_transport), .open = open_none, .read = read_none,       \
    .write = write_none, .close = close_none
#define TLS                                                                    \
    .size = sizeof(s2s_tls), .open = tls_open, .handshake = handshake,         \
    .info = info, .read = read_none, .write = write_none, .close = close_none

static const s2s_transport good_transport = {TRANSPORT};
static const s2s_tls good_tls = {TLS};

static void defaults(void **state)
{
    struct options_probe p;
    char what[OPTIONS_WHAT] = "#";
    (void)state;
    assert_int_equal(options_load_probe(S2S_OP_PING, "Us.example",
                                        "b\xc3\xbc"
                                        "cher.example",
                                        NULL, &p, what),
                     S2S_OK);
    assert_string_equal(what, "");
    assert_int_equal(p.op, S2S_OP_PING);
    assert_string_equal(p.from->ascii, "us.example");
    assert_string_equal(p.to->ascii, "xn--bcher-kva.example");
    assert_string_equal(p.host, "xn--bcher-kva.example");
    assert_false(p.host_given);
    assert_int_equal(p.port, 5269);
    assert_int_equal(p.tls_mode, S2S_TLS_AUTO);
    assert_int_equal(p.timeout_ms, 15000);
    assert_int_equal(p.flags, 0);
    assert_int_equal(p.ping_method, S2S_PING_AUTO);
    assert_false(p.has_transport || p.has_tls);
    options_free_probe(&p);
    assert_null(p.from);
    assert_int_equal(p.op, S2S_OP_PING);
    options_free_probe(&p);
}

static const s2s_options full = {.size = sizeof(full),
                                 .host = "[::1]",
                                 .port = 65535,
                                 .tls_mode = S2S_TLS_NONE,
                                 .timeout_ms = 600000,
                                 .flags = S2S_ACCEPT_UNTRUSTED,
                                 .ping_method = S2S_PING_DIALBACK_VERIFY,
                                 .transport = &good_transport,
                                 .tls = &good_tls};

static void everything(void **state)
{
    struct options_probe p;
    char what[OPTIONS_WHAT];
    (void)state;
    assert_int_equal(
        options_load_probe(S2S_OP_CONNECT, "a", "b", &full, &p, what), S2S_OK);
    assert_string_equal(p.host, "::1");
    assert_true(p.host_given);
    assert_int_equal(p.port, 65535);
    assert_int_equal(p.tls_mode, S2S_TLS_NONE);
    assert_int_equal(p.timeout_ms, 600000);
    assert_int_equal(p.flags, S2S_ACCEPT_UNTRUSTED);
    assert_int_equal(p.ping_method, S2S_PING_DIALBACK_VERIFY);
    assert_true(p.has_transport && p.has_tls);
    assert_memory_equal(&p.transport, &good_transport, sizeof(p.transport));
    assert_memory_equal(&p.tls, &good_tls, sizeof(p.tls));
    options_free_probe(&p);
}

#define OPTIONS(...)                                                           \
    &(const s2s_options)                                                       \
    {                                                                          \
        .size = sizeof(s2s_options), __VA_ARGS__                               \
    }

static const char *const nine[] = {"a.", "b.", "c.", "d.", "e.",
                                   "f.", "g.", "h.", "i.", NULL};
static const char *const nameless[] = {"a.", "", NULL};
static const char *const dots[] = {".", NULL};

static const struct {
    const char *from, *to; /* NULL: good ones */
    const s2s_options *options;
    int error;
    const char *what;
} bad[] = {
    {"", NULL, NULL, S2S_EINVALID_ARGUMENT, "from: a domain is required"},
    {"a b", NULL, NULL, S2S_EINVALID_ARGUMENT, "from: \"a b\" is not a domain"},
    {"192.0.2.1", NULL, NULL, S2S_EINVALID_ARGUMENT,
     "from: \"192.0.2.1\" is not a domain"},
    {NULL, "", NULL, S2S_EINVALID_ARGUMENT, "to: a domain is required"},
    {NULL, "a..b", NULL, S2S_EINVALID_ARGUMENT, "to: \"a..b\" is not a domain"},
    {"a b", "a b", OPTIONS(.host = "a b"), S2S_EINVALID_ARGUMENT,
     "from: \"a b\" is not a domain"},
    {NULL, NULL, OPTIONS(.host = ""), S2S_EINVALID_ARGUMENT,
     "host: \"\" is no name and no address"},
    {NULL, NULL, OPTIONS(.host = "a:1"), S2S_EINVALID_ARGUMENT,
     "host: \"a:1\" is no name and no address"},
    {NULL, NULL, OPTIONS(.tls_mode = 4), S2S_EINVALID_ARGUMENT,
     "tls_mode: no such mode"},
    {NULL, NULL, OPTIONS(.timeout_ms = 600001), S2S_EINVALID_ARGUMENT,
     "timeout_ms: more than 600000"},
    {NULL, NULL, OPTIONS(.timeout_ms = UINT32_MAX), S2S_EINVALID_ARGUMENT,
     "timeout_ms: more than 600000"},
    {NULL, NULL, OPTIONS(.flags = 1024), S2S_EINVALID_ARGUMENT,
     "flags: unknown ones are set"},
    {NULL, NULL, OPTIONS(.flags = 0x80000001), S2S_EINVALID_ARGUMENT,
     "flags: unknown ones are set"},
    {NULL, NULL, OPTIONS(.ping_method = 3), S2S_EINVALID_ARGUMENT,
     "ping_method: no such method"},
    {NULL, NULL, OPTIONS(.xml_to = ""), S2S_EINVALID_ARGUMENT,
     "xml_to: a domain is required"},
    {NULL, NULL, OPTIONS(.xml_to = "a b"), S2S_EINVALID_ARGUMENT,
     "xml_to: \"a b\" is not a domain"},
    {NULL, NULL, OPTIONS(.services = nine), S2S_EINVALID_ARGUMENT,
     "services: more than 8"},
    {NULL, NULL, OPTIONS(.services = nameless), S2S_EINVALID_ARGUMENT,
     "services: a domain is required"},
    {NULL, NULL, OPTIONS(.services = dots), S2S_EINVALID_ARGUMENT,
     "services: \".them.example\" is not a domain"},
    {NULL, NULL, OPTIONS(.reserved = 1), S2S_EINVALID_ARGUMENT,
     "reserved: not zero"},
    {NULL, NULL, &(const s2s_options){.size = 3}, S2S_EABI, ""},
    {NULL, NULL, OPTIONS(.transport = &(const s2s_transport){.size = 0}),
     S2S_EABI, ""},
    {NULL, NULL, OPTIONS(.tls = &(const s2s_tls){.size = SIZE_MAX}), S2S_EABI,
     ""},
};

static void refused(void **state)
{
    static const struct options_probe untouched = {.port = 7};
    (void)state;
    for (size_t i = 0; i < COUNT(bad); i++) {
        struct options_probe p = untouched;
        char what[OPTIONS_WHAT] = "#";
        int e = options_load_probe(
            S2S_OP_CONNECT, bad[i].from != NULL ? bad[i].from : "us.example",
            bad[i].to != NULL ? bad[i].to : "them.example", bad[i].options, &p,
            what);
        assert_string_equal(what, bad[i].what);
        assert_int_equal(e, bad[i].error);
        assert_memory_equal(&p, &untouched, sizeof(p));
    }
}

/* Another name for the domain: in XML alone. */
static void xml_to(void **state)
{
    static const char to[] = "stra\xc3\x9f"
                             "e.example";
    struct options_probe p;
    char what[OPTIONS_WHAT];
    (void)state;
    assert_int_equal(options_load_probe(
                         S2S_OP_CONNECT, "a", to,
                         OPTIONS(.xml_to = "xn--strae-oqa.example"), &p, what),
                     S2S_OK);
    assert_string_equal(p.to->ascii, "xn--strae-oqa.example");
    assert_string_equal(p.to->unicode, "xn--strae-oqa.example");
    assert_string_equal(p.host, "xn--strae-oqa.example");
    assert_true(p.to->deviation);
    options_free_probe(&p);
}

static void services(void **state)
{
    struct options_probe p;
    char what[OPTIONS_WHAT];
    static char text[1200];
    const char *const good[] = {"rooms.",
                                "b\xc3\xbc"
                                "cher.",
                                "else.example",
                                "d",
                                "e",
                                "f",
                                "g",
                                "h.i.",
                                NULL};
    const char *const large[] = {text, NULL};
    (void)state;
    assert_int_equal(options_load_probe(S2S_OP_CHECK, "a", "them.example",
                                        OPTIONS(.services = good), &p, what),
                     S2S_OK);
    assert_int_equal(p.service_count, 8);
    assert_int_equal(p.timeout_ms, 30000);
    assert_string_equal(p.services[0]->ascii, "rooms.them.example");
    assert_string_equal(p.services[1]->ascii, "xn--bcher-kva.them.example");
    assert_string_equal(p.services[2]->ascii, "else.example");
    assert_string_equal(p.services[7]->ascii, "h.i.them.example");
    options_free_probe(&p);
    for (size_t length = 300; length < sizeof(text); length += 100) {
        memset(text, 'a', length);
        text[length - 1] = '.';
        assert_int_equal(options_load_probe(S2S_OP_CHECK, "a", "them.example",
                                            OPTIONS(.services = large), &p,
                                            what),
                         S2S_EINVALID_ARGUMENT);
        assert_int_equal(strncmp(what, "services: ", 10), 0);
    }
}

/* Each function of the two structures is needed, but for fd(). */
static void without_functions(void **state)
{
    static const size_t transport[] = {
        offsetof(s2s_transport, open), offsetof(s2s_transport, read),
        offsetof(s2s_transport, write), offsetof(s2s_transport, close)};
    static const size_t tls[] = {
        offsetof(s2s_tls, open),  offsetof(s2s_tls, handshake),
        offsetof(s2s_tls, info),  offsetof(s2s_tls, read),
        offsetof(s2s_tls, write), offsetof(s2s_tls, close)};
    struct options_probe p;
    char what[OPTIONS_WHAT];
    (void)state;
    for (size_t i = 0; i < COUNT(transport) + COUNT(tls); i++) {
        bool first = i < COUNT(transport);
        s2s_transport t = good_transport;
        s2s_tls s = good_tls;
        const s2s_options options = {
            .size = sizeof(options), .transport = &t, .tls = &s};
        if (first)
            memset((char *)&t + transport[i], 0, sizeof(t.open));
        else
            memset((char *)&s + tls[i - COUNT(transport)], 0, sizeof(s.open));
        assert_int_equal(options_load_probe(1, "a", "b", &options, &p, what),
                         S2S_EINVALID_ARGUMENT);
        assert_string_equal(what,
                            first ? "transport: a required function is missing"
                                  : "tls: a required function is missing");
    }
}

/* A domain that is longer than the room for telling so. */
static void long_domain(void **state)
{
    static char text[3001];
    struct options_probe p;
    char what[OPTIONS_WHAT];
    (void)state;
    memset(text, 'a', 3000);
    assert_int_equal(options_load_probe(1, text, "b", NULL, &p, what),
                     S2S_EINVALID_ARGUMENT);
    assert_int_equal(strncmp(what, "from: \"aaaa", 11), 0);
    assert_true(strlen(what) < OPTIONS_WHAT);
    assert_int_equal(options_load_probe(1, NULL, "b", NULL, &p, what),
                     S2S_EINVALID_ARGUMENT);
    assert_string_equal(what, "from: a domain is required");
}

static void without_memory(void **state)
{
    static const char *const also[] = {"c", "d", NULL};
    const s2s_identity own = {.size = sizeof(own), .domain = "a"};
    s2s_options options = full;
    struct options_probe p;
    char what[OPTIONS_WHAT];
    (void)state;
    options.identity = &own;
    options.also_from = also;
    options.stanza = "<message/>";
    options.xml_to = "x";
    options.services = also;
    failing_off();
    assert_int_equal(options_load_probe(1, "a", "b", &options, &p, what),
                     S2S_OK);
    unsigned long calls = failing_count();
    options_free_probe(&p);
    assert_true(calls >= 8);
    for (unsigned long nth = 1; nth <= calls; nth++) {
        failing_arm(nth, false);
        assert_int_equal(options_load_probe(1, "a", "b", &options, &p, what),
                         S2S_ENO_MEMORY);
    }
    failing_off();
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(shorter),
        cmocka_unit_test(absent),
        cmocka_unit_test(longer),
        cmocka_unit_test(absurd),
        cmocka_unit_test(defaults),
        cmocka_unit_test(everything),
        cmocka_unit_test(refused),
        cmocka_unit_test(xml_to),
        cmocka_unit_test(services),
        cmocka_unit_test(long_domain),
        cmocka_unit_test(without_functions),
        cmocka_unit_test(without_memory),
    };
    return cmocka_run_group_tests_name("base/options", tests, NULL, NULL);
}
