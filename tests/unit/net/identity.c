/* Our own certificates: files of every form, and what is said of them. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "net/identity_verdicts.h"
#include "net/tls_store.h"
#include "../base/memory_files.h"
#include "pkcs12.h"
#include "pki.h"

#define DOMAIN   "our.test"
#define PASSWORD PKCS12_PASSWORD

/* Made by "openssl ec -aes128", with the password "hunter2". */
static const char plain_ec[] =
    "-----BEGIN EC PRIVATE KEY-----\n"
    "MHcCAQEEIOXW2nQBdZDlKkkX5FsGqJurdmdZpDEyf3q2eJt5z6PqoAoGCCqGSM49\n"
    "AwEHoUQDQgAE6kjaBgizoVrQRTIA+YrDsBUx8tiziAQ+L+h2vtNF320f0SXYSMUR\n"
    "oq+cgSCXeEf96pp/D4MY809EL7VYl5xWdA==\n"
    "-----END EC PRIVATE KEY-----\n";
static const char encrypted_ec[] =
    "-----BEGIN EC PRIVATE KEY-----\n"
    "Proc-Type: 4,ENCRYPTED\n"
    "DEK-Info: AES-128-CBC,FB734A9D85CA680B4357B9F2394E09EC\n"
    "\n"
    "MkOfNGnYn5/P4vBoDAKq1NivP6F7v7SrDkMgjqNjKJZpFYbIW5zrd1hvg9Q2kseM\n"
    "esAdVDFvfcprVyz4LO7rtBGL8enMRiDxgALSFVzrUGRbqHiSLQqydIHqvXZnu9aG\n"
    "IO2SmrBoC8CEp3TfHPQ7PWeiNjo9AjoOiS1X6NlH4Ao=\n"
    "-----END EC PRIVATE KEY-----\n";

/* The same by scrypt (RFC 7914), which GnuTLS does not know. */
static const char scrypt_ec[] =
    "-----BEGIN ENCRYPTED PRIVATE KEY-----\n"
    "MIHkME8GCSqGSIb3DQEFDTBCMCEGCSsGAQQB2kcECzAUBAhMQcukipdx/gICQAAC\n"
    "AQgCAQEwHQYJYIZIAWUDBAEqBBAt6pWYdbvzzsrS75+qdaNUBIGQRmBmz+595r2j\n"
    "SdaoN6YQjx65nAACRPPAX1Oa2sNoa3Ffo30p/JZtdoPAQDrHJ2hjv8JJX2JdESJv\n"
    "wPnVnhG+UPuUGR+WsqB4zwI1nAjw9fCPcR1vNZTBspGWDba670sFnPYZNfs9HZyb\n"
    "e6C72NOxrkS7vv7gQPcl8uIymHIQ7fZD9k6SE3eKxXZ48GjP/tBv\n"
    "-----END ENCRYPTED PRIVATE KEY-----\n";

static const char *text_file(const char *text)
{
    return file_of(text, strlen(text));
}

/* ---- Parties ------------------------------------------------------------ */

static struct pki_party root, middle, leaf, other, old_ec;
static char *leaf_pem, *chain_pem, *key_pem, *encrypted_pem, *other_pem,
    *old_ec_pem;

static char *joined(const char *a, const char *b)
{
    size_t size = strlen(a) + strlen(b) + 1;
    char *text = malloc(size);
    assert_non_null(text);
    (void)snprintf(text, size, "%s%s", a, b);
    return text;
}

static char *encrypt(const struct pki_party *p, const char *password)
{
    gnutls_datum_t pem;
    pki_must(
        gnutls_x509_privkey_export2_pkcs8(p->key, GNUTLS_X509_FMT_PEM, password,
                                          GNUTLS_PKCS_PBES2_AES_256, &pem));
    return pki_text(pem);
}

static int make_parties(void **state)
{
    struct pki_spec spec = {.cn = "leaf", .names = {{"dns", DOMAIN, 0}}};
    (void)state;
    root = pki_make(&(struct pki_spec){.cn = "Root", .ca = true}, NULL);
    middle = pki_make(&(struct pki_spec){.cn = "Middle", .ca = true}, &root);
    leaf = pki_make(&spec, &middle);
    other = pki_make(&spec, &middle);
    spec.key = plain_ec;
    old_ec = pki_make(&spec, &middle);
    char *middle_pem = pki_certificate_pem(&middle);
    leaf_pem = pki_certificate_pem(&leaf);
    chain_pem = joined(leaf_pem, middle_pem);
    key_pem = pki_key_pem(&leaf);
    encrypted_pem = encrypt(&leaf, PASSWORD);
    other_pem = pki_key_pem(&other);
    old_ec_pem = pki_certificate_pem(&old_ec);
    free(middle_pem);
    return 0;
}

static int free_parties(void **state)
{
    (void)state;
    pki_free(&root);
    pki_free(&middle);
    pki_free(&leaf);
    pki_free(&other);
    pki_free(&old_ec);
    free(leaf_pem);
    free(chain_pem);
    free(key_pem);
    free(encrypted_pem);
    free(other_pem);
    free(old_ec_pem);
    return 0;
}

static void load(const s2s_identity *from, struct options_identity *to)
{
    char what[OPTIONS_WHAT] = "";
    if (options_load_identity(from, "identity", to, what) != S2S_OK)
        fail_msg("%s", what);
}

/* A plain chain of so many, and a plain key; and TLS takes them. */
static void check_plain(const struct options_identity *i, unsigned count)
{
    struct tls_store *store;
    struct tls_credentials *credentials;
    unsigned found = 0;
    for (const char *c = i->certificate; (c = strstr(c, "-----BEGIN ")) != NULL;
         c++, found++)
        assert_memory_equal(c, "-----BEGIN CERTIFICATE-----", 27);
    assert_int_equal(found, count);
    assert_memory_equal(i->key, "-----BEGIN PRIVATE KEY-----", 27);
    assert_null(strstr(i->key, "ENCRYPTED"));
    assert_null(i->pkcs12);
    assert_null(i->password);
    assert_int_equal(tls_store_new(&store), S2S_OK);
    assert_int_equal(
        tls_store_take(store, i->certificate, i->key, &credentials), S2S_OK);
    tls_store_give(credentials);
    tls_store_free(store);
}

/* ---- PEM ----------------------------------------------------------------- */

static void pem(void **state)
{
    (void)state;
    char *both = joined(key_pem, chain_pem);
    char *explained = joined("Subject: a text before\n", chain_pem);
    const struct {
        const char *title, *certificate, *key, *password;
        unsigned count;     /* 0: it cannot be used */
        const char *reason; /* behind the file's name */
        bool about_key;
    } rows[] = {
        {"plain", chain_pem, key_pem, NULL, 2, "", false},
        {"leaf alone", leaf_pem, key_pem, NULL, 1, "", false},
        {"a password for nothing", chain_pem, key_pem, "x", 2, "", false},
        {"all in one file", both, both, NULL, 2, "", false},
        {"a text before", explained, key_pem, NULL, 2, "", false},
        {"encrypted", chain_pem, encrypted_pem, PASSWORD, 2, "", false},
        {"encrypted long ago", old_ec_pem, encrypted_ec, "hunter2", 1, "",
         false},
        {"wrong password", chain_pem, encrypted_pem, "hunter3", 0,
         "does not open: wrong password", true},
        {"empty password", chain_pem, encrypted_pem, "", 0,
         "does not open: wrong password", true},
        {"wrong password, long ago", old_ec_pem, encrypted_ec, "hunter3", 0,
         "does not open: wrong password", true},
        {"no password", chain_pem, encrypted_pem, NULL, 0,
         "is encrypted, and there is no key_password", true},
        {"no password, long ago", old_ec_pem, encrypted_ec, NULL, 0,
         "is encrypted, and there is no key_password", true},
        {"unknown encryption", chain_pem, scrypt_ec, "pw", 0,
         "is encrypted in a way that is not known", true},
        {"another's key", chain_pem, other_pem, NULL, 0,
         "the key does not belong to the certificate", true},
        {"no key", chain_pem, "nonsense\n", NULL, 0,
         "cannot be read as a key in PEM", true},
        {"a certificate for a key", chain_pem, chain_pem, NULL, 0,
         "cannot be read as a key in PEM", true},
        {"no certificate", "nonsense\n", key_pem, NULL, 0,
         "cannot be read as a chain in PEM", false},
        {"a key for a certificate", key_pem, key_pem, NULL, 0,
         "cannot be read as a chain in PEM", false},
    };
    for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
        struct options_identity o;
        char what[OPTIONS_WHAT] = "", expected[OPTIONS_WHAT];
        s2s_identity from = {
            .size = sizeof(from),
            .domain = DOMAIN,
            .certificate_file = text_file(rows[i].certificate),
            .key_file = text_file(rows[i].key),
            .key_password = rows[i].password,
        };
        load(&from, &o);
        struct options_identity before = o;
        int e = identity_open(&o, what);
        if (rows[i].count > 0) {
            if (e != S2S_OK)
                fail_msg("%s: %s", rows[i].title, what);
            check_plain(&o, rows[i].count);
            assert_int_equal(identity_open(&o, what), S2S_OK); /* again */
            check_plain(&o, rows[i].count);
        } else {
            (void)snprintf(expected, sizeof(expected), "identity.%s: %s %s",
                           rows[i].about_key ? "key_file" : "certificate_file",
                           rows[i].about_key ? from.key_file
                                             : from.certificate_file,
                           rows[i].reason);
            if (e != S2S_EINVALID_ARGUMENT || strcmp(what, expected) != 0)
                fail_msg("%s: %d, %s", rows[i].title, e, what);
            assert_memory_equal(&before, &o, sizeof(o));
            assert_string_equal(o.key, rows[i].key);
        }
        options_free_identity(&o);
        forget_files(NULL);
    }
    free(both);
    free(explained);
}

static void nothing_to_open(void **state)
{
    s2s_identity from = {.size = sizeof(from), .domain = DOMAIN};
    struct options_identity o;
    char what[OPTIONS_WHAT] = "kept";
    (void)state;
    load(&from, &o);
    assert_int_equal(identity_open(&o, what), S2S_OK);
    assert_string_equal(what, "kept");
    assert_null(o.certificate);
    assert_null(o.key);
    assert_non_null(o.secret);
    options_free_identity(&o);
}

/* ---- PKCS #12 --------------------------------------------------------------
 */

static gnutls_datum_t bytes_of(const char *base64)
{
    gnutls_datum_t text = {(unsigned char *)(uintptr_t)base64,
                           (unsigned)strlen(base64)};
    gnutls_datum_t bytes;
    pki_must(gnutls_base64_decode2(&text, &bytes));
    return bytes;
}

static void pkcs12(void **state)
{
    static const struct {
        const char *title, *base64, *password;
        unsigned count; /* 0: it cannot be used */
        const char *reason;
    } rows[] = {
        {"chain", pkcs12_chain, PASSWORD, 2, ""},
        {"not encrypted", pkcs12_plain, NULL, 1, ""},
        {"not encrypted, empty", pkcs12_plain, "", 1, ""},
        {"no password", pkcs12_empty, NULL, 1, ""},
        {"empty password", pkcs12_empty, "", 1, ""},
        {"no MAC", pkcs12_nomac, PASSWORD, 1, ""},
        {"no MAC, wrong password", pkcs12_nomac, "hunter3", 0,
         "does not open: wrong password"},
        {"wrong password", pkcs12_chain, "hunter3", 0,
         "does not open: wrong password"},
        {"a password for none", pkcs12_empty, PASSWORD, 0,
         "does not open: wrong password"},
        {"without its password", pkcs12_chain, NULL, 0,
         "is encrypted, and there is no key_password"},
        {"no key", pkcs12_nokey, PASSWORD, 0,
         "holds no key with its certificate"},
    };
    (void)state;
    for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
        struct options_identity o;
        char what[OPTIONS_WHAT] = "", expected[OPTIONS_WHAT];
        gnutls_datum_t der = bytes_of(rows[i].base64);
        s2s_identity from = {
            .size = sizeof(from),
            .domain = DOMAIN,
            .pkcs12_file = file_of(der.data, der.size),
            .key_password = rows[i].password,
        };
        load(&from, &o);
        struct options_identity before = o;
        int e = identity_open(&o, what);
        if (rows[i].count > 0) {
            if (e != S2S_OK)
                fail_msg("%s: %s", rows[i].title, what);
            check_plain(&o, rows[i].count);
        } else {
            (void)snprintf(expected, sizeof(expected),
                           "identity.pkcs12_file: %s %s", from.pkcs12_file,
                           rows[i].reason);
            if (e != S2S_EINVALID_ARGUMENT || strcmp(what, expected) != 0)
                fail_msg("%s: %d, %s", rows[i].title, e, what);
            assert_memory_equal(&before, &o, sizeof(o));
        }
        options_free_identity(&o);
        gnutls_free(der.data);
        forget_files(NULL);
    }
}

/* Cut off anywhere: an error, and nothing worse. */
static void pkcs12_cut(void **state)
{
    gnutls_datum_t der = bytes_of(pkcs12_plain);
    (void)state;
    for (unsigned cut = 1; cut < der.size; cut++) {
        struct options_identity o;
        char what[OPTIONS_WHAT] = "";
        s2s_identity from = {
            .size = sizeof(from),
            .domain = DOMAIN,
            .pkcs12_file = file_of(der.data, cut),
        };
        load(&from, &o);
        assert_int_equal(identity_open(&o, what), S2S_EINVALID_ARGUMENT);
        assert_non_null(strstr(what, "cannot be read as PKCS #12"));
        options_free_identity(&o);
        forget_files(NULL);
    }
    gnutls_free(der.data);
}

/* ---- Judging ---------------------------------------------------------------
 */

#define SEES(id) (UINT32_C(1) << (FINDING_OWN_CERT_##id - FIRST))
#define FIRST    FINDING_OWN_CERT_EXPIRED
#define NAMED    .cn = "leaf", .names = {{"dns", DOMAIN, 0}}

static const struct {
    const char *title;
    struct pki_spec leaf;
    bool self_signed;
    uint32_t findings;
    const char *seen; /* a part of one of them */
} judged[] = {
    {"good", {NAMED}, false, 0, NULL},
    {"no usage", {NAMED, .eku = PKI_NO_EKU}, false, 0, NULL},
    {"expired",
     {NAMED, .begin = -90, .end = -10},
     false,
     SEES(EXPIRED),
     "the certificate expired on 2027-01-05"},
    {"not yet valid",
     {NAMED, .begin = 10, .end = 90},
     false,
     SEES(EXPIRED),
     "the certificate is not valid before 2027-01-25"},
    {"soon",
     {NAMED, .begin = -80, .end = 13},
     false,
     SEES(EXPIRING),
     "in 13 days, on 2027-01-28"},
    {"not so soon", {NAMED, .begin = -80, .end = 16}, false, 0, NULL},
    {"another's",
     {.cn = "leaf", .names = {{"dns", "a.test", 0}}},
     false,
     SEES(NAME),
     "the certificate is for a.test, leaf, not for our.test"},
    {"common name",
     {.cn = DOMAIN},
     false,
     SEES(NAME),
     "a common name does not count"},
    {"server only",
     {NAMED, .eku = GNUTLS_KP_TLS_WWW_SERVER},
     false,
     SEES(USAGE_SERVER_ONLY),
     NULL},
    {"client only",
     {NAMED, .eku = GNUTLS_KP_TLS_WWW_CLIENT},
     false,
     SEES(USAGE_CLIENT_ONLY),
     NULL},
    {"mail only",
     {NAMED, .eku = GNUTLS_KP_EMAIL_PROTECTION},
     false,
     SEES(UNTRUSTED),
     "the certificate is not for TLS (extended key usage)"},
    {"self-signed",
     {NAMED},
     true,
     SEES(UNTRUSTED),
     "the certificate is self-signed"},
    {"short key",
     {NAMED, .rsa = 1024},
     false,
     SEES(UNTRUSTED),
     "a key of 1024 bits"},
    {"xmppAddr",
     {.cn = "leaf", .names = {{"dns", DOMAIN, 0}, {"xmpp", DOMAIN, 0}}},
     false,
     SEES(XMPPADDR),
     DOMAIN},
    {"everything",
     {.cn = "leaf",
      .names = {{"xmpp", "a.test", 0}},
      .eku = GNUTLS_KP_TLS_WWW_SERVER,
      .begin = -90,
      .end = -10},
     true,
     SEES(EXPIRED) | SEES(NAME) | SEES(USAGE_SERVER_ONLY) | SEES(UNTRUSTED) |
         SEES(XMPPADDR),
     "the certificate is for a.test, leaf, not for our.test"},
};

static struct certificate_trust *make_trust(void)
{
    struct certificate_trust *t;
    char *text = pki_certificate_pem(&root);
    assert_int_equal(certificate_trust_new(text_file(text), &t), S2S_OK);
    free(text);
    assert_int_equal(certificate_trust_load(t), S2S_OK);
    forget_files(NULL);
    return t;
}

static uint32_t findings_of(const s2s_result *r, const char *wanted)
{
    uint32_t all = 0;
    bool seen = wanted == NULL;
    for (const struct result_finding *f = r->findings; f != NULL; f = f->next) {
        assert_true(f->id >= FIRST && f->id <= FINDING_OWN_CERT_XMPPADDR);
        assert_string_equal(finding_info(f->id)->fault, "us");
        all |= UINT32_C(1) << (f->id - FIRST);
        seen = seen || strstr(f->seen, wanted) != NULL;
    }
    assert_true(seen);
    return all;
}

static void judging(void **state)
{
    (void)state;
    struct certificate_trust *trust = make_trust();
    char *middle_pem = pki_certificate_pem(&middle);
    for (size_t i = 0; i < sizeof(judged) / sizeof(judged[0]); i++) {
        bool alone = judged[i].self_signed;
        struct options_identity o;
        char what[OPTIONS_WHAT] = "";
        struct pki_party p = pki_make(&judged[i].leaf, alone ? NULL : &middle);
        char *certificate = pki_certificate_pem(&p);
        char *key = pki_key_pem(&p);
        char *chain = joined(certificate, alone ? "" : middle_pem);
        s2s_identity from = {
            .size = sizeof(from),
            .domain = DOMAIN,
            .certificate_file = text_file(chain),
            .key_file = text_file(key),
        };
        load(&from, &o);
        assert_int_equal(identity_open(&o, what), S2S_OK);
        s2s_result *r = result_new(S2S_OP_PING);
        assert_non_null(r);
        identity_judge(&o, trust, PKI_NOW, r);
        uint32_t found = findings_of(r, judged[i].seen);
        if (found != judged[i].findings)
            fail_msg("%s: %x", judged[i].title, found);
        /* Nothing else of the record is touched. */
        assert_false(r->tls.certificate.present);
        assert_int_equal(r->tls.certificate.name_count, 0);
        assert_false(r->no_memory);
        result_free(r);
        options_free_identity(&o);
        free(certificate);
        free(key);
        free(chain);
        pki_free(&p);
        forget_files(NULL);
    }
    free(middle_pem);
    certificate_trust_free(trust);
}

/* Without a certificate, or authorities, nothing is said. */
static void nothing_to_judge(void **state)
{
    s2s_identity from = {.size = sizeof(from), .domain = DOMAIN};
    struct certificate_trust *none, *trust = make_trust();
    struct options_identity o;
    char what[OPTIONS_WHAT];
    s2s_result *r = result_new(S2S_OP_PING);
    (void)state;
    assert_non_null(r);
    load(&from, &o);
    identity_judge(&o, trust, PKI_NOW, r);
    options_free_identity(&o);
    from.certificate_file = text_file(leaf_pem);
    from.key_file = text_file(key_pem);
    load(&from, &o);
    assert_int_equal(identity_open(&o, what), S2S_OK);
    assert_int_equal(certificate_trust_new("/nonexistent", &none), S2S_OK);
    identity_judge(&o, none, PKI_NOW, r);
    assert_int_equal(r->finding_count, 0);
    assert_false(r->no_memory);
    options_free_identity(&o);
    certificate_trust_free(none);
    certificate_trust_free(trust);
    result_free(r);
    forget_files(NULL);
}

/* The verdict of one second is kept, and told of that identity alone. */
static void verdicts(void **state)
{
    struct identity_verdicts v = {.said = NULL};
    struct certificate_trust *trust = make_trust();
    struct options_identity o, without;
    s2s_identity from = {.size = sizeof(from), .domain = DOMAIN};
    const int64_t late = PKI_NOW + 1000 * PKI_DAY;
    const struct {
        const struct options_identity *identity;
        int64_t now;
        size_t count;
        bool same; /* the verdict that was there before */
    } rows[] = {
        {&o, PKI_NOW, 0, false},    {&o, PKI_NOW, 0, true},
        {&o, late, 3, false},       {&o, late, 3, true},
        {&without, late, 0, false}, {&o, late, 3, false},
        {&o, late + 1, 3, false},   {&o, PKI_NOW, 0, false},
    };
    char what[OPTIONS_WHAT];
    (void)state;
    load(&from, &without);
    from.certificate_file = text_file(chain_pem);
    from.key_file = text_file(key_pem);
    load(&from, &o);
    assert_int_equal(identity_open(&o, what), S2S_OK);
    for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
        s2s_result *r = result_new(S2S_OP_PING);
        assert_non_null(r);
        if (v.said != NULL)
            v.said->stage = S2S_STAGE_OPEN; /* so that it is known again */
        identity_verdicts_judge(&v, rows[i].identity, trust, rows[i].now, r);
        assert_int_equal(r->finding_count, rows[i].count);
        assert_int_equal(v.said->stage == S2S_STAGE_OPEN, rows[i].same);
        assert_false(r->no_memory);
        result_free(r);
    }
    identity_verdicts_free(&v);
    options_free_identity(&without);
    options_free_identity(&o);
    certificate_trust_free(trust);
    forget_files(NULL);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_teardown(pem, forget_files),
        cmocka_unit_test(nothing_to_open),
        cmocka_unit_test_teardown(pkcs12, forget_files),
        cmocka_unit_test_teardown(pkcs12_cut, forget_files),
        cmocka_unit_test_teardown(judging, forget_files),
        cmocka_unit_test_teardown(nothing_to_judge, forget_files),
        cmocka_unit_test_teardown(verdicts, forget_files),
    };
    return cmocka_run_group_tests_name("net/identity", tests, make_parties,
                                       free_parties);
}
