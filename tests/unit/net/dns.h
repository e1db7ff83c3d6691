/*
 * A DNS server for tests, on a free port of loopback, in the test's own
 * thread: it answers when the test calls dns_serve(). UDP, and TCP on the
 * same port.
 */
#ifndef TEST_DNS_H
#define TEST_DNS_H

#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>
#include <strings.h>

#include "net/resolver.h"

#include "loopback.h"

/*
 * `answer` is a list of records, "" for none, or one of NXDOMAIN, SERVFAIL,
 * REFUSED, FORMERR, SILENT. A record is an address, SRV/1/2/5269/host.example,
 * or TLSA/ and hexadecimal digits. In front of a list, in this order: BOGUS is
 * SERVFAIL without the CD bit, OLD refuses EDNS with FORMERR, PICKY does so and
 * knows EDNS, BIG demands TCP, BAD claims one record too many, AD sets the bit,
 * TTL=1 gives a time to live in place of 0, ALIAS puts an alias in front.
 * A name that starts with "*" is a suffix; a type in front of it ("28
 * a.example") is for that type only. What is not in the table is NXDOMAIN.
 */
struct dns_row {
    const char *name;
    const char *answer;
};

struct dns {
    const struct dns_row *rows; /* a NULL name ends */
    int udp, tcp;
    int stream;      /* the TCP connection, or -1 */
    char server[32]; /* for dns_resolver() */
    size_t queries;
    size_t tcp_queries;
    size_t plain_queries; /* without EDNS */
    size_t ports;         /* how often the port that asked was another one */
    uint16_t port;
    uint8_t flags; /* the fourth byte of the latest */
    bool lossy;    /* each second datagram is lost */
    size_t datagrams;
};

static inline void dns_open(struct dns *d, const struct dns_row *rows)
{
    int size = 1024 * 1024;
    *d = (struct dns){.rows = rows, .udp = -1, .tcp = -1, .stream = -1};
    while (d->tcp < 0) {
        if (d->udp >= 0)
            close(d->udp);
        d->udp = loopback_bind(SOCK_DGRAM, "127.0.0.1", 0);
        d->tcp = loopback_listen("127.0.0.1", loopback_port(d->udp));
    }
    assert_int_equal(
        setsockopt(d->udp, SOL_SOCKET, SO_RCVBUF, &size, sizeof(size)), 0);
    (void)snprintf(d->server, sizeof(d->server), "127.0.0.1:%u",
                   loopback_port(d->udp));
}

static inline int dns_resolver(const char *servers, struct resolver **out)
{
    const struct resolver_settings settings = {.servers = servers,
                                               .config = "/dev/null"};
    return resolver_new(&settings, out);
}

static inline void dns_close(struct dns *d)
{
    close(d->udp);
    close(d->tcp);
    if (d->stream >= 0)
        close(d->stream);
}

/* The question's name in text; the offset behind the question. */
static inline size_t dns_question(const uint8_t *q, size_t length,
                                  char name[256])
{
    size_t at = 12, out = 0;
    while (at < length && q[at] != 0) {
        size_t label = q[at++];
        assert_true(at + label < length && out + label + 2 < 256);
        if (out > 0)
            name[out++] = '.';
        memcpy(name + out, q + at, label);
        out += label;
        at += label;
    }
    name[out] = '\0';
    assert_true(at + 5 <= length);
    return at + 5;
}

static inline const char *dns_find(const struct dns *d, const char *name,
                                   unsigned type)
{
    for (const struct dns_row *row = d->rows; row->name != NULL; row++) {
        const char *space = strchr(row->name, ' ');
        const char *wanted = space != NULL ? space + 1 : row->name;
        size_t size = strlen(wanted), length = strlen(name);
        if (space != NULL && strtoul(row->name, NULL, 10) != type)
            continue;
        if (strcasecmp(wanted, name) == 0)
            return row->answer;
        if (wanted[0] == '*' && length >= size - 1 &&
            strcasecmp(wanted + 1, name + length - (size - 1)) == 0)
            return row->answer;
    }
    return "NXDOMAIN";
}

static inline int dns_rcode(const char *answer)
{
    static const struct {
        const char *name;
        int rcode;
    } codes[] = {
        {"FORMERR", 1}, {"SERVFAIL", 2}, {"NXDOMAIN", 3}, {"REFUSED", 5}};
    for (size_t i = 0; i < sizeof(codes) / sizeof(codes[0]); i++)
        if (strcmp(codes[i].name, answer) == 0)
            return codes[i].rcode;
    return 0;
}

static inline bool dns_word(const char **answer, const char *word)
{
    size_t size = strlen(word);
    if (strncmp(*answer, word, size) != 0)
        return false;
    *answer += size;
    *answer += **answer == ' ';
    return true;
}

/* A name in wire form; its size. */
static inline size_t dns_name(const char *name, uint8_t *out)
{
    size_t at = 0;
    while (*name != '\0') {
        size_t label = strcspn(name, ".");
        out[at++] = (uint8_t)label;
        memcpy(out + at, name, label);
        at += label;
        name += label + (name[label] == '.');
    }
    out[at++] = 0;
    return at;
}

/* The data of a record in text, and its type. */
static inline size_t dns_rdata(char *text, uint8_t *type, uint8_t data[300])
{
    size_t size = 0;
    char *at = text;
    if (strncmp(text, "SRV/", 4) == 0) {
        *type = 33;
        for (int i = 0; i < 3; i++) {
            unsigned long n = strtoul(strchr(at, '/') + 1, &at, 10);
            data[size++] = (uint8_t)(n >> 8);
            data[size++] = (uint8_t)n;
        }
        return size + dns_name(at + 1, data + size);
    }
    if (strncmp(text, "TLSA/", 5) == 0) {
        *type = 52;
        for (at = text + 5; *at != '\0'; at += 2) {
            const char pair[] = {at[0], at[1], '\0'};
            data[size++] = (uint8_t)strtoul(pair, NULL, 16);
        }
        return size;
    }
    *type = strchr(text, ':') != NULL ? 28 : 1;
    assert_int_equal(inet_pton(*type == 28 ? AF_INET6 : AF_INET, text, data),
                     1);
    return *type == 28 ? 16 : 4;
}

static inline void dns_record(uint8_t owner, uint8_t type, unsigned ttl,
                              const uint8_t *data, size_t size, uint8_t *out,
                              size_t *length)
{
    const uint8_t head[] = {0xc0,
                            owner,
                            0,
                            type,
                            0,
                            1,
                            0,
                            0,
                            (uint8_t)(ttl >> 8),
                            (uint8_t)ttl,
                            (uint8_t)(size >> 8),
                            (uint8_t)size};
    memcpy(out + *length, head, sizeof(head));
    memcpy(out + *length + sizeof(head), data, size);
    *length += sizeof(head) + size;
}

/* Append the records of the question's type; how many. */
static inline uint8_t dns_records(const char *list, uint8_t owner, uint8_t type,
                                  unsigned ttl, uint8_t *out, size_t *length)
{
    uint8_t count = 0;
    while (*list != '\0') {
        uint8_t data[300], is;
        char text[128];
        size_t size = strcspn(list, " ");
        assert_true(size < sizeof(text));
        memcpy(text, list, size);
        text[size] = '\0';
        list += size + (list[size] == ' ');
        size = dns_rdata(text, &is, data);
        if (is != type)
            continue;
        dns_record(owner, type, ttl, data, size, out, length);
        count++;
    }
    return count;
}

/* The same with what may be in front; `out` begins with the header. */
static inline void dns_list(const char *list, uint8_t type, uint8_t *out,
                            size_t *length)
{
    uint8_t owner = 12;
    unsigned ttl = 0;
    if (dns_word(&list, "AD"))
        out[3] |= 0x20;
    if (dns_word(&list, "TTL=")) {
        char *end;
        ttl = (unsigned)strtoul(list, &end, 10);
        list = end + (*end == ' ');
    }
    if (dns_word(&list, "ALIAS")) {
        uint8_t name[32];
        size_t size = dns_name("target.example", name);
        dns_record(owner, 5, ttl, name, size, out, length);
        owner = (uint8_t)(*length - size);
        out[7]++;
    }
    out[7] =
        (uint8_t)(out[7] + dns_records(list, owner, type, ttl, out, length));
}

/* The answer's length; 0 for none. `out` has 2048 bytes. */
static inline size_t dns_answer(struct dns *d, const uint8_t *q, size_t size,
                                bool tcp, uint8_t *out)
{
    char name[256];
    assert_true(size >= 12);
    size_t length = dns_question(q, size, name);
    const char *answer = dns_find(d, name, q[length - 3]);
    bool edns = q[11] != 0;
    d->queries++;
    d->tcp_queries += tcp;
    d->plain_queries += !edns;
    d->flags = q[3];
    if (strcmp(answer, "SILENT") == 0)
        return 0;
    int rcode = dns_rcode(answer);
    if (dns_word(&answer, "BOGUS") && (q[3] & 0x10) == 0)
        rcode = 2;
    if (dns_word(&answer, "OLD") && edns)
        rcode = 1;
    bool picky = dns_word(&answer, "PICKY") && edns;
    if (picky)
        rcode = 1;
    bool bad = dns_word(&answer, "BAD");
    bool big = dns_word(&answer, "BIG") && !tcp;
    memcpy(out, q, length);
    out[2] = (uint8_t)(0x81 | (big ? 2 : 0));
    out[3] = (uint8_t)(0x80 | rcode);
    memset(out + 6, 0, 6);
    if (rcode == 0 && !big)
        dns_list(answer, q[length - 3], out, &length);
    out[7] = (uint8_t)(out[7] + bad);
    if (picky) {
        const uint8_t opt[] = {0, 0, 41, 2, 0, 0, 0, 0, 0, 0, 0};
        memcpy(out + length, opt, sizeof(opt));
        length += sizeof(opt);
        out[11] = 1;
    }
    return length;
}

/* One framed query at the front of `bytes`; its length. */
static inline size_t dns_frame(struct dns *d, const uint8_t *bytes, size_t have)
{
    uint8_t answer[2 + 2048];
    assert_true(have > 2);
    size_t size = (size_t)bytes[0] << 8 | bytes[1];
    assert_true(have >= 2 + size);
    size_t length = dns_answer(d, bytes + 2, size, true, answer + 2);
    answer[0] = (uint8_t)(length >> 8);
    answer[1] = (uint8_t)length;
    assert_int_equal(send(d->stream, answer, length + 2, MSG_NOSIGNAL),
                     length + 2);
    return 2 + size;
}

static inline void dns_serve_tcp(struct dns *d)
{
    uint8_t bytes[4096];
    if (d->stream < 0)
        d->stream = accept4(d->tcp, NULL, NULL, SOCK_CLOEXEC | SOCK_NONBLOCK);
    if (d->stream < 0)
        return;
    ptrdiff_t n = recv(d->stream, bytes, sizeof(bytes), 0);
    if (n == 0) {
        close(d->stream);
        d->stream = -1;
    }
    for (ptrdiff_t at = 0; at < n;)
        at += (ptrdiff_t)dns_frame(d, bytes + at, (size_t)(n - at));
}

/* Answer up to `most` datagrams that are there; how many were. */
static inline size_t dns_serve(struct dns *d, size_t most)
{
    uint8_t query[1024], answer[2048];
    struct sockaddr_in from;
    size_t count = 0;
    while (count < most) {
        socklen_t size = sizeof(from);
        ptrdiff_t n = recvfrom(d->udp, query, sizeof(query), 0,
                               (struct sockaddr *)&from, &size);
        if (n < 0)
            break;
        count++;
        if (d->datagrams++ % 2 == 0 && d->lossy)
            continue;
        d->ports += d->port != from.sin_port;
        d->port = from.sin_port;
        size_t length = dns_answer(d, query, (size_t)n, false, answer);
        if (length > 0)
            assert_int_equal(sendto(d->udp, answer, length, 0,
                                    (struct sockaddr *)&from, size),
                             length);
    }
    return count;
}

/* Wait until the resolver, the server or `also` (-1: none) has something to
 * do, and let resolver and server do it. */
static inline void dns_step(struct dns *d, struct resolver *r, int also,
                            short events)
{
    struct pollfd p[] = {
        {.fd = resolver_fd(r), .events = POLLIN},
        {.fd = d->udp, .events = POLLIN},
        {.fd = d->stream >= 0 ? d->stream : d->tcp, .events = POLLIN},
        {.fd = also, .events = events},
    };
    assert_true(poll(p, 4, LOOPBACK_WAIT_MS) > 0);
    (void)dns_serve(d, SIZE_MAX);
    dns_serve_tcp(d);
    if (p[0].revents != 0)
        resolver_process(r);
}

#endif
