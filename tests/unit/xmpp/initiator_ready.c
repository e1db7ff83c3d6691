/*
 * The open outgoing stream: answers for more domains of ours, questions about
 * keys of others, acknowledgements, and what is sent.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "auth_world.h"

#define PING                                                                   \
    "<iq from='" OURS "' to='" THEIRS "' id='1' type='get'>"                   \
    "<ping xmlns='urn:xmpp:ping'/></iq>"

/* Hear lines, and expect what comes of each. */
struct line {
    const char *text;
    const char *wanted; /* NULL: ignored */
};
#define LINES 8

static void converse(struct auth_world *a, const char *name,
                     const struct line *lines)
{
    bool ignored = false; /* something, which is said once */
    for (size_t k = 0; k < LINES && lines[k].text != NULL; k++) {
        size_t known = a->w.result->finding_count;
        const char *wanted = lines[k].wanted;
        a->told[0] = '\0';
        hear(&a->w, lines[k].text);
        expect(a, known, name, lines[k].text,
               wanted == NULL && ignored ? "read" : wanted);
        ignored = ignored || wanted == NULL;
    }
}

/* ---- More domains of ours ---- */

#define FOR(domain, rest) RESULT(THEIRS, domain, rest)
static const struct {
    const char *name;
    struct line lines[LINES];
    const char *answers[2], *conditions[2];
} others[] = {
    {"both",
     {{FOR(OTHER, "type='valid'>"), "read"},
      {FOR(THIRD, "type='valid'>"), "read ready"}},
     {"valid", "valid"},
     {NULL, NULL}},
    {"in another order",
     {{FOR(THIRD, "type='valid'>"), "read"},
      {FOR(OTHER, "type='invalid'>"), "read ready"}},
     {"invalid", "valid"},
     {NULL, NULL}},
    {"an error",
     {{FOR(OTHER, "type='error'>" STANZA_ERROR("item-not-found")), "read"},
      {FOR(THIRD, "type='error'>"), "read ready"}},
     {"error", "error"},
     {"item-not-found", NULL}},
    {"twice", /* the first one counts */
     {{FOR(OTHER, "type='valid'>"), "read"},
      {FOR(OTHER, "type='invalid'>"), NULL},
      {FOR(THIRD, "type='valid'>"), "read ready"},
      {FOR(THIRD, "type='valid'>"), NULL}},
     {"valid", "valid"},
     {NULL, NULL}},
    {"not asked for",
     {{FOR(OURS, "type='valid'>"), NULL},
      {FOR("fourth.example", "type='valid'>"), NULL},
      {RESULT(OTHER, THEIRS, "type='valid'>"), NULL},
      {RESULT(OURS, OTHER, "type='valid'>"), NULL}},
     {NULL, NULL},
     {NULL, NULL}},
};

static void more_domains(void **state)
{
    (void)state;
    for (size_t n = 0; n < COUNT(others); n++) {
        struct auth_world a;
        auth_go_to(&a, AT_ALSO);
        converse(&a, others[n].name, others[n].lines);
        const struct result_also *r = a.w.result->also;
        for (size_t k = 0; k < 2; k++, r = r->next) {
            assert_string_equal(r->domain, k == 0 ? OTHER : THIRD);
            same(r->answer, others[n].answers[k]);
            same(r->condition, others[n].conditions[k]);
        }
        assert_null(r);
        auth_close(&a);
    }
}

/* ---- Questions ---- */

static int ask(struct auth_world *a, const char *id)
{
    return initiator_ask(a->w.i, OURS, THEIRS, id, "0123");
}

#define VERIFIED(id, rest)                                                     \
    "<db:verify from='" THEIRS "' to='" OURS "' id='" id "' " rest             \
    "</db:verify>"

/* Of 1 and 2, which were asked in this order. */
static const struct {
    const char *name;
    struct line lines[LINES];
} questions[] = {
    {"in order",
     {{VERIFIED("1", "type='valid'>"), "read verdict:1:valid"},
      {VERIFIED("2", "type='invalid'>"), "read verdict:2:invalid"}}},
    {"in another order",
     {{VERIFIED("2", "type='valid'>"), "read verdict:2:valid"},
      {VERIFIED("1", "type='valid'>"), "read verdict:1:valid"}}},
    {"an error",
     {{VERIFIED("1", "type='error'>" STANZA_ERROR("item-not-found")),
       "read verdict:1:error:item-not-found"},
      {VERIFIED("2", "type='error'>"), "read verdict:2:error"}}},
    {"twice",
     {{VERIFIED("1", "type='invalid'>"), "read verdict:1:invalid"},
      {VERIFIED("1", "type='valid'>"), NULL}}},
    {"not asked for",
     {{VERIFIED("3", "type='valid'>"), NULL},
      {VERIFIED("", "type='valid'>"), NULL},
      {VERIFIED("1", "type='ok'>"), NULL},
      {VERIFIED("1", ">0123"), NULL},
      {"<db:verify from='" OTHER "' to='" OURS "' id='1' type='valid'/>", NULL},
      {"<db:verify from='" THEIRS "' to='" OTHER "' id='1' type='valid'/>",
       NULL},
      {"<db:verify from='" THEIRS "' to='" OURS "' type='valid'/>", NULL}}},
};

/* While our own key is being checked too. */
static void questions_and_verdicts(void **state)
{
    static const enum auth_place where[] = {AT_KEYED, AT_OPEN, AT_PLAIN};
    (void)state;
    for (size_t n = 0; n < COUNT(questions) * COUNT(where); n++) {
        struct auth_world a;
        auth_go_to(&a, where[n % COUNT(where)]);
        assert_int_equal(ask(&a, "1"), S2S_OK);
        assert_int_equal(ask(&a, "2"), S2S_OK);
        expect(&a, a.w.result->finding_count, "asked", "",
               "read verify verify");
        converse(&a, questions[n / COUNT(where)].name,
                 questions[n / COUNT(where)].lines);
        auth_close(&a); /* what is open goes with it */
    }
}

static void questions_refused(void **state)
{
    static const enum auth_place where[] = {AT_SASL, AT_RESTART, AT_FEATURES};
    struct auth_world a;
    char id[8];
    (void)state;
    for (size_t n = 0; n < COUNT(where); n++) {
        auth_go_to(&a, where[n]);
        assert_int_equal(ask(&a, "1"), S2S_EPOLICY);
        assert_int_equal(initiator_engine.wants(a.w.i), ENGINE_READ);
        auth_close(&a);
    }
    auth_go_to(&a, AT_PLAIN);
    for (int n = 0; n < 16; n++) {
        snprintf(id, sizeof(id), "%d", n);
        assert_int_equal(ask(&a, id), S2S_OK);
    }
    assert_int_equal(ask(&a, "17"), S2S_ELIMIT);
    auth_drain(&a);
    hear(&a.w, VERIFIED("7", "type='valid'>"));
    assert_int_equal(ask(&a, "17"), S2S_OK); /* there is room again */
    initiator_end(a.w.i);
    assert_int_equal(ask(&a, "18"), S2S_EPOLICY);
    auth_close(&a);
}

/* Whoever asked is told when the stream ends first, and cannot ask once it is
 * about to. */
static void questions_without_answers(void **state)
{
    static const char lost[] = " verdict:2:error:remote-connection-failed"
                               " verdict:1:error:remote-connection-failed";
    struct auth_world a;
    (void)state;
    for (int end = 0; end < 4; end++) {
        auth_go_to(&a, end % 2 == 0 ? AT_PLAIN : AT_KEYED);
        assert_int_equal(ask(&a, "1"), S2S_OK);
        assert_int_equal(ask(&a, "2"), S2S_OK);
        auth_drain(&a);
        if (end == 0)
            initiator_end(a.w.i);
        else if (end == 1)
            hear(&a.w, "</stream:stream>");
        else if (end == 2)
            initiator_engine.ended(a.w.i);
        else
            initiator_fail(a.w.i, S2S_ETIMEOUT, "late");
        assert_string_equal(a.told, lost);
        auth_close(&a);
        assert_string_equal(a.told, lost); /* once */
    }
    auth_go_to(&a, AT_PLAIN);
    assert_int_equal(ask(&a, "1"), S2S_OK);
    initiator_finish(a.w.i);
    assert_int_equal(ask(&a, "2"), S2S_EPOLICY);
    auth_close(&a); /* by whom it was not ended */
    assert_string_equal(a.told, " verdict:1:error:remote-connection-failed");
}

/* ---- Acknowledgements ---- */

/* Two stanzas are out. */
static const struct {
    const char *name;
    struct line lines[LINES];
} acks[] = {
    {"one by one",
     {{SM("a h='0'"), "read acked"},
      {SM("a h='1'"), "read acked"},
      {SM("a h='2'"), "read acked"},
      {SM("a h='2'"), "read acked"}}},
    {"at once", {{SM("a h='2'"), "read acked"}}},
    {"too many", {{SM("a h='3'"), "protocol"}}},
    {"backwards", {{SM("a h='2'"), "read acked"}, {SM("a h='1'"), "protocol"}}},
    {"no number", {{SM("a"), "protocol"}}},
    {"empty", {{SM("a h=''"), "protocol"}}},
    {"negative", {{SM("a h='-1'"), "protocol"}}},
    {"a sign", {{SM("a h='+1'"), "protocol"}}},
    {"white space", {{SM("a h=' 1'"), "protocol"}}},
    {"hexadecimal", {{SM("a h='0x1'"), "protocol"}}},
    {"a fraction", {{SM("a h='1.0'"), "protocol"}}},
    {"2^32 - 1", {{SM("a h='4294967295'"), "protocol"}}},
    {"2^32", {{SM("a h='4294967296'"), "protocol"}}},
    {"2^64 + 1", {{SM("a h='18446744073709551617'"), "protocol"}}},
    {"another version", {{"<a xmlns='urn:xmpp:sm:2' h='1'/>", NULL}}},
    {"on twice", {{SM("enabled"), NULL}, {SM("a h='2'"), "read acked"}}},
    {"failed afterwards",
     {{SM("failed"), NULL}, {SM("a h='2'"), "read acked"}}},
    {"a request of theirs", {{SM("enable"), NULL}}},
};

static void acknowledgements(void **state)
{
    (void)state;
    for (size_t n = 0; n < COUNT(acks); n++) {
        struct auth_world a;
        auth_go_to(&a, AT_OPEN);
        assert_int_equal(initiator_send(a.w.i, PING, strlen(PING), true), 0);
        assert_int_equal(initiator_send(a.w.i, PING, strlen(PING), true), 0);
        expect(&a, a.w.result->finding_count, "sent", "", "read iq r iq r");
        assert_int_equal(a.w.result->acks.sent, 2);
        converse(&a, acks[n].name, acks[n].lines);
        assert_int_equal(a.w.result->acks.acked,
                         strstr(acks[n].lines[0].text, "h='2'") != NULL ||
                                 acks[n].lines[1].text != NULL
                             ? 2
                             : 0);
        auth_close(&a);
    }
}

#define ACK_3 "<a xmlns='urn:xmpp:sm:3' h='3'/>"

/* What we have received is told, from <enabled/> on. */
static void our_answers(void **state)
{
    struct auth_world a;
    char said[TOLD_MAX];
    (void)state;
    auth_go_to(&a, AT_OPEN);
    hear(&a.w, "<iq/><message/><presence/>" SM("r"));
    send_all(&a.w, said, sizeof(said));
    assert_string_equal(said, ACK_3);
    hear(&a.w, "<iq xmlns='jabber:client'/>" SM("a h='0'") SM("r") SM("r"));
    send_all(&a.w, said, sizeof(said));
    assert_string_equal(said, ACK_3 ACK_3);
    auth_close(&a);
}

static void without_acks(void **state)
{
    struct auth_world a;
    (void)state;
    auth_go_to(&a, AT_ALSO);
    assert_string_equal(a.w.result->acks.version, "3");
    hear(&a.w, SM("failed"));
    assert_null(a.w.result->acks.version);
    assert_int_equal(initiator_send(a.w.i, PING, strlen(PING), true), 0);
    expect(&a, a.w.result->finding_count, "failed", "", "read iq");
    assert_false(a.w.result->acks.enabled);
    auth_close(&a);
}

/* ---- What is sent ---- */

static void sends_when_ready(void **state)
{
    (void)state;
    for (int p = 0; p < AT_PLACES; p++) {
        struct auth_world a;
        int e = p >= AT_OPEN ? S2S_OK : S2S_EPOLICY;
        auth_go_to(&a, (enum auth_place)p);
        assert_int_equal(initiator_send(a.w.i, PING, strlen(PING), false), e);
        assert_int_equal(initiator_engine.wants(a.w.i),
                         e == S2S_OK ? ENGINE_WRITE : ENGINE_READ);
        initiator_fail(a.w.i, S2S_ETIMEOUT, "late");
        assert_int_equal(initiator_send(a.w.i, PING, strlen(PING), false),
                         S2S_EPOLICY);
        auth_close(&a);
    }
}

/* What does not fit is refused whole. */
static void queue_is_bounded(void **state)
{
    enum { BIG = 300000 };
    static char big[BIG];
    struct auth_world a;
    size_t length = 0;
    (void)state;
    memset(big, ' ', sizeof(big));
    auth_go_to(&a, AT_OPEN);
    for (int n = 0; n < 3; n++)
        assert_int_equal(initiator_send(a.w.i, big, BIG, true), S2S_OK);
    (void)initiator_engine.output(a.w.i, &length);
    size_t before = length;
    assert_int_equal(initiator_send(a.w.i, big, BIG, true), S2S_ELIMIT);
    (void)initiator_engine.output(a.w.i, &length);
    assert_int_equal(length, before);
    assert_int_equal(a.w.result->acks.sent, 3);
    auth_close(&a);
}

/* Finishing waits until what is queued is sent, ending does not. */
static void good_ends(void **state)
{
    (void)state;
    for (int n = 0; n < 4; n++) {
        struct auth_world a;
        char said[TOLD_MAX];
        bool queued = n % 2 == 1;
        auth_go_to(&a, AT_PLAIN);
        if (queued)
            assert_int_equal(initiator_send(a.w.i, PING, strlen(PING), true),
                             0);
        if (n < 2)
            initiator_finish(a.w.i);
        else
            initiator_end(a.w.i);
        if (n == 1)
            say(&a.w, PING);
        send_all(&a.w, said, sizeof(said));
        assert_string_equal(said, n == 3 ? PING "</stream:stream>"
                                         : "</stream:stream>");
        assert_int_equal(initiator_engine.wants(a.w.i), ENGINE_DONE);
        assert_int_equal(a.w.result->error, S2S_OK);
        hear(&a.w, "<message/>");
        assert_string_equal(a.told, "");
        auth_close(&a);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(more_domains),
        cmocka_unit_test(questions_and_verdicts),
        cmocka_unit_test(questions_refused),
        cmocka_unit_test(questions_without_answers),
        cmocka_unit_test(acknowledgements),
        cmocka_unit_test(our_answers),
        cmocka_unit_test(without_acks),
        cmocka_unit_test(sends_when_ready),
        cmocka_unit_test(queue_is_bounded),
        cmocka_unit_test(good_ends),
    };
    return cmocka_run_group_tests_name("xmpp/initiator_ready", tests, NULL,
                                       NULL);
}
