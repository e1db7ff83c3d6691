#include <setjmp.h>
#include <stdarg.h>
#include <stdalign.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>

#include "../failing.h"
#include "base/arena.h"

#define PIECES 600u

static bool is_zero(const uint8_t *p, size_t length)
{
    for (size_t i = 0; i < length; i++)
        if (p[i] != 0)
            return false;
    return true;
}

/* Pieces of every size, all zeroed and aligned, none in another. */
static void pieces(void **state)
{
    static uint8_t *p[PIECES];
    struct arena a;
    size_t total = 0;
    (void)state;
    arena_init(&a, 1u << 20);
    for (size_t i = 0; i < PIECES; i++) {
        size_t length = i * 7 % 1500;
        p[i] = arena_alloc(&a, length);
        assert_non_null(p[i]);
        assert_int_equal((uintptr_t)p[i] % alignof(max_align_t), 0);
        assert_true(is_zero(p[i], length));
        memset(p[i], (int)(i % 255 + 1), length);
        total += length;
    }
    assert_int_equal(a.total, total);
    for (size_t i = 0; i < PIECES; i++)
        for (size_t k = 0; k < i * 7 % 1500; k++)
            assert_int_equal(p[i][k], i % 255 + 1);
    arena_free(&a);
}

/* Small ones share their blocks. */
static void blocks(void **state)
{
    struct arena a;
    (void)state;
    arena_init(&a, 1u << 20);
    failing_off();
    for (int i = 0; i < 1000; i++)
        assert_non_null(arena_alloc(&a, 16));
    assert_true(failing_count() < 40);
    arena_free(&a);
}

static void limits(void **state)
{
    static const struct {
        size_t limit, first, second;
        bool fits;
    } rows[] = {
        {0, 0, 0, true},
        {0, 0, 1, false},
        {100, 100, 0, true},
        {100, 100, 1, false},
        {100, 60, 40, true},
        {100, 60, 41, false},
        {5000, 0, 5000, true},
        {5000, 0, 5001, false},
        {5000, 1, SIZE_MAX, false},
        {SIZE_MAX, 1, SIZE_MAX, false},
        {SIZE_MAX, 1, SIZE_MAX - 1, false},
        {SIZE_MAX, 0, SIZE_MAX, false},
        {SIZE_MAX, 0, SIZE_MAX - 8, false},
    };
    (void)state;
    for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
        struct arena a;
        arena_init(&a, rows[i].limit);
        assert_non_null(arena_alloc(&a, rows[i].first));
        void *p = arena_alloc(&a, rows[i].second);
        if ((p != NULL) != rows[i].fits)
            fail_msg("row %zu", i);
        assert_int_equal(a.total,
                         rows[i].first + (rows[i].fits ? rows[i].second : 0));
        arena_free(&a);
    }
}

static void copies(void **state)
{
    struct arena a;
    (void)state;
    arena_init(&a, 20);
    assert_string_equal(arena_copy(&a, "one two", 3), "one");
    assert_string_equal(arena_copy(&a, NULL, 0), "");
    const char *p = arena_copy(&a, "a\0b", 3);
    assert_non_null(p);
    assert_memory_equal(p, "a\0b\0", 4);
    assert_int_equal(a.total, 9);
    assert_null(arena_copy(&a, "12345678901", 11)); /* with its NUL */
    assert_null(arena_copy(&a, "", SIZE_MAX));
    assert_string_equal(arena_copy(&a, "1234567890", 10), "1234567890");
    arena_free(&a);
    assert_null(a.blocks);
    assert_int_equal(a.total, 0);
    assert_int_equal(a.limit, 20);
    assert_string_equal(arena_copy(&a, "1234567890", 10), "1234567890");
    arena_free(&a);
    arena_free(&a);
}

static void without_memory(void **state)
{
    struct arena a;
    (void)state;
    arena_init(&a, 5000);
    failing_arm(1, false);
    assert_null(arena_copy(&a, "a", 1));
    failing_off();
    assert_int_equal(a.total, 0);
    const char *first = arena_copy(&a, "a", 1);
    assert_non_null(first);
    failing_arm(1, false);
    assert_null(arena_alloc(&a, 4000));
    assert_non_null(arena_alloc(&a, 4000));
    failing_off();
    assert_string_equal(first, "a");
    arena_free(&a);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(pieces),         cmocka_unit_test(blocks),
        cmocka_unit_test(limits),         cmocka_unit_test(copies),
        cmocka_unit_test(without_memory),
    };
    return cmocka_run_group_tests_name("base/arena", tests, NULL, NULL);
}
