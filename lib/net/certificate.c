#include "net/certificate.h"

#include <stdio.h>
#include <string.h>

#include "base/error.h"
#include "net/certificate_chain.h"
#include "net/certificate_dane.h"
#include "net/certificate_facts.h"
#include "net/certificate_issuers.h"
#include "net/certificate_verdict.h"

#define TEXT_MAX  400
#define NAMES_MAX 4u /* told in a text */

/* ---- The name ---------------------------------------------------------- */

/* "a.example, b.example and 3 more" */
static void list_names(const struct result_certificate *c, char *out,
                       size_t size)
{
    size_t length = 0;
    unsigned told = 0;
    for (const struct result_name *n = c->names;
         n != NULL && told < NAMES_MAX && length < size; n = n->next, told++)
        length += (size_t)snprintf(out + length, size - length, "%s%.60s",
                                   told > 0 ? ", " : "", n->value);
    if (length < size && told < c->name_count)
        (void)snprintf(out + length, size - length, " and %u more",
                       c->name_count - told);
}

static const char *judge_name(struct certificate_case *j)
{
    struct result_certificate *c = &j->result->tls.certificate;
    char names[TEXT_MAX] = "nobody";
    const char *domain = domain_name(j->reference->domain);
    bool dns_only = certificate_chain_dns_only(j->path);
    c->name = certificate_name_judge(j->path->crts[0], j->reference, dns_only,
                                     j->result);
    if (c->name == RESULT_OK)
        return "";
    if (c->name == RESULT_CN_ONLY)
        result_find(j->result, FINDING_CERT_CN_ONLY, domain);
    list_names(c, names, sizeof(names));
    return certificate_verdict_find(
        j->result, FINDING_CERT_NAME,
        "the certificate is for %s, not for %.100s%s", names, domain,
        c->name == RESULT_CN_ONLY ? " (a common name does not count)"
        : dns_only ? " (its authority is held to certain dNSNames)"
                   : "");
}

/* ---- The verdict ------------------------------------------------------- */

static int error_of(enum result_verdict chain, enum result_verdict name)
{
    if (chain == RESULT_EXPIRED || chain == RESULT_NOT_YET_VALID)
        return S2S_ECERT_EXPIRED;
    if (chain != RESULT_OK)
        return S2S_ECERT_UNTRUSTED;
    return name == RESULT_OK ? S2S_OK : S2S_ECERT_NAME;
}

/* Not even a leaf. */
static int judge_nothing(s2s_result *r, const s2s_tls_info *info,
                         const char **why)
{
    struct result_certificate *c = &r->tls.certificate;
    c->chain = RESULT_UNTRUSTED;
    c->name = RESULT_NAME_MISMATCH;
    *why = certificate_verdict_find(r, FINDING_CERT_INVALID, "%s",
                                    info->chain_length == 0
                                        ? "the peer sent no certificate"
                                        : "the certificate cannot be read");
    return S2S_ECERT_UNTRUSTED;
}

static int judge_path(struct certificate_case *j, const s2s_tls_info *info,
                      struct gnutls_x509_trust_list_st *trust, const char **why)
{
    struct result_certificate *c = &j->result->tls.certificate;
    certificate_verdict_chain(j, info, trust);
    const char *name_why = judge_name(j);
    c->chain = j->chain;
    *why = j->chain != RESULT_OK ? j->why : name_why;
    return error_of(c->chain, c->name);
}

static int find_path(struct certificate_trust *trust, const s2s_tls_info *info,
                     int64_t now, struct certificate_chain *chain,
                     struct certificate_path *path)
{
    struct gnutls_x509_trust_list_st *list = certificate_trust_list(trust);
    struct certificate_issuers *issuers = certificate_trust_issuers(trust);
    if (certificate_issuers_find(issuers, info, chain->crts[0], now, path))
        return S2S_OK;
    int e = certificate_chain_read_rest(info, chain);
    if (e == S2S_OK)
        e = certificate_chain_verify(chain, list, now, path);
    if (e == S2S_OK)
        certificate_issuers_learn(issuers, list, info, chain, path, now);
    return e;
}

static int judge_chain(struct certificate_trust *trust,
                       const s2s_tls_info *info, struct certificate_case *j,
                       struct certificate_chain *chain, const char **why)
{
    struct certificate_path path;
    certificate_facts_record(chain->crts[0], info->chain[0],
                             info->chain_sizes[0], j->now, j->result);
    int e = find_path(trust, info, j->now, chain, &path);
    if (e != S2S_OK)
        return e;
    j->path = &path;
    e = judge_path(j, info, certificate_trust_list(trust), why);
    certificate_issuers_give(&path);
    return e;
}

/* `pkix` is what chain and name make of it. What cannot be read is untrusted
 * even if a record is of it. */
static int judge_dane(struct certificate_case *j, const s2s_tls_info *info,
                      const struct certificate_chain *chain, int pkix,
                      const char **why)
{
    struct result_tlsa_set *t = &j->result->tlsa;
    struct gnutls_x509_crt_int *leaf = chain->count > 0 ? chain->crts[0] : NULL;
    const char *dane_why = certificate_dane_judge(j->reference, info, leaf,
                                                  pkix == S2S_OK, j->result);
    t->decides = j->reference->dane_decides && leaf != NULL;
    if (!t->decides)
        return pkix;
    if (t->verdict == RESULT_DANE_MATCH && t->usage == DANE_USAGE_DANE_EE) {
        *why = "";
        return S2S_OK;
    }
    if (t->verdict != RESULT_DANE_MISMATCH && t->verdict != RESULT_DANE_BOGUS)
        return pkix;
    *why = dane_why;
    return S2S_ECERT_UNTRUSTED;
}

static int judge(struct certificate_trust *trust, const s2s_tls_info *info,
                 struct certificate_case *j, const char **why)
{
    struct result_certificate *c = &j->result->tls.certificate;
    struct certificate_chain chain;
    c->present = info->chain_length > 0;
    c->chain_length = (unsigned)info->chain_length;
    c->ocsp_stapled = info->ocsp_size > 0;
    int e = certificate_trust_load(trust);
    if (e == S2S_OK)
        e = certificate_chain_read_leaf(info, &chain);
    if (e != S2S_OK)
        return e;
    e = chain.count == 0 ? judge_nothing(j->result, info, why)
                         : judge_chain(trust, info, j, &chain, why);
    if (e == S2S_OK || e == S2S_ECERT_UNTRUSTED || e == S2S_ECERT_EXPIRED ||
        e == S2S_ECERT_NAME)
        e = judge_dane(j, info, &chain, e, why);
    certificate_chain_free(&chain);
    return j->result->no_memory ? S2S_ENO_MEMORY : e;
}

int certificate_judge(struct certificate_trust *trust, const s2s_tls_info *info,
                      const struct certificate_reference *ref, int64_t now,
                      s2s_result *result, const char **why)
{
    struct certificate_case j = {.result = result,
                                 .reference = ref,
                                 .now = now,
                                 .chain = RESULT_OK,
                                 .why = ""};
    return judge(trust, info, &j, why);
}

int certificate_judge_client(struct certificate_trust *trust,
                             const s2s_tls_info *info,
                             const struct domain *domain, int64_t now,
                             s2s_result *result, const char **why)
{
    const struct certificate_reference ref = {.domain = domain};
    struct certificate_case j = {.result = result,
                                 .reference = &ref,
                                 .now = now,
                                 .client = true,
                                 .chain = RESULT_OK,
                                 .why = ""};
    return judge(trust, info, &j, why);
}

/* Whole characters of valid UTF-8. */
static void copy_text(const char *from, char *to, size_t size)
{
    size_t length = strnlen(from, size);
    if (length == size) {
        length--;
        while (length > 0 && ((unsigned char)from[length] & 0xc0) == 0x80)
            length--;
    }
    memcpy(to, from, length);
    to[length] = '\0';
}

int certificate_proves(struct certificate_trust *trust,
                       const s2s_tls_info *info, const struct domain *domain,
                       int64_t now, char why[CERTIFICATE_WHY])
{
    const char *text = "";
    s2s_result *scratch = result_new(S2S_OP_CONNECT);
    if (scratch == NULL)
        return S2S_ENO_MEMORY;
    int e = certificate_judge_client(trust, info, domain, now, scratch, &text);
    copy_text(e == S2S_ENO_MEMORY || e == S2S_EPOLICY ? error_text(e) : text,
              why, CERTIFICATE_WHY);
    result_free(scratch);
    return e;
}
