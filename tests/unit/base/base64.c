#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>

#include "base/base64.h"
#include "base/error.h"

#define COUNT(list) (sizeof(list) / sizeof((list)[0]))

static void assert_buf(const struct buf *b, const void *bytes, size_t length)
{
    assert_int_equal(b->length, length);
    if (length > 0)
        assert_memory_equal(b->data, bytes, length);
}

/* RFC 4648, 10, and bytes that are no text; both ways, behind other text. */
static void vectors(void **state)
{
    static const struct {
        const char *bytes;
        size_t length;
        const char *text;
    } rows[] = {
        {"", 0, ""},
        {"f", 1, "Zg=="},
        {"fo", 2, "Zm8="},
        {"foo", 3, "Zm9v"},
        {"foob", 4, "Zm9vYg=="},
        {"fooba", 5, "Zm9vYmE="},
        {"foobar", 6, "Zm9vYmFy"},
        {"\0", 1, "AA=="},
        {"\0\0", 2, "AAA="},
        {"\xff", 1, "/w=="},
        {"\xfb\xef\xbe", 3, "++++"},
        {"\xff\xff\xff", 3, "////"},
    };
    (void)state;
    for (size_t i = 0; i < COUNT(rows); i++) {
        struct buf b;
        buf_init(&b, 64);
        assert_int_equal(base64_write(&b, rows[i].bytes, rows[i].length),
                         S2S_OK);
        assert_buf(&b, rows[i].text, strlen(rows[i].text));
        b.length = 0;
        assert_int_equal(buf_add_text(&b, "^"), S2S_OK);
        assert_int_equal(base64_read(&b, rows[i].text), S2S_OK);
        assert_int_equal(b.data[0], '^');
        buf_consume(&b, 1);
        assert_buf(&b, rows[i].bytes, rows[i].length);
        buf_free(&b);
    }
}

static void round_trip(void **state)
{
    uint8_t bytes[256 + 3];
    (void)state;
    for (size_t i = 0; i < sizeof(bytes); i++)
        bytes[i] = (uint8_t)(i * 7);
    for (size_t length = 0; length <= sizeof(bytes); length++) {
        struct buf text;
        struct buf back;
        buf_init(&text, 4096);
        buf_init(&back, 4096);
        assert_int_equal(base64_write(&text, bytes, length), S2S_OK);
        assert_int_equal(text.length, (length + 2) / 3 * 4);
        assert_int_equal(buf_add(&text, "", 1), S2S_OK);
        assert_int_equal(base64_read(&back, (const char *)text.data), S2S_OK);
        assert_buf(&back, bytes, length);
        buf_free(&text);
        buf_free(&back);
    }
}

static void refused(void **state)
{
    static const char *const bad[] = {
        "Z",
        "Zg",
        "Zg=",
        "Z===",
        "====",
        "=",
        "==",
        "===",
        "A=A=",
        "AA=A",
        "=AAA",
        "Zg==Zg==",
        "Zm8=Zm8=",
        "Zm9v=",
        "Zm9v====",
        " Zg==",
        "Zg== ",
        "Zg==\n",
        "Zm9 v",
        "Zm\n9v",
        "Zm9\tv",
        "Zm-_",
        "Zm,.",
        "Zh==",
        "Zm9=",
        "Zv==",
        "AB==",
        "AAB=",
        "\xc3\xa4"
        "AA",
        "A\x80"
        "AA",
        "Zm9vY",
        "Zm9vYg",
        "Zm9vYg=",
        "Zm9v Yg",
        "AI==",
        "AAC=",
    };
    (void)state;
    for (size_t i = 0; i < COUNT(bad); i++) {
        struct buf b;
        buf_init(&b, 64);
        assert_int_equal(base64_read(&b, bad[i]), S2S_EPROTOCOL);
        assert_int_equal(b.length, 0);
        assert_int_equal(buf_add_text(&b, "abc"), S2S_OK);
        assert_int_equal(base64_read(&b, bad[i]), S2S_EPROTOCOL);
        assert_buf(&b, "abc", 3);
        buf_free(&b);
    }
}

/* Every character that is no digit, at every place. */
static void alphabet(void **state)
{
    static const char digits[] = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrs"
                                 "tuvwxyz0123456789+/";
    (void)state;
    for (unsigned c = 1; c < 256; c++) {
        for (size_t at = 0; at < 4; at++) {
            char text[] = "AAAAAAAA";
            struct buf b;
            text[at] = (char)c;
            int want = strchr(digits, (int)c) != NULL ? S2S_OK : S2S_EPROTOCOL;
            buf_init(&b, 64);
            assert_int_equal(base64_read(&b, text), want);
            buf_free(&b);
        }
    }
}

static void limits(void **state)
{
    struct buf b;
    (void)state;
    buf_init(&b, 8);
    assert_int_equal(buf_add_text(&b, "abc"), S2S_OK);
    assert_int_equal(base64_write(&b, "foob", 4), S2S_ELIMIT);
    assert_buf(&b, "abc", 3);
    assert_int_equal(base64_write(&b, "", SIZE_MAX), S2S_ELIMIT);
    assert_buf(&b, "abc", 3);
    /* So many that the length of their text is 0 modulo 2^64. */
    assert_int_equal(base64_write(&b, "", 3 * (SIZE_MAX / 4 + 1)), S2S_ELIMIT);
    assert_buf(&b, "abc", 3);
    assert_int_equal(base64_read(&b, "Zm9vYmFy"), S2S_ELIMIT);
    assert_buf(&b, "abc", 3);
    assert_int_equal(base64_read(&b, "Zm9vYmE="), S2S_OK);
    assert_buf(&b, "abcfooba", 8);
    buf_free(&b);
    buf_init(&b, 0);
    assert_int_equal(base64_write(&b, "", 0), S2S_OK);
    assert_int_equal(base64_read(&b, ""), S2S_OK);
    assert_int_equal(base64_read(&b, "Zg=="), S2S_ELIMIT);
    assert_null(b.data);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(vectors), cmocka_unit_test(round_trip),
        cmocka_unit_test(refused), cmocka_unit_test(alphabet),
        cmocka_unit_test(limits),
    };
    return cmocka_run_group_tests_name("base/base64", tests, NULL, NULL);
}
