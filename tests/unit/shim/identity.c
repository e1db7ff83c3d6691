#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include <cmocka.h>

#include "reason.h"

#define COUNT(table) (sizeof(table) / sizeof((table)[0]))

static void members(void **state)
{
    char text[] = "secret-file=s,key=k,password-file=p,domain=d.example,cert=c";
    char more[] = "domain=d.example,pkcs12=x=y";
    struct identity i;
    (void)state;
    assert_true(identity_parse(text, &i));
    assert_int_equal(i.given.size, sizeof(s2s_identity));
    assert_string_equal(i.given.domain, "d.example");
    assert_string_equal(i.given.certificate_file, "c");
    assert_string_equal(i.given.key_file, "k");
    assert_string_equal(i.password_file, "p");
    assert_string_equal(i.secret_file, "s");
    assert_null(i.given.pkcs12_file);
    assert_true(identity_parse(more, &i));
    assert_string_equal(i.given.pkcs12_file, "x=y");
    assert_null(i.given.certificate_file);
}

/* ---- Files --------------------------------------------------------------- */

static char path[] = "/tmp/s2sprobe-identity-XXXXXX";

static void write_file(const void *bytes, size_t length)
{
    FILE *f = fopen(path, "wb");
    assert_non_null(f);
    assert_int_equal(fwrite(bytes, 1, length, f), length);
    assert_int_equal(fclose(f), 0);
}

static void secrets(void **state)
{
    static char longest[1023 + 2];
    static const struct {
        const char *bytes;
        size_t length;
        size_t secret; /* bytes; 0: refused */
    } cases[] = {
        {"secret", 6, 6},   {"secret\n", 7, 6}, {"a b", 3, 3},
        {"", 0, 0},         {"\n", 1, 0},       {"a\nb\n", 4, 0},
        {"a\n\n", 3, 0},    {"a\0b", 3, 0},     {longest, 1023, 1023},
        {longest, 1024, 0}, {longest, 1025, 0},
    };
    (void)state;
    memset(longest, 'x', sizeof(longest));
    for (size_t n = 0; n < COUNT(cases); n++) {
        struct identity i = {.given = {.domain = "d"}, .secret_file = path};
        char error[256] = "";
        write_file(cases[n].bytes, cases[n].length);
        bool ok = identity_load(&i, error, sizeof(error));
        assert_int_equal(ok, cases[n].secret > 0);
        if (ok) {
            assert_ptr_equal(i.given.dialback_secret, i.secret);
            assert_int_equal(strlen(i.secret), cases[n].secret);
            assert_memory_equal(i.secret, cases[n].bytes, cases[n].secret);
        } else {
            assert_memory_equal(error, "--identity domain=d: secret-file: not",
                                37);
            assert_non_null(strstr(error, path));
        }
        assert_null(i.given.key_password);
        identity_forget(&i);
        assert_null(i.given.dialback_secret);
    }
}

static void password(void **state)
{
    struct identity i = {.given = {.domain = "d"}, .password_file = path};
    char error[256] = "";
    (void)state;
    write_file("p\n", 2);
    assert_true(identity_load(&i, error, sizeof(error)));
    assert_string_equal(i.given.key_password, "p");
    assert_null(i.given.dialback_secret);
    identity_forget(&i);
    i.password_file = "/nonexistent/file";
    assert_false(identity_load(&i, error, sizeof(error)));
    assert_string_equal(error, "--identity domain=d: password-file: cannot "
                               "read /nonexistent/file");
    identity_forget(&i);
}

static int make_path(void **state)
{
    (void)state;
    int fd = mkstemp(path);
    if (fd < 0)
        return -1;
    return close(fd);
}

static int remove_path(void **state)
{
    (void)state;
    return unlink(path);
}

/* ---- The library's words, in ours ------------------------------------------
 */

static void reasons(void **state)
{
    static const char *const cases[][2] = {
        {"ca_file: cannot read x", "--ca-file: cannot read x"},
        {"dns_servers: \"x\" is none", "--dns-server: \"x\" is none"},
        {"identities: more than 64", "--identity: more than 64"},
        {"identities.0.certificate_file: a: b",
         "--identity domain=one: cert: a: b"},
        {"identities.1.key_file: x", "--identity domain=two: key: x"},
        {"identities.1.key_password: x",
         "--identity domain=two: password-file: x"},
        {"identities.1.pkcs12_file: x", "--identity domain=two: pkcs12: x"},
        {"identities.1.dialback_secret: x",
         "--identity domain=two: secret-file: x"},
        {"identities.1.domain: x", "--identity domain=two: domain: x"},
        /* whatever else there is stays */
        {"identities.2.domain: x", "identities.2.domain: x"},
        {"identities.1.other: x", "identities.1.other: x"},
        {"identities.x.domain: x", "identities.x.domain: x"},
        {"ca_file", "ca_file"},
        {"", ""},
    };
    static struct options o = {.identity_count = 2};
    (void)state;
    o.identities[0].given.domain = "one";
    o.identities[1].given.domain = "two";
    for (size_t i = 0; i < COUNT(cases); i++) {
        char text[128];
        reason_translate(&o, cases[i][0], text, sizeof(text));
        assert_string_equal(text, cases[i][1]);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(members),
        cmocka_unit_test(secrets),
        cmocka_unit_test(password),
        cmocka_unit_test(reasons),
    };
    return cmocka_run_group_tests(tests, make_path, remove_path);
}
