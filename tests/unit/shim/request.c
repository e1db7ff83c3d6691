#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>
#include <s2sprobe.h>

#include "request.h"

#define COUNT(table) (sizeof(table) / sizeof((table)[0]))
#define MAX_MS       60000u

static bool parse(int op, const char *body, struct request *r,
                  struct problem *p)
{
    return request_parse(op, body, strlen(body), MAX_MS, r, p);
}

static void defaults(void **state)
{
    struct request r;
    struct problem p;
    (void)state;
    assert_true(parse(S2S_OP_CONNECT,
                      "{\"host\":\"h.example\",\"fromDomain\":\"a.example\"}",
                      &r, &p));
    assert_int_equal(r.op, S2S_OP_CONNECT);
    assert_string_equal(r.host, "h.example");
    assert_string_equal(r.from, "a.example");
    assert_string_equal(r.to, "h.example");
    assert_int_equal(r.port, 5269);
    assert_int_equal(r.tls_mode, S2S_TLS_AUTO);
    assert_int_equal(r.timeout_ms, 15000);
    assert_int_equal(r.flags, 0);
    assert_int_equal(r.ping_method, S2S_PING_AUTO);
    assert_int_equal(r.count, 0);
    assert_int_equal(r.interval_ms, 0);
}

/* What is for one of the two calls is checked in both, and used in one. */
static void of_one_call(void **state)
{
    static const char body[] =
        "{\"host\":\"h\",\"fromDomain\":\"a\",\"authenticate\":true,"
        "\"acceptUntrusted\":true,\"pingMethod\":\"iq\",\"count\":10,"
        "\"intervalMs\":60000,\"services\":[\"s\"]}";
    struct request r;
    struct problem p;
    (void)state;
    assert_true(parse(S2S_OP_CONNECT, body, &r, &p));
    assert_int_equal(r.flags, S2S_AUTHENTICATE | S2S_ACCEPT_UNTRUSTED);
    assert_int_equal(r.ping_method, S2S_PING_AUTO);
    assert_int_equal(r.count, 0);
    assert_int_equal(r.interval_ms, 0);
    assert_true(parse(S2S_OP_PING, body, &r, &p));
    assert_int_equal(r.flags, S2S_ACCEPT_UNTRUSTED);
    assert_int_equal(r.ping_method, S2S_PING_IQ);
    assert_int_equal(r.count, 10);
    assert_int_equal(r.interval_ms, 60000);
    assert_int_equal(r.service_count, 0);
}

/* A default above the server's maximum is that maximum. */
static void default_timeout(void **state)
{
    static const char body[] = "{\"host\":\"h\",\"fromDomain\":\"a\"}";
    struct request r;
    struct problem p;
    (void)state;
    assert_true(
        request_parse(S2S_OP_PING, body, sizeof(body) - 1, 500, &r, &p));
    assert_int_equal(r.timeout_ms, 500);
}

static void everything(void **state)
{
    struct request r;
    struct problem p;
    (void)state;
    assert_true(parse(
        S2S_OP_PING,
        "{\"host\":\"[::1]\",\"port\":1,\"fromDomain\":\"a\",\"toDomain\":"
        "\"t\",\"useTLS\":false,\"timeout\":60000,\"tls\":\"direct\","
        "\"acceptUntrusted\":true,\"pingMethod\":\"iq\",\"discover\":false,"
        "\"unknown\":[1,{\"x\":null}]}",
        &r, &p));
    assert_string_equal(r.host, "[::1]");
    assert_string_equal(r.to, "t");
    assert_int_equal(r.port, 1);
    assert_int_equal(r.tls_mode, S2S_TLS_DIRECT);
    assert_int_equal(r.timeout_ms, 60000);
    assert_int_equal(r.flags, S2S_ACCEPT_UNTRUSTED);
    assert_int_equal(r.ping_method, S2S_PING_IQ);
}

/* A check is of a domain, unless it is told where to go. */
static void checks(void **state)
{
    struct request r;
    struct problem p;
    (void)state;
    assert_true(
        parse(S2S_OP_CHECK, "{\"host\":\"h\",\"fromDomain\":\"a\"}", &r, &p));
    assert_true(r.discover);
    assert_string_equal(r.host, "");
    assert_string_equal(r.to, "h");
    assert_int_equal(r.port, 0);
    assert_int_equal(r.timeout_ms, 30000);
    assert_int_equal(r.service_count, 0);
    assert_true(parse(S2S_OP_CHECK,
                      "{\"toDomain\":\"t\",\"fromDomain\":\"a\","
                      "\"authenticate\":true,\"dane\":true,\"pipeline\":true,"
                      "\"xmlTo\":\"x\","
                      "\"services\":[\"one.\",\"two\"]}",
                      &r, &p));
    assert_int_equal(r.flags, S2S_AUTHENTICATE | S2S_DANE | S2S_PIPELINE);
    assert_string_equal(r.xml_to, "x");
    assert_int_equal(r.service_count, 2);
    assert_string_equal(r.services[0], "one.");
    assert_string_equal(r.services[1], "two");
    assert_true(parse(S2S_OP_CHECK,
                      "{\"host\":\"::1\",\"toDomain\":\"t\",\"port\":7,"
                      "\"fromDomain\":\"a\",\"discover\":false}",
                      &r, &p));
    assert_false(r.discover);
    assert_string_equal(r.host, "::1");
    assert_int_equal(r.port, 7);
}

static void check_defaults(void **state)
{
    static const char body[] = "{\"host\":\"h\",\"fromDomain\":\"a\"}";
    struct request r;
    struct problem p;
    (void)state;
    assert_true(
        request_parse(S2S_OP_CHECK, body, sizeof(body) - 1, 20000, &r, &p));
    assert_int_equal(r.timeout_ms, 20000);
}

/* `more` goes into {"host":"h","fromDomain":"a",...}. */
static void accepted(void **state)
{
    static const struct {
        const char *more;
        uint16_t port;
        uint32_t timeout_ms;
        uint16_t tls_mode;
    } cases[] = {
        {"\"port\":65535", 65535, 15000, S2S_TLS_AUTO},
        {"\"port\":5269.0", 5269, 15000, S2S_TLS_AUTO},
        {"\"port\":1e3", 1000, 15000, S2S_TLS_AUTO},
        {"\"timeout\":1", 5269, 1, S2S_TLS_AUTO},
        {"\"timeout\":60000.0", 5269, 60000, S2S_TLS_AUTO},
        {"\"useTLS\":true", 5269, 15000, S2S_TLS_AUTO},
        {"\"useTLS\":false", 5269, 15000, S2S_TLS_NONE},
        {"\"tls\":\"auto\",\"useTLS\":false", 5269, 15000, S2S_TLS_AUTO},
        {"\"tls\":\"none\",\"useTLS\":true", 5269, 15000, S2S_TLS_NONE},
        {"\"tls\":\"starttls\"", 5269, 15000, S2S_TLS_STARTTLS},
        {"\"toDomain\":\"\"", 5269, 15000, S2S_TLS_AUTO},
        {"\"usetls\":0", 5269, 15000, S2S_TLS_AUTO},
        {"\"port\":null,\"toDomain\":null,\"useTLS\":null,\"timeout\":null,"
         "\"tls\":null,\"acceptUntrusted\":null,\"pingMethod\":null,"
         "\"authenticate\":null,\"count\":null,\"intervalMs\":null,"
         "\"discover\":null,\"dane\":null,\"xmlTo\":null,\"services\":null",
         5269, 15000, S2S_TLS_AUTO},
    };
    (void)state;
    for (size_t i = 0; i < COUNT(cases); i++) {
        char body[512];
        struct request r;
        struct problem p;
        snprintf(body, sizeof(body), "{\"host\":\"h\",\"fromDomain\":\"a\",%s}",
                 cases[i].more);
        assert_true(parse(S2S_OP_CONNECT, body, &r, &p));
        assert_string_equal(r.to, "h");
        assert_int_equal(r.port, cases[i].port);
        assert_int_equal(r.timeout_ms, cases[i].timeout_ms);
        assert_int_equal(r.tls_mode, cases[i].tls_mode);
    }
}

#define HEAD   "{\"host\":\"h\",\"fromDomain\":\"a\","
#define PORT   "Port must be between 1 and 65535"
#define MS     "timeout must be between 1 and 60000"
#define TLS    "tls must be \"auto\", \"starttls\", \"direct\" or \"none\""
#define PING   "pingMethod must be \"auto\", \"iq\" or \"dialback-verify\""
#define NUMBER "count must be between 1 and 10"
#define APART  "intervalMs must be between 1 and 60000"
#define HOST   "host must be a host name or an IP address"
#define COLON  "host must not contain a port: that is the member port"
#define FROM   "fromDomain is required (e.g., \"example.com\")"
#define SERVICES                                                               \
    "services must be an array of at most 8 strings of 1 to 255 bytes"
#define IP "toDomain is required when host is an IP address"

static void refused(void **state)
{
    static const struct {
        const char *body;
        enum refusal refusal;
        const char *text;
    } cases[] = {
        {"{}", REFUSAL_MISSING_FIELD, "Host is required"},
        {"{\"host\":null}", REFUSAL_MISSING_FIELD, "Host is required"},
        {"{\"host\":\"\",\"port\":0}", REFUSAL_MISSING_FIELD,
         "Host is required"},
        {"{\"host\":7}", REFUSAL_INVALID_FIELD, "host must be a string"},
        {"{\"host\":\"a b\"}", REFUSAL_INVALID_FIELD, HOST},
        {"{\"host\":\"a/b\"}", REFUSAL_INVALID_FIELD, HOST},
        {"{\"host\":\"u@b\"}", REFUSAL_INVALID_FIELD, HOST},
        {"{\"host\":\"fe80::1%lo\"}", REFUSAL_INVALID_FIELD, HOST},
        {"{\"host\":\"a\\r\\nb\"}", REFUSAL_INVALID_FIELD, HOST},
        {"{\"host\":\"a\\u007f\"}", REFUSAL_INVALID_FIELD, HOST},
        {"{\"host\":\"localhost:5269\"}", REFUSAL_INVALID_FIELD, COLON},
        {"{\"host\":\"127.0.0.1:5269\"}", REFUSAL_INVALID_FIELD, COLON},
        {"{\"host\":\"[::1]:5269\"}", REFUSAL_INVALID_FIELD, COLON},
        {"{\"host\":\"h:\"}", REFUSAL_INVALID_FIELD, COLON},
        {"{\"host\":\"h\",\"port\":99999}", REFUSAL_INVALID_FIELD, PORT},
        {HEAD "\"port\":0}", REFUSAL_INVALID_FIELD, PORT},
        {HEAD "\"port\":-0}", REFUSAL_INVALID_FIELD, PORT},
        {HEAD "\"port\":-1}", REFUSAL_INVALID_FIELD, PORT},
        {HEAD "\"port\":65536}", REFUSAL_INVALID_FIELD, PORT},
        {HEAD "\"port\":4294972565}", REFUSAL_INVALID_FIELD, PORT},
        {HEAD "\"port\":5269.5}", REFUSAL_INVALID_FIELD, PORT},
        {HEAD "\"port\":0.5}", REFUSAL_INVALID_FIELD, PORT},
        {HEAD "\"port\":1e300}", REFUSAL_INVALID_FIELD, PORT},
        {HEAD "\"port\":\"5269\"}", REFUSAL_INVALID_FIELD, PORT},
        {HEAD "\"port\":true}", REFUSAL_INVALID_FIELD, PORT},
        {"{\"host\":\"h\"}", REFUSAL_MISSING_FIELD, FROM},
        {"{\"host\":\"h\",\"fromDomain\":\"\"}", REFUSAL_MISSING_FIELD, FROM},
        {"{\"host\":\"h\",\"fromDomain\":[]}", REFUSAL_INVALID_FIELD,
         "fromDomain must be a string"},
        {HEAD "\"toDomain\":7}", REFUSAL_INVALID_FIELD,
         "toDomain must be a string"},
        {"{\"host\":\"127.0.0.1\",\"fromDomain\":\"a\"}", REFUSAL_MISSING_FIELD,
         IP},
        {"{\"host\":\"::1\",\"fromDomain\":\"a\"}", REFUSAL_MISSING_FIELD, IP},
        {"{\"host\":\"[::1]\",\"fromDomain\":\"a\",\"toDomain\":\"\"}",
         REFUSAL_MISSING_FIELD, IP},
        {HEAD "\"useTLS\":0}", REFUSAL_INVALID_FIELD,
         "useTLS must be true or false"},
        {HEAD "\"useTLS\":\"true\"}", REFUSAL_INVALID_FIELD,
         "useTLS must be true or false"},
        {HEAD "\"timeout\":0}", REFUSAL_INVALID_FIELD, MS},
        {HEAD "\"timeout\":60001}", REFUSAL_INVALID_FIELD, MS},
        {HEAD "\"timeout\":\"1\"}", REFUSAL_INVALID_FIELD, MS},
        {HEAD "\"tls\":\"yes\"}", REFUSAL_INVALID_FIELD, TLS},
        {HEAD "\"tls\":\"\"}", REFUSAL_INVALID_FIELD, TLS},
        {HEAD "\"tls\":1}", REFUSAL_INVALID_FIELD, TLS},
        {HEAD "\"acceptUntrusted\":1}", REFUSAL_INVALID_FIELD,
         "acceptUntrusted must be true or false"},
        {HEAD "\"pingMethod\":\"icmp\"}", REFUSAL_INVALID_FIELD, PING},
        {HEAD "\"authenticate\":1}", REFUSAL_INVALID_FIELD,
         "authenticate must be true or false"},
        {HEAD "\"count\":0}", REFUSAL_INVALID_FIELD, NUMBER},
        {HEAD "\"count\":11}", REFUSAL_INVALID_FIELD, NUMBER},
        {HEAD "\"count\":1.5}", REFUSAL_INVALID_FIELD, NUMBER},
        {HEAD "\"count\":\"1\"}", REFUSAL_INVALID_FIELD, NUMBER},
        {HEAD "\"intervalMs\":0}", REFUSAL_INVALID_FIELD, APART},
        {HEAD "\"intervalMs\":60001}", REFUSAL_INVALID_FIELD, APART},
        {HEAD "\"discover\":true,\"port\":5269}", REFUSAL_INVALID_FIELD,
         "port must not be given with discover"},
        {"{\"fromDomain\":\"a\",\"discover\":true}", REFUSAL_MISSING_FIELD,
         "toDomain is required with discover"},
        {HEAD "\"discover\":1}", REFUSAL_INVALID_FIELD,
         "discover must be true or false"},
        {HEAD "\"dane\":1}", REFUSAL_INVALID_FIELD,
         "dane must be true or false"},
        {HEAD "\"xmlTo\":1}", REFUSAL_INVALID_FIELD, "xmlTo must be a string"},
        {HEAD "\"services\":\"a\"}", REFUSAL_INVALID_FIELD, SERVICES},
        {HEAD "\"services\":{\"a\":\"b\"}}", REFUSAL_INVALID_FIELD, SERVICES},
        {HEAD "\"services\":[\"\"]}", REFUSAL_INVALID_FIELD, SERVICES},
        {HEAD "\"services\":[\"a\",null]}", REFUSAL_INVALID_FIELD, SERVICES},
        {HEAD "\"services\":[\"1\",\"2\",\"3\",\"4\",\"5\",\"6\",\"7\","
              "\"8\",\"9\"]}",
         REFUSAL_INVALID_FIELD, SERVICES},
        /* the first in the order of the interface, not of the body */
        {"{\"timeout\":0,\"port\":0,\"host\":\"h\",\"fromDomain\":\"a\"}",
         REFUSAL_INVALID_FIELD, PORT},
        {"[]", REFUSAL_INVALID_JSON, "Request body must be a JSON object"},
        {"", REFUSAL_INVALID_JSON, "The body is empty"},
        {" ", REFUSAL_INVALID_JSON, "Invalid JSON at byte 1"},
        {"5", REFUSAL_INVALID_JSON, NULL},
        {"{\"host\":\"h\"", REFUSAL_INVALID_JSON, NULL},
        {"{} {}", REFUSAL_INVALID_JSON, NULL},
        {"{'host':'h'}", REFUSAL_INVALID_JSON, NULL},
        {"{\"host\":\"h\",}", REFUSAL_INVALID_JSON, NULL},
        {"{\"host\":\"h\",\"host\":\"h\"}", REFUSAL_INVALID_JSON,
         "Invalid JSON at byte 18: duplicate member"},
        {"{\"host\":\"\\u0000\"}", REFUSAL_INVALID_JSON, NULL},
        {"{\"host\":\"\\ud800\"}", REFUSAL_INVALID_JSON, NULL},
        {"{\"host\":\"\x80\"}", REFUSAL_INVALID_JSON, NULL},
        {"{\"host\":\"\xc0\xaf\"}", REFUSAL_INVALID_JSON, NULL},
        {"{\"host\":\"a\nb\"}", REFUSAL_INVALID_JSON, NULL},
        {"\xef\xbb\xbf{}", REFUSAL_INVALID_JSON, NULL},
        {HEAD "\"port\":05}", REFUSAL_INVALID_JSON, NULL},
        {HEAD "\"port\":99999999999999999999}", REFUSAL_INVALID_JSON, NULL},
        {HEAD "\"port\":1e400}", REFUSAL_INVALID_JSON, NULL},
        {HEAD "\"port\":NaN}", REFUSAL_INVALID_JSON, NULL},
        {"{/**/}", REFUSAL_INVALID_JSON, NULL},
    };
    (void)state;
    for (size_t i = 0; i < COUNT(cases); i++) {
        struct request r;
        struct problem p;
        if (parse(S2S_OP_CONNECT, cases[i].body, &r, &p))
            fail_msg("accepted: %s", cases[i].body);
        assert_int_equal(p.refusal, cases[i].refusal);
        if (cases[i].text != NULL)
            assert_string_equal(p.text, cases[i].text);
        else
            assert_ptr_equal(strstr(p.text, "Invalid JSON at byte "), p.text);
    }
}

static void check_refused(void **state)
{
    static const struct {
        const char *body;
        enum refusal refusal;
        const char *text;
    } cases[] = {
        {"{\"fromDomain\":\"a\"}", REFUSAL_MISSING_FIELD,
         "toDomain or host is required"},
        {"{\"host\":\"h\"}", REFUSAL_MISSING_FIELD, FROM},
        {"{\"host\":\"192.0.2.1\",\"fromDomain\":\"a\"}", REFUSAL_MISSING_FIELD,
         IP},
        {"{\"host\":\"::1\",\"fromDomain\":\"a\",\"discover\":false}",
         REFUSAL_MISSING_FIELD, IP},
        {"{\"toDomain\":\"t\",\"fromDomain\":\"a\",\"discover\":false}",
         REFUSAL_MISSING_FIELD, "Host is required"},
        {HEAD "\"port\":5269}", REFUSAL_INVALID_FIELD,
         "port must not be given unless discover is false"},
    };
    (void)state;
    for (size_t i = 0; i < COUNT(cases); i++) {
        struct request r;
        struct problem p;
        assert_false(parse(S2S_OP_CHECK, cases[i].body, &r, &p));
        assert_int_equal(p.refusal, cases[i].refusal);
        assert_string_equal(p.text, cases[i].text);
    }
}

static void ping_wording(void **state)
{
    static const char *const bodies[] = {"{\"fromDomain\":\"a\"}",
                                         "{\"host\":\"h\"}"};
    (void)state;
    for (size_t i = 0; i < COUNT(bodies); i++) {
        struct request r;
        struct problem p;
        assert_false(parse(S2S_OP_PING, bodies[i], &r, &p));
        assert_int_equal(p.refusal, REFUSAL_MISSING_FIELD);
        assert_string_equal(p.text, "host and fromDomain are required");
    }
}

/* What was understood before the fault is there for the reply. */
static void partial(void **state)
{
    struct request r;
    struct problem p;
    (void)state;
    assert_false(parse(S2S_OP_CONNECT, "{\"host\":\"h\",\"port\":7}", &r, &p));
    assert_string_equal(r.host, "h");
    assert_int_equal(r.port, 7);
    assert_false(parse(S2S_OP_CONNECT, "{\"host\":\"h\",\"port\":0}", &r, &p));
    assert_string_equal(r.host, "h");
    assert_int_equal(r.port, 0);
}

/* Each text member at its longest, and one byte more. */
static void lengths(void **state)
{
    static const struct {
        const char *format;
        int max;
    } cases[] = {
        {"{\"host\":\"%s\",\"fromDomain\":\"a\"}", REQUEST_HOST_MAX},
        {"{\"host\":\"h\",\"fromDomain\":\"%s\"}", REQUEST_DOMAIN_MAX},
        {HEAD "\"toDomain\":\"%s\"}", REQUEST_DOMAIN_MAX},
        {HEAD "\"xmlTo\":\"%s\"}", REQUEST_DOMAIN_MAX},
        {HEAD "\"services\":[\"%s\"]}", REQUEST_SERVICE},
    };
    (void)state;
    for (size_t i = 0; i < COUNT(cases); i++) {
        for (int over = 0; over < 2; over++) {
            char text[REQUEST_DOMAIN_MAX + 2] = "";
            char body[REQUEST_DOMAIN_MAX + 128];
            char format[64];
            struct request r;
            struct problem p;
            memset(text, 'x', (size_t)(cases[i].max + over));
            snprintf(format, sizeof(format), "%s", cases[i].format);
            char *hole = strstr(format, "%s");
            *hole = '\0';
            snprintf(body, sizeof(body), "%s%s%s", format, text, hole + 2);
            assert_int_equal(parse(S2S_OP_CONNECT, body, &r, &p), over == 0);
            if (over)
                assert_int_equal(p.refusal, REFUSAL_INVALID_FIELD);
        }
    }
}

static void depth(void **state)
{
    static const struct {
        const char *body;
        bool ok;
    } cases[] = {
        {"", true},
        {"[[[[[[[[]]]]]]]]", true},
        {"[[[[[[[[[", false},
        {"{\"a\":[[[[[[[1]]]]]]]}", true},
        {"{\"a\":[[[[[[[[1]]]]]]]]}", false},
        {"[[[[[[[[],[],[]]]]]]]]", true},
        {"\"[[[[[[[[[[[[\"", true},
        {"\"\\\"[[[[[[[[[[[[\"", true},
        {"\"\\\\\"[[[[[[[[[", false},
        {"]]]]]]]]]]]]", true},
        {"\"\\", true},
    };
    (void)state;
    for (size_t i = 0; i < COUNT(cases); i++)
        assert_int_equal(request_depth_ok(cases[i].body, strlen(cases[i].body),
                                          REQUEST_DEPTH_MAX),
                         cases[i].ok);
}

static void very_deep(void **state)
{
    struct request r;
    struct problem p;
    char *body = malloc(REQUEST_BODY_MAX);
    (void)state;
    assert_non_null(body);
    memset(body, '[', REQUEST_BODY_MAX);
    assert_false(
        request_parse(S2S_OP_PING, body, REQUEST_BODY_MAX, MAX_MS, &r, &p));
    assert_int_equal(p.refusal, REFUSAL_INVALID_JSON);
    free(body);
}

/* Every prefix of a request, and every byte of it replaced by every other:
 * refused or understood, never more. */
static void mutations(void **state)
{
    static const char body[] =
        "{\"host\":\"xmpp.example\",\"port\":5269,\"fromDomain\":\"a.example\","
        "\"toDomain\":\"b.example\",\"useTLS\":true,\"timeout\":15000}";
    const size_t n = sizeof(body) - 1;
    struct request r;
    struct problem p;
    (void)state;
    for (size_t i = 0; i < n; i++) {
        assert_false(request_parse(S2S_OP_CONNECT, body, i, MAX_MS, &r, &p));
        assert_int_equal(p.refusal, REFUSAL_INVALID_JSON);
    }
    for (size_t i = 0; i < n; i++) {
        for (int c = 0; c < 256; c++) {
            char copy[sizeof(body)];
            memcpy(copy, body, sizeof(body));
            copy[i] = (char)c;
            bool ok = request_parse(S2S_OP_CONNECT, copy, n, MAX_MS, &r, &p);
            assert_int_equal(p.refusal == REFUSAL_NONE, ok);
            assert_true(!ok || (r.host[0] != '\0' && r.port != 0 &&
                                r.timeout_ms != 0 && r.timeout_ms <= MAX_MS));
        }
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(defaults),      cmocka_unit_test(default_timeout),
        cmocka_unit_test(of_one_call),   cmocka_unit_test(everything),
        cmocka_unit_test(accepted),      cmocka_unit_test(refused),
        cmocka_unit_test(ping_wording),  cmocka_unit_test(partial),
        cmocka_unit_test(lengths),       cmocka_unit_test(depth),
        cmocka_unit_test(checks),        cmocka_unit_test(check_defaults),
        cmocka_unit_test(check_refused), cmocka_unit_test(very_deep),
        cmocka_unit_test(mutations),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
