/*
 * A resolver of the caller's that follows a table, written as in dns.h. In
 * front of an answer, in this order: LATER, it comes with scripted_answer();
 * NEVER; FAIL, start() fails; BOGUS; AD, it is secure; ALIAS. NOTHING is no
 * answer.
 */
#ifndef TEST_SCRIPTED_H
#define TEST_SCRIPTED_H

#include <s2sprobe.h>

#include "dns.h"

#define SCRIPTED_ASKED   512
#define SCRIPTED_RECORDS 24

struct scripted_query {
    s2s_dns_query *query; /* NULL: answered, or cancelled */
    const char *answer;   /* NULL: never */
    char name[256];
    uint16_t type;
};

struct scripted {
    struct dns dns; /* its rows */
    struct scripted_query asked[SCRIPTED_ASKED];
    size_t count, cancels, waiting;
};

static inline void scripted_done(struct scripted_query *q, const char *answer)
{
    static unsigned char data[SCRIPTED_RECORDS][300];
    const unsigned char *records[SCRIPTED_RECORDS];
    size_t sizes[SCRIPTED_RECORDS];
    s2s_dns_answer a = {
        .size = sizeof(a), .records = records, .record_sizes = sizes};
    s2s_dns_query *query = q->query;
    q->query = NULL;
    if (strcmp(answer, "NOTHING") == 0) {
        assert_int_equal(s2s_dns_done(query, NULL), S2S_OK);
        return;
    }
    if (dns_word(&answer, "BOGUS"))
        a.security = S2S_DNS_BOGUS;
    if (dns_word(&answer, "AD"))
        a.security = S2S_DNS_SECURE;
    a.alias = dns_word(&answer, "ALIAS");
    a.rcode = (uint32_t)dns_rcode(answer);
    while (a.rcode == 0 && *answer != '\0') {
        char text[300];
        uint8_t type;
        size_t size = strcspn(answer, " "), n = a.record_count;
        assert_true(size < sizeof(text) && n < SCRIPTED_RECORDS);
        memcpy(text, answer, size);
        text[size] = '\0';
        answer += size + (answer[size] == ' ');
        sizes[n] = dns_rdata(text, &type, data[n]);
        records[n] = data[n];
        a.record_count += type == q->type;
    }
    assert_int_equal(s2s_dns_done(query, &a), S2S_OK);
}

static inline int scripted_start(void *user, s2s_dns_query *query,
                                 const char *name, uint16_t type)
{
    struct scripted *s = user;
    const char *answer = dns_find(&s->dns, name, type);
    if (dns_word(&answer, "FAIL"))
        return S2S_EDNS;
    assert_true(s->count < SCRIPTED_ASKED);
    struct scripted_query *q = &s->asked[s->count++];
    *q = (struct scripted_query){.query = query, .type = type};
    (void)snprintf(q->name, sizeof(q->name), "%s", name);
    if (dns_word(&answer, "NEVER")) {
        s->waiting++;
    } else if (dns_word(&answer, "LATER")) {
        q->answer = answer;
        s->waiting++;
    } else {
        scripted_done(q, answer);
    }
    return S2S_OK;
}

static inline void scripted_cancel(void *user, s2s_dns_query *query)
{
    struct scripted *s = user;
    for (size_t i = 0; i < s->count; i++) {
        if (s->asked[i].query != query)
            continue;
        s->asked[i].query = NULL;
        s->cancels++;
        s->waiting--;
        return;
    }
    fail_msg("cancelled, and never asked");
}

static inline s2s_resolver scripted_open(struct scripted *s,
                                         const struct dns_row *rows)
{
    memset(s, 0, sizeof(*s));
    s->dns.rows = rows;
    return (s2s_resolver){.size = sizeof(s2s_resolver),
                          .user = s,
                          .start = scripted_start,
                          .cancel = scripted_cancel};
}

/* Answer what waits, all or one name's; how many. */
static inline size_t scripted_answer(struct scripted *s, const char *name)
{
    size_t answered = 0;
    for (size_t i = 0; i < s->count; i++) {
        struct scripted_query *q = &s->asked[i];
        if (q->query == NULL || q->answer == NULL ||
            (name != NULL && strcmp(name, q->name) != 0))
            continue;
        s->waiting--;
        answered++;
        scripted_done(q, q->answer);
    }
    return answered;
}

/* How often a name was asked for. */
static inline size_t scripted_count(const struct scripted *s, const char *name)
{
    size_t count = 0;
    for (size_t i = 0; i < s->count; i++)
        count += strcmp(name, s->asked[i].name) == 0;
    return count;
}

#endif
