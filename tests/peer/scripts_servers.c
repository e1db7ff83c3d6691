/* Dialogues with servers in good health. */
#include "scripts.h"

/* Attributes and features in no fixed order; everything in one write. */
static const struct peer_step prosody[] = {
    EXPECT(OURS),
    SEND("<?xml version='1.0'?><stream:stream from='them.example' "
         "xmlns:db='jabber:server:dialback' "
         "id='0f3a2c1e-77b1-4c4e-9d0b-5a1e6f2b8c90' xml:lang='en' "
         "version='1.0' xmlns='jabber:server' to='us.example' "
         "xmlns:stream='" NS_STREAM_TEXT "'><stream:features>"
         "<starttls xmlns='" NS_TLS_TEXT "'><required/></starttls>"
         "<dialback xmlns='urn:xmpp:features:dialback'/></stream:features>"),
    EXPECT(STARTTLS),
    SEND(PROCEED),
    HANDSHAKE,
    EXPECT(OURS),
    SEND("<?xml version='1.0'?><stream:stream xml:lang='en' "
         "id='9b1d5c74-02aa-4e6f-8a31-c2f1d0e49b57' to='us.example' "
         "xmlns='jabber:server' version='1.0' "
         "xmlns:stream='" NS_STREAM_TEXT "' from='them.example' "
         "xmlns:db='jabber:server:dialback'><stream:features>"
         "<bidi xmlns='urn:xmpp:features:bidi'/>"
         "<dialback xmlns='urn:xmpp:features:dialback'/></stream:features>"),
    FINISH,
};

/* Header and features apart. */
#define EJABBERD_HEADER(id)                                                    \
    "<?xml version='1.0'?><stream:stream id='" id                              \
    "' version='1.0' xml:lang='en' xmlns:db='jabber:server:dialback' "         \
    "xmlns:stream='" NS_STREAM_TEXT "' to='us.example' "                       \
    "from='them.example' xmlns='jabber:server'>"
#define EJABBERD_INSIDE                                                        \
    "<stream:features><mechanisms "                                            \
    "xmlns='urn:ietf:params:xml:ns:xmpp-sasl'><mechanism>EXTERNAL"             \
    "</mechanism></mechanisms><dialback "                                      \
    "xmlns='urn:xmpp:features:dialback'><errors/></dialback>"                  \
    "</stream:features>"

static const struct peer_step ejabberd[] = {
    EXPECT(OURS),
    SEND(EJABBERD_HEADER("15234600718839021547")),
    SEND("<stream:features><starttls xmlns='" NS_TLS_TEXT
         "'><required/></starttls></stream:features>"),
    EXPECT(STARTTLS),
    SEND(PROCEED),
    HANDSHAKE,
    EXPECT(OURS),
    SEND(EJABBERD_HEADER("902213847756190034")),
    SEND(EJABBERD_INSIDE),
    FINISH,
};

/* No xml:lang, an empty element written in two tags, a prefix declared
 * twice. */
#define JABBERD_HEADER(id)                                                     \
    "<?xml version='1.0'?><stream:stream xmlns:stream='" NS_STREAM_TEXT        \
    "' xmlns='jabber:server' to='us.example' from='them.example' "             \
    "version='1.0' id='" id "' xmlns:db='jabber:server:dialback'>"
#define JABBERD_DIALBACK                                                       \
    "<dialback xmlns='urn:xmpp:features:dialback'><required></required>"       \
    "</dialback></stream:features>"

static const struct peer_step jabberd[] = {
    EXPECT(OURS),
    SEND(JABBERD_HEADER("k2m9q4x7w1z8c5v3b6n0")),
    SEND("<stream:features xmlns:stream='" NS_STREAM_TEXT "'><starttls "
         "xmlns='" NS_TLS_TEXT "'/>" JABBERD_DIALBACK),
    EXPECT(STARTTLS),
    SEND(PROCEED),
    HANDSHAKE,
    EXPECT(OURS),
    SEND(JABBERD_HEADER("p0o9i8u7y6t5r4e3w2q1")),
    SEND("<stream:features xmlns:stream='" NS_STREAM_TEXT
         "'>" JABBERD_DIALBACK),
    FINISH,
};

static const struct peer_step direct[] = {
    HANDSHAKE,
    EXPECT(OURS),
    SEND(EJABBERD_HEADER("7711")),
    SEND(EJABBERD_INSIDE),
    FINISH,
};

static const struct peer_step in_the_clear[] = {
    EXPECT(OURS),
    SEND(EJABBERD_HEADER("311")),
    SEND("<stream:features><mechanisms "
         "xmlns='urn:ietf:params:xml:ns:xmpp-sasl'/><starttls "
         "xmlns='" NS_TLS_TEXT "'/><dialback "
         "xmlns='urn:xmpp:features:dialback'><errors/></dialback>"
         "</stream:features>"),
    FINISH,
};

/* RFC 6120, 9.2.1: the content namespace is declared nowhere. */
static const struct peer_step by_the_book[] = {
    EXPECT(OURS),
    SEND("<stream from='them.example' id='hT' to='us.example' version='1.0' "
         "xml:lang='en' xmlns='" NS_STREAM_TEXT "'><features><starttls "
         "xmlns='" NS_TLS_TEXT "'/></features>"),
    EXPECT(STARTTLS),
    SEND("<proceed xmlns='" NS_TLS_TEXT "'></proceed>"),
    HANDSHAKE,
    EXPECT(OURS),
    SEND("<stream from='them.example' id='hU' to='us.example' version='1.0' "
         "xml:lang='en' xmlns='" NS_STREAM_TEXT "'><features>" OFFER_EXTERNAL
         "</features>"),
    FINISH,
};

static const struct peer_step other_prefix[] = {
    EXPECT(OURS),
    SEND("<s:stream xmlns:s='" NS_STREAM_TEXT "' xmlns='jabber:server' "
         "id=\"c&#x31;\" from='them.example' to='us.example' "
         "version='1.0' xml:lang='en'> <s:features>\n <t:starttls "
         "xmlns:t='" NS_TLS_TEXT "'><t:required/></t:starttls>\n</s:features>"),
    EXPECT(STARTTLS),
    SEND("<t:proceed xmlns:t='" NS_TLS_TEXT "'/>"),
    HANDSHAKE,
    EXPECT(OURS),
    SEND("<s:stream xmlns:s='" NS_STREAM_TEXT "' xmlns='jabber:server' "
         "id='t1' from='them.example' to='us.example' version='1.0' "
         "xml:lang='en'><s:features><d:dialback "
         "xmlns:d='urn:xmpp:features:dialback'/></s:features>"),
    FINISH,
};

/* Everything that a feature list may hold on such a port. */
static const struct peer_step plentiful[] = {
    UP_TO_TLS,
    SEND(HEADER("t1")),
    SEND("<stream:features>"
         "<c xmlns='http://jabber.org/protocol/caps' hash='sha-1' "
         "node='http://server.example/' ver='q07IKJEyjvHSyhy//CH0CxmKi8w='/>"
         "<sm xmlns='urn:xmpp:sm:2'><optional/></sm>"
         "<limits xmlns='urn:xmpp:stream-limits:0'><max-bytes>524288"
         "</max-bytes><idle-seconds>840</idle-seconds></limits>"
         "<sm xmlns='urn:xmpp:sm:3'><optional/></sm>"
         "<compression xmlns='http://jabber.org/features/compress'>"
         "<method>zlib</method><method>lzw</method></compression>"
         "<bidi xmlns='urn:xmpp:features:bidi'/>" OFFER_DIALBACK
         "<tune xmlns='urn:example:tune'/>"
         "<mechanisms xmlns='urn:ietf:params:xml:ns:xmpp-sasl'>"
         "<mechanism>EXTERNAL</mechanism><mechanism>SCRAM-SHA-1</mechanism>"
         "</mechanisms></stream:features>"),
    FINISH,
};

#define ANSWER(attributes, inside)                                             \
    "<db:verify " attributes ">" inside "</db:verify>"
#define RIGHT "from='them.example' to='us.example' id='$ID' "

static const struct peer_step ping_invalid[] = {
    UP_TO_FEATURES,
    EXPECT(VERIFY),
    SEND(ANSWER(RIGHT "type='invalid'", "$KEY")),
    FINISH,
};

static const struct peer_step ping_valid[] = {
    UP_TO_FEATURES,
    EXPECT(VERIFY),
    SEND("<db:verify id='$ID' type=\"valid\" to='us.example' "
         "from='them.example'/>"),
    FINISH,
};

static const struct peer_step ping_error[] = {
    UP_TO_FEATURES,
    EXPECT(VERIFY),
    SEND(ANSWER(RIGHT "type='error'",
                "<error type='cancel'><item-not-found "
                "xmlns='urn:ietf:params:xml:ns:xmpp-stanzas'/></error>")),
    FINISH,
};

static const struct peer_step ping_in_the_clear[] = {
    EXPECT(OURS),   SEND(HEADER("c1") FEATURES(OFFER_DIALBACK)),
    EXPECT(VERIFY), SEND(ANSWER(RIGHT "type='invalid'", "")),
    FINISH,
};

/* Six that are no answer to what was asked, then the answer. */
static const struct peer_step ping_crowded[] = {
    UP_TO_FEATURES,
    EXPECT(VERIFY),
    SEND("<db:result from='them.example' to='us.example' "
         "type='valid'/>"),
    SEND("<db:verify from='them.example' to='us.example' id='x$ID' "
         "type='valid'/>"),
    SEND("<db:verify from='other.example' to='us.example' id='$ID' "
         "type='valid'/>"),
    SEND("<db:verify from='them.example' to='other.example' id='$ID' "
         "type='valid'/>"),
    SEND("<db:verify from='them.example' to='us.example' id='$ID'/>"),
    SEND("<verify xmlns='jabber:server' from='them.example' to='us.example' "
         "id='$ID' type='valid'/>"),
    SEND(ANSWER(RIGHT "type='invalid'", "")),
    FINISH,
};

/* Time passes: 100 ms for the header, 20 for <proceed/>, 3 for TLS, 40 for
 * the features, 7 for the answer. */
static const struct peer_step slow[] = {
    EXPECT(OURS),
    WAIT(100),
    SEND(HEADER("c1") FEATURES(OFFER_TLS)),
    EXPECT(STARTTLS),
    WAIT(20),
    SEND(PROCEED),
    EXPECT(PEER_HELLO),
    WAIT(3),
    SEND(PEER_ANSWER),
    EXPECT(OURS),
    WAIT(40),
    SEND(HEADER("t1") FEATURES(OFFER_DIALBACK)),
    EXPECT(VERIFY),
    WAIT(7),
    SEND(ANSWER(RIGHT "type='invalid'", "")),
    FINISH,
};

const struct script scripts_servers[] = {
    {.name = "prosody",
     .findings = "revocation_not_checked",
     .steps = prosody,
     .main = true,
     .farewell = BYE,
     .holds = {"\"streamId\":\"9b1d5c74-02aa-4e6f-8a31-c2f1d0e49b57\"",
               "\"features\":[\"STARTTLS\",\"DIALBACK\",\"BIDI\"]"}},
    {.name = "ejabberd",
     .findings = "revocation_not_checked",
     .steps = ejabberd,
     .main = true,
     .farewell = BYE,
     .holds = {"\"features\":[\"STARTTLS\",\"SASL-EXTERNAL\",\"DIALBACK\"]",
               "\"verified\":true"}},
    {.name = "jabberd",
     .findings = "lang_missing revocation_not_checked",
     .steps = jabberd,
     .main = true,
     .farewell = BYE,
     .holds = {"\"features\":[\"STARTTLS\",\"DIALBACK\"]",
               "\"mode\":\"starttls\""}},
    {.name = "direct",
     .findings = "revocation_not_checked",
     .tls_mode = S2S_TLS_DIRECT,
     .steps = direct,
     .main = true,
     .farewell = BYE,
     .holds = {"\"mode\":\"direct\"", "\"alpn\":\"xmpp-server\""}},
    {.name = "direct, another protocol", /* the provider does not mind */
     .findings = "alpn_other revocation_not_checked",
     .tls_mode = S2S_TLS_DIRECT,
     .alpn = "http/1.1",
     .steps = direct,
     .farewell = BYE,
     .holds = {"\"alpn\":\"http/1.1\"", "\"seen\":\"http/1.1\""}},
    {.name = "direct by its port",
     .findings = "revocation_not_checked",
     .port = 5270,
     .steps = direct,
     .farewell = BYE,
     .holds = {"\"port\":5270", "\"mode\":\"direct\""}},
    {.name = "in the clear",
     .findings = "sasl_empty",
     .tls_mode = S2S_TLS_NONE,
     .steps = in_the_clear,
     .main = true,
     .farewell = BYE,
     .holds = {"\"saslEmpty\":true", "\"established\":false"}},
    {.name = "by the book",
     .findings = "revocation_not_checked",
     .steps = by_the_book,
     .main = true,
     .farewell = BYE,
     .holds = {"\"streamId\":\"hU\"",
               "\"features\":[\"STARTTLS\",\"SASL-EXTERNAL\"]"}},
    {.name = "other prefix",
     .findings = "revocation_not_checked",
     .steps = other_prefix,
     .farewell = BYE,
     .holds = {"\"id\":\"c1\"", "\"features\":[\"STARTTLS\",\"DIALBACK\"]"}},
    {.name = "plentiful",
     .findings = "revocation_not_checked",
     .steps = plentiful,
     .farewell = BYE,
     .holds = {"\"features\":[\"STARTTLS\",\"SASL-EXTERNAL\","
               "\"SASL-SCRAM-SHA-1\",\"DIALBACK\",\"BIDI\",\"SM-3\",\"SM-2\","
               "\"LIMITS\",\"CAPS\",\"COMPRESS-ZLIB\",\"COMPRESS-LZW\","
               "\"X-tune\"]",
               "\"maxBytes\":524288,\"idleSeconds\":840",
               "\"name\":\"{urn:example:tune}tune\""}},
    {.name = "ping: invalid",
     .findings = "revocation_not_checked ping_proves_little",
     .op = S2S_OP_PING,
     .steps = ping_invalid,
     .main = true,
     .farewell = BYE,
     .holds = {"\"pingAnswer\":\"invalid\"",
               "\"pingMethod\":\"dialback-verify\"",
               "type='invalid'>$KEY</db:verify>\"]"}},
    {.name = "ping: valid",
     .findings = "revocation_not_checked verify_valid",
     .op = S2S_OP_PING,
     .steps = ping_valid,
     .farewell = BYE,
     .holds = {"\"pingAnswer\":\"valid\"", "\"code\":\"verify_valid\""}},
    {.name = "ping: error",
     .findings = "revocation_not_checked ping_proves_little",
     .op = S2S_OP_PING,
     .steps = ping_error,
     .farewell = BYE,
     .holds = {"\"pingAnswer\":\"error\"",
               "\"pingCondition\":\"item-not-found\""}},
    {.name = "ping: in the clear",
     .findings = "ping_proves_little",
     .op = S2S_OP_PING,
     .tls_mode = S2S_TLS_NONE,
     .steps = ping_in_the_clear,
     .main = true,
     .farewell = BYE,
     .holds = {"\"pingAnswer\":\"invalid\""}},
    {.name = "ping: crowded",
     .findings = "revocation_not_checked unknown_element unknown_element "
                 "unknown_element ping_proves_little",
     .op = S2S_OP_PING,
     .steps = ping_crowded,
     .farewell = BYE,
     .holds = {"\"pingAnswer\":\"invalid\"",
               "\"stanzas\":[\"<db:verify from='them.example' "
               "to='us.example' id='$ID' type='invalid'></db:verify>\"]"}},
    {.name = "slow",
     .findings = "revocation_not_checked ping_proves_little",
     .op = S2S_OP_PING,
     .steps = slow,
     .farewell = BYE,
     .holds = {"\"rtt\":170",
               "\"tcp\":100.0,\"stream\":0.0,\"starttls\":20.0,\"tls\":3.0,"
               "\"features\":40.0,\"ping\":7.0,\"total\":170.0"}},
};
const size_t scripts_servers_count =
    sizeof(scripts_servers) / sizeof(scripts_servers[0]);
