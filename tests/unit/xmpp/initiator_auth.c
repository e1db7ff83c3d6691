/*
 * The authenticating initiator: what each element means in each state behind
 * the features, as a table, and every form of the answers that count.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "auth_world.h"
#include "base/utf8.h"

#define ENDS(condition)                                                        \
    "<stream:error><" condition                                                \
    " xmlns='urn:ietf:params:xml:ns:xmpp-streams'/></stream:error>"
#define FAILURE(inside) "<failure xmlns='" SASL_NS "'>" inside "</failure>"

/* ---- Every element in every state ---- */

/* The tokenizer answers for what comes in place of a header. NULL: ignored,
 * and said so. */
static const struct {
    const char *name;
    const char *text;              /* NULL: the end of the connection */
    const char *wanted[AT_PLACES]; /* see auth_describe() */
} inputs[] = {
    {"features",
     FEATURES(EXTERNAL DIALBACK SM_3),
     {[AT_RESTART] = "xml", [AT_FEATURES] = "read enable ready"}},
    {"success",
     SUCCESS,
     {[AT_SASL] = "read header", [AT_RESTART] = "not_xmpp"}},
    {"failure",
     FAILURE("<not-authorized/>"),
     {[AT_SASL] = "read key +external_failed", [AT_RESTART] = "not_xmpp"}},
    {"challenge",
     "<challenge xmlns='" SASL_NS "'>=</challenge>",
     {[AT_SASL] = "read abort", [AT_RESTART] = "not_xmpp"}},
    {"other's success", "<success/>", {[AT_RESTART] = "not_xmpp"}},
    {"valid",
     RESULT(THEIRS, OURS, "type='valid'>"),
     {[AT_RESTART] = "xml", [AT_KEYED] = "read enable ready"}},
    {"invalid",
     RESULT(THEIRS, OURS, "type='invalid'>"),
     {[AT_RESTART] = "xml", [AT_KEYED] = "dialback_failed +dialback_invalid"}},
    {"key", /* only with XEP-0288 is it understood */
     RESULT(THEIRS, OURS, ">0123"),
     {[AT_RESTART] = "xml",
      [AT_KEYED] = "read refusal",
      [AT_OPEN] = "read refusal",
      [AT_ALSO] = "read refusal"}},
    {"verify",
     "<db:verify from='" THEIRS "' to='" OURS "' id='1'>0</db:verify>",
     {[AT_RESTART] = "xml"}},
    {"verdict",
     "<db:verify from='" THEIRS "' to='" OURS "' id='1' type='valid'/>",
     {[AT_RESTART] = "xml"}},
    {"bidi", "<bidi xmlns='urn:xmpp:bidi'/>", {[AT_RESTART] = "not_xmpp"}},
    {"enabled", SM("enabled"), {[AT_RESTART] = "not_xmpp", [AT_ALSO] = "read"}},
    {"failed", SM("failed"), {[AT_RESTART] = "not_xmpp", [AT_ALSO] = "read"}},
    {"r", SM("r"), {[AT_RESTART] = "not_xmpp", [AT_OPEN] = "read a"}},
    {"a", SM("a h='0'"), {[AT_RESTART] = "not_xmpp", [AT_OPEN] = "read acked"}},
    {"stanza",
     "<iq from='" THEIRS "' to='" OURS "' id='1' type='get'/>",
     {[AT_RESTART] = "not_xmpp",
      [AT_OPEN] = "read !iq",
      [AT_PLAIN] = "read !iq",
      [AT_ALSO] = "read !iq"}},
    {"other stanza",
     "<message xmlns='jabber:client'/>",
     {[AT_RESTART] = "not_xmpp"}},
    {"error",
     ENDS("not-authorized"),
     {"stream_error +not_authorized", "xml", "stream_error +not_authorized",
      "stream_error +not_authorized", "stream_error +not_authorized",
      "stream_error +not_authorized", "stream_error +not_authorized"}},
    {"end tag",
     "</stream:stream>",
     {"auth_aborted", "not_xmpp", "features", "dialback_failed", "closed",
      "closed", "closed"}},
    {"end",
     NULL,
     {"auth_aborted", "closed", "closed", "dialback_failed", "closed", "closed",
      "closed"}},
    {"bad XML",
     "<a></b>",
     {"xml", "not_xmpp", "xml", "xml", "xml", "xml", "xml"}},
    {"comment",
     "<!-- -->",
     {"xml_forbidden", "xml_forbidden", "xml_forbidden", "xml_forbidden",
      "xml_forbidden", "xml_forbidden", "xml_forbidden"}},
    {"white space",
     " \n",
     {"read", "read", "read", "read", "read", "read", "read"}},
};

static void every_way(void **state)
{
    (void)state;
    for (int p = 0; p < AT_PLACES; p++) {
        for (size_t n = 0; n < COUNT(inputs); n++) {
            struct auth_world a;
            auth_go_to(&a, (enum auth_place)p);
            size_t known = a.w.result->finding_count;
            if (inputs[n].text != NULL)
                hear(&a.w, inputs[n].text);
            else
                initiator_engine.ended(a.w.i);
            expect(&a, known, auth_names[p], inputs[n].name,
                   inputs[n].wanted[p]);
            auth_close(&a);
        }
    }
}

/* ---- SASL ---- */

static const struct {
    const char *inside, *condition, *text;
} failures[] = {
    {"<aborted/>", "aborted", NULL},
    {"<account-disabled/>", "account-disabled", NULL},
    {"<credentials-expired/>", "credentials-expired", NULL},
    {"<encryption-required/>", "encryption-required", NULL},
    {"<incorrect-encoding/>", "incorrect-encoding", NULL},
    {"<invalid-authzid/>", "invalid-authzid", NULL},
    {"<invalid-mechanism/>", "invalid-mechanism", NULL},
    {"<malformed-request/>", "malformed-request", NULL},
    {"<mechanism-too-weak/>", "mechanism-too-weak", NULL},
    {"<not-authorized/>", "not-authorized", NULL},
    {"<temporary-auth-failure/>", "temporary-auth-failure", NULL},
    {"", "undefined", NULL},
    {"<not-authorized xmlns='other'/>", "undefined", NULL},
    {"<not-authorized/><text xml:lang='en'>no &lt;way&gt;</text>",
     "not-authorized", "no <way>"},
    {"<text/><not-authorized/>", "not-authorized", ""},
    {"<text>one</text><aborted/><text>two</text>", "aborted", "one"},
};

/* Whether dialback is left or not. */
static void sasl_failures(void **state)
{
    (void)state;
    for (size_t n = 0; n < 2 * COUNT(failures); n++) {
        struct auth_world a;
        char text[512];
        size_t k = n / 2;
        bool more = n % 2 == 0;
        auth_go_to(&a, AT_SASL);
        a.w.config.dialback = more;
        snprintf(text, sizeof(text), FAILURE("%s"), failures[k].inside);
        hear(&a.w, text);
        expect(&a, a.w.result->finding_count - 1, "failure", failures[k].inside,
               more ? "read key +external_failed"
                    : "auth_failed +external_failed");
        same(a.w.result->auth.external, failures[k].condition);
        same(a.w.result->auth.external_text, failures[k].text);
        assert_true(more ||
                    strstr(a.w.result->message, failures[k].condition) != NULL);
        auth_close(&a);
    }
}

/* A peer's text is cut where it is too long, and never splits a character. */
static void long_failure(void **state)
{
    static char text[40000] = FAILURE("<aborted/><text>");
    struct auth_world a;
    (void)state;
    while (strlen(text) < 30000)
        strncat(text, "\xc3\xa4\xf0\x9f\x98\x80", 7);
    auth_go_to(&a, AT_SASL);
    char *at = strstr(text, "</failure>");
    assert_non_null(at);
    memmove(at, at + 10, strlen(at + 10) + 1);
    strncat(text, "</text></failure>", 18);
    hear(&a.w, text);
    expect(&a, a.w.result->finding_count - 1, "failure", "long",
           "read key +external_failed");
    assert_true(utf8_valid(a.w.result->auth.external_text,
                           strlen(a.w.result->auth.external_text)));
    auth_close(&a);
}

#define ROOT                                                                   \
    "<stream:stream xmlns='jabber:server' "                                    \
    "xmlns:stream='http://etherx.jabber.org/streams' "                         \
    "xmlns:db='jabber:server:dialback' "

/* The second header is as good as the first one must be. */
static const struct {
    const char *text, *wanted;
} headers[] = {
    {ROOT "from='" THEIRS "' version='1.0'>", "stream_header +no_stream_id"},
    {ROOT "from='" THEIRS "' id='' version='1.0'>",
     "stream_header +no_stream_id"},
    {ROOT "from='" OTHER "' id='2' version='1.0'>",
     "stream_header +from_differs"},
    {ROOT "from='" THEIRS "' id='2'>", "version +pre_xmpp_1"},
};

static void header_errors(void **state)
{
    (void)state;
    for (size_t n = 0; n < 2 * COUNT(headers); n++) {
        struct auth_world a;
        auth_go_to(&a, AT_RESTART);
        size_t known = a.w.result->finding_count;
        hear(&a.w, headers[n / 2].text);
        auth_drain(&a);
        hear(&a.w, n % 2 == 0 ? FEATURES(SM_3) : ENDS("reset"));
        expect(&a, known, "header", headers[n / 2].text,
               n % 2 == 0 ? headers[n / 2].wanted
                          : "stream_error +stream_error");
        auth_close(&a);
    }
}

/* ---- Dialback ---- */

#define ANSWERED "read enable ready"
#define REFUSED  "dialback_failed +dialback_error"
static const struct {
    const char *text, *wanted; /* NULL: ignored */
    const char *dialback, *condition;
} answers[] = {
    {RESULT(THEIRS, OURS, "type='valid'>"), ANSWERED, "valid", NULL},
    {RESULT(THEIRS, OURS, "type='valid' id='7'>"), ANSWERED, "valid", NULL},
    {RESULT(THEIRS, OURS, "type='valid'>text"), ANSWERED, "valid", NULL},
    {RESULT(THEIRS, OURS, "type='invalid'>"),
     "dialback_failed +dialback_invalid", "invalid", NULL},
    {RESULT(THEIRS, OURS,
            "type='error'>" STANZA_ERROR("remote-server-not-found")),
     REFUSED, "error", "remote-server-not-found"},
    {RESULT(THEIRS, OURS,
            "type='error'>" STANZA_ERROR("remote-server-timeout")),
     REFUSED, "error", "remote-server-timeout"},
    {RESULT(THEIRS, OURS,
            "type='error'>" STANZA_ERROR("remote-connection-failed")),
     REFUSED, "error", "remote-connection-failed"},
    {RESULT(THEIRS, OURS, "type='error'>" STANZA_ERROR("item-not-found")),
     REFUSED, "error", "item-not-found"},
    {RESULT(THEIRS, OURS, "type='error'>" STANZA_ERROR("policy-violation")),
     REFUSED, "error", "policy-violation"},
    {RESULT(THEIRS, OURS, "type='error'>"), REFUSED, "error", NULL},
    {RESULT(THEIRS, OURS, "type='error'><error/>"), REFUSED, "error", NULL},
    {RESULT(OURS, THEIRS, "type='valid'>"), NULL, NULL, NULL},
    {RESULT(OTHER, OURS, "type='valid'>"), NULL, NULL, NULL},
    {RESULT(THEIRS, OTHER, "type='valid'>"), NULL, NULL, NULL},
    {RESULT(THEIRS "/x", OURS, "type='valid'>"), NULL, NULL, NULL},
    {RESULT("", "", "type='valid'>"), NULL, NULL, NULL},
    {RESULT(THEIRS, OURS, "type='VALID'>"), NULL, NULL, NULL},
    {RESULT(THEIRS, OURS, "type=''>"), NULL, NULL, NULL},
    {"<db:result from='" THEIRS "' type='valid'/>", NULL, NULL, NULL},
    {"<db:result to='" OURS "' type='valid'/>", NULL, NULL, NULL},
    {"<result from='" THEIRS "' to='" OURS "' type='valid'/>", NULL, NULL,
     NULL},
    {"<db:verify from='" THEIRS "' to='" OURS "' type='valid'/>", NULL, NULL,
     NULL},
};

static void key_answers(void **state)
{
    (void)state;
    for (size_t n = 0; n < COUNT(answers); n++) {
        struct auth_world a;
        auth_go_to(&a, AT_KEYED);
        assert_true(initiator_waits_for_dialback(a.w.i));
        size_t known = a.w.result->finding_count;
        hear(&a.w, answers[n].text);
        expect(&a, known, "keyed", answers[n].text, answers[n].wanted);
        const struct result_auth *r = &a.w.result->auth;
        same(r->dialback, answers[n].dialback);
        same(r->dialback_condition, answers[n].condition);
        bool open = answers[n].wanted != NULL &&
                    strcmp(answers[n].wanted, ANSWERED) == 0;
        same(r->method, open ? "dialback" : NULL);
        assert_int_equal(initiator_waits_for_dialback(a.w.i),
                         r->dialback == NULL);
        auth_close(&a);
    }
}

/* The first answer counts: others change nothing. */
static void answered_twice(void **state)
{
    struct auth_world a;
    (void)state;
    auth_go_to(&a, AT_PLAIN);
    size_t known = a.w.result->finding_count;
    hear(&a.w, RESULT(THEIRS, OURS, "type='invalid'>"));
    expect(&a, known, "twice", "invalid", NULL);
    same(a.w.result->auth.dialback, "valid");
    auth_close(&a);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(every_way),    cmocka_unit_test(sasl_failures),
        cmocka_unit_test(long_failure), cmocka_unit_test(header_errors),
        cmocka_unit_test(key_answers),  cmocka_unit_test(answered_twice),
    };
    return cmocka_run_group_tests_name("xmpp/initiator_auth", tests, NULL,
                                       NULL);
}
