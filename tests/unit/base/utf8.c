#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>

#include "base/utf8.h"

/* Every code point, encoded and decoded again; every shorter piece asks for
 * more. */
static void round_trip(void **state)
{
    (void)state;
    for (uint32_t c = 0; c <= 0x10ffff; c++) {
        uint8_t bytes[4];
        uint32_t back = 0;
        if (c >= 0xd800 && c < 0xe000)
            continue;
        int n = utf8_encode(c, bytes);
        assert_int_equal(utf8_decode(bytes, (size_t)n, &back), n);
        assert_int_equal(back, c);
        for (int i = 1; i < n; i++)
            assert_int_equal(utf8_decode(bytes, (size_t)i, &back), 0);
    }
}

static void refused(void **state)
{
    static const char *const bad[] = {
        "\x80",
        "\xbf",
        "\xc0\xbc",
        "\xc1\xbf",
        "\xe0\x80\xbc",
        "\xe0\x9f\xbf",
        "\xed\xa0\x80",
        "\xed\xbf\xbf",
        "\xf0\x80\x80\x80",
        "\xf0\x8f\xbf\xbf",
        "\xf4\x90\x80\x80",
        "\xf5\x80\x80\x80",
        "\xff",
        "\xfe",
        "\xe9<>",
        "\xc3<",
        "\xf1\x80<",
    };
    (void)state;
    for (size_t i = 0; i < sizeof(bad) / sizeof(bad[0]); i++) {
        uint32_t code;
        assert_int_equal(
            utf8_decode((const uint8_t *)bad[i], strlen(bad[i]), &code), -1);
        assert_false(utf8_valid(bad[i], strlen(bad[i])));
    }
}

static void cleaned(void **state)
{
    static const struct {
        const char *in, *out;
    } rows[] = {
        {"plain", "plain"},
        {"a\xff"
         "b",
         "a\xef\xbf\xbd"
         "b"},
        {"a\nb\x7f", "a\xef\xbf\xbd"
                     "b\xef\xbf\xbd"},
        {"\xc3", "\xef\xbf\xbd"},
        {"b\xc3\xbc"
         "cher",
         "b\xc3\xbc"
         "cher"},
    };
    char out[64];
    (void)state;
    for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
        size_t length = strlen(rows[i].in);
        assert_true(utf8_clean_size(length) <= sizeof(out));
        size_t n = utf8_clean(rows[i].in, length, out);
        assert_string_equal(out, rows[i].out);
        assert_int_equal(n, strlen(out));
        assert_true(utf8_valid(out, n));
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(round_trip),
        cmocka_unit_test(refused),
        cmocka_unit_test(cleaned),
    };
    return cmocka_run_group_tests_name("base/utf8", tests, NULL, NULL);
}
