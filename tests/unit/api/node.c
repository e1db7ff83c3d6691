/* JSON as Jansson reads and writes it too. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>
#include <jansson.h>

#include "api/node.h"
#include "base/error.h"

#define COUNT(list) (sizeof(list) / sizeof((list)[0]))

/* ---- Shapes ---- */

static void put_members(struct node *n, json_t *value);

/* Numbers with a fraction are milliseconds. */
static void put(struct node *n, const char *key, json_t *value)
{
    if (json_is_object(value) || json_is_array(value)) {
        (json_is_object(value) ? node_open : node_open_list)(n, key);
        put_members(n, value);
        node_close(n);
    } else if (json_is_string(value)) {
        node_put_text(n, key, json_string_value(value));
    } else if (json_is_boolean(value)) {
        node_put_bool(n, key, json_is_true(value));
    } else if (json_is_integer(value)) {
        node_put_number(n, key, json_integer_value(value));
    } else {
        node_put_ms(n, key, (int64_t)(json_real_value(value) * 1e3 + 0.5));
    }
}

static void put_members(struct node *n, json_t *value)
{
    const char *key;
    json_t *member;
    for (size_t i = 0; i < json_array_size(value); i++)
        put(n, NULL, json_array_get(value, i));
    json_object_foreach(value, key, member)
    {
        put(n, key, member);
    }
}

static const struct {
    const char *json;
    const char *paths; /* with '|' for each NUL */
} rows[] = {
    {"{}", ""},
    {"{\"a\":\"b\"}", "a|b|"},
    {"{\"a\":\"\"}", "a||"},
    {"{\"a\":true,\"b\":false}", "a|true|b|false|"},
    {"{\"z\":1,\"a\":2}", "z|1|a|2|"},
    {"{\"a\":-9223372036854775808,\"b\":9223372036854775807}",
     "a|-9223372036854775808|b|9223372036854775807|"},
    {"{\"a\":0.0,\"b\":0.5,\"c\":1.0,\"d\":10.0}",
     "a|0.000|b|0.500|c|1.000|d|10.000|"},
    {"{\"a\":123456.789,\"b\":0.001,\"c\":0.01,\"d\":100.12}",
     "a|123456.789|b|0.001|c|0.010|d|100.120|"},
    {"{\"a\":{\"b\":{\"c\":\"d\"}},\"e\":\"f\"}", "a.b.c|d|e|f|"},
    {"{\"a\":[],\"b\":{}}", ""},
    {"{\"a\":[1,[2,3],{\"b\":4}],\"c\":5}",
     "a.0|1|a.1.0|2|a.1.1|3|a.2.b|4|c|5|"},
    {"{\"a\":[{\"b\":1,\"c\":[{},{\"d\":2}]},[]],\"e\":3}",
     "a.0.b|1|a.0.c.1.d|2|e|3|"},
    {"{\"l\":[1,2,3,4,5,6,7,8,9,10,11]}",
     "l.0|1|l.1|2|l.2|3|l.3|4|l.4|5|l.5|6|l.6|7|l.7|8|l.8|9|l.9|10|l.10|11|"},
    {"{\"a\":\"\xf0\x9f\x92\xa1 \xc3\xa9 \x7f / '\"}",
     "a|\xf0\x9f\x92\xa1 \xc3\xa9 \x7f / '|"},
    {"{\"a\":\"\\u0001\\\"\\\\\"}", "a|\x01\"\\|"},
};

static void shapes(void **state)
{
    (void)state;
    for (size_t i = 0; i < COUNT(rows); i++) {
        struct buf paths;
        struct node n;
        char *text = NULL;
        json_t *v = json_loads(rows[i].json, 0, NULL);
        assert_non_null(v);
        buf_init(&paths, 4096);
        node_begin(&n, &paths);
        put_members(&n, v);
        assert_int_equal(node_end(&n, &text), S2S_OK);
        assert_string_equal(text, rows[i].json);
        for (size_t k = 0; k < paths.length; k++)
            paths.data[k] = paths.data[k] == '\0' ? '|' : paths.data[k];
        assert_int_equal(paths.length, strlen(rows[i].paths));
        if (paths.length > 0)
            assert_memory_equal(paths.data, rows[i].paths, paths.length);
        json_decref(v);
        free(text);
        buf_free(&paths);
    }
}

/* ---- Texts ---- */

/* One member "k", as it was written; to be freed. */
static char *written(const char *value, struct buf *paths)
{
    struct node n;
    char *text = NULL;
    buf_init(paths, 1u << 20);
    node_begin(&n, paths);
    node_put_text(&n, "k", value);
    assert_int_equal(node_end(&n, &text), S2S_OK);
    return text;
}

/* Every byte that a text may have is written as Jansson writes it. */
static void characters(void **state)
{
    (void)state;
    for (int c = 1; c < 0x80; c++) {
        const char value[] = {'a', (char)c, 'b', (char)c, '\0'};
        struct buf paths;
        char *text = written(value, &paths);
        json_t *v = json_pack("{s:s}", "k", value);
        char *other = json_dumps(v, JSON_COMPACT);
        assert_string_equal(text, other);
        assert_string_equal((char *)paths.data + 2, value);
        json_decref(v);
        free(other);
        free(text);
        buf_free(&paths);
    }
}

static void odd_texts(void **state)
{
    static const char *const bad[] = {"\xff", "a\xc3", "\xed\xa0\x80",
                                      "\xf4\x90\x80\x80", "\xc0\x80"};
    struct buf paths;
    (void)state;
    for (size_t i = 0; i < COUNT(bad); i++) {
        char *text = written(bad[i], &paths);
        assert_string_equal(text, "{\"k\":\"(not UTF-8)\"}");
        assert_string_equal((char *)paths.data + 2, "(not UTF-8)");
        free(text);
        buf_free(&paths);
    }
    char *text = written(NULL, &paths);
    assert_string_equal(text, "{}");
    assert_int_equal(paths.length, 0);
    free(text);
}

/* What is absent is no member. */
static void absent(void **state)
{
    struct buf paths;
    struct node n;
    char *text = NULL;
    (void)state;
    buf_init(&paths, 100);
    node_begin(&n, &paths);
    node_put_true(&n, "a", false);
    node_put_ms(&n, "b", -1);
    node_put_true(&n, "c", true);
    assert_int_equal(node_end(&n, &text), S2S_OK);
    assert_string_equal(text, "{\"c\":true}");
    free(text);
    buf_free(&paths);
}

/* ---- Too much ---- */

/* {"aaa...":{"b":1}} with a name of this length: its path is 2 longer. */
static int paths_of(size_t length, size_t room)
{
    char name[200] = "";
    char *text = (char *)(uintptr_t) "untouched";
    struct buf paths;
    struct node n;
    assert_true(length < sizeof(name));
    memset(name, 'a', length);
    buf_init(&paths, room);
    node_begin(&n, &paths);
    node_open(&n, name);
    node_put_number(&n, "b", 1);
    node_close(&n);
    int e = node_end(&n, &text);
    if (e == S2S_OK)
        free(text);
    else
        assert_string_equal(text, "untouched");
    buf_free(&paths);
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

static void too_deep(void **state)
{
    (void)state;
    for (int depth = 1; depth < 12; depth++) {
        struct buf paths;
        struct node n;
        char *text = NULL;
        buf_init(&paths, 100);
        node_begin(&n, &paths);
        for (int k = 1; k < depth; k++)
            node_open_list(&n, "a");
        node_put_bool(&n, "b", true);
        for (int k = 1; k < depth; k++)
            node_close(&n);
        assert_int_equal(node_end(&n, &text),
                         depth <= NODE_DEPTH ? S2S_OK : S2S_EINTERNAL);
        free(text);
        buf_free(&paths);
    }
}

/* A text never grows beyond 8 MiB, and nothing is written then. */
static void too_much(void **state)
{
    const size_t size = 1u << 20;
    char *part = malloc(size);
    (void)state;
    assert_non_null(part);
    memset(part, 'a', size - 1);
    part[size - 1] = '\0';
    for (size_t parts = 7; parts < 9; parts++) {
        char *text = NULL;
        struct buf paths;
        struct node n;
        buf_init(&paths, 16u << 20);
        node_begin(&n, &paths);
        node_open_list(&n, "a");
        for (size_t i = 0; i < parts; i++)
            node_put_text(&n, NULL, part);
        node_close(&n);
        assert_int_equal(node_end(&n, &text), parts < 8 ? S2S_OK : S2S_ELIMIT);
        if (parts < 8)
            assert_int_equal(strlen(text), parts * (size - 1 + 3) + 7);
        free(text);
        buf_free(&paths);
    }
    free(part);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(shapes),    cmocka_unit_test(characters),
        cmocka_unit_test(odd_texts), cmocka_unit_test(absent),
        cmocka_unit_test(too_long),  cmocka_unit_test(too_deep),
        cmocka_unit_test(too_much),
    };
    return cmocka_run_group_tests_name("api/node", tests, NULL, NULL);
}
