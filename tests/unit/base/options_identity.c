/* Domains of ours as callers give them: to a context, and to a probe. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "memory_files.h"
#include "base/options.h"

#define PASSWORD "correct horse"
#define SECRET   "s3cr3tf0rd14lb4ck"

/* ---- Files ---- */

static const char *certificate, *key, *pkcs12, *nul, *empty, *large;

static int make_files(void **state)
{
    static char big[(1u << 20) + 1];
    (void)state;
    memset(big, 'x', sizeof(big));
    certificate = file_of("certificate", 11);
    key = file_of("key\n", 4);
    pkcs12 = file_of("pk\0cs12", 7);
    nul = pkcs12;
    empty = "/dev/null";
    large = file_of(big, sizeof(big));
    return 0;
}

/* ---- An identity ----------------------------------------------------------
 */

static void whole(void **state)
{
    static const char *const listen[] = {"127.0.0.1:5269", "[::1]:0", NULL};
    struct options_identity o;
    char what[OPTIONS_WHAT] = "kept";
    s2s_identity from = {
        .size = sizeof(from),
        .domain = "\xc3\x9c"
                  "bung.Test.",
        .certificate_file = certificate,
        .key_file = key,
        .key_password = PASSWORD,
        .dialback_secret = SECRET,
        .listen = listen,
    };
    (void)state;
    assert_int_equal(options_load_identity(&from, "identities.3", &o, what),
                     S2S_OK);
    assert_string_equal(what, "kept");
    assert_string_equal(o.domain->ascii, "xn--bung-zra.test");
    assert_string_equal(o.member, "identities.3");
    assert_string_equal(o.certificate, "certificate");
    assert_string_equal(o.key, "key\n");
    assert_null(o.pkcs12);
    assert_string_equal(o.password, PASSWORD);
    assert_string_equal(o.certificate_file, certificate);
    assert_string_equal(o.key_file, key);
    assert_null(o.pkcs12_file);
    assert_string_equal(o.secret, SECRET);
    assert_ptr_not_equal(o.secret, from.dialback_secret);
    assert_string_equal(o.listen[0], "127.0.0.1:5269");
    assert_string_equal(o.listen[1], "[::1]:0");
    assert_null(o.listen[2]);
    options_free_identity(&o);
    assert_null(o.domain);
    options_free_identity(&o); /* again does no harm */
}

static void by_pkcs12(void **state)
{
    struct options_identity o;
    char what[OPTIONS_WHAT];
    s2s_identity from = {
        .size = sizeof(from), .domain = "a.test", .pkcs12_file = pkcs12};
    (void)state;
    assert_int_equal(options_load_identity(&from, "identity", &o, what),
                     S2S_OK);
    assert_int_equal(o.pkcs12_size, 7);
    assert_memory_equal(o.pkcs12, "pk\0cs12", 7);
    assert_string_equal(o.pkcs12_file, pkcs12);
    assert_null(o.certificate);
    assert_null(o.key);
    assert_null(o.listen);
    options_free_identity(&o);
}

/* Without a secret each identity gets its own. */
static void secrets(void **state)
{
    struct options_identity a, b;
    char what[OPTIONS_WHAT];
    s2s_identity from = {.size = sizeof(from), .domain = "a.test"};
    (void)state;
    assert_int_equal(options_load_identity(&from, "identity", &a, what),
                     S2S_OK);
    assert_int_equal(options_load_identity(&from, "identity", &b, what),
                     S2S_OK);
    assert_int_equal(strlen(a.secret), OPTIONS_SECRET_HEX);
    assert_int_equal(strspn(a.secret, "0123456789abcdef"), OPTIONS_SECRET_HEX);
    assert_string_not_equal(a.secret, b.secret);
    options_free_identity(&a);
    options_free_identity(&b);
}

/* From before there were passwords. */
static void older(void **state)
{
    struct options_identity o;
    char what[OPTIONS_WHAT];
    s2s_identity from = {
        .size = offsetof(s2s_identity, key_password),
        .domain = "a.test",
        .dialback_secret = SECRET,
    };
    (void)state;
    assert_int_equal(options_load_identity(&from, "identity", &o, what),
                     S2S_OK);
    assert_string_not_equal(o.secret, SECRET);
    options_free_identity(&o);
    from.size = 4;
    assert_int_equal(options_load_identity(&from, "identity", &o, what),
                     S2S_EABI);
}

static void wrong(void **state)
{
    const char *many[OPTIONS_LIST + 2] = {NULL};
    (void)state;
    for (size_t i = 0; i <= OPTIONS_LIST; i++)
        many[i] = "127.0.0.1:0";
    const struct {
        s2s_identity from;
        const char *what;
    } rows[] = {
        {{.domain = NULL}, "domain: missing or not valid"},
        {{.domain = ""}, "domain: missing or not valid"},
        {{.domain = "a b"}, "domain: missing or not valid"},
        {{.domain = "127.0.0.1"}, "domain: missing or not valid"},
        {{.domain = "a.test", .certificate_file = certificate},
         "key_file: certificate_file and key_file belong together"},
        {{.domain = "a.test", .key_file = key, .key_password = PASSWORD},
         "certificate_file: certificate_file and key_file belong together"},
        {{.domain = "a.test", .key_file = key, .pkcs12_file = pkcs12},
         "pkcs12_file: not with certificate_file or key_file"},
        {{.domain = "a.test",
          .certificate_file = certificate,
          .pkcs12_file = pkcs12},
         "pkcs12_file: not with certificate_file or key_file"},
        {{.domain = "a.test", .key_password = PASSWORD},
         "key_password: no key_file and no pkcs12_file"},
        {{.domain = "a.test",
          .certificate_file = "/nonexistent/c",
          .key_file = key},
         "certificate_file: cannot read /nonexistent/c"},
        {{.domain = "a.test",
          .certificate_file = certificate,
          .key_file = "/nonexistent/k"},
         "key_file: cannot read /nonexistent/k"},
        {{.domain = "a.test", .pkcs12_file = "/nonexistent/p"},
         "pkcs12_file: cannot read /nonexistent/p"},
        {{.domain = "a.test", .pkcs12_file = "/"},
         "pkcs12_file: / is no regular file"},
        {{.domain = "a.test", .pkcs12_file = empty},
         "pkcs12_file: /dev/null is no regular file"},
        {{.domain = "a.test", .pkcs12_file = large},
         "pkcs12_file: cannot read /proc/self/fd/"},
        {{.domain = "a.test", .certificate_file = nul, .key_file = key},
         "certificate_file: cannot read /proc/self/fd/"},
        {{.domain = "a.test", .dialback_secret = ""}, "dialback_secret: empty"},
        {{.domain = "a.test", .listen = many}, "listen: more than 64"},
    };
    for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
        struct options_identity o = {.member = "kept"};
        char what[OPTIONS_WHAT] = "";
        s2s_identity from = rows[i].from;
        from.size = sizeof(from);
        int e = options_load_identity(&from, "identities.0", &o, what);
        if (e != S2S_EINVALID_ARGUMENT ||
            strncmp(what, "identities.0.", 13) != 0 ||
            strncmp(what + 13, rows[i].what, strlen(rows[i].what)) != 0)
            fail_msg("row %zu: %d, %s", i, e, what);
        assert_null(strstr(what, PASSWORD));
        assert_string_equal(o.member, "kept");
    }
}

/* ---- Of a context -----------------------------------------------------------
 */

static void contexts(void **state)
{
    struct options_context c;
    char what[OPTIONS_WHAT];
    s2s_identity a = {.size = sizeof(a), .domain = "a.test"};
    s2s_identity b = {.size = sizeof(b),
                      .domain = "b.test",
                      .certificate_file = certificate,
                      .key_file = key};
    s2s_identity bad = {.size = sizeof(bad),
                        .domain = "c.test",
                        .certificate_file = certificate,
                        .key_file = "/x"};
    const s2s_identity *list[] = {&a, &b, NULL, NULL};
    s2s_limits limits = {
        .size = sizeof(limits), .inbound = 3, .inbound_address = 2};
    s2s_context_options from = {.size = sizeof(from), .identities = list};
    (void)state;
    assert_int_equal(options_load_context(&from, &c, what), S2S_OK);
    assert_int_equal(c.identity_count, 2);
    assert_string_equal(c.identities[1].member, "identities.1");
    assert_string_equal(c.identities[1].key, "key\n");
    assert_ptr_equal(options_identity(&c, c.identities[1].domain),
                     &c.identities[1]);
    assert_int_equal(c.limits.inbound, 256);
    assert_int_equal(c.limits.inbound_address, 32);
    options_free_context(&c);
    from.limits = &limits;
    assert_int_equal(options_load_context(&from, &c, what), S2S_OK);
    assert_int_equal(c.limits.inbound, 3);
    assert_int_equal(c.limits.inbound_address, 2);
    options_free_context(&c);
    limits.inbound = 100001;
    assert_int_equal(options_load_context(&from, &c, what),
                     S2S_EINVALID_ARGUMENT);
    assert_memory_equal(what, "limits.inbound: ", 16);
    limits.inbound = 0;
    list[2] = &bad;
    assert_int_equal(options_load_context(&from, &c, what),
                     S2S_EINVALID_ARGUMENT);
    assert_string_equal(what, "identities.2.key_file: cannot read /x");
}

/* ---- Of a probe
 * -------------------------------------------------------------- */

static int load_probe(int op, const s2s_options *from, struct options_probe *to,
                      char *what)
{
    what[0] = '\0';
    return options_load_probe(op, "from.test", "to.test", from, to, what);
}

static void probes(void **state)
{
    static const char *const also[] = {"B.test", "xn--bung-zra.test", NULL};
    struct options_probe p;
    char what[OPTIONS_WHAT];
    s2s_identity own = {.size = sizeof(own), .domain = "from.test"};
    s2s_options from = {.size = sizeof(from)};
    (void)state;
    assert_int_equal(load_probe(S2S_OP_PING, &from, &p, what), S2S_OK);
    assert_null(p.identity);
    assert_int_equal(p.also_count, 0);
    assert_null(p.stanza);
    assert_int_equal(p.count, 1);
    assert_int_equal(p.interval_ms, 1000);
    options_free_probe(&p);
    from = (s2s_options){
        .size = sizeof(from),
        .flags = S2S_ACCEPT_UNTRUSTED | S2S_AUTHENTICATE | S2S_NO_EXTERNAL |
                 S2S_NO_DIALBACK | S2S_NO_BIDI | S2S_NO_ACKS |
                 S2S_DIALBACK_UNVERIFIED | S2S_DANE | S2S_SRV_FALLBACK |
                 S2S_PIPELINE,
        .identity = &own,
        .also_from = also,
        .stanza = "<message/>",
        .count = 1000,
        .interval_ms = 600000,
    };
    assert_int_equal(load_probe(S2S_OP_SEND, &from, &p, what), S2S_OK);
    assert_int_equal(p.flags, 1023);
    assert_string_equal(p.identity->domain->ascii, "from.test");
    assert_string_equal(p.identity->member, "identity");
    assert_int_equal(p.also_count, 2);
    assert_string_equal(p.also_from[0]->ascii, "b.test");
    assert_string_equal(p.also_from[1]->ascii, "xn--bung-zra.test");
    assert_string_equal(p.stanza, "<message/>");
    assert_ptr_not_equal(p.stanza, from.stanza);
    assert_int_equal(p.count, 1000);
    assert_int_equal(p.interval_ms, 600000);
    options_free_probe(&p);
    options_free_probe(&p);
}

static void wrong_probes(void **state)
{
    static const char *const listen[] = {"127.0.0.1:0", NULL};
    static const char *const nine[] = {"a.t", "b.t", "c.t", "d.t", "e.t",
                                       "f.t", "g.t", "h.t", "i.t", NULL};
    static const char *const self[] = {"a.test", "FROM.test", NULL};
    static const char *const twice[] = {"a.test", "A.test.", NULL};
    static const char *const bad[] = {"a b", NULL};
    static const char *const none[] = {"", NULL};
    s2s_identity own = {.size = sizeof(own), .domain = "a b"};
    s2s_identity listens = {
        .size = sizeof(listens), .domain = "from.test", .listen = listen};
    s2s_identity odd = {.size = 3, .domain = "from.test"};
    (void)state;
    const struct {
        int op;
        s2s_options from;
        int error;
        const char *what;
    } rows[] = {
        {S2S_OP_SEND,
         {.count = 0},
         S2S_EINVALID_ARGUMENT,
         "stanza: required, to be sent"},
        {S2S_OP_PING,
         {.count = 1001},
         S2S_EINVALID_ARGUMENT,
         "count: more than 1000"},
        {S2S_OP_PING,
         {.interval_ms = 600001},
         S2S_EINVALID_ARGUMENT,
         "interval_ms: more than 600000"},
        {S2S_OP_PING,
         {.flags = 1024},
         S2S_EINVALID_ARGUMENT,
         "flags: unknown ones are set"},
        {S2S_OP_PING,
         {.also_from = nine},
         S2S_EINVALID_ARGUMENT,
         "also_from: more than 8"},
        {S2S_OP_PING,
         {.also_from = self},
         S2S_EINVALID_ARGUMENT,
         "also_from: FROM.test comes twice"},
        {S2S_OP_PING,
         {.also_from = twice},
         S2S_EINVALID_ARGUMENT,
         "also_from: A.test. comes twice"},
        {S2S_OP_PING,
         {.also_from = bad},
         S2S_EINVALID_ARGUMENT,
         "also_from: \"a b\" is not a domain"},
        {S2S_OP_PING,
         {.also_from = none},
         S2S_EINVALID_ARGUMENT,
         "also_from: a domain is required"},
        {S2S_OP_PING,
         {.identity = &own},
         S2S_EINVALID_ARGUMENT,
         "identity.domain: missing or not valid"},
        {S2S_OP_PING, {.identity = &odd}, S2S_EABI, ""},
        {S2S_OP_PING,
         {.identity = &listens, .context = (s2s_context *)&own},
         S2S_EINVALID_ARGUMENT,
         "identity.listen: not with context"},
        {S2S_OP_PING, {.identity = &listens}, S2S_OK, ""},
    };
    for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
        struct options_probe p;
        char what[OPTIONS_WHAT];
        s2s_options from = rows[i].from;
        from.size = sizeof(from);
        int e = load_probe(rows[i].op, &from, &p, what);
        if (e != rows[i].error || strcmp(what, rows[i].what) != 0)
            fail_msg("row %zu: %d, %s", i, e, what);
        if (e == S2S_OK)
            options_free_probe(&p);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(whole),   cmocka_unit_test(by_pkcs12),
        cmocka_unit_test(secrets), cmocka_unit_test(older),
        cmocka_unit_test(wrong),   cmocka_unit_test(contexts),
        cmocka_unit_test(probes),  cmocka_unit_test(wrong_probes),
    };
    return cmocka_run_group_tests_name("base/options_identity", tests,
                                       make_files, forget_files);
}
