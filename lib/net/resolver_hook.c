#include "net/resolver_hook.h"

#include <stdbool.h>
#include <stdlib.h>
#include <string.h>

#include "base/error.h"
#include "base/options_load.h"
#include "base/utf8.h"

#define WHY_MAX 200u /* bytes of it */

static bool exists(const s2s_dns_answer *a)
{
    return (a->rcode == DNS_NOERROR || a->rcode == DNS_NXDOMAIN) &&
           a->security != S2S_DNS_BOGUS;
}

struct why {
    char text[3 * WHY_MAX + 1];
};

/* It may be what a DNS server said, and goes into results. */
static const char *clean(const char *why, struct why *out)
{
    size_t length = strnlen(why, WHY_MAX);
    if (utf8_clean_size(length) > sizeof(out->text))
        return "";
    (void)utf8_clean(why, length, out->text);
    return out->text;
}

static const char *text_of(const s2s_dns_answer *a, size_t count,
                           struct why *why)
{
    if (count > 0)
        return "";
    if (a->why != NULL)
        return clean(a->why, why);
    if (a->security == S2S_DNS_BOGUS)
        return "DNSSEC validation failed";
    return a->rcode != DNS_NOERROR ? dns_rcode_name(a->rcode) : "no record";
}

static size_t most(const s2s_dns_answer *a)
{
    return a->record_count < DNS_RECORDS_MAX ? a->record_count
                                             : DNS_RECORDS_MAX;
}

/* Whether it is what it should be, as far as it will be looked at. */
static bool makes_sense(const s2s_dns_answer *a)
{
    if (a->security > S2S_DNS_BOGUS ||
        (a->record_count > 0 &&
         (a->records == NULL || a->record_sizes == NULL)))
        return false;
    for (size_t i = 0; i < most(a); i++)
        if (a->record_sizes[i] > UINT16_MAX ||
            (a->records[i] == NULL && a->record_sizes[i] > 0))
            return false;
    return true;
}

static struct dns_answer *copy(const s2s_dns_answer *from, size_t count)
{
    struct dns_rdata *list = NULL;
    size_t kept = 0, bytes = 0;
    struct why why;
    if (count > 0 && (list = calloc(most(from), sizeof(*list))) == NULL)
        return NULL;
    for (size_t i = 0; count > 0 && i < most(from); i++) {
        size_t size = from->record_sizes[i];
        if (size > DNS_BYTES_MAX - bytes)
            continue;
        bytes += size;
        list[kept++] = (struct dns_rdata){from->records[i], size};
    }
    struct dns_answer *a =
        dns_answer_new(list, kept, text_of(from, kept, &why));
    free(list);
    if (a != NULL)
        a->dropped = count - kept;
    return a;
}

struct dns_answer *resolver_hook_read(const s2s_dns_answer *from, int *error)
{
    s2s_dns_answer known;
    *error = options_load(&known, sizeof(known), from);
    if (*error == S2S_OK && !makes_sense(&known))
        *error = S2S_EABI;
    if (*error != S2S_OK)
        return dns_answer_failed(S2S_EINTERNAL,
                                 "an answer that cannot be read");
    bool usable = exists(&known);
    struct dns_answer *a = copy(&known, usable ? known.record_count : 0);
    if (a == NULL)
        return NULL;
    a->error = usable ? S2S_OK : S2S_EDNS;
    a->alias = known.alias != 0;
    a->ttl = usable ? known.ttl : 0;
    a->security = known.security == S2S_DNS_BOGUS              ? DNS_BOGUS
                  : usable && known.security == S2S_DNS_SECURE ? DNS_SECURE
                                                               : DNS_INSECURE;
    return a;
}
