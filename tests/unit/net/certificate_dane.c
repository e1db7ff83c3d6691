/* TLSA records against certificates made on the spot. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>
#include <gnutls/abstract.h>
#include <gnutls/crypto.h>

#include "net/certificate.h"
#include "net/certificate_dane.h"
#include "authorities.h"
#include "pki.h"

#define DOMAIN "xmpp.example"
#define NAME   "_5269._tcp.host.example"
#define NAMED  .cn = "leaf", .names = {{"dns", DOMAIN, 0}}
#define MANY   40u

/* ---- The world ----------------------------------------------------------- */

static struct pki_party root, stranger, leaf, other, selfmade;
static struct certificate_trust *trust;
static struct domain *domain;

static int make_world(void **state)
{
    (void)state;
    root = pki_make(&(struct pki_spec){.cn = "Root", .ca = true}, NULL);
    stranger = pki_make(&(struct pki_spec){.cn = "Stranger", .ca = true}, NULL);
    leaf = pki_make(&(struct pki_spec){NAMED}, &root);
    other = pki_make(&(struct pki_spec){NAMED}, &root);
    selfmade = pki_make(&(struct pki_spec){NAMED}, NULL);
    const struct pki_party *trusted[] = {&root};
    trust = authorities_load(trusted, 1);
    return domain_parse(DOMAIN, &domain);
}

static int free_world(void **state)
{
    struct pki_party *all[] = {&root, &stranger, &leaf, &other, &selfmade};
    (void)state;
    for (size_t i = 0; i < sizeof(all) / sizeof(all[0]); i++)
        pki_free(all[i]);
    certificate_trust_free(trust);
    free(domain);
    return 0;
}

/* ---- Records ------------------------------------------------------------- */

/* In blocks of their exact size. */
struct records {
    struct dane_record list[MANY];
    size_t count;
};

static void add(struct records *r, int usage, int selector, int matching,
                const void *data, size_t size)
{
    uint8_t *bytes = malloc(3 + size);
    assert_non_null(bytes);
    assert_true(r->count < MANY);
    bytes[0] = (uint8_t)usage;
    bytes[1] = (uint8_t)selector;
    bytes[2] = (uint8_t)matching;
    if (size > 0)
        memcpy(bytes + 3, data, size);
    r->list[r->count++] = (struct dane_record){bytes, 3 + size};
}

/* The certificate or its key, as GnuTLS writes it; to be freed. */
static gnutls_datum_t part_of(const struct pki_party *p, int selector)
{
    gnutls_datum_t out;
    gnutls_pubkey_t key;
    if (selector == 0) {
        pki_must(gnutls_x509_crt_export2(p->crt, GNUTLS_X509_FMT_DER, &out));
        return out;
    }
    pki_must(gnutls_pubkey_init(&key));
    pki_must(gnutls_pubkey_import_x509(key, p->crt, 0));
    pki_must(gnutls_pubkey_export2(key, GNUTLS_X509_FMT_DER, &out));
    gnutls_pubkey_deinit(key);
    return out;
}

/* A record of this party; matching types without a meaning hold a SHA-256. */
static void add_of(struct records *r, int usage, int selector, int matching,
                   const struct pki_party *p)
{
    uint8_t digest[64];
    gnutls_datum_t part = part_of(p, selector);
    if (matching == 0) {
        add(r, usage, selector, matching, part.data, part.size);
    } else {
        bool longer = matching == 2;
        pki_must(
            gnutls_hash_fast(longer ? GNUTLS_DIG_SHA512 : GNUTLS_DIG_SHA256,
                             part.data, part.size, digest));
        add(r, usage, selector, matching, digest, longer ? 64 : 32);
    }
    gnutls_free(part.data);
}

/* The last one, with one bit that is wrong. */
static void spoil(struct records *r, size_t at)
{
    struct dane_record *last = &r->list[r->count - 1];
    ((uint8_t *)(uintptr_t)last->data)[at] ^= 0x10;
}

static void clear(struct records *r)
{
    for (size_t i = 0; i < r->count; i++)
        free((void *)(uintptr_t)r->list[i].data);
    r->count = 0;
}

/* ---- Judging ------------------------------------------------------------- */

struct judged {
    s2s_result *result;
    const char *why;
    int error;
};

static struct certificate_reference reference(const struct records *r)
{
    return (struct certificate_reference){.domain = domain,
                                          .tlsa = r->list,
                                          .tlsa_count = r->count,
                                          .tlsa_name = NAME};
}

/* The records alone. */
static struct judged compare(const struct records *r, const struct pki_party *p,
                             bool pkix)
{
    const unsigned char *chain[] = {p->der.data};
    const size_t sizes[] = {p->der.size};
    const s2s_tls_info info = {.size = sizeof(info),
                               .chain = chain,
                               .chain_sizes = sizes,
                               .chain_length = 1};
    struct certificate_reference ref = reference(r);
    struct judged j = {.result = result_new(S2S_OP_CONNECT)};
    assert_non_null(j.result);
    j.why = certificate_dane_judge(&ref, &info, p->crt, pkix, j.result);
    assert_string_equal(j.result->tlsa.name, NAME);
    return j;
}

/* All of it. */
static struct judged judge(const struct certificate_reference *ref,
                           const struct pki_party *const *parties, size_t count)
{
    const unsigned char *chain[4];
    size_t sizes[4];
    s2s_tls_info info = {.size = sizeof(info),
                         .chain = chain,
                         .chain_sizes = sizes,
                         .chain_length = count};
    struct judged j = {.result = result_new(S2S_OP_CONNECT), .why = NULL};
    assert_non_null(j.result);
    assert_true(count <= 4);
    for (size_t i = 0; i < count; i++) {
        chain[i] = parties[i]->der.data;
        sizes[i] = parties[i]->der.size;
    }
    j.error = certificate_judge(trust, &info, ref, PKI_NOW, j.result, &j.why);
    assert_int_equal(result_verified(j.result), j.error == S2S_OK);
    assert_int_equal(j.why[0] == '\0', j.error == S2S_OK);
    return j;
}

static const char *seen(const struct judged *j, enum finding id)
{
    for (const struct result_finding *f = j->result->findings; f != NULL;
         f = f->next)
        if (f->id == id)
            return f->seen;
    return NULL;
}

static void has(const struct judged *j, enum finding id, const char *text)
{
    const char *found = seen(j, id);
    if (text == NULL) {
        assert_null(found);
        return;
    }
    if (found == NULL)
        fail_msg("%s is missing", finding_info(id)->code);
    assert_string_equal(found, text);
}

/* "m", "x" (mismatch), "u" and "-" (not used), one for each record. */
static void outcomes(const struct judged *j, const char *wanted)
{
    char letters[64] = "";
    size_t n = 0;
    for (const struct result_tlsa *t = j->result->tlsa.records;
         t != NULL && n < sizeof(letters) - 1; t = t->next)
        letters[n++] = "mxu-"[t->outcome];
    assert_string_equal(letters, wanted);
}

static void release(struct judged *j)
{
    result_free(j->result);
}

/* ---- One record ---------------------------------------------------------- */

static char wanted_letter(int usage, int selector, int matching, bool right,
                          bool pkix)
{
    if (usage == 0 || usage == 2)
        return '-';
    if (usage > 3 || selector > 1 || matching > 2)
        return 'u';
    return right && (usage == 3 || pkix) ? 'm' : 'x';
}

static void check_one(const struct records *r, bool right, bool pkix)
{
    const uint8_t *head = r->list[0].data;
    struct judged j = compare(r, &leaf, pkix);
    const char letter[] = {
        wanted_letter(head[0], head[1], head[2], right, pkix), '\0'};
    const struct result_tlsa_set *t = &j.result->tlsa;
    outcomes(&j, letter);
    assert_int_equal(t->records->usage, head[0]);
    assert_int_equal(t->records->selector, head[1]);
    assert_int_equal(t->records->matching, head[2]);
    assert_int_equal(t->unread, 0);
    assert_int_equal(t->verdict, letter[0] == 'm'   ? RESULT_DANE_MATCH
                                 : letter[0] == 'x' ? RESULT_DANE_MISMATCH
                                                    : RESULT_DANE_UNUSABLE);
    assert_int_equal(t->usage, letter[0] == 'm' ? head[0] : -1);
    assert_int_equal(seen(&j, FINDING_DANE_MATCH) != NULL, letter[0] == 'm');
    assert_int_equal(seen(&j, FINDING_DANE_MISMATCH) != NULL, letter[0] == 'x');
    assert_int_equal(seen(&j, FINDING_DANE_UNUSABLE) != NULL, letter[0] == 'u');
    assert_int_equal(seen(&j, FINDING_DANE_TA_ONLY) != NULL, letter[0] == '-');
    assert_int_equal(j.why[0] != '\0', letter[0] == 'x');
    assert_int_equal(j.result->finding_count, 1);
    release(&j);
}

/* Every number, with the right data, another's, and one wrong bit. */
static void numbers(void **state)
{
    static const int usages[] = {0, 1, 2, 3, 4, 255};
    static const int selectors[] = {0, 1, 2, 255};
    static const int matchings[] = {0, 1, 2, 3, 255};
    (void)state;
    for (size_t i = 0; i < 6 * 4 * 5 * 2; i++) {
        int usage = usages[i % 6], selector = selectors[i / 6 % 4],
            matching = matchings[i / 24 % 5];
        bool pkix = i / 120 == 0;
        struct records r = {.count = 0};
        add_of(&r, usage, selector, matching, &leaf);
        check_one(&r, true, pkix);
        spoil(&r, 3);
        check_one(&r, false, pkix);
        spoil(&r, 3);
        spoil(&r, r.list[0].size - 1);
        check_one(&r, false, pkix);
        clear(&r);
        add_of(&r, usage, selector, matching, &other);
        check_one(&r, false, pkix);
        clear(&r);
    }
}

static void lengths(void **state)
{
    static const uint8_t zeros[UINT16_MAX];
    (void)state;
    for (int matching = 0; matching <= 2; matching++)
        for (size_t size = 0; size < 130; size++) {
            struct records r = {.count = 0};
            add(&r, 3, 1, matching, zeros, size);
            bool good =
                matching == 0 ? size > 0 : size == 32u * (unsigned)matching;
            struct judged j = compare(&r, &leaf, true);
            outcomes(&j, good ? "x" : "u");
            release(&j);
            clear(&r);
        }
    for (int i = 0; i < 12; i++) { /* the largest that a record can be */
        struct records r = {.count = 0};
        add(&r, i / 6 == 0 ? 1 : 3, i / 3 % 2, i % 3, zeros, UINT16_MAX - 3);
        struct judged j = compare(&r, &leaf, true);
        outcomes(&j, i % 3 == 0 ? "x" : "u");
        release(&j);
        clear(&r);
    }
}

/* The right digest, with a byte less or more; and the certificate too. */
static void nearly(void **state)
{
    (void)state;
    for (int i = 0; i < 6; i++)
        for (int change = -1; change <= 1; change++) {
            struct records r = {.count = 0};
            add_of(&r, 3, i / 3, i % 3, &leaf);
            size_t size = r.list[0].size;
            uint8_t bytes[2000] = {0};
            assert_true(size < sizeof(bytes));
            memcpy(bytes, r.list[0].data, size);
            clear(&r);
            add(&r, bytes[0], bytes[1], bytes[2], bytes + 3,
                size - 3 + (size_t)(change + 1) - 1);
            struct judged j = compare(&r, &leaf, true);
            outcomes(&j, change == 0 ? "m" : i % 3 == 0 ? "x" : "u");
            release(&j);
            clear(&r);
        }
}

static void cut_off(void **state)
{
    static const uint8_t bytes[] = {3, 1, 1};
    (void)state;
    for (size_t size = 0; size <= 3; size++) {
        uint8_t *copy = malloc(size + 1);
        assert_non_null(copy);
        memcpy(copy + 1, bytes, size);
        struct records r = {.list = {{copy + 1, size}}, .count = 1};
        struct judged j = compare(&r, &leaf, true);
        const struct result_tlsa *t = j.result->tlsa.records;
        outcomes(&j, "u");
        assert_int_equal(t->usage, size > 0 ? 3 : -1);
        assert_int_equal(t->selector, size > 1 ? 1 : -1);
        assert_int_equal(t->matching, size > 2 ? 1 : -1);
        has(&j, FINDING_DANE_UNUSABLE,
            size == 3 ? "3 1 1 at " NAME ": it is cut off"
                      : "a record at " NAME ": it is cut off");
        release(&j);
        free(copy);
    }
    struct records r = {.list = {{NULL, 0}}, .count = 1};
    struct judged j = compare(&r, &leaf, true);
    outcomes(&j, "u");
    release(&j);
    r.list[0] = (struct dane_record){(const uint8_t *)"\2", 1};
    j = compare(&r, &leaf, true);
    outcomes(&j, "-");
    has(&j, FINDING_DANE_TA_ONLY, "a record at " NAME);
    release(&j);
}

static void reasons(void **state)
{
    static const struct {
        uint8_t head[3];
        size_t size;
        const char *seen;
    } rows[] = {
        {{4, 1, 1}, 32, "4 1 1 at " NAME ": its usage is not known"},
        {{3, 2, 1}, 32, "3 2 1 at " NAME ": its selector is not known"},
        {{3, 1, 3}, 32, "3 1 3 at " NAME ": its matching type is not known"},
        {{3, 1, 1}, 20, "3 1 1 at " NAME ": it is not as long as a SHA-256"},
        {{1, 0, 2}, 32, "1 0 2 at " NAME ": it is not as long as a SHA-512"},
        {{255, 255, 255}, 0, "255 255 255 at " NAME ": it is cut off"},
    };
    static const uint8_t zeros[64];
    (void)state;
    for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
        struct records r = {.count = 0};
        add(&r, rows[i].head[0], rows[i].head[1], rows[i].head[2], zeros,
            rows[i].size);
        struct judged j = compare(&r, &leaf, true);
        has(&j, FINDING_DANE_UNUSABLE, rows[i].seen);
        assert_int_equal(j.result->tlsa.verdict, RESULT_DANE_UNUSABLE);
        release(&j);
        clear(&r);
    }
}

/* ---- Several ------------------------------------------------------------- */

static void several(void **state)
{
    struct records r = {.count = 0};
    (void)state;
    add_of(&r, 1, 1, 1, &leaf); /* the one that needs least is told */
    add_of(&r, 3, 1, 2, &leaf);
    add_of(&r, 3, 1, 1, &other);
    add_of(&r, 3, 0, 1, &leaf);
    struct judged j = compare(&r, &leaf, true);
    outcomes(&j, "mmxm");
    assert_int_equal(j.result->tlsa.usage, DANE_USAGE_DANE_EE);
    has(&j, FINDING_DANE_MATCH, "3 1 2 at " NAME);
    has(&j, FINDING_DANE_MISMATCH, NULL);
    release(&j);
    clear(&r);

    add_of(&r, 3, 1, 1, &other);
    add_of(&r, 1, 1, 1, &leaf);
    j = compare(&r, &leaf, true);
    outcomes(&j, "xm");
    assert_int_equal(j.result->tlsa.usage, DANE_USAGE_PKIX_EE);
    release(&j);
    j = compare(&r, &leaf, false);
    outcomes(&j, "xx");
    assert_int_equal(j.result->tlsa.usage, -1);
    has(&j, FINDING_DANE_MISMATCH,
        "1 1 1 at " NAME " is of this certificate, but needs a good chain and "
        "name too");
    assert_string_equal(j.why, seen(&j, FINDING_DANE_MISMATCH));
    release(&j);
    clear(&r);

    add_of(&r, 2, 1, 1, &root); /* what is useless does no harm */
    add(&r, 3, 1, 1, "short", 5);
    add_of(&r, 3, 1, 1, &leaf);
    j = compare(&r, &leaf, false);
    outcomes(&j, "-um");
    assert_int_equal(j.result->tlsa.verdict, RESULT_DANE_MATCH);
    assert_non_null(seen(&j, FINDING_DANE_UNUSABLE));
    has(&j, FINDING_DANE_TA_ONLY, NULL);
    release(&j);
    r.count--;
    j = compare(&r, &leaf, false);
    outcomes(&j, "-u");
    assert_int_equal(j.result->tlsa.verdict, RESULT_DANE_UNUSABLE);
    has(&j, FINDING_DANE_TA_ONLY, "2 1 1 at " NAME);
    assert_string_equal(j.why, "");
    release(&j);
    r.count++;
    clear(&r);
}

/* 32 are looked at. */
static void many(void **state)
{
    (void)state;
    for (size_t good = 30; good < 34; good++) {
        struct records r = {.count = 0};
        char wanted[DANE_RECORDS_MAX + 1];
        memset(wanted, 'x', DANE_RECORDS_MAX);
        wanted[DANE_RECORDS_MAX] = '\0';
        for (size_t i = 0; i < MANY; i++)
            add_of(&r, 3, 1, 1, i == good ? &leaf : &other);
        struct judged j = compare(&r, &leaf, true);
        bool found = good < DANE_RECORDS_MAX;
        if (found)
            wanted[good] = 'm';
        outcomes(&j, wanted);
        assert_int_equal(j.result->tlsa.unread, 8);
        assert_int_equal(j.result->tlsa.verdict,
                         found ? RESULT_DANE_MATCH : RESULT_DANE_MISMATCH);
        has(&j, FINDING_DANE_MISMATCH,
            found ? NULL
                  : "no TLSA record at " NAME " is of this certificate; 8 more "
                    "were not looked at");
        release(&j);
        r.count = DANE_RECORDS_MAX;
        j = compare(&r, &leaf, true);
        assert_int_equal(j.result->tlsa.unread, 0);
        release(&j);
        r.count = MANY;
        clear(&r);
    }
}

/* A record of the same key outlives the certificate, one of the whole of it
 * does not. */
static void renewed(void **state)
{
    (void)state;
    char *key = pki_key_pem(&leaf);
    struct pki_party next =
        pki_make(&(struct pki_spec){NAMED, .key = key}, &root);
    for (int matching = 0; matching <= 2; matching++) {
        struct records r = {.count = 0};
        add_of(&r, 3, 1, matching, &leaf);
        add_of(&r, 3, 0, matching, &leaf);
        struct judged j = compare(&r, &next, true);
        outcomes(&j, "mx");
        release(&j);
        clear(&r);
    }
    pki_free(&next);
    free(key);
}

/* ---- Beside the verdict on chain and name ------------------------------- */

static void absent(void **state)
{
    const struct pki_party *chain[] = {&leaf};
    struct records r = {.count = 0};
    (void)state;
    add_of(&r, 3, 1, 1, &leaf);
    struct certificate_reference ref = reference(&r);
    ref.dane_decides = true;
    ref.tlsa_name = NULL; /* nobody looked */
    struct judged j = judge(&ref, chain, 1);
    assert_int_equal(j.error, S2S_OK);
    assert_int_equal(j.result->tlsa.verdict, RESULT_DANE_NOT_JUDGED);
    assert_null(j.result->tlsa.records);
    release(&j);
    ref.tlsa_name = NAME;
    ref.tlsa_count = 0;
    ref.tlsa = NULL;
    j = judge(&ref, chain, 1);
    assert_int_equal(j.error, S2S_OK);
    assert_int_equal(j.result->tlsa.verdict, RESULT_DANE_NONE);
    has(&j, FINDING_DANE_UNUSABLE, NULL);
    release(&j);
    clear(&r);
}

struct decide_row {
    const char *title;
    struct pki_spec leaf;
    const struct pki_party *issuer;
    int usage;
    bool right;      /* the record is of the leaf */
    int error;       /* by chain and name */
    int decided;     /* with dane_decides */
    const char *why; /* then */
};

#define MISMATCH "no TLSA record at " NAME " is of this certificate"
#define SPOILED                                                                \
    "1 1 1 at " NAME " is of this certificate, but needs a good chain and "    \
    "name too"

static const struct decide_row decide_rows[] = {
    {"good, EE", {NAMED}, &root, 3, true, S2S_OK, S2S_OK, ""},
    {"good, PKIX-EE", {NAMED}, &root, 1, true, S2S_OK, S2S_OK, ""},
    {"good, not of it",
     {NAMED},
     &root,
     3,
     false,
     S2S_OK,
     S2S_ECERT_UNTRUSTED,
     MISMATCH},
    {"good, not of it, PKIX-EE",
     {NAMED},
     &root,
     1,
     false,
     S2S_OK,
     S2S_ECERT_UNTRUSTED,
     MISMATCH},
    {"good, authority's", {NAMED}, &root, 2, true, S2S_OK, S2S_OK, ""},
    {"good, of another", {NAMED}, &root, 2, false, S2S_OK, S2S_OK, ""},
    {"expired, EE",
     {NAMED, .begin = -90, .end = -10},
     &root,
     3,
     true,
     S2S_ECERT_EXPIRED,
     S2S_OK,
     ""},
    {"expired, PKIX-EE",
     {NAMED, .begin = -90, .end = -10},
     &root,
     1,
     true,
     S2S_ECERT_EXPIRED,
     S2S_ECERT_UNTRUSTED,
     SPOILED},
    {"not yet valid, EE",
     {NAMED, .begin = 10, .end = 90},
     &root,
     3,
     true,
     S2S_ECERT_EXPIRED,
     S2S_OK,
     ""},
    {"wrong name, EE",
     {.names = {{"dns", "wrong.test", 0}}},
     &root,
     3,
     true,
     S2S_ECERT_NAME,
     S2S_OK,
     ""},
    {"wrong name, PKIX-EE",
     {.names = {{"dns", "wrong.test", 0}}},
     &root,
     1,
     true,
     S2S_ECERT_NAME,
     S2S_ECERT_UNTRUSTED,
     SPOILED},
    {"stranger's, EE",
     {NAMED},
     &stranger,
     3,
     true,
     S2S_ECERT_UNTRUSTED,
     S2S_OK,
     ""},
    {"stranger's, PKIX-EE",
     {NAMED},
     &stranger,
     1,
     true,
     S2S_ECERT_UNTRUSTED,
     S2S_ECERT_UNTRUSTED,
     SPOILED},
    {"self-signed, EE",
     {NAMED},
     NULL,
     3,
     true,
     S2S_ECERT_UNTRUSTED,
     S2S_OK,
     ""},
    {"self-signed, not of it",
     {NAMED},
     NULL,
     3,
     false,
     S2S_ECERT_UNTRUSTED,
     S2S_ECERT_UNTRUSTED,
     MISMATCH},
    {"self-signed, as an authority",
     {NAMED},
     NULL,
     2,
     true,
     S2S_ECERT_UNTRUSTED,
     S2S_ECERT_UNTRUSTED,
     "the certificate is self-signed"},
    {"nameless and for mail, EE",
     {.cn = NULL, .eku = GNUTLS_KP_EMAIL_PROTECTION},
     NULL,
     3,
     true,
     S2S_ECERT_UNTRUSTED,
     S2S_OK,
     ""},
};

/* DANE decides only when it may, and never changes what the rest is. */
static void check_decision(const struct decide_row *row, bool decides)
{
    struct pki_party p = pki_make(&row->leaf, row->issuer);
    const struct pki_party *chain[] = {&p};
    struct records r = {.count = 0};
    add_of(&r, row->usage, 1, 1, row->right ? &p : &other);
    const struct certificate_reference plain = {.domain = domain};
    struct certificate_reference ref = reference(&r);
    ref.dane_decides = decides;
    struct judged before = judge(&plain, chain, 1);
    struct judged j = judge(&ref, chain, 1);
    if (before.error != row->error ||
        j.error != (decides ? row->decided : row->error))
        fail_msg("%s: %d, then %d, %s", row->title, before.error, j.error,
                 j.why);
    assert_string_equal(j.why, decides ? row->why : before.why);
    const struct result_certificate *c = &j.result->tls.certificate;
    assert_int_equal(c->chain, before.result->tls.certificate.chain);
    assert_int_equal(c->name, before.result->tls.certificate.name);
    release(&j);
    release(&before);
    clear(&r);
    pki_free(&p);
}

static void decisions(void **state)
{
    (void)state;
    for (size_t i = 0; i < sizeof(decide_rows) / sizeof(decide_rows[0]); i++)
        for (int decides = 0; decides < 2; decides++)
            check_decision(&decide_rows[i], decides != 0);
}

/* With a name through the SRV target usage 1 is good too. */
static void target(void **state)
{
    struct domain *host;
    (void)state;
    assert_int_equal(domain_parse("host.example", &host), 0);
    struct pki_party p = pki_make(
        &(struct pki_spec){.names = {{"dns", "host.example", 0}}}, &root);
    const struct pki_party *chain[] = {&p};
    struct records r = {.count = 0};
    add_of(&r, 1, 1, 1, &p);
    struct certificate_reference ref = reference(&r);
    ref.dane_decides = true;
    struct judged j = judge(&ref, chain, 1);
    assert_int_equal(j.error, S2S_ECERT_UNTRUSTED);
    release(&j);
    ref.target = host;
    j = judge(&ref, chain, 1);
    assert_int_equal(j.error, S2S_OK);
    assert_int_equal(j.result->tlsa.usage, DANE_USAGE_PKIX_EE);
    release(&j);
    clear(&r);
    pki_free(&p);
    free(host);
}

/* An authority of the record that is sent along proves nothing: here a
 * stranger signed the leaf. Nor does any certificate but the leaf. */
static void forged(void **state)
{
    (void)state;
    struct pki_party p = pki_make(&(struct pki_spec){NAMED}, &stranger);
    const struct pki_party *chain[] = {&p, &stranger, &root};
    for (int i = 0; i < 4 * 6; i++) {
        int usage = i % 4;
        struct records r = {.count = 0};
        add_of(&r, usage, i / 4 % 2, i / 8, &root);
        add_of(&r, usage, i / 4 % 2, i / 8, &stranger);
        struct certificate_reference ref = reference(&r);
        ref.dane_decides = true;
        struct judged j = judge(&ref, chain, 3);
        bool used = usage % 2 == 1;
        outcomes(&j, used ? "xx" : "--");
        assert_int_equal(j.error, S2S_ECERT_UNTRUSTED);
        assert_int_equal(j.result->tlsa.verdict,
                         used ? RESULT_DANE_MISMATCH : RESULT_DANE_UNUSABLE);
        assert_int_equal(seen(&j, FINDING_DANE_TA_ONLY) != NULL, !used);
        assert_int_equal(j.result->tls.certificate.chain, RESULT_UNTRUSTED);
        release(&j);
        clear(&r);
    }
    pki_free(&p);
}

static void bogus(void **state)
{
    const struct pki_party *chain[] = {&leaf};
    struct records r = {.count = 0};
    (void)state;
    add_of(&r, 3, 1, 1, &leaf); /* that are not looked at */
    for (int i = 0; i < 4; i++) {
        struct certificate_reference ref = reference(&r);
        ref.tlsa_bogus = true;
        ref.tlsa_count = i / 2 == 0 ? 0 : 1;
        ref.dane_decides = i % 2 != 0;
        struct judged j = judge(&ref, chain, 1);
        assert_int_equal(j.error,
                         ref.dane_decides ? S2S_ECERT_UNTRUSTED : S2S_OK);
        assert_int_equal(j.result->tlsa.verdict, RESULT_DANE_BOGUS);
        assert_null(j.result->tlsa.records);
        has(&j, FINDING_DANE_BOGUS,
            "the TLSA answer for " NAME " is not to be trusted");
        if (ref.dane_decides)
            assert_string_equal(j.why, seen(&j, FINDING_DANE_BOGUS));
        release(&j);
    }
    clear(&r);
}

/* Without a certificate nothing matches; what cannot be read is compared, and
 * proves nothing. */
static void unreadable(void **state)
{
    static uint8_t rubbish[] = {0x30, 3, 1, 1, 0};
    const struct pki_party p = {.der = {rubbish, sizeof(rubbish)}};
    const struct pki_party *chain[] = {&p};
    struct records r = {.count = 0};
    (void)state;
    add(&r, 3, 0, 0, rubbish, sizeof(rubbish));
    add(&r, 3, 1, 0, rubbish, sizeof(rubbish));
    struct certificate_reference ref = reference(&r);
    ref.dane_decides = true;
    struct judged j = judge(&ref, chain, 1);
    outcomes(&j, "mx");
    assert_int_equal(j.error, S2S_ECERT_UNTRUSTED);
    assert_string_equal(j.why, "the certificate cannot be read");
    release(&j);
    j = judge(&ref, chain, 0);
    outcomes(&j, "xx");
    assert_int_equal(j.error, S2S_ECERT_UNTRUSTED);
    release(&j);
    clear(&r);
}

/* A certificate in which GnuTLS finds the key of one party: it passes over the
 * version, whatever the length around that says; and another reader finds that
 * of the other, by skipping this length into an extension. */
static size_t two_keys(const struct pki_party *p,
                       const struct pki_party *hidden, uint8_t *out,
                       size_t size)
{
    static const uint8_t fields[] = {5, 0, 5, 0, 5, 0, 5, 0, 5, 0};
    static const uint8_t zeros[sizeof(fields) + 8] = {0};
    gnutls_datum_t key = part_of(hidden, 1);
    size_t n = p->der.size;
    assert_true(n + 2 <= size && n < 0xff00);
    assert_int_equal(p->der.data[1], 0x82);
    assert_int_equal(p->der.data[5], 0x82);
    assert_int_equal(p->der.data[8], 0xa0);
    /* Both outer lengths grow by the two bytes of a longer length. */
    memcpy(out, p->der.data, 8);
    for (int at = 2; at <= 6; at += 4) {
        unsigned length = ((unsigned)out[at] << 8 | out[at + 1]) + 2u;
        out[at] = (uint8_t)(length >> 8);
        out[at + 1] = (uint8_t)length;
    }
    memcpy(out + 12, p->der.data + 10, n - 10);
    n += 2;
    uint8_t *padding = memmem(out, n, zeros, sizeof(zeros));
    assert_non_null(padding);
    memcpy(padding, fields, sizeof(fields));
    memcpy(padding + sizeof(fields), key.data, key.size);
    gnutls_free(key.data);
    size_t skip = (size_t)(padding - (out + 12));
    out[8] = 0xa0;
    out[9] = 0x82;
    out[10] = (uint8_t)(skip >> 8);
    out[11] = (uint8_t)skip;
    return n;
}

static void hidden_key(void **state)
{
    uint8_t der[2000];
    (void)state;
    struct pki_party p =
        pki_make(&(struct pki_spec){NAMED, .padding = 400}, NULL);
    struct pki_party q = {.key = NULL};
    q.der =
        (gnutls_datum_t){der, (unsigned)two_keys(&p, &leaf, der, sizeof(der))};
    pki_must(gnutls_x509_crt_init(&q.crt));
    pki_must(gnutls_x509_crt_import(q.crt, &q.der, GNUTLS_X509_FMT_DER));
    gnutls_datum_t found = part_of(&q, 1), wanted = part_of(&p, 1);
    assert_int_equal(found.size, wanted.size);
    assert_memory_equal(found.data, wanted.data, wanted.size);
    gnutls_free(found.data);
    gnutls_free(wanted.data);
    const struct pki_party *chain[] = {&q};
    struct records r = {.count = 0};
    for (int matching = 0; matching <= 2; matching++)
        add_of(&r, 3, 1, matching, &leaf);
    struct certificate_reference ref = reference(&r);
    ref.dane_decides = true;
    struct judged j = judge(&ref, chain, 1);
    outcomes(&j, "xxx");
    assert_int_equal(j.error, S2S_ECERT_UNTRUSTED);
    release(&j);
    clear(&r);
    gnutls_x509_crt_deinit(q.crt);
    pki_free(&p);
}

/* The bytes of the key count only when GnuTLS reads the same key. */
static void disputed_key(void **state)
{
    const unsigned char *ders[] = {leaf.der.data};
    const size_t sizes[] = {leaf.der.size};
    const s2s_tls_info info = {.size = sizeof(info),
                               .chain = ders,
                               .chain_sizes = sizes,
                               .chain_length = 1};
    struct records r = {.count = 0};
    (void)state;
    add_of(&r, 3, 1, 1, &leaf);
    add_of(&r, 3, 1, 1, &other);
    struct certificate_reference ref = reference(&r);
    struct judged j = {.result = result_new(S2S_OP_CONNECT)};
    assert_non_null(j.result);
    j.why = certificate_dane_judge(&ref, &info, other.crt, true, j.result);
    outcomes(&j, "xx");
    j.why = certificate_dane_judge(&ref, &info, leaf.crt, true, j.result);
    outcomes(&j, "mx");
    release(&j);
    clear(&r);
}

/* A record that is full does not hide what DANE says. */
static void full(void **state)
{
    static char name[3000];
    const unsigned char *ders[] = {leaf.der.data};
    const size_t sizes[] = {leaf.der.size};
    const s2s_tls_info info = {.size = sizeof(info),
                               .chain = ders,
                               .chain_sizes = sizes,
                               .chain_length = 1};
    struct records r = {.count = 0};
    (void)state;
    memset(name, 'n', sizeof(name) - 1);
    add_of(&r, 3, 1, 1, &other);
    struct certificate_reference ref = reference(&r);
    ref.tlsa_name = name;
    s2s_result *result = result_new(S2S_OP_CONNECT);
    assert_non_null(result);
    result->full = true;
    const char *why =
        certificate_dane_judge(&ref, &info, leaf.crt, true, result);
    assert_int_equal(result->tlsa.verdict, RESULT_DANE_MISMATCH);
    assert_null(result->tlsa.name);
    assert_string_equal(why,
                        "no TLSA record at the target is of this certificate");
    result_free(result);
    clear(&r);
}

/* Judged again, only the second time counts. */
static void twice(void **state)
{
    const struct pki_party *chain[] = {&leaf};
    struct records r = {.count = 0};
    (void)state;
    add_of(&r, 3, 1, 1, &leaf);
    struct certificate_reference ref = reference(&r);
    struct judged j = judge(&ref, chain, 1);
    const s2s_tls_info info = {.size = sizeof(info)};
    ref.tlsa_name = NULL;
    assert_string_equal(
        certificate_dane_judge(&ref, &info, NULL, true, j.result), "");
    assert_int_equal(j.result->tlsa.verdict, RESULT_DANE_NOT_JUDGED);
    outcomes(&j, "");
    release(&j);
    clear(&r);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(numbers),    cmocka_unit_test(lengths),
        cmocka_unit_test(nearly),     cmocka_unit_test(cut_off),
        cmocka_unit_test(reasons),    cmocka_unit_test(several),
        cmocka_unit_test(many),       cmocka_unit_test(renewed),
        cmocka_unit_test(absent),     cmocka_unit_test(decisions),
        cmocka_unit_test(target),     cmocka_unit_test(forged),
        cmocka_unit_test(bogus),      cmocka_unit_test(unreadable),
        cmocka_unit_test(hidden_key), cmocka_unit_test(disputed_key),
        cmocka_unit_test(full),       cmocka_unit_test(twice),
    };
    return cmocka_run_group_tests_name("net/certificate_dane", tests,
                                       make_world, free_world);
}
