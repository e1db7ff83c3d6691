/* Getting to TLS, and what stands in the way. */
#include "scripts.h"

#define TLS_FAILURE   "<failure xmlns='" NS_TLS_TEXT "'/>"
#define OFFER_NOTHING OFFER_DIALBACK
#define FATAL_ALERT   "\x15\x03\x03\x00\x02\x02\x46"
#define ANGRY_XML                                                              \
    "<?xml version='1.0'?><stream:stream xmlns:stream='" NS_STREAM_TEXT        \
    "' id=''><stream:error><not-well-formed xmlns='" NS_ERROR_TEXT             \
    "'/></stream:error>" BYE

/* To <starttls/> with these features, and this in answer. */
#define ASKED(name, features, ...)                                             \
    static const struct peer_step name[] = {                                   \
        EXPECT(OURS), SEND(HEADER("c1") FEATURES(features)), EXPECT(STARTTLS), \
        __VA_ARGS__, FINISH}

/* ---- STARTTLS ---- */

ASKED(unoffered_works, OFFER_NOTHING, SEND(PROCEED), HANDSHAKE, EXPECT(OURS),
      SEND(HEADER("t1") FEATURES(OFFER_EXTERNAL)));
ASKED(unoffered_failure, OFFER_NOTHING, SEND(TLS_FAILURE BYE), END);
ASKED(unoffered_end, OFFER_NOTHING, END);
ASKED(unoffered_footer, OFFER_NOTHING, SEND(BYE), END);
ASKED(unoffered_error, OFFER_NOTHING,
      SEND("<stream:error><unsupported-stanza-type xmlns='" NS_ERROR_TEXT
           "'/></stream:error>" BYE),
      END);
ASKED(unoffered_silence, OFFER_NOTHING, WAIT(0));
ASKED(unoffered_reset, "", RESET);
ASKED(refused, OFFER_TLS, SEND(TLS_FAILURE BYE), END);
ASKED(refused_by_error, OFFER_TLS,
      SEND("<stream:error><internal-server-error xmlns='" NS_ERROR_TEXT
           "'/></stream:error>" BYE),
      END);
ASKED(offered_end, OFFER_TLS, END);
ASKED(other_proceed, OFFER_TLS, SEND("<proceed xmlns='urn:example:tls'/>"));
ASKED(bare_proceed, OFFER_TLS, SEND("<proceed/>"));

/* ---- Injection ---- */

ASKED(injected_features, OFFER_TLS,
      SEND(PROCEED FEATURES("<starttls xmlns='" NS_TLS_TEXT "'/>")));
ASKED(injected_newline, OFFER_TLS, SEND(PROCEED "\n"));
ASKED(injected_stream, OFFER_TLS,
      SEND(PROCEED HEADER("evil") FEATURES(OFFER_EXTERNAL)));
ASKED(injected_footer, OFFER_TLS, SEND(PROCEED BYE), END);

/* ---- Handshakes ---- */

ASKED(handshake_end, OFFER_TLS, SEND(PROCEED), EXPECT(PEER_HELLO), END);
ASKED(handshake_reset, OFFER_TLS, SEND(PROCEED), EXPECT(PEER_HELLO), RESET);
ASKED(handshake_alert, OFFER_TLS, SEND(PROCEED), EXPECT(PEER_HELLO),
      SEND_RAW(FATAL_ALERT), END);
ASKED(handshake_rubbish, OFFER_TLS, SEND(PROCEED), EXPECT(PEER_HELLO),
      SEND("\x16\x03\x03" MARKER));
ASKED(handshake_silence, OFFER_TLS, SEND(PROCEED), EXPECT(PEER_HELLO));
ASKED(secure_end, OFFER_TLS, SEND(PROCEED), HANDSHAKE, EXPECT(OURS), END);
ASKED(secure_silence, OFFER_TLS, SEND(PROCEED), HANDSHAKE, EXPECT(OURS));
ASKED(secure_not_xml, OFFER_TLS, SEND(PROCEED), HANDSHAKE, EXPECT(OURS),
      SEND("220 mail.example ESMTP " MARKER "\r\n"));

/* ---- Certificates ---- */

static const struct peer_step usual[] = {UP_TO_FEATURES, FINISH};
static const struct peer_step usual_ping[] = {
    UP_TO_FEATURES, EXPECT(VERIFY),
    SEND("<db:verify from='them.example' to='us.example' id='$ID' "
         "type='invalid'/>"),
    FINISH};
static const struct peer_step usual_direct[] = {
    HANDSHAKE, EXPECT(OURS), SEND(HEADER("d1") FEATURES(OFFER_DIALBACK)),
    FINISH};

/* ---- The other way ---- */

static const struct peer_step alert[] = {EXPECT(OURS), SEND_RAW(FATAL_ALERT),
                                         END, FINISH};
static const struct peer_step end_at_once[] = {EXPECT(OURS), END, FINISH};
static const struct peer_step reset_at_once[] = {EXPECT(OURS), RESET, FINISH};
static const struct peer_step silence[] = {EXPECT(OURS), FINISH};
static const struct peer_step angry[] = {EXPECT(PEER_HELLO), SEND(ANGRY_XML),
                                         END, FINISH};
static const struct peer_step hello_end[] = {EXPECT(PEER_HELLO), END, FINISH};
static const struct peer_step forbidden[] = {REFUSE(S2S_EADDRESS_FORBIDDEN)};
static const struct peer_step usual_error[] = {
    EXPECT(OURS),
    SEND(HEADER("c1") "<stream:error><host-unknown xmlns='" NS_ERROR_TEXT
                      "'/></stream:error>" BYE),
    FINISH};

#define CERTIFICATE(label, kind, code, codes)                                  \
    {.name = "certificate: " label,                                            \
     .steps = usual,                                                           \
     .chain = kind,                                                            \
     .main = true,                                                             \
     .findings = codes,                                                        \
     .error = code,                                                            \
     .stage = S2S_STAGE_FEATURES,                                              \
     .farewell = BYE},                                                         \
    {                                                                          \
        .name = "accepted: " label, .findings = codes " ping_proves_little",   \
        .steps = usual_ping, .op = S2S_OP_PING, .chain = kind,                 \
        .flags = S2S_ACCEPT_UNTRUSTED, .farewell = BYE, .holds = {             \
            "\"verified\":false"                                               \
        }                                                                      \
    }

const struct script scripts_tls[] = {
    {.name = "unoffered: works",
     .findings = "revocation_not_checked starttls_not_advertised",
     .steps = unoffered_works,
     .main = true,
     .farewell = BYE,
     .cut = {S2S_ETLS_NOT_OFFERED},
     .holds = {"\"starttlsOffered\":false"}},
    {.name = "unoffered: failure",
     .findings = "tls_not_offered",
     .steps = unoffered_failure,
     .error = S2S_ETLS_NOT_OFFERED,
     .stage = S2S_STAGE_STARTTLS,
     .farewell = BYE},
    {.name = "unoffered: end",
     .findings = "tls_not_offered",
     .steps = unoffered_end,
     .error = S2S_ETLS_NOT_OFFERED,
     .stage = S2S_STAGE_STARTTLS,
     .farewell = BYE},
    {.name = "unoffered: footer",
     .findings = "tls_not_offered",
     .steps = unoffered_footer,
     .error = S2S_ETLS_NOT_OFFERED,
     .stage = S2S_STAGE_STARTTLS,
     .farewell = BYE},
    {.name = "unoffered: stream error",
     .findings = "stream_error tls_not_offered",
     .steps = unoffered_error,
     .error = S2S_ETLS_NOT_OFFERED,
     .stage = S2S_STAGE_STARTTLS,
     .farewell = BYE,
     .holds = {"\"condition\":\"unsupported-stanza-type\""}},
    {.name = "unoffered: silence",
     .findings = "tls_not_offered timeout",
     .steps = unoffered_silence,
     .error = S2S_ETIMEOUT,
     .stage = S2S_STAGE_STARTTLS},
    {.name = "unoffered: reset",
     .findings = "tls_not_offered",
     .steps = unoffered_reset,
     .error = S2S_ETLS_NOT_OFFERED,
     .stage = S2S_STAGE_STARTTLS},
    {.name = "refused",
     .findings = "tls_refused",
     .steps = refused,
     .main = true,
     .error = S2S_ETLS_REFUSED,
     .stage = S2S_STAGE_STARTTLS,
     .farewell = BYE},
    {.name = "refused by a stream error",
     .findings = "stream_error",
     .steps = refused_by_error,
     .error = S2S_ESTREAM_ERROR,
     .stage = S2S_STAGE_STARTTLS,
     .farewell = BYE},
    {.name = "end in answer to starttls",
     .steps = offered_end,
     .error = S2S_ECLOSED,
     .stage = S2S_STAGE_STARTTLS,
     .farewell = BYE},
    {.name = "proceed of another namespace",
     .steps = other_proceed,
     .error = S2S_EPROTOCOL,
     .stage = S2S_STAGE_STARTTLS,
     .farewell = COMPLAINT("unsupported-stanza-type")},
    {.name = "proceed without a namespace of its own",
     .steps = bare_proceed,
     .error = S2S_EPROTOCOL,
     .stage = S2S_STAGE_STARTTLS,
     .farewell = COMPLAINT("unsupported-stanza-type")},
    {.name = "injected: features",
     .findings = "tls_injection",
     .steps = injected_features,
     .main = true,
     .loose = true,
     .error = S2S_ETLS_INJECTION,
     .stage = S2S_STAGE_TLS},
    {.name = "injected: newline",
     .findings = "tls_injection",
     .steps = injected_newline,
     .loose = true,
     .error = S2S_ETLS_INJECTION,
     .stage = S2S_STAGE_TLS},
    {.name = "injected: stream",
     .findings = "tls_injection",
     .steps = injected_stream,
     .loose = true,
     .error = S2S_ETLS_INJECTION,
     .stage = S2S_STAGE_TLS},
    {.name = "injected: footer",
     .findings = "tls_injection",
     .steps = injected_footer,
     .loose = true,
     .error = S2S_ETLS_INJECTION,
     .stage = S2S_STAGE_TLS},
    {.name = "handshake: end",
     .findings = "tls_handshake_failed",
     .steps = handshake_end,
     .error = S2S_ETLS_HANDSHAKE,
     .stage = S2S_STAGE_TLS},
    {.name = "handshake: reset",
     .findings = "tls_handshake_failed",
     .steps = handshake_reset,
     .error = S2S_ETLS_HANDSHAKE,
     .stage = S2S_STAGE_TLS},
    {.name = "handshake: alert",
     .findings = "tls_handshake_failed",
     .steps = handshake_alert,
     .error = S2S_ETLS_HANDSHAKE,
     .stage = S2S_STAGE_TLS},
    {.name = "handshake: rubbish",
     .findings = "tls_handshake_failed",
     .steps = handshake_rubbish,
     .error = S2S_ETLS_HANDSHAKE,
     .stage = S2S_STAGE_TLS},
    {.name = "handshake: silence",
     .findings = "timeout",
     .steps = handshake_silence,
     .error = S2S_ETIMEOUT,
     .stage = S2S_STAGE_TLS},
    {.name = "secure: end",
     .findings = "revocation_not_checked",
     .steps = secure_end,
     .error = S2S_ECLOSED,
     .stage = S2S_STAGE_FEATURES,
     .farewell = BYE},
    {.name = "secure: silence",
     .findings = "revocation_not_checked timeout",
     .steps = secure_silence,
     .error = S2S_ETIMEOUT,
     .stage = S2S_STAGE_FEATURES,
     .holds = {"waiting for the stream header inside TLS\""}},
    {.name = "secure: not XML",
     .findings = "revocation_not_checked not_xmpp",
     .steps = secure_not_xml,
     .error = S2S_ENOT_XMPP,
     .stage = S2S_STAGE_FEATURES},
    CERTIFICATE("stranger", TRUST_STRANGER, S2S_ECERT_UNTRUSTED,
                "cert_untrusted revocation_not_checked"),
    CERTIFICATE("expired", TRUST_EXPIRED, S2S_ECERT_EXPIRED,
                "revocation_not_checked cert_expired"),
    CERTIFICATE("other name", TRUST_OTHER_NAME, S2S_ECERT_NAME,
                "revocation_not_checked cert_name"),
    CERTIFICATE("nothing", TRUST_NOTHING, S2S_ECERT_UNTRUSTED, "cert_invalid"),
    {.name = "certificate: no ping over a stranger's stream",
     .findings = "cert_untrusted revocation_not_checked",
     .op = S2S_OP_PING,
     .steps = usual,
     .chain = TRUST_STRANGER,
     .error = S2S_ECERT_UNTRUSTED,
     .stage = S2S_STAGE_FEATURES,
     .farewell = BYE,
     .holds = {"\"pingMethod\":\"none\""}},
    {.name = "certificate: then the end",
     .findings = "revocation_not_checked cert_expired",
     .steps = secure_end,
     .chain = TRUST_EXPIRED,
     .error = S2S_ECERT_EXPIRED,
     .stage = S2S_STAGE_FEATURES,
     .farewell = BYE},
    {.name = "certificate: then silence",
     .findings = "revocation_not_checked cert_name",
     .steps = secure_silence,
     .chain = TRUST_OTHER_NAME,
     .error = S2S_ECERT_NAME,
     .stage = S2S_STAGE_FEATURES},
    {.name = "other way: alert",
     .cut = {S2S_ENOT_XMPP},
     .findings = "direct_tls_port revocation_not_checked",
     .steps = alert,
     .again = usual_direct,
     .main = true,
     .farewell = BYE,
     .holds = {"\"mode\":\"direct\""}},
    {.name = "other way: alert, STARTTLS asked for",
     .findings = "direct_tls_port",
     .tls_mode = S2S_TLS_STARTTLS,
     .steps = alert,
     .again = usual_direct,
     .error = S2S_ENOT_XMPP,
     .stage = S2S_STAGE_STREAM},
    {.name = "other way: alert, in the clear",
     .findings = "direct_tls_port",
     .tls_mode = S2S_TLS_NONE,
     .steps = alert,
     .again = usual_direct,
     .error = S2S_ENOT_XMPP,
     .stage = S2S_STAGE_STREAM},
    {.name = "other way: alert, then refused",
     .findings = "direct_tls_port",
     .steps = alert,
     .error = S2S_ENOT_XMPP,
     .stage = S2S_STAGE_STREAM},
    {.name = "other way: alert, then a handshake that fails",
     .findings = "direct_tls_port",
     .steps = alert,
     .again = hello_end,
     .error = S2S_ENOT_XMPP,
     .stage = S2S_STAGE_STREAM},
    {.name = "other way: end",
     .findings = "revocation_not_checked direct_tls_port",
     .steps = end_at_once,
     .again = usual_direct,
     .main = true,
     .farewell = BYE,
     .holds = {"\"mode\":\"direct\""}},
    {.name = "other way: reset",
     .findings = "revocation_not_checked direct_tls_port",
     .steps = reset_at_once,
     .again = usual_direct,
     .farewell = BYE},
    {.name = "other way: end, STARTTLS asked for",
     .findings = "closed_at_once",
     .tls_mode = S2S_TLS_STARTTLS,
     .steps = end_at_once,
     .again = usual_direct,
     .error = S2S_ECLOSED,
     .stage = S2S_STAGE_STREAM,
     .farewell = BYE},
    {.name = "other way: end, then refused",
     .farewell = BYE,
     .findings = "closed_both_ways",
     .steps = end_at_once,
     .error = S2S_ECLOSED,
     .stage = S2S_STAGE_STREAM},
    {.name = "other way: end, then forbidden",
     .farewell = BYE,
     .findings = "closed_both_ways",
     .steps = end_at_once,
     .again = forbidden,
     .error = S2S_ECLOSED,
     .stage = S2S_STAGE_STREAM},
    {.name = "other way: end twice",
     .findings = "closed_both_ways",
     .steps = end_at_once,
     .again = hello_end,
     .error = S2S_ECLOSED,
     .stage = S2S_STAGE_STREAM},
    {.name = "other way: end, a stranger's certificate",
     .findings = "cert_untrusted revocation_not_checked direct_tls_port",
     .steps = end_at_once,
     .again = usual_direct,
     .chain = TRUST_STRANGER,
     .error = S2S_ECERT_UNTRUSTED,
     .stage = S2S_STAGE_FEATURES,
     .farewell = BYE},
    {.name = "other way: silence is none",
     .findings = "silent",
     .steps = silence,
     .again = usual_direct,
     .error = S2S_ETIMEOUT,
     .stage = S2S_STAGE_STREAM,
     .holds = {"passed while waiting for the stream header\""}},
    {.name = "other way: XML",
     .findings = "starttls_port revocation_not_checked",
     .port = 5270,
     .steps = angry,
     .again = usual,
     .main = true,
     .farewell = BYE,
     .holds = {"\"mode\":\"starttls\""}},
    {.name = "other way: XML on port 443, then a stream error",
     .findings = "starttls_port host_unknown",
     .port = 443,
     .steps = angry,
     .again = usual_error,
     .error = S2S_ESTREAM_ERROR,
     .stage = S2S_STAGE_STREAM,
     .farewell = BYE},
    {.name = "other way: XML, direct TLS asked for",
     .findings = "starttls_port",
     .tls_mode = S2S_TLS_DIRECT,
     .steps = angry,
     .again = usual,
     .error = S2S_ETLS_HANDSHAKE,
     .stage = S2S_STAGE_TLS},
    {.name = "other way: XML, then the end",
     .farewell = BYE,
     .findings = "starttls_port",
     .port = 5270,
     .steps = angry,
     .again = end_at_once,
     .error = S2S_ETLS_HANDSHAKE,
     .stage = S2S_STAGE_TLS},
};
const size_t scripts_tls_count = sizeof(scripts_tls) / sizeof(scripts_tls[0]);
