/*
 * Verdicts with known issuers are the verdicts without: every chain of a
 * corpus, good and bad, at several times, judged by a trust that learns and by
 * one that does not; the whole record is compared.
 */
#include <limits.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "api/json.h"
#include "net/certificate.h"
#include "net/certificate_issuers.h"
#include "authorities.h"
#include "ocsp.h"
#include "pki.h"

#define DOMAIN      "xmpp.example"
#define COUNT(list) (sizeof(list) / sizeof((list)[0]))

/* ---- Authorities -------------------------------------------------------- */

/* By whom, NULL by itself, and with whose key, NULL with its own. */
static const struct authority {
    const char *name, *by, *key_of;
    bool trusted;
    struct pki_spec spec;
} specs[] = {
    {"root", NULL, NULL, true, {.cn = "Root", .begin = -600, .end = 400}},
    {"old root",
     NULL,
     NULL,
     true,
     {.cn = "Old root", .begin = -900, .end = -100}},
    {"future root",
     NULL,
     NULL,
     true,
     {.cn = "Future root", .begin = 40, .end = 900}},
    {"held root",
     NULL,
     NULL,
     true,
     {.cn = "Held root", .permit = "xmpp.example"}},
    {"flat root", NULL, NULL, true, {.cn = "Flat root", .below = 1}},
    {"twin", NULL, NULL, true, {.cn = "Twin", .no_ids = true}},
    {"other twin", NULL, NULL, true, {.cn = "Twin", .no_ids = true}},
    {"stranger", NULL, NULL, false, {.cn = "Stranger"}},
    {"false root", NULL, NULL, false, {.cn = "Root"}},
    {"middle", "root", NULL, false, {.cn = "Middle"}},
    {"second middle", "root", NULL, false, {.cn = "Middle"}},
    {"false middle", "false root", NULL, false, {.cn = "Middle"}},
    {"by a false root", "false root", "middle", false, {.cn = "Middle"}},
    {"by a stranger", "stranger", "middle", false, {.cn = "Middle"}},
    {"by the old root", "old root", "middle", false, {.cn = "Middle"}},
    {"by the future root", "future root", "middle", false, {.cn = "Middle"}},
    {"once more",
     "root",
     "middle",
     false,
     {.cn = "Middle", .end = 9, .begin = -1}},
    {"in capitals", "root", "middle", false, {.cn = "MIDDLE"}},
    {"signs nothing",
     "root",
     "middle",
     false,
     {.cn = "Middle", .usage = GNUTLS_KEY_DIGITAL_SIGNATURE}},
    {"no CA", "root", "middle", false, {.cn = "Middle", .no_ca_flag = true}},
    {"of itself", "middle", NULL, false, {.cn = "Middle"}},
    {"nameless", "root", NULL, false, {.cn = "Nameless", .no_ids = true}},
    {"low", "middle", NULL, false, {.cn = "Low"}},
    {"lower", "low", NULL, false, {.cn = "Lower"}},
    {"flat", "root", NULL, false, {.cn = "Flat", .below = 1}},
    {"too low", "flat", NULL, false, {.cn = "Too low"}},
    {"below flat", "flat root", NULL, false, {.cn = "Below flat"}},
    {"below held", "held root", NULL, false, {.cn = "Below held"}},
    {"permits it",
     "root",
     NULL,
     false,
     {.cn = "Permits", .permit = "xmpp.example"}},
    {"permits another",
     "root",
     NULL,
     false,
     {.cn = "Permits another", .permit = "other.example"}},
    {"excludes it",
     "root",
     NULL,
     false,
     {.cn = "Excludes", .exclude = "example"}},
    {"permits mail",
     "root",
     NULL,
     false,
     {.cn = "Permits mail", .permit_mail = "example"}},
    {"below permits", "permits another", NULL, false, {.cn = "Below permits"}},
    {"below permits it", "permits it", NULL, false, {.cn = "Below it"}},
    {"demands stapling",
     "root",
     NULL,
     false,
     {.cn = "Staples", .must_staple = true}},
    {"critical",
     "root",
     NULL,
     false,
     {.cn = "Odd", .padding = 9, .critical = true}},
    {"for mail",
     "root",
     NULL,
     false,
     {.cn = "For mail", .eku = GNUTLS_KP_EMAIL_PROTECTION}},
    {"old middle",
     "root",
     NULL,
     false,
     {.cn = "Old middle", .begin = -900, .end = -100}},
    {"future middle",
     "root",
     NULL,
     false,
     {.cn = "Future middle", .begin = 40, .end = 90}},
    {"short middle",
     "root",
     NULL,
     false,
     {.cn = "Short", .begin = -5, .end = 5}},
    {"weak middle", "root", NULL, false, {.cn = "Weak", .rsa = 1024}},
    {"rsa middle", "root", NULL, false, {.cn = "Rsa", .rsa = 2048}},
    {"sha1 middle",
     "root",
     NULL,
     false,
     {.cn = "Sha1", .digest = GNUTLS_DIG_SHA1}},
    {"of a twin", "twin", NULL, false, {.cn = "Of a twin", .no_ids = true}},
    {"of the other",
     "other twin",
     NULL,
     false,
     {.cn = "Of the other", .no_ids = true}},
    {"of the old", "old root", NULL, false, {.cn = "Of the old"}},
    {"of the future", "future root", NULL, false, {.cn = "Of the future"}},
    {"of a stranger", "stranger", NULL, false, {.cn = "Of a stranger"}},
};

static struct pki_party authorities[COUNT(specs)];

static size_t place(const char *name)
{
    size_t i = 0;
    while (strcmp(specs[i].name, name) != 0)
        assert_true(++i < COUNT(specs));
    return i;
}

static void make_authority(size_t i)
{
    const struct authority *a = &specs[i];
    struct pki_spec spec = a->spec;
    char *key = NULL;
    spec.ca = true;
    if (a->key_of != NULL)
        spec.key = key = pki_key_pem(&authorities[place(a->key_of)]);
    authorities[i] =
        pki_make(&spec, a->by != NULL ? &authorities[place(a->by)] : NULL);
    free(key);
}

/* ---- Leaves ------------------------------------------------------------- */

#define NAMED .names = {{"dns", DOMAIN, 0}}

static const struct pki_spec leaves[] = {
    {.cn = "good", NAMED},
    {.cn = "also good", NAMED, .eku = PKI_NO_EKU},
    {.cn = "of another", .names = {{"dns", "other.example", 0}}},
    {.cn = "old", NAMED, .begin = -90, .end = -2},
    {.cn = "future", NAMED, .begin = 30, .end = 200},
    {.cn = DOMAIN},
    {.cn = "srv", .names = {{"srv", "_xmpp-server." DOMAIN, 0}}},
    {.cn = "mail", .names = {{"dns", DOMAIN, 0}, {"email", "a@b.test", 0}}},
    {.cn = "client", NAMED, .eku = GNUTLS_KP_TLS_WWW_CLIENT},
    {.cn = "weak", NAMED, .rsa = 1024},
    {.cn = "sha1", NAMED, .digest = GNUTLS_DIG_SHA1},
    {.cn = "md5", NAMED, .digest = GNUTLS_DIG_MD5},
    {.cn = "critical", NAMED, .padding = 5, .critical = true},
    {.cn = "useless", NAMED, .usage = GNUTLS_KEY_CRL_SIGN},
    {.cn = "authority", NAMED, .ca = true},
    {.cn = "no ids", NAMED, .no_ids = true},
    {.cn = NULL, NAMED},
    {.cn = "Root", NAMED},
};
#define GOOD   0
#define NO_IDS 15 /* any issuer of the name will do for it */

/* ---- Chains ------------------------------------------------------------- */

#define LENGTH 20u
#define CHAINS 1000u

struct chain {
    size_t issuer;
    size_t good; /* the chain of a good leaf of that issuer */
    gnutls_datum_t ders[LENGTH];
    size_t length;
    struct ocsp_der staple;
    bool own_leaf; /* ders[0] is to be freed */
};

static struct chain chains[CHAINS];
static size_t chain_count;

static struct chain *new_chain(void)
{
    assert_true(chain_count < CHAINS);
    return &chains[chain_count++];
}

static void put(struct chain *c, gnutls_datum_t der)
{
    assert_true(c->length < LENGTH);
    c->ders[c->length++] = der;
}

/* The chain of a good leaf of an issuer; a forged one follows. */
static size_t first_of[COUNT(specs)];

static struct chain *add_chain(gnutls_datum_t leaf, size_t issuer)
{
    struct chain *c = new_chain();
    c->issuer = issuer;
    c->good = first_of[issuer];
    gnutls_datum_t own = {gnutls_malloc(leaf.size), leaf.size};
    assert_non_null(own.data);
    memcpy(own.data, leaf.data, leaf.size);
    put(c, own);
    c->own_leaf = true;
    for (size_t i = issuer; specs[i].by != NULL; i = place(specs[i].by))
        put(c, authorities[i].der);
    return c;
}

/* A certificate that differs in its signature. */
static void add_forged(gnutls_datum_t leaf, size_t issuer)
{
    struct chain *c = add_chain(leaf, issuer);
    c->ders[0].data[c->ders[0].size - 1] ^= 1;
}

static void add_staple(const struct pki_party *leaf, size_t issuer, char status,
                       const struct pki_party *by)
{
    const struct ocsp_spec spec = {
        .status = status, .updated = -1, .next = 3, .by = by};
    add_chain(leaf->der, issuer)->staple =
        ocsp_make(&spec, leaf, &authorities[issuer]);
}

static void add_staples(const struct pki_party *leaf, size_t issuer)
{
    if (specs[issuer].spec.rsa != 0)
        return; /* these are only made with ECDSA */
    add_staple(leaf, issuer, 'g', NULL);
    add_staple(leaf, issuer, 'r', NULL);
    add_staple(leaf, issuer, 'r', &authorities[place("stranger")]);
}

/* Every other certificate beside a good chain, before and behind it. `good` is
 * the first such chain of the good leaf. */
static void add_extras(gnutls_datum_t leaf, size_t issuer, size_t good)
{
    for (size_t i = 0; i < COUNT(specs); i++) {
        struct chain *c = add_chain(leaf, issuer);
        c->good = good++;
        put(c, authorities[i].der);
        c = add_chain(leaf, issuer);
        c->good = good++;
        c->length = 1;
        put(c, authorities[i].der);
        put(c, authorities[issuer].der);
    }
}

static void add_odd(gnutls_datum_t leaf, size_t issuer)
{
    static uint8_t garbage[] = {0x30, 0x03, 0x02, 0x01, 0x00};
    static const size_t lengths[] = {5, 16, LENGTH};
    add_chain(leaf, issuer)->length = 1; /* the intermediate is missing */
    struct chain *c = add_chain(leaf, issuer);
    put(c, c->ders[1]); /* twice */
    c = add_chain(leaf, issuer);
    put(c, c->ders[0]); /* the leaf, too */
    c = add_chain(leaf, issuer);
    put(c, (gnutls_datum_t){garbage, sizeof(garbage)});
    c = add_chain(leaf, issuer);
    c->length = 1;
    put(c, (gnutls_datum_t){garbage, sizeof(garbage)});
    for (size_t i = 0; i < COUNT(lengths); i++) {
        c = add_chain(leaf, issuer);
        while (c->length < lengths[i])
            put(c, authorities[c->length].der);
    }
    c = add_chain(leaf, issuer); /* in the wrong order */
    for (size_t i = 1, k = c->length - 1; i < k; i++, k--) {
        gnutls_datum_t der = c->ders[i];
        c->ders[i] = c->ders[k];
        c->ders[k] = der;
    }
}

static void add_issuer_as_leaf(size_t issuer)
{
    struct chain *c = add_chain(authorities[issuer].der, issuer);
    c->length = 1;
    c = add_chain(authorities[issuer].der, issuer);
    add_chain(authorities[issuer].der, place("middle"));
}

/* Of some every leaf and every oddity, of the others what matters most. */
static bool is_rich(size_t issuer)
{
    static const char *const rich[] = {"root", "middle", "low", "nameless",
                                       "rsa middle"};
    for (size_t i = 0; i < COUNT(rich); i++)
        if (strcmp(specs[issuer].name, rich[i]) == 0)
            return true;
    return false;
}

static void add_leaf(size_t i, size_t issuer)
{
    static size_t first_extra;
    if (leaves[i].digest == GNUTLS_DIG_MD5 && specs[issuer].spec.rsa == 0)
        return; /* only RSA goes with it */
    struct pki_party leaf = pki_make(&leaves[i], &authorities[issuer]);
    add_chain(leaf.der, issuer);
    if (i < 2)
        add_forged(leaf.der, issuer);
    if (i == GOOD && is_rich(issuer)) {
        add_odd(leaf.der, issuer);
        add_staples(&leaf, issuer);
    }
    if (i == GOOD && issuer == place("middle")) {
        first_extra = chain_count;
        add_extras(leaf.der, issuer, first_extra);
    }
    if (i == NO_IDS && issuer == place("middle"))
        add_extras(leaf.der, issuer, first_extra);
    pki_free(&leaf);
}

static void add_chains_of(size_t issuer)
{
    first_of[issuer] = chain_count;
    for (size_t i = 0; i < (is_rich(issuer) ? COUNT(leaves) : 4); i++)
        add_leaf(i, issuer);
    add_issuer_as_leaf(issuer);
}

/* ---- Judging ------------------------------------------------------------ */

static struct certificate_trust *stock, *learning;
static struct domain *domain;

static struct certificate_trust *trust(unsigned after)
{
    const struct pki_party *trusted[COUNT(specs)];
    size_t count = 0;
    for (size_t i = 0; i < COUNT(specs); i++)
        if (specs[i].trusted)
            trusted[count++] = &authorities[i];
    struct certificate_trust *t = authorities_load(trusted, count);
    assert_int_equal(certificate_trust_learn(t, after), S2S_OK);
    return t;
}

static const int64_t days[] = {0, -200, 60, 500};

struct seen {
    int error;
    char *record; /* JSON, and the reason */
};

static s2s_tls_info info_of(const struct chain *c, const unsigned char **ders,
                            size_t *sizes)
{
    for (size_t i = 0; i < c->length; i++) {
        ders[i] = c->ders[i].data;
        sizes[i] = c->ders[i].size;
    }
    return (s2s_tls_info){.size = sizeof(s2s_tls_info),
                          .chain = ders,
                          .chain_sizes = sizes,
                          .chain_length = c->length,
                          .ocsp = c->staple.data,
                          .ocsp_size = c->staple.length};
}

static struct seen judge(struct certificate_trust *t, const struct chain *c,
                         int64_t day)
{
    const unsigned char *ders[LENGTH];
    size_t sizes[LENGTH];
    const s2s_tls_info info = info_of(c, ders, sizes);
    const struct certificate_reference ref = {.domain = domain};
    const char *why = "";
    s2s_result *r = result_new(S2S_OP_CONNECT);
    struct seen s;
    assert_non_null(r);
    s.error =
        certificate_judge(t, &info, &ref, PKI_NOW + day * PKI_DAY, r, &why);
    assert_int_equal(json_build(r), S2S_OK);
    assert_true(asprintf(&s.record, "%s\n%s", why, r->json) > 0);
    assert_non_null(strstr(s.record, "\"certificate\":{"));
    result_free(r);
    return s;
}

static bool is_known(struct certificate_trust *t, const struct chain *c)
{
    const unsigned char *ders[LENGTH];
    size_t sizes[LENGTH];
    const s2s_tls_info info = info_of(c, ders, sizes);
    struct certificate_path path;
    gnutls_x509_crt_t leaf;
    pki_must(gnutls_x509_crt_init(&leaf));
    bool known =
        gnutls_x509_crt_import(leaf, &c->ders[0], GNUTLS_X509_FMT_DER) == 0 &&
        certificate_issuers_find(certificate_trust_issuers(t), &info, leaf,
                                 PKI_NOW, &path);
    if (known)
        certificate_issuers_give(&path);
    gnutls_x509_crt_deinit(leaf);
    return known;
}

static struct seen expected[CHAINS][COUNT(days)];

static void compare(size_t chain, size_t when)
{
    struct seen s = judge(learning, &chains[chain], days[when]);
    if (s.error != expected[chain][when].error ||
        strcmp(s.record, expected[chain][when].record) != 0)
        fail_msg("chain %zu at day %d:\n%s\n%s", chain, (int)days[when],
                 s.record, expected[chain][when].record);
    free(s.record);
}

/* ---- The corpus --------------------------------------------------------- */

static int make_corpus(void **state)
{
    (void)state;
    for (size_t i = 0; i < COUNT(specs); i++)
        make_authority(i);
    for (size_t i = 0; i < COUNT(specs); i++)
        add_chains_of(i);
    stock = trust(UINT_MAX);
    learning = trust(0);
    assert_int_equal(domain_parse(DOMAIN, &domain), S2S_OK);
    for (size_t i = 0; i < chain_count; i++)
        for (size_t d = 0; d < COUNT(days); d++)
            expected[i][d] = judge(stock, &chains[i], days[d]);
    return 0;
}

static int free_corpus(void **state)
{
    (void)state;
    for (size_t i = 0; i < chain_count; i++) {
        for (size_t d = 0; d < COUNT(days); d++)
            free(expected[i][d].record);
        free(chains[i].staple.data);
        gnutls_free(chains[i].ders[0].data);
    }
    for (size_t i = 0; i < COUNT(specs); i++)
        pki_free(&authorities[i]);
    certificate_trust_free(stock);
    certificate_trust_free(learning);
    free(domain);
    return 0;
}

static void forget(void)
{
    assert_int_equal(certificate_trust_learn(learning, 0), S2S_OK);
}

/* ---- Tests -------------------------------------------------------------- */

/* A chain alone, first unknown, then after itself. */
static void alone(void **state)
{
    (void)state;
    for (size_t i = 0; i < chain_count; i++) {
        forget();
        for (size_t d = 0; d < COUNT(days); d++)
            compare(i, d);
        compare(i, 0);
    }
}

static void after_a_good_one(void **state)
{
    (void)state;
    for (size_t i = 0; i < chain_count; i++) {
        forget();
        compare(chains[i].good, 0);
        for (size_t d = 0; d < COUNT(days); d++)
            compare(i, d);
    }
}

/* All others before it, good and bad ones, in several orders. */
static void after_all(void **state)
{
    (void)state;
    forget();
    for (size_t round = 0; round < 3; round++)
        for (size_t i = 0; i < chain_count; i++) {
            /* 7919 is a prime, and so meets all of them */
            size_t k = round == 0   ? i
                       : round == 1 ? chain_count - 1 - i
                                    : i * 7919 % chain_count;
            compare(k, (i * 3 + round) % COUNT(days));
        }
}

static bool is_plain(size_t issuer)
{
    static const char *const plain[] = {
        "middle",     "low",           "lower",
        "nameless",   "second middle", "in capitals",
        "rsa middle", "short middle",  "for mail",
        "once more",  "flat",          "by the old root",
        "of the old", "of the future", "by the future root",
        "of itself"};
    for (size_t i = 0; i < COUNT(plain); i++)
        if (strcmp(specs[issuer].name, plain[i]) == 0)
            return true;
    return false;
}

/* What a chain alone makes known: only what can be, and nothing when it is bad,
 * nor when its leaf has the name of an authority. */
static void known(void **state)
{
    size_t count = 0;
    (void)state;
    for (size_t i = 0; i < chain_count; i++) {
        const char *record = expected[i][0].record;
        forget();
        compare(i, 0);
        bool found = is_known(learning, &chains[i]);
        if (found && (strstr(record, "\"chain\":\"untrusted\"") != NULL ||
                      strstr(record, "\"chain\":\"weak\"") != NULL ||
                      strstr(record, "\"subject\":\"CN=Root\"") != NULL))
            fail_msg("known by %s", record);
        if (i == first_of[chains[i].issuer] &&
            found != is_plain(chains[i].issuer))
            fail_msg("%s: %d", specs[chains[i].issuer].name, found);
        count += found;
    }
    print_message("# %zu of %zu chains have an issuer to be known\n", count,
                  chain_count);
}

static void nothing_by_a_forged_one(void **state)
{
    (void)state;
    for (size_t i = 0; i < COUNT(specs); i++) {
        size_t good = first_of[i];
        forget();
        compare(good + 1, 0);
        assert_false(is_known(learning, &chains[good]));
        assert_false(is_known(learning, &chains[good + 1]));
        compare(good, 0);
        assert_false(is_known(learning, &chains[good + 1]));
    }
}

/* Later than others, and as many as there is room for; the latest used stay. */
static void room(void **state)
{
    enum { MANY = 300, FIRST = 1 };
    static struct chain many[MANY];
    static struct pki_party middles[MANY];
    const struct pki_spec spec = {.cn = "good", NAMED};
    (void)state;
    assert_int_equal(certificate_trust_learn(learning, FIRST), S2S_OK);
    for (size_t i = 0; i < MANY; i++) {
        char name[20];
        snprintf(name, sizeof(name), "Middle %zu", i);
        middles[i] = pki_make(&(struct pki_spec){.cn = name, .ca = true},
                              &authorities[place("root")]);
        struct pki_party leaf = pki_make(&spec, &middles[i]);
        put(&many[i], leaf.der);
        put(&many[i], middles[i].der);
        leaf.der.data = NULL;
        free(judge(learning, &many[i], 0).record);
        assert_int_equal(is_known(learning, &many[i]), i >= FIRST);
        assert_int_equal(is_known(learning, &many[FIRST]), i >= FIRST);
        pki_free(&leaf);
    }
    assert_false(is_known(learning, &many[2]));
    assert_false(is_known(learning, &many[MANY - 256]));
    assert_true(is_known(learning, &many[MANY - 255]));
    for (size_t i = 0; i < MANY; i++) {
        gnutls_free(many[i].ders[0].data);
        pki_free(&middles[i]);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(alone),
        cmocka_unit_test(after_a_good_one),
        cmocka_unit_test(after_all),
        cmocka_unit_test(known),
        cmocka_unit_test(nothing_by_a_forged_one),
        cmocka_unit_test(room),
    };
    return cmocka_run_group_tests_name("net/certificate_issuers", tests,
                                       make_corpus, free_corpus);
}
