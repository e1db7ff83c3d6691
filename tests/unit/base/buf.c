#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>

#include "../failing.h"
#include "base/buf.h"
#include "base/error.h"

static void is(const struct buf *b, const char *text)
{
    assert_int_equal(b->length, strlen(text));
    assert_true(b->length <= b->capacity);
    if (b->length > 0)
        assert_memory_equal(b->data, text, b->length);
}

static void appends(void **state)
{
    struct buf b;
    (void)state;
    buf_init(&b, 100);
    is(&b, "");
    assert_null(b.data);
    assert_int_equal(buf_add(&b, NULL, 0), S2S_OK);
    assert_int_equal(buf_add_text(&b, ""), S2S_OK);
    assert_null(b.data);
    assert_int_equal(buf_add_text(&b, "one"), S2S_OK);
    assert_int_equal(buf_add(&b, " two!", 4), S2S_OK);
    is(&b, "one two");
    buf_free(&b);
    is(&b, "");
    assert_null(b.data);
    assert_int_equal(b.capacity, 0);
    assert_int_equal(b.limit, 100);
    assert_int_equal(buf_add_text(&b, "again"), S2S_OK);
    is(&b, "again");
    buf_free(&b);
    buf_free(&b);
}

/* Full means full: not a byte more, and nothing is lost by trying. */
static void limits(void **state)
{
    static const struct {
        size_t limit, have, more;
        int outcome;
    } rows[] = {
        {0, 0, 0, S2S_OK},
        {0, 0, 1, S2S_ELIMIT},
        {1, 0, 1, S2S_OK},
        {1, 1, 0, S2S_OK},
        {1, 1, 1, S2S_ELIMIT},
        {256, 0, 256, S2S_OK},
        {256, 0, 257, S2S_ELIMIT},
        {300, 256, 44, S2S_OK},
        {300, 256, 45, S2S_ELIMIT},
        {1000, 999, 1, S2S_OK},
        {1000, 999, 2, S2S_ELIMIT},
        {1000, 1000, SIZE_MAX, S2S_ELIMIT},
        {1000, 1, SIZE_MAX, S2S_ELIMIT},
        {SIZE_MAX, 2, SIZE_MAX, S2S_ELIMIT},
        {SIZE_MAX, 2, SIZE_MAX - 1, S2S_ELIMIT},
    };
    static const uint8_t zeros[1024];
    (void)state;
    for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
        struct buf b;
        buf_init(&b, rows[i].limit);
        assert_int_equal(buf_add(&b, zeros, rows[i].have), S2S_OK);
        assert_int_equal(buf_reserve(&b, rows[i].more), rows[i].outcome);
        assert_int_equal(buf_add(&b, zeros, rows[i].more), rows[i].outcome);
        assert_int_equal(b.length, rows[i].outcome == S2S_OK
                                       ? rows[i].have + rows[i].more
                                       : rows[i].have);
        assert_true(b.capacity <= b.limit || b.capacity == 256);
        buf_free(&b);
    }
}

/* The contents stay the same through every growth, which are few. */
static void grows(void **state)
{
    struct buf b;
    (void)state;
    buf_init(&b, 100000);
    failing_off();
    for (size_t i = 0; i < 100000; i++) {
        uint8_t byte = (uint8_t)(i * 7);
        assert_int_equal(buf_add(&b, &byte, 1), S2S_OK);
    }
    assert_true(failing_count() < 12);
    assert_int_equal(b.capacity, 100000);
    for (size_t i = 0; i < 100000; i++)
        assert_int_equal(b.data[i], (uint8_t)(i * 7));
    buf_free(&b);
}

static void reserves(void **state)
{
    struct buf b;
    (void)state;
    buf_init(&b, 5000);
    assert_int_equal(buf_reserve(&b, 3000), S2S_OK);
    assert_int_equal(b.length, 0);
    assert_true(b.capacity >= 3000);
    uint8_t *data = b.data;
    memset(data, 'x', 3000); /* sanitizers look */
    b.length = 3000;
    assert_int_equal(buf_reserve(&b, b.capacity - 3000), S2S_OK);
    assert_ptr_equal(b.data, data);
    buf_free(&b);
}

static void consumes(void **state)
{
    struct buf b;
    (void)state;
    buf_init(&b, 100);
    assert_int_equal(buf_add_text(&b, "abcdef"), S2S_OK);
    buf_consume(&b, 0);
    is(&b, "abcdef");
    buf_consume(&b, 2);
    is(&b, "cdef");
    buf_consume(&b, 4);
    is(&b, "");
    assert_int_equal(buf_add_text(&b, "g"), S2S_OK);
    is(&b, "g");
    buf_free(&b);
    buf_consume(&b, 0);
    is(&b, "");
}

static void without_memory(void **state)
{
    struct buf b;
    (void)state;
    buf_init(&b, 10000);
    failing_arm(1, false);
    assert_int_equal(buf_add_text(&b, "a"), S2S_ENO_MEMORY);
    failing_off();
    is(&b, "");
    assert_int_equal(buf_add_text(&b, "a"), S2S_OK);
    failing_arm(1, false);
    assert_int_equal(buf_reserve(&b, 5000), S2S_ENO_MEMORY);
    failing_off();
    is(&b, "a");
    assert_int_equal(buf_add_text(&b, "b"), S2S_OK);
    is(&b, "ab");
    buf_free(&b);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(appends),  cmocka_unit_test(limits),
        cmocka_unit_test(grows),    cmocka_unit_test(reserves),
        cmocka_unit_test(consumes), cmocka_unit_test(without_memory),
    };
    return cmocka_run_group_tests_name("base/buf", tests, NULL, NULL);
}
