/* How the servers of the field talk to us, as seen in the laboratory. */
#ifndef TEST_CONVERSATIONS_H
#define TEST_CONVERSATIONS_H

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

#endif
