/*
 * Whole conversations, as the servers of the field hold them: as they come,
 * in pieces, and cut short.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>

#include "house.h"

#define PROSODY                                                                \
    XML "<stream:stream from='prosody.test' to='probe.test' xml:lang='en' "    \
        "xmlns:stream='" STREAMS "' id='' version='1.0' "                      \
        "xmlns:db='jabber:server:dialback' xmlns='jabber:server'>"
#define EJABBERD                                                               \
    XML "<stream:stream version='1.0' xml:lang='en' "                          \
        "xmlns:db='jabber:server:dialback' xmlns:stream='" STREAMS             \
        "' to='probe.test' from='ejabberd.test' xmlns='jabber:server'>"
#define JABBERD                                                                \
    XML "<stream:stream xmlns:stream='" STREAMS "' xmlns='jabber:server' "     \
        "to='probe.test' from='jabberd.test' version='1.0' "                   \
        "xmlns:db='jabber:server:dialback'>"
/* Without TLS it says nothing of itself. */
#define JABBERD_BARE                                                           \
    XML "<stream:stream xmlns:stream='" STREAMS "' xmlns='jabber:server' "     \
        "xmlns:db='jabber:server:dialback'>"
#define OURS_BARE                                                              \
    XML "<stream:stream xmlns='jabber:server' "                                \
        "xmlns:db='jabber:server:dialback' xmlns:stream='" STREAMS             \
        "' id='ID' xml:lang='en'>"

#define ASK(kind, from, id)                                                    \
    "<db:" kind " from='" from "' to='probe.test'" id ">key</db:" kind ">"
#define JABBERD_ASK(kind, id)                                                  \
    "<db:" kind " xmlns:db='jabber:server:dialback'" id                        \
    " from='jabberd.test' to='probe.test'>key</db:" kind ">"
#define ID7 " id='id7'"

#define PROSODY_AUTH  AUTH("cHJvc29keS50ZXN0")
#define EJABBERD_AUTH AUTH("ZWphYmJlcmQudGVzdA==")

#define START(header, peer)                                                    \
    {header, OURS_TO(peer) LOCKED_FEATURES}, {STARTTLS, PROCEED},              \
        {SECURED, ""},                                                         \
    {                                                                          \
        header, OURS_TO(peer) TLS_FEATURES                                     \
    }
#define EXTERNAL(header, peer, auth)                                           \
    {auth, SUCCESS},                                                           \
    {                                                                          \
        header, OURS_TO(peer) AUTH_FEATURES                                    \
    }

#define LINES 16

static const struct conversation {
    const char *name;
    struct setting setting;
    struct line lines[LINES];
    const char *from;
    enum inbound_auth auth;
    unsigned verifies, asks, stanzas;
} conversations[] = {
    {"Prosody: EXTERNAL, verify, pong",
     {.require_tls = true},
     {START(PROSODY, "prosody.test"),
      EXTERNAL(PROSODY, "prosody.test", PROSODY_AUTH),
      {ASK("verify", "prosody.test", ID7),
       ANSWER("verify", "prosody.test", ID7, "valid")},
      {"<iq from='prosody.test' to='probe.test' type='result' id='ping1'/>",
       ""},
      {" ", ""},
      {END, END}},
     "prosody.test",
     INBOUND_EXTERNAL,
     1,
     0,
     1},
    {"ejabberd: EXTERNAL, one verify, gone",
     {.require_tls = true},
     {START(EJABBERD, "ejabberd.test"),
      EXTERNAL(EJABBERD, "ejabberd.test", EJABBERD_AUTH),
      {"<db:verify id='id7' to='probe.test' "
       "from='ejabberd.test'>key</db:verify>",
       ANSWER("verify", "ejabberd.test", ID7, "valid")},
      {END, END}},
     "ejabberd.test",
     INBOUND_EXTERNAL,
     1,
     0,
     0},
    {"ejabberd: one verify inside TLS, nobody authenticated",
     {.require_tls = true, .untrusted = true},
     {{EJABBERD, OURS_TO("ejabberd.test") LOCKED_FEATURES},
      {STARTTLS, PROCEED},
      {SECURED, ""},
      {EJABBERD, OURS_TO("ejabberd.test") CLEAR_FEATURES},
      {ASK("verify", "ejabberd.test", ID7),
       ANSWER("verify", "ejabberd.test", ID7, "valid")},
      {END, END}},
     "ejabberd.test",
     INBOUND_NOBODY,
     1,
     0,
     0},
    {"ejabberd: EXTERNAL, pong",
     {.require_tls = true},
     {START(EJABBERD, "ejabberd.test"),
      EXTERNAL(EJABBERD, "ejabberd.test", EJABBERD_AUTH),
      {"<iq to='probe.test' from='ejabberd.test' type='result' id='ping1'/>",
       ""},
      {CLOSED, END}},
     "ejabberd.test",
     INBOUND_EXTERNAL,
     0,
     0,
     1},
    {"jabberd2: dialback inside TLS, verify, pong",
     {.require_tls = true, .untrusted = true},
     {{JABBERD, OURS_TO("jabberd.test") LOCKED_FEATURES},
      {STARTTLS, PROCEED},
      {SECURED, ""},
      {JABBERD, OURS_TO("jabberd.test") CLEAR_FEATURES},
      {JABBERD_ASK("result", "") JABBERD_ASK("verify", ID7),
       ANSWER("verify", "jabberd.test", ID7, "valid")},
      {VALID, ANSWER("result", "jabberd.test", "", "valid")},
      {"<iq to='probe.test' from='jabberd.test' id='ping1' "
       "type='result'></iq>",
       ""},
      {END, END}},
     "jabberd.test",
     INBOUND_DIALBACK,
     1,
     1,
     1},
    {"Prosody in the clear: dialback, verify, pong",
     {.no_tls = true},
     {{PROSODY, OURS_TO("prosody.test") CLEAR_FEATURES},
      {ASK("result", "prosody.test", ""), ""},
      {VALID, ANSWER("result", "prosody.test", "", "valid")},
      {ASK("verify", "prosody.test", ID7),
       ANSWER("verify", "prosody.test", ID7, "valid")},
      {"<iq type='result' id='ping1' to='probe.test' from='prosody.test'/>",
       ""},
      {END, END}},
     "prosody.test",
     INBOUND_DIALBACK,
     1,
     1,
     1},
    {"jabberd2 in the clear, without a header worth the name",
     {.no_tls = true},
     {{JABBERD_BARE, OURS_BARE},
      {JABBERD_ASK("result", ""), ""},
      {VALID, ANSWER("result", "jabberd.test", "", "valid")},
      {JABBERD_ASK("verify", ID7),
       ANSWER("verify", "jabberd.test", ID7, "valid")},
      {"<iq to='probe.test' from='jabberd.test' id='ping1' "
       "type='result'></iq>",
       ""},
      {END, END}},
     "jabberd.test",
     INBOUND_DIALBACK,
     1,
     1,
     1},
    {"Prosody: bidi and EXTERNAL at once, its ping, our pong there",
     {.require_tls = true},
     {START(PROSODY, "prosody.test"),
      {"<bidi xmlns='urn:xmpp:bidi'/>" PROSODY_AUTH, SUCCESS},
      {PROSODY, OURS_TO("prosody.test") AUTH_FEATURES},
      {"<iq from='prosody.test' id='p' type='get' to='probe.test'>"
       "<ping xmlns='urn:xmpp:ping'/></iq>",
       PONG(PEER)},
      {END, END}},
     "prosody.test",
     INBOUND_EXTERNAL,
     0,
     0,
     1},
    {"Prosody: bidi and dialback at once, its ping, our pong there",
     {.require_tls = true, .untrusted = true},
     {{PROSODY, OURS_TO("prosody.test") LOCKED_FEATURES},
      {STARTTLS, PROCEED},
      {SECURED, ""},
      {PROSODY, OURS_TO("prosody.test") CLEAR_FEATURES},
      {"<bidi xmlns='urn:xmpp:bidi'/>" ASK("result", "prosody.test", ""), ""},
      {VALID, ANSWER("result", "prosody.test", "", "valid")},
      {"<iq from='prosody.test' id='p' type='get' to='probe.test'>"
       "<ping xmlns='urn:xmpp:ping'/></iq>",
       PONG(PEER)},
      {END, END}},
     "prosody.test",
     INBOUND_DIALBACK,
     0,
     1,
     1},
    {"Prosody: direct TLS, EXTERNAL, pong",
     {.require_tls = true, .direct = true},
     {{SECURED, ""},
      {PROSODY, OURS_TO("prosody.test") TLS_FEATURES},
      EXTERNAL(PROSODY, "prosody.test", PROSODY_AUTH),
      {"<iq from='prosody.test' to='probe.test' type='result' id='ping1'/>",
       ""},
      {END, END}},
     "prosody.test",
     INBOUND_EXTERNAL,
     0,
     0,
     1},
    {"Prosody does not like our certificate",
     {.require_tls = true},
     {START(PROSODY, "prosody.test"),
      {"<stream:error><not-authorized "
       "xmlns='urn:ietf:params:xml:ns:xmpp-streams'/>"
       "<text xmlns='urn:ietf:params:xml:ns:xmpp-streams'>Your server's "
       "certificate has expired</text></stream:error></stream:stream>",
       END}},
     "prosody.test",
     INBOUND_NOBODY,
     0,
     0,
     0},
    {"acknowledgements",
     {.direct = true},
     {{SECURED, ""},
      {PROSODY, OURS_TO("prosody.test") TLS_FEATURES},
      EXTERNAL(PROSODY, "prosody.test", PROSODY_AUTH),
      {"<iq from='prosody.test' to='probe.test' type='result' id='0'/>", ""},
      {"<enable xmlns='urn:xmpp:sm:3'/>", "<enabled xmlns='urn:xmpp:sm:3'/>"},
      {"<iq from='prosody.test' to='probe.test' type='result' id='1'/>"
       "<iq from='a@prosody.test/b' to='c@probe.test' type='error' id='2'/>"
       "<r xmlns='urn:xmpp:sm:3'/>",
       "<a xmlns='urn:xmpp:sm:3' h='2'/>"},
      {"<enable xmlns='urn:xmpp:sm:3'/>",
       "<failed xmlns='urn:xmpp:sm:3'><unexpected-request xmlns='" STANZAS
       "'/></failed>"},
      {"<a xmlns='urn:xmpp:sm:3' h='0'/>", ""},
      {"<a xmlns='urn:xmpp:sm:3' h='1'/>", ERROR("undefined-condition")}},
     "prosody.test",
     INBOUND_EXTERNAL,
     0,
     0,
     3},
    {"EXTERNAL without success, then dialback on the same stream",
     {.direct = true, .untrusted = true},
     {{SECURED, ""},
      {PROSODY, OURS_TO("prosody.test") CLEAR_FEATURES},
      {PROSODY_AUTH, FAILURE("not-authorized")},
      {ASK("result", "prosody.test", ""), ""},
      {VALID, ANSWER("result", "prosody.test", "", "valid")},
      {END, END}},
     "prosody.test",
     INBOUND_DIALBACK,
     0,
     1,
     0},
    {"header, <starttls/> and a second domain in one write",
     {.require_tls = false, .no_request = true},
     {{PROSODY ASK("result", "prosody.test", "") STARTTLS,
       OURS_TO("prosody.test") "<stream:features><starttls xmlns='" NS_T
                               "'></starttls>" DIALBACK BIDI_OFFER
                               "</stream:features>" PROCEED},
      {VALID, ""},
      {SECURED, ""},
      {VALID, ""},
      {PROSODY, OURS_TO("prosody.test") CLEAR_FEATURES},
      {VALID, ""},
      {ASK("result", "prosody.test", ""), ""},
      {VALID, ANSWER("result", "prosody.test", "", "valid")},
      {VALID, ""},
      {"<d:result xmlns:d='jabber:server:dialback' from='two.test' "
       "to='ALT.test'>other</d:result>",
       ""},
      {INVALID,
       DB_ERROR("result", "ALT.test", "two.test", "", "auth", "forbidden")},
      {END, END}},
     "prosody.test",
     INBOUND_DIALBACK,
     0,
     3,
     0},
};

static const struct conversation *current;

static void whole(void **state)
{
    const struct conversation *c = current = *state;
    struct house h;
    house_open(&h, &c->setting);
    for (size_t i = 0; i < LINES && c->lines[i].say != NULL; i++) {
        house_do(&h, c->lines[i].say, 0, SIZE_MAX);
        char *heard = house_heard(&h);
        assert_string_equal(heard, c->lines[i].hear);
        free(heard);
    }
    assert_int_equal(house_wants(&h), ENGINE_DONE);
    assert_string_equal(h.seen.from, c->from);
    assert_string_equal(h.seen.to, "probe.test");
    assert_int_equal(h.seen.auth, c->auth);
    assert_int_equal(responder_authenticated(h.r), c->auth != INBOUND_NOBODY);
    assert_int_equal(h.seen.verifies, c->verifies);
    assert_int_equal(h.seen.verifies_valid, c->verifies);
    assert_int_equal(h.asks, c->asks);
    assert_int_equal(h.stanzas, c->stanzas);
    assert_int_equal(h.seen.stanzas, c->stanzas);
    assert_true(h.seen.heard && h.seen.header && h.seen.ended);
    assert_int_equal(h.seen.direct, c->setting.direct);
    house_close(&h);
}

/* Talk with line `which` cut at `cut`, in pieces of `piece`. */
static char *talk(struct house *h, const struct conversation *c, size_t which,
                  size_t cut, size_t piece)
{
    house_open(h, &c->setting);
    for (size_t i = 0; i < LINES && c->lines[i].say != NULL; i++)
        house_do(h, c->lines[i].say, i == which ? cut : 0, piece);
    return house_heard(h);
}

static void compare(const struct conversation *c, size_t which, size_t cut,
                    size_t piece, const char *heard, const struct house *was)
{
    struct house h;
    char *now = talk(&h, c, which, cut, piece);
    assert_string_equal(now, heard);
    assert_memory_equal(&h.seen, &was->seen, sizeof(h.seen));
    assert_string_equal(h.last, was->last);
    assert_int_equal(h.asks, was->asks);
    assert_int_equal(h.proofs, was->proofs);
    assert_int_equal(house_wants(&h), house_wants(was));
    free(now);
    house_close(&h);
}

static void pieces(void **state)
{
    const struct conversation *c = current = *state;
    struct house was;
    char *heard = talk(&was, c, 0, 0, SIZE_MAX);
    for (size_t i = 0; i < LINES && c->lines[i].say != NULL; i++)
        for (size_t cut = 1; cut < strlen(c->lines[i].say); cut++)
            compare(c, i, cut, SIZE_MAX, heard, &was);
    for (size_t piece = 1; piece < 8; piece++)
        compare(c, 0, 0, piece, heard, &was);
    free(heard);
    house_close(&was);
}

/* What is said at an end that comes from outside: nothing, where nothing has
 * begun or all is over. */
static bool is_farewell(const char *heard, const char *condition)
{
    static const char nobody[] = OURS_FROM("from='' ");
    if (heard[0] == '\0')
        return true;
    if (condition == NULL)
        return strcmp(heard, END) == 0;
    if (strncmp(heard, nobody, sizeof(nobody) - 1) == 0)
        heard += sizeof(nobody) - 1;
    return strcmp(heard, ERROR("connection-timeout")) == 0;
}

/* Lines before `which` and `cut` bytes of it, and then no more. */
static void cut_at(const struct conversation *c, size_t which, size_t cut,
                   const char *condition, const char *all)
{
    struct house h;
    house_open(&h, &c->setting);
    for (size_t i = 0; i < which; i++)
        house_do(&h, c->lines[i].say, 0, SIZE_MAX);
    char *part = strndup(c->lines[which].say, cut);
    assert_non_null(part);
    if (part[0] != '@')
        house_do(&h, part, 0, SIZE_MAX);
    char *heard = house_heard(&h);
    assert_int_equal(strncmp(heard, all, strlen(heard)), 0);
    if (condition == NULL)
        house_do(&h, CLOSED, 0, 0);
    else
        responder_close(h.r, condition, NULL);
    house_listen(&h);
    char *farewell = house_heard(&h);
    assert_true(is_farewell(farewell, condition));
    assert_int_equal(house_wants(&h), ENGINE_DONE);
    assert_true(h.seen.ended);
    assert_true(h.stanzas <= c->stanzas && h.asks <= c->asks);
    free(farewell);
    free(heard);
    free(part);
    house_close(&h);
}

static void cuts(void **state)
{
    const struct conversation *c = current = *state;
    struct house was;
    char *all = talk(&was, c, 0, 0, SIZE_MAX);
    for (size_t i = 0; i < LINES && c->lines[i].say != NULL; i++)
        for (size_t cut = 0; cut <= strlen(c->lines[i].say); cut++) {
            cut_at(c, i, cut, NULL, all);
            cut_at(c, i, cut, "connection-timeout", all);
        }
    free(all);
    house_close(&was);
}

/* The rest of what is seen, once. */
static void facts(void **state)
{
    struct house h;
    (void)state;
    house_open(&h, &conversations[10].setting);
    for (size_t i = 0; conversations[10].lines[i].say != NULL; i++)
        house_do(&h, conversations[10].lines[i].say, 0, SIZE_MAX);
    assert_string_equal(h.seen.error, "not-authorized");
    assert_string_equal(h.seen.error_text,
                        "Your server's certificate has expired");
    assert_true(h.seen.tls_tried && h.seen.tls && !h.seen.direct);
    assert_string_equal(h.seen.our_error, "");
    house_close(&h);

    house_open(&h, &conversations[12].setting);
    for (size_t i = 0; conversations[12].lines[i].say != NULL; i++)
        house_do(&h, conversations[12].lines[i].say, 0, SIZE_MAX);
    assert_string_equal(h.seen.auth_error, "SASL EXTERNAL: the certificate is "
                                           "for somebody else");
    assert_true(h.seen.auth_tried);
    assert_string_equal(h.asked.key, "key");
    house_close(&h);
}

int main(void)
{
    static char names[COUNT(conversations)][3][96];
    static struct CMUnitTest tests[3 * COUNT(conversations) + 1];
    static const struct {
        const char *name;
        CMUnitTestFunction run;
    } ways[] = {{"", whole}, {" in pieces", pieces}, {" cut", cuts}};
    size_t n = 0;
    for (size_t i = 0; i < COUNT(conversations); i++)
        for (size_t k = 0; k < COUNT(ways); k++) {
            (void)snprintf(names[i][k], sizeof(names[i][k]), "%s%s",
                           conversations[i].name, ways[k].name);
            tests[n++] = (struct CMUnitTest){
                .name = names[i][k],
                .test_func = ways[k].run,
                .initial_state = (void *)(uintptr_t)&conversations[i]};
        }
    tests[n] = (struct CMUnitTest){.name = "facts", .test_func = facts};
    return cmocka_run_group_tests(tests, NULL, NULL);
}
