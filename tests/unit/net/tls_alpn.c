/* Messages with and without ALPN, whole and cut off at each byte. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "net/tls_alpn.h"

#define R8  "RRRRRRRR"
#define R32 R8 R8 R8 R8
#define HELLO                                                                  \
    "\x03\x03" R32 "\x04"                                                      \
    "sess"                                                                     \
    "\xc0\x2b\x00"
#define EMS  "\x00\x17\x00\x00" /* extended_master_secret */
#define ALPN "\x00\x10\x00\x0b\x00\x09\x08http/1.1"

static const struct row {
    const char *bytes;
    size_t length;
    bool hello;
    const char *name; /* NULL: none */
} rows[] = {
#define ROW(text, hello, name)                                                 \
    {                                                                          \
        text, sizeof(text) - 1, hello, name                                    \
    }
    ROW("\x00\x0f" ALPN, false, "http/1.1"),
    ROW("\x00\x13" EMS ALPN, false, "http/1.1"),
    ROW("\x00\x13" ALPN EMS, false, "http/1.1"),
    ROW(HELLO "\x00\x0f" ALPN, true, "http/1.1"),
    ROW(HELLO "\x00\x13" EMS ALPN, true, "http/1.1"),
    ROW("\x00\x08\x00\x10\x00\x04\x00\x02\x01\x00", false, "\0"),
    ROW("\x00\x04" EMS, false, NULL),
    ROW("\x00\x00", false, NULL),
    ROW("", false, NULL),
    ROW(HELLO "\x00\x04" EMS, true, NULL),
    ROW(HELLO, true, NULL), /* no extensions at all */
    /* ALPN behind the end of the list */
    ROW("\x00\x04" EMS ALPN, false, NULL),
    /* an empty name, no name, no list, a name longer than its list, a list
     * longer than the extension */
    ROW("\x00\x07\x00\x10\x00\x03\x00\x01\x00", false, NULL),
    ROW("\x00\x06\x00\x10\x00\x02\x00\x00", false, NULL),
    ROW("\x00\x04\x00\x10\x00\x00", false, NULL),
    ROW("\x00\x08\x00\x10\x00\x04\x00\x02\x02"
        "a",
        false, NULL),
    ROW("\x00\x08\x00\x10\x00\x04\x00\x03\x01"
        "a",
        false, NULL),
    ROW("\xff\xff" ALPN, false, NULL),
#undef ROW
};

/* In a block of its own, so that a read behind the end is seen. */
static bool find(const struct row *row, size_t length, struct tls_alpn *alpn,
                 char name[256])
{
    uint8_t *copy = malloc(length + (length == 0));
    assert_non_null(copy);
    memcpy(copy, row->bytes, length);
    bool found = row->hello ? tls_alpn_in_hello(copy, length, alpn)
                            : tls_alpn_in_extensions(copy, length, alpn);
    if (found) {
        assert_in_range(alpn->length, 1, 255);
        assert_true(alpn->name > copy &&
                    alpn->name + alpn->length <= copy + length);
        memcpy(name, alpn->name, alpn->length);
        name[alpn->length] = '\0';
    }
    free(copy);
    return found;
}

static void messages(void **state)
{
    (void)state;
    for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
        const struct tls_alpn before = {NULL, 7};
        struct tls_alpn alpn = before;
        char name[256] = "";
        bool found = find(&rows[i], rows[i].length, &alpn, name);
        if (found != (rows[i].name != NULL))
            fail_msg("row %zu", i);
        if (found)
            assert_string_equal(name, rows[i].name);
        else
            assert_memory_equal(&alpn, &before, sizeof(alpn));
    }
}

static void cut_off(void **state)
{
    (void)state;
    for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++)
        for (size_t n = 0; n < rows[i].length; n++) {
            struct tls_alpn alpn;
            char name[256];
            assert_false(find(&rows[i], n, &alpn, name));
        }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(messages),
        cmocka_unit_test(cut_off),
    };
    return cmocka_run_group_tests_name("net/tls_alpn", tests, NULL, NULL);
}
