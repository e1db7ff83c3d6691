#include <setjmp.h>
#include <stdarg.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>

#include "base/error.h"
#include "base/random.h"

#define BYTES_MAX 64u

/* So many digits, a NUL, and not a byte behind it. */
static void lengths(void **state)
{
    char out[2 * BYTES_MAX + 2];
    (void)state;
    for (size_t bytes = 0; bytes <= BYTES_MAX; bytes++) {
        memset(out, '#', sizeof(out));
        assert_int_equal(random_hex(out, bytes), S2S_OK);
        assert_int_equal(strlen(out), 2 * bytes);
        assert_int_equal(strspn(out, "0123456789abcdef"), 2 * bytes);
        assert_int_equal(out[2 * bytes + 1], '#');
    }
}

static void too_long(void **state)
{
    char out[4] = "###";
    (void)state;
    assert_int_equal(random_hex(out, BYTES_MAX + 1), S2S_EINTERNAL);
    assert_int_equal(random_hex(out, SIZE_MAX), S2S_EINTERNAL);
    assert_string_equal(out, "###");
}

/* 1000 times 128 bits: none twice, and each digit at each place. */
static void spread(void **state)
{
    static char all[1000][33];
    (void)state;
    for (size_t i = 0; i < 1000; i++) {
        assert_int_equal(random_hex(all[i], 16), S2S_OK);
        for (size_t k = 0; k < i; k++)
            assert_string_not_equal(all[i], all[k]);
    }
    for (size_t place = 0; place < 32; place++) {
        bool seen[128] = {false};
        for (size_t i = 0; i < 1000; i++)
            seen[all[i][place] & 127] = true;
        for (const char *d = "0123456789abcdef"; *d != '\0'; d++)
            assert_true(seen[*d & 127]);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(lengths),
        cmocka_unit_test(too_long),
        cmocka_unit_test(spread),
    };
    return cmocka_run_group_tests_name("base/random", tests, NULL, NULL);
}
