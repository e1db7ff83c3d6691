/* What is to be said of the way there, afterwards. */
#include <string.h>

#include "net/address.h"
#include "probe/endpoints.h"

static bool is_private(const char *address)
{
    struct sockaddr_storage a;
    socklen_t length = address_parse(address, 0, &a);
    return length > 0 && !address_public((const struct sockaddr *)&a, length);
}

/* The host has no address; of those that may not be tried nothing is known. */
static bool is_unresolved(const struct result_attempt *a)
{
    return a->address == NULL && strcmp(a->outcome, "forbidden") != 0 &&
           strcmp(a->outcome, "not tried") != 0 &&
           strcmp(a->outcome, "abandoned") != 0;
}

void endpoints_report(struct probe *p)
{
    s2s_result *r = p->result;
    if (p->discovery == NULL || r->no_memory)
        return;
    for (const struct result_attempt *a = r->attempts; a != NULL; a = a->next) {
        if (a->address != NULL && is_private(a->address))
            result_find(r, FINDING_ADDRESS_PRIVATE, a->address);
        if (is_unresolved(a) && p->from_srv)
            result_find(r, FINDING_SRV_TARGET, a->host);
        if (a->alias && p->from_srv)
            result_find(r, FINDING_SRV_ALIAS, a->host);
    }
}
