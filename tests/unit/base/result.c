#include <setjmp.h>
#include <stdarg.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>

#include <cmocka.h>

#include "../failing.h"
#include "base/result.h"
#include "base/utf8.h"

#define COUNT(list) (sizeof(list) / sizeof((list)[0]))

static s2s_result *make(void)
{
    s2s_result *r = result_new(S2S_OP_PING);
    assert_non_null(r);
    return r;
}

static void empty(void **state)
{
    s2s_result *r = make();
    (void)state;
    assert_int_equal(r->op, S2S_OP_PING);
    assert_int_equal(r->error, S2S_OK);
    assert_string_equal(r->message, "");
    assert_null(result_last_stream(r));
    assert_int_equal(r->finding_count, 0);
    assert_false(r->no_memory);
    for (size_t i = 0; i < COUNT(r->stage_us); i++)
        assert_int_equal(r->stage_us[i], -1);
    result_collect(r);
    assert_int_equal(r->union_count, 0);
    assert_non_null(r->union_labels);
    result_free(r);
    result_free(NULL);
}

/* ---- Texts ---- */

static void texts(void **state)
{
    static const char with_nul[] = "a\0b";
    s2s_result *r = make();
    char original[] = "text";
    (void)state;
    const char *copy = result_text(r, original);
    original[0] = '#';
    assert_string_equal(copy, "text");
    assert_null(result_text(r, NULL));
    assert_null(result_bytes(r, NULL, 0));
    assert_null(result_untrusted(r, NULL, 5));
    assert_string_equal(result_text(r, ""), "");
    assert_memory_equal(result_bytes(r, with_nul, 3), "a\0b\0", 4);
    assert_string_equal(result_untrusted(r, with_nul, 3), "a\xef\xbf\xbd"
                                                          "b");
    assert_string_equal(result_untrusted(r, "\xff\n\xc3", 3),
                        "\xef\xbf\xbd\xef\xbf\xbd\xef\xbf\xbd");
    assert_false(r->no_memory);
    result_free(r);
}

/* ---- The outcome ---- */

static void first_wins(void **state)
{
    s2s_result *r = make();
    (void)state;
    result_fail(r, S2S_EDNS, "%s %d", "one", 1);
    result_fail(r, S2S_ECONNECT, "two");
    assert_int_equal(r->error, S2S_EDNS);
    assert_string_equal(r->message, "one 1");
    assert_false(r->no_memory);
    result_fail(r, S2S_ENO_MEMORY, "three");
    assert_int_equal(r->error, S2S_EDNS);
    assert_true(r->no_memory);
    result_free(r);
}

/* Clean, and cut at a character wherever the end falls. */
static void messages(void **state)
{
    char text[800];
    (void)state;
    s2s_result *r = make();
    result_fail(r, S2S_EXML, "%s", "a\nb\xff");
    assert_string_equal(r->message, "a\xef\xbf\xbd"
                                    "b\xef\xbf\xbd");
    result_free(r);
    for (size_t length = 505; length < 520; length++) {
        memset(text, 'a', length);
        memcpy(text + length, "\xf0\x9f\x98\x80", 5);
        r = make();
        result_fail(r, S2S_EXML, "%s", text);
        size_t got = strlen(r->message);
        assert_true(utf8_valid(r->message, got));
        assert_true(got > 504 && got < 512);
        assert_memory_equal(r->message, text, got);
        result_free(r);
    }
}

/* ---- Findings ---- */

static void findings(void **state)
{
    static const struct {
        enum finding id;
        const char *seen;
        size_t count; /* afterwards */
    } rows[] = {
        {FINDING_TIMEOUT, "dns", 1}, {FINDING_TIMEOUT, "dns", 1},
        {FINDING_TIMEOUT, "tcp", 2}, {FINDING_SILENT, "dns", 3},
        {FINDING_SILENT, NULL, 4},   {FINDING_SILENT, "", 4},
        {FINDING_TIMEOUT, "dns", 4}, {FINDING_NOT_XMPP, NULL, 5},
    };
    s2s_result *r = make();
    (void)state;
    for (size_t i = 0; i < COUNT(rows); i++) {
        result_find(r, rows[i].id, rows[i].seen);
        assert_int_equal(r->finding_count, rows[i].count);
    }
    const struct result_finding *f = r->findings;
    for (size_t i = 0; i < COUNT(rows); i++) {
        if (i > 0 && rows[i].count == rows[i - 1].count)
            continue;
        assert_int_equal(f->id, rows[i].id);
        assert_string_equal(f->seen, rows[i].seen != NULL ? rows[i].seen : "");
        f = f->next;
    }
    assert_null(f);
    result_free(r);
}

/* ---- Lists ---- */

/* One more of everything. */
static void add_all(s2s_result *r, size_t n)
{
    char text[16];
    snprintf(text, sizeof(text), "%zu", n);
    struct result_feature *f = result_add_feature(r, &r->streams[0].features);
    if (f != NULL)
        f->label = result_text(r, text);
    result_find(r, FINDING_TIMEOUT, text);
    result_add_text(r, &r->stanzas, text, strlen(text));
    const struct result_attempt attempt = {.address = text,
                                           .host = "a\xff",
                                           .port = (uint16_t)n,
                                           .us = (int64_t)n,
                                           .outcome = "refused",
                                           .alias = n % 2 == 0};
    result_add_attempt(r, &attempt);
    result_add_name(r, "dns", text, n % 2 == 0);
}

/* In the order in which they were added, and no more than so many. */
static void lists(void **state)
{
    s2s_result *r = make();
    (void)state;
    result_add_stream(r, false);
    for (size_t n = 0; n < RESULT_LIST + 9; n++)
        add_all(r, n);
    assert_false(r->no_memory);
    const struct result_feature *f = r->streams[0].features.first;
    const struct result_finding *g = r->findings;
    const struct result_text *t = r->stanzas.first;
    const struct result_attempt *a = r->attempts;
    const struct result_name *c = r->tls.certificate.names;
    for (size_t n = 0; n < RESULT_LIST; n++) {
        char text[16];
        snprintf(text, sizeof(text), "%zu", n);
        assert_string_equal(f->label, text);
        assert_int_equal(f->max_bytes, -1);
        assert_int_equal(f->idle_seconds, -1);
        assert_string_equal(g->seen, text);
        assert_string_equal(t->text, text);
        assert_string_equal(a->address, text);
        assert_string_equal(a->host, "a\xef\xbf\xbd"); /* a server's word */
        assert_string_equal(a->outcome, "refused");
        assert_int_equal(a->port, n);
        assert_int_equal(a->us, n);
        assert_int_equal(a->alias, n % 2 == 0);
        assert_string_equal(c->value, text);
        assert_string_equal(c->type, "dns");
        assert_int_equal(c->matches, n % 2 == 0);
        f = f->next, g = g->next, t = t->next, a = a->next, c = c->next;
    }
    assert_true(f == NULL && g == NULL && t == NULL && a == NULL && c == NULL);
    assert_int_equal(r->stanzas.count, RESULT_LIST);
    result_free(r);
}

static void pings(void **state)
{
    s2s_result *r = make();
    (void)state;
    for (int n = 0; n < 5; n++)
        assert_non_null(result_add_ping(r, n));
    assert_int_equal(r->ping_count, 5);
    const struct result_ping *p = r->pings;
    for (int n = 0; n < 5; n++, p = p->next) {
        assert_int_equal(p->sent_at, n);
        assert_true(p->us == -1 && p->ack_us == -1);
        assert_null(p->answer);
    }
    assert_null(p);
    result_free(r);
}

static void also(void **state)
{
    s2s_result *r = make();
    (void)state;
    struct result_also *one = result_add_also(r, "a.example");
    struct result_also *two = result_add_also(r, "b.example");
    assert_ptr_equal(r->also, one);
    assert_ptr_equal(one->next, two);
    assert_null(two->next);
    assert_string_equal(two->domain, "b.example");
    result_free(r);
}

static void streams(void **state)
{
    s2s_result *r = make();
    (void)state;
    for (size_t i = 0; i < RESULT_STREAMS + 3; i++) {
        size_t at = i < RESULT_STREAMS ? i : RESULT_STREAMS - 1;
        struct result_stream *s = result_add_stream(r, i % 2 == 1);
        assert_ptr_equal(s, &r->streams[at]);
        assert_ptr_equal(result_last_stream(r), s);
        assert_int_equal(r->stream_count, at + 1);
        assert_int_equal(s->secure, i % 2 == 1);
        assert_null(s->id); /* an earlier one's is gone */
        assert_null(s->features.first);
        s->id = "id";
        result_add_feature(r, &s->features);
    }
    result_free(r);
}

/* ---- The union of features ---- */

static void feature(s2s_result *r, size_t stream, const char *label, int rank)
{
    struct result_feature *f =
        result_add_feature(r, &r->streams[stream].features);
    assert_non_null(f);
    f->label = label;
    f->rank = rank;
}

/* By rank, then as they came first; each once; whatever has no label, not. */
static void collects(void **state)
{
    static const char *const wanted[] = {"STARTTLS", "DIALBACK", "SM",
                                         "X-b",      "X-a",      "X-c"};
    s2s_result *r = make();
    (void)state;
    result_add_stream(r, false);
    result_add_stream(r, true);
    feature(r, 0, "X-b", 100);
    feature(r, 0, "DIALBACK", 2);
    feature(r, 0, NULL, 1);
    feature(r, 0, "STARTTLS", 0);
    feature(r, 0, "X-a", 100);
    feature(r, 0, "X-b", 100);
    feature(r, 1, "SM", 3);
    feature(r, 1, "DIALBACK", 2);
    feature(r, 1, "X-c", 100);
    feature(r, 1, "X-a", 100);
    for (int twice = 0; twice < 2; twice++) {
        result_collect(r);
        assert_int_equal(r->union_count, COUNT(wanted));
        for (size_t i = 0; i < COUNT(wanted); i++)
            assert_string_equal(r->union_labels[i], wanted[i]);
    }
    result_free(r);
}

/* ---- Times, names ---- */

static void times(void **state)
{
    static const int stages[] = {
        S2S_STAGE_QUEUE,    S2S_STAGE_DNS,      S2S_STAGE_TCP,
        S2S_STAGE_STREAM,   S2S_STAGE_STARTTLS, S2S_STAGE_TLS,
        S2S_STAGE_FEATURES, S2S_STAGE_AUTH,     S2S_STAGE_PING,
        S2S_STAGE_OPEN,     S2S_STAGE_DONE};
    s2s_result *r = make();
    (void)state;
    assert_true(COUNT(stages) <= COUNT(r->stage_us));
    for (size_t i = 0; i < COUNT(stages); i++) {
        int at = result_stage_index(stages[i]);
        assert_in_range(at, 0, COUNT(r->stage_us) - 1);
        assert_int_equal(r->stage_us[at], -1);
        result_add_us(r, stages[i], -5);
        assert_int_equal(r->stage_us[at], -1);
        result_add_us(r, stages[i], 0);
        assert_int_equal(r->stage_us[at], 0);
        result_add_us(r, stages[i], 7);
        result_add_us(r, stages[i], INT64_C(1) << 40);
        assert_true(r->stage_us[at] == 7 + (INT64_C(1) << 40));
    }
    assert_int_equal(result_stage_index(S2S_STAGE_NONE), -1);
    assert_int_equal(result_stage_index(11), -1);
    result_add_us(r, S2S_STAGE_NONE, 1);
    result_add_us(r, 11, 1);
    result_free(r);
}

static void verdicts(void **state)
{
    static const char *const names[] = {
        "not-judged",    "ok",   "untrusted", "self-signed", "expired",
        "not-yet-valid", "weak", "usage",     "revoked",     "mismatch",
        "cn-only"};
    (void)state;
    assert_int_equal(COUNT(names), RESULT_CN_ONLY + 1);
    for (size_t i = 0; i < COUNT(names); i++)
        assert_string_equal(result_verdict_name((enum result_verdict)i),
                            names[i]);
    static const char *const danes[] = {"none", "unusable", "match", "mismatch",
                                        "bogus"};
    assert_null(result_dane_name(RESULT_DANE_NOT_JUDGED));
    assert_int_equal(COUNT(danes), RESULT_DANE_BOGUS);
    for (size_t i = 0; i < COUNT(danes); i++)
        assert_string_equal(result_dane_name((enum result_dane)(i + 1)),
                            danes[i]);
}

/* ---- Without memory ---- */

static void record(s2s_result *r)
{
    result_add_stream(r, false);
    for (size_t n = 0; n < 40; n++)
        add_all(r, n);
    result_add_also(r, "a.example");
    result_add_ping(r, 1);
    for (size_t n = 0; n < 40; n++)
        (void)result_add_tlsa(r);
    result_fail(r, S2S_EXML, "message");
    result_untrusted(r, "\xff", 1);
    result_collect(r);
}

/* Whatever is missing, it is noted, and nothing else breaks. */
static void without_memory(void **state)
{
    (void)state;
    failing_arm(1, false);
    assert_null(result_new(S2S_OP_PING));
    s2s_result *r = make();
    failing_off();
    record(r);
    unsigned long calls = failing_count();
    assert_false(r->no_memory);
    assert_true(calls > 4);
    result_free(r);
    for (unsigned long nth = 1; nth <= 2 * calls; nth++) {
        r = make();
        failing_arm((nth + 1) / 2, nth % 2 == 0);
        record(r);
        failing_off();
        assert_true(r->no_memory);
        assert_int_equal(r->error, S2S_EXML);
        result_free(r);
    }
}

/* What is long and does not fit is left out, and how it ended is still told.
 * Without end it is as if there were no memory. */
static void too_much(void **state)
{
    static char text[1u << 20];
    s2s_result *r = make();
    (void)state;
    memset(text, 'a', sizeof(text) - 1);
    for (int i = 0; i < 3; i++)
        assert_non_null(result_text(r, text));
    assert_false(r->full);
    while (result_text(r, text) != NULL)
        assert_true(r->arena.total <= r->arena.limit);
    assert_true(r->full);
    result_add_text(r, &r->stanzas, text, sizeof(text) - 1);
    assert_int_equal(r->stanzas.count, 0);
    result_find(r, FINDING_OWN_LIMIT, "result");
    result_fail(r, S2S_ELIMIT, "%s", text);
    assert_int_equal(r->finding_count, 1);
    assert_int_equal(strlen(r->message), 511);
    assert_false(r->no_memory);
    size_t total = r->arena.total;
    while (result_text(r, "a") != NULL)
        assert_true(r->arena.total <= total + (64u << 10));
    assert_true(r->no_memory);
    result_free(r);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(empty),          cmocka_unit_test(texts),
        cmocka_unit_test(first_wins),     cmocka_unit_test(messages),
        cmocka_unit_test(findings),       cmocka_unit_test(lists),
        cmocka_unit_test(pings),          cmocka_unit_test(also),
        cmocka_unit_test(streams),        cmocka_unit_test(collects),
        cmocka_unit_test(times),          cmocka_unit_test(verdicts),
        cmocka_unit_test(without_memory), cmocka_unit_test(too_much),
    };
    return cmocka_run_group_tests_name("base/result", tests, NULL, NULL);
}
