#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>
#include <gnutls/abstract.h>

#include "net/der.h"
#include "pki.h"

/* One element: what is read of it, and what is left. */
static void elements(void **state)
{
    static const struct {
        const char *bytes;
        size_t length;
        int tag; /* -1: refused */
        size_t contents, left;
    } rows[] = {
        {"\x16\x02hi", 4, 0x16, 2, 0},
        {"\x16\x02hi\x05", 5, 0x16, 2, 1},
        {"\x05\x00", 2, 0x05, 0, 0},
        {"\x16\x81\x02hi", 5, 0x16, 2, 0},
        {"\x16\x84\x00\x00\x00\x02hi", 8, 0x16, 2, 0},
        {"", 0, -1, 0, 0},
        {"\x16", 1, -1, 0, 0},
        {"\x16\x03hi", 4, -1, 0, 0},
        {"\x16\x80hi", 4, -1, 0, 0},
        {"\x16\x82\x00", 3, -1, 0, 0},
        {"\x16\x82\x00\x03hi", 6, -1, 0, 0},
        {"\x16\x84\xff\xff\xff\xffhi", 8, -1, 0, 0},
        {"\x16\x85\x00\x00\x00\x00\x02hi", 9, -1, 0, 0},
        {"\x16\xffhi", 4, -1, 0, 0},
        {"\x1f\x02hi", 4, -1, 0, 0},
        {"\xbf\x02hi", 4, -1, 0, 0},
    };
    (void)state;
    for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
        /* A copy of its own, so that a read behind the end is caught. */
        uint8_t *copy = malloc(rows[i].length + 1);
        assert_non_null(copy);
        memcpy(copy + 1, rows[i].bytes, rows[i].length);
        const struct der before = {copy + 1, rows[i].length};
        struct der d = before;
        struct der contents = {NULL, 99};
        uint8_t tag = 0;
        bool ok = der_next(&d, &tag, &contents);
        assert_int_equal(ok, rows[i].tag >= 0);
        if (ok) {
            assert_int_equal(tag, rows[i].tag);
            assert_int_equal(contents.left, rows[i].contents);
            assert_int_equal(d.left, rows[i].left);
        } else {
            assert_ptr_equal(d.data, before.data);
            assert_int_equal(d.left, before.left);
            assert_int_equal(contents.left, 99);
        }
        d = before;
        assert_false(der_expect(&d, 0x02, &contents));
        assert_int_equal(d.left, before.left);
        free(copy);
    }
}

static void key_sizes(void **state)
{
    (void)state;
    struct pki_party p = pki_make(&(struct pki_spec){.cn = "x"}, NULL);
    size_t size = der_certificate_key_size(p.der.data, p.der.size);
    assert_int_equal(size, 89); /* P-256: 91 with its head */
    struct der key = {NULL, 0};
    assert_true(der_certificate_key(p.der.data, p.der.size, &key));
    assert_int_equal(key.left, 91);
    gnutls_pubkey_t exported;
    gnutls_datum_t wanted;
    pki_must(gnutls_pubkey_init(&exported));
    pki_must(gnutls_pubkey_import_x509(exported, p.crt, 0));
    pki_must(gnutls_pubkey_export2(exported, GNUTLS_X509_FMT_DER, &wanted));
    gnutls_pubkey_deinit(exported);
    assert_int_equal(wanted.size, key.left);
    assert_memory_equal(wanted.data, key.data, key.left);
    gnutls_free(wanted.data);
    for (size_t i = 0; i < p.der.size; i++) {
        uint8_t *copy = malloc(i + 1);
        assert_non_null(copy);
        memcpy(copy + 1, p.der.data, i);
        assert_int_equal(der_certificate_key_size(copy + 1, i), 0);
        assert_false(der_certificate_key(copy + 1, i, &key));
        free(copy);
    }
    pki_free(&p);
    p = pki_make(&(struct pki_spec){.cn = "x", .rsa = 2048}, NULL);
    size = der_certificate_key_size(p.der.data, p.der.size);
    assert_in_range(size, 270, 300);
    pki_free(&p);
}

/* GnuTLS does not look at the length around the version, and reads on behind
 * it: whoever goes by the length may find another key. */
static void versions(void **state)
{
    (void)state;
    struct pki_party p = pki_make(&(struct pki_spec){.cn = "x"}, NULL);
    struct der key;
    const size_t at = 9;
    assert_int_equal(p.der.data[at - 1], 0xa0);
    for (int length = 0; length < 128; length++) {
        p.der.data[at] = (uint8_t)length;
        assert_int_equal(der_certificate_key(p.der.data, p.der.size, &key),
                         length == 3);
    }
    pki_free(&p);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(elements),
        cmocka_unit_test(key_sizes),
        cmocka_unit_test(versions),
    };
    return cmocka_run_group_tests_name("net/der", tests, NULL, NULL);
}
