/*
 * What strangers may cost, what others may do with a stream that is open, and
 * how it ends from our side.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>

#include "house.h"

static const struct setting clear = {.no_tls = true}, direct = {.direct = true};

/* Say lines up to one without words; forget what is heard. */
static void say(struct house *h, const char *const *lines)
{
    for (; *lines != NULL; lines++)
        house_do(h, *lines, 0, SIZE_MAX);
    free(house_heard(h));
}

static void hears(struct house *h, const char *line, const char *what)
{
    house_do(h, line, 0, SIZE_MAX);
    char *heard = house_heard(h);
    assert_string_equal(heard, what);
    free(heard);
}

static const char *const known[] = {SECURED, THEIRS, AUTH("="), THEIRS, NULL};
static const char *const opened[] = {THEIRS, NULL};
static const char *const secure[] = {SECURED, THEIRS, NULL};

/* ---- Strangers ---- */

/* `count` bytes: white space is the cheapest. */
static void say_bytes(struct house *h, size_t count, size_t piece)
{
    char *text = malloc(count + 1);
    assert_non_null(text);
    memset(text, ' ', count);
    text[count] = '\0';
    house_say(h, text, 0, piece);
    free(text);
}

static void bytes_of_strangers(void **state)
{
    static const struct {
        const struct setting *setting;
        const char *const *lines;
        size_t most;
    } rows[] = {{&clear, opened, 16384}, {&direct, secure, 65536}};
    static const char too_many[] = ERROR_TEXT(
        "policy-violation", SAID("too many bytes before authentication"));
    (void)state;
    for (size_t i = 0; i < COUNT(rows); i++)
        for (size_t piece = 1000; piece < 200000; piece *= 3) {
            struct house h;
            house_open(&h, rows[i].setting);
            say(&h, rows[i].lines);
            say_bytes(&h, rows[i].most - strlen(THEIRS), piece);
            assert_int_equal(house_wants(&h), ENGINE_READ);
            hears(&h, "<", too_many);
            assert_string_equal(h.seen.our_error, "policy-violation");
            assert_int_equal(house_wants(&h), ENGINE_DONE);
            house_close(&h);
        }
}

/* What came in the clear counts afterwards too. */
static void bytes_in_all(void **state)
{
    static const struct setting both = {.require_tls = true};
    struct house h;
    (void)state;
    house_open(&h, &both);
    say(&h, opened);
    say_bytes(&h, 16384 - strlen(THEIRS) - strlen(STARTTLS), 4096);
    hears(&h, STARTTLS, PROCEED);
    say(&h, secure);
    say_bytes(&h, 49152 - strlen(THEIRS), 4096);
    assert_int_equal(house_wants(&h), ENGINE_READ);
    say_bytes(&h, 1, 1);
    assert_int_equal(house_wants(&h), ENGINE_DONE);
    house_close(&h);
}

static void friends_have_no_limit(void **state)
{
    static const char head[] = "<message from='peer.test' to='probe.test'>";
    static const char tail[] = "</message>";
    const size_t big = 100000;
    struct house h;
    (void)state;
    house_open(&h, &direct);
    say(&h, known);
    char *text = malloc(sizeof(head) + big + sizeof(tail));
    assert_non_null(text);
    (void)snprintf(text, sizeof(head) + big + sizeof(tail), "%s%*s%s", head,
                   (int)big, "x", tail);
    for (unsigned i = 0; i < 300; i++)
        hears(&h, i % 100 == 0 ? text : IQ, "");
    assert_int_equal(h.stanzas, 300);
    for (unsigned i = 0; i < 30; i++)
        hears(&h, VERIFY(PEER_TO_US "id='id7'", "key"),
              ANSWER("verify", PEER, " id='id7'", "valid"));
    assert_int_equal(h.seen.verifies, 30);
    assert_int_equal(house_wants(&h), ENGINE_READ);
    free(text);
    house_close(&h);
}

static void verifies_of_strangers(void **state)
{
    struct house h;
    (void)state;
    house_open(&h, &clear);
    say(&h, opened);
    for (unsigned i = 0; i < 10; i++)
        hears(&h, VERIFY(PEER_TO_US "id='id7'", "bad"),
              ANSWER("verify", PEER, " id='id7'", "invalid"));
    hears(&h, VERIFY(PEER_TO_US "id='id7'", "key"), ERROR("policy-violation"));
    assert_int_equal(h.verifies, 10);
    assert_int_equal(h.seen.verifies, 10);
    assert_int_equal(h.seen.verifies_valid, 0);
    house_close(&h);
}

static void result_of(struct house *h, unsigned number, char out[256])
{
    char text[256];
    (void)snprintf(text, sizeof(text),
                   "<db:result from='d%u.test' to='probe.test'>k</db:result>",
                   number);
    house_do(h, text, 0, SIZE_MAX);
    char *heard = house_heard(h);
    (void)snprintf(out, 256, "%s", heard);
    free(heard);
}

/* Eight pairs, and no ninth: for that it has another connection. */
static void pairs(void **state)
{
    struct house h;
    char heard[256];
    (void)state;
    house_open(&h, &clear);
    say(&h, opened);
    for (unsigned i = 0; i < RESPONDER_DOMAINS; i++) {
        result_of(&h, i, heard);
        assert_string_equal(heard, "");
        house_do(&h, i == 0 ? FAILED : VALID, 0, 0);
        free(house_heard(&h));
    }
    result_of(&h, 8, heard);
    hears(&h, VALID, ANSWER("result", "d8.test", "", "valid"));
    result_of(&h, 9, heard);
    assert_non_null(strstr(heard, "resource-constraint"));
    assert_int_equal(h.asks, 9);
    hears(&h, "<iq from='d8.test' to='probe.test' type='result' id='1'/>", "");
    hears(&h, "<iq from='d3.test' to='probe.test' type='result' id='1'/>", "");
    assert_int_equal(h.stanzas, 2);
    hears(&h, "<iq from='d0.test' to='probe.test' type='result' id='1'/>",
          ERROR("invalid-from"));
    house_close(&h);
}

static void asks_are_bounded(void **state)
{
    struct house h;
    char heard[256];
    (void)state;
    house_open(&h, &clear);
    say(&h, opened);
    for (unsigned i = 0; i < 40; i++) {
        result_of(&h, i, heard);
        assert_int_equal(strcmp(heard, "") == 0, i < 16);
        house_do(&h, FAILED, 0, 0);
        free(house_heard(&h));
    }
    assert_int_equal(h.asks, 16);
    assert_int_equal(house_wants(&h), ENGINE_READ);
    house_close(&h);
}

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
    static const struct {
        const char *const *lines;
        const char *condition, *text, *hear;
    } rows[] = {
        {known, NULL, NULL, END},
        {known, "system-shutdown", NULL, ERROR("system-shutdown")},
        {secure, "connection-timeout", "a & b",
         ERROR_TEXT("connection-timeout", SAID("a &amp; b"))},
        {secure + 2, "connection-timeout", NULL, ""}, /* nobody there */
        {secure + 2, NULL, NULL, ""},
    };
    (void)state;
    for (size_t i = 0; i < COUNT(rows); i++) {
        struct house h;
        house_open(&h, &direct);
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
        "xmlns='urn:ietf:params:xml:ns:xmpp-streams'>\n a\tb";
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
    assert_int_equal(strncmp(h.seen.error_text, "a b\xc3\xbc", 5), 0);
    assert_int_equal(strlen(h.seen.error_text), 255);
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
        cmocka_unit_test(bytes_of_strangers),
        cmocka_unit_test(bytes_in_all),
        cmocka_unit_test(friends_have_no_limit),
        cmocka_unit_test(verifies_of_strangers),
        cmocka_unit_test(pairs),
        cmocka_unit_test(asks_are_bounded),
        cmocka_unit_test(verdicts),
        cmocka_unit_test(sending),
        cmocka_unit_test(bidi_in_the_clear),
        cmocka_unit_test(closing),
        cmocka_unit_test(texts_of_errors),
        cmocka_unit_test(keys_are_not_logged),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
