/* Every class of element in every state. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>

#include "house.h"

#define TO_ALT      STANZA("message", "from='peer.test' to='alt.test'")
#define UNSUPPORTED ERROR("unsupported-stanza-type")
#define NEEDS_TLS   ERROR_TEXT("policy-violation", SAID("TLS is required"))

/* ---- Elements in states ---- */

enum state { IS_LOCKED, IS_CLEAR, IS_SECURE, IS_KNOWN, STATES };

static const struct {
    struct setting setting;
    struct line lines[8];
} states[STATES] = {
    [IS_LOCKED] = {{.require_tls = true}, {{THEIRS, ""}}},
    [IS_CLEAR] = {{.require_tls = false}, {{THEIRS, ""}}},
    [IS_SECURE] = {{.direct = true}, {{SECURED, ""}, {THEIRS, ""}}},
    [IS_KNOWN] = {{.direct = true},
                  {{SECURED, ""}, {THEIRS, ""}, {AUTH("="), ""}, {THEIRS, ""}}},
};

/* NULL: as in the state before. `refused` in each state. */
static const struct element {
    const char *name, *say, *hear[STATES];
    uint32_t refused[STATES];
} elements[] = {
    {"starttls",
     STARTTLS,
     {PROCEED, PROCEED, "<failure xmlns='" NS_T "'/>" END, UNSUPPORTED},
     {0, 0, 1, 1}},
    {"proceed", PROCEED, {NEEDS_TLS, UNSUPPORTED}, {1, 1, 1, 1}},
    {"auth",
     AUTH("cGVlci50ZXN0"),
     {NEEDS_TLS, FAILURE("encryption-required"), SUCCESS, UNSUPPORTED},
     {1, 1, 0, 1}},
    {"abort",
     "<abort xmlns='" NS_S "'/>",
     {NEEDS_TLS, FAILURE("aborted"), NULL, UNSUPPORTED},
     {1, 1, 1, 1}},
    {"response",
     "<response xmlns='" NS_S "'/>",
     {NEEDS_TLS, FAILURE("malformed-request"), NULL, UNSUPPORTED},
     {1, 1, 1, 1}},
    {"a key of ours",
     VERIFY(PEER_TO_US "id='id7'", "key"),
     {ANSWER("verify", PEER, " id='id7'", "valid")},
     {0, 0, 0, 0}},
    {"another key",
     VERIFY(PEER_TO_US "id='id7'", "kez"),
     {ANSWER("verify", PEER, " id='id7'", "invalid")},
     {0, 0, 0, 0}},
    {"a key for another stream",
     VERIFY(PEER_TO_US "id='id8'", "key"),
     {ANSWER("verify", PEER, " id='id8'", "invalid")},
     {0, 0, 0, 0}},
    {"a key that has an element",
     VERIFY(PEER_TO_US "id='id7'", "key<a/>"),
     {ANSWER("verify", PEER, " id='id7'", "invalid")},
     {0, 0, 0, 0}},
    {"a key for somebody else",
     VERIFY("from='peer.test' to='other.test' id='id7'", "key"),
     {DB_ERROR("verify", "other.test", PEER, " id='id7'", "cancel",
               "item-not-found")},
     {0, 0, 0, 0}},
    {"verify without from",
     VERIFY("to='probe.test' id='id7'", "key"),
     {ERROR("improper-addressing")},
     {1, 1, 1, 1}},
    {"verify without to",
     VERIFY("from='peer.test' id='id7'", "key"),
     {ERROR("improper-addressing")},
     {1, 1, 1, 1}},
    {"verify without id",
     VERIFY(PEER_TO_US, "key"),
     {ERROR("bad-format")},
     {1, 1, 1, 1}},
    {"an answer to a verify",
     VERIFY(PEER_TO_US "id='id7' type='valid'", ""),
     {""},
     {1, 1, 1, 1}},
    {"an answer to a result",
     "<db:result " PEER_TO_US "type='valid'/>",
     {""},
     {1, 1, 1, 1}},
    {"a result",
     RESULT("peer.test", "probe.test"),
     {DB_ERROR("result", "probe.test", PEER, "", "modify", "policy-violation"),
      "", "", ANSWER("result", PEER, "", "valid")},
     {1, 0, 0, 0}},
    {"a result for somebody else",
     RESULT("peer.test", "other.test"),
     {DB_ERROR("result", "other.test", PEER, "", "modify", "policy-violation"),
      DB_ERROR("result", "other.test", PEER, "", "cancel", "item-not-found")},
     {1, 1, 1, 1}},
    {"a result without a key",
     "<db:result " PEER_TO_US "/>",
     {DB_ERROR("result", "probe.test", PEER, "", "modify", "policy-violation"),
      DB_ERROR("result", "probe.test", PEER, "", "modify", "not-acceptable")},
     {1, 1, 1, 1}},
    {"a result without from",
     "<db:result to='probe.test'>k</db:result>",
     {ERROR("improper-addressing")},
     {1, 1, 1, 1}},
    {"a result from no domain",
     RESULT("127.0.0.1", "probe.test"),
     {ERROR("improper-addressing")},
     {1, 1, 1, 1}},
    {"an unknown dialback element",
     "<db:other " PEER_TO_US "/>",
     {NEEDS_TLS, UNSUPPORTED},
     {1, 1, 1, 1}},
    {"bidi",
     "<bidi xmlns='urn:xmpp:bidi'/>",
     {NEEDS_TLS, "", "", UNSUPPORTED},
     {1, 0, 0, 1}},
    {"a stanza",
     IQ,
     {NEEDS_TLS, ERROR("not-authorized"), NULL, ""},
     {1, 1, 1, 0}},
    {"a stanza without from",
     STANZA("message", "to='probe.test'"),
     {NEEDS_TLS, ERROR("not-authorized"), NULL, ERROR("improper-addressing")},
     {1, 1, 1, 1}},
    {"a stanza with an empty to",
     STANZA("message", "from='peer.test' to=''"),
     {NEEDS_TLS, ERROR("not-authorized"), NULL, ERROR("improper-addressing")},
     {1, 1, 1, 1}},
    {"a stanza from another domain",
     STANZA("presence", "from='other.test' to='probe.test'"),
     {NEEDS_TLS, ERROR("not-authorized"), NULL, ERROR("invalid-from")},
     {1, 1, 1, 1}},
    {"a stanza whose from only ends like it",
     STANZA("iq", "from='not-peer.test' to='probe.test' type='result' id='1'"),
     {NEEDS_TLS, ERROR("not-authorized"), NULL, ERROR("invalid-from")},
     {1, 1, 1, 1}},
    {"a stanza with the domain in the resource",
     STANZA("iq", "from='other.test/a@peer.test' to='probe.test' id='1'"),
     {NEEDS_TLS, ERROR("not-authorized"), NULL, ERROR("invalid-from")},
     {1, 1, 1, 1}},
    {"a stanza to another domain of ours",
     TO_ALT,
     {NEEDS_TLS, ERROR("not-authorized"), NULL, ""},
     {1, 1, 1, 0}},
    {"a stanza to somebody else",
     STANZA("message", "from='peer.test' to='other.test'"),
     {NEEDS_TLS, ERROR("not-authorized"), NULL, ERROR("host-unknown")},
     {1, 1, 1, 1}},
    {"no stanza",
     STANZA("query", PEER_TO_US),
     {NEEDS_TLS, UNSUPPORTED},
     {1, 1, 1, 1}},
    {"a client's stanza",
     "<iq xmlns='jabber:client' " PEER_TO_US "type='result' id='1'/>",
     {NEEDS_TLS, ERROR("invalid-namespace")},
     {1, 1, 1, 1}},
    {"enable",
     "<enable xmlns='urn:xmpp:sm:3'/>",
     {NEEDS_TLS,
      "<failed xmlns='urn:xmpp:sm:3'><unexpected-request xmlns='" STANZAS
      "'/></failed>",
      NULL, "<enabled xmlns='urn:xmpp:sm:3'/>"},
     {1, 1, 1, 0}},
    {"resume",
     "<resume xmlns='urn:xmpp:sm:2' h='0' previd='a'/>",
     {NEEDS_TLS, UNSUPPORTED, NULL,
      "<failed xmlns='urn:xmpp:sm:2'><feature-not-implemented xmlns='" STANZAS
      "'/></failed>"},
     {1, 1, 1, 1}},
    {"a request to acknowledge nothing",
     "<r xmlns='urn:xmpp:sm:3'/>",
     {NEEDS_TLS, UNSUPPORTED, NULL, ""},
     {1, 1, 1, 1}},
    {"features", "<stream:features/>", {NEEDS_TLS, UNSUPPORTED}, {1, 1, 1, 1}},
    {"a stream error",
     "<stream:error><reset xmlns='urn:ietf:params:xml:ns:xmpp-streams'/>"
     "</stream:error>",
     {END},
     {0, 0, 0, 0}},
    {"something unknown",
     "<x xmlns='urn:x'><y/></x>",
     {NEEDS_TLS, UNSUPPORTED},
     {1, 1, 1, 1}},
    {"no namespace", "<x xmlns=''/>", {NEEDS_TLS, UNSUPPORTED}, {1, 1, 1, 1}},
    {"white space", " \n ", {""}, {0, 0, 0, 0}},
    {"the end", END, {END}, {0, 0, 0, 0}},
    {"text",
     "x",
     {ERROR_TEXT("not-well-formed", SAID("text between elements"))},
     {0, 0, 0, 0}},
    {"a comment",
     "<!-- -->",
     {ERROR_TEXT("restricted-xml", SAID("a comment or a DTD"))},
     {0, 0, 0, 0}},
    {"an unbound prefix",
     "<a:b/>",
     {ERROR_TEXT("not-well-formed",
                 SAID("an undeclared prefix of an element"))},
     {0, 0, 0, 0}},
    {"bad UTF-8",
     "<a>\xff</a>",
     {ERROR_TEXT("unsupported-encoding", SAID("not UTF-8"))},
     {0, 0, 0, 0}},
};

static void enter(struct house *h, enum state state)
{
    house_open(h, &states[state].setting);
    for (size_t i = 0; states[state].lines[i].say != NULL; i++)
        house_do(h, states[state].lines[i].say, 0, SIZE_MAX);
    free(house_heard(h));
    assert_int_equal(h->seen.refused, 0);
}

static void try_element(const struct element *e, enum state state,
                        const char *hear)
{
    struct house h;
    enter(&h, state);
    house_do(&h, e->say, 0, SIZE_MAX);
    char *heard = house_heard(&h);
    if (strcmp(heard, hear) != 0)
        print_error("%s, state %u\n", e->name, state);
    assert_string_equal(heard, hear);
    if (h.seen.refused != e->refused[state])
        print_error("%s, state %u\n", e->name, state);
    assert_int_equal(h.seen.refused, e->refused[state]);
    bool over = strstr(hear, END) != NULL;
    assert_int_equal(house_wants(&h) == ENGINE_DONE, over);
    assert_int_equal(h.seen.ended, over);
    bool taken = strcmp(e->say, IQ) == 0 || strcmp(e->say, TO_ALT) == 0;
    assert_int_equal(h.stanzas, taken && state == IS_KNOWN);
    /* Nothing that comes now has an effect. */
    unsigned verifies = h.verifies;
    if (over) {
        house_do(&h, VERIFY(PEER_TO_US "id='id7'", "key") IQ, 0, SIZE_MAX);
        house_do(&h, VALID, 0, 0);
        responder_secured(h.r);
        assert_int_equal(house_wants(&h), ENGINE_DONE);
        assert_int_equal(h.verifies, verifies);
    }
    free(heard);
    house_close(&h);
}

static void elements_in_states(void **state)
{
    (void)state;
    for (size_t i = 0; i < COUNT(elements); i++) {
        const char *hear = NULL;
        for (enum state s = 0; s < STATES; s++) {
            hear = elements[i].hear[s] != NULL ? elements[i].hear[s] : hear;
            try_element(&elements[i], s, hear);
        }
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(elements_in_states),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
