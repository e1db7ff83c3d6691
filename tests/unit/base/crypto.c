#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>

#include "base/crypto.h"
#include "base/error.h"

#define COUNT(list) (sizeof(list) / sizeof((list)[0]))

/* FIPS 180-2, appendix B, and a NUL in the middle. */
static void digests(void **state)
{
    static const struct {
        const char *bytes;
        size_t length;
        const char *hex;
    } rows[] = {
        {"", 0,
         "e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855"},
        {"abc", 3,
         "ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad"},
        {"a\0b", 3,
         "59b271ae1bbcb1d31d41929817f4b16fb439eb4f31520b5ad1d5ce98920a7138"},
        {"abcdbcdecdefdefgefghfghighijhijkijkljklmklmnlmnomnopnopq", 56,
         "248d6a61d20638b8e5c026930c3e6039a33ce45964ff2167f6ecedd419db06c1"},
    };
    (void)state;
    for (size_t i = 0; i < COUNT(rows); i++) {
        char out[CRYPTO_HEX];
        assert_int_equal(crypto_sha256(rows[i].bytes, rows[i].length, out),
                         S2S_OK);
        assert_string_equal(out, rows[i].hex);
    }
}

/* RFC 4231, 4.2, 4.3 and 4.7: a short key, and one longer than a block. */
static void macs(void **state)
{
    static const struct {
        const char *key;
        char byte; /* instead of `key`, `count` times */
        size_t count;
        const char *message, *hex;
    } rows[] = {
        {NULL, '\x0b', 20, "Hi There",
         "b0344c61d8db38535ca8afceaf0bf12b881dc200c9833da726e9376c2e32cff7"},
        {"Jefe", 0, 4, "what do ya want for nothing?",
         "5bdcc146bf60754e6a042426089575c75a003f089d2739839dec58b964ec3843"},
        {NULL, '\xaa', 131,
         "Test Using Larger Than Block-Size Key - Hash Key First",
         "60e431591ee0b67f0d8a26aacbf5b77f8e0bc6213728c5140546040f0ee37f54"},
    };
    (void)state;
    for (size_t i = 0; i < COUNT(rows); i++) {
        char key[131];
        char out[CRYPTO_HEX];
        if (rows[i].key != NULL)
            memcpy(key, rows[i].key, rows[i].count);
        else
            memset(key, rows[i].byte, rows[i].count);
        assert_int_equal(crypto_hmac_sha256(key, rows[i].count, rows[i].message,
                                            strlen(rows[i].message), out),
                         S2S_OK);
        assert_string_equal(out, rows[i].hex);
    }
}

static void comparison(void **state)
{
    uint8_t a[64];
    uint8_t b[64];
    (void)state;
    memset(a, 'x', sizeof(a));
    memset(b, 'x', sizeof(b));
    assert_true(crypto_equal(a, b, sizeof(a)));
    assert_true(crypto_equal(a, b, 0));
    for (size_t i = 0; i < sizeof(a); i++) {
        for (unsigned bit = 1; bit < 256; bit <<= 1) {
            b[i] ^= (uint8_t)bit;
            assert_false(crypto_equal(a, b, sizeof(a)));
            assert_true(crypto_equal(a, b, i));
            b[i] ^= (uint8_t)bit;
        }
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(digests),
        cmocka_unit_test(macs),
        cmocka_unit_test(comparison),
    };
    return cmocka_run_group_tests_name("base/crypto", tests, NULL, NULL);
}
