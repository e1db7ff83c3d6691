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
 * `answer` is a list of addresses, "" for none, or one of NXDOMAIN, SERVFAIL,
 * REFUSED, FORMERR, SILENT; in front of a list OLD refuses EDNS with FORMERR,
 * BIG demands TCP, and BAD claims one record too many. A name that starts with
 * "*" is a suffix; what is not in the table is NXDOMAIN.
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
    const struct resolver_settings settings = {.servers = servers};
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

static inline const char *dns_find(const struct dns *d, const char *name)
{
    for (const struct dns_row *row = d->rows; row->name != NULL; row++) {
        size_t size = strlen(row->name), length = strlen(name);
        if (strcasecmp(row->name, name) == 0)
            return row->answer;
        if (row->name[0] == '*' && length >= size - 1 &&
            strcasecmp(row->name + 1, name + length - (size - 1)) == 0)
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

/* Append the records of the question's type; how many. */
static inline uint8_t dns_records(const char *list, uint8_t type, uint8_t *out,
                                  size_t *length)
{
    uint8_t count = 0;
    while (*list != '\0') {
        uint8_t bytes[16];
        char text[64];
        size_t size = strcspn(list, " ");
        assert_true(size < sizeof(text));
        memcpy(text, list, size);
        text[size] = '\0';
        list += size + (list[size] == ' ');
        uint8_t rdata = strchr(text, ':') != NULL ? 16 : 4;
        if ((type == 28) != (rdata == 16))
            continue;
        assert_int_equal(
            inet_pton(rdata == 16 ? AF_INET6 : AF_INET, text, bytes), 1);
        const uint8_t head[] = {0xc0, 12, 0, type, 0, 1, 0, 0, 0, 0, 0, rdata};
        memcpy(out + *length, head, sizeof(head));
        memcpy(out + *length + sizeof(head), bytes, rdata);
        *length += sizeof(head) + rdata;
        count++;
    }
    return count;
}

/* The answer's length; 0 for none. `out` has 2048 bytes. */
static inline size_t dns_answer(struct dns *d, const uint8_t *q, size_t size,
                                bool tcp, uint8_t *out)
{
    char name[256];
    assert_true(size >= 12);
    size_t length = dns_question(q, size, name);
    const char *answer = dns_find(d, name);
    bool edns = q[11] != 0;
    d->queries++;
    d->tcp_queries += tcp;
    if (strcmp(answer, "SILENT") == 0)
        return 0;
    int rcode = dns_rcode(answer);
    if (dns_word(&answer, "OLD") && edns)
        rcode = 1;
    bool bad = dns_word(&answer, "BAD");
    bool big = dns_word(&answer, "BIG") && !tcp;
    memcpy(out, q, length);
    out[2] = (uint8_t)(0x81 | (big ? 2 : 0));
    out[3] = (uint8_t)(0x80 | rcode);
    memset(out + 6, 0, 6);
    if (rcode == 0 && !big)
        out[7] = dns_records(answer, q[length - 3], out, &length);
    out[7] = (uint8_t)(out[7] + bad);
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
