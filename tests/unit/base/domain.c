#include <setjmp.h>
#include <stdarg.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "../failing.h"
#include "base/domain.h"
#include "base/error.h"

#define COUNT(list) (sizeof(list) / sizeof((list)[0]))

/* So many letters. */
#define L10 "abcdefghij"
#define L60 L10 L10 L10 L10 L10 L10
#define L63 L60 "abc"
#define L61 L60 "a"

#define BUECHER                                                                \
    "b\xc3\xbc"                                                                \
    "cher.example"
#define BUECHER_A "xn--bcher-kva.example"

/* ---- What is taken ---- */

static const struct {
    const char *text, *ascii, *unicode; /* unicode NULL: as ascii */
    bool deviation;
} accepted[] = {
    {"example.com", "example.com", NULL, false},
    {"Example.COM", "example.com", NULL, false},
    {"localhost", "localhost", NULL, false},
    {"a", "a", NULL, false},
    {"a-b.c--d", "a-b.c--d", NULL, false},
    {"3com.example", "3com.example", NULL, false},
    {"1.2.3.4.example", "1.2.3.4.example", NULL, false},
    {"a.0b", "a.0b", NULL, false},
    {"a.0xg", "a.0xg", NULL, false},
    {"a.x1", "a.x1", NULL, false},
    {"a.bx1", "a.bx1", NULL, false},
    {"AZ.az09.A9", "az.az09.a9", NULL, false},
    /* One trailing dot (RFC 7622, 3.2). */
    {"example.com.", "example.com", NULL, false},
    {BUECHER ".", BUECHER_A, BUECHER, false},
    /* U-labels and A-labels. */
    {BUECHER, BUECHER_A, BUECHER, false},
    {BUECHER_A, BUECHER_A, BUECHER, false},
    {"XN--BCHER-KVA.Example", BUECHER_A, BUECHER, false},
    {"B\xc3\x9c"
     "CHER.example",
     BUECHER_A, BUECHER, false},
    {"bu\xcc\x88"
     "cher.example",
     BUECHER_A, BUECHER, false}, /* not NFC */
    {"b\xc3\xbc"
     "cher\xe3\x80\x82"
     "example",
     BUECHER_A, BUECHER, false},
    {"\xef\xbd\x85xample.com", "example.com", NULL, false}, /* full width */
    /* Deviations: IDNA2003 has other A-labels for these. */
    {"fa\xc3\x9f.de", "xn--fa-hia.de", "fa\xc3\x9f.de", true},
    {"xn--fa-hia.de", "xn--fa-hia.de", "fa\xc3\x9f.de", true},
    {"fass.de", "fass.de", NULL, false},
    {"\xce\xb2\xcf\x8c\xce\xbb\xce\xbf\xcf\x82.com", "xn--nxasmm1c.com",
     "\xce\xb2\xcf\x8c\xce\xbb\xce\xbf\xcf\x82.com", true},
    {"\xce\xb2\xcf\x8c\xce\xbb\xce\xbf\xcf\x83.com", "xn--nxasmq6b.com",
     "\xce\xb2\xcf\x8c\xce\xbb\xce\xbf\xcf\x83.com", false},
    /* As long as can be. */
    {L63 ".example", L63 ".example", NULL, false},
    {L63 "." L63 "." L63 "." L61, L63 "." L63 "." L63 "." L61, NULL, false},
    {L63 "." L63 "." L63 "." L61 ".", L63 "." L63 "." L63 "." L61, NULL, false},
};

static void takes(void **state)
{
    (void)state;
    for (size_t i = 0; i < COUNT(accepted); i++) {
        struct domain *d = NULL;
        const char *unicode = accepted[i].unicode != NULL ? accepted[i].unicode
                                                          : accepted[i].ascii;
        if (domain_parse(accepted[i].text, &d) != S2S_OK)
            fail_msg("%s", accepted[i].text);
        assert_string_equal(d->ascii, accepted[i].ascii);
        assert_string_equal(d->unicode, unicode);
        assert_int_equal(d->deviation, accepted[i].deviation);
        free(d);
    }
}

/* ---- What is refused ---- */

static const char *const refused[] = {
    NULL,
    "",
    ".",
    "..",
    "a..b",
    ".a",
    "a.b..",
    /* Letters, digits, hyphens. */
    "a b",
    " a",
    "a ",
    "a_b.example",
    "_xmpp-server._tcp.example.com",
    "a@b",
    "a/b",
    "a:5269",
    "a'b",
    "a\"b",
    "<a>",
    "a&b",
    "a\nb",
    "a\x7f",
    "*.example",
    "-a.b",
    "a-.b",
    "a.-b",
    "a.b-",
    /* Addresses, however they are written. */
    "192.0.2.1",
    "192.0.2.1.",
    "::1",
    "[::1]",
    "2001:db8::1",
    "127.1",
    "2130706433",
    "0x7f000001",
    "0X7F.1",
    "a.0x1f",
    "0177.0.0.1",
    "a.1",
    "1",
    "\xef\xbc\x91\xef\xbc\x92\xef\xbc\x97.0.0.\xef\xbc\x91", /* full width */
    /* Not UTF-8, or no labels in it. */
    "b\xfc"
    "cher.example",
    "\xc3",
    "\xed\xa0\x80.example",
    "\xe2\x80\x8b.example", /* a space of no width alone */
    "a\xe2\x80\xa8"
    "b.example",
    "\xf0\x9f\x98\x80.example", /* a symbol */
    "a\xe2\x80\x8d"
    "b.example", /* a joiner where none may be */
    "\xcc\x88"
    "a.example", /* begins with a combining mark */
    "xn--.example",
    "xn--a.example",
    "xn--99999999.example",
    "xn--bcher-kva-.example",
    "a.xn--\xc3\xbc",
    /* Too long. */
    L63 "d.example",
    "a." L63 "d",
    L63 "." L63 "." L63 "." L61 "b",
    L63 "." L63 "." L63 "." L63 "." L63,
};

static void refuses(void **state)
{
    static struct domain untouched;
    (void)state;
    for (size_t i = 0; i < COUNT(refused); i++) {
        struct domain *d = &untouched;
        if (domain_parse(refused[i], &d) != S2S_EINVALID_ARGUMENT)
            fail_msg("%s", refused[i]);
        assert_ptr_equal(d, &untouched);
    }
}

/* Longer than any buffer inside. */
static void refuses_long(void **state)
{
    static char text[5001];
    (void)state;
    for (size_t length = 200; length <= 5000; length++) {
        struct domain *d = NULL;
        char host[DOMAIN_MAX] = "#";
        for (size_t i = 0; i < length; i++)
            text[i] = i % 2 == 0 ? 'a' : '.';
        text[length] = '\0';
        text[length - 1] = 'a';
        int e = length <= 253 ? S2S_OK : S2S_EINVALID_ARGUMENT;
        assert_int_equal(domain_parse(text, &d), e);
        assert_int_equal(domain_parse_host(text, host), e);
        assert_string_equal(host, e == S2S_OK ? text : "#");
        free(d);
    }
}

/* ---- Comparing ---- */

static void compares(void **state)
{
    static const struct {
        const char *domain, *text;
        bool equal;
    } rows[] = {
        {"example.com", "example.com", true},
        {"example.com", "EXAMPLE.com", true},
        {"example.com", "example.com.", true},
        {"example.com", "example.com..", false},
        {"example.com", "example.org", false},
        {"example.com", "example.co", false},
        {"example.com", "", false},
        {"example.com", ".", false},
        {"example.com", "a.example.com", false},
        {"example.com", "user@example.com", false},
        {"example.com", "example.com/x", false},
        {BUECHER, BUECHER, true},
        {BUECHER, BUECHER_A, true},
        {BUECHER_A, BUECHER, true},
        {BUECHER,
         "B\xc3\x9c"
         "CHER.example",
         true},
        {BUECHER, "bucher.example", false},
        {"fass.de", "fa\xc3\x9f.de", false},
        {"fa\xc3\x9f.de", "xn--fa-hia.de", true},
        {"a.example", "a\xff.example", false},
    };
    (void)state;
    for (size_t i = 0; i < COUNT(rows); i++) {
        struct domain *d;
        assert_int_equal(domain_parse(rows[i].domain, &d), S2S_OK);
        if (domain_equal(d, rows[i].text) != rows[i].equal)
            fail_msg("%s and %s", rows[i].domain, rows[i].text);
        free(d);
    }
}

/* ---- Hosts ---- */

static void hosts(void **state)
{
    static const struct {
        const char *text, *host; /* NULL: refused */
        bool ip;
    } rows[] = {
        {"example.com", "example.com", false},
        {"Example.com.", "example.com", false},
        {BUECHER, BUECHER_A, false},
        {"192.0.2.1", "192.0.2.1", true},
        {"255.255.255.255", "255.255.255.255", true},
        {"::1", "::1", true},
        {"[::1]", "::1", true},
        {"::ffff:192.0.2.1", "::ffff:192.0.2.1", true},
        {"1:2:3:4:5:6:7:8", "1:2:3:4:5:6:7:8", true},
        {"[192.0.2.1]", NULL, false},
        {"[::1", NULL, false},
        {"::1]", NULL, false},
        {"[]", NULL, false},
        {"[[::1]]", NULL, false},
        {"fe80::1%lo", NULL, false},
        {"1:2:3:4:5:6:7:8:9", NULL, false},
        {"192.0.2.1.", NULL, false},
        {"192.0.2.1:5269", NULL, false},
        {"[::1]:5269", NULL, false},
        {"192.0.2.256", NULL, false},
        {"192.0.2.01", NULL, false},
        {"127.1", NULL, false},
        {"2130706433", NULL, false},
        {" ::1", NULL, false},
        {"", NULL, false},
        {NULL, NULL, false},
    };
    (void)state;
    for (size_t i = 0; i < COUNT(rows); i++) {
        char host[DOMAIN_MAX] = "#";
        int e = domain_parse_host(rows[i].text, host);
        if ((e == S2S_OK) != (rows[i].host != NULL))
            fail_msg("%s", rows[i].text);
        if (e != S2S_OK)
            assert_int_equal(e, S2S_EINVALID_ARGUMENT);
        assert_string_equal(host, rows[i].host != NULL ? rows[i].host : "#");
        if (rows[i].text != NULL)
            assert_int_equal(domain_is_ip(rows[i].text), rows[i].ip);
    }
}

static void without_memory(void **state)
{
    static const char *const rows[] = {"example.com", BUECHER};
    (void)state;
    for (size_t i = 0; i < COUNT(rows); i++) {
        struct domain *d = NULL;
        char host[DOMAIN_MAX] = "#";
        failing_arm(1, true);
        int parsed = domain_parse(rows[i], &d);
        int parsed_host = domain_parse_host(rows[i], host);
        failing_off();
        assert_int_equal(parsed, S2S_ENO_MEMORY);
        assert_null(d);
        assert_int_equal(parsed_host, S2S_ENO_MEMORY);
        assert_string_equal(host, "#");
        assert_int_equal(domain_parse(rows[i], &d), S2S_OK);
        failing_arm(1, true);
        bool same = domain_equal(d, "B\xc3\x9c"
                                    "CHER.example");
        failing_off();
        assert_int_equal(same, i == 1);
        free(d);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(takes),        cmocka_unit_test(refuses),
        cmocka_unit_test(refuses_long), cmocka_unit_test(compares),
        cmocka_unit_test(hosts),        cmocka_unit_test(without_memory),
    };
    return cmocka_run_group_tests_name("base/domain", tests, NULL, NULL);
}
