/* <starttls/> that comes with the header, and peers that do not take it. */
#include "scripts.h"

#define FLIGHT      OURS STARTTLS
#define TLS_FAILURE "<failure xmlns='" NS_TLS_TEXT "'/>"
#define ERROR(condition)                                                       \
    "<stream:error><" condition " xmlns='" NS_ERROR_TEXT                       \
    "'/></stream:error>" BYE
#define ANSWERED(name, ...)                                                    \
    static const struct peer_step name[] = {EXPECT(FLIGHT), __VA_ARGS__, FINISH}
#define INSIDE                                                                 \
    HANDSHAKE, EXPECT(OURS), SEND(HEADER("t1") FEATURES(OFFER_DIALBACK))

ANSWERED(taken, SEND(HEADER("c1") FEATURES(OFFER_TLS) PROCEED), INSIDE);
ANSWERED(taken_slowly, SEND(HEADER("c1")), WAIT(10), SEND(FEATURES(OFFER_TLS)),
         WAIT(10), SEND(PROCEED), INSIDE);
ANSWERED(early, SEND(HEADER("c1") PROCEED), INSIDE);
ANSWERED(unoffered, SEND(HEADER("c1") FEATURES(OFFER_DIALBACK) PROCEED),
         INSIDE);
ANSWERED(late_features, SEND(HEADER("c1") PROCEED FEATURES(OFFER_TLS)));
ANSWERED(injected, SEND(HEADER("c1") FEATURES(OFFER_TLS) PROCEED "\n"));
ANSWERED(early_failure, SEND(HEADER("c1") TLS_FAILURE BYE), END);
ANSWERED(failure, SEND(HEADER("c1") FEATURES(OFFER_TLS) TLS_FAILURE BYE), END);
ANSWERED(unoffered_failure,
         SEND(HEADER("c1") FEATURES(OFFER_DIALBACK) TLS_FAILURE BYE), END);
ANSWERED(violation, SEND(HEADER("c1") ERROR("policy-violation")), END);
ANSWERED(stanza_type,
         SEND(HEADER("c1") FEATURES(OFFER_TLS)
                  ERROR("unsupported-stanza-type")),
         END);
ANSWERED(unknown_host, SEND(HEADER("c1") ERROR("host-unknown")), END);
ANSWERED(closed, SEND(HEADER("c1")), END);
ANSWERED(footer, SEND(HEADER("c1") BYE), END);
ANSWERED(reset, RESET);
ANSWERED(dropped, SEND(HEADER("c1") FEATURES(OFFER_TLS))); /* what followed */
ANSWERED(silent, WAIT(0));
ANSWERED(alert, SEND(HEADER("c1") FEATURES(OFFER_TLS) PROCEED),
         EXPECT(PEER_HELLO), SEND_RAW("\x15\x03\x03\x00\x02\x02\x46"), END);

static const struct peer_step direct[] = {
    HANDSHAKE, EXPECT(OURS), SEND(HEADER("d1") FEATURES(OFFER_DIALBACK)),
    FINISH};
static const struct peer_step clear[] = {
    EXPECT(OURS), SEND(HEADER("c1") FEATURES(OFFER_TLS)), FINISH};

#define PIPELINED "\"pipelined\":true"
#define FAILS(label, played, code, at, codes, last)                            \
    {                                                                          \
        .name = "pipeline: " label, .steps = played, .flags = S2S_PIPELINE,    \
        .tls_mode = S2S_TLS_STARTTLS, .error = code, .stage = at,              \
        .findings = codes, .farewell = last, .holds = {                        \
            PIPELINED                                                          \
        }                                                                      \
    }

const struct script scripts_pipeline[] = {
    {.name = "pipeline: taken",
     .flags = S2S_PIPELINE,
     .steps = taken,
     .main = true,
     .findings = "revocation_not_checked",
     .farewell = BYE,
     .holds = {PIPELINED, "\"starttlsOffered\":true", "\"label\":\"STARTTLS\"",
               "\"stream\":0.0,\"tls\":"}},
    {.name = "pipeline: taken, slowly",
     .flags = S2S_PIPELINE,
     .steps = taken_slowly,
     .findings = "revocation_not_checked",
     .farewell = BYE,
     .holds = {PIPELINED}},
    {.name = "pipeline: proceed without features",
     .flags = S2S_PIPELINE,
     .steps = early,
     .main = true,
     .findings = "revocation_not_checked pipelined",
     .farewell = BYE,
     .holds = {PIPELINED, "\"starttlsOffered\":false"}},
    {.name = "pipeline: not offered, and works",
     .flags = S2S_PIPELINE,
     .steps = unoffered,
     .findings = "revocation_not_checked starttls_not_advertised",
     .farewell = BYE,
     .holds = {PIPELINED}},
    {.name = "pipeline: features behind proceed",
     .flags = S2S_PIPELINE,
     .steps = late_features,
     .error = S2S_ETLS_INJECTION,
     .stage = S2S_STAGE_TLS,
     .findings = "tls_injection pipelined",
     .holds = {PIPELINED}},
    {.name = "pipeline: injected",
     .flags = S2S_PIPELINE,
     .steps = injected,
     .loose = true,
     .error = S2S_ETLS_INJECTION,
     .stage = S2S_STAGE_TLS,
     .findings = "tls_injection",
     .holds = {PIPELINED}},
    FAILS("failure without features", early_failure, S2S_ETLS_REFUSED,
          S2S_STAGE_STREAM, "pipelined", BYE),
    FAILS("failure", failure, S2S_ETLS_REFUSED, S2S_STAGE_STREAM,
          "tls_refused pipelined", BYE),
    FAILS("failure, not offered", unoffered_failure, S2S_ETLS_NOT_OFFERED,
          S2S_STAGE_STREAM, "tls_not_offered", BYE),
    FAILS("policy violation", violation, S2S_ESTREAM_ERROR, S2S_STAGE_STREAM,
          "policy_violation pipelined", BYE),
    FAILS("unsupported stanza type", stanza_type, S2S_ESTREAM_ERROR,
          S2S_STAGE_STREAM, "stream_error pipelined", BYE),
    FAILS("unknown host", unknown_host, S2S_ESTREAM_ERROR, S2S_STAGE_STREAM,
          "host_unknown", BYE),
    FAILS("end", closed, S2S_ECLOSED, S2S_STAGE_STREAM, "pipelined", BYE),
    FAILS("end of the stream", footer, S2S_EFEATURES, S2S_STAGE_STREAM,
          "pipelined", BYE),
    FAILS("reset", reset, S2S_ECLOSED, S2S_STAGE_STREAM,
          "pipelined closed_at_once", NULL),
    FAILS("dropped", dropped, S2S_ETIMEOUT, S2S_STAGE_STREAM,
          "pipelined timeout", NULL),
    FAILS("silence", silent, S2S_ETIMEOUT, S2S_STAGE_STREAM, "pipelined silent",
          NULL),
    FAILS("handshake", alert, S2S_ETLS_HANDSHAKE, S2S_STAGE_TLS,
          "tls_handshake_failed", NULL),
    {.name = "pipeline: the end, then direct TLS",
     .flags = S2S_PIPELINE,
     .steps = reset,
     .again = direct,
     .findings = "pipelined revocation_not_checked direct_tls_port",
     .farewell = BYE,
     .holds = {PIPELINED, "\"mode\":\"direct\""}},
    {.name = "pipeline: nothing in direct TLS",
     .flags = S2S_PIPELINE,
     .port = 5270,
     .steps = direct,
     .findings = "revocation_not_checked",
     .farewell = BYE},
    {.name = "pipeline: nothing in the clear",
     .flags = S2S_PIPELINE,
     .tls_mode = S2S_TLS_NONE,
     .steps = clear,
     .findings = "tls_required",
     .farewell = BYE},
};
const size_t scripts_pipeline_count =
    sizeof(scripts_pipeline) / sizeof(scripts_pipeline[0]);
