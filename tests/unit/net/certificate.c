/* Chain, name and status of certificates made on the spot. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "base/error.h"
#include "net/certificate.h"
#include "authorities.h"
#include "costly_key.h"
#include "ocsp.h"
#include "pki.h"

#define DOMAIN "xmpp.example"

/* ---- Authorities -------------------------------------------------------- */

static struct pki_party root, other_root, old_root, middle, old_middle,
    mail_middle, no_authority, short_root, sha1_middle;
static struct certificate_trust *trust;

static int make_authorities(void **state)
{
    (void)state;
    root = pki_make(&(struct pki_spec){.cn = "Root", .ca = true}, NULL);
    other_root = pki_make(&(struct pki_spec){.cn = "Other", .ca = true}, NULL);
    old_root = pki_make(
        &(struct pki_spec){
            .cn = "Old root", .ca = true, .begin = -900, .end = -100},
        NULL);
    short_root = pki_make(
        &(struct pki_spec){.cn = "Short root", .ca = true, .rsa = 1024}, NULL);
    middle = pki_make(&(struct pki_spec){.cn = "Middle", .ca = true}, &root);
    old_middle = pki_make(
        &(struct pki_spec){
            .cn = "Old middle", .ca = true, .begin = -900, .end = -100},
        &root);
    mail_middle = pki_make(
        &(struct pki_spec){
            .cn = "Mail middle", .ca = true, .eku = GNUTLS_KP_EMAIL_PROTECTION},
        &root);
    sha1_middle = pki_make(&(struct pki_spec){.cn = "Sha1 middle",
                                              .ca = true,
                                              .digest = GNUTLS_DIG_SHA1},
                           &root);
    no_authority = pki_make(&(struct pki_spec){.cn = "Leaf that signs",
                                               .ca = true,
                                               .no_ca_flag = true},
                            &root);
    const struct pki_party *trusted[] = {&root, &old_root, &short_root};
    trust = authorities_load(trusted, 3);
    return 0;
}

static int free_authorities(void **state)
{
    struct pki_party *all[] = {&root,         &other_root, &old_root,
                               &middle,       &old_middle, &mail_middle,
                               &no_authority, &short_root, &sha1_middle};
    (void)state;
    for (size_t i = 0; i < sizeof(all) / sizeof(all[0]); i++)
        pki_free(all[i]);
    certificate_trust_free(trust);
    return 0;
}

/* ---- Judging ------------------------------------------------------------ */

static struct domain *domain_of(const char *text)
{
    struct domain *d;
    assert_int_equal(domain_parse(text, &d), S2S_OK);
    return d;
}

struct judged {
    s2s_result *result;
    const struct result_certificate *c;
    const char *why;
    int error;
};

/* `target`: of a secure SRV record, or NULL. */
static struct judged judge_for(struct certificate_trust *t,
                               const gnutls_datum_t *ders, size_t count,
                               const struct ocsp_der *staple, const char *name,
                               const char *target)
{
    const unsigned char *chain[32];
    size_t sizes[32];
    struct judged j = {.result = result_new(S2S_OP_CONNECT)};
    struct domain *domain = domain_of(name);
    struct domain *host = target != NULL ? domain_of(target) : NULL;
    const struct certificate_reference ref = {.domain = domain, .target = host};
    s2s_tls_info info = {.size = sizeof(info),
                         .chain = chain,
                         .chain_sizes = sizes,
                         .chain_length = count};
    assert_non_null(j.result);
    assert_true(count <= 32);
    for (size_t i = 0; i < count; i++) {
        chain[i] = ders[i].data;
        sizes[i] = ders[i].size;
    }
    if (staple != NULL) {
        info.ocsp = staple->data;
        info.ocsp_size = staple->length;
    }
    j.c = &j.result->tls.certificate;
    j.error = certificate_judge(t, &info, &ref, PKI_NOW, j.result, &j.why);
    assert_int_equal(j.result->tlsa.verdict, RESULT_DANE_NOT_JUDGED);
    free(domain);
    free(host);
    return j;
}

static struct judged judge_der(struct certificate_trust *t,
                               const gnutls_datum_t *ders, size_t count,
                               const struct ocsp_der *staple, const char *name)
{
    return judge_for(t, ders, count, staple, name, NULL);
}

static struct judged judge_chain(const struct pki_party *const *chain,
                                 size_t count, const struct ocsp_der *staple)
{
    gnutls_datum_t ders[32];
    for (size_t i = 0; i < count; i++)
        ders[i] = chain[i]->der;
    return judge_der(trust, ders, count, staple, DOMAIN);
}

static const char *seen(const struct judged *j, enum finding id)
{
    for (const struct result_finding *f = j->result->findings; f != NULL;
         f = f->next)
        if (f->id == id)
            return f->seen;
    return NULL;
}

static void release(struct judged *j)
{
    result_free(j->result);
}

/* ---- Chains ------------------------------------------------------------- */

#define NAMED .cn = "leaf", .names = {{"dns", DOMAIN, 0}}

struct chain_row {
    const char *title;
    struct pki_spec leaf;
    const struct pki_party *issuer;  /* NULL: self-signed */
    const struct pki_party *sent[4]; /* behind the leaf */
    int error;
    enum result_verdict chain;
    int finding;     /* of this kind, or -1 */
    const char *why; /* a part of it */
};

static const struct chain_row chain_rows[] = {
    {"good", {NAMED}, &middle, {&middle}, S2S_OK, RESULT_OK, -1, ""},
    {"below the root", {NAMED}, &root, {NULL}, S2S_OK, RESULT_OK, -1, ""},
    {"with the root",
     {NAMED},
     &middle,
     {&middle, &root},
     S2S_OK,
     RESULT_OK,
     -1,
     ""},
    {"unsorted",
     {NAMED},
     &middle,
     {&root, &other_root, &middle},
     S2S_OK,
     RESULT_OK,
     -1,
     ""},
    {"twice", {NAMED}, &middle, {&middle, &middle}, S2S_OK, RESULT_OK, -1, ""},
    {"an old one beside",
     {NAMED},
     &middle,
     {&old_middle, &middle},
     S2S_OK,
     RESULT_OK,
     -1,
     ""},
    {"no intermediate",
     {NAMED},
     &middle,
     {NULL},
     S2S_ECERT_UNTRUSTED,
     RESULT_UNTRUSTED,
     FINDING_CERT_UNTRUSTED,
     "the issuer CN=Middle is not known and no intermediate was sent"},
    {"another intermediate",
     {NAMED},
     &middle,
     {&old_middle},
     S2S_ECERT_UNTRUSTED,
     RESULT_UNTRUSTED,
     FINDING_CERT_UNTRUSTED,
     "the issuer CN=Middle is not known"},
    {"private authority",
     {NAMED},
     &other_root,
     {&other_root},
     S2S_ECERT_UNTRUSTED,
     RESULT_UNTRUSTED,
     FINDING_CERT_UNTRUSTED,
     "the authority CN=Other is not trusted"},
    {"self-signed",
     {NAMED},
     NULL,
     {NULL},
     S2S_ECERT_UNTRUSTED,
     RESULT_SELF_SIGNED,
     FINDING_CERT_SELF_SIGNED,
     "self-signed"},
    {"self-signed, expired",
     {NAMED, .begin = -90, .end = -10},
     NULL,
     {NULL},
     S2S_ECERT_UNTRUSTED,
     RESULT_SELF_SIGNED,
     FINDING_CERT_EXPIRED,
     "self-signed"},
    {"expired",
     {NAMED, .begin = -90, .end = -10},
     &middle,
     {&middle},
     S2S_ECERT_EXPIRED,
     RESULT_EXPIRED,
     FINDING_CERT_EXPIRED,
     "the certificate expired on 2027-01-05"},
    {"not yet valid",
     {NAMED, .begin = 10, .end = 90},
     &middle,
     {&middle},
     S2S_ECERT_EXPIRED,
     RESULT_NOT_YET_VALID,
     FINDING_CERT_NOT_YET_VALID,
     "the certificate is not valid before 2027-01-25"},
    {"expired intermediate",
     {NAMED},
     &old_middle,
     {&old_middle},
     S2S_ECERT_EXPIRED,
     RESULT_EXPIRED,
     FINDING_CERT_EXPIRED,
     "CN=Old middle expired on 2026-10-07"},
    {"expired root",
     {NAMED},
     &old_root,
     {NULL},
     S2S_ECERT_EXPIRED,
     RESULT_EXPIRED,
     FINDING_CERT_EXPIRED,
     "CN=Old root expired on 2026-10-07"},
    {"soon",
     {NAMED, .begin = -80, .end = 10},
     &middle,
     {&middle},
     S2S_OK,
     RESULT_OK,
     FINDING_CERT_EXPIRES_SOON,
     ""},
    {"signed by a leaf",
     {NAMED},
     &no_authority,
     {&no_authority},
     S2S_ECERT_UNTRUSTED,
     RESULT_UNTRUSTED,
     FINDING_CERT_INVALID,
     ""},
    {"short key",
     {NAMED, .rsa = 1024},
     &middle,
     {&middle},
     S2S_ECERT_UNTRUSTED,
     RESULT_WEAK,
     FINDING_CERT_WEAK,
     "the certificate has a key of 1024 bits"},
    {"RSA",
     {NAMED, .rsa = 2048},
     &middle,
     {&middle},
     S2S_OK,
     RESULT_OK,
     -1,
     ""},
    {"SHA-1",
     {NAMED, .digest = GNUTLS_DIG_SHA1},
     &middle,
     {&middle},
     S2S_ECERT_UNTRUSTED,
     RESULT_WEAK,
     FINDING_CERT_WEAK,
     "the certificate is signed with ECDSA-SHA1"},
    {"SHA-1 above",
     {NAMED},
     &sha1_middle,
     {&sha1_middle},
     S2S_ECERT_UNTRUSTED,
     RESULT_WEAK,
     FINDING_CERT_WEAK,
     "CN=Sha1 middle is signed with ECDSA-SHA1"},
    {"weak authority",
     {NAMED},
     &short_root,
     {NULL},
     S2S_ECERT_UNTRUSTED,
     RESULT_WEAK,
     FINDING_CERT_WEAK,
     "too weak"},
    {"weak and unknown",
     {NAMED, .rsa = 1024},
     &other_root,
     {NULL},
     S2S_ECERT_UNTRUSTED,
     RESULT_UNTRUSTED,
     FINDING_CERT_WEAK,
     "the issuer CN=Other is not known"},
    {"server only",
     {NAMED, .eku = GNUTLS_KP_TLS_WWW_SERVER},
     &middle,
     {&middle},
     S2S_OK,
     RESULT_OK,
     FINDING_CERT_SERVER_ONLY,
     ""},
    {"client only",
     {NAMED, .eku = GNUTLS_KP_TLS_WWW_CLIENT},
     &middle,
     {&middle},
     S2S_ECERT_UNTRUSTED,
     RESULT_USAGE,
     FINDING_CERT_USAGE,
     "the certificate is not for TLS servers"},
    {"any usage",
     {NAMED, .eku = GNUTLS_KP_ANY},
     &middle,
     {&middle},
     S2S_OK,
     RESULT_OK,
     -1,
     ""},
    {"no usage",
     {NAMED, .eku = PKI_NO_EKU},
     &middle,
     {&middle},
     S2S_OK,
     RESULT_OK,
     -1,
     ""},
    {"signs only",
     {NAMED, .usage = GNUTLS_KEY_KEY_CERT_SIGN},
     &middle,
     {&middle},
     S2S_ECERT_UNTRUSTED,
     RESULT_USAGE,
     FINDING_CERT_USAGE,
     "key usage"},
    {"enciphers only",
     {NAMED, .usage = GNUTLS_KEY_KEY_ENCIPHERMENT},
     &middle,
     {&middle},
     S2S_OK,
     RESULT_OK,
     -1,
     ""},
    {"mail authority",
     {NAMED},
     &mail_middle,
     {&mail_middle},
     S2S_ECERT_UNTRUSTED,
     RESULT_USAGE,
     FINDING_CERT_USAGE,
     "CN=Mail middle is not for TLS servers"},
    {"wrong name",
     {.cn = "leaf", .names = {{"dns", "other.example", 0}}},
     &middle,
     {&middle},
     S2S_ECERT_NAME,
     RESULT_OK,
     FINDING_CERT_NAME,
     "the certificate is for other.example, leaf, not for " DOMAIN},
    {"expired, wrong name",
     {.cn = "leaf",
      .names = {{"dns", "other.example", 0}},
      .begin = -90,
      .end = -10},
     &middle,
     {&middle},
     S2S_ECERT_EXPIRED,
     RESULT_EXPIRED,
     FINDING_CERT_NAME,
     "expired"},
    {"unknown, expired, wrong name",
     {.cn = "leaf",
      .names = {{"dns", "other.example", 0}},
      .begin = -90,
      .end = -10},
     &middle,
     {NULL},
     S2S_ECERT_UNTRUSTED,
     RESULT_UNTRUSTED,
     FINDING_CERT_EXPIRED,
     "not known"},
};

static void check_chain(const struct chain_row *row)
{
    struct pki_party leaf = pki_make(&row->leaf, row->issuer);
    const struct pki_party *chain[5] = {&leaf};
    size_t count = 1;
    while (count < 5 && row->sent[count - 1] != NULL) {
        chain[count] = row->sent[count - 1];
        count++;
    }
    struct judged j = judge_chain(chain, count, NULL);
    bool found =
        row->finding < 0 || seen(&j, (enum finding)row->finding) != NULL;
    bool told = strstr(j.why, row->why) != NULL &&
                (j.why[0] == '\0') == (j.error == S2S_OK);
    if (j.error != row->error || j.c->chain != row->chain || !found || !told)
        fail_msg("%s: error %d, chain %s, finding %d, why '%s'", row->title,
                 j.error, result_verdict_name(j.c->chain), found, j.why);
    assert_int_equal(j.c->chain_length, count);
    assert_non_null(seen(&j, FINDING_REVOCATION_NOT_CHECKED));
    release(&j);
    pki_free(&leaf);
}

static void chains(void **state)
{
    (void)state;
    for (size_t i = 0; i < sizeof(chain_rows) / sizeof(chain_rows[0]); i++)
        check_chain(&chain_rows[i]);
}

/* Nothing is found that is not there. */
static void a_good_one_has_no_findings(void **state)
{
    (void)state;
    struct pki_party leaf = pki_make(&(struct pki_spec){NAMED}, &middle);
    const struct pki_party *chain[] = {&leaf, &middle};
    struct judged j = judge_chain(chain, 2, NULL);
    assert_int_equal(j.error, S2S_OK);
    assert_int_equal(j.result->finding_count, 1);
    assert_string_equal(seen(&j, FINDING_REVOCATION_NOT_CHECKED), "");
    release(&j);
    pki_free(&leaf);
}

static void facts(void **state)
{
    (void)state;
    struct pki_party leaf = pki_make(
        &(struct pki_spec){NAMED, .eku = GNUTLS_KP_TLS_WWW_SERVER}, &middle);
    const struct pki_party *chain[] = {&leaf, &middle};
    struct judged j = judge_chain(chain, 2, NULL);
    uint8_t digest[32];
    char hex[65];
    pki_must(gnutls_hash_fast(GNUTLS_DIG_SHA256, leaf.der.data, leaf.der.size,
                              digest));
    for (size_t i = 0; i < 32; i++)
        snprintf(hex + 2 * i, 3, "%02x", digest[i]);
    assert_true(j.c->present);
    assert_string_equal(j.c->subject, "CN=leaf");
    assert_string_equal(j.c->issuer, "CN=Middle");
    assert_int_equal(strlen(j.c->serial), 4);
    assert_memory_equal(j.c->serial, "4f", 2);
    assert_string_equal(j.c->sha256, hex);
    assert_string_equal(j.c->key_type, "ECDSA");
    assert_int_equal(j.c->key_bits, 256);
    assert_string_equal(j.c->signature, "ECDSA-SHA256");
    assert_int_equal(j.c->not_before, PKI_NOW - 30 * PKI_DAY);
    assert_int_equal(j.c->not_after, PKI_NOW + 300 * PKI_DAY);
    assert_int_equal(j.c->days_left, 300);
    assert_true(j.c->usage_server);
    assert_false(j.c->usage_client);
    assert_false(j.c->ocsp_stapled);
    assert_int_equal(j.c->name, RESULT_OK);
    assert_string_equal(j.c->matched, DOMAIN);
    release(&j);
    pki_free(&leaf);
}

/* At the second; what expired less than a day ago has -1 day left. */
static void times(void **state)
{
    static const struct {
        int64_t seconds, days;
        enum result_verdict chain;
    } rows[] = {
        {-PKI_DAY * 50 - 1, 60, RESULT_NOT_YET_VALID},
        {-PKI_DAY * 50, 60, RESULT_OK},
        {0, 10, RESULT_OK},
        {1, 9, RESULT_OK},
        {PKI_DAY * 10, 0, RESULT_OK},
        {PKI_DAY * 10 + 1, -1, RESULT_EXPIRED},
        {PKI_DAY * 11, -1, RESULT_EXPIRED},
        {PKI_DAY * 11 + 1, -2, RESULT_EXPIRED},
    };
    (void)state;
    struct pki_party top = pki_make(
        &(struct pki_spec){.cn = "Top", .ca = true, .begin = -99, .end = 99},
        NULL);
    const struct pki_party *trusted[] = {&top};
    struct certificate_trust *t = authorities_load(trusted, 1);
    struct pki_party leaf =
        pki_make(&(struct pki_spec){NAMED, .begin = -50, .end = 10}, &top);
    for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
        const unsigned char *chain[] = {leaf.der.data};
        size_t size = leaf.der.size;
        struct domain *domain = domain_of(DOMAIN);
        const struct certificate_reference ref = {.domain = domain};
        s2s_tls_info info = {.size = sizeof(info),
                             .chain = chain,
                             .chain_sizes = &size,
                             .chain_length = 1};
        s2s_result *r = result_new(S2S_OP_CONNECT);
        const char *why;
        assert_non_null(r);
        (void)certificate_judge(t, &info, &ref, PKI_NOW + rows[i].seconds, r,
                                &why);
        free(domain);
        assert_int_equal(r->tls.certificate.days_left, rows[i].days);
        assert_int_equal(r->tls.certificate.chain, rows[i].chain);
        result_free(r);
    }
    certificate_trust_free(t);
    pki_free(&leaf);
    pki_free(&top);
}

static void nothing_to_judge(void **state)
{
    static uint8_t zeros[100000];
    gnutls_datum_t bad[] = {
        {zeros, 10},
        {zeros, sizeof(zeros)},
        {(unsigned char *)(uintptr_t) "\x30\x03\x30\x01", 4}};
    (void)state;
    struct judged j = judge_der(trust, NULL, 0, NULL, DOMAIN);
    assert_int_equal(j.error, S2S_ECERT_UNTRUSTED);
    assert_string_equal(j.why, "the peer sent no certificate");
    assert_false(j.c->present);
    release(&j);
    for (size_t i = 0; i < 3; i++) {
        j = judge_der(trust, &bad[i], 1, NULL, DOMAIN);
        assert_int_equal(j.error, S2S_ECERT_UNTRUSTED);
        assert_string_equal(j.why, "the certificate cannot be read");
        assert_true(j.c->present);
        release(&j);
    }
}

/* Rubbish, and very long chains, behind a good leaf. */
static void extra_certificates(void **state)
{
    static uint8_t zeros[100000];
    gnutls_datum_t ders[32];
    (void)state;
    struct pki_party leaf = pki_make(&(struct pki_spec){NAMED}, &middle);
    ders[0] = leaf.der;
    ders[1] = (gnutls_datum_t){zeros, 100};
    ders[2] = (gnutls_datum_t){zeros, sizeof(zeros)};
    ders[3] = middle.der;
    struct judged j = judge_der(trust, ders, 4, NULL, DOMAIN);
    assert_int_equal(j.error, S2S_OK);
    release(&j);
    for (size_t i = 4; i < 32; i++)
        ders[i] = other_root.der;
    j = judge_der(trust, ders, 32, NULL, DOMAIN);
    assert_int_equal(j.error, S2S_OK);
    assert_int_equal(j.c->chain_length, 32);
    release(&j);
    pki_free(&leaf);
}

/* One whose key costs too much to verify with is not used. */
static void costly_keys(void **state)
{
    (void)state;
    struct pki_party costly = pki_make(
        &(struct pki_spec){.cn = "Costly", .ca = true, .key = costly_key},
        &root);
    struct pki_party leaf = pki_make(&(struct pki_spec){NAMED}, &costly);
    const struct pki_party *chain[] = {&leaf, &costly};
    struct judged j = judge_chain(chain, 2, NULL);
    assert_int_equal(j.error, S2S_ECERT_UNTRUSTED);
    assert_string_equal(j.why, "the issuer CN=Costly is not known");
    release(&j);
    j = judge_chain(chain + 1, 1, NULL);
    assert_int_equal(j.error, S2S_ECERT_UNTRUSTED);
    assert_string_equal(j.why, "the certificate cannot be read");
    release(&j);
    pki_free(&costly);
    pki_free(&leaf);
}

/* GnuTLS passes over the version, whatever the length around it says; a key
 * that is not where DER has it may be any. */
static void hidden_key(void **state)
{
    uint8_t der[2000];
    (void)state;
    struct pki_party leaf = pki_make(&(struct pki_spec){NAMED}, &middle);
    gnutls_datum_t ders[] = {{der, leaf.der.size}, middle.der, leaf.der};
    gnutls_x509_crt_t crt;
    assert_true(leaf.der.size <= sizeof(der));
    memcpy(der, leaf.der.data, leaf.der.size);
    assert_int_equal(der[8], 0xa0);
    der[9]++;
    pki_must(gnutls_x509_crt_init(&crt));
    pki_must(gnutls_x509_crt_import(crt, &ders[0], GNUTLS_X509_FMT_DER));
    gnutls_x509_crt_deinit(crt);
    struct judged j = judge_der(trust, ders, 2, NULL, DOMAIN);
    assert_int_equal(j.error, S2S_ECERT_UNTRUSTED);
    assert_string_equal(j.why, "the certificate cannot be read");
    release(&j);
    ders[2] = ders[0]; /* behind a good one it is passed over */
    ders[0] = leaf.der;
    j = judge_der(trust, ders, 3, NULL, DOMAIN);
    assert_int_equal(j.error, S2S_OK);
    release(&j);
    pki_free(&leaf);
}

/* Every bit of a certificate counts: none can be changed and still pass. */
static void forged(void **state)
{
    (void)state;
    struct pki_party leaf = pki_make(&(struct pki_spec){NAMED}, &middle);
    for (size_t i = 0; i < leaf.der.size; i++) {
        leaf.der.data[i] ^= (uint8_t)(1 << i % 8);
        const struct pki_party *chain[] = {&leaf, &middle};
        struct judged j = judge_chain(chain, 2, NULL);
        if (j.error == S2S_OK)
            fail_msg("byte %zu", i);
        release(&j);
        leaf.der.data[i] ^= (uint8_t)(1 << i % 8);
    }
    pki_free(&leaf);
}

/* The same intermediate in other editions: one that an authority unknown to
 * us signed, and one that has expired. The good one is found in any order. */
static void editions(void **state)
{
    (void)state;
    char *key = pki_key_pem(&middle);
    struct pki_party cross =
        pki_make(&(struct pki_spec){.cn = "Middle", .ca = true, .key = key},
                 &other_root);
    struct pki_party old = pki_make(
        &(struct pki_spec){
            .cn = "Middle", .ca = true, .key = key, .begin = -90, .end = -10},
        &root);
    struct pki_party leaf = pki_make(&(struct pki_spec){NAMED}, &middle);
    const struct pki_party *chains[][4] = {
        {&leaf, &cross, &middle, &old},
        {&leaf, &old, &middle, &cross},
        {&leaf, &cross, &other_root, &middle},
        {&leaf, &old, &cross, &middle},
    };
    for (size_t i = 0; i < sizeof(chains) / sizeof(chains[0]); i++) {
        struct judged j = judge_chain(chains[i], 4, NULL);
        if (j.error != S2S_OK)
            fail_msg("%zu: %s", i, j.why);
        release(&j);
    }
    const struct pki_party *expired[] = {&leaf, &cross, &old};
    struct judged j = judge_chain(expired, 3, NULL);
    assert_int_equal(j.error, S2S_ECERT_EXPIRED);
    assert_string_equal(j.why, "CN=Middle expired on 2027-01-05");
    release(&j);
    pki_free(&cross);
    pki_free(&old);
    pki_free(&leaf);
    free(key);
}

/* Very large, but well-formed. */
static void large(void **state)
{
    (void)state;
    for (size_t padding = 60000; padding <= 70000; padding += 10000) {
        struct pki_party leaf =
            pki_make(&(struct pki_spec){NAMED, .padding = padding}, &root);
        const struct pki_party *chain[] = {&leaf};
        struct judged j = judge_chain(chain, 1, NULL);
        assert_string_equal(
            j.why, padding == 60000 ? "" : "the certificate cannot be read");
        release(&j);
        pki_free(&leaf);
    }
}

/* For mail only: not for servers, and so not for servers only. */
static void mail_only(void **state)
{
    (void)state;
    struct pki_party leaf = pki_make(
        &(struct pki_spec){NAMED, .eku = GNUTLS_KP_EMAIL_PROTECTION}, &root);
    const struct pki_party *chain[] = {&leaf};
    struct judged j = judge_chain(chain, 1, NULL);
    assert_int_equal(j.c->chain, RESULT_USAGE);
    assert_null(seen(&j, FINDING_CERT_SERVER_ONLY));
    release(&j);
    pki_free(&leaf);
}

/* A trusted certificate that is itself the server's. */
static void pinned(void **state)
{
    (void)state;
    /* Its own signature does not matter then. */
    struct pki_party self =
        pki_make(&(struct pki_spec){NAMED, .digest = GNUTLS_DIG_SHA1}, NULL);
    const struct pki_party *trusted[] = {&self};
    struct certificate_trust *t = authorities_load(trusted, 1);
    struct judged j = judge_der(t, &self.der, 1, NULL, DOMAIN);
    assert_int_equal(j.error, S2S_OK);
    release(&j);
    certificate_trust_free(t);
    pki_free(&self);
}

/* One authority expired and came back under the same name and key. */
static void renewed_authority(void **state)
{
    (void)state;
    struct pki_party renewed = {.key = old_root.key};
    pki_must(gnutls_x509_crt_init(&renewed.crt));
    gnutls_datum_t der = old_root.der;
    pki_must(gnutls_x509_crt_import(renewed.crt, &der, GNUTLS_X509_FMT_DER));
    pki_must(gnutls_x509_crt_set_expiration_time(
        renewed.crt, (time_t)(PKI_NOW + 99 * PKI_DAY)));
    pki_must(gnutls_x509_crt_sign2(renewed.crt, renewed.crt, renewed.key,
                                   GNUTLS_DIG_SHA256, 0));
    struct pki_party leaf = pki_make(&(struct pki_spec){NAMED}, &old_root);
    const struct pki_party *trusted[] = {&old_root, &renewed};
    for (int i = 0; i < 2; i++) {
        struct certificate_trust *t = authorities_load(trusted, 2);
        struct judged j = judge_der(t, &leaf.der, 1, NULL, DOMAIN);
        assert_int_equal(j.error, S2S_OK);
        release(&j);
        certificate_trust_free(t);
        trusted[0] = &renewed;
        trusted[1] = &old_root;
    }
    gnutls_x509_crt_deinit(renewed.crt);
    pki_free(&leaf);
}

static void no_authorities(void **state)
{
    static const struct {
        const char *file;
        int error;
    } cases[] = {
        {"/dev/null", S2S_EPOLICY},
        {"/proc/self/exe", S2S_EPOLICY},
        {"/", S2S_EINVALID_ARGUMENT},
        {"/nonexistent/ca.pem", S2S_EINVALID_ARGUMENT},
    };
    (void)state;
    for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
        struct certificate_trust *t;
        assert_int_equal(certificate_trust_new(cases[i].file, &t), S2S_OK);
        assert_int_equal(certificate_trust_load(t), cases[i].error);
        struct judged j = judge_der(t, &root.der, 1, NULL, DOMAIN);
        assert_int_equal(j.error, cases[i].error);
        release(&j);
        certificate_trust_free(t);
    }
    certificate_trust_free(NULL);
}

/* ---- Names -------------------------------------------------------------- */

static void matching(void **state)
{
    static const struct {
        const char *type, *value;
        size_t length; /* 0: strlen */
        const char *domain;
        bool matches;
    } rows[] = {
        {"dns", "example.com", 0, "example.com", true},
        {"dns", "EXAMPLE.Com", 0, "example.com", true},
        {"dns", "example.com", 0, "EXAMPLE.com.", true},
        {"dns", "example.com.", 0, "example.com", false},
        {"dns", ".example.com", 0, "example.com", false},
        {"dns", "", 0, "example.com", false},
        {"dns", "xample.com", 0, "example.com", false},
        {"dns", "example.co", 0, "example.com", false},
        {"dns", "www.example.com", 0, "example.com", false},
        {"dns", "example.com", 0, "www.example.com", false},
        {"dns", "example.com\0", 12, "example.com", false},
        {"dns", "example.com\0.evil.test", 22, "example.com", false},
        {"dns", "example\0com", 11, "example.com", false},
        {"dns", "*.example.com", 0, "www.example.com", true},
        {"dns", "*.EXAMPLE.com", 0, "www.example.com", true},
        {"dns", "*.example.com", 0, "example.com", false},
        {"dns", "*.example.com", 0, "a.b.example.com", false},
        {"dns", "*.test", 0, "prosody.test", false},
        {"dns", "*.b.test", 0, "a.b.test", true},
        {"dns", "*.b.test", 0, "b.test", false},
        {"dns", "*", 0, "localhost", false},
        {"dns", "*.", 0, "localhost", false},
        {"dns", "*.com", 0, "com", false},
        {"dns", "*.*.com", 0, "www.example.com", false},
        {"dns", "w*.example.com", 0, "www.example.com", false},
        {"dns", "*w.example.com", 0, "www.example.com", false},
        {"dns", "w*w.example.com", 0, "www.example.com", false},
        {"dns", "www.*.com", 0, "www.example.com", false},
        {"dns", "**.example.com", 0, "www.example.com", false},
        {"dns", "localhost", 0, "localhost", true},
        {"dns", "xn--bcher-kva.example", 0,
         "b\xc3\xbc"
         "cher.example",
         true},
        {"dns", "XN--BCHER-KVA.example", 0, "xn--bcher-kva.example", true},
        {"dns",
         "b\xc3\xbc"
         "cher.example",
         0, "xn--bcher-kva.example", false},
        {"dns", "*.xn--bcher-kva.example", 0,
         "im.b\xc3\xbc"
         "cher.example",
         true},
        {"dns", "*.example", 0, "xn--bcher-kva.example", false},
        {"dns", "_xmpp-server.example.com", 0, "example.com", false},
        {"srv", "_xmpp-server.example.com", 0, "example.com", true},
        {"srv", "_XMPP-Server.Example.com", 0, "example.com", true},
        {"srv", "_xmpp-server.*.example.com", 0, "im.example.com", false},
        {"srv", "_xmpp-server.*", 0, "localhost", false},
        {"srv", "_xmpp-server.", 0, "example.com", false},
        {"srv", "_xmpp-server", 0, "example.com", false},
        {"srv", "_xmpp-serverexample.com", 0, "example.com", false},
        {"srv", "_xmpp-client.example.com", 0, "example.com", false},
        {"srv", "_xmpp-server._tcp.example.com", 0, "example.com", false},
        {"srv", "example.com", 0, "example.com", false},
        {"srv", "_xmpp-server.example.com\0x", 26, "example.com", false},
        {"srv", "_xmpp-server.xn--bcher-kva.example", 0,
         "b\xc3\xbc"
         "cher.example",
         true},
        {"xmpp", "example.com", 0, "example.com", true},
        {"xmpp", "Example.COM", 0, "example.com", true},
        {"xmpp", "example.com.", 0, "example.com", true},
        {"xmpp",
         "b\xc3\xbc"
         "cher.example",
         0, "xn--bcher-kva.example", true},
        {"xmpp",
         "B\xc3\x9c"
         "CHER.example",
         0, "xn--bcher-kva.example", true},
        {"xmpp", "xn--bcher-kva.example", 0,
         "b\xc3\xbc"
         "cher.example",
         true},
        {"xmpp",
         "b\xfc"
         "cher.example",
         0, "xn--bcher-kva.example", false},
        {"xmpp", "*.example.com", 0, "im.example.com", false},
        {"xmpp", "a@example.com", 0, "example.com", false},
        {"xmpp", "example.com/a", 0, "example.com", false},
        {"xmpp", "example.com\0", 12, "example.com", false},
        {"xmpp", "", 0, "example.com", false},
        {"cn", "example.com", 0, "example.com", false},
        {"ip", "example.com", 0, "example.com", false},
    };
    (void)state;
    for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
        struct domain *d = domain_of(rows[i].domain);
        size_t length =
            rows[i].length != 0 ? rows[i].length : strlen(rows[i].value);
        if (certificate_name_matches(rows[i].type, rows[i].value, length, d) !=
            rows[i].matches)
            fail_msg("%s %s for %s", rows[i].type, rows[i].value,
                     rows[i].domain);
        free(d);
    }
}

static void long_names(void **state)
{
    char name[3000];
    struct domain *d = domain_of(DOMAIN);
    (void)state;
    memset(name, 'a', sizeof(name));
    assert_false(certificate_name_matches("xmpp", name, sizeof(name), d));
    assert_false(certificate_name_matches("dns", name, sizeof(name), d));
    assert_false(certificate_name_matches("srv", name, sizeof(name), d));
    free(d);
}

/* What a certificate with these names says of DOMAIN; `listed` is what is
 * recorded, "type=value+" when it matches. */
static void names(void **state)
{
    static const struct {
        struct pki_spec leaf;
        enum result_verdict name;
        const char *listed;
    } rows[] = {
        {{.names = {{"dns", DOMAIN, 0}}}, RESULT_OK, "dns=" DOMAIN "+ "},
        {{.names = {{"srv", "_xmpp-server." DOMAIN, 0}}},
         RESULT_OK,
         "srv=_xmpp-server." DOMAIN "+ "},
        {{.names = {{"xmpp", DOMAIN, 0}}}, RESULT_OK, "xmpp=" DOMAIN "+ "},
        {{.names = {{"dns", "*.example", 0}}},
         RESULT_NAME_MISMATCH,
         "dns=*.example "},
        {{.cn = DOMAIN}, RESULT_CN_ONLY, "cn=" DOMAIN " "},
        {{.cn = DOMAIN, .names = {{"dns", "a.test", 0}}},
         RESULT_CN_ONLY,
         "dns=a.test cn=" DOMAIN " "},
        {{.cn = "Peer", .names = {{"dns", "a.test", 0}, {"dns", DOMAIN, 0}}},
         RESULT_OK,
         "dns=a.test dns=" DOMAIN "+ cn=Peer "},
        {{.names = {{"dns", "a.test", 0}, {"xmpp", "b.test", 0}}},
         RESULT_NAME_MISMATCH,
         "dns=a.test xmpp=b.test "},
        {{.names = {{"ip", "\xc0\0\2\1", 4}, {"dns", DOMAIN, 0}}},
         RESULT_OK,
         "ip=192.0.2.1 dns=" DOMAIN "+ "},
        {{.names = {{"ip", "\x20\1\xd\xb8\0\0\0\0\0\0\0\0\0\0\0\1", 16}}},
         RESULT_NAME_MISMATCH,
         "ip=2001:db8::1 "},
        {{.names = {{"ip", "abc", 3}}}, RESULT_NAME_MISMATCH, ""},
        {{.names = {{"email", "a@" DOMAIN, 0}}}, RESULT_NAME_MISMATCH, ""},
        {{.names = {{"rawdns", DOMAIN "\0.evil.test", 23}}},
         RESULT_NAME_MISMATCH,
         "dns=" DOMAIN "\xef\xbf\xbd.evil.test "},
        {{.names = {{"xmpp", DOMAIN "\0", 13}}},
         RESULT_NAME_MISMATCH,
         "xmpp=" DOMAIN "\xef\xbf\xbd "},
        /* an xmppAddr of another string type, and one wrapped */
        {{.names = {{"raw", "\x16\xc" DOMAIN, 14}}}, RESULT_NAME_MISMATCH, ""},
        {{.names = {{"raw", "\x30\xe\xc\xc" DOMAIN, 16}}},
         RESULT_NAME_MISMATCH,
         ""},
        {{.cn = NULL}, RESULT_NAME_MISMATCH, ""},
    };
    (void)state;
    for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
        struct pki_party leaf = pki_make(&rows[i].leaf, &middle);
        const struct pki_party *chain[] = {&leaf, &middle};
        struct judged j = judge_chain(chain, 2, NULL);
        char listed[300] = "";
        for (const struct result_name *n = j.c->names; n != NULL; n = n->next)
            snprintf(listed + strlen(listed), sizeof(listed) - strlen(listed),
                     "%s=%s%s ", n->type, n->value, n->matches ? "+" : "");
        assert_string_equal(listed, rows[i].listed);
        assert_int_equal(j.c->name, rows[i].name);
        assert_int_equal(j.c->chain, RESULT_OK);
        assert_int_equal(j.error,
                         rows[i].name == RESULT_OK ? S2S_OK : S2S_ECERT_NAME);
        assert_int_equal(j.c->matched != NULL, rows[i].name == RESULT_OK);
        assert_int_equal(seen(&j, FINDING_CERT_NAME) != NULL,
                         rows[i].name != RESULT_OK);
        assert_int_equal(seen(&j, FINDING_CERT_CN_ONLY) != NULL,
                         rows[i].name == RESULT_CN_ONLY);
        release(&j);
        pki_free(&leaf);
    }
}

/* The target of a secure SRV record is as good a name as the domain (RFC 7673,
 * 4.1), as dNSName; without DNSSEC it is none. */
static void targets(void **state)
{
    static const struct {
        struct pki_spec leaf;
        const char *target, *matched;
        const char *listed;
        int error;
        bool only;
    } rows[] = {
        {{.names = {{"dns", "host.test", 0}}},
         "host.test",
         "host.test",
         "dns=host.test+ ",
         S2S_OK,
         true},
        {{.names = {{"dns", "host.test", 0}}},
         NULL,
         NULL,
         "dns=host.test ",
         S2S_ECERT_NAME,
         false},
        {{.names = {{"dns", "other.test", 0}}},
         "host.test",
         NULL,
         "dns=other.test ",
         S2S_ECERT_NAME,
         false},
        {{.names = {{"dns", DOMAIN, 0}}},
         "host.test",
         DOMAIN,
         "dns=" DOMAIN "+ ",
         S2S_OK,
         false},
        {{.names = {{"dns", "host.test", 0}, {"dns", DOMAIN, 0}}},
         "host.test",
         DOMAIN,
         "dns=host.test+ dns=" DOMAIN "+ ",
         S2S_OK,
         false},
        {{.names = {{"dns", DOMAIN, 0}, {"dns", "host.test", 0}}},
         "host.test",
         DOMAIN,
         "dns=" DOMAIN "+ dns=host.test+ ",
         S2S_OK,
         false},
        {{.names = {{"dns", "host.test", 0}, {"xmpp", DOMAIN, 0}}},
         "host.test",
         DOMAIN,
         "dns=host.test+ xmpp=" DOMAIN "+ ",
         S2S_OK,
         false},
        {{.names = {{"dns", "*.hosting.test", 0}}},
         "a.hosting.test",
         "*.hosting.test",
         "dns=*.hosting.test+ ",
         S2S_OK,
         true},
        {{.names = {{"dns", "*.hosting.test", 0},
                    {"dns", "a.hosting.test", 0}}},
         "a.hosting.test",
         "*.hosting.test",
         "dns=*.hosting.test+ dns=a.hosting.test+ ",
         S2S_OK,
         true},
        {{.names = {{"dns", "*.test", 0}}},
         "host.test",
         NULL,
         "dns=*.test ",
         S2S_ECERT_NAME,
         false},
        {{.names = {{"dns", DOMAIN, 0}}},
         DOMAIN,
         DOMAIN,
         "dns=" DOMAIN "+ ",
         S2S_OK,
         false},
        /* These name a service, not a host. */
        {{.names = {{"xmpp", "host.test", 0},
                    {"srv", "_xmpp-server.host.test", 0}}},
         "host.test",
         NULL,
         "xmpp=host.test srv=_xmpp-server.host.test ",
         S2S_ECERT_NAME,
         false},
        {{.cn = "host.test"},
         "host.test",
         NULL,
         "cn=host.test ",
         S2S_ECERT_NAME,
         false},
    };
    (void)state;
    for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
        struct pki_party leaf = pki_make(&rows[i].leaf, &root);
        struct judged j =
            judge_for(trust, &leaf.der, 1, NULL, DOMAIN, rows[i].target);
        char listed[300] = "";
        for (const struct result_name *n = j.c->names; n != NULL; n = n->next)
            snprintf(listed + strlen(listed), sizeof(listed) - strlen(listed),
                     "%s=%s%s ", n->type, n->value, n->matches ? "+" : "");
        const char *only = seen(&j, FINDING_CERT_TARGET_ONLY);
        if (j.error != rows[i].error || strcmp(listed, rows[i].listed) != 0 ||
            (only != NULL) != rows[i].only)
            fail_msg("row %zu: %d, %s, %s", i, j.error, listed, j.why);
        if (only != NULL)
            assert_string_equal(only, rows[i].target);
        assert_int_equal(j.c->name, rows[i].error == S2S_OK
                                        ? RESULT_OK
                                        : RESULT_NAME_MISMATCH);
        assert_int_equal(j.c->matched != NULL, rows[i].matched != NULL);
        if (rows[i].matched != NULL)
            assert_string_equal(j.c->matched, rows[i].matched);
        assert_int_equal(result_verified(j.result), j.error == S2S_OK);
        release(&j);
        pki_free(&leaf);
    }
}

/* An authority that is held to certain dNSNames vouches by none but these. */
static void constrained(void **state)
{
    static const struct {
        struct pki_spec authority, leaf;
        int error;
    } rows[] = {
        {{.permit = DOMAIN}, {.names = {{"dns", DOMAIN, 0}}}, S2S_OK},
        {{.permit = "a.test"},
         {.names = {{"dns", DOMAIN, 0}}},
         S2S_ECERT_UNTRUSTED},
        {{.permit = "a.test"},
         {.names = {{"xmpp", DOMAIN, 0}}},
         S2S_ECERT_NAME},
        {{.permit = "a.test"},
         {.names = {{"dns", "a.test", 0}, {"xmpp", DOMAIN, 0}}},
         S2S_ECERT_NAME},
        {{.permit = "a.test"},
         {.names = {{"srv", "_xmpp-server." DOMAIN, 0}}},
         S2S_ECERT_NAME},
        {{.permit = DOMAIN}, {.names = {{"xmpp", DOMAIN, 0}}}, S2S_ECERT_NAME},
        {{.exclude = DOMAIN}, {.names = {{"xmpp", DOMAIN, 0}}}, S2S_ECERT_NAME},
        {{.exclude = "a.test"}, {.names = {{"dns", DOMAIN, 0}}}, S2S_OK},
        {{.permit_mail = "a.test"}, {.names = {{"xmpp", DOMAIN, 0}}}, S2S_OK},
        {{.cn = NULL}, {.names = {{"xmpp", DOMAIN, 0}}}, S2S_OK},
    };
    (void)state;
    for (size_t i = 0; i < 2 * sizeof(rows) / sizeof(rows[0]); i++) {
        struct pki_spec spec = rows[i / 2].authority;
        spec.cn = "Constrained";
        spec.ca = true;
        struct pki_party authority = pki_make(&spec, &root);
        struct pki_party below =
            pki_make(&(struct pki_spec){.cn = "Below", .ca = true}, &authority);
        struct pki_party leaf =
            pki_make(&rows[i / 2].leaf, i % 2 == 0 ? &authority : &below);
        const struct pki_party *chain[] = {&leaf, &authority, &below};
        struct judged j = judge_chain(chain, 3, NULL);
        if (j.error != rows[i / 2].error)
            fail_msg("row %zu: %d, %s", i, j.error, j.why);
        release(&j);
        pki_free(&leaf);
        pki_free(&below);
        pki_free(&authority);
    }
}

/* ---- Stapled status ----------------------------------------------------- */

static void stapled(void **state)
{
    static const struct {
        const char *title;
        struct ocsp_spec spec;
        int error;
        const char *unchecked; /* REVOCATION_NOT_CHECKED says so; NULL: none */
    } rows[] = {
        {"good", {.status = 'g', .updated = -1, .next = 3}, S2S_OK, NULL},
        {"good, open end", {.status = 'g', .updated = -6}, S2S_OK, NULL},
        {"revoked",
         {.status = 'r', .updated = -1, .next = 3},
         S2S_ECERT_UNTRUSTED,
         NULL},
        {"revoked long ago",
         {.status = 'r', .updated = -30, .next = -20},
         S2S_ECERT_UNTRUSTED,
         NULL},
        {"unknown",
         {.status = 'u', .updated = -1, .next = 3},
         S2S_OK,
         "does not know"},
        {"stale",
         {.status = 'g', .updated = -9, .next = -2},
         S2S_OK,
         "out of date"},
        {"stale, open end",
         {.status = 'g', .updated = -9},
         S2S_OK,
         "out of date"},
        {"of tomorrow",
         {.status = 'g', .updated = 1, .next = 3},
         S2S_OK,
         "out of date"},
        {"revoked tomorrow",
         {.status = 'r', .updated = 1, .next = 3},
         S2S_OK,
         "out of date"},
        {"refused", {.refused = 6}, S2S_OK, "error of the responder"},
        {"forged",
         {.status = 'r', .updated = -1, .next = 3, .by = &other_root},
         S2S_OK,
         "signature"},
        {"forged, signer sent",
         {.status = 'r',
          .updated = -1,
          .next = 3,
          .by = &other_root,
          .delegated = true},
         S2S_OK,
         "signature"},
    };
    (void)state;
    struct pki_party leaf = pki_make(&(struct pki_spec){NAMED}, &middle);
    const struct pki_party *chain[] = {&leaf, &middle};
    for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
        struct ocsp_der response = ocsp_make(&rows[i].spec, &leaf, &middle);
        struct judged j = judge_chain(chain, 2, &response);
        const char *unchecked = seen(&j, FINDING_REVOCATION_NOT_CHECKED);
        if (j.error != rows[i].error ||
            (unchecked == NULL) != (rows[i].unchecked == NULL) ||
            (unchecked != NULL && strstr(unchecked, rows[i].unchecked) == NULL))
            fail_msg("%s: %d '%s' '%s'", rows[i].title, j.error, j.why,
                     unchecked != NULL ? unchecked : "(null)");
        assert_true(j.c->ocsp_stapled);
        assert_int_equal(seen(&j, FINDING_CERT_REVOKED) != NULL,
                         j.error != S2S_OK);
        assert_int_equal(j.c->chain,
                         j.error != S2S_OK ? RESULT_REVOKED : RESULT_OK);
        release(&j);
        free(response.data);
    }
    pki_free(&leaf);
}

/* Who is not trusted cannot revoke either. */
static void revoked_by_a_stranger(void **state)
{
    struct ocsp_spec spec = {.status = 'r', .updated = -1, .next = 3};
    (void)state;
    struct pki_party leaf = pki_make(&(struct pki_spec){NAMED}, &other_root);
    const struct pki_party *chain[] = {&leaf, &other_root};
    struct ocsp_der response = ocsp_make(&spec, &leaf, &other_root);
    struct judged j = judge_chain(chain, 2, &response);
    assert_int_equal(j.c->chain, RESULT_UNTRUSTED);
    assert_null(seen(&j, FINDING_CERT_REVOKED));
    assert_non_null(seen(&j, FINDING_REVOCATION_NOT_CHECKED));
    release(&j);
    free(response.data);
    pki_free(&leaf);
}

/* A response that is cut off says nothing. */
static void broken_status(void **state)
{
    struct ocsp_spec spec = {.status = 'r', .updated = -1, .next = 3};
    (void)state;
    struct pki_party leaf = pki_make(&(struct pki_spec){NAMED}, &root);
    const struct pki_party *chain[] = {&leaf};
    struct ocsp_der whole = ocsp_make(&spec, &leaf, &root);
    for (size_t i = 1; i < whole.length; i++) {
        struct ocsp_der cut = {whole.data, i};
        struct judged j = judge_chain(chain, 1, &cut);
        assert_int_equal(j.error, S2S_OK);
        assert_non_null(seen(&j, FINDING_REVOCATION_NOT_CHECKED));
        release(&j);
    }
    free(whole.data);
    pki_free(&leaf);
}

/* A responder that the authority appointed, and one that it did not; a leaf
 * directly below the root; a status of another leaf. */
static void responders(void **state)
{
    (void)state;
    struct pki_party leaf = pki_make(&(struct pki_spec){NAMED}, &root);
    struct pki_party another = pki_make(&(struct pki_spec){NAMED}, &root);
    struct pki_party responder = pki_make(
        &(struct pki_spec){.cn = "Responder", .eku = GNUTLS_KP_OCSP_SIGNING},
        &root);
    struct ocsp_spec spec = {.status = 'r', .updated = -1, .next = 3};
    const struct pki_party *chain[] = {&leaf};
    const struct {
        const struct pki_party *by, *about;
        enum result_verdict verdict;
    } rows[] = {
        {&root, &leaf, RESULT_REVOKED},
        {&responder, &leaf, RESULT_REVOKED},
        {&another, &leaf, RESULT_OK},
        {&root, &another, RESULT_OK},
    };
    for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
        spec.by = rows[i].by;
        spec.delegated = rows[i].by != &root;
        struct ocsp_der response = ocsp_make(&spec, rows[i].about, &root);
        struct judged j = judge_chain(chain, 1, &response);
        if (j.c->chain != rows[i].verdict)
            fail_msg("responder %zu: %s", i, result_verdict_name(j.c->chain));
        release(&j);
        free(response.data);
    }
    pki_free(&leaf);
    pki_free(&another);
    pki_free(&responder);
}

/* ---- A client's --------------------------------------------------------- */

static const struct {
    const char *title;
    struct pki_spec leaf;
    const struct pki_party *issuer; /* NULL: self-signed */
    const char *name;
    int error;
    const char *why;
} client_rows[] = {
    {"both", {NAMED}, &middle, DOMAIN, S2S_OK, ""},
    {"server only",
     {NAMED, .eku = GNUTLS_KP_TLS_WWW_SERVER},
     &middle,
     DOMAIN,
     S2S_OK,
     ""},
    {"client only",
     {NAMED, .eku = GNUTLS_KP_TLS_WWW_CLIENT},
     &middle,
     DOMAIN,
     S2S_OK,
     ""},
    {"unsaid", {NAMED, .eku = PKI_NO_EKU}, &middle, DOMAIN, S2S_OK, ""},
    {"mail only",
     {NAMED, .eku = GNUTLS_KP_EMAIL_PROTECTION},
     &middle,
     DOMAIN,
     S2S_ECERT_UNTRUSTED,
     "the certificate is not for TLS (extended key usage)"},
    {"mail above",
     {NAMED},
     &mail_middle,
     DOMAIN,
     S2S_ECERT_UNTRUSTED,
     "CN=Mail middle is not for TLS (extended key usage)"},
    {"self-signed",
     {NAMED},
     NULL,
     DOMAIN,
     S2S_ECERT_UNTRUSTED,
     "the certificate is self-signed"},
    {"expired",
     {NAMED, .begin = -90, .end = -10},
     &middle,
     DOMAIN,
     S2S_ECERT_EXPIRED,
     "the certificate expired on 2027-01-05"},
    {"another's",
     {NAMED},
     &middle,
     "other.test",
     S2S_ECERT_NAME,
     "the certificate is for " DOMAIN ", leaf, not for other.test"},
    {"long names",
     {.cn = "\xc3\xbc\xc3\xbc\xc3\xbc\xc3\xbc\xc3\xbc\xc3\xbc\xc3\xbc"
            "\xc3\xbc\xc3\xbc\xc3\xbc\xc3\xbc\xc3\xbc\xc3\xbc\xc3\xbc",
      .names = {{"dns", "aa.long.name.of.another.domain.entirely.example", 0},
                {"dns", "b.long.name.of.another.domain.entirely.example", 0}}},
     &middle,
     DOMAIN,
     S2S_ECERT_NAME,
     "the certificate is for aa.long.name.of.another.domain.entirely.example, "
     "b.long.name.of.another.domain.entirely.example, "
     "\xc3\xbc\xc3\xbc\xc3\xbc"},
};

static int prove(const gnutls_datum_t *ders, size_t count, const char *name,
                 char why[CERTIFICATE_WHY])
{
    const unsigned char *chain[] = {ders[0].data, ders[1].data};
    const size_t sizes[] = {ders[0].size, ders[1].size};
    s2s_tls_info info = {.size = sizeof(info),
                         .chain = chain,
                         .chain_sizes = sizes,
                         .chain_length = count};
    struct domain *domain = domain_of(name);
    int e = certificate_proves(trust, &info, domain, PKI_NOW, why);
    free(domain);
    return e;
}

static void clients(void **state)
{
    gnutls_datum_t nothing[2] = {{NULL, 0}, {NULL, 0}};
    char why[CERTIFICATE_WHY];
    (void)state;
    for (size_t i = 0; i < sizeof(client_rows) / sizeof(client_rows[0]); i++) {
        const struct pki_party *issuer = client_rows[i].issuer;
        struct pki_party leaf = pki_make(&client_rows[i].leaf, issuer);
        gnutls_datum_t ders[] = {leaf.der,
                                 issuer != NULL ? issuer->der : leaf.der};
        int e = prove(ders, issuer != NULL ? 2 : 1, client_rows[i].name, why);
        if (e != client_rows[i].error || strcmp(why, client_rows[i].why) != 0)
            fail_msg("%s: %d, %s", client_rows[i].title, e, why);
        pki_free(&leaf);
    }
    assert_int_equal(prove(nothing, 0, DOMAIN, why), S2S_ECERT_UNTRUSTED);
    assert_string_equal(why, "the peer sent no certificate");
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(chains),
        cmocka_unit_test(a_good_one_has_no_findings),
        cmocka_unit_test(facts),
        cmocka_unit_test(times),
        cmocka_unit_test(nothing_to_judge),
        cmocka_unit_test(extra_certificates),
        cmocka_unit_test(costly_keys),
        cmocka_unit_test(hidden_key),
        cmocka_unit_test(forged),
        cmocka_unit_test(editions),
        cmocka_unit_test(large),
        cmocka_unit_test(mail_only),
        cmocka_unit_test(pinned),
        cmocka_unit_test(renewed_authority),
        cmocka_unit_test(no_authorities),
        cmocka_unit_test(matching),
        cmocka_unit_test(long_names),
        cmocka_unit_test(names),
        cmocka_unit_test(targets),
        cmocka_unit_test(constrained),
        cmocka_unit_test(stapled),
        cmocka_unit_test(revoked_by_a_stranger),
        cmocka_unit_test(broken_status),
        cmocka_unit_test(responders),
        cmocka_unit_test(clients),
    };
    return cmocka_run_group_tests_name("net/certificate", tests,
                                       make_authorities, free_authorities);
}
