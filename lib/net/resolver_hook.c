#include "net/resolver_hook.h"

#include <stdbool.h>
#include <stdlib.h>

#include "base/error.h"
#include "base/options_load.h"

static bool exists(const s2s_dns_answer *a)
{
    return (a->rcode == DNS_NOERROR || a->rcode == DNS_NXDOMAIN) &&
           a->security != S2S_DNS_BOGUS;
}

static const char *text_of(const s2s_dns_answer *a, size_t count)
{
    if (count > 0)
        return "";
    if (a->why != NULL)
        return a->why;
    if (a->security == S2S_DNS_BOGUS)
        return "DNSSEC validation failed";
    return a->rcode != DNS_NOERROR ? dns_rcode_name(a->rcode) : "no record";
}

static struct dns_answer *copy(const s2s_dns_answer *from, size_t count)
{
    struct dns_rdata *list = NULL;
    size_t kept = count < DNS_RECORDS_MAX ? count : DNS_RECORDS_MAX;
    if (kept > 0 && (list = calloc(kept, sizeof(*list))) == NULL)
        return NULL;
    for (size_t i = 0; i < kept; i++)
        list[i] = (struct dns_rdata){from->records[i], from->record_sizes[i]};
    struct dns_answer *a = dns_answer_new(list, kept, text_of(from, kept));
    free(list);
    if (a != NULL)
        a->dropped = count - kept;
    return a;
}

struct dns_answer *resolver_hook_read(const s2s_dns_answer *from, int *error)
{
    s2s_dns_answer known;
    *error = options_load(&known, sizeof(known), from);
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
