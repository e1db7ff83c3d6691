#include "net/dns.h"

#include <s2sprobe.h>
#include <stdlib.h>
#include <string.h>

#define NAME_WIRE 255u /* RFC 1035, 2.3.4 */
#define LABEL_MAX 63u
#define SRV_HEAD  6u

/* ---- Answers ---------------------------------------------------------- */

const char *dns_rcode_name(unsigned rcode)
{
    static const char *const names[] = {"NOERROR",  "FORMERR", "SERVFAIL",
                                        "NXDOMAIN", "NOTIMP",  "REFUSED"};
    return rcode < sizeof(names) / sizeof(names[0]) ? names[rcode]
                                                    : "an error code";
}

struct dns_answer *dns_answer_new(const struct dns_rdata *records, size_t count,
                                  const char *text)
{
    struct dns_answer *a;
    size_t kept = count < DNS_RECORDS_MAX ? count : DNS_RECORDS_MAX;
    size_t bytes = strlen(text) + 1;
    for (size_t i = 0; i < kept; i++)
        bytes += records[i].size;
    a = calloc(1, sizeof(*a) + kept * sizeof(a->records[0]) + bytes);
    if (a == NULL)
        return NULL;
    uint8_t *at = (uint8_t *)&a->records[kept];
    for (size_t i = 0; i < kept; i++) {
        if (records[i].size > 0)
            memcpy(at, records[i].data, records[i].size);
        a->records[i] = (struct dns_rdata){at, records[i].size};
        at += records[i].size;
    }
    memcpy(at, text, strlen(text) + 1);
    a->text = (const char *)at;
    a->holders = 1;
    a->count = kept;
    a->dropped = count - kept;
    return a;
}

struct dns_answer *dns_answer_failed(int error, const char *text)
{
    struct dns_answer *a = dns_answer_new(NULL, 0, text);
    if (a != NULL)
        a->error = error;
    return a;
}

struct dns_answer *dns_answer_hold(struct dns_answer *a)
{
    a->holders++;
    return a;
}

void dns_answer_release(struct dns_answer *a)
{
    if (a != NULL && --a->holders == 0)
        free(a);
}

/* ---- Values ----------------------------------------------------------- */

static unsigned read16(const uint8_t *p)
{
    return (unsigned)p[0] << 8 | p[1];
}

static bool host_character(uint8_t c)
{
    return (c >= 'a' && c <= 'z') || (c >= '0' && c <= '9') || c == '-' ||
           c == '_';
}

/* An uncompressed name that is all there is, as text. */
static bool name_text(const uint8_t *wire, size_t size, char out[DOMAIN_MAX])
{
    size_t used = 0;
    for (size_t at = 0; at < size; at += wire[at] + 1u) {
        size_t label = wire[at];
        if (label == 0) {
            out[used] = '\0';
            return at + 1 == size;
        }
        if (label > LABEL_MAX || label >= size - at ||
            used + label + 2 > DOMAIN_MAX)
            return false;
        if (used > 0)
            out[used++] = '.';
        for (size_t i = 1; i <= label; i++) {
            uint8_t c = wire[at + i];
            if (c >= 'A' && c <= 'Z')
                c = (uint8_t)(c - 'A' + 'a');
            if (!host_character(c))
                return false;
            out[used++] = (char)c;
        }
    }
    return false;
}

bool dns_read_srv(const struct dns_rdata *data, struct dns_srv *out)
{
    struct dns_srv s;
    if (data->size <= SRV_HEAD || data->size > SRV_HEAD + NAME_WIRE ||
        !name_text(data->data + SRV_HEAD, data->size - SRV_HEAD, s.target))
        return false;
    s.priority = (uint16_t)read16(data->data);
    s.weight = (uint16_t)read16(data->data + 2);
    s.port = (uint16_t)read16(data->data + 4);
    *out = s;
    return true;
}

socklen_t dns_read_address(const struct dns_rdata *data, uint16_t port,
                           struct sockaddr_storage *out)
{
    struct sockaddr_in v4 = {.sin_family = AF_INET, .sin_port = htons(port)};
    struct sockaddr_in6 v6 = {.sin6_family = AF_INET6,
                              .sin6_port = htons(port)};
    if (data->size == sizeof(v4.sin_addr)) {
        memset(out, 0, sizeof(*out));
        memcpy(&v4.sin_addr, data->data, sizeof(v4.sin_addr));
        memcpy(out, &v4, sizeof(v4));
        return sizeof(v4);
    }
    if (data->size == sizeof(v6.sin6_addr)) {
        memset(out, 0, sizeof(*out));
        memcpy(&v6.sin6_addr, data->data, sizeof(v6.sin6_addr));
        memcpy(out, &v6, sizeof(v6));
        return sizeof(v6);
    }
    return 0;
}
