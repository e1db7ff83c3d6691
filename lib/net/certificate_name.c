#include "net/certificate_name.h"

#include <arpa/inet.h>
#include <gnutls/gnutls.h>
#include <gnutls/x509-ext.h>
#include <gnutls/x509.h>
#include <string.h>
#include <strings.h>

#include "net/der.h"

#define SAN_OID       "2.5.29.17"
#define XMPP_ADDR_OID "1.3.6.1.5.5.7.8.5" /* RFC 6120, 13.7.1.4 */
#define SRV_NAME_OID  "1.3.6.1.5.5.7.8.7" /* RFC 4985 */
#define SRV_PREFIX    "_xmpp-server."
#define NAMES_MAX     1024u
#define CN_MAX        16u
#define CN_SIZE       1024u

/* ---- Matching ---------------------------------------------------------- */

static bool is_same(const char *name, size_t length, const char *wanted)
{
    return strlen(wanted) == length && strncasecmp(name, wanted, length) == 0;
}

/* `name` may begin with a wildcard label, with two labels behind it at least:
 * nobody owns all names of a top-level domain. Compared as A-labels. */
static bool dns_matches(const char *name, size_t length,
                        const struct domain *domain)
{
    if (length < 2 || name[0] != '*' || name[1] != '.')
        return is_same(name, length, domain->ascii);
    const char *behind = strchr(domain->ascii, '.');
    return behind != NULL && strchr(behind + 1, '.') != NULL &&
           is_same(name + 1, length - 1, behind);
}

static bool srv_matches(const char *name, size_t length,
                        const struct domain *domain)
{
    const size_t prefix = strlen(SRV_PREFIX);
    return length > prefix && strncasecmp(name, SRV_PREFIX, prefix) == 0 &&
           is_same(name + prefix, length - prefix, domain->ascii);
}

/* A bare domain, in U-labels as a rule. */
static bool xmpp_matches(const char *name, size_t length,
                         const struct domain *domain)
{
    char text[DOMAIN_UNICODE_MAX];
    if (length == 0 || length >= sizeof(text))
        return false;
    memcpy(text, name, length);
    text[length] = '\0';
    return domain_same(domain, text);
}

bool certificate_name_matches(const char *type, const void *value,
                              size_t length, const struct domain *domain)
{
    static const struct {
        const char *type;
        bool (*matches)(const char *, size_t, const struct domain *);
    } kinds[] = {
        {"dns", dns_matches}, {"srv", srv_matches}, {"xmpp", xmpp_matches}};
    if (length == 0 || memchr(value, '\0', length) != NULL)
        return false;
    for (size_t i = 0; i < sizeof(kinds) / sizeof(kinds[0]); i++)
        if (strcmp(type, kinds[i].type) == 0)
            return kinds[i].matches(value, length, domain);
    return false;
}

/* ---- Recording --------------------------------------------------------- */

/* What a name stands for; the greater one counts. */
enum match { MATCH_NOTHING, MATCH_TARGET, MATCH_DOMAIN };

struct judgement {
    s2s_result *result;
    const struct certificate_reference *ref;
    bool dns_only; /* no other type may match */
    enum match best;
};

static const char *record(s2s_result *r, const char *type, const void *value,
                          size_t length, bool matches)
{
    const char *text = result_untrusted(r, value, length);
    if (text != NULL)
        result_add_name(r, type, text, matches);
    return text;
}

static enum match match_of(const struct judgement *j, const char *type,
                           const void *value, size_t length)
{
    bool dns = strcmp(type, "dns") == 0;
    if (!dns && j->dns_only)
        return MATCH_NOTHING;
    if (certificate_name_matches(type, value, length, j->ref->domain))
        return MATCH_DOMAIN;
    return dns && j->ref->target != NULL &&
                   certificate_name_matches(type, value, length, j->ref->target)
               ? MATCH_TARGET
               : MATCH_NOTHING;
}

static void record_identifier(struct judgement *j, const char *type,
                              const void *value, size_t length)
{
    enum match match = match_of(j, type, value, length);
    const char *text =
        record(j->result, type, value, length, match != MATCH_NOTHING);
    if (match <= j->best)
        return;
    j->best = match;
    j->result->tls.certificate.matched = text;
}

static void record_ip(s2s_result *r, const gnutls_datum_t *address)
{
    char text[INET6_ADDRSTRLEN];
    int family = address->size == 4 ? AF_INET : AF_INET6;
    if ((address->size == 4 || address->size == 16) &&
        inet_ntop(family, address->data, text, sizeof(text)) != NULL)
        (void)record(r, "ip", text, strlen(text), false);
}

/* An otherName holds one string, in DER. */
static void record_other(struct judgement *j, const gnutls_datum_t *oid,
                         const gnutls_datum_t *value)
{
    static const struct {
        const char *oid, *type;
        uint8_t tag;
    } kinds[] = {{XMPP_ADDR_OID, "xmpp", DER_UTF8_STRING},
                 {SRV_NAME_OID, "srv", DER_IA5_STRING}};
    for (size_t i = 0; i < sizeof(kinds) / sizeof(kinds[0]); i++) {
        struct der d = {value->data, value->size};
        struct der string;
        if (oid->size == strlen(kinds[i].oid) &&
            memcmp(oid->data, kinds[i].oid, oid->size) == 0 &&
            der_expect(&d, kinds[i].tag, &string) && d.left == 0)
            record_identifier(j, kinds[i].type, string.data, string.left);
    }
}

static void record_alternative(struct judgement *j, unsigned type,
                               const gnutls_datum_t *value,
                               const gnutls_datum_t *oid)
{
    switch (type) {
    case GNUTLS_SAN_DNSNAME:
        record_identifier(j, "dns", value->data, value->size);
        break;
    case GNUTLS_SAN_OTHERNAME:
        record_other(j, oid, value);
        break;
    case GNUTLS_SAN_IPADDRESS:
        record_ip(j->result, value);
        break;
    default:
        break;
    }
}

static void record_alternatives(struct judgement *j,
                                gnutls_subject_alt_names_t names)
{
    for (unsigned i = 0; i < NAMES_MAX; i++) {
        unsigned type = 0;
        gnutls_datum_t value = {NULL, 0};
        gnutls_datum_t oid = {NULL, 0};
        if (gnutls_subject_alt_names_get(names, i, &type, &value, &oid) < 0)
            break;
        record_alternative(j, type, &value, &oid);
    }
}

static void judge_alternatives(gnutls_x509_crt_t crt, struct judgement *j)
{
    gnutls_datum_t extension = {NULL, 0};
    gnutls_subject_alt_names_t names;
    if (gnutls_x509_crt_get_extension_by_oid2(crt, SAN_OID, 0, &extension,
                                              NULL) != 0)
        return;
    if (gnutls_subject_alt_names_init(&names) == 0) {
        if (gnutls_x509_ext_import_subject_alt_names(&extension, names, 0) == 0)
            record_alternatives(j, names);
        gnutls_subject_alt_names_deinit(names);
    }
    gnutls_free(extension.data);
}

/* Common names are evidence; none counts as matching. */
static bool judge_common_names(gnutls_x509_crt_t crt, const struct judgement *j)
{
    bool matches = false;
    for (unsigned i = 0; i < CN_MAX; i++) {
        char name[CN_SIZE];
        size_t length = sizeof(name);
        int rc = gnutls_x509_crt_get_dn_by_oid(crt, GNUTLS_OID_X520_COMMON_NAME,
                                               i, 0, name, &length);
        if (rc == GNUTLS_E_REQUESTED_DATA_NOT_AVAILABLE)
            break;
        if (rc < 0)
            continue;
        (void)record(j->result, "cn", name, length, false);
        if (certificate_name_matches("dns", name, length, j->ref->domain) ||
            certificate_name_matches("xmpp", name, length, j->ref->domain))
            matches = true;
    }
    return matches;
}

enum result_verdict certificate_name_judge(
    struct gnutls_x509_crt_int *crt, const struct certificate_reference *ref,
    bool dns_only, s2s_result *result)
{
    struct judgement j = {result, ref, dns_only, MATCH_NOTHING};
    judge_alternatives(crt, &j);
    bool common = judge_common_names(crt, &j);
    if (j.best == MATCH_TARGET)
        result_find(result, FINDING_CERT_TARGET_ONLY, ref->target->unicode);
    if (j.best != MATCH_NOTHING)
        return RESULT_OK;
    return common ? RESULT_CN_ONLY : RESULT_NAME_MISMATCH;
}
