/* Headers, features and stream errors that are out of the ordinary. */
#include "scripts.h"

#define ERROR(inside)   "<stream:error>" inside "</stream:error>"
#define CONDITION(name) "<" name " xmlns='" NS_ERROR_TEXT "'/>"
#define ERROR_TEXT(text)                                                       \
    "<text xmlns='" NS_ERROR_TEXT "' xml:lang='en'>" text "</text>"

/* A header with these attributes, in order. */
#define STREAM(attributes)                                                     \
    "<?xml version='1.0'?><stream:stream xmlns='jabber:server' "               \
    "xmlns:stream='" NS_STREAM_TEXT "' " attributes ">"
#define CLIENT_STREAM                                                          \
    "<?xml version='1.0'?><stream:stream xmlns='jabber:client' "               \
    "xmlns:stream='" NS_STREAM_TEXT "' id='c1' from='them.example' "           \
    "version='1.0' xml:lang='en'>"
#define USUAL "from='them.example' to='us.example' version='1.0' xml:lang='en'"

/* One answer to our first header, and then nothing. */
#define ANSWERED(name, text)                                                   \
    static const struct peer_step name[] = {EXPECT(OURS), SEND(text), FINISH}

/* ---- Headers ---- */

ANSWERED(client_header, CLIENT_STREAM FEATURES(OFFER_TLS));
ANSWERED(client_header_error,
         CLIENT_STREAM ERROR(CONDITION("invalid-namespace")) BYE);
ANSWERED(client_header_alone, CLIENT_STREAM);
ANSWERED(old_header, STREAM("id='77' from='them.example'"));
ANSWERED(old_header_error, STREAM("id='77' from='them.example'")
                               ERROR(CONDITION("unsupported-version")) BYE);
ANSWERED(old_header_footer, STREAM("id='77' from='them.example'") BYE);
ANSWERED(old_header_number, STREAM("id='77' version='0.9'") BYE);
ANSWERED(odd_version, STREAM("id='77' version='one'") BYE);
ANSWERED(no_id, STREAM(USUAL) FEATURES(OFFER_TLS));
ANSWERED(no_id_error, STREAM(USUAL) ERROR(CONDITION("host-gone")) BYE);
ANSWERED(empty_id, STREAM("id='' " USUAL) BYE);
ANSWERED(no_id_broken, STREAM(USUAL) "<stream:features><</stream:features>");
ANSWERED(wrong_root, "<?xml version='1.0'?><stream:stream "
                     "xmlns:stream='urn:example:other' id='1' version='1.0'>");
ANSWERED(newer_version,
         STREAM("id='n1' from='them.example' to='us.example' "
                "version='1.01' xml:lang='en'") FEATURES(OFFER_DIALBACK));

/* Only findings: in the clear no header is trusted. */
static const struct peer_step odd_header[] = {
    EXPECT(OURS),
    SEND(STREAM("id='c1' version='1.0' from='other.example' "
                "to='somebody.example'") FEATURES(OFFER_TLS)),
    EXPECT(STARTTLS),
    SEND(PROCEED),
    HANDSHAKE,
    EXPECT(OURS),
    SEND(STREAM("id='c1' version='1.0'") FEATURES(OFFER_DIALBACK)),
    FINISH,
};

static const struct peer_step other_from[] = {
    UP_TO_TLS,
    SEND(STREAM("id='t1' version='1.0' from='other.example' xml:lang='en'")
             FEATURES(OFFER_DIALBACK)),
    FINISH,
};

static const struct peer_step other_from_error[] = {
    UP_TO_TLS,
    SEND(STREAM("id='t1' version='1.0' from='other.example' xml:lang='en'")
             ERROR(CONDITION("invalid-from")) BYE),
    END,
    FINISH,
};

/* The domain in another spelling. */
static const struct peer_step same_from[] = {
    UP_TO_TLS,
    SEND(STREAM("id='t1' version='1.0' from='THEM.example.' xml:lang='en'")
             FEATURES(OFFER_DIALBACK)),
    FINISH,
};

/* ---- Features ---- */

ANSWERED(footer_for_features, HEADER("c1") BYE);
ANSWERED(stanza_for_features,
         HEADER("c1") "<message from='them.example'><body/></message>");
ANSWERED(client_features,
         HEADER("c1") FEATURES("<bind xmlns='urn:ietf:params:xml:ns:xmpp-bind'"
                               "/><session xmlns='urn:ietf:params:xml:ns:"
                               "xmpp-session'/>"));
ANSWERED(silent_after_header, HEADER("c1"));

static const struct peer_step no_features_inside[] = {
    UP_TO_TLS,
    SEND(HEADER("t1") "<stream:features/>"),
    FINISH,
};

static const struct peer_step features_after_stanzas[] = {
    UP_TO_TLS,
    SEND(HEADER("t1") "<iq type='get' id='1'/>"
                      "<foo xmlns='urn:example:foo'>bar</foo>"),
    SEND(" \r\n\t" FEATURES("<starttls xmlns='" NS_TLS_TEXT
                            "'/>" OFFER_DIALBACK)),
    FINISH,
};

static const struct peer_step closed_inside[] = {
    UP_TO_TLS, SEND(HEADER("t1") BYE), END, FINISH};

/* ---- Stream errors ---- */

ANSWERED(host_unknown,
         STREAM("id='' from='' to='' version='1.0' xml:lang='en'")
             ERROR(CONDITION("host-unknown")
                       ERROR_TEXT("\n This server does not serve "
                                  "them.example &amp; never did \n")) BYE);
ANSWERED(early_error,
         STREAM("version='1.0'") ERROR(CONDITION("host-unknown")) BYE);
ANSWERED(bare_error, ERROR(CONDITION("host-unknown")) BYE);
ANSWERED(redirect,
         HEADER("c1") ERROR("<see-other-host xmlns='" NS_ERROR_TEXT
                            "'>\n  [2001:db8::7]:9999\n</see-other-host>") BYE);
ANSWERED(unknown_condition,
         HEADER("c1") ERROR(CONDITION(
             "out-of-coffee") "<brewing xmlns='urn:example:pot'/>") BYE);
ANSWERED(no_condition, HEADER("c1") ERROR("") BYE);

static const struct peer_step error_inside[] = {
    UP_TO_TLS,
    SEND(HEADER("t1") ERROR(CONDITION("not-authorized")
                                ERROR_TEXT("certificate refused")) BYE),
    END,
    FINISH,
};

static const struct peer_step error_after_features[] = {
    EXPECT(OURS),
    SEND(HEADER("c1") FEATURES(OFFER_TLS) ERROR(CONDITION("system-shutdown"))
             BYE),
    END,
    FINISH,
};

static const struct peer_step ping_error_stream[] = {
    UP_TO_FEATURES,
    EXPECT(VERIFY),
    SEND(ERROR(CONDITION("unsupported-stanza-type")) BYE),
    END,
    FINISH,
};

static const struct peer_step ping_policy[] = {
    EXPECT(OURS),
    SEND(HEADER("c1") FEATURES(OFFER_TLS)),
    EXPECT(VERIFY),
    SEND(ERROR(CONDITION("policy-violation")
                   ERROR_TEXT("Use of STARTTLS required")) BYE),
    END,
    FINISH,
};

static const struct peer_step ping_silent[] = {UP_TO_FEATURES, EXPECT(VERIFY),
                                               FINISH};

static const struct peer_step ping_footer[] = {UP_TO_FEATURES, EXPECT(VERIFY),
                                               SEND(BYE), END, FINISH};

const struct script scripts_streams[] = {
    {.name = "header of a client port",
     .findings = "client_port",
     .steps = client_header,
     .error = S2S_ENAMESPACE,
     .stage = S2S_STAGE_STREAM,
     .farewell = BYE},
    {.name = "header of a client port, stream error",
     .findings = "invalid_namespace",
     .steps = client_header_error,
     .error = S2S_ESTREAM_ERROR,
     .stage = S2S_STAGE_STREAM,
     .farewell = BYE,
     .cut = {S2S_ENAMESPACE}},
    {.name = "header of a client port alone",
     .findings = "client_port",
     .steps = client_header_alone,
     .error = S2S_ENAMESPACE,
     .stage = S2S_STAGE_STREAM,
     .farewell = BYE,
     .holds = {"\"rtt\":5000"}},
    {.name = "old header",
     .findings = "pre_xmpp_1",
     .steps = old_header,
     .error = S2S_EVERSION,
     .stage = S2S_STAGE_STREAM,
     .farewell = BYE,
     .holds = {"\"rtt\":5000"}},
    {.name = "old header, stream error",
     .findings = "unsupported_version",
     .steps = old_header_error,
     .error = S2S_ESTREAM_ERROR,
     .stage = S2S_STAGE_STREAM,
     .farewell = BYE,
     .cut = {S2S_EVERSION}},
    {.name = "old header, end",
     .findings = "pre_xmpp_1",
     .steps = old_header_footer,
     .error = S2S_EVERSION,
     .stage = S2S_STAGE_STREAM,
     .farewell = BYE},
    {.name = "old header with a version",
     .findings = "pre_xmpp_1",
     .steps = old_header_number,
     .error = S2S_EVERSION,
     .stage = S2S_STAGE_STREAM,
     .farewell = BYE},
    {.name = "no version at all",
     .findings = "pre_xmpp_1",
     .steps = odd_version,
     .error = S2S_EVERSION,
     .stage = S2S_STAGE_STREAM,
     .farewell = BYE},
    {.name = "newer version",
     .tls_mode = S2S_TLS_NONE,
     .steps = newer_version,
     .farewell = BYE,
     .holds = {"\"version\":\"1.01\""}},
    {.name = "no id",
     .findings = "no_stream_id",
     .steps = no_id,
     .error = S2S_ESTREAM_HEADER,
     .stage = S2S_STAGE_STREAM,
     .farewell = BYE},
    {.name = "no id, stream error",
     .findings = "host_gone",
     .steps = no_id_error,
     .error = S2S_ESTREAM_ERROR,
     .stage = S2S_STAGE_STREAM,
     .farewell = BYE,
     .cut = {S2S_ESTREAM_HEADER}},
    {.name = "empty id",
     .findings = "no_stream_id",
     .steps = empty_id,
     .error = S2S_ESTREAM_HEADER,
     .stage = S2S_STAGE_STREAM,
     .farewell = BYE},
    {.name = "no id, then broken XML",
     .findings = "no_stream_id",
     .steps = no_id_broken,
     .error = S2S_ESTREAM_HEADER,
     .stage = S2S_STAGE_STREAM,
     .farewell = BYE},
    {.name = "no stream",
     .steps = wrong_root,
     .error = S2S_ENAMESPACE,
     .stage = S2S_STAGE_STREAM,
     .farewell = COMPLAINT("invalid-namespace")},
    {.name = "odd headers",
     .findings = "from_differs to_differs lang_missing revocation_not_checked "
                 "from_missing stream_id_reused",
     .steps = odd_header,
     .farewell = BYE},
    {.name = "from another domain inside TLS",
     .findings = "revocation_not_checked from_differs",
     .steps = other_from,
     .main = true,
     .error = S2S_ESTREAM_HEADER,
     .stage = S2S_STAGE_FEATURES,
     .farewell = BYE},
    {.name = "from another domain inside TLS, stream error",
     .findings = "revocation_not_checked invalid_from",
     .steps = other_from_error,
     .error = S2S_ESTREAM_ERROR,
     .stage = S2S_STAGE_FEATURES,
     .farewell = BYE,
     .cut = {S2S_ESTREAM_HEADER}},
    {.name = "from the domain in another spelling",
     .findings = "revocation_not_checked",
     .steps = same_from,
     .farewell = BYE},
    {.name = "end in place of features",
     .steps = footer_for_features,
     .error = S2S_EFEATURES,
     .stage = S2S_STAGE_STREAM,
     .farewell = BYE},
    {.name = "stanza in place of features",
     .steps = stanza_for_features,
     .error = S2S_EFEATURES,
     .stage = S2S_STAGE_STREAM,
     .farewell = BYE},
    {.name = "features of a client port",
     .findings = "client_port",
     .tls_mode = S2S_TLS_NONE,
     .steps = client_features,
     .farewell = BYE,
     .holds = {"\"features\":[\"BIND\",\"SESSION\"]"}},
    {.name = "silence after the header",
     .findings = "timeout",
     .steps = silent_after_header,
     .error = S2S_ETIMEOUT,
     .stage = S2S_STAGE_STREAM,
     .holds = {"\"rtt\":5000", "\"streamId\":\"c1\"",
               "passed while waiting for the features\""}},
    {.name = "no features inside TLS",
     .findings = "revocation_not_checked no_authentication",
     .steps = no_features_inside,
     .farewell = BYE},
    {.name = "stanzas before the features",
     .findings = "revocation_not_checked unknown_element unknown_element "
                 "starttls_inside_tls",
     .steps = features_after_stanzas,
     .farewell = BYE},
    {.name = "end inside TLS",
     .findings = "revocation_not_checked",
     .steps = closed_inside,
     .error = S2S_EFEATURES,
     .stage = S2S_STAGE_FEATURES,
     .farewell = BYE},
    {.name = "host-unknown",
     .findings = "host_unknown",
     .steps = host_unknown,
     .main = true,
     .error = S2S_ESTREAM_ERROR,
     .stage = S2S_STAGE_STREAM,
     .farewell = BYE,
     .cut = {S2S_ESTREAM_HEADER},
     .holds = {"\"streamError\":{\"condition\":\"host-unknown\",\"text\":"
               "\"This server does not serve them.example & never did\"}"}},
    {.name = "error behind an empty header",
     .findings = "host_unknown",
     .steps = early_error,
     .error = S2S_ESTREAM_ERROR,
     .stage = S2S_STAGE_STREAM,
     .farewell = BYE,
     .cut = {S2S_ESTREAM_HEADER}},
    {.name = "error without a header",
     .steps = bare_error,
     .error = S2S_EXML,
     .stage = S2S_STAGE_STREAM,
     .farewell = COMPLAINT("not-well-formed")},
    {.name = "see-other-host",
     .findings = "see_other_host",
     .steps = redirect,
     .error = S2S_EREDIRECT,
     .stage = S2S_STAGE_STREAM,
     .farewell = BYE,
     .holds = {"\"redirect\":\"[2001:db8::7]:9999\""}},
    {.name = "unknown condition",
     .findings = "stream_error",
     .steps = unknown_condition,
     .error = S2S_ESTREAM_ERROR,
     .stage = S2S_STAGE_STREAM,
     .farewell = BYE,
     .holds = {"\"other\":\"{urn:example:pot}brewing\""}},
    {.name = "no condition",
     .findings = "undefined_condition",
     .steps = no_condition,
     .error = S2S_ESTREAM_ERROR,
     .stage = S2S_STAGE_STREAM,
     .farewell = BYE,
     .holds = {"\"condition\":\"undefined-condition\""}},
    {.name = "error inside TLS",
     .findings = "revocation_not_checked not_authorized",
     .steps = error_inside,
     .main = true,
     .error = S2S_ESTREAM_ERROR,
     .stage = S2S_STAGE_FEATURES,
     .farewell = BYE},
    {.name = "error behind the features",
     .farewell = BYE,
     .findings = "system_shutdown",
     .steps = error_after_features,
     .error = S2S_ESTREAM_ERROR,
     .stage = S2S_STAGE_STARTTLS},
    {.name = "ping: stream error",
     .findings = "revocation_not_checked stream_error",
     .op = S2S_OP_PING,
     .steps = ping_error_stream,
     .error = S2S_ESTREAM_ERROR,
     .stage = S2S_STAGE_PING,
     .farewell = BYE},
    {.name = "ping: TLS is required",
     .findings = "tls_required policy_violation",
     .op = S2S_OP_PING,
     .tls_mode = S2S_TLS_NONE,
     .steps = ping_policy,
     .error = S2S_ESTREAM_ERROR,
     .stage = S2S_STAGE_PING,
     .farewell = BYE},
    {.name = "ping: silence",
     .findings = "revocation_not_checked no_answer",
     .op = S2S_OP_PING,
     .steps = ping_silent,
     .error = S2S_ETIMEOUT,
     .stage = S2S_STAGE_PING,
     .holds = {"\"rtt\":5000", "\"ping\":5000.0"}},
    {.name = "ping: end",
     .findings = "revocation_not_checked",
     .op = S2S_OP_PING,
     .steps = ping_footer,
     .error = S2S_ECLOSED,
     .stage = S2S_STAGE_PING,
     .farewell = BYE},
};
const size_t scripts_streams_count =
    sizeof(scripts_streams) / sizeof(scripts_streams[0]);
