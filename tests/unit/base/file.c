#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/resource.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cmocka.h>

#include "../failing.h"
#include "../net/loopback.h"
#include "base/error.h"
#include "base/file.h"

#define MIB (1u << 20)

static char directory[] = "/tmp/s2sprobe-file-XXXXXX";
static char path[64];

static int set_up(void **state)
{
    (void)state;
    if (mkdtemp(directory) == NULL)
        return -1;
    snprintf(path, sizeof(path), "%s/file", directory);
    return 0;
}

static int tear_down(void **state)
{
    (void)state;
    unlink(path);
    return rmdir(directory);
}

/* `length` bytes: 'x', with `last` at the end. */
static void make(size_t length, char last)
{
    FILE *f = fopen(path, "w");
    assert_non_null(f);
    for (size_t i = 1; i < length; i++)
        fputc('x', f);
    if (length > 0)
        fputc(last, f);
    assert_int_equal(fclose(f), 0);
}

static void whole(void **state)
{
    static const size_t lengths[] = {1,    2,    4095,    4096, 4097,
                                     8192, 9999, MIB - 1, MIB};
    struct loopback_descriptors before;
    (void)state;
    loopback_note(&before);
    for (size_t i = 0; i < sizeof(lengths) / sizeof(lengths[0]); i++) {
        char *text = NULL;
        make(lengths[i], '!');
        assert_int_equal(file_read(path, &text), S2S_OK);
        assert_int_equal(strlen(text), lengths[i]);
        assert_int_equal(strspn(text, "x"), lengths[i] - 1);
        assert_int_equal(text[lengths[i] - 1], '!');
        file_forget(text);
    }
    assert_int_equal(loopback_opened(&before), 0);
}

static void refuse(const char *name)
{
    char mark;
    char *text = &mark;
    assert_int_equal(file_read(name, &text), S2S_EINVALID_ARGUMENT);
    assert_ptr_equal(text, &mark);
}

static void refused(void **state)
{
    struct loopback_descriptors before;
    (void)state;
    loopback_note(&before);
    unlink(path);
    refuse(path);
    refuse("");
    refuse(directory);
    make(0, 0);
    refuse(path);
    make(1, '\0');
    refuse(path);
    make(5000, '\0');
    refuse(path);
    make(MIB + 1, '!');
    refuse(path);
    make(2 * MIB, '!');
    refuse(path);
    refuse("/dev/zero");
    assert_true(file_is_special("/dev/zero"));
    assert_true(file_is_special(directory));
    assert_false(file_is_special(path));
    unlink(path);
    assert_false(file_is_special(path));
    assert_int_equal(mkfifo(path, 0600), 0);
    refuse(path); /* and does not wait for a writer */
    assert_true(file_is_special(path));
    unlink(path);
    assert_int_equal(loopback_opened(&before), 0);
}

static void without_memory(void **state)
{
    struct loopback_descriptors before;
    char mark;
    char *text;
    (void)state;
    make(20000, '!');
    failing_off();
    assert_int_equal(file_read(path, &text), S2S_OK);
    unsigned long calls = failing_count();
    file_forget(text);
    assert_true(calls > 0);
    loopback_note(&before);
    for (unsigned long nth = 1; nth <= calls; nth++) {
        text = &mark;
        failing_arm(nth, false);
        assert_int_equal(file_read(path, &text), S2S_ENO_MEMORY);
        assert_ptr_equal(text, &mark);
    }
    failing_off();
    assert_int_equal(loopback_opened(&before), 0);
}

static void starved(void **state)
{
    struct rlimit usual, none;
    (void)state;
    assert_false(file_starved());
    assert_int_equal(getrlimit(RLIMIT_NOFILE, &usual), 0);
    none = (struct rlimit){0, usual.rlim_max};
    assert_int_equal(setrlimit(RLIMIT_NOFILE, &none), 0);
    bool is = file_starved();
    assert_int_equal(setrlimit(RLIMIT_NOFILE, &usual), 0);
    assert_true(is);
    assert_false(file_starved());
}

static void forgotten(void **state)
{
    (void)state;
    file_forget(NULL);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(whole),          cmocka_unit_test(refused),
        cmocka_unit_test(without_memory), cmocka_unit_test(starved),
        cmocka_unit_test(forgotten),
    };
    return cmocka_run_group_tests_name("base/file", tests, set_up, tear_down);
}
