/* From SRV answers to a plan. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include <s2sprobe.h>
#include <stdio.h>

#include "net/srv.h"

#define COUNT(list) (sizeof(list) / sizeof((list)[0]))
#define MOST        1100u

struct row {
    uint16_t priority, weight, port;
    const char *target; /* "." is the root */
};

/* The data of a record; at least 6 + 256 bytes. */
static size_t write_rdata(const struct row *r, uint8_t *out)
{
    const uint16_t numbers[] = {r->priority, r->weight, r->port};
    size_t size = 0;
    for (size_t i = 0; i < COUNT(numbers); i++) {
        out[size++] = (uint8_t)(numbers[i] >> 8);
        out[size++] = (uint8_t)numbers[i];
    }
    for (const char *t = r->target; *t != '\0' && strcmp(t, ".") != 0;) {
        size_t label = strcspn(t, ".");
        out[size++] = (uint8_t)label;
        memcpy(out + size, t, label);
        size += label;
        t += label + (t[label] == '.');
    }
    out[size++] = 0;
    return size;
}

static struct dns_answer *answer(const struct row *rows, size_t count)
{
    struct dns_rdata *list = calloc(count + 1, sizeof(*list));
    uint8_t *bytes = calloc(count + 1, 280);
    assert_non_null(list);
    assert_non_null(bytes);
    for (size_t i = 0; i < count; i++)
        list[i] = (struct dns_rdata){bytes + i * 280,
                                     write_rdata(&rows[i], bytes + i * 280)};
    struct dns_answer *a = dns_answer_new(list, count, "");
    assert_non_null(a);
    free(list);
    free(bytes);
    return a;
}

static struct dns_answer *failure(enum dns_security security)
{
    struct dns_answer *a = dns_answer_failed(S2S_EDNS, "SERVFAIL");
    assert_non_null(a);
    a->security = security;
    return a;
}

static struct dns_answer *in_state(enum srv_state state, const char *target)
{
    const struct row records[] = {{10, 5, 5269, target}, {20, 5, 5270, target}};
    const struct row refusal = {0, 0, 0, "."};
    switch (state) {
    case SRV_RECORDS:
        return answer(records, COUNT(records));
    case SRV_REFUSED:
        return answer(&refusal, 1);
    case SRV_FAILED:
        return failure(DNS_INSECURE);
    case SRV_BOGUS:
        return failure(DNS_BOGUS);
    default:
        return answer(NULL, 0);
    }
}

static void plan_for(struct srv_plan *p, struct dns_answer *direct,
                     struct dns_answer *starttls, uint64_t seed, bool hopeful)
{
    srv_init(p);
    assert_int_equal(srv_read(p, SRV_DIRECT, direct), S2S_OK);
    assert_int_equal(srv_read(p, SRV_STARTTLS, starttls), S2S_OK);
    assert_int_equal(srv_decide(p, seed, hopeful), S2S_OK);
    dns_answer_release(direct);
    dns_answer_release(starttls);
}

/* ---- The decision ----------------------------------------------------- */

/* Each pair: T the records, D the domain, N no service, U unknown, F forged. */
static const char *const expected[2][SRV_STATES] = {
    {"DTNUF", "TTTTF", "NTNUF", "UTUUF", "FFFFF"},
    {"DTNDF", "TTTTF", "NTNUF", "DTUDF", "FFFFF"}, /* hopeful */
};
static const char letters[] = {[SRV_TO_TARGETS] = 'T',
                               [SRV_TO_DOMAIN] = 'D',
                               [SRV_NO_SERVICE] = 'N',
                               [SRV_UNKNOWN] = 'U',
                               [SRV_FORGED] = 'F'};

static void decisions(void **state)
{
    (void)state;
    for (int hopeful = 0; hopeful < 2; hopeful++)
        for (int d = 0; d < SRV_STATES; d++)
            for (int s = 0; s < SRV_STATES; s++) {
                struct srv_plan p;
                plan_for(&p, in_state((enum srv_state)d, "d.example"),
                         in_state((enum srv_state)s, "s.example"), 1,
                         hopeful != 0);
                assert_int_equal(p.sets[SRV_DIRECT].state, d);
                assert_int_equal(p.sets[SRV_STARTTLS].state, s);
                if (letters[p.outcome] != expected[hopeful][d][s])
                    fail_msg("%d %d %d: %c", hopeful, d, s, letters[p.outcome]);
                size_t count = 0;
                if (p.outcome == SRV_TO_TARGETS)
                    count = (d == SRV_RECORDS ? 2u : 0) +
                            (s == SRV_RECORDS ? 2u : 0);
                assert_int_equal(p.count, count);
                srv_free(&p);
            }
}

/* ---- The order -------------------------------------------------------- */

static void mixed(void **state)
{
    static const struct row direct[] = {{10, 0, 5270, "b.example"},
                                        {30, 0, 5270, "d.example"}};
    static const struct row starttls[] = {{20, 0, 5269, "c.example"},
                                          {5, 0, 5269, "a.example"}};
    static const char *const order[] = {"a.example", "b.example", "c.example",
                                        "d.example"};
    struct srv_plan p;
    (void)state;
    plan_for(&p, answer(direct, 2), answer(starttls, 2), 7, false);
    assert_int_equal(p.count, 4);
    for (size_t i = 0; i < 4; i++) {
        assert_string_equal(p.order[i]->host, order[i]);
        assert_int_equal(p.order[i]->direct, i % 2);
        assert_false(p.order[i]->secure);
    }
    srv_free(&p);
}

/* 60/30/10/0: the draw is from 0 to 100 inclusive, so that 0 has a chance. */
static void weights(void **state)
{
    static const struct row rows[] = {{1, 0, 1024, "w0.example"},
                                      {1, 60, 1024, "w60.example"},
                                      {1, 10, 1024, "w10.example"},
                                      {1, 30, 1024, "w30.example"}};
    static const double share[] = {1 / 101.0, 60 / 101.0, 10 / 101.0,
                                   30 / 101.0};
    enum { DRAWS = 20000 };
    unsigned first[COUNT(rows)] = {0};
    (void)state;
    for (uint64_t seed = 0; seed < DRAWS; seed++) {
        struct srv_plan p;
        plan_for(&p, answer(NULL, 0), answer(rows, COUNT(rows)), seed, false);
        assert_int_equal(p.count, COUNT(rows));
        for (size_t i = 0; i < COUNT(rows); i++)
            if (strcmp(p.order[0]->host, rows[i].target) == 0)
                first[i]++;
        srv_free(&p);
    }
    for (size_t i = 0; i < COUNT(rows); i++) {
        double seen = first[i] / (double)DRAWS;
        if (seen < share[i] - 0.015 || seen > share[i] + 0.015)
            fail_msg("%s: %f", rows[i].target, seen);
    }
}

/* Equal ones come in any order. */
static void zeros(void **state)
{
    static const struct row rows[] = {{1, 0, 1024, "a.example"},
                                      {1, 0, 1024, "b.example"},
                                      {1, 0, 1024, "c.example"}};
    unsigned first[COUNT(rows)] = {0};
    (void)state;
    for (uint64_t seed = 0; seed < 300; seed++) {
        struct srv_plan p;
        plan_for(&p, answer(NULL, 0), answer(rows, COUNT(rows)), seed, false);
        for (size_t i = 0; i < COUNT(rows); i++)
            if (strcmp(p.order[0]->host, rows[i].target) == 0)
                first[i]++;
        srv_free(&p);
    }
    for (size_t i = 0; i < COUNT(rows); i++)
        assert_in_range(first[i], 60, 140);
}

/* Whatever order the server gives them in. */
static void repeatable(void **state)
{
    static const struct row one[] = {{1, 1, 1024, "a.example"},
                                     {1, 2, 1024, "b.example"},
                                     {1, 3, 1025, "b.example"},
                                     {1, 0, 1024, "c.example"}};
    struct row two[COUNT(one)];
    (void)state;
    for (size_t i = 0; i < COUNT(one); i++)
        two[i] = one[COUNT(one) - 1 - i];
    for (uint64_t seed = 0; seed < 50; seed++) {
        struct srv_plan p, q;
        plan_for(&p, answer(NULL, 0), answer(one, COUNT(one)), seed, false);
        plan_for(&q, answer(NULL, 0), answer(two, COUNT(two)), seed, false);
        for (size_t i = 0; i < COUNT(one); i++) {
            assert_string_equal(p.order[i]->host, q.order[i]->host);
            assert_int_equal(p.order[i]->port, q.order[i]->port);
        }
        srv_free(&p);
        srv_free(&q);
    }
}

/* The largest weights there can be do not overflow. */
static void many(void **state)
{
    struct row *rows = calloc(MOST, sizeof(*rows));
    char(*names)[16] = calloc(MOST, sizeof(*names));
    struct srv_plan p;
    (void)state;
    assert_non_null(rows);
    assert_non_null(names);
    for (size_t i = 0; i < MOST; i++) {
        (void)snprintf(names[i], sizeof(names[i]), "h%zu.example", i);
        rows[i] = (struct row){0, UINT16_MAX, 5269, names[i]};
    }
    plan_for(&p, answer(NULL, 0), answer(rows, MOST), 3, false);
    assert_int_equal(p.count, DNS_RECORDS_MAX);
    assert_int_equal(p.sets[SRV_STARTTLS].dropped, MOST - DNS_RECORDS_MAX);
    s2s_result *r = result_new(S2S_OP_CONNECT);
    assert_non_null(r);
    srv_report(&p, r);
    assert_int_equal(r->dns.record_count, RESULT_LIST);
    assert_int_equal(r->findings->id, FINDING_SRV_MANY);
    assert_string_equal(r->findings->seen, "_xmpp-server: 1100");
    result_free(r);
    srv_free(&p);
    free(rows);
    free(names);
}

/* ---- Faults ----------------------------------------------------------- */

static bool found(const s2s_result *r, enum finding id, const char *seen)
{
    for (const struct result_finding *f = r->findings; f != NULL; f = f->next)
        if (f->id == id && strcmp(f->seen, seen) == 0)
            return true;
    return false;
}

static void faults(void **state)
{
    static const struct row rows[] = {
        {1, 0, 5269, "."},           {1, 0, 5269, "192.0.2.1"},
        {1, 0, 5269, "bad host.x"},  {1, 0, 25, "mail.example"},
        {1, 0, 5269, "ok.example"},  {2, 0, 5269, "OK.example"},
        {1, 0, 6667, "irc.example"}, {1, 0, 443, "ok.example"},
    };
    struct srv_plan p;
    (void)state;
    plan_for(&p, in_state(SRV_FAILED, ""), answer(rows, COUNT(rows)), 1, false);
    assert_int_equal(p.outcome, SRV_TO_TARGETS);
    assert_int_equal(p.count, 4); /* the same one twice counts once */
    assert_int_equal(p.sets[SRV_STARTTLS].roots, 1);
    assert_int_equal(p.sets[SRV_STARTTLS].unreadable, 2);
    for (size_t i = 0; i < p.count; i++)
        assert_int_equal(p.order[i]->bad_port,
                         p.order[i]->port == 25 || p.order[i]->port == 6667);
    s2s_result *r = result_new(S2S_OP_CONNECT);
    assert_non_null(r);
    srv_report(&p, r);
    assert_string_equal(r->dns.plan, "srv");
    assert_string_equal(r->dns.answers[SRV_DIRECT], "failed");
    assert_string_equal(r->dns.errors[SRV_DIRECT], "SERVFAIL");
    assert_string_equal(r->dns.answers[SRV_STARTTLS], "records");
    assert_null(r->dns.errors[SRV_STARTTLS]);
    assert_true(found(r, FINDING_SRV_FAILED, "_xmpps-server: SERVFAIL"));
    assert_true(found(r, FINDING_SRV_DOT, "_xmpp-server: \".\""));
    assert_true(found(r, FINDING_SRV_UNREADABLE, "_xmpp-server: 2 of 7"));
    assert_true(found(r, FINDING_SRV_PORT, "_xmpp-server: port 25"));
    assert_true(found(r, FINDING_SRV_PORT, "_xmpp-server: port 6667"));
    result_free(r);
    srv_free(&p);
}

/* Nothing that makes sense is a failure, not "no records". */
static void nonsense(void **state)
{
    static const struct row row = {1, 0, 5269, "127.0.0.1"};
    struct srv_plan p;
    (void)state;
    plan_for(&p, answer(NULL, 0), answer(&row, 1), 1, false);
    assert_int_equal(p.sets[SRV_STARTTLS].state, SRV_FAILED);
    assert_int_equal(p.outcome, SRV_UNKNOWN);
    srv_free(&p);
}

static void no_memory(void **state)
{
    struct dns_answer none = {.error = S2S_ENO_MEMORY, .text = ""};
    struct srv_plan p;
    (void)state;
    srv_init(&p);
    assert_int_equal(srv_read(&p, SRV_DIRECT, &none), S2S_ENO_MEMORY);
    srv_free(&p);
}

static void secure(void **state)
{
    static const struct row row = {1, 0, 5269, "a.example"};
    struct dns_answer *a = answer(&row, 1);
    struct srv_plan p;
    (void)state;
    a->security = DNS_SECURE;
    plan_for(&p, answer(NULL, 0), a, 1, false);
    assert_true(p.order[0]->secure);
    srv_free(&p);
}

static void names(void **state)
{
    char name[DOMAIN_MAX], domain[DOMAIN_MAX];
    (void)state;
    assert_true(srv_name(SRV_DIRECT, "example.com", name));
    assert_string_equal(name, "_xmpps-server._tcp.example.com");
    assert_true(srv_name(SRV_STARTTLS, "example.com", name));
    assert_string_equal(name, "_xmpp-server._tcp.example.com");
    memset(domain, 'a', sizeof(domain) - 1);
    domain[sizeof(domain) - 1] = '\0';
    assert_false(srv_name(SRV_STARTTLS, domain, name));
}

static void ports(void **state)
{
    static const uint16_t good[] = {443, 5269, 5270, 1024, 5222, 8443, 65535};
    static const uint16_t bad[] = {0,    1,    22,   25,    80,   1023,
                                   3306, 5060, 6379, 11211, 27017};
    (void)state;
    for (size_t i = 0; i < COUNT(good); i++)
        assert_true(srv_port_allowed(good[i]));
    for (size_t i = 0; i < COUNT(bad); i++)
        assert_false(srv_port_allowed(bad[i]));
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(decisions),  cmocka_unit_test(mixed),
        cmocka_unit_test(weights),    cmocka_unit_test(zeros),
        cmocka_unit_test(repeatable), cmocka_unit_test(many),
        cmocka_unit_test(faults),     cmocka_unit_test(nonsense),
        cmocka_unit_test(no_memory),  cmocka_unit_test(secure),
        cmocka_unit_test(names),      cmocka_unit_test(ports),
    };
    return cmocka_run_group_tests_name("net/srv", tests, NULL, NULL);
}
