/* DNS messages, made by hand, and what is read in them. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include <arpa/inet.h>
#include <s2sprobe.h>

#include "../failing.h"
#include "net/dns.h"

#define COUNT(list) (sizeof(list) / sizeof((list)[0]))
#define AD          0x20u
#define TXT         16
#define TOP         0x80000000u

/* ---- Messages --------------------------------------------------------- */

struct message {
    uint8_t bytes[1024 * 1024];
    size_t length;
};

static struct message m; /* the test's */

static void add(const void *data, size_t size)
{
    assert_true(size <= sizeof(m.bytes) - m.length);
    if (size > 0)
        memcpy(m.bytes + m.length, data, size);
    m.length += size;
}

static void add16(unsigned n)
{
    const uint8_t bytes[] = {(uint8_t)(n >> 8), (uint8_t)n};
    add(bytes, 2);
}

static void add_name(const char *text)
{
    while (*text != '\0') {
        uint8_t label = (uint8_t)strcspn(text, ".");
        add(&label, 1);
        add(text, label);
        text += label + (text[label] == '.');
    }
    add("", 1);
}

static void add_question(const char *name, uint16_t type, unsigned low)
{
    m.length = 0;
    add16(0x1234);
    add16(0x8180 | low);
    add16(1);
    add("\0\0\0\0\0\0", 6);
    add_name(name);
    add16(type);
    add16(1);
}

/* One more record in a section: 6 answers, 8 authorities. */
static void count_record(size_t section)
{
    m.bytes[section] =
        (uint8_t)(m.bytes[section] + (m.bytes[section + 1] == 255));
    m.bytes[section + 1]++;
}

static void add_head(unsigned type, unsigned class, uint32_t ttl, size_t size)
{
    add16(type);
    add16(class);
    add16(ttl >> 16);
    add16(ttl & 0xffff);
    add16((unsigned)size);
}

/* With an owner that points to this place. */
static void add_record_at(unsigned owner, unsigned type, const void *data,
                          size_t size)
{
    add16(0xc000 | owner);
    add_head(type, 1, 60, size);
    add(data, size);
    count_record(6);
}

struct row {
    const char *owner; /* NULL: no more */
    unsigned type;
    uint32_t ttl;
    const char *data; /* an address, a name, or hexadecimal digits */
    unsigned class;   /* 0: IN */
};

static size_t from_hex(const char *hex, uint8_t *out)
{
    size_t size = 0;
    for (; *hex != '\0'; hex += 2) {
        const char pair[] = {hex[0], hex[1], '\0'};
        out[size++] = (uint8_t)strtoul(pair, NULL, 16);
    }
    return size;
}

/* The data of a record goes behind the message, and its size comes back. */
static void add_data(const struct row *r)
{
    uint8_t data[512];
    size_t start = m.length;
    if (r->type == DNS_CNAME) {
        add_name(r->data);
    } else if (r->type == DNS_SOA) {
        uint32_t minimum = htonl((uint32_t)strtoul(r->data, NULL, 0));
        add_name("ns.example");
        add_name("admin.example");
        add("0123456789abcdef", 16);
        add(&minimum, 4);
    } else if (inet_pton(AF_INET, r->data, data) == 1) {
        add(data, 4);
    } else if (inet_pton(AF_INET6, r->data, data) == 1) {
        add(data, 16);
    } else {
        add(data, from_hex(r->data, data));
    }
    size_t size = m.length - start;
    m.bytes[start - 2] = (uint8_t)(size >> 8);
    m.bytes[start - 1] = (uint8_t)size;
}

static void add_row(const struct row *r, size_t section)
{
    add_name(r->owner);
    add_head(r->type, r->class != 0 ? r->class : 1, r->ttl, 0);
    add_data(r);
    count_record(section);
}

/* A copy of its size, so that a sanitizer sees what is read too far. */
static struct dns_answer *read_some(size_t length, const char *name,
                                    uint16_t type, bool trusted)
{
    uint8_t *exact = malloc(length > 0 ? length : 1);
    assert_non_null(exact);
    memcpy(exact, m.bytes, length);
    struct dns_answer *a = dns_read(exact, length, name, type, trusted);
    free(exact);
    return a;
}

static struct dns_answer *read_all(const char *name, uint16_t type)
{
    struct dns_answer *a = read_some(m.length, name, type, true);
    assert_non_null(a);
    return a;
}

static bool malformed(const struct dns_answer *a)
{
    return a->error == S2S_EDNS && strcmp(a->text, "malformed answer") == 0 &&
           a->count == 0 && a->security == DNS_INSECURE && a->ttl == 0 &&
           !a->unanswered;
}

static void assert_malformed(const char *name, uint16_t type)
{
    struct dns_answer *a = read_all(name, type);
    assert_true(malformed(a));
    dns_answer_release(a);
}

/* ---- Answers ---------------------------------------------------------- */

#define SRV_DATA "000a0005149504686f7374076578616d706c6500"

static const struct answer_case {
    const char *what;
    unsigned low; /* of the flags: AD, the code */
    uint16_t type;
    struct row answers[6];
    struct row authority[3];
    int error;
    const char *text;
    bool alias;
    enum dns_security security;
    uint32_t ttl;
    const char *records; /* hexadecimal, each with a space behind */
} answers[] = {
    {"A",
     0,
     DNS_A,
     {{"a.example", DNS_A, 300, "192.0.2.1", 0}},
     {{0}},
     S2S_OK,
     "",
     false,
     DNS_INSECURE,
     300,
     "c0000201 "},
    {"two A, the least time",
     0,
     DNS_A,
     {{"a.example", DNS_A, 300, "192.0.2.1", 0},
      {"A.Example", DNS_A, 20, "192.0.2.2", 0}},
     {{0}},
     S2S_OK,
     "",
     false,
     DNS_INSECURE,
     20,
     "c0000201 c0000202 "},
    {"AAAA",
     AD,
     DNS_AAAA,
     {{"a.example", DNS_AAAA, 1, "2001:db8::1", 0}},
     {{0}},
     S2S_OK,
     "",
     false,
     DNS_SECURE,
     1,
     "20010db8000000000000000000000001 "},
    {"SRV",
     0,
     DNS_SRV,
     {{"a.example", DNS_SRV, 60, SRV_DATA, 0}},
     {{0}},
     S2S_OK,
     "",
     false,
     DNS_INSECURE,
     60,
     SRV_DATA " "},
    {"TLSA",
     AD,
     DNS_TLSA,
     {{"a.example", DNS_TLSA, 60, "030101abcd", 0}},
     {{0}},
     S2S_OK,
     "",
     false,
     DNS_SECURE,
     60,
     "030101abcd "},
    {"no data in a record",
     0,
     DNS_TLSA,
     {{"a.example", DNS_TLSA, 60, "", 0}},
     {{0}},
     S2S_OK,
     "",
     false,
     DNS_INSECURE,
     60,
     " "},
    {"aliases in order",
     0,
     DNS_A,
     {{"a.example", DNS_CNAME, 50, "b.example", 0},
      {"b.example", DNS_CNAME, 40, "C.example", 0},
      {"c.example", DNS_A, 300, "192.0.2.1", 0}},
     {{0}},
     S2S_OK,
     "",
     true,
     DNS_INSECURE,
     40,
     "c0000201 "},
    {"aliases out of order",
     AD,
     DNS_A,
     {{"c.example", DNS_A, 300, "192.0.2.1", 0},
      {"b.example", DNS_CNAME, 50, "c.example", 0},
      {"a.example", DNS_CNAME, 40, "b.example", 0}},
     {{0}},
     S2S_OK,
     "",
     true,
     DNS_SECURE,
     40,
     "c0000201 "},
    {"an alias to itself",
     0,
     DNS_A,
     {{"a.example", DNS_CNAME, 50, "a.example", 0}},
     {{0}},
     S2S_EDNS,
     "malformed answer",
     false,
     DNS_INSECURE,
     0,
     ""},
    {"aliases in a circle",
     AD,
     DNS_A,
     {{"a.example", DNS_CNAME, 50, "b.example", 0},
      {"b.example", DNS_CNAME, 50, "a.example", 0},
      {"a.example", DNS_A, 50, "192.0.2.1", 0}},
     {{0}},
     S2S_EDNS,
     "malformed answer",
     false,
     DNS_INSECURE,
     0,
     ""},
    {"an alias to nowhere",
     3,
     DNS_A,
     {{"a.example", DNS_CNAME, 50, "b.example", 0}},
     {{"example", DNS_SOA, 40, "30", 0}},
     S2S_OK,
     "NXDOMAIN",
     true,
     DNS_INSECURE,
     30,
     ""},
    {"an alias to nothing",
     0,
     DNS_A,
     {{"a.example", DNS_CNAME, 20, "b.example", 0}},
     {{"example", DNS_SOA, 40, "30", 0}},
     S2S_OK,
     "no record",
     true,
     DNS_INSECURE,
     20,
     ""},
    {"an alias of another name",
     0,
     DNS_A,
     {{"b.example", DNS_CNAME, 50, "a.example", 0},
      {"a.example", DNS_A, 60, "192.0.2.1", 0}},
     {{0}},
     S2S_OK,
     "",
     false,
     DNS_INSECURE,
     60,
     "c0000201 "},
    {"an alias with something behind it",
     0,
     DNS_A,
     {{"a.example", TXT, 50, "0161", 0}},
     {{0}},
     S2S_OK,
     "no record",
     false,
     DNS_INSECURE,
     0,
     ""},
    {"another owner",
     0,
     DNS_A,
     {{"b.example", DNS_A, 300, "192.0.2.1", 0},
      {"a.example.net", DNS_A, 300, "192.0.2.1", 0}},
     {{0}},
     S2S_OK,
     "no record",
     false,
     DNS_INSECURE,
     0,
     ""},
    {"another class",
     0,
     DNS_A,
     {{"a.example", DNS_A, 300, "192.0.2.1", 3},
      {"a.example", DNS_CNAME, 300, "b.example", 3}},
     {{0}},
     S2S_OK,
     "no record",
     false,
     DNS_INSECURE,
     0,
     ""},
    {"another type",
     0,
     DNS_AAAA,
     {{"a.example", DNS_A, 300, "192.0.2.1", 0}},
     {{0}},
     S2S_OK,
     "no record",
     false,
     DNS_INSECURE,
     0,
     ""},
    {"a time with the top bit",
     0,
     DNS_A,
     {{"a.example", DNS_A, TOP | 300, "192.0.2.1", 0}},
     {{0}},
     S2S_OK,
     "",
     false,
     DNS_INSECURE,
     0,
     "c0000201 "},
    {"the longest time",
     0,
     DNS_A,
     {{"a.example", DNS_A, TOP - 1, "192.0.2.1", 0}},
     {{0}},
     S2S_OK,
     "",
     false,
     DNS_INSECURE,
     TOP - 1,
     "c0000201 "},
    {"nothing, for the time of the SOA",
     AD,
     DNS_A,
     {{0}},
     {{"example", DNS_SOA, 40, "300", 0}},
     S2S_OK,
     "no record",
     false,
     DNS_SECURE,
     40,
     ""},
    {"nothing, for its minimum",
     AD | 3,
     DNS_A,
     {{0}},
     {{"example", TXT, 5, "0161", 0}, {"example", DNS_SOA, 400, "300", 0}},
     S2S_OK,
     "NXDOMAIN",
     false,
     DNS_SECURE,
     300,
     ""},
    {"nothing, and a minimum with the top bit",
     0,
     DNS_A,
     {{0}},
     {{"example", DNS_SOA, 400, "0x80000001", 0}},
     S2S_OK,
     "no record",
     false,
     DNS_INSECURE,
     0,
     ""},
    {"nothing, and an SOA with the top bit",
     0,
     DNS_A,
     {{0}},
     {{"example", DNS_SOA, TOP | 400, "300", 0}},
     S2S_OK,
     "no record",
     false,
     DNS_INSECURE,
     0,
     ""},
    {"nothing, and no SOA",
     3,
     DNS_A,
     {{0}},
     {{0}},
     S2S_OK,
     "NXDOMAIN",
     false,
     DNS_INSECURE,
     0,
     ""},
    {"records that do not exist",
     3,
     DNS_A,
     {{"a.example", DNS_A, 60, "192.0.2.1", 0}},
     {{0}},
     S2S_OK,
     "",
     false,
     DNS_INSECURE,
     60,
     "c0000201 "},
    {"FORMERR",
     1,
     DNS_A,
     {{0}},
     {{0}},
     S2S_EDNS,
     "FORMERR",
     false,
     DNS_INSECURE,
     0,
     ""},
    {"SERVFAIL",
     AD | 2,
     DNS_A,
     {{"a.example", DNS_A, 300, "192.0.2.1", 0}},
     {{0}},
     S2S_EDNS,
     "SERVFAIL",
     false,
     DNS_INSECURE,
     0,
     ""},
    {"NOTIMP",
     4,
     DNS_A,
     {{0}},
     {{0}},
     S2S_EDNS,
     "NOTIMP",
     false,
     DNS_INSECURE,
     0,
     ""},
    {"REFUSED",
     5,
     DNS_A,
     {{0}},
     {{0}},
     S2S_EDNS,
     "REFUSED",
     false,
     DNS_INSECURE,
     0,
     ""},
    {"another code",
     15,
     DNS_A,
     {{0}},
     {{0}},
     S2S_EDNS,
     "an error code",
     false,
     DNS_INSECURE,
     0,
     ""},
};

static void make(const struct answer_case *c)
{
    add_question("a.EXAMPLE", c->type, c->low);
    for (size_t i = 0; c->answers[i].owner != NULL; i++)
        add_row(&c->answers[i], 6);
    for (size_t i = 0; c->authority[i].owner != NULL; i++)
        add_row(&c->authority[i], 8);
}

static void records_in_hex(const struct dns_answer *a, char *out, size_t size)
{
    size_t used = 0;
    out[0] = '\0';
    for (size_t i = 0; i < a->count; i++) {
        for (size_t k = 0; k < a->records[i].size; k++, used += 2)
            (void)snprintf(out + used, size - used, "%02x",
                           a->records[i].data[k]);
        (void)snprintf(out + used, size - used, " ");
        used++;
    }
}

static void reads(void **state)
{
    char hex[512];
    (void)state;
    for (size_t i = 0; i < COUNT(answers); i++) {
        const struct answer_case *c = &answers[i];
        make(c);
        struct dns_answer *a = read_all("A.example", c->type);
        records_in_hex(a, hex, sizeof(hex));
        if (a->error != c->error || strcmp(a->text, c->text) != 0 ||
            a->ttl != c->ttl || a->security != c->security ||
            strcmp(hex, c->records) != 0 || a->dropped != 0 ||
            (a->error == S2S_OK && a->alias != c->alias))
            fail_msg("%s: %d %s, alias %d, security %d, ttl %u: %s", c->what,
                     a->error, a->text, a->alias, (int)a->security, a->ttl,
                     hex);
        dns_answer_release(a);
    }
}

/* The AD bit of a server that is not trusted says nothing. */
static void not_trusted(void **state)
{
    (void)state;
    for (size_t i = 0; i < COUNT(answers); i++) {
        make(&answers[i]);
        struct dns_answer *a =
            read_some(m.length, "a.example", answers[i].type, false);
        assert_int_equal(a->security, DNS_INSECURE);
        assert_int_equal(a->error, answers[i].error);
        dns_answer_release(a);
    }
}

/* What follows the last record is not looked at. */
static void behind(void **state)
{
    (void)state;
    make(&answers[0]);
    add("\xff\xff\xff", 3);
    struct dns_answer *a = read_all("a.example", DNS_A);
    assert_int_equal(a->count, 1);
    dns_answer_release(a);
}

static void wrong_question(void **state)
{
    static const struct {
        size_t at;
        uint8_t value;
    } rows[] = {
        {2, 0x01},           /* no answer */
        {2, 0x83},           /* cut */
        {5, 0},              /* no question */
        {5, 2},              /* two */
        {12, 2},             /* another name */
        {13, 'b'}, {24, 28}, /* another type */
        {26, 3},             /* another class */
    };
    (void)state;
    for (size_t i = 0; i < COUNT(rows); i++) {
        make(&answers[0]);
        m.bytes[rows[i].at] = rows[i].value;
        assert_malformed("a.example", DNS_A);
    }
    make(&answers[0]);
    assert_malformed("b.example", DNS_A);
    assert_malformed("a.example.net", DNS_A);
    assert_malformed("example", DNS_A);
    assert_malformed("a.example", DNS_AAAA);
    assert_malformed("", DNS_A);
    assert_malformed(".", DNS_A);
    assert_malformed("a..example", DNS_A);
}

/* Fewer records than are claimed. */
static void claims(void **state)
{
    (void)state;
    make(&answers[0]);
    m.bytes[7] = 2;
    assert_malformed("a.example", DNS_A);
    m.bytes[6] = 0xff;
    assert_malformed("a.example", DNS_A);
}

static void truncated(void **state)
{
    (void)state;
    for (size_t i = 0; i < COUNT(answers); i++) {
        make(&answers[i]);
        bool plain =
            answers[i].authority[0].owner == NULL && (answers[i].low & 15) == 0;
        for (size_t length = 0; plain && length < m.length; length++) {
            struct dns_answer *a =
                read_some(length, "a.example", answers[i].type, true);
            assert_true(malformed(a));
            dns_answer_release(a);
        }
    }
}

/* An authority that is cut gives no time. */
static void truncated_authority(void **state)
{
    static const struct answer_case soa = {
        .low = 3,
        .type = DNS_A,
        .authority = {{"example", DNS_SOA, 40, "300", 0}}};
    (void)state;
    make(&soa);
    for (size_t length = 27; length <= m.length; length++) {
        struct dns_answer *a = read_some(length, "a.example", DNS_A, true);
        assert_string_equal(a->text, "NXDOMAIN");
        assert_int_equal(a->error, S2S_OK);
        assert_int_equal(a->ttl, length < m.length ? 0 : 40);
        dns_answer_release(a);
    }
}

/* ---- Names ------------------------------------------------------------ */

static void compressed(void **state)
{
    static const uint8_t srv[] = "\0\1\0\2\x14\x95\4Host\xc0\x0e";
    static const uint8_t want[] = "\0\1\0\2\x14\x95\4host\7example";
    (void)state;
    add_question("a.example", DNS_SRV, 0);
    add_record_at(12, DNS_CNAME, "\1b\xc0\x0e", 4); /* b.example */
    size_t target = m.length - 4;
    add_record_at((unsigned)target, DNS_SRV, srv, sizeof(srv) - 1);
    struct dns_answer *a = read_all("a.example", DNS_SRV);
    assert_int_equal(a->count, 1);
    assert_true(a->alias);
    assert_int_equal(a->records[0].size, sizeof(want));
    assert_memory_equal(a->records[0].data, want, sizeof(want));
    dns_answer_release(a);
}

static void bad_data(void **state)
{
    static const struct {
        unsigned type;
        const char *data;
        size_t size;
    } rows[] = {
        {DNS_CNAME, "", 0},
        {DNS_CNAME, "\1b", 2},          /* not to its end */
        {DNS_CNAME, "\1b\0x", 4},       /* something behind */
        {DNS_CNAME, "\1b\xc0\x0ex", 5}, /* behind a pointer */
        {DNS_CNAME, "\1b\xc0", 3},      /* half a pointer */
        {DNS_CNAME, "\x40", 1},
        {DNS_CNAME, "\xc0\xff", 2}, /* forward */
        {DNS_SRV, "", 0},
        {DNS_SRV, "\0\1\0\2\x14\x95", 6},
        {DNS_SRV, "\0\1\0\2\x14\x95\4host", 11},
        {DNS_SRV, "\0\1\0\2\x14\x95\4host\0x", 13},
        {DNS_SRV, "\0\1\0\2\x14\x95\4host\xc0\xff", 13},
    };
    (void)state;
    for (size_t i = 0; i < COUNT(rows); i++) {
        add_question("a.example", DNS_SRV, 0);
        add_record_at(12, rows[i].type, rows[i].data, rows[i].size);
        assert_malformed("a.example", DNS_SRV);
    }
}

/* The owner of a record is what these bytes say; and a record follows. */
static void assert_owner_malformed(const void *owner, size_t size)
{
    add_question("a.example", DNS_A, 0);
    add(owner, size);
    add_head(DNS_A, 1, 60, 4);
    add("\1\2\3\4", 4);
    count_record(6);
    assert_malformed("a.example", DNS_A);
}

static void pointers(void **state)
{
    static const struct {
        const char *owner;
        size_t size;
    } rows[] = {
        {"\xc0\x1b", 2},    /* to itself: offset 27 */
        {"\xc0\x1c", 2},    /* into itself */
        {"\xc0\x1d", 2},    /* forward */
        {"\xff\xff", 2},    /* out of the message */
        {"\1b\xc0\x1b", 4}, /* to its own beginning */
        {"\x3f", 1},        /* a label longer than what is left */
        {"\x40\0", 2},      {"\x80\0", 2}, {"\xbf\0", 2},
    };
    (void)state;
    for (size_t i = 0; i < COUNT(rows); i++)
        assert_owner_malformed(rows[i].owner, rows[i].size);
}

/* A label of 64 bytes cannot be: its length means something else. */
static void long_label(void **state)
{
    uint8_t name[66] = {64};
    struct dns_srv out;
    (void)state;
    memset(name + 1, 'x', 64);
    assert_owner_malformed(name, sizeof(name));
    m.length = 0;
    add("\0\1\0\2\0\3", 6);
    add(name, sizeof(name));
    assert_false(dns_read_srv(&(struct dns_rdata){m.bytes, m.length}, &out));
}

/* As many as 32 in one name, each of them backwards. */
static void pointer_chains(void **state)
{
    (void)state;
    for (unsigned length = 31; length <= 32; length++) {
        add_question("a.example", DNS_A, 0);
        add_record_at(12, TXT, "", 0);
        m.bytes[m.length - 1] = (uint8_t)(2 * length);
        unsigned to = 12;
        for (unsigned i = 0; i < length; i++) {
            unsigned here = (unsigned)m.length;
            add16(0xc000 | to);
            to = here;
        }
        add_record_at(to, DNS_A, "\1\2\3\4", 4);
        struct dns_answer *a = read_all("a.example", DNS_A);
        assert_true(length == 31 ? a->count == 1 : malformed(a));
        dns_answer_release(a);
    }
}

/* `last`: the length of the fourth label. */
static void long_name(char out[300], size_t last)
{
    memset(out, 'x', 300);
    out[63] = out[127] = out[191] = '.';
    out[192 + last] = '\0';
}

static void name_sizes(void **state)
{
    char name[300];
    (void)state;
    for (size_t last = 61; last <= 62; last++) { /* 255 and 256 bytes */
        long_name(name, last);
        add_question(name, DNS_A, 0);
        add_record_at(12, DNS_A, "\1\2\3\4", 4);
        struct dns_answer *a = read_all(name, DNS_A);
        assert_true(last == 61 ? a->count == 1 : malformed(a));
        dns_answer_release(a);
        add_question("a.example", DNS_SRV, 0);
        add_record_at(12, DNS_SRV, "\0\1\0\2\0\3", 6);
        size_t at = m.length;
        add_name(name);
        m.bytes[at - 7] = (uint8_t)((m.length - at + 6) & 0xff);
        m.bytes[at - 8] = (uint8_t)((m.length - at + 6) >> 8);
        a = read_all("a.example", DNS_SRV);
        assert_true(last == 61 ? a->count == 1 && a->records[0].size == 261
                               : malformed(a));
        dns_answer_release(a);
    }
}

static void label_sizes(void **state)
{
    char name[80] = "";
    (void)state;
    memset(name, 'x', 64);
    memcpy(name + 63, ".example", 9);
    add_question(name, DNS_A, 0);
    add_record_at(12, DNS_A, "\1\2\3\4", 4);
    struct dns_answer *a = read_all(name, DNS_A);
    assert_int_equal(a->count, 1);
    dns_answer_release(a);
    memset(name, 'x', 64);
    memcpy(name + 64, ".example", 9);
    assert_malformed(name, DNS_A);
}

/* ---- Bounds ----------------------------------------------------------- */

static void many_records(void **state)
{
    static const size_t counts[] = {DNS_RECORDS_MAX, DNS_RECORDS_MAX + 1, 3000};
    (void)state;
    for (size_t i = 0; i < COUNT(counts); i++) {
        add_question("a.example", DNS_A, 0);
        for (size_t n = 0; n < counts[i]; n++)
            add_record_at(12, DNS_A, &n, 4);
        struct dns_answer *a = read_all("a.example", DNS_A);
        assert_int_equal(a->count, DNS_RECORDS_MAX);
        assert_int_equal(a->dropped, counts[i] - DNS_RECORDS_MAX);
        size_t last = DNS_RECORDS_MAX - 1;
        assert_memory_equal(a->records[last].data, &last, 4);
        dns_answer_release(a);
    }
}

static void many_bytes(void **state)
{
    static const char data[65535];
    (void)state;
    add_question("a.example", DNS_TLSA, 0);
    for (int n = 0; n < 10; n++)
        add_record_at(12, DNS_TLSA, data, sizeof(data));
    add_record_at(12, DNS_TLSA, "small", 5); /* there is room for it */
    struct dns_answer *a = read_all("a.example", DNS_TLSA);
    assert_int_equal(a->count, 9);
    assert_int_equal(a->dropped, 2);
    assert_int_equal(a->records[8].size, 5);
    dns_answer_release(a);
}

/* A chain of `length` aliases. */
static void chain(unsigned length)
{
    char from[32] = "a.example", to[32];
    add_question("a.example", DNS_A, 0);
    for (unsigned i = 0; i < length; i++) {
        (void)snprintf(to, sizeof(to), "n%u.example", i);
        add_row(&(struct row){from, DNS_CNAME, 60, to, 0}, 6);
        memcpy(from, to, sizeof(from));
    }
    add_row(&(struct row){from, DNS_A, 60, "192.0.2.1", 0}, 6);
}

static void long_chains(void **state)
{
    (void)state;
    chain(15);
    struct dns_answer *a = read_all("a.example", DNS_A);
    assert_int_equal(a->count, 1);
    dns_answer_release(a);
    chain(16);
    assert_malformed("a.example", DNS_A);
}

/* ---- The life of answers ---------------------------------------------- */

static void lives(void **state)
{
    uint8_t bytes[] = {1, 2, 3};
    char text[] = "why";
    const struct dns_rdata list[] = {{bytes, 3}, {NULL, 0}, {bytes, 1}};
    (void)state;
    struct dns_answer *a = dns_answer_new(list, 3, text);
    assert_non_null(a);
    memset(bytes, 0, sizeof(bytes));
    text[0] = 'W';
    assert_ptr_equal(dns_answer_hold(a), a);
    dns_answer_release(a);
    assert_int_equal(a->holders, 1);
    assert_int_equal(a->error, S2S_OK);
    assert_string_equal(a->text, "why");
    assert_int_equal(a->count, 3);
    assert_memory_equal(a->records[0].data, "\1\2\3", 3);
    assert_int_equal(a->records[1].size, 0);
    assert_memory_equal(a->records[2].data, "\1", 1);
    dns_answer_release(a);
    dns_answer_release(NULL);
    static const struct dns_rdata none[DNS_RECORDS_MAX + 3];
    a = dns_answer_new(none, DNS_RECORDS_MAX + 3, "");
    assert_int_equal(a->count, DNS_RECORDS_MAX);
    assert_int_equal(a->dropped, 3);
    dns_answer_release(a);
    a = dns_answer_failed(S2S_EINTERNAL, "failed");
    assert_int_equal(a->error, S2S_EINTERNAL);
    assert_int_equal(a->count, 0);
    assert_string_equal(a->text, "failed");
    dns_answer_release(a);
}

static void without_memory(void **state)
{
    (void)state;
    make(&answers[7]);
    failing_off();
    dns_answer_release(dns_read(m.bytes, m.length, "a.example", DNS_A, true));
    unsigned long calls = failing_count();
    assert_true(calls >= 3);
    for (unsigned long nth = 1; nth <= calls; nth++) {
        failing_arm(nth, false);
        assert_null(dns_read(m.bytes, m.length, "a.example", DNS_A, true));
    }
    failing_arm(1, false);
    assert_null(dns_answer_failed(S2S_EDNS, "failed"));
    failing_off();
}

/* ---- Values ----------------------------------------------------------- */

static void srv_values(void **state)
{
    static const struct {
        const char *data;
        size_t size;
        const char *target; /* NULL: refused */
    } rows[] = {
        {"\0\1\0\2\x14\x95\4host\7example", 20, "host.example"},
        {"\0\1\0\2\x14\x95\4HoSt\7eXample", 20, "host.example"},
        {"\0\1\0\2\x14\x95\4_a-9", 12, "_a-9"},
        {"\0\1\0\2\x14\x95", 7, ""}, /* the root: no service */
        {"\0\1\0\2\x14\x95", 6, NULL},
        {"", 0, NULL},
        {"\0\1\0\2\x14\x95\4host", 11, NULL},         /* no end */
        {"\0\1\0\2\x14\x95\4host\0", 13, NULL},       /* more behind it */
        {"\0\1\0\2\x14\x95\4host\7exampl", 18, NULL}, /* cut */
        {"\0\1\0\2\x14\x95\xc0\x0c", 8, NULL},        /* a pointer */
        {"\0\1\0\2\x14\x95\4ho.t", 12, NULL},
        {"\0\1\0\2\x14\x95\4ho t", 12, NULL},
        {"\0\1\0\2\x14\x95\4ho\0t", 12, NULL},
        {"\0\1\0\2\x14\x95\4ho\xc3\xa9", 12, NULL},
        {"\0\1\0\2\x14\x95\4ho/t", 12, NULL},
        {"\0\1\0\2\x14\x95\4ho@t", 12, NULL},
        {"\0\1\0\2\x14\x95\4ho[t", 12, NULL},
        {"\0\1\0\2\x14\x95\4ho`t", 12, NULL},
        {"\0\1\0\2\x14\x95\4ho{t", 12, NULL},
        {"\0\1\0\2\x14\x95\4ho:t", 12, NULL},
    };
    (void)state;
    for (size_t i = 0; i < COUNT(rows); i++) {
        const struct dns_rdata data = {(const uint8_t *)rows[i].data,
                                       rows[i].size};
        struct dns_srv out = {.port = 7};
        bool read = dns_read_srv(&data, &out);
        if (read != (rows[i].target != NULL))
            fail_msg("row %zu", i);
        assert_int_equal(out.port, read ? 5269 : 7);
        if (!read)
            continue;
        assert_string_equal(out.target, rows[i].target);
        assert_int_equal(out.priority, 1);
        assert_int_equal(out.weight, 2);
    }
}

static void srv_sizes(void **state)
{
    char name[300];
    (void)state;
    for (size_t last = 61; last <= 62; last++) {
        struct dns_srv out;
        long_name(name, last);
        m.length = 0;
        add("\xff\xff\xff\xff\xff\xff", 6);
        add_name(name);
        const struct dns_rdata data = {m.bytes, m.length};
        assert_int_equal(dns_read_srv(&data, &out), last == 61);
        if (last == 61)
            assert_string_equal(out.target, name);
        assert_true(last != 61 || out.port == 65535);
    }
}

static void address_values(void **state)
{
    static const uint8_t bytes[17] = {0x20, 1, 0xd, 0xb8};
    struct sockaddr_storage out;
    const struct sockaddr_in *v4 = (const struct sockaddr_in *)&out;
    const struct sockaddr_in6 *v6 = (const struct sockaddr_in6 *)&out;
    (void)state;
    for (size_t size = 0; size <= sizeof(bytes); size++) {
        const struct dns_rdata data = {bytes, size};
        socklen_t length = dns_read_address(&data, 5269, &out);
        assert_int_equal(length, size == 4    ? sizeof(*v4)
                                 : size == 16 ? sizeof(*v6)
                                              : 0);
        if (size == 4) {
            assert_int_equal(v4->sin_family, AF_INET);
            assert_int_equal(ntohs(v4->sin_port), 5269);
            assert_memory_equal(&v4->sin_addr, bytes, 4);
        } else if (size == 16) {
            assert_int_equal(v6->sin6_family, AF_INET6);
            assert_int_equal(ntohs(v6->sin6_port), 5269);
            assert_memory_equal(&v6->sin6_addr, bytes, 16);
        }
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(reads),
        cmocka_unit_test(not_trusted),
        cmocka_unit_test(behind),
        cmocka_unit_test(wrong_question),
        cmocka_unit_test(claims),
        cmocka_unit_test(truncated),
        cmocka_unit_test(truncated_authority),
        cmocka_unit_test(compressed),
        cmocka_unit_test(bad_data),
        cmocka_unit_test(pointers),
        cmocka_unit_test(long_label),
        cmocka_unit_test(pointer_chains),
        cmocka_unit_test(name_sizes),
        cmocka_unit_test(label_sizes),
        cmocka_unit_test(many_records),
        cmocka_unit_test(many_bytes),
        cmocka_unit_test(long_chains),
        cmocka_unit_test(lives),
        cmocka_unit_test(without_memory),
        cmocka_unit_test(srv_values),
        cmocka_unit_test(srv_sizes),
        cmocka_unit_test(address_values),
    };
    return cmocka_run_group_tests_name("net/dns", tests, NULL, NULL);
}
