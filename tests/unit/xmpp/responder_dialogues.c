/* Headers and attempts at authentication that are not as they should be. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>

#include "house.h"

#define NOBODY      OURS_FROM("from='' ")
#define NOBODY_PEER OURS_FROM("from='' to='peer.test' ")

static const struct dialogue {
    const char *name;
    struct setting setting;
    struct line lines[8];
    const char *our_error, *auth_error;
    uint32_t refused;
} dialogues[] = {
    {"another host",
     {.no_tls = true},
     {{HEADER_WITH("from='peer.test' to='other.test' version='1.0'"),
       NOBODY_PEER ERROR("host-unknown")}},
     "host-unknown",
     "",
     1},
    {"no to",
     {.no_tls = true},
     {{HEADER_WITH("from='peer.test' version='1.0'"),
       OURS_FROM("to='peer.test' ") CLEAR_FEATURES}},
     "",
     "",
     0},
    {"no from",
     {.direct = true},
     {{SECURED, ""},
      {HEADER_WITH("to='probe.test' version='1.0'"),
       OURS_FROM("from='probe.test' ") CLEAR_FEATURES},
      {AUTH("cGVlci50ZXN0"), FAILURE("not-authorized")}},
     "",
     "SASL EXTERNAL: the stream header does not say from and to",
     1},
    {"from no domain",
     {.no_tls = true},
     {{HEADER_WITH("from='a b' to='probe.test' version='1.0'"),
       OURS_FROM("from='probe.test' ") ERROR("improper-addressing")}},
     "improper-addressing",
     "",
     1},
    {"a client",
     {.no_tls = true},
     {{XML "<stream:stream xmlns='jabber:client' xmlns:stream='" STREAMS
           "' to='probe.test' version='1.0'>",
       OURS_FROM("from='probe.test' ") ERROR("invalid-namespace")}},
     "invalid-namespace",
     "",
     1},
    {"another root",
     {.no_tls = true},
     {{"<s:stream xmlns:s='urn:a'>",
       NOBODY ERROR_TEXT("invalid-namespace", SAID("the root is no stream"))}},
     "invalid-namespace",
     "",
     0},
    {"version 2.0, from and to in another form",
     {.no_tls = true},
     {{HEADER_WITH("from='Peer.TEST' to='PROBE.test' version='2.0' id='x'"),
       OURS_TO("Peer.TEST") CLEAR_FEATURES}},
     "",
     "",
     0},
    {"version 0.9",
     {.no_tls = true},
     {{HEADER_WITH(PEER_TO_US "version='0.9'"),
       XML "<stream:stream xmlns='jabber:server' "
           "xmlns:db='jabber:server:dialback' xmlns:stream='" STREAMS
           "' id='ID' from='probe.test' to='peer.test' xml:lang='en'>"}},
     "",
     "",
     0},
    {"HTTP", {.no_tls = true}, {{"GET / HTTP/1.0\r\n\r\n", ""}}, "", "", 0},
    {"TLS in the clear", {.no_tls = true}, {{"\x16\x03\x01", ""}}, "", "", 0},
    {"bad XML in place of a header",
     {.no_tls = true},
     {{"<stream:stream to=probe.test>",
       NOBODY ERROR_TEXT("not-well-formed",
                         SAID("an attribute value without quotes"))}},
     "not-well-formed",
     "",
     0},
    {"another identity",
     {.direct = true},
     {{SECURED, ""},
      {THEIRS, OURS_TO(PEER) TLS_FEATURES},
      {AUTH("b3RoZXIudGVzdA=="), FAILURE("invalid-authzid")},
      {AUTH("UEVFUi50ZXN0"), SUCCESS}},
     "",
     "SASL EXTERNAL: the authorization identity is not the stream's from",
     1},
    {"three bad attempts",
     {.direct = true},
     {{SECURED, ""},
      {THEIRS, OURS_TO(PEER) TLS_FEATURES},
      {AUTH("*"), FAILURE("incorrect-encoding")},
      {"<auth mechanism='PLAIN' xmlns='" NS_S "'/>",
       FAILURE("invalid-mechanism")},
      {AUTH("AGE="), FAILURE("malformed-request") ERROR_TEXT(
                         "policy-violation", SAID("too many attempts"))}},
     "policy-violation",
     "SASL EXTERNAL: incorrect-encoding",
     3},
    {"no certificate was asked for",
     {.direct = true, .no_request = true},
     {{SECURED, ""},
      {THEIRS, OURS_TO(PEER) CLEAR_FEATURES},
      {AUTH("="), FAILURE("invalid-mechanism")}},
     "",
     "SASL EXTERNAL: invalid-mechanism",
     1},
    {"another from behind <success/>",
     {.direct = true},
     {{SECURED, ""},
      {THEIRS, OURS_TO(PEER) TLS_FEATURES},
      {AUTH("="), SUCCESS},
      {HEADER_WITH("from='other.test' to='probe.test' version='1.0'"),
       OURS_TO("other.test") ERROR("invalid-from")}},
     "invalid-from",
     "",
     1},
    {"another to behind <success/>",
     {.direct = true},
     {{SECURED, ""},
      {THEIRS, OURS_TO(PEER) TLS_FEATURES},
      {AUTH("="), SUCCESS},
      {HEADER_WITH("from='peer.test' to='alt.test' version='1.0'"),
       OURS_FROM("from='alt.test' to='peer.test' ")
           ERROR("improper-addressing")}},
     "improper-addressing",
     "",
     1},
    {"no from and to behind <success/>",
     {.direct = true},
     {{SECURED, ""},
      {THEIRS, OURS_TO(PEER) TLS_FEATURES},
      {AUTH("="), SUCCESS},
      {HEADER_WITH("version='1.0'"), OURS_FROM("") AUTH_FEATURES},
      {IQ, ""}},
     "",
     "",
     0},
    {"a key twice",
     {.no_tls = true},
     {{THEIRS, OURS_TO(PEER) CLEAR_FEATURES},
      {RESULT("peer.test", "probe.test"), ""},
      {RESULT("Peer.test", "probe.test"),
       DB_ERROR("result", "probe.test", "Peer.test", "", "wait",
                "unexpected-request")},
      {VALID, ANSWER("result", PEER, "", "valid")}},
     "",
     "dialback: unexpected-request",
     1},
    {"an invalid key",
     {.no_tls = true},
     {{THEIRS, OURS_TO(PEER) CLEAR_FEATURES},
      {RESULT("peer.test", "probe.test"), ""},
      {INVALID, ANSWER("result", PEER, "", "invalid") END}},
     "",
     "dialback: their own server says the key is invalid",
     1},
    {"a key that cannot be verified, and another attempt",
     {.no_tls = true},
     {{THEIRS, OURS_TO(PEER) CLEAR_FEATURES},
      {RESULT("peer.test", "probe.test"), ""},
      {FAILED, DB_ERROR("result", "probe.test", PEER, "", "wait",
                        "remote-server-timeout")},
      {VALID, ""},
      {RESULT("peer.test", "probe.test"), ""},
      {VALID, ANSWER("result", PEER, "", "valid")}},
     "",
     "dialback: remote-server-timeout",
     1},
    {"nobody can be asked",
     {.no_tls = true, .ask_error = S2S_EADDRESS_FORBIDDEN},
     {{THEIRS, OURS_TO(PEER) CLEAR_FEATURES},
      {RESULT("peer.test", "probe.test"),
       DB_ERROR("result", "probe.test", PEER, "", "modify", "not-acceptable")},
      {VALID, ""}},
     "",
     "dialback: not-acceptable",
     1},
    {"too many questions at once",
     {.no_tls = true, .ask_error = S2S_ELIMIT},
     {{THEIRS, OURS_TO(PEER) CLEAR_FEATURES},
      {RESULT("peer.test", "probe.test"),
       DB_ERROR("result", "probe.test", PEER, "", "wait",
                "resource-constraint")}},
     "",
     "dialback: resource-constraint",
     1},
    {"bytes behind <starttls/>",
     {.require_tls = true},
     {{THEIRS, OURS_TO(PEER) LOCKED_FEATURES}, {STARTTLS THEIRS, ""}},
     "",
     "",
     0},
    {"TLS that we do not have",
     {.no_tls = true},
     {{THEIRS, OURS_TO(PEER) CLEAR_FEATURES},
      {STARTTLS, "<failure xmlns='" NS_T "'/>" END}},
     "",
     "",
     1},
    {"too many elements",
     {.no_tls = true, .stanzas = 2},
     {{THEIRS, OURS_TO(PEER) CLEAR_FEATURES},
      {"<db:verify type='a'/><db:verify type='b'/>", ""},
      {"<db:verify type='c'/>",
       ERROR_TEXT("policy-violation",
                  SAID("too many elements before authentication"))}},
     "policy-violation",
     "",
     2},
};

static void whole_dialogues(void **state)
{
    (void)state;
    for (size_t i = 0; i < COUNT(dialogues); i++) {
        const struct dialogue *d = &dialogues[i];
        struct house h;
        house_open(&h, &d->setting);
        for (size_t k = 0; d->lines[k].say != NULL; k++) {
            house_do(&h, d->lines[k].say, 0, SIZE_MAX);
            char *heard = house_heard(&h);
            if (strcmp(heard, d->lines[k].hear) != 0)
                print_error("%s\n", d->name);
            assert_string_equal(heard, d->lines[k].hear);
            free(heard);
        }
        assert_string_equal(h.seen.our_error, d->our_error);
        assert_string_equal(h.seen.auth_error, d->auth_error);
        assert_int_equal(h.seen.refused, d->refused);
        house_close(&h);
    }
}

/* The same, in pieces; what lies behind <starttls/> may be another's then. */
static void in_pieces(void **state)
{
    (void)state;
    for (size_t i = 0; i < COUNT(dialogues); i++)
        for (size_t piece = 1; piece < 6; piece++) {
            const struct dialogue *d = &dialogues[i];
            struct house h;
            house_open(&h, &d->setting);
            for (size_t k = 0; d->lines[k].say != NULL; k++) {
                house_do(&h, d->lines[k].say, 0, piece);
                char *heard = house_heard(&h);
                if (strcmp(d->lines[k].say, STARTTLS THEIRS) != 0)
                    assert_string_equal(heard, d->lines[k].hear);
                free(heard);
            }
            assert_string_equal(h.seen.our_error, d->our_error);
            assert_int_equal(h.seen.refused, d->refused);
            house_close(&h);
        }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(whole_dialogues),
        cmocka_unit_test(in_pieces),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
