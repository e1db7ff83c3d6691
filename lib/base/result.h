/*
 * The record that a probe fills: evidence, whatever the outcome. Everything
 * in it lives in its arena. Peers' strings in it are valid UTF-8 without NUL.
 *
 * Running out of memory while recording sets `no_memory`, and the record is
 * then not handed out; so recording itself returns nothing to check. A record
 * that is `full` has a little room left for how it ended.
 */
#ifndef BASE_RESULT_H
#define BASE_RESULT_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/arena.h"
#include "base/buf.h"
#include "base/error.h"
#include "base/finding.h"
#include "base/inbound.h"

#define RESULT_STREAMS 4  /* clear, inside TLS, authenticated, one to spare */
#define RESULT_INBOUND 16 /* connections kept; the others are counted */
#define RESULT_PINGS   1000
#define RESULT_LIST    512 /* no list grows longer; more is dropped */

struct result_text { /* a list of strings */
    struct result_text *next;
    const char *text;
};

struct result_texts {
    struct result_text *first, **last;
    size_t count;
};

/* One stream feature. Strings are NULL and numbers -1 where not applicable. */
struct result_feature {
    struct result_feature *next;
    const char *label; /* "STARTTLS", "SASL-EXTERNAL", "X-foo" */
    const char *name;  /* "{ns}local" */
    const char *node;  /* entity capabilities */
    const char *hash;
    const char *ver;
    int64_t max_bytes; /* XEP-0478 */
    int64_t idle_seconds;
    int rank; /* place in the fixed order; unknown features come last */
    bool required;
    bool optional;
    bool errors; /* dialback errors */
};

struct result_features {
    struct result_feature *first, **last;
    uint32_t count;
    bool received; /* a <features/> came, perhaps empty */
    bool sasl_empty;
};

/* One stream on the connection: a header and what followed. */
struct result_stream {
    const char *id, *from, *to, *version, *lang; /* NULL: absent */
    bool header_received;
    bool secure;             /* inside TLS */
    bool dialback_namespace; /* declared in the header: XEP-0220, 2.4.1 */
    struct result_features features;
};

struct result_attempt { /* one address tried, or a host that has none */
    struct result_attempt *next;
    const char *address; /* "192.0.2.1" or "2001:db8::1"; or NULL */
    const char *host;    /* whose it is */
    uint16_t port;
    bool alias;          /* the host is a CNAME */
    int64_t us;          /* how long it took; -1: not tried */
    const char *outcome; /* "connected", "refused", "NXDOMAIN", ... */
};

struct result_name { /* one identifier of a certificate */
    struct result_name *next;
    const char *type; /* "dns", "srv", "xmpp", "ip", "cn" */
    const char *value;
    bool matches;
};

enum result_verdict { /* of a chain or of a name */
                      RESULT_NOT_JUDGED,
                      RESULT_OK,
                      RESULT_UNTRUSTED,
                      RESULT_SELF_SIGNED,
                      RESULT_EXPIRED,
                      RESULT_NOT_YET_VALID,
                      RESULT_WEAK,
                      RESULT_USAGE,
                      RESULT_REVOKED,
                      RESULT_NAME_MISMATCH,
                      RESULT_CN_ONLY
};

struct result_certificate {
    const char *subject, *issuer, *serial;
    const char *sha256; /* fingerprint, hex */
    const char *key_type;
    const char *signature;
    int64_t not_before, not_after; /* seconds since 1970 */
    int64_t days_left;             /* negative when expired */
    unsigned key_bits;
    unsigned chain_length; /* as sent */
    bool present;
    bool usage_server; /* may serve as a TLS server's */
    bool usage_client; /* may serve as a TLS client's */
    bool ocsp_stapled;
    const char *matched; /* the identifier that matched, or NULL */
    struct result_name *names, **last_name;
    uint32_t name_count;
    enum result_verdict chain;
    enum result_verdict name;
};

enum result_dane { /* what TLSA records say of a certificate */
                   RESULT_DANE_NOT_JUDGED, /* nobody looked */
                   RESULT_DANE_NONE,       /* there are none */
                   RESULT_DANE_UNUSABLE,   /* there are, and none counts */
                   RESULT_DANE_MATCH,
                   RESULT_DANE_MISMATCH,
                   RESULT_DANE_BOGUS /* DNSSEC refuses the answer */
};

enum result_tlsa_outcome {
    RESULT_TLSA_MATCH,
    RESULT_TLSA_MISMATCH,
    RESULT_TLSA_UNUSABLE,
    RESULT_TLSA_NOT_USED /* not for XMPP: RFC 7712, 5.1 */
};

struct result_tlsa { /* one TLSA record */
    struct result_tlsa *next;
    int usage, selector, matching; /* -1: the record ends before it */
    enum result_tlsa_outcome outcome;
};

struct result_tlsa_set {
    const char *name; /* "_5269._tcp.xmpp.example.com" */
    struct result_tlsa *records, **last;
    size_t unread; /* more than we look at */
    enum result_dane verdict;
    int usage;    /* that matched, DANE_USAGE_*; -1: none */
    bool decides; /* a match or mismatch counts more than chain and name */
};

#define DANE_USAGE_PKIX_TA 0 /* RFC 7218 */
#define DANE_USAGE_PKIX_EE 1
#define DANE_USAGE_DANE_TA 2
#define DANE_USAGE_DANE_EE 3

struct result_tls {
    const char *mode; /* what was done: "starttls", "direct", "none" */
    const char *protocol, *cipher, *alpn, *server_name;
    bool established;
    bool starttls_offered;
    bool client_certificate_requested;
    bool client_certificate_sent;
    struct result_certificate certificate;
};

struct result_stream_error {
    const char *condition; /* NULL: none came */
    const char *text;
    const char *other; /* application condition as "{ns}local" */
};

struct result_auth {      /* of our outgoing stream; NULL: not so */
    const char *method;   /* that succeeded: "external" or "dialback" */
    const char *external; /* "success", or the failure's condition */
    const char *external_text;
    const char *dialback; /* "valid", "invalid", "error", "silent" */
    const char *dialback_condition;
    bool bidi; /* XEP-0288 was agreed on */
};

struct result_also { /* one more domain of ours on the stream */
    struct result_also *next;
    const char *domain;
    const char *answer; /* as result_auth.dialback; NULL: none yet */
    const char *condition;
};

struct result_acks {     /* XEP-0198 */
    const char *version; /* "2" or "3"; NULL: not in use */
    bool enabled;
    uint32_t sent, acked;
};

struct result_ping {
    struct result_ping *next;
    const char *answer; /* "result", "unsupported", "error"; NULL: none */
    const char *condition;
    const char *via; /* "stream" or "inbound" */
    int64_t sent_at; /* of the loop's clock */
    int64_t us;      /* until the answer; -1: none */
    int64_t ack_us;  /* until acknowledged; -1: not */
};

struct result_inbound { /* a connection that came in meanwhile */
    struct result_inbound *next;
    struct inbound seen;
};

struct result_finding {
    struct result_finding *next;
    enum finding id;
    const char *seen; /* "" when there is nothing to add */
    size_t row;       /* of a check, from 1; 0: of none, or of several */
    uint64_t rows;    /* all of them: bit 0 is the first one */
};

struct result_row { /* of a check: one endpoint, or one of the other looks */
    struct result_row *next;
    const char *kind;   /* "endpoint", "service", "verify", "ping", "time" */
    const char *target; /* the host, or the service's domain */
    const char *address;
    uint16_t port; /* 0: not of one port */
    bool direct;
    bool tls12, tls13;  /* has been spoken */
    bool no_tls12;      /* was asked for, and refused */
    int error;          /* when there is no result */
    s2s_result *result; /* owned; NULL: it was not tried */
};

struct result_srv { /* a record, in the order in which they are tried */
    struct result_srv *next;
    const char *service; /* "xmpps-server" or "xmpp-server" */
    const char *target;
    uint16_t port, priority, weight;
};

struct result_dns {   /* of the domain; `plan` NULL: nothing was asked */
    const char *plan; /* "srv", "domain", "none", "unknown", "bogus" */
    bool secure;      /* all that the plan rests on */
    /* of _xmpps-server and _xmpp-server: "none", "records", "refused",
     * "failed", "bogus"; and why it failed, or NULL */
    const char *answers[2], *errors[2];
    struct result_srv *records, **last_record;
    size_t record_count;
};

struct s2s_result {
    struct arena arena;
    bool no_memory; /* something is missing: it must not be handed out */
    bool pipelined; /* <starttls/> went out before the features had come */
    bool full;      /* something long is left out: the probe has to end */

    int op; /* S2S_OP_* */
    int error;
    int stage; /* where it ended; S2S_STAGE_DONE on success */
    const char *message;

    const char *from, *to, *host; /* U-labels; the host as connected to */
    const char *address;          /* the one connected to, or NULL */
    uint16_t port;
    struct result_dns dns;
    struct result_attempt *attempts, **last_attempt;
    size_t attempt_count;

    struct result_stream streams[RESULT_STREAMS];
    size_t stream_count;
    struct result_tls tls;
    struct result_tlsa_set tlsa;
    struct result_stream_error stream_error;
    const char *redirect;

    const char *ping_method; /* "iq", "dialback-verify"; NULL: no ping */
    const char *ping_answer; /* "valid", "invalid", "error", "result" */
    const char *ping_condition;
    struct result_texts stanzas;
    struct result_auth auth;
    struct result_also *also;
    struct result_acks acks;
    struct result_ping *pings;
    struct result_inbound *inbound;
    bool listening; /* connections could come in for `from` */
    uint32_t ping_count, inbound_count;

    /* Microseconds per stage, indexed by result_stage_index(); -1: never. */
    int64_t stage_us[12];
    int64_t lag_us; /* within these: waited for our own loop; -1 */
    int64_t rtt_us; /* of the network, by TCP; -1: not known */

    struct result_row *rows, **last_row; /* of a check */
    size_t row_count;
    struct result_finding *findings, **last_finding;
    size_t finding_count;

    /* Filled when the record is handed out. */
    const char **union_labels; /* in the fixed order, each once */
    size_t union_count;
    char *json;
    struct buf paths; /* "path\0value\0" pairs for s2s_result_get() */
};

/* NULL when there is no memory. */
s2s_result *result_new(int op);
void result_free(s2s_result *r);

/* Zeroed memory of the record; or NULL, with `full` or no_memory. */
void *result_take(s2s_result *r, size_t length);

/* A copy that lives as long as the record; NULL on failure or for NULL. */
const char *result_text(s2s_result *r, const char *text);
const char *result_bytes(s2s_result *r, const void *bytes, size_t length);
/* The same for bytes that nobody has checked: whatever is not valid UTF-8, or
 * a control character, becomes U+FFFD. */
const char *result_untrusted(s2s_result *r, const void *bytes, size_t length);

/*
 * Record the outcome. The first call wins; later ones change nothing. The
 * message is formatted, and cut to 512 bytes at a character boundary.
 * S2S_ENO_MEMORY sets no_memory even when it is not the first.
 */
__attribute__((format(printf, 3, 4))) void result_fail(s2s_result *r, int error,
                                                       const char *format, ...);

/* Record a finding; `seen` may be NULL. The same pair is kept once. */
void result_find(s2s_result *r, enum finding id, const char *seen);

/* The same of a row; of several, when it was found in another one already. */
void result_find_in_row(s2s_result *r, enum finding id, const char *seen,
                        size_t row);

/* A row to be filled in; NULL without memory. */
struct result_row *result_add_row(s2s_result *r);
/* Errors first. */
void result_sort_findings(s2s_result *r);

void result_add_text(s2s_result *r, struct result_texts *list,
                     const void *bytes, size_t length);
/* A feature with its numbers at -1, appended to `list`; NULL when full. */
struct result_feature *result_add_feature(s2s_result *r,
                                          struct result_features *list);
void result_add_srv(s2s_result *r, const struct result_srv *record);
/* A copy; `next` is ignored. */
void result_add_attempt(s2s_result *r, const struct result_attempt *attempt);
void result_add_name(s2s_result *r, const char *type, const char *value,
                     bool matches);
/* The record read next; NULL: no memory. */
struct result_tlsa *result_add_tlsa(s2s_result *r);
/* The next stream of the connection; the last one again when all are used. */
struct result_stream *result_add_stream(s2s_result *r, bool secure);
/* A ping just sent, a domain just offered; NULL when there are too many
 * already or no memory. */
struct result_ping *result_add_ping(s2s_result *r, int64_t now);
struct result_also *result_add_also(s2s_result *r, const char *domain);
/* A connection seen: all are counted, those that say most are kept. */
void result_add_inbound(s2s_result *r, const struct inbound *seen);
/* The stream begun last, or NULL. */
const struct result_stream *result_last_stream(const s2s_result *r);

/* The index into stage_us of an enum s2s_stage; -1 for no stage. */
int result_stage_index(int stage);
void result_add_us(s2s_result *r, int stage, int64_t us);

/* "ok", "untrusted", "self-signed", "expired", ... */
const char *result_verdict_name(enum result_verdict verdict);

/* "none", "unusable", "match", ...; NULL when nobody looked */
const char *result_dane_name(enum result_dane verdict);

/* Whether the peer's certificate proves who it is: chain and name, or its
 * TLSA records where these decide. */
bool result_verified(const s2s_result *r);

/* Collect union_labels. */
void result_collect(s2s_result *r);

#endif
