#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>

#include "headers.h"

#define COUNT(table) (sizeof(table) / sizeof((table)[0]))
#define FIELDS       6
#define MAX          64

/* The fields up to the first without a name. */
static struct headers make(const struct header *list, const char *version)
{
    struct headers h = {list, 0, MAX, version};
    while (h.count < FIELDS && list[h.count].name != NULL)
        h.count++;
    return h;
}

static void framing(void **state)
{
    static const struct {
        struct header list[FIELDS];
        const char *version;
        enum refusal refusal;
        struct framing framing;
    } cases[] = {
        {{{NULL, NULL}}, "1.1", REFUSAL_NONE, {0}},
        {{{"Content-Length", "0"}}, "1.1", REFUSAL_NONE, {.has_length = true}},
        {{{"content-LENGTH", "\t12 "}},
         "1.1",
         REFUSAL_NONE,
         {.has_length = true, .length = 12}},
        {{{"Content-Length", "18446744073709551615"}},
         "1.1",
         REFUSAL_NONE,
         {.has_length = true, .length = UINT64_MAX}},
        {{{"Transfer-Encoding", "Chunked"}},
         "1.1",
         REFUSAL_NONE,
         {.chunked = true}},
        {{{"Content-Length", "5"}, {"Expect", "100-Continue"}},
         "1.1",
         REFUSAL_NONE,
         {.has_length = true, .length = 5, .expect_continue = true}},
        {{{"Content-Length", "5"}, {"Expect", "100-continue"}},
         "1.0",
         REFUSAL_NONE,
         {.has_length = true, .length = 5}},
        {{{"Content-Length", "5"}, {"Expect", "cake"}},
         "1.1",
         REFUSAL_NONE,
         {.has_length = true, .length = 5}},
        {{{"Content-Length", "18446744073709551616"}},
         "1.1",
         REFUSAL_BAD_REQUEST,
         {0}},
        {{{"Content-Length", ""}}, "1.1", REFUSAL_BAD_REQUEST, {0}},
        {{{"Content-Length", "+5"}}, "1.1", REFUSAL_BAD_REQUEST, {0}},
        {{{"Content-Length", "-5"}}, "1.1", REFUSAL_BAD_REQUEST, {0}},
        {{{"Content-Length", "5a"}}, "1.1", REFUSAL_BAD_REQUEST, {0}},
        {{{"Content-Length", "1e2"}}, "1.1", REFUSAL_BAD_REQUEST, {0}},
        {{{"Content-Length", "0x5"}}, "1.1", REFUSAL_BAD_REQUEST, {0}},
        {{{"Content-Length", "5, 5"}}, "1.1", REFUSAL_BAD_REQUEST, {0}},
        {{{"Content-Length", "5 5"}}, "1.1", REFUSAL_BAD_REQUEST, {0}},
        {{{"Content-Length", "5"}, {"Content-Length", "5"}},
         "1.1",
         REFUSAL_BAD_REQUEST,
         {0}},
        {{{"Content-Length", "5"}, {"Transfer-Encoding", "chunked"}},
         "1.1",
         REFUSAL_BAD_REQUEST,
         {0}},
        {{{"Transfer-Encoding", "chunked"}, {"Transfer-Encoding", "chunked"}},
         "1.1",
         REFUSAL_BAD_REQUEST,
         {0}},
        {{{"Transfer-Encoding", "gzip, chunked"}},
         "1.1",
         REFUSAL_BAD_REQUEST,
         {0}},
        {{{"Transfer-Encoding", "identity"}}, "1.1", REFUSAL_BAD_REQUEST, {0}},
        {{{"Transfer-Encoding", ""}}, "1.1", REFUSAL_BAD_REQUEST, {0}},
        {{{"Transfer-Encoding", "chunked"}}, "1.0", REFUSAL_BAD_REQUEST, {0}},
        {{{"Content-Length ", "5"}}, "1.1", REFUSAL_BAD_REQUEST, {0}},
        {{{"", "5"}}, "1.1", REFUSAL_BAD_REQUEST, {0}},
        {{{"X-\xc3\xa4", "5"}}, "1.1", REFUSAL_BAD_REQUEST, {0}},
        {{{"X", "a\rb"}}, "1.1", REFUSAL_BAD_REQUEST, {0}},
        {{{"X", "a\x7f"}}, "1.1", REFUSAL_BAD_REQUEST, {0}},
    };
    (void)state;
    for (size_t i = 0; i < COUNT(cases); i++) {
        struct headers h = make(cases[i].list, cases[i].version);
        struct framing f = {0};
        assert_int_equal(headers_framing(&h, &f), cases[i].refusal);
        assert_int_equal(f.chunked, cases[i].framing.chunked);
        assert_int_equal(f.has_length, cases[i].framing.has_length);
        assert_int_equal(f.length, cases[i].framing.length);
        assert_int_equal(f.expect_continue, cases[i].framing.expect_continue);
    }
}

/* When the list is full, more fields may have been dropped. */
static void too_many(void **state)
{
    static const struct header list[] = {{"A", "1"}, {"B", "2"}};
    struct headers h = {list, 2, 3, "1.1"};
    struct framing f;
    (void)state;
    assert_int_equal(headers_framing(&h, &f), REFUSAL_NONE);
    h.max = 2;
    assert_int_equal(headers_framing(&h, &f), REFUSAL_HEADERS_TOO_LARGE);
}

static void host(void **state)
{
    static const char *const names[] = {"localhost", "192.0.2.7", NULL};
    static const struct {
        struct header list[FIELDS];
        bool any_ipv4;
        enum refusal refusal;
    } cases[] = {
        {{{"Host", "localhost"}}, false, REFUSAL_NONE},
        {{{"hOST", "LocalHost:8787"}}, false, REFUSAL_NONE},
        {{{"Host", "localhost:"}}, false, REFUSAL_NONE},
        {{{"Host", "192.0.2.7:1"}}, false, REFUSAL_NONE},
        {{{"Host", " 192.0.2.7 "}}, false, REFUSAL_NONE},
        {{{"Host", "198.51.100.1"}}, true, REFUSAL_NONE},
        {{{"Host", "198.51.100.1:80"}}, true, REFUSAL_NONE},
        {{{"Host", "198.51.100.1"}}, false, REFUSAL_BAD_HOST},
        {{{"Host", "198.51.100.1.example"}}, true, REFUSAL_BAD_HOST},
        {{{"Host", "evil.example"}}, true, REFUSAL_BAD_HOST},
        {{{"Host", "localhost.evil.example"}}, false, REFUSAL_BAD_HOST},
        {{{"Host", "local"}}, false, REFUSAL_BAD_HOST},
        {{{"Host", "localhost."}}, false, REFUSAL_BAD_HOST},
        {{{"Host", "localhost:8x"}}, false, REFUSAL_BAD_HOST},
        {{{"Host", "localhost:8787:1"}}, false, REFUSAL_BAD_HOST},
        {{{"Host", "localhost:123456"}}, false, REFUSAL_BAD_HOST},
        {{{"Host", "u@localhost"}}, false, REFUSAL_BAD_HOST},
        {{{"Host", "[::1]"}}, true, REFUSAL_BAD_HOST},
        {{{"Host", ""}}, true, REFUSAL_BAD_HOST},
        {{{NULL, NULL}}, true, REFUSAL_BAD_REQUEST},
        {{{"Host", "localhost"}, {"Host", "localhost"}},
         false,
         REFUSAL_BAD_REQUEST},
    };
    (void)state;
    for (size_t i = 0; i < COUNT(cases); i++) {
        struct headers h = make(cases[i].list, "1.1");
        struct headers_hosts hosts = {names, cases[i].any_ipv4};
        assert_int_equal(headers_host(&h, &hosts), cases[i].refusal);
    }
}

static void origin(void **state)
{
    static const struct {
        const char *origin;
        enum refusal refusal;
    } cases[] = {
        {"http://localhost:8787", REFUSAL_NONE},
        {"HTTP://LOCALHOST:8787", REFUSAL_NONE},
        {"https://localhost:8787", REFUSAL_NONE},
        {"http://localhost", REFUSAL_BAD_ORIGIN},
        {"http://localhost:8788", REFUSAL_BAD_ORIGIN},
        {"http://localhost:8787.evil.example", REFUSAL_BAD_ORIGIN},
        {"http://evil.example", REFUSAL_BAD_ORIGIN},
        {"ftp://localhost:8787", REFUSAL_BAD_ORIGIN},
        {"localhost:8787", REFUSAL_BAD_ORIGIN},
        {"null", REFUSAL_BAD_ORIGIN},
        {"", REFUSAL_BAD_ORIGIN},
    };
    (void)state;
    for (size_t i = 0; i < COUNT(cases); i++) {
        struct header list[] = {{"Host", "localhost:8787"},
                                {"Origin", cases[i].origin},
                                {"Origin", cases[i].origin}};
        struct headers h = {list, 2, MAX, "1.1"};
        assert_int_equal(headers_origin(&h), cases[i].refusal);
        h.count = 3; /* more than one is never right */
        assert_int_equal(headers_origin(&h), REFUSAL_BAD_ORIGIN);
        h.count = 1;
        assert_int_equal(headers_origin(&h), REFUSAL_NONE);
    }
}

static void content_type(void **state)
{
    static const struct {
        const char *value;
        bool ok;
    } cases[] = {
        {"application/json", true},
        {"Application/JSON", true},
        {"application/json; charset=utf-8", true},
        {"application/json;charset=\"UTF-8\"", true},
        {"application/json \t; \tcharset=UTF-8 ", true},
        {"application/json; charset=latin1", false},
        {"application/json; charset=utf-8; x=y", false},
        {"application/json;", false},
        {"application/jsonx", false},
        {"application/json x", false},
        {"application/x-www-form-urlencoded", false},
        {"text/plain", false},
        {"text/plain; application/json", false},
        {"", false},
    };
    (void)state;
    for (size_t i = 0; i < COUNT(cases); i++) {
        struct header list[] = {{"Content-Type", cases[i].value},
                                {"Content-Type", cases[i].value}};
        struct headers h = {list, 1, MAX, "1.1"};
        assert_int_equal(headers_json(&h),
                         cases[i].ok ? REFUSAL_NONE
                                     : REFUSAL_UNSUPPORTED_MEDIA_TYPE);
        h.count = 2;
        assert_int_equal(headers_json(&h), REFUSAL_UNSUPPORTED_MEDIA_TYPE);
        h.count = 0;
        assert_int_equal(headers_json(&h), REFUSAL_UNSUPPORTED_MEDIA_TYPE);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(framing),      cmocka_unit_test(too_many),
        cmocka_unit_test(host),         cmocka_unit_test(origin),
        cmocka_unit_test(content_type),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
