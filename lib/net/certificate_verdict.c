#include "net/certificate_verdict.h"

#include <gnutls/gnutls.h>
#include <gnutls/x509.h>
#include <stdarg.h>
#include <stdio.h>

#include "base/error.h"
#include "net/certificate_facts.h"
#include "net/certificate_ocsp.h"

#define SOON_DAYS 14
#define TEXT_MAX  400

/* ---- Saying it --------------------------------------------------------- */

const char *certificate_verdict_find(s2s_result *r, enum finding id,
                                     const char *format, ...)
{
    char line[TEXT_MAX];
    va_list args;
    va_start(args, format);
    int n = vsnprintf(line, sizeof(line), format, args);
    va_end(args);
    size_t length = n < 0 ? 0 : (size_t)n;
    if (length >= sizeof(line))
        length = sizeof(line) - 1;
    const char *text = result_untrusted(r, line, length);
    if (text == NULL)
        return "";
    result_find(r, id, text);
    return text;
}

static void decide(struct certificate_case *j, enum result_verdict verdict,
                   const char *why)
{
    if (j->chain != RESULT_OK)
        return;
    j->chain = verdict;
    j->why = why;
}

static const char *subject(const struct certificate_case *j,
                           gnutls_x509_crt_t crt)
{
    return crt == j->path->crts[0] ? "the certificate"
                                   : certificate_facts_subject(crt, j->result);
}

/* ---- The chain --------------------------------------------------------- */

static bool is_self_issued(gnutls_x509_crt_t crt)
{
    return gnutls_x509_crt_check_issuer(crt, crt) != 0;
}

/* No authority of ours signed the end of the path. */
static void tell_unknown_issuer(struct certificate_case *j)
{
    gnutls_x509_crt_t top = j->path->crts[j->path->count - 1];
    s2s_result *r = j->result;
    if (is_self_issued(top) && j->path->count == 1) {
        decide(j, RESULT_SELF_SIGNED,
               certificate_verdict_find(r, FINDING_CERT_SELF_SIGNED,
                                        "the certificate is self-signed"));
        return;
    }
    const char *why;
    if (is_self_issued(top))
        why = certificate_verdict_find(r, FINDING_CERT_UNTRUSTED,
                                       "the authority %.300s is not trusted",
                                       certificate_facts_subject(top, r));
    else
        why = certificate_verdict_find(r, FINDING_CERT_UNTRUSTED,
                                       "the issuer %.300s is not known%s",
                                       certificate_facts_issuer(top, r),
                                       r->tls.certificate.chain_length == 1
                                           ? " and no intermediate was sent"
                                           : "");
    decide(j, RESULT_UNTRUSTED, why);
}

/* Why GnuTLS does not like a path that leads to an authority. */
static void tell_broken(struct certificate_case *j)
{
    static const struct {
        unsigned bit;
        const char *text;
    } reasons[] = {
        {GNUTLS_CERT_SIGNATURE_FAILURE,
         "a signature in the chain does not verify"},
        {GNUTLS_CERT_SIGNER_NOT_CA,
         "a certificate in the chain is signed by one that is no authority"},
        {GNUTLS_CERT_SIGNER_CONSTRAINTS_FAILURE,
         "an authority in the chain may not sign this"},
        {GNUTLS_CERT_UNKNOWN_CRIT_EXTENSIONS,
         "the chain has a critical extension that is not known"},
        {GNUTLS_CERT_REVOKED, "a certificate in the chain is revoked"},
        {GNUTLS_CERT_SIGNER_NOT_FOUND, "the issuer is not known"},
    };
    const char *text = "the chain does not verify";
    for (size_t i = 0; i < sizeof(reasons) / sizeof(reasons[0]); i++)
        if ((j->path->status & reasons[i].bit) != 0) {
            text = reasons[i].text;
            break;
        }
    decide(
        j, RESULT_UNTRUSTED,
        certificate_verdict_find(j->result, FINDING_CERT_INVALID, "%s", text));
}

/* Every signature is good up to an authority, even if some are weak. */
static bool is_vouched_for(const struct certificate_path *path)
{
    return path->status == 0 ||
           path->status ==
               (GNUTLS_CERT_INVALID | GNUTLS_CERT_INSECURE_ALGORITHM);
}

static void judge_trust(struct certificate_case *j)
{
    if (is_vouched_for(j->path))
        return;
    if (j->path->anchor == NULL)
        tell_unknown_issuer(j);
    else
        tell_broken(j);
}

/* ---- Strength ---------------------------------------------------------- */

static bool is_weak_key(gnutls_x509_crt_t crt, unsigned *bits)
{
    int algorithm = gnutls_x509_crt_get_pk_algorithm(crt, bits);
    return algorithm >= 0 &&
           gnutls_pk_bits_to_sec_param((gnutls_pk_algorithm_t)algorithm,
                                       *bits) < GNUTLS_SEC_PARAM_MEDIUM;
}

static bool is_weak_signature(gnutls_x509_crt_t crt, const char **name)
{
    int algorithm = gnutls_x509_crt_get_signature_algorithm(crt);
    *name = gnutls_sign_get_name((gnutls_sign_algorithm_t)algorithm);
    return algorithm < 0 || *name == NULL ||
           gnutls_sign_is_secure2((gnutls_sign_algorithm_t)algorithm,
                                  GNUTLS_SIGN_FLAG_SECURE_FOR_CERTS) == 0;
}

/* The signature of what we trust already does not matter. */
static bool tell_weak(struct certificate_case *j, gnutls_x509_crt_t crt)
{
    unsigned bits = 0;
    const char *name = NULL;
    const char *why = NULL;
    if (is_weak_key(crt, &bits))
        why = certificate_verdict_find(j->result, FINDING_CERT_WEAK,
                                       "%.250s has a key of %u bits",
                                       subject(j, crt), bits);
    else if (!is_self_issued(crt) && is_weak_signature(crt, &name))
        why = certificate_verdict_find(
            j->result, FINDING_CERT_WEAK, "%.250s is signed with %s",
            subject(j, crt), name != NULL ? name : "an unknown method");
    if (why != NULL)
        decide(j, RESULT_WEAK, why);
    return why != NULL;
}

static void judge_strength(struct certificate_case *j)
{
    bool told = false;
    for (unsigned i = 0; i < j->path->count; i++)
        if (tell_weak(j, j->path->crts[i]))
            told = true;
    if ((j->path->status & GNUTLS_CERT_INSECURE_ALGORITHM) != 0 && !told)
        decide(
            j, RESULT_WEAK,
            certificate_verdict_find(j->result, FINDING_CERT_WEAK,
                                     "the chain relies on something too weak"));
}

/* ---- Usage ------------------------------------------------------------- */

/* RFC 5280, 4.2.1.3: without the extension everything is allowed. */
static bool may_do_tls(gnutls_x509_crt_t leaf)
{
    unsigned usage = 0;
    if (gnutls_x509_crt_get_key_usage(leaf, &usage, NULL) < 0)
        return true;
    return (usage & (GNUTLS_KEY_DIGITAL_SIGNATURE |
                     GNUTLS_KEY_KEY_ENCIPHERMENT | GNUTLS_KEY_KEY_AGREEMENT)) !=
           0;
}

/* What a client shows may be a server's: public authorities make no others. */
static bool has_purpose(const struct certificate_case *j, gnutls_x509_crt_t crt)
{
    return certificate_facts_purpose(crt, GNUTLS_KP_TLS_WWW_SERVER) ||
           (j->client &&
            certificate_facts_purpose(crt, GNUTLS_KP_TLS_WWW_CLIENT));
}

static void judge_usage(struct certificate_case *j)
{
    const struct certificate_path *path = j->path;
    const struct result_certificate *c = &j->result->tls.certificate;
    if (!may_do_tls(path->crts[0]))
        decide(j, RESULT_USAGE,
               certificate_verdict_find(
                   j->result, FINDING_CERT_USAGE,
                   "the key may not be used for TLS (key usage)"));
    for (unsigned i = 0; i < path->count; i++)
        if (!has_purpose(j, path->crts[i]))
            decide(j, RESULT_USAGE,
                   certificate_verdict_find(
                       j->result, FINDING_CERT_USAGE,
                       "%.250s is not for TLS%s (extended key usage)",
                       subject(j, path->crts[i]), j->client ? "" : " servers"));
    if (c->usage_server && !c->usage_client)
        result_find(j->result, FINDING_CERT_SERVER_ONLY, NULL);
}

/* ---- Revocation -------------------------------------------------------- */

/* The certificate that signed the leaf; NULL when nothing vouches for it. */
static gnutls_x509_crt_t trusted_issuer(const struct certificate_path *path)
{
    if (!is_vouched_for(path))
        return NULL;
    return path->count > 1 ? path->crts[1] : path->anchor;
}

static void judge_revocation(struct certificate_case *j,
                             const s2s_tls_info *info)
{
    char date[CERTIFICATE_DATE];
    int64_t revoked = -1;
    enum certificate_status status = certificate_ocsp_judge(
        info, j->path->crts[0], trusted_issuer(j->path), j->now, &revoked);
    if (status == CERTIFICATE_STATUS_GOOD)
        return;
    if (status != CERTIFICATE_STATUS_REVOKED) {
        result_find(j->result, FINDING_REVOCATION_NOT_CHECKED,
                    certificate_ocsp_text(status));
        return;
    }
    certificate_facts_date(revoked, date);
    decide(j, RESULT_REVOKED,
           certificate_verdict_find(j->result, FINDING_CERT_REVOKED,
                                    "the certificate was revoked on %s", date));
}

/* ---- Time -------------------------------------------------------------- */

static void tell_time(struct certificate_case *j, gnutls_x509_crt_t crt)
{
    char date[CERTIFICATE_DATE];
    int when = certificate_facts_time(crt, j->now);
    if (when < 0) {
        certificate_facts_date(
            (int64_t)gnutls_x509_crt_get_activation_time(crt), date);
        decide(j, RESULT_NOT_YET_VALID,
               certificate_verdict_find(j->result, FINDING_CERT_NOT_YET_VALID,
                                        "%.250s is not valid before %s",
                                        subject(j, crt), date));
    } else if (when > 0) {
        certificate_facts_date(
            (int64_t)gnutls_x509_crt_get_expiration_time(crt), date);
        decide(j, RESULT_EXPIRED,
               certificate_verdict_find(j->result, FINDING_CERT_EXPIRED,
                                        "%.250s expired on %s", subject(j, crt),
                                        date));
    }
}

static void judge_time(struct certificate_case *j,
                       gnutls_x509_trust_list_t trust)
{
    const struct certificate_path *path = j->path;
    const struct result_certificate *c = &j->result->tls.certificate;
    char date[CERTIFICATE_DATE];
    for (unsigned i = 0; i < path->count; i++)
        tell_time(j, path->crts[i]);
    if (path->anchor != NULL &&
        !certificate_chain_anchor_valid(path, trust, j->now))
        tell_time(j, path->anchor);
    if (certificate_facts_time(path->crts[0], j->now) != 0 ||
        c->days_left > SOON_DAYS)
        return;
    certificate_facts_date(c->not_after, date);
    (void)certificate_verdict_find(j->result, FINDING_CERT_EXPIRES_SOON,
                                   "in %d days, on %s", (int)c->days_left,
                                   date);
}

/* ---- All of it --------------------------------------------------------- */

/* In this order, because the first problem is the verdict. */
void certificate_verdict_chain(struct certificate_case *j,
                               const s2s_tls_info *info,
                               struct gnutls_x509_trust_list_st *trust)
{
    judge_trust(j);
    judge_strength(j);
    judge_usage(j);
    judge_revocation(j, info);
    judge_time(j, trust);
}
