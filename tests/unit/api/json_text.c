#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "api/json_text.h"
#include "base/error.h"

#define COUNT(list) (sizeof(list) / sizeof((list)[0]))

static const struct {
    const char *json, *text;
    const char *paths; /* with '|' for each NUL */
} rows[] = {
    {"{}", "{}", ""},
    {"[]", "[]", ""},
    {"{ \"a\" : \"b\" }", "{\"a\":\"b\"}", "a|b|"},
    {"{\"a\":\"\"}", "{\"a\":\"\"}", "a||"},
    {"{\"a\":true,\"b\":false}", "{\"a\":true,\"b\":false}", "a|true|b|false|"},
    {"{\"z\":1,\"a\":2}", "{\"z\":1,\"a\":2}", "z|1|a|2|"},
    {"{\"a\":-9223372036854775808,\"b\":9223372036854775807}",
     "{\"a\":-9223372036854775808,\"b\":9223372036854775807}",
     "a|-9223372036854775808|b|9223372036854775807|"},
    {"{\"a\":0.5,\"b\":1.0}", "{\"a\":0.5,\"b\":1.0}", "a|0.500|b|1.000|"},
    {"{\"a\":123456.789,\"b\":0.001}", "{\"a\":123456.789,\"b\":0.001}",
     "a|123456.789|b|0.001|"},
    {"{\"a\":1e300}", NULL, NULL}, /* only that it does not overrun */
    {"{\"a\":{\"b\":{\"c\":\"d\"}},\"e\":\"f\"}",
     "{\"a\":{\"b\":{\"c\":\"d\"}},\"e\":\"f\"}", "a.b.c|d|e|f|"},
    {"{\"a\":[],\"b\":{}}", "{\"a\":[],\"b\":{}}", ""},
    {"{\"a\":[1,[2,3],{\"b\":4}],\"c\":5}",
     "{\"a\":[1,[2,3],{\"b\":4}],\"c\":5}",
     "a.0|1|a.1.0|2|a.1.1|3|a.2.b|4|c|5|"},
    {"[1,2,3,4,5,6,7,8,9,10,11]", "[1,2,3,4,5,6,7,8,9,10,11]",
     "0|1|1|2|2|3|3|4|4|5|5|6|6|7|7|8|8|9|9|10|10|11|"},
    {"{\"\xc3\xa9\":\"\xf0\x9f\x92\xa1\"}",
     "{\"\xc3\xa9\":\"\xf0\x9f\x92\xa1\"}", "\xc3\xa9|\xf0\x9f\x92\xa1|"},
    {"{\"a\":\"\\u0001\\\"\\\\\"}", "{\"a\":\"\\u0001\\\"\\\\\"}",
     "a|\x01\"\\|"},
};

static json_t *parse(const char *text)
{
    json_error_t error;
    json_t *v = json_loads(text, 0, &error);
    if (v == NULL)
        fail_msg("%s: %s", text, error.text);
    return v;
}

static void made(void **state)
{
    (void)state;
    for (size_t i = 0; i < COUNT(rows); i++) {
        char *text = NULL;
        json_t *v = parse(rows[i].json);
        assert_int_equal(json_text_make(v, &text), S2S_OK);
        if (rows[i].text != NULL)
            assert_string_equal(text, rows[i].text);
        json_decref(v);
        free(text);
    }
}

static void paths(void **state)
{
    (void)state;
    for (size_t i = 0; i < COUNT(rows); i++) {
        struct buf b;
        json_t *v = parse(rows[i].json);
        buf_init(&b, 4096);
        assert_int_equal(json_text_paths(&b, v), S2S_OK);
        for (size_t n = 0; n < b.length; n++)
            b.data[n] = b.data[n] == '\0' ? '|' : b.data[n];
        if (rows[i].paths != NULL) {
            assert_int_equal(b.length, strlen(rows[i].paths));
            if (b.length > 0)
                assert_memory_equal(b.data, rows[i].paths, b.length);
        }
        json_decref(v);
        buf_free(&b);
    }
}

/* ---- Too much ---- */

/* {"aaa...":{"b":1}} with a name of this length: its path is 2 longer. */
static int paths_of(size_t length, size_t room)
{
    char name[200] = "";
    struct buf b;
    json_t *inner = json_pack("{s:i}", "b", 1);
    json_t *v = json_object();
    assert_true(length < sizeof(name));
    memset(name, 'a', length);
    assert_int_equal(json_object_set_new(v, name, inner), 0);
    buf_init(&b, room);
    int e = json_text_paths(&b, v);
    json_decref(v);
    buf_free(&b);
    return e;
}

static void too_long(void **state)
{
    (void)state;
    assert_int_equal(paths_of(0, 1000), S2S_OK);
    assert_int_equal(paths_of(120, 1000), S2S_OK);
    assert_int_equal(paths_of(124, 1000), S2S_OK);
    assert_int_equal(paths_of(125, 1000), S2S_OK);
    assert_int_equal(paths_of(126, 1000), S2S_EINTERNAL);
    assert_int_equal(paths_of(199, 1000), S2S_EINTERNAL);
    /* "aaa.b\0" "1\0" */
    assert_int_equal(paths_of(3, 8), S2S_OK);
    assert_int_equal(paths_of(3, 7), S2S_ELIMIT);
    assert_int_equal(paths_of(3, 5), S2S_ELIMIT);
}

/* A text never grows beyond 8 MiB, and nothing is written then. */
static void too_much(void **state)
{
    char *text = (char *)(uintptr_t) "untouched";
    const size_t size = 1u << 20;
    char *part = malloc(size);
    json_t *v = json_array();
    (void)state;
    assert_non_null(part);
    memset(part, 'a', size - 1);
    part[size - 1] = '\0';
    for (int i = 0; i < 8; i++)
        assert_int_equal(json_array_append_new(v, json_string(part)), 0);
    assert_int_equal(json_text_make(v, &text), S2S_ENO_MEMORY);
    assert_string_equal(text, "untouched");
    assert_int_equal(json_array_remove(v, 0), 0);
    assert_int_equal(json_text_make(v, &text), S2S_OK);
    assert_int_equal(strlen(text), 7 * (size - 1 + 3) + 1);
    json_decref(v);
    free(text);
    free(part);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(made),
        cmocka_unit_test(paths),
        cmocka_unit_test(too_long),
        cmocka_unit_test(too_much),
    };
    return cmocka_run_group_tests_name("api/json_text", tests, NULL, NULL);
}
