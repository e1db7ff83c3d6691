#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>

#include <cmocka.h>

#include "base/log.h"
#include "base/utf8.h"

struct taken {
    int calls, level;
    char area[16];
    char line[4096];
};

static void take(void *user, int level, const char *area, const char *line)
{
    struct taken *t = user;
    t->calls++;
    t->level = level;
    snprintf(t->area, sizeof(t->area), "%s", area);
    snprintf(t->line, sizeof(t->line), "%s", line);
}

static void levels(void **state)
{
    (void)state;
    for (int set = S2S_LOG_ERROR; set <= S2S_LOG_WIRE; set++) {
        for (int level = S2S_LOG_ERROR; level <= S2S_LOG_WIRE; level++) {
            struct taken t = {.calls = 0};
            const struct log l = {take, &t, set};
            log_line(&l, level, "area", "%d and %s", level, "text");
            assert_int_equal(t.calls, level <= set);
            if (t.calls == 0)
                continue;
            assert_int_equal(t.level, level);
            assert_string_equal(t.area, "area");
            assert_int_equal(t.line[0], '0' + level);
            assert_string_equal(t.line + 1, " and text");
        }
    }
}

static void off(void **state)
{
    const struct log l = {NULL, NULL, S2S_LOG_WIRE};
    (void)state;
    log_line(NULL, S2S_LOG_ERROR, "area", "%s", "text");
    log_line(&l, S2S_LOG_ERROR, "area", "%s", "text");
}

static void plain(void **state)
{
    static const struct {
        const char *in, *out;
    } rows[] = {
        {"", ""},
        {"text", "text"},
        {"a\nb\r\nc\td", "a b  c d"},
        {"\x01\x1f\x7f", "   "},
        {"a\x1b[31m", "a [31m"},
        {"\xc2\x80\xc2\x9f\xc2\xa0", "    \xc2\xa0"},
        {"a\xe2\x80\xa8"
         "b\xe2\x80\xa9"
         "c\xe2\x80\xaa",
         "a   b   c\xe2\x80\xaa"},
        {"a\xff"
         "b\xc0\xbc",
         "a?b??"},
        {"\xed\xa0\x80", "???"},
        {"\xe4\xbd\xa0\xf0\x9f\x98\x80", "\xe4\xbd\xa0\xf0\x9f\x98\x80"},
        {"a\xe4\xbd", "a"}, /* the beginning of a character */
        {"\xe4\xbd<", "?\?<"},
    };
    (void)state;
    for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
        struct taken t = {.calls = 0};
        const struct log l = {take, &t, S2S_LOG_WIRE};
        log_line(&l, S2S_LOG_WIRE, "area", "%s", rows[i].in);
        assert_int_equal(t.calls, 1);
        assert_string_equal(t.line, rows[i].out);
    }
}

/* Cut at a character, wherever the end falls. */
static void long_lines(void **state)
{
    char text[3001];
    (void)state;
    for (size_t shift = 0; shift < 4; shift++) {
        struct taken t = {.calls = 0};
        const struct log l = {take, &t, S2S_LOG_INFO};
        memset(text, 'a', shift);
        for (size_t i = shift; i + 4 <= 3000; i += 4)
            memcpy(text + i, "\xf0\x9f\x98\x80", 4);
        text[2996 + shift] = '\0';
        log_line(&l, S2S_LOG_INFO, "area", "%s", text);
        size_t length = strlen(t.line);
        assert_true(length > 2000 && length < 2048);
        assert_true(utf8_valid(t.line, length));
        assert_memory_equal(t.line, text, length);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(levels),
        cmocka_unit_test(off),
        cmocka_unit_test(plain),
        cmocka_unit_test(long_lines),
    };
    return cmocka_run_group_tests_name("base/log", tests, NULL, NULL);
}
