#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>

#include <cmocka.h>

#include "../failing.h"
#include "base/error.h"
#include "base/timers.h"

#define MANY 10000

struct alarm {
    struct timer timer;
    struct timers *all;
    unsigned fired;
    unsigned *turn; /* counts who has fired */
    unsigned when;  /* its turn */
    struct alarm *sets, *clears;
    int64_t sets_at;
};

static void ring(void *user)
{
    struct alarm *a = user;
    assert_int_equal(a->timer.place, 0);
    a->fired++;
    if (a->turn != NULL)
        a->when = ++*a->turn;
    if (a->sets != NULL)
        assert_int_equal(timers_set(a->all, &a->sets->timer, a->sets_at),
                         S2S_OK);
    if (a->clears != NULL)
        timers_clear(a->all, &a->clears->timer);
}

static void prepare(struct alarm *a, size_t count, struct timers *all)
{
    for (size_t i = 0; i < count; i++)
        a[i] =
            (struct alarm){.timer = {.fire = ring, .user = &a[i]}, .all = all};
}

static int64_t first_at(const struct timers *h)
{
    assert_non_null(timers_first(h));
    return timers_first(h)->at;
}

static void order(void **state)
{
    static const int64_t at[] = {50, -10, 30, INT64_MAX, 20, 40, 0};
    static const unsigned when[] = {6, 1, 4, 0, 3, 5, 2};
    enum { COUNT = sizeof(at) / sizeof(at[0]) };
    struct timers h = {0};
    struct alarm a[COUNT];
    unsigned turn = 0;
    (void)state;
    assert_null(timers_first(&h));
    timers_fire(&h, INT64_MAX);
    prepare(a, COUNT, &h);
    for (size_t i = 0; i < COUNT; i++) {
        a[i].turn = &turn;
        assert_int_equal(timers_set(&h, &a[i].timer, at[i]), S2S_OK);
    }
    assert_int_equal(first_at(&h), -10);
    timers_fire(&h, -11);
    assert_int_equal(turn, 0);
    timers_fire(&h, 30);
    assert_int_equal(turn, 4);
    assert_int_equal(first_at(&h), 40);
    timers_fire(&h, 50);
    for (size_t i = 0; i < COUNT; i++)
        assert_int_equal(a[i].when, when[i]);
    assert_int_equal(first_at(&h), INT64_MAX);
    timers_free(&h);
    assert_null(timers_first(&h));
}

static void moved_and_cleared(void **state)
{
    struct timers h = {0};
    struct alarm a[3];
    (void)state;
    prepare(a, 3, &h);
    timers_clear(&h, &a[0].timer); /* never set */
    for (size_t i = 0; i < 3; i++)
        assert_int_equal(timers_set(&h, &a[i].timer, 10 * (int64_t)i), S2S_OK);
    assert_int_equal(timers_set(&h, &a[0].timer, 30), S2S_OK); /* back */
    assert_int_equal(first_at(&h), 10);
    assert_int_equal(timers_set(&h, &a[2].timer, 5), S2S_OK); /* forward */
    assert_int_equal(first_at(&h), 5);
    timers_clear(&h, &a[2].timer);
    timers_clear(&h, &a[2].timer);
    assert_int_equal(first_at(&h), 10);
    timers_fire(&h, 100);
    assert_int_equal(a[0].fired, 1);
    assert_int_equal(a[1].fired, 1);
    assert_int_equal(a[2].fired, 0);
    assert_null(timers_first(&h));
    timers_free(&h);
}

/* One that fires clears another that is due, and sets others: one that is due
 * as well fires, one that is not waits. */
static void from_inside(void **state)
{
    struct timers h = {0};
    struct alarm a[4];
    (void)state;
    prepare(a, 4, &h);
    a[0].clears = &a[1];
    a[0].sets = &a[2];
    a[0].sets_at = 3;
    a[2].sets = &a[3];
    a[2].sets_at = 11;
    assert_int_equal(timers_set(&h, &a[0].timer, 1), S2S_OK);
    assert_int_equal(timers_set(&h, &a[1].timer, 2), S2S_OK);
    timers_fire(&h, 10);
    assert_int_equal(a[0].fired, 1);
    assert_int_equal(a[1].fired, 0);
    assert_int_equal(a[2].fired, 1);
    assert_int_equal(a[3].fired, 0);
    assert_int_equal(first_at(&h), 11);
    timers_free(&h);
}

/* Set in any order, every third one cleared, every fifth one moved: the others
 * fire in the order of their times. */
static void many(void **state)
{
    static struct alarm a[MANY];
    struct timers h = {0};
    unsigned short seed[3] = {1, 2, 3};
    unsigned turn = 0, left = 0;
    (void)state;
    prepare(a, MANY, &h);
    for (size_t i = 0; i < MANY; i++) {
        a[i].turn = &turn;
        assert_int_equal(timers_set(&h, &a[i].timer, nrand48(seed)), S2S_OK);
    }
    for (size_t i = 0; i < MANY; i += 3)
        timers_clear(&h, &a[i].timer);
    for (size_t i = 0; i < MANY; i += 5)
        assert_int_equal(timers_set(&h, &a[i].timer, nrand48(seed)), S2S_OK);
    for (size_t i = 0; i < MANY; i++)
        left += a[i].timer.place != 0;
    for (int64_t last = INT64_MIN; left > 0; left--) {
        int64_t at = first_at(&h);
        assert_true(at >= last);
        last = at;
        unsigned before = turn;
        timers_fire(&h, at);
        assert_true(turn > before);
        left -= turn - before - 1; /* at the same time */
    }
    assert_null(timers_first(&h));
    for (size_t i = 0; i < MANY; i++)
        assert_int_equal(a[i].fired, i % 3 != 0 || i % 5 == 0);
    timers_free(&h);
}

/* What cannot be set is not set; what is set stays. */
static void without_memory(void **state)
{
    static struct alarm a[MANY];
    struct timers h = {0};
    size_t count = 0;
    (void)state;
    prepare(a, MANY, &h);
    failing_arm(2, true); /* the heap does not grow */
    while (count < MANY && timers_set(&h, &a[count].timer, 1) == S2S_OK)
        count++;
    assert_true(count > 0 && count < MANY);
    assert_int_equal(a[count].timer.place, 0);
    assert_int_equal(timers_set(&h, &a[0].timer, 0), S2S_OK); /* to move */
    failing_off();
    timers_fire(&h, 1);
    for (size_t i = 0; i <= count; i++)
        assert_int_equal(a[i].fired, i < count);
    timers_free(&h);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(order),          cmocka_unit_test(moved_and_cleared),
        cmocka_unit_test(from_inside),    cmocka_unit_test(many),
        cmocka_unit_test(without_memory),
    };
    return cmocka_run_group_tests_name("base/timers", tests, NULL, NULL);
}
