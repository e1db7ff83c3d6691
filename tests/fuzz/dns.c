/*
 * Messages from DNS servers, read as an answer for a.example of each type, and
 * the data of their records, read as values. What the caller of dns_read() may
 * rely on is checked.
 */
#include <s2sprobe.h>
#include <stdlib.h>
#include <string.h>

#include "net/dns.h"

#define TYPE_AT 23u /* of the question for a.example */
#define SRV_MAX 261u

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static void must(int condition)
{
    if (!condition)
        abort();
}

/* Whatever it is called, the data is anything. */
static void read_values(const struct dns_rdata *r)
{
    struct sockaddr_storage address;
    struct dns_srv srv;
    socklen_t length = dns_read_address(r, 5269, &address);
    must((length > 0) == (r->size == 4 || r->size == 16));
    if (!dns_read_srv(r, &srv))
        return;
    must(r->size > 6 && r->size <= SRV_MAX);
    must(strlen(srv.target) < DOMAIN_MAX);
    for (const char *c = srv.target; *c != '\0'; c++)
        must((*c >= 'a' && *c <= 'z') || (*c >= '0' && *c <= '9') ||
             *c == '-' || *c == '_' || *c == '.');
}

static void check(const struct dns_answer *a, uint16_t type, bool trusted)
{
    must(a != NULL && a->holders == 1 && !a->unanswered);
    must(a->error == S2S_OK || a->error == S2S_EDNS);
    must((a->text[0] == '\0') == (a->count > 0));
    must(a->security == DNS_INSECURE || (trusted && a->security == DNS_SECURE));
    must(a->count <= DNS_RECORDS_MAX && a->ttl <= INT32_MAX);
    must(a->error == S2S_OK ||
         (a->count == 0 && a->ttl == 0 && a->security == DNS_INSECURE));
    for (size_t i = 0; i < a->count; i++) {
        const struct dns_rdata *r = &a->records[i];
        must(type != DNS_SRV || (r->size > 6 && r->size <= SRV_MAX));
        read_values(r);
    }
}

static void ask(const uint8_t *data, size_t size, uint16_t type, bool trusted)
{
    struct dns_answer *a = dns_read(data, size, "a.example", type, trusted);
    check(a, type, trusted);
    dns_answer_release(a);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    static const uint16_t types[] = {DNS_A, DNS_AAAA, DNS_SRV, DNS_TLSA};
    const struct dns_rdata all = {data, size};
    uint8_t *copy = malloc(size > 0 ? size : 1);
    must(copy != NULL);
    if (size > 0)
        memcpy(copy, data, size);
    for (size_t i = 0; i < sizeof(types) / sizeof(types[0]); i++) {
        ask(data, size, types[i], true);
        if (size >= TYPE_AT + 2) { /* as if it had been asked for */
            copy[TYPE_AT] = 0;
            copy[TYPE_AT + 1] = (uint8_t)types[i];
        }
        ask(copy, size, types[i], i % 2 == 0);
    }
    free(copy);
    read_values(&all);
    return 0;
}
