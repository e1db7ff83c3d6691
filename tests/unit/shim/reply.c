#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>
#include <jansson.h>
#include <s2sprobe.h>

#include "access.h"
#include "reply.h"

#define COUNT(table) (sizeof(table) / sizeof((table)[0]))

/* Every outcome that the library knows has a status of its own choosing. */
static void outcomes(void **state)
{
    size_t known = 0;
    (void)state;
    for (int error = 0; error > S2S_WANT_READ; error--) {
        enum refusal refusal;
        int status = status_outcome(error, &refusal);
        if (strcmp(s2s_code_name(error), "unknown") == 0) {
            assert_int_equal(status, 500);
            continue;
        }
        known++;
        if (refusal != REFUSAL_NONE)
            assert_int_equal(status, status_refusal(refusal)->status);
        else if (error == S2S_ETIMEOUT)
            assert_int_equal(status, 504);
        else if (error <= -40 || error == S2S_OK)
            assert_int_equal(status, 200);
        else if (error <= -20)
            assert_int_equal(status, 502);
        else
            assert_int_equal(status, 403);
        assert_string_not_equal(status_reason(status), "Error");
    }
    assert_true(known >= 37); /* of this release */
}

static void own_codes(void **state)
{
    static const struct {
        int error;
        int status;
        const char *code;
    } cases[] = {
        {S2S_EINVALID_ARGUMENT, 400, "invalid_field"},
        {S2S_ECANCELLED, 503, "shutting_down"},
        {S2S_EBUSY, 503, "shutting_down"},
        {S2S_EINTERNAL, 500, "internal"},
        {S2S_ENO_MEMORY, 500, "internal"},
        {S2S_EABI, 500, "internal"},
        {S2S_CALLBACK_ERROR, 500, "internal"},
        {S2S_ETIMEOUT, 500, "internal"}, /* without its result */
        {12345, 500, "internal"},
    };
    (void)state;
    for (size_t i = 0; i < COUNT(cases); i++) {
        struct reply r;
        reply_outcome(&r, cases[i].error, NULL, "h", 1);
        assert_int_equal(r.status, cases[i].status);
        assert_string_equal(r.code, cases[i].code);
        assert_int_equal(r.retry, cases[i].status == 503);
        reply_free(&r);
    }
}

/* A result of the library, made without a network: a wrong argument. */
static void invalid_argument(void **state)
{
    static const struct {
        const char *from, *to, *start;
    } cases[] = {{"a b", "t.example", "fromDomain: "},
                 {"a.example", "t t", "toDomain: "}};
    (void)state;
    for (size_t i = 0; i < COUNT(cases); i++) {
        s2s_result *result;
        struct reply r;
        int e = s2s_connect(cases[i].from, cases[i].to, NULL, &result);
        assert_int_equal(e, S2S_EINVALID_ARGUMENT);
        assert_non_null(result);
        reply_outcome(&r, e, result, "h.example", 5269);
        json_t *o = json_loads(r.body, JSON_REJECT_DUPLICATES, NULL);
        assert_non_null(o);
        assert_int_equal(r.status, 400);
        assert_string_equal(json_string_value(json_object_get(o, "code")),
                            "invalid_field");
        const char *text = json_string_value(json_object_get(o, "error"));
        assert_ptr_equal(strstr(text, cases[i].start), text);
        json_decref(o);
        reply_free(&r);
    }
}

static void refusals(void **state)
{
    (void)state;
    for (int i = REFUSAL_BAD_REQUEST; i < REFUSAL_COUNT; i++) {
        struct reply r;
        reply_refuse(&r, (enum refusal)i, i % 2 ? "why \"so\"" : NULL,
                     i % 3 ? "h" : "", i % 3 ? 7 : 0);
        const struct refusal_info *info = status_refusal((enum refusal)i);
        json_t *o = json_loads(r.body, JSON_REJECT_DUPLICATES, NULL);
        assert_non_null(o);
        assert_true(json_is_false(json_object_get(o, "success")));
        assert_string_equal(json_string_value(json_object_get(o, "code")),
                            info->code);
        assert_string_equal(json_string_value(json_object_get(o, "error")),
                            i % 2 ? "why \"so\"" : info->text);
        assert_int_equal(json_object_get(o, "host") != NULL, i % 3 != 0);
        assert_int_equal(json_integer_value(json_object_get(o, "port")),
                         i % 3 ? 7 : 0);
        assert_int_equal(r.status, info->status);
        assert_string_equal(r.code, info->code);
        json_decref(o);
        reply_free(&r);
    }
}

/* What is not UTF-8 cannot be repeated. */
static void not_utf8(void **state)
{
    struct reply r;
    (void)state;
    reply_refuse(&r, REFUSAL_INVALID_FIELD, "\x80", "\xff", 1);
    assert_string_equal(r.body, "{\"success\":false,\"code\":\"invalid_field\","
                                "\"error\":\"A field is not valid\"}");
    reply_free(&r);
}

static void civetweb(void **state)
{
    static const struct {
        int from;
        enum refusal refusal;
    } cases[] = {
        {400, REFUSAL_BAD_REQUEST},       {404, REFUSAL_NOT_FOUND},
        {408, REFUSAL_REQUEST_TIMEOUT},   {411, REFUSAL_LENGTH_REQUIRED},
        {413, REFUSAL_TOO_LARGE},         {417, REFUSAL_BAD_REQUEST},
        {431, REFUSAL_HEADERS_TOO_LARGE}, {500, REFUSAL_INTERNAL},
        {501, REFUSAL_INTERNAL},          {505, REFUSAL_BAD_REQUEST},
    };
    (void)state;
    for (size_t i = 0; i < COUNT(cases); i++)
        assert_int_equal(status_civetweb(cases[i].from), cases[i].refusal);
}

static void header(void **state)
{
    char text[REPLY_HEADER_MAX];
    struct reply r;
    (void)state;
    reply_refuse(&r, REFUSAL_METHOD_NOT_ALLOWED, NULL, NULL, 0);
    r.allow = "POST";
    size_t n = reply_header(&r, text);
    assert_int_equal(n, strlen(text));
    assert_ptr_equal(strstr(text, "HTTP/1.1 405 Method Not Allowed\r\n"), text);
    assert_non_null(strstr(text, "\r\nAllow: POST\r\n"));
    assert_null(strstr(text, "Retry-After"));
    assert_string_equal(text + n - 4, "\r\n\r\n");
    reply_free(&r);
    reply_plain(&r, 503, "shutting_down", "draining\n");
    reply_header(&r, text);
    assert_non_null(strstr(text, "\r\nRetry-After: 1\r\n"));
    assert_non_null(strstr(text, "\r\nContent-Length: 9\r\n"));
    assert_null(strstr(text, "Allow"));
    reply_free(&r);
}

static json_t *line_of(const struct access *a)
{
    char *line = access_line(a);
    assert_non_null(line);
    for (const char *c = line; *c != '\0'; c++)
        assert_in_range(*c, ' ', '~');
    json_t *o = json_loads(line, JSON_REJECT_DUPLICATES, NULL);
    assert_non_null(o);
    free(line);
    return o;
}

static void access_log(void **state)
{
    struct request request = {.host = "b\xc3\xbc\x63her.example",
                              .from = "a\n\x1b[31m",
                              .to = "t",
                              .port = 5269};
    struct access a = {"127.0.0.1", "POST", "/p\"", 200, "ok", &request, 12};
    (void)state;
    json_t *o = line_of(&a);
    assert_string_equal(json_string_value(json_object_get(o, "path")), "/p\"");
    assert_string_equal(json_string_value(json_object_get(o, "host")),
                        "b\xc3\xbc\x63her.example");
    assert_int_equal(json_integer_value(json_object_get(o, "port")), 5269);
    assert_int_equal(json_integer_value(json_object_get(o, "ms")), 12);
    json_decref(o);

    struct access none = {NULL, NULL, "/\xff", 400, "bad_request", NULL, 0};
    o = line_of(&none);
    assert_true(json_is_null(json_object_get(o, "client")));
    assert_true(json_is_null(json_object_get(o, "path")));
    assert_null(json_object_get(o, "host"));
    json_decref(o);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(outcomes),         cmocka_unit_test(own_codes),
        cmocka_unit_test(invalid_argument), cmocka_unit_test(refusals),
        cmocka_unit_test(not_utf8),         cmocka_unit_test(civetweb),
        cmocka_unit_test(header),           cmocka_unit_test(access_log),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
