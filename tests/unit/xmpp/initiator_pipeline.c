/* <starttls/> with the header: what is sent, and when it is to blame. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "world.h"

static unsigned count(const char *text, const char *part)
{
    unsigned n = 0;
    while ((text = strstr(text, part)) != NULL) {
        text += strlen(part);
        n++;
    }
    return n;
}

static bool found(const struct world *w, enum finding id)
{
    for (const struct result_finding *f = w->result->findings; f != NULL;
         f = f->next)
        if (f->id == id)
            return true;
    return false;
}

/* One flight, in STARTTLS only, and used when all of it is sent. */
static void flight(void **state)
{
    static const struct {
        enum initiator_tls tls;
        bool pipeline, pipelined;
    } rows[] = {
        {INITIATOR_STARTTLS, true, true},
        {INITIATOR_STARTTLS, false, false},
        {INITIATOR_CLEAR, true, false},
        {INITIATOR_DIRECT, true, false},
    };
    char text[1024];
    (void)state;
    for (size_t k = 0; k < COUNT(rows); k++) {
        struct world w;
        size_t length;
        open_piped(&w, rows[k].tls, false, rows[k].pipeline);
        if (rows[k].tls == INITIATOR_DIRECT)
            initiator_secured(w.i, S2S_OK, "", false);
        initiator_engine.output(w.i, &length);
        initiator_engine.sent(w.i, length - 1);
        assert_false(w.result->pipelined);
        initiator_engine.sent(w.i, 1);
        assert_int_equal(w.result->pipelined, rows[k].pipelined);
        close_world(&w);
        open_piped(&w, rows[k].tls, false, rows[k].pipeline);
        if (rows[k].tls == INITIATOR_DIRECT)
            initiator_secured(w.i, S2S_OK, "", false);
        send_all(&w, text, sizeof(text));
        assert_int_equal(count(text, STARTTLS), rows[k].pipelined);
        assert_int_equal(count(text, "<stream:stream "), 1);
        close_world(&w);
    }
}

/* It is asked for once, and not again inside TLS, where it is no excuse. */
static void inside(void **state)
{
    char text[1024];
    struct world w;
    (void)state;
    go_to(&w, IN_PIPE_PROCEED);
    assert_int_equal(initiator_stage(w.i), S2S_STAGE_STREAM);
    hear(&w, "<proceed xmlns='" TLS "'/>");
    assert_int_equal(initiator_engine.wants(w.i), ENGINE_TLS);
    initiator_secured(w.i, S2S_OK, "", false);
    send_all(&w, text, sizeof(text));
    assert_int_equal(count(text, "starttls"), 0);
    initiator_engine.ended(w.i);
    assert_int_equal(w.result->error, S2S_ECLOSED);
    assert_int_equal(w.result->finding_count, 0);
    close_world(&w);
}

/* What <proceed/> came before is not known to be missing. */
static void early(void **state)
{
    (void)state;
    for (int features = 0; features < 2; features++) {
        struct world w;
        go_to(&w, features ? IN_PIPE_UNASKED : IN_PIPE_FEATURES);
        hear(&w, "<proceed xmlns='" TLS "'/>");
        assert_int_equal(initiator_engine.wants(w.i), ENGINE_TLS);
        initiator_secured(w.i, S2S_OK, "", false);
        assert_int_equal(found(&w, FINDING_PIPELINED), !features);
        assert_int_equal(found(&w, FINDING_STARTTLS_NOT_ADVERTISED), features);
        assert_int_equal(w.result->finding_count, 1);
        close_world(&w);
    }
}

/* Where nothing but bytes behind <proceed/> came, they may be the features. */
static void injected(void **state)
{
    (void)state;
    for (int features = 0; features < 2; features++) {
        struct world w;
        go_to(&w, features ? IN_PIPE_PROCEED : IN_PIPE_FEATURES);
        hear(&w, "<proceed xmlns='" TLS "'/>" FEATURES(STARTTLS));
        assert_int_equal(w.result->error, S2S_ETLS_INJECTION);
        assert_true(found(&w, FINDING_TLS_INJECTION));
        assert_int_equal(found(&w, FINDING_PIPELINED), !features);
        close_world(&w);
    }
}

static const struct {
    const char *condition;
    bool blamed;
} conditions[] = {
    {"bad-format", true},
    {"bad-namespace-prefix", false},
    {"conflict", false},
    {"connection-timeout", false},
    {"host-gone", false},
    {"host-unknown", false},
    {"improper-addressing", false},
    {"internal-server-error", false},
    {"invalid-from", false},
    {"invalid-namespace", false},
    {"invalid-xml", true},
    {"not-authorized", true},
    {"not-well-formed", true},
    {"policy-violation", true},
    {"remote-connection-failed", false},
    {"reset", false},
    {"resource-constraint", false},
    {"restricted-xml", false},
    {"system-shutdown", false},
    {"undefined-condition", true},
    {"unsupported-encoding", false},
    {"unsupported-feature", true},
    {"unsupported-stanza-type", true},
    {"unsupported-version", false},
};

/* Before the features, behind them, and behind a header that is bad. */
static void stream_errors(void **state)
{
    static const enum place places_[] = {IN_PIPE_FEATURES, IN_PIPE_PROCEED,
                                         IN_PIPE_VERDICT, IN_FEATURES,
                                         IN_PROCEED};
    char text[256];
    (void)state;
    for (size_t k = 0; k < COUNT(conditions) * COUNT(places_); k++) {
        size_t n = k / COUNT(places_);
        enum place at = places_[k % COUNT(places_)];
        struct world w;
        go_to(&w, at);
        snprintf(text, sizeof(text),
                 "<stream:error><%s xmlns='urn:ietf:params:xml:ns:xmpp-streams'"
                 "/></stream:error>",
                 conditions[n].condition);
        hear(&w, text);
        if (found(&w, FINDING_PIPELINED) !=
            (conditions[n].blamed && places[at].pipeline))
            fail_msg("%s, %s", places[at].name, conditions[n].condition);
        close_world(&w);
    }
}

/* What we could not do ourselves is nobody's refusal. */
static void ours(void **state)
{
    static const struct {
        int error;
        bool blamed;
    } rows[] = {
        {S2S_ETIMEOUT, true},    {S2S_ECLOSED, true},
        {S2S_ENO_MEMORY, false}, {S2S_ECANCELLED, false},
        {S2S_ECONNECT, false},   {S2S_ELIMIT, false},
        {S2S_EINTERNAL, false},  {S2S_CALLBACK_ERROR, false},
    };
    (void)state;
    for (size_t k = 0; k < 2 * COUNT(rows); k++) {
        struct world w;
        go_to(&w, k % 2 == 0 ? IN_PIPE_HEADER : IN_PIPE_PROCEED);
        initiator_fail(w.i, rows[k / 2].error, "why");
        assert_int_equal(found(&w, FINDING_PIPELINED), rows[k / 2].blamed);
        close_world(&w);
    }
}

/* Nor is what happened before it was sent. */
static void unsent(void **state)
{
    struct world w;
    size_t length;
    (void)state;
    open_piped(&w, INITIATOR_STARTTLS, false, true);
    initiator_engine.output(w.i, &length);
    initiator_engine.sent(w.i, length - 1);
    initiator_fail(w.i, S2S_ECLOSED, "why");
    assert_false(found(&w, FINDING_PIPELINED));
    assert_false(w.result->pipelined);
    close_world(&w);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(flight),        cmocka_unit_test(inside),
        cmocka_unit_test(early),         cmocka_unit_test(injected),
        cmocka_unit_test(stream_errors), cmocka_unit_test(ours),
        cmocka_unit_test(unsent),
    };
    return cmocka_run_group_tests_name("xmpp/initiator_pipeline", tests, NULL,
                                       NULL);
}
