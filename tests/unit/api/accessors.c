#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>

#include <cmocka.h>
#include <jansson.h>

#include "record.h"

static s2s_result *built(int op, bool full)
{
    s2s_result *r = result_new(op);
    if (full)
        record_fill(r);
    assert_int_equal(json_build(r), S2S_OK);
    return r;
}

/* ---- What is there ---- */

static void there(void **state)
{
    s2s_result *r = built(S2S_OP_PING, true);
    (void)state;
    assert_int_equal(s2s_result_error(r), S2S_ESTREAM_ERROR);
    assert_string_equal(s2s_result_message(r), "stream error conflict");
    assert_int_equal(s2s_result_stage(r), S2S_STAGE_PING);
    assert_string_equal(s2s_result_stream_id(r), "t1");
    assert_int_equal(s2s_result_feature_count(r), 3);
    assert_string_equal(s2s_result_feature(r, 0), "DIALBACK");
    assert_string_equal(s2s_result_feature(r, 1), "LIMITS");
    assert_string_equal(s2s_result_feature(r, 2), "X-a");
    assert_int_equal(s2s_result_stanza_count(r), 2);
    assert_string_equal(s2s_result_stanza(r, 0), "<a/>");
    assert_string_equal(s2s_result_stanza(r, 1), "<b c='\"'/>");
    assert_int_equal(s2s_result_finding_count(r), 2);
    assert_string_equal(s2s_result_finding_code(r, 0), "conflict");
    assert_int_equal(s2s_result_finding_severity(r, 0), S2S_SEVERITY_WARNING);
    assert_string_equal(s2s_result_finding_fault(r, 0), "us");
    assert_string_equal(s2s_result_finding_seen(r, 0), "conflict: t");
    assert_memory_equal(s2s_result_finding_advice(r, 0), "The server ended",
                        16);
    assert_string_equal(s2s_result_finding_code(r, 1), "lang_missing");
    assert_int_equal(s2s_result_finding_severity(r, 1), S2S_SEVERITY_INFO);
    assert_string_equal(s2s_result_finding_fault(r, 1), "peer");
    assert_string_equal(s2s_result_finding_seen(r, 1), "");
    assert_memory_equal(s2s_result_finding_advice(r, 1), "The header has", 14);
    assert_ptr_equal(s2s_result_json(r), s2s_result_json(r));
    s2s_result_free(r);
}

/* ---- What is not ---- */

/* Every list asked for what is behind its end. */
static void behind(const s2s_result *r, size_t features, size_t stanzas,
                   size_t findings)
{
    const size_t far[] = {0, 1, 512, SIZE_MAX / 2, SIZE_MAX};
    for (size_t i = 0; i < COUNT(far); i++) {
        size_t past = far[i] > SIZE_MAX - 8 ? 0 : far[i];
        assert_null(s2s_result_feature(r, features + past));
        assert_null(s2s_result_stanza(r, stanzas + past));
        assert_null(s2s_result_finding_code(r, findings + past));
        assert_int_equal(s2s_result_finding_severity(r, findings + past), -1);
        assert_null(s2s_result_finding_fault(r, findings + past));
        assert_null(s2s_result_finding_seen(r, findings + past));
        assert_null(s2s_result_finding_advice(r, findings + past));
    }
    assert_null(s2s_result_feature(r, SIZE_MAX));
    assert_null(s2s_result_stanza(r, SIZE_MAX));
    assert_null(s2s_result_finding_code(r, SIZE_MAX));
    assert_int_equal(s2s_result_finding_severity(r, SIZE_MAX), -1);
}

static void absent(void **state)
{
    (void)state;
    for (int op = S2S_OP_CONNECT; op <= S2S_OP_PING; op++) {
        s2s_result *r = built(op, false);
        assert_int_equal(s2s_result_error(r), S2S_OK);
        assert_string_equal(s2s_result_message(r), "");
        assert_int_equal(s2s_result_stage(r), S2S_STAGE_NONE);
        assert_null(s2s_result_stream_id(r));
        assert_int_equal(s2s_result_feature_count(r), 0);
        assert_int_equal(s2s_result_stanza_count(r), 0);
        assert_int_equal(s2s_result_finding_count(r), 0);
        behind(r, 0, 0, 0);
        assert_string_equal(s2s_result_get(r, "success"), "true");
        assert_null(s2s_result_get(r, "host"));
        assert_null(s2s_result_get(r, "streamId"));
        s2s_result_free(r);
    }
    s2s_result_free(NULL);
}

static void out_of_range(void **state)
{
    s2s_result *r = built(S2S_OP_PING, true);
    (void)state;
    behind(r, 3, 2, 2);
    s2s_result_free(r);
}

/* The last stream's id counts, and is none when it has none. */
static void stream_id(void **state)
{
    s2s_result *r = result_new(S2S_OP_CONNECT);
    (void)state;
    result_add_stream(r, false)->id = "c1";
    assert_string_equal(s2s_result_stream_id(r), "c1");
    struct result_stream *s = result_add_stream(r, true);
    assert_null(s2s_result_stream_id(r));
    s->id = "t1";
    assert_string_equal(s2s_result_stream_id(r), "t1");
    s2s_result_free(r);
}

/* ---- Times ---- */

static bool is_stage(int stage)
{
    static const int stages[] = {
        S2S_STAGE_QUEUE,    S2S_STAGE_DNS,      S2S_STAGE_TCP,
        S2S_STAGE_STREAM,   S2S_STAGE_STARTTLS, S2S_STAGE_TLS,
        S2S_STAGE_FEATURES, S2S_STAGE_AUTH,     S2S_STAGE_PING,
        S2S_STAGE_OPEN,     S2S_STAGE_DONE,
    };
    for (size_t i = 0; i < COUNT(stages); i++)
        if (stages[i] == stage)
            return true;
    return false;
}

static void times(void **state)
{
    s2s_result *full = built(S2S_OP_PING, true);
    s2s_result *none = built(S2S_OP_PING, false);
    (void)state;
    for (int stage = -1; stage <= 101; stage++) {
        assert_int_equal(s2s_result_stage_us(full, stage),
                         is_stage(stage) ? stage * 1001 : -1);
        assert_int_equal(s2s_result_stage_us(none, stage), -1);
    }
    assert_int_equal(s2s_result_stage_us(full, INT32_MAX), -1);
    assert_int_equal(s2s_result_stage_us(full, INT32_MIN), -1);
    s2s_result_free(full);
    s2s_result_free(none);
}

/* ---- Paths ---- */

static void no_such_path(void **state)
{
    static const char *const paths[] = {
        NULL,         "",          "no",          "tls",       "tls.",
        ".tls",       "tls.no",    "Success",     "success.",  "features",
        "features.3", "features.", "features.-1", "stanzas.2", "streams.0.from",
        "findings.0", "true",      "us.example",
    };
    s2s_result *r = built(S2S_OP_PING, true);
    (void)state;
    for (size_t i = 0; i < COUNT(paths); i++)
        assert_null(s2s_result_get(r, paths[i]));
    s2s_result_free(r);
    r = result_new(S2S_OP_CONNECT); /* nothing was built */
    assert_null(s2s_result_get(r, "success"));
    s2s_result_free(r);
}

static void scalar_text(const json_t *v, char *out, size_t size)
{
    if (json_is_string(v))
        snprintf(out, size, "%s", json_string_value(v));
    else if (json_is_boolean(v))
        snprintf(out, size, "%s", json_is_true(v) ? "true" : "false");
    else if (json_is_integer(v))
        snprintf(out, size, "%" JSON_INTEGER_FORMAT, json_integer_value(v));
    else
        snprintf(out, size, "%.3f", json_real_value(v));
}

/* Every scalar below `v` is what its path gets. Returns how many. */
static size_t compare(const s2s_result *r, json_t *v, const char *path)
{
    char below[256];
    char text[512];
    const char *dot = path[0] != '\0' ? "." : "";
    size_t count = 0;
    const char *key;
    json_t *child;
    size_t index;
    json_object_foreach(v, key, child)
    {
        snprintf(below, sizeof(below), "%s%s%s", path, dot, key);
        count += compare(r, child, below);
    }
    json_array_foreach(v, index, child)
    {
        snprintf(below, sizeof(below), "%s%s%zu", path, dot, index);
        count += compare(r, child, below);
    }
    if (json_is_object(v) || json_is_array(v)) {
        assert_null(s2s_result_get(r, path));
        return count;
    }
    scalar_text(v, text, sizeof(text));
    assert_non_null(s2s_result_get(r, path));
    assert_string_equal(s2s_result_get(r, path), text);
    return 1;
}

static void paths(void **state)
{
    json_error_t error;
    (void)state;
    for (int full = 0; full < 2; full++) {
        s2s_result *r = built(S2S_OP_PING, full != 0);
        json_t *v =
            json_loads(s2s_result_json(r), JSON_REJECT_DUPLICATES, &error);
        assert_non_null(v);
        size_t count = compare(r, v, "");
        size_t pairs = 0;
        for (size_t n = 0; n < r->paths.length; n++)
            pairs += r->paths.data[n] == '\0';
        assert_int_equal(pairs, 2 * count); /* and there are no others */
        json_decref(v);
        s2s_result_free(r);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(there),        cmocka_unit_test(absent),
        cmocka_unit_test(out_of_range), cmocka_unit_test(stream_id),
        cmocka_unit_test(times),        cmocka_unit_test(no_such_path),
        cmocka_unit_test(paths),
    };
    return cmocka_run_group_tests_name("api/accessors", tests, NULL, NULL);
}
