/* What rows say together, of rows by hand. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>

#include "probe/check_state.h"

#define COUNT(list) (sizeof(list) / sizeof((list)[0]))

static struct check check;
static struct probe probe;

static s2s_result *begin(void)
{
    memset(&check, 0, sizeof(check));
    memset(&probe, 0, sizeof(probe));
    probe.result = result_new(S2S_OP_CHECK);
    assert_non_null(probe.result);
    check.probe = &probe;
    check.second = true;
    return probe.result;
}

static struct result_row *add(const char *kind, const char *address, int error)
{
    struct result_row *row = result_add_row(probe.result);
    assert_non_null(row);
    row->kind = kind;
    row->target = "host.example";
    row->address = address;
    row->port = 5269;
    row->result = result_new(S2S_OP_CONNECT);
    assert_non_null(row->result);
    if (error != S2S_OK)
        result_fail(row->result, error, "it is %d", error);
    return row;
}

static struct result_row *add_tls(const char *address, const char *sha256)
{
    struct result_row *row = add("endpoint", address, S2S_OK);
    row->result->tls.established = true;
    row->result->tls.certificate.sha256 = sha256;
    row->tls12 = row->tls13 = true;
    return row;
}

static const struct result_finding *find(enum finding id)
{
    for (const struct result_finding *f = probe.result->findings; f != NULL;
         f = f->next)
        if (f->id == id)
            return f;
    return NULL;
}

static void end(void)
{
    result_free(probe.result);
}

/* ---- The outcome ------------------------------------------------------ */

static void outcome(void **state)
{
    static const struct {
        int errors[3];
        int outcome;
        const char *message;
    } cases[] = {
        {{S2S_OK, S2S_OK, S2S_OK}, S2S_OK, ""},
        {{S2S_ECONNECT, S2S_OK, S2S_ECLOSED}, S2S_OK, ""},
        {{S2S_ECONNECT, S2S_ECLOSED, S2S_ECLOSED}, S2S_ECONNECT, "it is -21"},
    };
    (void)state;
    for (size_t i = 0; i < COUNT(cases); i++) {
        s2s_result *r = begin();
        add("service", NULL, S2S_EDNS); /* does not count */
        for (size_t k = 0; k < 3; k++)
            add("endpoint", NULL, cases[i].errors[k]);
        add("ping", NULL, i == 2 ? S2S_OK : S2S_ETIMEOUT);
        check_compare(&check);
        assert_int_equal(r->error, cases[i].outcome);
        assert_string_equal(r->message, cases[i].message);
        assert_int_equal(find(FINDING_ENDPOINTS_DIFFER) != NULL, i == 1);
        if (i == 1)
            assert_string_equal(find(FINDING_ENDPOINTS_DIFFER)->seen,
                                "2 of 3 do not work");
        end();
    }
}

/* One that was not gone to, and none at all. */
static void untried(void **state)
{
    (void)state;
    static const int errors[] = {S2S_EDNS, S2S_EADDRESS_FORBIDDEN};
    s2s_result *r;
    for (size_t i = 0; i < COUNT(errors); i++) {
        r = begin();
        struct result_row *row = result_add_row(r);
        assert_non_null(row);
        row->kind = "endpoint";
        row->target = "host.example";
        row->error = errors[i];
        check_compare(&check);
        assert_int_equal(r->error, errors[i]);
        /* Of what is forbidden nothing is told. */
        assert_int_equal(strstr(r->message, "host.example: ") != NULL, i == 0);
        end();
    }
    r = begin();
    check_compare(&check);
    assert_int_equal(r->error, S2S_ETIMEOUT);
    end();
}

/* ---- Findings of rows -------------------------------------------------- */

static void merging(void **state)
{
    (void)state;
    s2s_result *r = begin();
    static const char first[] = "192.0.2.1", second[] = "192.0.2.2";
    struct result_row *one = add("endpoint", first, S2S_OK);
    struct result_row *two = add("endpoint", second, S2S_OK);
    struct result_row *verify = add("verify", second, S2S_OK);
    struct result_row *time = add("time", NULL, S2S_OK);
    result_find(r, FINDING_SRV_NONE, NULL);
    result_find(one->result, FINDING_LANG_MISSING, NULL);
    result_find(two->result, FINDING_LANG_MISSING, NULL);
    result_find(two->result, FINDING_FROM_DIFFERS, "x");
    result_find(one->result, FINDING_FROM_DIFFERS, "y");
    result_find(verify->result, FINDING_PING_PROVES_LITTLE, NULL);
    result_find(verify->result, FINDING_NO_ANSWER, NULL);
    result_find(time->result, FINDING_NO_ANSWER, "t");
    check_compare(&check);
    assert_int_equal(find(FINDING_LANG_MISSING)->row, 0);
    assert_null(find(FINDING_PING_PROVES_LITTLE));
    assert_int_equal(find(FINDING_NO_ANSWER)->row, 2); /* the same one */
    size_t rows[2] = {0}, count = 0;
    for (const struct result_finding *f = r->findings; f != NULL; f = f->next)
        if (f->id == FINDING_FROM_DIFFERS)
            rows[count++] = f->row;
    assert_int_equal(count, 2);
    assert_int_equal(rows[0], 1);
    assert_int_equal(rows[1], 2);
    /* Worst first. */
    int last = S2S_SEVERITY_ERROR;
    for (const struct result_finding *f = r->findings; f != NULL; f = f->next) {
        int now = (int)finding_info(f->id)->severity;
        assert_true(now <= last);
        last = now;
    }
    end();
}

/* What the ping sees of its endpoint again stays with that one. */
static void ping(void **state)
{
    static const char here[] = "192.0.2.1", again[] = "192.0.2.1";
    static const struct {
        const char *address, *mode, *seen;
        size_t row;
    } cases[] = {{again, "starttls", "", 1}, {again, NULL, "", 1},
                 {again, "direct", "", 0},   {"192.0.2.2", "starttls", "", 0},
                 {NULL, "starttls", "", 0},  {again, "starttls", "x", 1}};
    (void)state;
    for (size_t i = 0; i < COUNT(cases); i++) {
        begin();
        struct result_row *one = add("endpoint", here, S2S_OK);
        struct result_row *other = add("ping", NULL, S2S_OK);
        other->port = 0;
        other->result->port = 5269;
        other->result->address = cases[i].address;
        other->result->tls.mode = cases[i].mode;
        result_find(one->result, FINDING_LANG_MISSING, NULL);
        result_find(other->result, FINDING_LANG_MISSING, cases[i].seen);
        result_find(other->result, FINDING_NO_ANSWER, NULL);
        check_compare(&check);
        assert_int_equal(find(FINDING_LANG_MISSING)->row, cases[i].row);
        assert_int_equal(find(FINDING_NO_ANSWER)->row, 2);
        end();
    }
}

static void sorting(void **state)
{
    static const enum finding ids[] = {FINDING_SRV_NONE,     FINDING_NO_SERVICE,
                                       FINDING_SRV_DOT,      FINDING_NO_IPV6,
                                       FINDING_SRV_PORT,     FINDING_DNS_FAILED,
                                       FINDING_NO_DIRECT_TLS};
    static const enum finding sorted[] = {
        FINDING_NO_SERVICE,   FINDING_DNS_FAILED, FINDING_SRV_DOT,
        FINDING_SRV_PORT,     FINDING_SRV_NONE,   FINDING_NO_IPV6,
        FINDING_NO_DIRECT_TLS};
    (void)state;
    for (size_t count = 0; count <= COUNT(ids); count++) {
        s2s_result *r = result_new(S2S_OP_CHECK);
        for (size_t i = 0; i < count; i++)
            result_find(r, ids[i], NULL);
        result_sort_findings(r);
        result_find(r, FINDING_CHECK_LIMITED, NULL); /* the end is right */
        size_t n = 0;
        for (const struct result_finding *f = r->findings; f != NULL;
             f = f->next, n++)
            if (count == COUNT(ids) && n < count)
                assert_int_equal(f->id, sorted[n]);
        assert_int_equal(n, count + 1);
        result_free(r);
    }
}

/* ---- Between rows ----------------------------------------------------- */

static void certificates(void **state)
{
    static const struct {
        const char *one, *two;
        bool differ;
    } cases[] = {{"aa", "aa", false},
                 {"aa", "bb", true},
                 {NULL, "bb", false},
                 {"aa", NULL, false}};
    (void)state;
    for (size_t i = 0; i < COUNT(cases); i++) {
        (void)begin();
        add_tls(NULL, cases[i].one);
        add_tls(NULL, cases[i].two);
        check_compare(&check);
        assert_int_equal(find(FINDING_CERTIFICATES_DIFFER) != NULL,
                         cases[i].differ);
        end();
    }
}

static void features(void **state)
{
    static const char *plain[] = {"STARTTLS", "DIALBACK"};
    static const char *direct[] = {"DIALBACK"};
    static const char *more[] = {"DIALBACK", "BIDI"};
    (void)state;
    for (int differ = 0; differ < 3; differ++) {
        (void)begin();
        s2s_result *one = add_tls(NULL, "aa")->result;
        s2s_result *two = add_tls(NULL, "aa")->result;
        one->union_labels = plain;
        one->union_count = COUNT(plain);
        two->union_labels = differ == 1 ? more : direct;
        two->union_count = differ == 0 ? 1 : differ == 1 ? 2 : 0;
        check_compare(&check);
        const struct result_finding *f = find(FINDING_FEATURES_DIFFER);
        assert_int_equal(f != NULL, differ > 0);
        if (differ == 1)
            assert_string_equal(f->seen, "host.example port 5269: DIALBACK "
                                         "BIDI; others: DIALBACK");
        if (differ == 2)
            assert_string_equal(f->seen, "host.example port 5269: none; "
                                         "others: DIALBACK");
        end();
    }
}

/* A peer's names may be long and many. */
static void many_features(void **state)
{
    static const char *labels[64];
    (void)state;
    for (size_t i = 0; i < COUNT(labels); i++)
        labels[i] = "X-a-feature-with-a-name-that-is-longer-than-forty-bytes";
    (void)begin();
    s2s_result *one = add_tls(NULL, "aa")->result;
    add_tls(NULL, "aa");
    one->union_labels = labels;
    one->union_count = COUNT(labels);
    check_compare(&check);
    assert_non_null(find(FINDING_FEATURES_DIFFER));
    end();
}

/* ---- What is missing -------------------------------------------------- */

static void versions(void **state)
{
    static const struct {
        bool tls12, no_tls12, tls13, second;
        enum finding id; /* FINDING_SRV_NONE: none */
    } cases[] = {
        {true, false, true, true, FINDING_SRV_NONE},
        {false, true, true, true, FINDING_NO_TLS_1_2},
        {false, false, true, true, FINDING_SRV_NONE}, /* nobody knows */
        {true, false, false, true, FINDING_NO_TLS_1_3},
        {true, false, false, false, FINDING_SRV_NONE},
    };
    (void)state;
    for (size_t i = 0; i < COUNT(cases); i++) {
        (void)begin();
        struct result_row *row = add_tls(NULL, "aa");
        row->tls12 = cases[i].tls12;
        row->no_tls12 = cases[i].no_tls12;
        row->tls13 = cases[i].tls13;
        check.second = cases[i].second;
        check_compare(&check);
        assert_int_equal(find(FINDING_NO_TLS_1_2) != NULL,
                         cases[i].id == FINDING_NO_TLS_1_2);
        assert_int_equal(find(FINDING_NO_TLS_1_3) != NULL,
                         cases[i].id == FINDING_NO_TLS_1_3);
        end();
    }
}

static void missing(void **state)
{
    static const struct {
        const char *address[2];
        bool direct, secure, tlsa;
        bool six, four, way, dnssec, dane; /* findings */
    } cases[] = {
        {{"192.0.2.1", "2001:db8::1"}, true, true, true, 0, 0, 0, 0, 0},
        {{"192.0.2.1", NULL}, true, false, false, 1, 0, 0, 1, 0},
        {{"2001:db8::1", "2001:db8::2"}, false, true, false, 0, 1, 1, 0, 1},
        {{NULL, NULL}, false, false, false, 0, 0, 1, 1, 0},
    };
    (void)state;
    for (int asked = 0; asked < 2; asked++)
        for (size_t i = 0; i < COUNT(cases); i++) {
            s2s_result *r = begin();
            /* It is only looked at whether there is one. */
            probe.discovery = asked ? (struct discovery *)&probe : NULL;
            probe.from_srv = asked;
            r->dns.secure = cases[i].secure;
            for (int k = 0; k < 2; k++) {
                struct result_row *row = add_tls(cases[i].address[k], "aa");
                row->direct = cases[i].direct && k == 1;
                row->result->tlsa.verdict =
                    cases[i].tlsa ? RESULT_DANE_MATCH : RESULT_DANE_NONE;
            }
            check.limited = i == 0;
            check_compare(&check);
            assert_int_equal(find(FINDING_CHECK_LIMITED) != NULL, i == 0);
            assert_int_equal(find(FINDING_NO_IPV6) != NULL,
                             asked && cases[i].six);
            assert_int_equal(find(FINDING_NO_IPV4) != NULL,
                             asked && cases[i].four);
            assert_int_equal(find(FINDING_NO_DIRECT_TLS) != NULL,
                             asked && cases[i].way);
            assert_int_equal(find(FINDING_NO_DNSSEC) != NULL,
                             asked && cases[i].dnssec);
            assert_int_equal(find(FINDING_NO_DANE) != NULL,
                             asked && cases[i].dane);
            end();
        }
}

/* Without an address nothing is known but the records. */
static void nowhere(void **state)
{
    (void)state;
    for (int known = 0; known < 2; known++) {
        s2s_result *r = begin();
        r->dns.secure = true;
        probe.discovery = (struct discovery *)&probe;
        probe.from_srv = true;
        add("endpoint", NULL, S2S_EDNS);
        if (known)
            add("endpoint", "192.0.2.1", S2S_ECONNECT);
        check_compare(&check);
        assert_int_equal(find(FINDING_NO_DIRECT_TLS) != NULL, known);
        assert_int_equal(find(FINDING_NO_DANE) != NULL, known);
        end();
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(outcome),  cmocka_unit_test(untried),
        cmocka_unit_test(merging),  cmocka_unit_test(ping),
        cmocka_unit_test(sorting),  cmocka_unit_test(certificates),
        cmocka_unit_test(features), cmocka_unit_test(many_features),
        cmocka_unit_test(versions), cmocka_unit_test(missing),
        cmocka_unit_test(nowhere),
    };
    return cmocka_run_group_tests_name("probe/check_compare", tests, NULL,
                                       NULL);
}
