#include "net/dns.h"

#include <s2sprobe.h>
#include <stdlib.h>
#include <string.h>

#include "net/address.h"
#include "net/dns_wire.h"

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
        if (label > DNS_WIRE_LABEL || label >= size - at ||
            used + label + 2 > DOMAIN_MAX)
            return false;
        if (used > 0)
            out[used++] = '.';
        for (size_t i = 1; i <= label; i++) {
            uint8_t c = dns_wire_lower(wire[at + i]);
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
    if (data->size <= DNS_WIRE_SRV ||
        data->size > DNS_WIRE_SRV + DNS_WIRE_NAME ||
        !name_text(data->data + DNS_WIRE_SRV, data->size - DNS_WIRE_SRV,
                   s.target))
        return false;
    s.priority = (uint16_t)dns_wire_read16(data->data);
    s.weight = (uint16_t)dns_wire_read16(data->data + 2);
    s.port = (uint16_t)dns_wire_read16(data->data + 4);
    *out = s;
    return true;
}

socklen_t dns_read_address(const struct dns_rdata *data, uint16_t port,
                           struct sockaddr_storage *out)
{
    return address_from_bytes(data->data, data->size, port, out);
}
