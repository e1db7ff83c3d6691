/* What is left of the limit, and for whom. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <sys/resource.h>
#include <unistd.h>

#include <cmocka.h>

#include "base/descriptors.h"

static struct descriptors d;
static rlim_t before;

static void limit(rlim_t count)
{
    struct rlimit l;
    assert_int_equal(getrlimit(RLIMIT_NOFILE, &l), 0);
    before = l.rlim_cur;
    l.rlim_cur = count;
    assert_int_equal(setrlimit(RLIMIT_NOFILE, &l), 0);
}

static int lowest(void)
{
    int fd = dup(0);
    assert_true(fd > 0);
    close(fd);
    return fd;
}

static void at_64(void **state)
{
    int others = lowest(), n = 0;
    (void)state;
    limit(64);
    descriptors_init(&d, 0);
    for (; descriptors_can_promise(&d); n++)
        descriptors_promise(&d);
    assert_int_equal(n, 64 - 16 - others);
    /* 8 of the 16 are for those that have begun, whatever was promised. */
    assert_int_equal(descriptors_opened(&d, others), others);
    descriptors_redeem(&d);
    assert_true(descriptors_suffice(&d, 8));
    assert_false(descriptors_suffice(&d, 9));
    assert_false(descriptors_can_promise(&d));
    descriptors_closed(&d);
    assert_true(descriptors_can_promise(&d));
    while (d.promised > 0)
        descriptors_redeem(&d);
    limit(before);
}

/* Those of others show by the numbers that come. */
static void numbers(void **state)
{
    (void)state;
    limit(64);
    descriptors_init(&d, 0);
    descriptors_promise(&d);
    assert_int_equal(descriptors_opened(&d, 46), 46);
    descriptors_redeem(&d);
    assert_true(descriptors_can_promise(&d));
    (void)descriptors_opened(&d, 20); /* someone has closed one */
    assert_false(descriptors_can_promise(&d));
    d.counted = 0; /* a while later they are counted */
    assert_true(descriptors_can_promise(&d));
    descriptors_closed(&d);
    descriptors_closed(&d);
    /* Nothing of ours is there that could be closed. */
    assert_true(descriptors_suffice(&d, 1000));
    descriptors_promise(&d); /* and looks anew */
    assert_int_equal(d.used, lowest());
    descriptors_redeem(&d);
    limit(before);
}

static void none(void **state)
{
    (void)state;
    descriptors_init(&d, 0);
    limit((rlim_t)lowest());
    assert_true(descriptors_can_promise(&d)); /* and fail */
    descriptors_promise(&d);
    assert_false(descriptors_can_promise(&d));
    assert_int_equal(descriptors_opened(&d, -1), -1);
    assert_false(descriptors_will_come(&d));
    descriptors_redeem(&d);
    limit(before);
}

static void nobodys(void **state)
{
    (void)state;
    assert_int_equal(descriptors_opened(NULL, 7), 7);
    descriptors_closed(NULL);
    assert_true(descriptors_suffice(NULL, 1));
    assert_false(descriptors_will_come(NULL));
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(at_64),
        cmocka_unit_test(numbers),
        cmocka_unit_test(none),
        cmocka_unit_test(nobodys),
    };
    return cmocka_run_group_tests_name("base/descriptors", tests, NULL, NULL);
}
