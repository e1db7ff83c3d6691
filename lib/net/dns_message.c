#include <s2sprobe.h>
#include <stdlib.h>
#include <string.h>

#include "base/buf.h"
#include "net/dns.h"
#include "net/dns_wire.h"

#define HEADER      12u
#define POINTERS    32u /* of one name */
#define ALIASES     16u
#define RECORD_HEAD 10u
#define CLASS_IN    1u
#define QR_BIT      0x80u /* of the third byte */
#define TC_BIT      0x02u
#define RCODE_MASK  0x0fu /* of the fourth */
#define AD_BIT      0x20u

/* ---- Messages --------------------------------------------------------- */

struct message {
    const uint8_t *data;
    size_t length, at;
};

static bool skip(struct message *m, size_t n)
{
    if (n > m->length - m->at)
        return false;
    m->at += n;
    return true;
}

static uint32_t read32(const uint8_t *p)
{
    return (uint32_t)dns_wire_read16(p) << 16 | dns_wire_read16(p + 2);
}

/* The top bit makes it nothing (RFC 2181, 8). */
static uint32_t read_ttl(const uint8_t *p)
{
    uint32_t ttl = read32(p);
    return ttl <= INT32_MAX ? ttl : 0;
}

/* A name at m->at in uncompressed lower-case wire form; its size, 0 for none.
 * Pointers lead backwards only, so there is an end to them. */
static size_t read_name(struct message *m, uint8_t out[DNS_WIRE_NAME])
{
    size_t size = 0, at = m->at, before = m->at;
    bool jumped = false;
    for (unsigned jumps = 0; at < m->length;) {
        uint8_t label = m->data[at];
        if (label >= 0xc0) {
            if (at + 1 >= m->length || ++jumps > POINTERS)
                return 0;
            size_t to = (label & 0x3fu) << 8 | m->data[at + 1];
            if (to >= before)
                return 0;
            m->at = jumped ? m->at : at + 2;
            jumped = true;
            before = at = to;
            continue;
        }
        if (label > DNS_WIRE_LABEL || label >= m->length - at ||
            size + label + 1 > DNS_WIRE_NAME)
            return 0;
        for (unsigned i = 0; i <= label; i++) {
            uint8_t c = m->data[at + i];
            out[size++] = i > 0 ? dns_wire_lower(c) : c;
        }
        at += label + 1u;
        if (label == 0) {
            m->at = jumped ? m->at : at;
            return size;
        }
    }
    return 0;
}

/* The same of a text without a trailing dot. */
static size_t wire_name(const char *text, uint8_t out[DNS_WIRE_NAME])
{
    size_t size = 0;
    while (*text != '\0') {
        size_t label = strcspn(text, ".");
        if (label == 0 || label > DNS_WIRE_LABEL ||
            size + label + 2 > DNS_WIRE_NAME)
            return 0;
        out[size++] = (uint8_t)label;
        for (size_t i = 0; i < label; i++)
            out[size++] = dns_wire_lower((uint8_t)text[i]);
        text += label + (text[label] == '.');
    }
    out[size++] = 0;
    return size;
}

struct record {
    uint8_t owner[DNS_WIRE_NAME];
    size_t owner_size;
    unsigned type, class;
    uint32_t ttl;
    size_t start, size; /* of the data, in the message */
};

static bool read_record(struct message *m, struct record *r)
{
    r->owner_size = read_name(m, r->owner);
    if (r->owner_size == 0 || RECORD_HEAD > m->length - m->at)
        return false;
    const uint8_t *p = m->data + m->at;
    r->type = dns_wire_read16(p);
    r->class = dns_wire_read16(p + 2);
    r->ttl = read_ttl(p + 4);
    r->size = dns_wire_read16(p + 8);
    m->at += RECORD_HEAD;
    r->start = m->at;
    return skip(m, r->size);
}

/* ---- Reading an answer ------------------------------------------------ */

struct reading {
    struct message m;
    size_t answers; /* offset of the answer section */
    unsigned answer_count;
    uint8_t name[DNS_WIRE_NAME];
    size_t name_size;
    uint16_t type;
    bool alias;
    uint32_t ttl;
    struct buf bytes;
    struct dns_rdata records[DNS_RECORDS_MAX]; /* data: offsets into bytes */
    size_t count, dropped;
};

static bool is_of(const struct reading *g, const struct record *r,
                  unsigned type)
{
    return r->type == type && r->class == CLASS_IN &&
           r->owner_size == g->name_size &&
           memcmp(r->owner, g->name, g->name_size) == 0;
}

static uint32_t lesser(uint32_t a, uint32_t b)
{
    return a < b ? a : b;
}

static void note_ttl(struct reading *g, uint32_t ttl)
{
    g->ttl = lesser(g->ttl, ttl);
}

/* Go on to where the name leads; 1 when it does, 0 when not, -1: malformed. */
static int follow_alias(struct reading *g)
{
    struct record r;
    g->m.at = g->answers;
    for (unsigned i = 0; i < g->answer_count; i++) {
        if (!read_record(&g->m, &r))
            return -1;
        if (!is_of(g, &r, DNS_CNAME))
            continue;
        struct message m = {g->m.data, r.start + r.size, r.start};
        g->name_size = read_name(&m, g->name);
        note_ttl(g, r.ttl);
        return g->name_size > 0 && m.at == r.start + r.size ? 1 : -1;
    }
    return 0;
}

/* S2S_OK also for one that does not fit, which is dropped. */
static int keep(struct reading *g, const uint8_t *data, size_t size)
{
    if (g->count == DNS_RECORDS_MAX) {
        g->dropped++;
        return S2S_OK;
    }
    int e = buf_add(&g->bytes, data, size);
    if (e == S2S_OK)
        g->records[g->count++].size = size;
    else if (e == S2S_ELIMIT)
        g->dropped++;
    return e == S2S_ENO_MEMORY ? e : S2S_OK;
}

static int keep_srv(struct reading *g, const struct record *r)
{
    uint8_t data[DNS_WIRE_SRV + DNS_WIRE_NAME];
    struct message m = {g->m.data, r->start + r->size, r->start + DNS_WIRE_SRV};
    if (r->size <= DNS_WIRE_SRV)
        return S2S_EDNS;
    size_t size = read_name(&m, data + DNS_WIRE_SRV);
    if (size == 0 || m.at != r->start + r->size)
        return S2S_EDNS;
    memcpy(data, g->m.data + r->start, DNS_WIRE_SRV);
    return keep(g, data, DNS_WIRE_SRV + size);
}

static int collect(struct reading *g)
{
    struct record r;
    g->m.at = g->answers;
    for (unsigned i = 0; i < g->answer_count; i++) {
        if (!read_record(&g->m, &r))
            return S2S_EDNS;
        if (!is_of(g, &r, g->type))
            continue;
        note_ttl(g, r.ttl);
        int e = g->type == DNS_SRV ? keep_srv(g, &r)
                                   : keep(g, g->m.data + r.start, r.size);
        if (e != S2S_OK)
            return e;
    }
    return S2S_OK;
}

/* How long there will be nothing (RFC 2308, 5). */
static void note_nothing(struct reading *g, unsigned authorities)
{
    uint8_t name[DNS_WIRE_NAME];
    struct record r;
    uint32_t ttl = 0;
    for (unsigned i = 0; i < authorities && read_record(&g->m, &r); i++) {
        struct message m = {g->m.data, r.start + r.size, r.start};
        if (r.type == DNS_SOA && read_name(&m, name) > 0 &&
            read_name(&m, name) > 0 && m.length - m.at == 20)
            ttl = lesser(r.ttl, read_ttl(m.data + m.at + 16));
    }
    note_ttl(g, ttl);
}

/* A whole answer to this question. */
static bool read_head(struct reading *g, const char *name)
{
    uint8_t question[DNS_WIRE_NAME];
    const uint8_t *d = g->m.data;
    g->name_size = wire_name(name, g->name);
    if (g->m.length < HEADER || g->name_size == 0 ||
        dns_wire_read16(d + 4) != 1 || (d[2] & (QR_BIT | TC_BIT)) != QR_BIT)
        return false;
    g->m.at = HEADER;
    size_t size = read_name(&g->m, question);
    if (size != g->name_size || memcmp(question, g->name, size) != 0 ||
        !skip(&g->m, 4) || dns_wire_read16(d + g->m.at - 4) != g->type ||
        dns_wire_read16(d + g->m.at - 2) != CLASS_IN)
        return false;
    g->answers = g->m.at;
    g->answer_count = dns_wire_read16(d + 6);
    return true;
}

static int read_answers(struct reading *g)
{
    int e = 1;
    for (unsigned n = 0; e == 1 && n < ALIASES; n++) {
        e = follow_alias(g);
        g->alias = g->alias || e == 1;
    }
    return e == 0 ? collect(g) : S2S_EDNS;
}

static struct dns_answer *finish(struct reading *g, unsigned rcode,
                                 bool trusted)
{
    const uint8_t *at = g->bytes.data;
    const char *text = g->count > 0           ? ""
                       : rcode != DNS_NOERROR ? dns_rcode_name(rcode)
                                              : "no record";
    for (size_t i = 0; at != NULL && i < g->count; i++) {
        g->records[i].data = at;
        at += g->records[i].size;
    }
    struct dns_answer *a = dns_answer_new(g->records, g->count, text);
    if (a == NULL)
        return NULL;
    bool known = rcode == DNS_NOERROR || rcode == DNS_NXDOMAIN;
    a->error = known ? S2S_OK : S2S_EDNS;
    a->alias = g->alias;
    a->dropped = g->dropped;
    a->ttl = known ? g->ttl : 0;
    if (known && trusted && (g->m.data[3] & AD_BIT) != 0)
        a->security = DNS_SECURE;
    return a;
}

static struct dns_answer *read_message(struct reading *g, const char *name,
                                       bool trusted)
{
    static const char malformed[] = "malformed answer";
    unsigned rcode;
    if (!read_head(g, name))
        return dns_answer_failed(S2S_EDNS, malformed);
    rcode = g->m.data[3] & RCODE_MASK;
    if (rcode != DNS_NOERROR && rcode != DNS_NXDOMAIN)
        return finish(g, rcode, false);
    int e = read_answers(g);
    if (e == S2S_ENO_MEMORY)
        return NULL;
    if (e != S2S_OK)
        return dns_answer_failed(S2S_EDNS, malformed);
    if (g->count == 0)
        note_nothing(g, dns_wire_read16(g->m.data + 8));
    return finish(g, rcode, trusted);
}

struct dns_answer *dns_read(const uint8_t *message, size_t length,
                            const char *name, uint16_t type, bool trusted)
{
    struct reading *g = calloc(1, sizeof(*g));
    if (g == NULL)
        return NULL;
    g->m = (struct message){message, length, 0};
    g->type = type;
    g->ttl = INT32_MAX;
    buf_init(&g->bytes, DNS_BYTES_MAX);
    struct dns_answer *a = read_message(g, name, trusted);
    buf_free(&g->bytes);
    free(g);
    return a;
}
