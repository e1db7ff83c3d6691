/* A histogram against the sorted list of what was put into it. */
#include <stdarg.h>
#include <stddef.h>
#include <setjmp.h>
#include <stdint.h>
#include <stdlib.h>
#include <cmocka.h>

#include "base/histogram.h"

#define COUNT 5000

static int compare(const void *left, const void *right)
{
    int64_t a = *(const int64_t *)left, b = *(const int64_t *)right;
    return (a > b) - (a < b);
}

static void nothing(void **state)
{
    (void)state;
    struct histogram h = {0};
    assert_int_equal(histogram_quantile(&h, 0.5), 0);
    assert_int_equal(histogram_quantile(&h, 1), 0);
}

static void small_numbers_are_exact(void **state)
{
    (void)state;
    struct histogram h = {0};
    for (int64_t us = -1; us < 16; us++)
        histogram_add(&h, us);
    assert_int_equal(h.count, 17);
    assert_int_equal(histogram_quantile(&h, 2.0 / 17), 0);
    assert_int_equal(histogram_quantile(&h, 3.0 / 17), 1);
    assert_int_equal(histogram_quantile(&h, 1), 15);
}

static void within_an_eighth(void **state)
{
    (void)state;
    static int64_t all[COUNT];
    unsigned short seed[3] = {1, 2, 3};
    static const double shares[] = {0.01, 0.25, 0.5, 0.9, 0.99, 0.999, 1};
    struct histogram h = {0};
    for (size_t i = 0; i < COUNT; i++) {
        all[i] = nrand48(seed) >> (nrand48(seed) % 31);
        histogram_add(&h, all[i]);
    }
    qsort(all, COUNT, sizeof(all[0]), compare);
    for (size_t i = 0; i < sizeof(shares) / sizeof(shares[0]); i++) {
        size_t place = (size_t)(shares[i] * COUNT);
        int64_t exact = all[place > 0 ? place - 1 : 0];
        int64_t told = histogram_quantile(&h, shares[i]);
        assert_true(told >= exact);
        assert_true(told <= exact + exact / 8 + 1);
    }
    assert_int_equal(histogram_quantile(&h, 1), all[COUNT - 1]);
}

static void beyond_all_bounds(void **state)
{
    (void)state;
    struct histogram h = {0};
    histogram_add(&h, INT64_MAX);
    assert_int_equal(h.max, INT64_MAX);
    assert_true(histogram_quantile(&h, 1) > 0);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(nothing),
        cmocka_unit_test(small_numbers_are_exact),
        cmocka_unit_test(within_an_eighth),
        cmocka_unit_test(beyond_all_bounds),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
