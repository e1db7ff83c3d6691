#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>

#include <cmocka.h>
#include <jansson.h>

#include "base/utf8.h"
#include "record.h"

static void check(s2s_result *r, const char *wanted)
{
    size_t n = 0;
    assert_int_equal(json_build(r), S2S_OK);
    while (wanted[n] != '\0' && wanted[n] == r->json[n])
        n++;
    if (wanted[n] != r->json[n])
        fail_msg("from \"%.80s\", not \"%.80s\"", r->json + n, wanted + n);
    result_free(r);
}

/* ---- Whole records ---- */

static void empty(void **state)
{
    (void)state;
    check(result_new(S2S_OP_CONNECT),
          "{\"success\":true,\"features\":[],\"stage\":\"none\","
          "\"timings\":{},\"findings\":[]}");
    check(result_new(S2S_OP_PING),
          "{\"success\":true,\"features\":[],\"stanzas\":[],"
          "\"stage\":\"none\",\"pingMethod\":\"none\",\"timings\":{},"
          "\"findings\":[]}");
    s2s_result *r = result_new(S2S_OP_CONNECT);
    result_fail(r, S2S_EINVALID_ARGUMENT, "to: %s", "no domain");
    check(r, "{\"success\":false,\"features\":[],"
             "\"code\":\"invalid_argument\",\"error\":\"to: no domain\","
             "\"stage\":\"none\",\"timings\":{},\"findings\":[]}");
}

static const char full[] =
    "{\"success\":false,\"host\":\"host.example\",\"port\":5269,"
    "\"streamId\":\"t1\",\"features\":[\"DIALBACK\",\"LIMITS\",\"X-a\"],"
    "\"stanzas\":[\"<a/>\",\"<b c='\\\"'/>\"],\"rtt\":100,"
    "\"code\":\"stream_error\",\"error\":\"stream error conflict\","
    "\"stage\":\"ping\",\"from\":\"us.example\",\"to\":\"them.example\","
    "\"address\":\"192.0.2.1\",\"redirect\":\"other.example:1\","
    "\"pipelined\":true,"
    "\"pingMethod\":\"dialback-verify\",\"pingAnswer\":\"error\","
    "\"pingCondition\":\"forbidden\","
    "\"dns\":{\"plan\":\"srv\",\"secure\":true,\"xmpps\":\"failed\","
    "\"xmppsError\":\"SERVFAIL\",\"xmpp\":\"records\","
    "\"records\":[{\"service\":\"xmpp-server\","
    "\"target\":\"host.example\",\"port\":5269,\"priority\":1,"
    "\"weight\":65535}]},"
    "\"attempts\":[{\"host\":\"a.example\",\"port\":5270,"
    "\"outcome\":\"NXDOMAIN\"},{\"address\":\"192.0.2.1\","
    "\"host\":\"host.example\",\"port\":5269,\"outcome\":\"connected\","
    "\"ms\":1.5}],"
    "\"timings\":{\"queue\":5.005,\"dns\":10.01,\"tcp\":20.02,"
    "\"stream\":30.03,\"starttls\":40.04,\"tls\":50.05,\"features\":60.06,"
    "\"auth\":70.07,\"ping\":80.08,\"open\":90.09,\"total\":100.1},"
    "\"tls\":{\"mode\":\"starttls\",\"established\":true,\"verified\":true,"
    "\"protocol\":\"TLS1.3\",\"cipher\":\"C\",\"alpn\":\"xmpp-server\","
    "\"serverName\":\"them.example\",\"starttlsOffered\":true,"
    "\"clientCertificateRequested\":true,\"clientCertificateSent\":true},"
    "\"certificate\":{\"subject\":\"CN=s\",\"issuer\":\"CN=i\","
    "\"serial\":\"01\",\"sha256\":\"ab\",\"keyType\":\"ECDSA\","
    "\"keyBits\":256,\"signature\":\"ECDSA-SHA256\","
    "\"notBefore\":\"1970-01-01T00:00:00Z\","
    "\"notAfter\":\"2027-01-15T08:00:00Z\",\"daysLeft\":-3,"
    "\"chainLength\":2,\"chain\":\"ok\",\"name\":\"ok\","
    "\"matched\":\"them.example\",\"usage\":{\"server\":true,"
    "\"client\":false},\"ocspStapled\":true,\"names\":[{\"type\":\"dns\","
    "\"value\":\"them.example\",\"matches\":true},{\"type\":\"cn\","
    "\"value\":\"other\",\"matches\":false}]},"
    "\"dane\":{\"verdict\":\"match\",\"usage\":\"dane-ee\","
    "\"name\":\"_5269._tcp.host.example\",\"records\":[{\"usage\":3,"
    "\"selector\":1,\"matching\":1,\"outcome\":\"match\"},{\"usage\":2,"
    "\"outcome\":\"not-used\"}]},"
    "\"streams\":[{\"secure\":false,\"id\":\"c1\","
    "\"dialbackNamespace\":false},{\"secure\":true,\"id\":\"t1\","
    "\"from\":\"them.example\",\"to\":\"us.example\",\"version\":\"1.0\","
    "\"lang\":\"en\",\"dialbackNamespace\":true,\"saslEmpty\":true,"
    "\"features\":[{\"label\":\"X-a\",\"name\":\"{urn:x}a\"},"
    "{\"label\":\"LIMITS\",\"maxBytes\":10000,\"idleSeconds\":0},"
    "{\"label\":\"DIALBACK\",\"required\":true,\"optional\":true,"
    "\"errors\":true,\"node\":\"n\",\"hash\":\"h\",\"ver\":\"v\"}]}],"
    "\"streamError\":{\"condition\":\"conflict\",\"text\":\"t\","
    "\"other\":\"{urn:x}o\"},\"findings\":[{\"code\":\"conflict\","
    "\"severity\":\"warning\",\"fault\":\"us\",\"seen\":\"conflict: t\","
    "\"advice\":\"The server ended one stream of this domain pair for "
    "another: do not probe with the domain of a server that is running.\"},"
    "{\"code\":\"lang_missing\",\"severity\":\"info\",\"fault\":\"peer\","
    "\"seen\":\"\",\"advice\":\"The header has no xml:lang (RFC 6120, "
    "4.7.4).\"}]}";

static void everything(void **state)
{
    s2s_result *r = result_new(S2S_OP_PING);
    (void)state;
    record_fill(r);
    check(r, full);
}

/* ---- Parts ---- */

/* Whether the JSON of a record with one thing in it says it. */
static void part(s2s_result *r, const char *wanted)
{
    assert_int_equal(json_build(r), S2S_OK);
    assert_true(utf8_valid(r->json, strlen(r->json)));
    if (strstr(r->json, wanted) == NULL)
        fail_msg("%s is not in %s", wanted, r->json);
    result_free(r);
}

/* Encrypted, and chain and name: nothing less is verified. */
/* ---- Checks ---- */

static struct result_row *add_row(s2s_result *r, const char *kind)
{
    struct result_row *row = result_add_row(r);
    assert_non_null(row);
    row->kind = kind;
    row->target = "host.example";
    return row;
}

static void no_rows(void **state)
{
    (void)state;
    part(result_new(S2S_OP_CHECK), "\"rows\":[]");
}

/* One that was not tried, and one that was. */
static void rows(void **state)
{
    s2s_result *r = result_new(S2S_OP_CHECK);
    (void)state;
    struct result_row *row = add_row(r, "endpoint");
    row->address = "192.0.2.1";
    row->port = 5270;
    row->direct = true;
    row->error = S2S_ECONNECT;
    row = add_row(r, "service");
    row->result = result_new(S2S_OP_CONNECT);
    row->result->address = "192.0.2.2";
    row->result->port = 5269;
    row->result->stage = S2S_STAGE_DONE;
    row->result->tls.mode = "starttls";
    result_find_in_row(r, FINDING_SRV_TARGET, "host.example", 1);
    assert_int_equal(json_build(r), S2S_OK);
    assert_non_null(strstr(
        r->json, "\"rows\":[{\"kind\":\"endpoint\",\"target\":\"host.example\","
                 "\"address\":\"192.0.2.1\",\"port\":5270,\"tls\":\"direct\","
                 "\"success\":false,\"code\":\"connect\","
                 "\"error\":\"no connection could be made\"},"
                 "{\"kind\":\"service\",\"target\":\"host.example\","
                 "\"address\":\"192.0.2.2\",\"port\":5269,\"tls\":\"starttls\","
                 "\"success\":true,\"stage\":\"done\",\"verified\":false,"
                 "\"features\":[]}],\"findings\":[{\"code\":\"srv_target\""));
    assert_non_null(strstr(
        r->json,
        "Correct the record, or its target.\",\"row\":0,\"rows\":[0]}]"));
    result_free(r);
}

/* What its own probe has found. */
static void whole_row(void **state)
{
    s2s_result *r = result_new(S2S_OP_CHECK);
    (void)state;
    struct result_row *row = add_row(r, "verify");
    row->port = 5269;
    row->tls12 = row->tls13 = true;
    row->result = result_new(S2S_OP_PING);
    record_fill(row->result);
    row->result->auth.method = "external";
    result_collect(row->result);
    part(r, "\"port\":5269,\"tls\":\"starttls\",\"success\":false,"
            "\"code\":\"stream_error\",\"error\":\"stream error conflict\","
            "\"stage\":\"ping\",\"ms\":100.1,\"verified\":true,"
            "\"protocol\":\"TLS1.3\",\"cipher\":\"C\","
            "\"alpn\":\"xmpp-server\",\"clientCertificateRequested\":true,"
            "\"subject\":\"CN=s\",\"issuer\":\"CN=i\",\"sha256\":\"ab\","
            "\"daysLeft\":-3,\"chain\":\"ok\",\"name\":\"ok\","
            "\"matched\":\"them.example\",\"clientUsage\":false,"
            "\"dane\":\"match\",\"versions\":[\"TLS1.2\",\"TLS1.3\"],"
            "\"features\":[\"DIALBACK\",\"LIMITS\",\"X-a\"],"
            "\"pingMethod\":\"dialback-verify\",\"pingAnswer\":\"error\","
            "\"authMethod\":\"external\"}]");
}

static void verified(void **state)
{
    (void)state;
    for (unsigned n = 0; n < 8; n++) {
        s2s_result *r = result_new(S2S_OP_CONNECT);
        r->tls.mode = "direct";
        r->tls.established = (n & 1) != 0;
        r->tls.certificate.chain = (n & 2) != 0 ? RESULT_OK : RESULT_NOT_JUDGED;
        r->tls.certificate.name = (n & 4) != 0 ? RESULT_OK : RESULT_CN_ONLY;
        part(r, n == 7 ? "\"verified\":true" : "\"verified\":false");
    }
}

/* TLSA records count here only when they decide. */
static void verified_by_dane(void **state)
{
    static const struct {
        enum result_dane verdict;
        int usage;
        bool decides, pkix, verified;
    } rows[] = {
        {RESULT_DANE_MATCH, 3, true, false, true},
        {RESULT_DANE_MATCH, 3, true, true, true},
        {RESULT_DANE_MATCH, 3, false, false, false},
        {RESULT_DANE_MATCH, 1, true, false, false},
        {RESULT_DANE_MATCH, 1, true, true, true},
        {RESULT_DANE_MISMATCH, -1, true, true, false},
        {RESULT_DANE_MISMATCH, -1, false, true, true},
        {RESULT_DANE_MISMATCH, 3, true, false, false},
        {RESULT_DANE_BOGUS, -1, true, true, false},
        {RESULT_DANE_BOGUS, -1, false, true, true},
        {RESULT_DANE_UNUSABLE, -1, true, true, true},
        {RESULT_DANE_UNUSABLE, -1, true, false, false},
        {RESULT_DANE_NONE, -1, true, true, true},
        {RESULT_DANE_NONE, -1, true, false, false},
        {RESULT_DANE_NOT_JUDGED, -1, true, true, true},
        {RESULT_DANE_NOT_JUDGED, -1, true, false, false},
    };
    (void)state;
    for (size_t i = 0; i < 2 * COUNT(rows); i++) {
        s2s_result *r = result_new(S2S_OP_CONNECT);
        r->tls.mode = "starttls";
        r->tls.established = i < COUNT(rows);
        r->tls.certificate.name = RESULT_OK;
        r->tls.certificate.chain =
            rows[i % COUNT(rows)].pkix ? RESULT_OK : RESULT_EXPIRED;
        r->tlsa.verdict = rows[i % COUNT(rows)].verdict;
        r->tlsa.usage = rows[i % COUNT(rows)].usage;
        r->tlsa.decides = rows[i % COUNT(rows)].decides;
        part(r, r->tls.established && rows[i % COUNT(rows)].verified
                    ? "\"verified\":true"
                    : "\"verified\":false");
    }
}

static void dane(void **state)
{
    static const struct {
        enum result_dane verdict;
        const char *json;
    } rows[] = {
        {RESULT_DANE_NONE, "\"dane\":{\"verdict\":\"none\","
                           "\"name\":\"n\",\"records\":[],\"unread\":8}"},
        {RESULT_DANE_UNUSABLE, "\"verdict\":\"unusable\",\"name\""},
        {RESULT_DANE_MATCH, "\"verdict\":\"match\",\"name\""},
        {RESULT_DANE_MISMATCH, "\"verdict\":\"mismatch\",\"name\""},
        {RESULT_DANE_BOGUS, "\"verdict\":\"bogus\",\"name\""},
    };
    (void)state;
    for (size_t i = 0; i < COUNT(rows); i++) {
        s2s_result *r = result_new(S2S_OP_CONNECT);
        r->tlsa.verdict = rows[i].verdict;
        r->tlsa.name = "n";
        r->tlsa.unread = 8;
        part(r, rows[i].json);
    }
    s2s_result *r = result_new(S2S_OP_CONNECT);
    struct result_tlsa *t = result_add_tlsa(r);
    *t = (struct result_tlsa){NULL, 255, 254, 253, RESULT_TLSA_UNUSABLE};
    t = result_add_tlsa(r);
    *t = (struct result_tlsa){NULL, -1, -1, -1, RESULT_TLSA_MISMATCH};
    r->tlsa.verdict = RESULT_DANE_MATCH;
    r->tlsa.usage = DANE_USAGE_PKIX_EE;
    part(r, "\"usage\":\"pkix-ee\",\"records\":[{\"usage\":255,"
            "\"selector\":254,\"matching\":253,\"outcome\":\"unusable\"},"
            "{\"outcome\":\"mismatch\"}]}");
}

static void verdicts(void **state)
{
    static const struct {
        enum result_verdict verdict;
        const char *chain;
    } rows[] = {
        {RESULT_NOT_JUDGED, "\"chain\":\"not-judged\""},
        {RESULT_UNTRUSTED, "\"chain\":\"untrusted\""},
        {RESULT_SELF_SIGNED, "\"chain\":\"self-signed\""},
        {RESULT_EXPIRED, "\"chain\":\"expired\""},
        {RESULT_NOT_YET_VALID, "\"chain\":\"not-yet-valid\""},
        {RESULT_WEAK, "\"chain\":\"weak\""},
        {RESULT_USAGE, "\"chain\":\"usage\""},
        {RESULT_REVOKED, "\"chain\":\"revoked\""},
        {RESULT_NAME_MISMATCH, "\"chain\":\"mismatch\""},
        {RESULT_CN_ONLY, "\"chain\":\"cn-only\""},
    };
    (void)state;
    for (size_t i = 0; i < COUNT(rows); i++) {
        s2s_result *r = result_new(S2S_OP_CONNECT);
        r->tls.certificate.present = true;
        r->tls.certificate.chain = rows[i].verdict;
        part(r, rows[i].chain);
    }
}

static void numbers(void **state)
{
    static const struct {
        int64_t us;
        const char *rtt, *total;
    } times[] = {
        {0, "\"rtt\":0,", "\"total\":0.0}"},
        {1, "\"rtt\":0,", "\"total\":0.001}"},
        {499, "\"rtt\":0,", "\"total\":0.499}"},
        {500, "\"rtt\":1,", "\"total\":0.5}"},
        {1499, "\"rtt\":1,", "\"total\":1.499}"},
        {600000000, "\"rtt\":600000,", "\"total\":600000.0}"},
        {123456789, "\"rtt\":123457,", "\"total\":123456.789}"},
    };
    static const struct {
        int64_t at;
        const char *text;
    } ends[] = {
        {-1, "\"notAfter\":\"1969-12-31T23:59:59Z\""},
        {INT64_C(253402300799), "\"notAfter\":\"9999-12-31T23:59:59Z\""},
        {INT64_MAX, "\"notBefore\":\"1970-01-01T00:00:00Z\",\"daysLeft\""},
        {INT64_MIN, "\"notBefore\":\"1970-01-01T00:00:00Z\",\"daysLeft\""},
    };
    (void)state;
    for (size_t i = 0; i < COUNT(times); i++)
        for (int k = 0; k < 2; k++) {
            s2s_result *r = result_new(S2S_OP_CONNECT);
            result_add_us(r, S2S_STAGE_DONE, times[i].us);
            part(r, k == 0 ? times[i].rtt : times[i].total);
        }
    for (size_t i = 0; i < COUNT(ends); i++) {
        s2s_result *r = result_new(S2S_OP_CONNECT);
        r->tls.certificate.present = true;
        r->tls.certificate.not_after = ends[i].at;
        part(r, ends[i].text);
    }
}

static void huge(void **state)
{
    s2s_result *r = result_new(S2S_OP_CONNECT);
    struct result_stream *s = result_add_stream(r, true);
    (void)state;
    s->features.received = true;
    struct result_feature *f = result_add_feature(r, &s->features);
    f->label = "LIMITS";
    f->max_bytes = INT64_MAX;
    f->idle_seconds = INT64_MIN; /* as good as absent */
    r->tls.certificate.present = true;
    r->tls.certificate.days_left = INT64_MIN;
    r->tls.certificate.key_bits = UINT32_MAX;
    assert_int_equal(json_build(r), S2S_OK);
    assert_non_null(strstr(r->json, "{\"label\":\"LIMITS\","
                                    "\"maxBytes\":9223372036854775807}"));
    assert_non_null(strstr(r->json, "\"daysLeft\":-9223372036854775808,"));
    assert_non_null(strstr(r->json, "\"keyBits\":4294967295,"));
    result_free(r);
}

/* ---- Text ---- */

static void texts(void **state)
{
    static const struct {
        const char *bytes, *json;
    } rows[] = {
        {"a", "\"seen\":\"a\""},
        {"\"\\/", "\"seen\":\"\\\"\\\\/\""},
        {"\n\t\x01\x1f", "\"seen\":\"\xef\xbf\xbd\xef\xbf\xbd\xef\xbf\xbd"
                         "\xef\xbf\xbd\""},
        {"\x7f\xc2\x9f", "\"seen\":\"\xef\xbf\xbd\xef\xbf\xbd\""},
        {"\xff", "\"seen\":\"\xef\xbf\xbd\""},
        {"\xed\xa0\x80", "\"seen\":\"\xef\xbf\xbd\xef\xbf\xbd\xef\xbf\xbd\""},
        {"\xf0\x9f\x92\xa1\xe2\x80\xa8", "\"seen\":\"\xf0\x9f\x92\xa1"
                                         "\xe2\x80\xa8\""},
        {"\xf0\x9f\x92", "\"seen\":\"\xef\xbf\xbd\xef\xbf\xbd\xef\xbf\xbd\""},
    };
    (void)state;
    for (size_t i = 0; i < COUNT(rows); i++) {
        s2s_result *r = result_new(S2S_OP_CONNECT);
        result_find(r, FINDING_TIMEOUT,
                    result_untrusted(r, rows[i].bytes, strlen(rows[i].bytes)));
        part(r, rows[i].json);
    }
}

/* Text with control characters that XML lets through comes back as it was. */
static void verbatim(void **state)
{
    static const char stanza[] = "<a>\n\t\r\x7f\xc2\x85</a>";
    json_error_t error;
    s2s_result *r = result_new(S2S_OP_PING);
    (void)state;
    result_add_text(r, &r->stanzas, stanza, sizeof(stanza) - 1);
    assert_int_equal(json_build(r), S2S_OK);
    json_t *back = json_loads(r->json, 0, &error);
    assert_non_null(back);
    assert_string_equal(
        json_string_value(json_array_get(json_object_get(back, "stanzas"), 0)),
        stanza);
    json_decref(back);
    result_free(r);
}

/* Nothing is handed out rather than something that is no JSON. */
static void refused(void **state)
{
    s2s_result *r = result_new(S2S_OP_CONNECT);
    (void)state;
    r->host = "\xff";
    assert_int_equal(json_build(r), S2S_ENO_MEMORY);
    assert_null(r->json);
    result_free(r);
    r = result_new(S2S_OP_CONNECT);
    struct result_stream *s = result_add_stream(r, true);
    s->features.received = true;
    result_add_feature(r, &s->features)->label = "\xc3";
    assert_int_equal(json_build(r), S2S_ENO_MEMORY);
    result_free(r);
    r = result_new(S2S_OP_CONNECT);
    r->no_memory = true;
    assert_int_equal(json_build(r), S2S_ENO_MEMORY);
    assert_null(r->json);
    result_free(r);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(empty),
        cmocka_unit_test(no_rows),
        cmocka_unit_test(rows),
        cmocka_unit_test(whole_row),
        cmocka_unit_test(everything),
        cmocka_unit_test(verified),
        cmocka_unit_test(verdicts),
        cmocka_unit_test(numbers),
        cmocka_unit_test(huge),
        cmocka_unit_test(texts),
        cmocka_unit_test(verbatim),
        cmocka_unit_test(refused),
        cmocka_unit_test(verified_by_dane),
        cmocka_unit_test(dane),
    };
    return cmocka_run_group_tests_name("api/json", tests, NULL, NULL);
}
