/* Beginnings, ends and limits; what elements mean is its neighbour. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "world.h"

/* Behind a bad header we end our side at once, and only once. */
static void bad_header(void **state)
{
    char text[256];
    struct world w;
    (void)state;
    open_world(&w, INITIATOR_STARTTLS, false);
    assert_false(initiator_heard(w.i));
    hear_header(&w, "");
    assert_true(initiator_heard(w.i));
    assert_int_equal(initiator_engine.wants(w.i), ENGINE_WRITE);
    send_all(&w, text, sizeof(text));
    assert_string_equal(text, "</stream:stream>");
    initiator_engine.ended(w.i);
    assert_int_equal(initiator_engine.wants(w.i), ENGINE_DONE);
    assert_int_equal(w.result->error, S2S_ESTREAM_HEADER);
    close_world(&w);
}

/* Any byte that is there before TLS is. */
static void injected(void **state)
{
    static const char *const bytes[] = {" ", "<", "\x16", "\n",
                                        "<stream:features/>"};
    (void)state;
    for (size_t i = 0; i < 2 * COUNT(bytes); i++) {
        char text[256];
        struct world w;
        go_to(&w, IN_PROCEED);
        snprintf(text, sizeof(text), "<proceed xmlns='" TLS "'/>%s",
                 i % 2 == 0 ? bytes[i / 2] : "");
        hear(&w, text);
        if (i % 2 == 1) { /* the same, later */
            assert_int_equal(initiator_engine.wants(w.i), ENGINE_TLS);
            hear(&w, bytes[i / 2]);
        }
        assert_int_equal(w.result->error, S2S_ETLS_INJECTION);
        assert_int_equal(initiator_engine.wants(w.i), ENGINE_DONE);
        close_world(&w);
    }
}

/* What is said at the end: by the error, and by what was said before. */
static void farewells(void **state)
{
    static const struct {
        enum place place;
        int error;
        const char *words;
    } rows[] = {
        {IN_FEATURES, S2S_ETIMEOUT, "</stream:stream>"},
        {IN_FEATURES, S2S_EXML,
         "<stream:error><not-well-formed "
         "xmlns='urn:ietf:params:xml:ns:xmpp-streams'/></stream:error>"
         "</stream:stream>"},
        {IN_FEATURES, S2S_ENOT_XMPP, ""},
        {IN_PROCEED, S2S_ETLS_INJECTION, ""},
        {IN_VERDICT, S2S_ETIMEOUT, ""}, /* said already */
        {IN_CLOSING, S2S_ECLOSED, ""},
        {IN_ASKED, S2S_CALLBACK_ERROR, "</stream:stream>"},
    };
    char text[512];
    (void)state;
    for (size_t i = 0; i < COUNT(rows); i++) {
        struct world w;
        go_to(&w, rows[i].place);
        initiator_fail(w.i, rows[i].error, "why");
        assert_int_equal(initiator_engine.wants(w.i),
                         rows[i].words[0] != '\0' ? ENGINE_WRITE | ENGINE_LAST
                                                  : ENGINE_DONE);
        send_all(&w, text, sizeof(text));
        assert_string_equal(text, rows[i].words);
        assert_int_equal(initiator_engine.wants(w.i), ENGINE_DONE);
        close_world(&w);
    }
}

/* A header that has not left us wholly is followed by nothing. */
static void unsent(void **state)
{
    (void)state;
    for (size_t sent = 0; sent < 2; sent++) {
        struct world w;
        open_world(&w, INITIATOR_CLEAR, false);
        if (sent > 0)
            initiator_engine.sent(w.i, sent);
        initiator_fail(w.i, S2S_EXML, "why");
        assert_int_equal(initiator_engine.wants(w.i), ENGINE_DONE);
        close_world(&w);
    }
}

static void limits(void **state)
{
    struct world w;
    (void)state;
    for (uint32_t most = 1; most < 4; most++) {
        go_to(&w, IN_ASKED);
        w.options.limits.stanzas = 1 + most; /* the features were one */
        for (uint32_t n = 0; n < most; n++) {
            assert_int_equal(w.result->error, S2S_OK);
            hear(&w, "<message/>");
        }
        assert_int_equal(w.result->error, S2S_OK);
        hear(&w, "<message/>");
        assert_int_equal(w.result->error, S2S_ELIMIT);
        close_world(&w);
    }
    open_world(&w, INITIATOR_CLEAR, false);
    w.options.limits.probe = 100;
    say(&w, "<");
    hear(&w, "<stream:stream "); /* 15 of them */
    for (int n = 15; n < 100; n++)
        hear(&w, " ");
    assert_int_equal(w.result->error, S2S_OK);
    hear(&w, " ");
    assert_int_equal(w.result->error, S2S_ELIMIT);
    close_world(&w);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(bad_header), cmocka_unit_test(injected),
        cmocka_unit_test(farewells),  cmocka_unit_test(unsent),
        cmocka_unit_test(limits),
    };
    return cmocka_run_group_tests_name("xmpp/initiator", tests, NULL, NULL);
}
