/*
 * TLSA records and a leaf. Input: one byte of flags (1: the chain and name are
 * good, 2: bogus); then a length of two bytes and a leaf; then records, each
 * after a length of two bytes. A record cut off by the end counts as it is.
 */
#include <gnutls/abstract.h>
#include <gnutls/gnutls.h>
#include <gnutls/x509.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include "base/utf8.h"
#include "net/certificate_dane.h"
#include "net/der.h"

#define RECORDS 64u

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static void must(int condition)
{
    if (!condition)
        abort();
}

/* What the length says, or as much as there is. */
static struct der piece(struct der *input)
{
    struct der out = {input->data, 0};
    if (input->left < 2)
        return out;
    size_t n = (size_t)input->data[0] << 8 | input->data[1];
    out = (struct der){input->data + 2, input->left - 2};
    if (n < out.left)
        out.left = n;
    *input = (struct der){out.data + out.left, input->left - 2 - out.left};
    return out;
}

static unsigned key_id(gnutls_pubkey_t key, uint8_t id[64])
{
    size_t size = 64;
    return gnutls_pubkey_get_key_id(key, GNUTLS_KEYID_USE_SHA256, id, &size) ==
                   0
               ? (unsigned)size
               : 0;
}

/* The key that we find is the one that GnuTLS uses: a record that matches one
 * must not let another in. */
static void compare_keys(gnutls_x509_crt_t crt, const struct der *ours)
{
    gnutls_pubkey_t theirs, found;
    const gnutls_datum_t datum = {(unsigned char *)(uintptr_t)ours->data,
                                  (unsigned)ours->left};
    uint8_t a[64], b[64];
    must(gnutls_pubkey_init(&theirs) == 0);
    must(gnutls_pubkey_init(&found) == 0);
    if (gnutls_pubkey_import_x509(theirs, crt, 0) == 0) {
        unsigned length = key_id(theirs, a);
        if (length > 0 &&
            gnutls_pubkey_import(found, &datum, GNUTLS_X509_FMT_DER) == 0)
            must(key_id(found, b) == length && memcmp(a, b, length) == 0);
        else
            must(length == 0);
    }
    gnutls_pubkey_deinit(theirs);
    gnutls_pubkey_deinit(found);
}

/* NULL when GnuTLS cannot read it; keys that cost too much are left out. */
static gnutls_x509_crt_t read_leaf(const struct der *leaf)
{
    gnutls_x509_crt_t crt;
    const gnutls_datum_t datum = {(unsigned char *)(uintptr_t)leaf->data,
                                  (unsigned)leaf->left};
    if (der_certificate_key_size(leaf->data, leaf->left) > DER_KEY_SIZE_MAX)
        return NULL;
    must(gnutls_x509_crt_init(&crt) == 0);
    if (gnutls_x509_crt_import(crt, &datum, GNUTLS_X509_FMT_DER) == 0)
        return crt;
    gnutls_x509_crt_deinit(crt);
    return NULL;
}

/* Each outcome follows from the numbers; the verdict from the outcomes. */
static void check(const s2s_result *r, size_t count, int pkix, int bogus)
{
    const struct result_tlsa_set *s = &r->tlsa;
    unsigned seen[4] = {0, 0, 0, 0};
    size_t total = 0;
    int usage = -1;
    for (const struct result_tlsa *t = s->records; t != NULL; t = t->next) {
        seen[t->outcome]++;
        total++;
        must((t->outcome == RESULT_TLSA_NOT_USED) ==
             (t->usage == 0 || t->usage == 2));
        if (t->outcome != RESULT_TLSA_MATCH &&
            t->outcome != RESULT_TLSA_MISMATCH)
            continue;
        must((t->usage == 1 || t->usage == 3) && t->selector >= 0 &&
             t->selector <= 1 && t->matching >= 0 && t->matching <= 2);
        if (t->outcome == RESULT_TLSA_MATCH && t->usage > usage)
            usage = t->usage;
    }
    must(s->usage == usage && (usage != 1 || pkix));
    if (bogus) {
        must(s->verdict == RESULT_DANE_BOGUS && total == 0);
        return;
    }
    must(total + s->unread == count && total <= DANE_RECORDS_MAX);
    must((s->verdict == RESULT_DANE_NONE) == (count == 0));
    must((s->verdict == RESULT_DANE_MATCH) == (seen[RESULT_TLSA_MATCH] > 0));
    must((s->verdict == RESULT_DANE_MISMATCH) ==
         (seen[RESULT_TLSA_MATCH] == 0 && seen[RESULT_TLSA_MISMATCH] > 0));
}

static void judge(const struct der *leaf, gnutls_x509_crt_t crt,
                  const struct dane_record *records, size_t count,
                  uint8_t flags)
{
    const unsigned char *chain[] = {leaf->data};
    const size_t sizes[] = {leaf->left};
    const s2s_tls_info info = {.size = sizeof(info),
                               .chain = chain,
                               .chain_sizes = sizes,
                               .chain_length = leaf->left > 0 ? 1 : 0};
    const struct certificate_reference ref = {
        .tlsa = records,
        .tlsa_count = count,
        .tlsa_name = "_5269._tcp.xmpp.example",
        .tlsa_bogus = (flags & 2) != 0,
    };
    s2s_result *r = result_new(S2S_OP_CONNECT);
    must(r != NULL);
    const char *why = certificate_dane_judge(&ref, &info, crt, flags & 1, r);
    must(!r->no_memory && !r->full);
    check(r, count, flags & 1, flags & 2);
    must((why[0] != '\0') == (r->tlsa.verdict == RESULT_DANE_MISMATCH ||
                              r->tlsa.verdict == RESULT_DANE_BOGUS));
    for (const struct result_finding *f = r->findings; f != NULL; f = f->next)
        must(utf8_valid(f->seen, strlen(f->seen)));
    result_free(r);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    struct dane_record records[RECORDS];
    size_t count = 0;
    if (size == 0)
        return 0;
    struct der rest = {data + 1, size - 1};
    struct der leaf = piece(&rest);
    struct der key;
    while (rest.left >= 2 && count < RECORDS) {
        struct der one = piece(&rest);
        records[count++] = (struct dane_record){one.data, one.left};
    }
    gnutls_x509_crt_t crt = read_leaf(&leaf);
    judge(&leaf, crt, records, count, data[0]);
    if (crt == NULL)
        return 0;
    if (der_certificate_key(leaf.data, leaf.left, &key))
        compare_keys(crt, &key);
    gnutls_x509_crt_deinit(crt);
    return 0;
}
