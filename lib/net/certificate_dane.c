/*
 * libgnutls-dane is not used: for usage 2 it accepts a chain that merely brings
 * the certificate of the record along, with no link to it; and it asks DNS by
 * itself, blocking.
 */
#include "net/certificate_dane.h"

#include <gnutls/abstract.h>
#include <gnutls/crypto.h>
#include <gnutls/gnutls.h>
#include <stdio.h>
#include <string.h>

#include "net/certificate_verdict.h"
#include "net/der.h"

#define HEAD 3u /* usage, selector, matching type */

enum { SELECTOR_CERTIFICATE = 0, SELECTOR_KEY = 1 };
enum { MATCHING_EXACT = 0, MATCHING_SHA256 = 1, MATCHING_SHA512 = 2 };

#define TEXT   40 /* "3 1 1" */
#define SHA256 32u
#define SHA512 64u

/* One judgement. */
struct dane_case {
    s2s_result *result;
    const char *name;
    struct der parts[2]; /* by selector; empty: there is none */
    bool pkix;
    unsigned usable, not_used;
    char pkix_only[TEXT];   /* a record of the leaf that chain or name spoil */
    char matched[TEXT];     /* the record that did */
    char not_used_by[TEXT]; /* the first one */
};

struct association { /* RFC 6698, 2.1 */
    int usage, selector, matching;
    struct der data;
};

/* ---- One record -------------------------------------------------------- */

static struct association read_record(const struct dane_record *record)
{
    struct association a = {-1, -1, -1, {NULL, 0}};
    int *const fields[HEAD] = {&a.usage, &a.selector, &a.matching};
    for (size_t i = 0; i < HEAD && i < record->size; i++)
        *fields[i] = record->data[i];
    if (record->size > HEAD)
        a.data = (struct der){record->data + HEAD, record->size - HEAD};
    return a;
}

/* Why it cannot be used (RFC 6698, 4.1); NULL when it can. */
static const char *fault_of(const struct association *a)
{
    if (a->data.left == 0)
        return "it is cut off";
    if (a->usage > DANE_USAGE_DANE_EE)
        return "its usage is not known";
    if (a->selector > SELECTOR_KEY)
        return "its selector is not known";
    if (a->matching > MATCHING_SHA512)
        return "its matching type is not known";
    if (a->matching == MATCHING_SHA256 && a->data.left != SHA256)
        return "it is not as long as a SHA-256";
    if (a->matching == MATCHING_SHA512 && a->data.left != SHA512)
        return "it is not as long as a SHA-512";
    return NULL;
}

/* Of a usable record. */
static bool is_of(const struct association *a, const struct der *part)
{
    uint8_t digest[SHA512];
    const struct der *wanted = &a->data;
    if (part->left == 0)
        return false;
    if (a->matching == MATCHING_EXACT)
        return wanted->left == part->left &&
               memcmp(wanted->data, part->data, part->left) == 0;
    gnutls_digest_algorithm_t algorithm =
        a->matching == MATCHING_SHA256 ? GNUTLS_DIG_SHA256 : GNUTLS_DIG_SHA512;
    return gnutls_hash_fast(algorithm, part->data, part->left, digest) == 0 &&
           memcmp(wanted->data, digest, wanted->left) == 0;
}

static void head_text(const struct association *a, char out[TEXT])
{
    if (a->matching < 0)
        (void)snprintf(out, TEXT, "a record");
    else
        (void)snprintf(out, TEXT, "%d %d %d", a->usage, a->selector,
                       a->matching);
}

static void keep_first(const struct association *a, char out[TEXT])
{
    if (out[0] == '\0')
        head_text(a, out);
}

static void tell_unusable(const struct dane_case *d,
                          const struct association *a, const char *fault)
{
    char head[TEXT];
    head_text(a, head);
    (void)certificate_verdict_find(d->result, FINDING_DANE_UNUSABLE,
                                   "%s at %.250s: %s", head, d->name, fault);
}

static enum result_tlsa_outcome compare(struct dane_case *d,
                                        const struct association *a)
{
    struct result_tlsa_set *t = &d->result->tlsa;
    d->usable++;
    if (!is_of(a, &d->parts[a->selector]))
        return RESULT_TLSA_MISMATCH;
    if (a->usage == DANE_USAGE_PKIX_EE && !d->pkix) {
        keep_first(a, d->pkix_only);
        return RESULT_TLSA_MISMATCH;
    }
    if (a->usage > t->usage) {
        t->usage = a->usage;
        head_text(a, d->matched);
    }
    return RESULT_TLSA_MATCH;
}

static enum result_tlsa_outcome judge_record(struct dane_case *d,
                                             const struct association *a)
{
    if (a->usage == DANE_USAGE_PKIX_TA || a->usage == DANE_USAGE_DANE_TA) {
        d->not_used++;
        keep_first(a, d->not_used_by);
        return RESULT_TLSA_NOT_USED;
    }
    const char *fault = fault_of(a);
    if (fault == NULL)
        return compare(d, a);
    tell_unusable(d, a, fault);
    return RESULT_TLSA_UNUSABLE;
}

static void judge_records(struct dane_case *d,
                          const struct certificate_reference *ref)
{
    for (size_t i = 0; i < ref->tlsa_count && i < DANE_RECORDS_MAX; i++) {
        struct association a = read_record(&ref->tlsa[i]);
        enum result_tlsa_outcome outcome = judge_record(d, &a);
        struct result_tlsa *t = result_add_tlsa(d->result);
        if (t == NULL)
            continue;
        t->usage = a.usage;
        t->selector = a.selector;
        t->matching = a.matching;
        t->outcome = outcome;
    }
    if (ref->tlsa_count > DANE_RECORDS_MAX)
        d->result->tlsa.unread = ref->tlsa_count - DANE_RECORDS_MAX;
}

/* ---- All of them ------------------------------------------------------- */

static enum result_dane verdict_of(const struct dane_case *d,
                                   const struct certificate_reference *ref)
{
    if (ref->tlsa_bogus)
        return RESULT_DANE_BOGUS;
    if (ref->tlsa_count == 0)
        return RESULT_DANE_NONE;
    if (d->usable == 0)
        return RESULT_DANE_UNUSABLE;
    return d->result->tlsa.usage >= 0 ? RESULT_DANE_MATCH
                                      : RESULT_DANE_MISMATCH;
}

static const char *tell_mismatch(const struct dane_case *d)
{
    char more[64] = "";
    size_t unread = d->result->tlsa.unread;
    if (d->pkix_only[0] != '\0')
        return certificate_verdict_find(
            d->result, FINDING_DANE_MISMATCH,
            "%s at %.250s is of this certificate, but needs a good chain and "
            "name too",
            d->pkix_only, d->name);
    if (unread > 0)
        (void)snprintf(more, sizeof(more), "; %zu more were not looked at",
                       unread);
    return certificate_verdict_find(d->result, FINDING_DANE_MISMATCH,
                                    "no TLSA record at %.250s is of this "
                                    "certificate%s",
                                    d->name, more);
}

/* Those that cannot be used are told already. */
static const char *tell(const struct dane_case *d, enum result_dane verdict)
{
    s2s_result *r = d->result;
    switch (verdict) {
    case RESULT_DANE_MATCH:
        (void)certificate_verdict_find(r, FINDING_DANE_MATCH, "%s at %.250s",
                                       d->matched, d->name);
        return "";
    case RESULT_DANE_MISMATCH:
        return tell_mismatch(d);
    case RESULT_DANE_BOGUS:
        return certificate_verdict_find(
            r, FINDING_DANE_BOGUS,
            "the TLSA answer for %.250s is not to be "
            "trusted",
            d->name);
    case RESULT_DANE_UNUSABLE:
        if (d->not_used > 0)
            (void)certificate_verdict_find(r, FINDING_DANE_TA_ONLY,
                                           "%s at %.250s", d->not_used_by,
                                           d->name);
        return "";
    default:
        return "";
    }
}

/* Whether the bytes are of the key that GnuTLS takes for the leaf's. A peer may
 * write a certificate in which two readers find two keys: the key of a record
 * must be the one that it has proved to hold. */
static bool is_key_of(const struct der *key, gnutls_x509_crt_t leaf)
{
    const gnutls_datum_t bytes = {(unsigned char *)(uintptr_t)key->data,
                                  (unsigned)key->left};
    gnutls_pubkey_t ours = NULL, theirs = NULL;
    gnutls_datum_t a = {NULL, 0}, b = {NULL, 0};
    bool same = gnutls_pubkey_init(&ours) == 0 &&
                gnutls_pubkey_init(&theirs) == 0 &&
                gnutls_pubkey_import(ours, &bytes, GNUTLS_X509_FMT_DER) == 0 &&
                gnutls_pubkey_import_x509(theirs, leaf, 0) == 0 &&
                gnutls_pubkey_export2(ours, GNUTLS_X509_FMT_DER, &a) == 0 &&
                gnutls_pubkey_export2(theirs, GNUTLS_X509_FMT_DER, &b) == 0 &&
                a.size == b.size && memcmp(a.data, b.data, a.size) == 0;
    gnutls_free(a.data);
    gnutls_free(b.data);
    if (ours != NULL)
        gnutls_pubkey_deinit(ours);
    if (theirs != NULL)
        gnutls_pubkey_deinit(theirs);
    return same;
}

/* The leaf as it stands, and its key. */
static void find_parts(struct dane_case *d, const s2s_tls_info *info,
                       gnutls_x509_crt_t leaf)
{
    struct der whole, key;
    if (info->chain_length == 0)
        return;
    whole = (struct der){info->chain[0], info->chain_sizes[0]};
    d->parts[SELECTOR_CERTIFICATE] = whole;
    if (leaf != NULL && der_certificate_key(whole.data, whole.left, &key) &&
        is_key_of(&key, leaf))
        d->parts[SELECTOR_KEY] = key;
}

const char *certificate_dane_judge(const struct certificate_reference *ref,
                                   const s2s_tls_info *info,
                                   struct gnutls_x509_crt_int *leaf, bool pkix,
                                   s2s_result *result)
{
    struct result_tlsa_set *t = &result->tlsa;
    struct dane_case d = {.result = result, .pkix = pkix};
    *t = (struct result_tlsa_set){.last = &t->records, .usage = -1};
    if (ref->tlsa_name == NULL)
        return "";
    d.name = result_untrusted(result, ref->tlsa_name, strlen(ref->tlsa_name));
    t->name = d.name;
    if (d.name == NULL) /* the verdict counts all the same */
        d.name = "the target";
    find_parts(&d, info, leaf);
    if (!ref->tlsa_bogus)
        judge_records(&d, ref);
    t->verdict = verdict_of(&d, ref);
    return tell(&d, t->verdict);
}
