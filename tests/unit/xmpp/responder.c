/*
 * What others may do with a stream that is open, and how it ends from our
 * side.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>

#include "talk.h"

/* ---- Verdicts ---- */

/* Only the one that was asked for counts. */
static void verdicts(void **state)
{
    struct house h;
    struct domain *other = NULL;
    (void)state;
    assert_int_equal(domain_parse("other.test", &other), S2S_OK);
    house_open(&h, &clear);
    say(&h, opened);
    hears(&h, RESULT(PEER, "probe.test"), "");
    assert_string_equal(h.asked.id, h.id);
    const struct domain *from = h.asked.from;
    const struct domain *to = h.asked.to;
    responder_verdict(h.r, other, to, h.asked.id, DIALBACK_VALID, NULL);
    responder_verdict(h.r, from, h.domains[1], h.asked.id, DIALBACK_VALID,
                      NULL);
    responder_verdict(h.r, from, to, "id", DIALBACK_VALID, NULL);
    assert_false(responder_authenticated(h.r));
    assert_int_equal(h.seen.auth, INBOUND_NOBODY);
    hears(&h, VALID, ANSWER("result", PEER, "", "valid"));
    assert_true(responder_authenticated(h.r));
    hears(&h, INVALID, "");
    assert_int_equal(house_wants(&h), ENGINE_READ);
    hears(&h, IQ, "");
    assert_string_equal(h.last, "peer.test probe.test " IQ);
    free(other);
    house_close(&h);
}

/* Whoever is still asked for is nobody yet, whoever else is there. */
static void pending_pairs(void **state)
{
    static const char *const one[] = {THEIRS, RESULT(PEER, "probe.test"), VALID,
                                      RESULT("two.test", "probe.test"), NULL};
    static const char *const stanzas[] = {
        "<message from='two.test' to='probe.test'/>",
        "<message from='two.test' to='alt.test'/>"};
    (void)state;
    for (size_t i = 0; i < COUNT(stanzas); i++) {
        struct house h;
        house_open(&h, &clear);
        say(&h, one);
        hears(&h, stanzas[i], ERROR("invalid-from"));
        assert_int_equal(h.stanzas, 0);
        house_close(&h);
    }
}

static enum dialback_answer at_once;

static int ask_at_once(void *user, const struct domain *from,
                       const struct domain *to, const char *id, const char *key)
{
    struct house *h = user;
    (void)key;
    responder_verdict(h->r, from, to, id, at_once, "remote-server-timeout");
    return h->setting.ask_error;
}

/* A house that knows the answer, and says it while it is asked. */
static void verdicts_at_once(void **state)
{
    static const struct {
        enum dialback_answer answer;
        const char *hear;
    } rows[] = {
        {DIALBACK_VALID, ANSWER("result", PEER, "", "valid")},
        {DIALBACK_INVALID, ANSWER("result", PEER, "", "invalid") END},
        {DIALBACK_ERROR, DB_ERROR("result", "probe.test", PEER, "", "wait",
                                  "remote-server-timeout")},
    };
    static const struct setting failing = {.no_tls = true,
                                           .ask_error = S2S_ELIMIT};
    (void)state;
    for (size_t i = 0; i < 2 * COUNT(rows); i++) {
        struct house h;
        house_open(&h, i % 2 == 0 ? &clear : &failing);
        h.calls.ask = ask_at_once;
        at_once = rows[i / 2].answer;
        say(&h, opened);
        hears(&h, RESULT(PEER, "probe.test"), rows[i / 2].hear);
        assert_int_equal(responder_authenticated(h.r), i / 2 == 0);
        house_close(&h);
    }
}

/* ---- Sending ---- */

static void sending(void **state)
{
    static const char message[] = "<message/>";
    static const char *const bidi[] = {
        SECURED,   THEIRS, "<bidi xmlns='urn:xmpp:bidi'/>",
        AUTH("="), THEIRS, NULL};
    struct house h;
    struct domain *peer = NULL;
    (void)state;
    assert_int_equal(domain_parse(PEER, &peer), S2S_OK);
    house_open(&h, &direct);
    for (size_t i = 0; bidi[i] != NULL; i++) {
        assert_int_equal(responder_send(h.r, h.domains[0], peer, message, 10),
                         S2S_EPOLICY);
        house_do(&h, bidi[i], 0, SIZE_MAX);
    }
    free(house_heard(&h));
    assert_false(responder_can_send(h.r, h.domains[1], peer));
    assert_false(responder_can_send(h.r, h.domains[0], h.domains[0]));
    assert_true(responder_can_send(h.r, h.domains[0], peer));
    hears(&h, "<enable xmlns='urn:xmpp:sm:2'/>",
          "<enabled xmlns='urn:xmpp:sm:2'/>");
    assert_int_equal(responder_send(h.r, h.domains[0], peer, message, 10),
                     S2S_OK);
    hears(&h, "<a xmlns='urn:xmpp:sm:2' h='1'/>", message);
    int e = S2S_OK;
    size_t count = 0;
    for (; e == S2S_OK && count < 10000; count++)
        e = responder_send(h.r, h.domains[0], peer, message, 10);
    assert_int_equal(e, S2S_ELIMIT);
    assert_int_equal(count - 1, 65536 / 10);
    /* A peer that does not listen, and asks. */
    static const char asks[] = "<r xmlns='urn:xmpp:sm:2'/>";
    responder_engine.input(h.r, asks, sizeof(asks) - 1);
    assert_int_equal(house_wants(&h), ENGINE_WRITE | ENGINE_LAST);
    assert_string_equal(h.seen.our_error, "resource-constraint");
    house_listen(&h);
    char *heard = house_heard(&h);
    assert_string_equal(heard + 10 * (count - 1), ERROR("resource-constraint"));
    free(heard);
    free(peer);
    house_close(&h);
}

/* <bidi/> in the clear is forgotten with all the rest. */
static void bidi_in_the_clear(void **state)
{
    static const struct setting both = {.require_tls = false};
    static const char *const lines[] = {THEIRS, "<bidi xmlns='urn:xmpp:bidi'/>",
                                        STARTTLS, NULL};
    struct house h;
    (void)state;
    house_open(&h, &both);
    say(&h, lines);
    assert_ptr_equal(responder_local(h.r), h.domains[0]);
    responder_secured(h.r);
    assert_null(responder_local(h.r));
    say(&h, known + 1);
    assert_true(responder_authenticated(h.r));
    struct domain *peer = NULL;
    assert_int_equal(domain_parse(PEER, &peer), S2S_OK);
    assert_false(responder_can_send(h.r, h.domains[0], peer));
    free(peer);
    house_close(&h);
}

/* ---- Ends ---- */

static void closing(void **state)
{
    static const char *const success[] = {SECURED, THEIRS, AUTH("="), NULL};
    static const char *const nothing[] = {NULL};
    static const struct {
        const struct setting *setting;
        const char *const *lines;
        const char *condition, *text, *hear;
    } rows[] = {
        {&direct, known, NULL, NULL, END},
        {&direct, known, "system-shutdown", NULL, ERROR("system-shutdown")},
        {&direct, secure, "connection-timeout", "a & b",
         ERROR_TEXT("connection-timeout", SAID("a &amp; b"))},
        {&direct, success, "connection-timeout", NULL,
         OURS_FROM("from='' ") ERROR("connection-timeout")},
        {&direct, success, NULL, NULL, ""},
        {&direct, nothing, "connection-timeout", NULL, ""},
        {&clear, nothing, "connection-timeout", NULL, ""},
        {&clear, nothing, NULL, NULL, ""},
    };
    (void)state;
    for (size_t i = 0; i < COUNT(rows); i++) {
        struct house h;
        house_open(&h, rows[i].setting);
        say(&h, rows[i].lines);
        responder_close(h.r, rows[i].condition, rows[i].text);
        responder_close(h.r, "reset", NULL); /* too late */
        house_listen(&h);
        char *heard = house_heard(&h);
        assert_string_equal(heard, rows[i].hear);
        const char *noted = rows[i].condition != NULL && heard[0] != '\0'
                                ? rows[i].condition
                                : "";
        assert_string_equal(h.seen.our_error, noted);
        assert_int_equal(house_wants(&h), ENGINE_DONE);
        assert_true(h.seen.ended);
        free(heard);
        house_close(&h);
    }
}

/* What a peer says of its errors is kept in one line, as much as fits. */
static void texts_of_errors(void **state)
{
    static const char head[] =
        "<stream:error><host-gone xmlns='urn:ietf:params:xml:ns:xmpp-streams'>"
        "</host-gone><x xmlns='urn:x'/><text "
        "xmlns='urn:ietf:params:xml:ns:xmpp-streams'>\n a\tbc";
    static const char tail[] = "</text></stream:error>";
    char text[1024] = "";
    struct house h;
    (void)state;
    (void)snprintf(text, sizeof(text), "%s", head);
    for (size_t i = 0; i < 200; i++)
        (void)snprintf(text + strlen(text), 3, "\xc3\xbc");
    (void)snprintf(text + strlen(text), sizeof(tail), "%s", tail);
    house_open(&h, &clear);
    say(&h, opened);
    hears(&h, text, END);
    assert_string_equal(h.seen.error, "host-gone");
    assert_int_equal(strncmp(h.seen.error_text, "a bc\xc3\xbc", 6), 0);
    assert_int_equal(strlen(h.seen.error_text), 254);
    house_close(&h);
}

/* ---- The log ---- */

struct lines {
    unsigned count;
    bool leaked;
};

static void on_line(void *user, int level, const char *area, const char *line)
{
    struct lines *l = user;
    (void)level;
    (void)area;
    l->count++;
    l->leaked |= strstr(line, "their key") != NULL ||
                 strstr(line, "cGVlci50ZXN0") != NULL;
}

static void keys_are_not_logged(void **state)
{
    struct lines seen = {0};
    struct house h;
    (void)state;
    house_open(&h, &direct);
    h.log = (struct log){on_line, &seen, S2S_LOG_WIRE};
    say(&h, secure);
    hears(&h, RESULT(PEER, "probe.test"), "");
    hears(&h, VERIFY(PEER_TO_US "id='id7'", "their key"),
          ANSWER("verify", PEER, " id='id7'", "invalid"));
    hears(&h, AUTH("cGVlci50ZXN0"), SUCCESS);
    assert_true(seen.count >= 6);
    assert_false(seen.leaked);
    house_close(&h);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(verdicts),
        cmocka_unit_test(pending_pairs),
        cmocka_unit_test(verdicts_at_once),
        cmocka_unit_test(sending),
        cmocka_unit_test(bidi_in_the_clear),
        cmocka_unit_test(closing),
        cmocka_unit_test(texts_of_errors),
        cmocka_unit_test(keys_are_not_logged),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
