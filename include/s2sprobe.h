/*
 * s2sprobe.h - probe XMPP server-to-server federation (RFC 6120).
 *
 * Conventions, true of everything here unless it says otherwise:
 *
 *  - Strings are NUL-terminated UTF-8. Domains may be U-labels or A-labels.
 *  - Times are milliseconds, sizes are bytes, ports are in host byte order.
 *  - A function that can fail returns 0 or a negative enum s2s_error.
 *  - Outputs are left alone on failure, except `*result` of s2s_connect() and
 *    s2s_ping(), which is always written.
 *  - A `const char *` that is handed out belongs to the object it came from
 *    and lives until that object is freed.
 *  - Whatever an options structure points to is copied, or used only during
 *    the call; callback tables are copied, what their `user` points to is not
 *    and must outlive the probe.
 *  - Structures start with `size`: set it to sizeof the structure, and zero
 *    the rest; zero is the default of every member. A member that this
 *    library does not know yet must be zero, or the call is S2S_EABI.
 *  - There is no global state. One thread uses a context at a time; contexts
 *    are independent, also when they share (s2s_context_options); a result may
 *    be read by many threads until one frees it.
 *  - Callbacks run on the thread that drives the probe. They must not block.
 *  - Nothing is written to stdout or stderr, no signal is raised or handled,
 *    errno means nothing.
 */
#ifndef S2SPROBE_H
#define S2SPROBE_H

#include <stddef.h>
#include <stdint.h>

#if defined(__GNUC__)
#define S2S_API __attribute__((visibility("default")))
#else
#define S2S_API
#endif

#ifdef __cplusplus
extern "C" {
#endif

struct sockaddr;

typedef struct s2s_context s2s_context;
typedef struct s2s_result s2s_result;
typedef struct s2s_stream s2s_stream;

/*
 * Outcomes. Each has a code name for machines (s2s_code_name(), "code" in the
 * JSON) and an English text (s2s_strerror()). Values are stable for ever;
 * later releases add to them.
 */
enum s2s_error {
    S2S_OK = 0,

    /* No probe took place, or it could not go on; the peer is not to blame. */
    S2S_EINVALID_ARGUMENT = -1, /* the result names the argument */
    S2S_ENO_MEMORY = -2,        /* no result */
    S2S_EABI = -3,              /* a structure this library cannot read */
    S2S_EBUSY = -4,             /* called from inside a callback, or stopped */
    S2S_EINTERNAL = -5,
    S2S_ECANCELLED = -6,
    S2S_ETIMEOUT = -7, /* the deadline passed; the stage says where */
    S2S_EADDRESS_FORBIDDEN = -8,
    S2S_EPOLICY = -9, /* our own configuration does not allow it */

    /* No verdict: what is there does not work, or is not XMPP. */
    S2S_EDNS = -20,
    S2S_ECONNECT = -21,
    S2S_ECLOSED = -22,
    S2S_ENOT_XMPP = -23,
    S2S_EXML = -24,           /* not well-formed */
    S2S_EXML_FORBIDDEN = -25, /* comment, PI, DTD, entity (RFC 6120, 11.1) */
    S2S_EENCODING = -26,
    S2S_ENAMESPACE = -27,
    S2S_ESTREAM_HEADER = -28, /* no id, or another domain inside TLS */
    S2S_EPROTOCOL = -29,      /* well-formed, but not allowed here */
    S2S_ELIMIT = -30,
    S2S_ETLS_HANDSHAKE = -31,
    S2S_ETLS_INJECTION = -32, /* bytes behind <proceed/> in the clear */

    /* A verdict: the peer speaks XMPP, and the answer is no. */
    S2S_ESTREAM_ERROR = -40,
    S2S_EREDIRECT = -41, /* see-other-host: reported, never followed */
    S2S_ETLS_NOT_OFFERED = -42,
    S2S_ETLS_REFUSED = -43, /* offered, then refused */
    S2S_ECERT_UNTRUSTED = -44,
    S2S_ECERT_EXPIRED = -45, /* or not yet valid */
    S2S_ECERT_NAME = -46,
    S2S_EAUTH_FAILED = -47,
    S2S_EAUTH_ABORTED = -48,
    S2S_EDIALBACK_FAILED = -49,
    S2S_EREMOTE_ERROR = -50,   /* an error that proves no reachability */
    S2S_ENO_RETURN_PATH = -51, /* nothing could carry the pong */
    S2S_EFEATURES = -52,       /* missing or unusable */
    S2S_EVERSION = -53,        /* a peer before XMPP 1.0 */

    /* Returned by callbacks only. */
    S2S_WANT_READ = -100,
    S2S_WANT_WRITE = -101
};

/* Errors of this value and below are a callback's own and pass through. */
#define S2S_CALLBACK_ERROR (-1000)

/* How far a probe got. Values grow along the way; later ones fit between. */
enum s2s_stage {
    S2S_STAGE_NONE = 0,
    S2S_STAGE_QUEUE = 5,     /* waiting in our own queue, before the deadline */
    S2S_STAGE_DNS = 10,      /* names to addresses */
    S2S_STAGE_TCP = 20,      /* connecting */
    S2S_STAGE_STREAM = 30,   /* the stream in the clear: header, features */
    S2S_STAGE_STARTTLS = 40, /* <starttls/> to <proceed/> */
    S2S_STAGE_TLS = 50,      /* handshake */
    S2S_STAGE_FEATURES = 60, /* the features that count, and their header */
    S2S_STAGE_AUTH = 70,
    S2S_STAGE_PING = 80,
    S2S_STAGE_OPEN = 90, /* stanzas flow: s2s_send(), s2s_stream_open() */
    S2S_STAGE_DONE = 100
};

/* s2s_options.tls_mode */
#define S2S_TLS_AUTO     0 /* by port, and once the other way if it is wrong */
#define S2S_TLS_STARTTLS 1 /* RFC 6120, section 5 */
#define S2S_TLS_DIRECT   2 /* XEP-0368 */
#define S2S_TLS_NONE     3 /* in the clear */

/* s2s_options.flags */
#define S2S_ACCEPT_UNTRUSTED 1u  /* a bad certificate is a finding, no error */
#define S2S_AUTHENTICATE     2u  /* s2s_connect(): as an identity of ours */
#define S2S_NO_EXTERNAL      4u  /* do not use SASL EXTERNAL */
#define S2S_NO_DIALBACK      8u  /* do not use Server Dialback */
#define S2S_NO_BIDI          16u /* do not use XEP-0288 */
#define S2S_NO_ACKS          32u /* do not use XEP-0198 */
/*
 * Send a dialback key although the peer's certificate is not verified, when
 * its address came from DNS for `to`. A key that a wrong peer gets lets it
 * speak for `from` on that one stream. Never with `host`.
 */
#define S2S_DIALBACK_UNVERIFIED 64u
/*
 * TLSA records decide: one of usage 3 proves the peer, whatever authorities,
 * names and dates say; when there are usable ones and none matches, or DNSSEC
 * refuses the answer, the certificate is untrusted. RFC 7673, 4.2.
 */
#define S2S_DANE 128u

/* When DNS does not answer for SRV, go to the domain's own address (RFC 6120,
 * 3.2.1, item 9). Never against DNSSEC. */
#define S2S_SRV_FALLBACK 256u

/* Send the stream header and <starttls/> together, before the peer has said
 * whether it offers STARTTLS: one round trip less, which it may refuse. */
#define S2S_PIPELINE 512u

/* s2s_context_options: 0 is the default, this is none. */
#define S2S_NO_LIMIT 4294967295u

/* s2s_options.ping_method */
#define S2S_PING_AUTO            0
#define S2S_PING_IQ              1 /* XEP-0199 */
#define S2S_PING_DIALBACK_VERIFY 2 /* XEP-0220 db:verify with a random key */

/* s2s_context_submit() */
#define S2S_OP_CONNECT 1
#define S2S_OP_PING    2
#define S2S_OP_SEND    3
#define S2S_OP_CHECK   4

/* s2s_result_finding_severity() */
#define S2S_SEVERITY_INFO    0
#define S2S_SEVERITY_WARNING 1
#define S2S_SEVERITY_ERROR   2

/* Log levels. S2S_LOG_WIRE is every XML element, keys and secrets redacted. */
#define S2S_LOG_ERROR 0
#define S2S_LOG_INFO  1
#define S2S_LOG_DEBUG 2
#define S2S_LOG_WIRE  3

/* ---- Callbacks ------------------------------------------------------- */

/*
 * Read or write without blocking. Returns the number of bytes moved (> 0);
 * 0: the peer has ended (from a write too); S2S_WANT_READ or S2S_WANT_WRITE:
 * not now, call again when the descriptor is ready that way; any other negative
 * value: an enum s2s_error, or an own error of S2S_CALLBACK_ERROR and below.
 * More bytes than were asked for, or any other number, is S2S_EINTERNAL.
 */
typedef ptrdiff_t s2s_read_fn(void *conn, void *buffer, size_t length);
typedef ptrdiff_t s2s_write_fn(void *conn, const void *buffer, size_t length);

/* A byte stream to a host. Replaces the library's own DNS and TCP. */
typedef struct s2s_transport {
    size_t size;
    void *user; /* handed to open() */

    /*
     * REQUIRED. Begin to connect; the connection may stay in progress, then
     * read and write say S2S_WANT_* until it stands. 0 or an error; *conn is
     * used only after 0, and may be NULL.
     */
    int (*open)(void *user, const char *host, uint16_t port, void **conn);
    s2s_read_fn *read;   /* REQUIRED */
    s2s_write_fn *write; /* REQUIRED */

    /*
     * Optional. The descriptor to wait on after a S2S_WANT_*; it may change
     * between calls. -1, or no function: ask again after s2s_context_wakeup().
     */
    int (*fd)(void *conn);
    void (*close)(void *conn); /* REQUIRED. Once for each successful open. */
} s2s_transport;

/* What the library asks of a TLS session. */
typedef struct s2s_tls_request {
    size_t size;
    const char *server_name; /* A-label for SNI */
    const char *alpn;        /* NULL: none */
    const char *certificate; /* PEM chain of ours, or NULL */
    const char *key;         /* PEM, or NULL */
    void *lower;             /* first argument of the next two */
    s2s_read_fn *lower_read;
    s2s_write_fn *lower_write;
    uint32_t role;    /* S2S_TLS_CLIENT or S2S_TLS_SERVER */
    uint32_t version; /* S2S_TLS_ANY, or the only one that may be used */

    /*
     * Server only, may be NULL: the certificate and key (PEM) for the name
     * that the client asks for, NULL when it asks for none. Called at most
     * once, during the handshake. 0 or an error.
     */
    int (*choose)(void *chooser, const char *server_name,
                  const char **certificate, const char **key);
    void *chooser;
} s2s_tls_request;

/* s2s_tls_request.role. A server asks for a client's certificate, does not
 * insist on it, and lets the library judge it. */
#define S2S_TLS_CLIENT 0u
#define S2S_TLS_SERVER 1u

/* s2s_tls_request.version */
#define S2S_TLS_ANY 0u /* 1.2 and later */
#define S2S_TLS_1_2 12u
#define S2S_TLS_1_3 13u

/* What a TLS provider tells after the handshake. Valid until close(). */
typedef struct s2s_tls_info {
    size_t size;                       /* set by the library */
    const char *protocol;              /* "TLS1.3" */
    const char *cipher;                /* "TLS_AES_128_GCM_SHA256" */
    const char *alpn;                  /* selected, or NULL */
    const unsigned char *const *chain; /* DER, leaf first, as sent */
    const size_t *chain_sizes;
    size_t chain_length;
    const unsigned char *ocsp; /* stapled response, DER, or NULL */
    size_t ocsp_size;
    uint32_t client_certificate_requested; /* 0 or 1 */
    uint32_t client_certificate_sent;      /* 0 or 1 */
    const char *server_name;               /* server only: asked for, or NULL */
} s2s_tls_info;

/*
 * A TLS implementation. It supplies evidence; the library judges chain and
 * name, so that verdicts agree whatever the provider.
 */
typedef struct s2s_tls {
    size_t size;
    void *user;
    int (*open)(void *user, const s2s_tls_request *request, void **session);
    int (*handshake)(void *session); /* 0, S2S_WANT_* or an error */
    int (*info)(void *session, s2s_tls_info *info);
    s2s_read_fn *read;
    s2s_write_fn *write;
    void (*close)(void *session); /* close_notify if it can, frees, no wait */
} s2s_tls;

/*
 * Called with each address before the library connects to it: 0 allows it,
 * anything else refuses it. s2s_address_public() is made for this.
 */
typedef int s2s_address_filter(void *user, const struct sockaddr *address,
                               uint32_t length);

/* s2s_dns_answer.security (RFC 4035, 4.3) */
#define S2S_DNS_INSECURE 0u /* or not known */
#define S2S_DNS_SECURE   1u
#define S2S_DNS_BOGUS    2u

/* What DNS says of one name and type. */
typedef struct s2s_dns_answer {
    size_t size;
    const unsigned char *const *records; /* the data of each (RDATA), names in
                                            it not compressed */
    const size_t *record_sizes;
    size_t record_count;
    const char *why;   /* in words, when there are none; or NULL */
    uint32_t rcode;    /* RFC 1035, 4.1.1: 0, 2 (SERVFAIL), 3 (NXDOMAIN), ... */
    uint32_t security; /* S2S_DNS_*; records of a bogus answer are not used */
    uint32_t ttl;      /* seconds that it may be kept; 0: not at all */
    uint32_t alias;    /* 1: the name is an alias (CNAME) */
} s2s_dns_answer;

typedef struct s2s_dns_query s2s_dns_query;

/* A DNS resolver. Replaces the library's own. */
typedef struct s2s_resolver {
    size_t size;
    void *user;

    /*
     * REQUIRED. Look up `name`, A-labels without a trailing dot, for records of
     * `type` (1 A, 28 AAAA, 33 SRV, 52 TLSA), aliases followed. 0, and
     * then s2s_dns_done() once, perhaps from inside this call; or an error, and
     * then never.
     */
    int (*start)(void *user, s2s_dns_query *query, const char *name,
                 uint16_t type);
    /* REQUIRED. The answer is no longer wanted, and `query` is gone. */
    void (*cancel)(void *user, s2s_dns_query *query);

    /* Optional, both or none: one descriptor for the life of the resolver, and
     * what to do when it is readable; s2s_dns_done() is called from there. */
    int (*fd)(void *user);
    void (*process)(void *user);
} s2s_resolver;

/* One formatted line without a newline. */
typedef void s2s_log_fn(void *user, int level, const char *area,
                        const char *line);

/* ---- Options --------------------------------------------------------- */

/* A domain that we speak for, and its certificate. */
typedef struct s2s_identity {
    size_t size;
    const char *domain;           /* REQUIRED */
    const char *certificate_file; /* PEM, leaf first */
    const char *key_file;         /* PEM */
    const char *key_password;     /* of the key or the PKCS#12 file, or NULL */
    const char *pkcs12_file;      /* certificate and key, for the two above */

    /* The secret of dialback keys (XEP-0185). NULL: random, and known to
     * nothing but the context. */
    const char *dialback_secret;

    /* Where to take connections for it, as s2s_context_listen(); NULL ends.
     * Not in s2s_options.identity together with a context. */
    const char *const *listen;
} s2s_identity;

/* Limits on what a peer may send; 0 takes the default in brackets. */
typedef struct s2s_limits {
    size_t size;
    uint32_t header;                /* bytes of a stream header [8192] */
    uint32_t element;               /* bytes of an element [65536] */
    uint32_t element_authenticated; /* once authenticated [524288] */
    uint32_t depth;                 /* nesting of elements [64] */
    uint32_t nodes;                 /* elements and texts in one [16384] */
    uint32_t attributes;            /* of one element [64] */
    uint32_t bindings;              /* namespace declarations in scope [64] */
    uint32_t name;                  /* bytes of a name [1024] */
    uint32_t probe;                 /* bytes of one probe [1048576] */
    uint32_t stanzas;               /* top-level elements of a probe [100] */
    uint32_t inbound;         /* connections that came in, at once [256] */
    uint32_t inbound_address; /* of them unauthenticated of one address [32] */
} s2s_limits;

typedef struct s2s_context_options {
    size_t size;
    const char *ca_file;                   /* PEM; replaces the system store */
    const char *const *dns_servers;        /* "ADDR[:PORT]", NULL ends */
    const s2s_identity *const *identities; /* NULL ends */
    s2s_address_filter *address_filter;    /* NULL: all are allowed */
    void *address_filter_user;
    s2s_log_fn *log;
    void *log_user;
    const s2s_limits *limits;
    uint32_t log_level;
    uint32_t max_running;         /* probes at once, others wait [256] */
    const s2s_resolver *resolver; /* NULL: the library's own; copied */
    uint32_t dns_trust_ad; /* 1: believe the AD bit (DNSSEC) of DNS servers that
                              are not on loopback: the way to them is safe */

    /* Connections on their way to a secure stream at once, others wait before
     * they connect; S2S_NO_LIMIT. [as many as this machine keeps up with] */
    uint32_t max_handshakes;
    uint32_t rate; /* connections begun in a second, in all [no limit] */

    /* What one server has to bear; S2S_NO_LIMIT. Not for callers' transports,
     * nor for connections that answer those which came in. */
    uint32_t host_running;    /* connections at once to one host name [4] */
    uint32_t address_running; /* to one address [8] */
    uint32_t host_rate;       /* begun in a second to one of either [10] */
    s2s_context *share; /* take authorities, credentials and priorities of that
                           one, which has the same ca_file; may be in use by
                           another thread, and freed before this one */
} s2s_context_options;

typedef struct s2s_options {
    size_t size;
    const char *host; /* connect here; NULL: where the SRV records of the domain
                         lead, or to the domain itself */
    uint16_t port;    /* [5269]; without `host`: of the domain itself */
    uint16_t tls_mode;   /* S2S_TLS_* */
    uint32_t timeout_ms; /* the whole probe, 1..600000 [15000] */
    uint32_t flags;
    uint32_t ping_method; /* S2S_PING_*; s2s_ping() only */
    const s2s_transport *transport;
    const s2s_tls *tls;
    s2s_context *context; /* run there; NULL: a context of its own */
    const s2s_context_options *setup; /* for that own context; not with one */
    const s2s_identity *identity;     /* for this probe, before the context's */
    const char *const *also_from;     /* more domains of ours to authenticate on
                                         the same stream, by dialback; NULL ends */
    const char *stanza;   /* S2S_OP_SEND: one message, presence or iq */
    uint32_t count;       /* pings, 1..1000 [1] */
    uint32_t interval_ms; /* from one to the next, 1..600000 [1000] */

    /* Streams that stay open: after so long without a byte of ours, ask for an
     * acknowledgement (XEP-0198) or send a space, 1000..86400000 [300000]. */
    uint32_t keepalive_ms;
    uint32_t reserved;

    /* What the stream calls `to`, for servers that are configured with the
     * A-labels of an internationalised domain. [the U-labels of `to`] Under a
     * name that is of another domain no dialback key is sent. */
    const char *xml_to;

    /* S2S_OP_CHECK: more names to look at; with a dot at the end they go in
     * front of `to` ("conference."), otherwise they are domains. NULL ends. */
    const char *const *services;
} s2s_options;

/* ---- Probes ---------------------------------------------------------- */

/*
 * Open a stream from domain `from` to domain `to`, secure it, note what it
 * offers, close it. Blocks for at most options->timeout_ms, plus the time
 * spent in the context's own queue. `options` may be NULL.
 *
 * Returns S2S_OK when the stream became usable, otherwise why it did not.
 * *result is always written: NULL after S2S_ENO_MEMORY, S2S_EABI and
 * S2S_EBUSY, otherwise a result, complete up to the stage reached, to be
 * freed with s2s_result_free(). It says which argument S2S_EINVALID_ARGUMENT
 * means. `result` may be NULL.
 */
S2S_API int s2s_connect(const char *from, const char *to,
                        const s2s_options *options, s2s_result **result);

/*
 * The same, then ask the peer for an answer and time it. With an identity for
 * `from` and a way back (XEP-0288, or a listener of the context) that is an
 * XMPP ping on an authenticated stream, otherwise a dialback verification
 * (see s2s_options.ping_method). S2S_OK when every ping was answered.
 */
S2S_API int s2s_ping(const char *from, const char *to,
                     const s2s_options *options, s2s_result **result);

/*
 * Authenticate, send one stanza, collect what comes back between the two
 * domains: until the answer to an iq request, otherwise until the deadline,
 * which is then no error. `stanza` is one element without namespace prefix,
 * from and to of our domains; it replaces options->stanza.
 */
S2S_API int s2s_send(const char *from, const char *to, const char *stanza,
                     const s2s_options *options, s2s_result **result);

/*
 * Look at the whole federation set-up of a domain: at every endpoint that DNS
 * leads to, each address and each way to TLS, and what differs between them.
 * The result has a row for each, and the findings of all, worst first. With
 * S2S_AUTHENTICATE it also pings as `from`. S2S_OK when at least one endpoint
 * works; otherwise what the first one, or DNS, came to.
 */
S2S_API int s2s_check(const char *from, const char *to,
                      const s2s_options *options, s2s_result **result);

/* ---- Results --------------------------------------------------------- */

S2S_API void s2s_result_free(s2s_result *result); /* NULL is allowed */

/* What the call returned. */
S2S_API int s2s_result_error(const s2s_result *result);
/* One English line that says what happened; "" on success. */
S2S_API const char *s2s_result_message(const s2s_result *result);
/* enum s2s_stage */
S2S_API int s2s_result_stage(const s2s_result *result);
/* The id in the peer's last stream header, or NULL. */
S2S_API const char *s2s_result_stream_id(const s2s_result *result);
/* Labels such as "STARTTLS", over all stages, each once, in a fixed order. */
S2S_API size_t s2s_result_feature_count(const s2s_result *result);
S2S_API const char *s2s_result_feature(const s2s_result *result, size_t index);
/* The answers to a ping: the bytes that the peer sent. */
S2S_API size_t s2s_result_stanza_count(const s2s_result *result);
S2S_API const char *s2s_result_stanza(const s2s_result *result, size_t index);
/* Microseconds spent in a stage; -1 when it was not entered. For
 * S2S_STAGE_DONE: of the whole probe. */
S2S_API int64_t s2s_result_stage_us(const s2s_result *result, int stage);
/* Findings: what is wrong or noteworthy, whose it is, what to do. Successes
 * have them too. NULL, or -1 for the severity, past the end. */
S2S_API size_t s2s_result_finding_count(const s2s_result *result);
S2S_API const char *s2s_result_finding_code(const s2s_result *result,
                                            size_t index);
S2S_API int s2s_result_finding_severity(const s2s_result *result, size_t index);
/* "peer", "us", "network" or "none" */
S2S_API const char *s2s_result_finding_fault(const s2s_result *result,
                                             size_t index);
S2S_API const char *s2s_result_finding_seen(const s2s_result *result,
                                            size_t index);
S2S_API const char *s2s_result_finding_advice(const s2s_result *result,
                                              size_t index);
/*
 * Any scalar of the JSON by its path, as text: "tls.protocol",
 * "certificate.daysLeft", "streams.0.id", "tls.verified" ("true"). NULL when
 * there is no such scalar.
 */
S2S_API const char *s2s_result_get(const s2s_result *result, const char *path);
/* The whole result: one JSON object, valid UTF-8. Never NULL. */
S2S_API const char *s2s_result_json(const s2s_result *result);

/* ---- Many probes on one context -------------------------------------- */

/* Returns 0, S2S_EINVALID_ARGUMENT, S2S_EABI, S2S_ENO_MEMORY,
 * S2S_EINTERNAL (no descriptors left). `options` may be NULL. Why it failed
 * goes to options->log, as S2S_LOG_ERROR in the area "context". */
S2S_API int s2s_context_new(const s2s_context_options *options,
                            s2s_context **context);

/* Ends what still runs and frees it, with all results not yet taken. NULL is
 * allowed. Not from inside a callback. */
S2S_API void s2s_context_free(s2s_context *context);

/* One descriptor, readable while there is work or a result. Level-triggered;
 * poll it, do not read it. */
S2S_API int s2s_context_fd(const s2s_context *context);

/* For loops that cannot use the descriptor alone: milliseconds until there is
 * timed work; 0 now; -1 nothing. */
S2S_API int s2s_context_timeout_ms(s2s_context *context);

/* Do what can be done now. Never blocks; bounded work. Returns 0, or
 * S2S_EBUSY from inside a callback. */
S2S_API int s2s_context_process(s2s_context *context);

/*
 * Start a probe. Returns 0 and its id, never 0 and never used twice; or
 * S2S_EINVALID_ARGUMENT (op, context or id is wrong, or options->context is
 * another one), S2S_EABI, S2S_ENO_MEMORY, S2S_EBUSY (after s2s_context_stop()).
 * Whatever else is wrong comes back as a result, wrong domains included.
 */
S2S_API int s2s_context_submit(s2s_context *context, int op, const char *from,
                               const char *to, const s2s_options *options,
                               void *user, uint64_t *id);

/* The probe ends as S2S_ECANCELLED, and its result comes as any other. No
 * effect when it is already finished. */
S2S_API void s2s_context_cancel(s2s_context *context, uint64_t id);

/* Take a finished probe: 1 and its result (to be freed), id and user; 0 when
 * there is none. *result is NULL when the probe ran out of memory. Each
 * pointer may be NULL, except `result`. */
S2S_API int s2s_context_next(s2s_context *context, s2s_result **result,
                             uint64_t *id, void **user);

/* Wait and work until a result can be taken (1), `timeout_ms` have passed or
 * s2s_context_wakeup() was called (0); -1: no time limit. S2S_ECANCELLED after
 * s2s_context_stop(), when all results are taken; S2S_EBUSY in a callback. */
S2S_API int s2s_context_run(s2s_context *context, int timeout_ms);

/* From any thread and from a signal handler: let a wait end, and ask
 * transports without a descriptor again. */
S2S_API void s2s_context_wakeup(s2s_context *context);

/* From any thread and from a signal handler: end all probes, for good. A
 * blocking call on the context returns S2S_ECANCELLED. */
S2S_API void s2s_context_stop(s2s_context *context);

/* How a context fares now, and has fared since it was made. */
typedef struct s2s_stats {
    size_t size;         /* set it before the call */
    uint32_t queued;     /* submitted and not begun: max_running, busy DNS */
    uint32_t running;    /* begun and not over */
    uint32_t held;       /* of these: wait before they connect, for a limit */
    uint32_t handshakes; /* of these: connect, and are not secure yet */
    /* How long what has happened waited for its turn on the thread, in
     * microseconds: half of it, 99 of 100, all of it, no longer than this. */
    uint64_t lag_p50_us;
    uint64_t lag_p99_us;
    uint64_t lag_max_us;
} s2s_stats;

/* Returns 0, S2S_EINVALID_ARGUMENT (a pointer is NULL) or S2S_EABI. */
S2S_API int s2s_context_stats(const s2s_context *context, s2s_stats *stats);

/*
 * Take connections for the context's identities: "192.0.2.1:5269",
 * "[2001:db8::1]:5269", "0.0.0.0:0"; port 0 takes a free one. Peers find us by
 * the DNS of our domains, which is not looked at. *port gets the port, and may
 * be NULL. For peers that authenticate by dialback, and to answer their
 * pings, the library connects to the domains that they name: see
 * address_filter. Returns 0, S2S_EINVALID_ARGUMENT (no address), S2S_EPOLICY
 * (the system does not let us), S2S_ELIMIT (32 are open), S2S_ENO_MEMORY,
 * S2S_EINTERNAL, S2S_EBUSY.
 */
S2S_API int s2s_context_listen(s2s_context *context, const char *address,
                               uint16_t *port);

/* ---- Streams that stay open -------------------------------------------- */

/* s2s_event.type */
#define S2S_EVENT_OPEN   1u /* authenticated: stanzas can be sent */
#define S2S_EVENT_STANZA 2u /* one has come */
#define S2S_EVENT_ACKED  3u /* the peer has acknowledged (XEP-0198) */
#define S2S_EVENT_CLOSED 4u /* the last one: see s2s_stream_result() */

/* s2s_event.via */
#define S2S_VIA_STREAM  1u /* the stream itself */
#define S2S_VIA_INBOUND 2u /* another one: mostly one that the peer opened */

typedef struct s2s_event {
    size_t size; /* set it before the call */
    uint32_t type;
    uint32_t via;       /* with STANZA */
    const char *stanza; /* with STANZA: as sent, NUL-terminated, one element;
                           until the next call on the stream */
    size_t length;
    uint64_t acked; /* with ACKED: stanzas of ours so far */
} s2s_event;

/*
 * Open an authenticated stream on a context and keep it. options->timeout_ms
 * is for the opening alone. Returns 0, S2S_EINVALID_ARGUMENT (a pointer is
 * NULL), S2S_EABI, S2S_ENO_MEMORY, S2S_EBUSY; whatever else is wrong comes as
 * S2S_EVENT_CLOSED. To be freed, before the context.
 */
S2S_API int s2s_stream_open(s2s_context *context, const char *from,
                            const char *to, const s2s_options *options,
                            void *user, s2s_stream **stream);

/*
 * Queue a stanza: one message, presence or iq without prefix, as text. Its from
 * and to are domains of the stream or addresses in them. Returns 0,
 * S2S_EINVALID_ARGUMENT (not such a stanza; nothing is sent), S2S_EPOLICY (not
 * open), S2S_ELIMIT (too much waits to be sent), S2S_ENO_MEMORY.
 */
S2S_API int s2s_stream_send(s2s_stream *stream, const char *stanza,
                            size_t length);

/* Take the next event: 1; 0 when there is none; S2S_EABI. */
S2S_API int s2s_stream_next(s2s_stream *stream, s2s_event *event);

/* A stream of the context that has events, or NULL. s2s_context_run() returns
 * 1 for them as for results. */
S2S_API s2s_stream *s2s_context_stream(s2s_context *context);

S2S_API void *s2s_stream_user(const s2s_stream *stream);

/* End it: what is queued is sent first. S2S_EVENT_CLOSED follows. */
S2S_API void s2s_stream_close(s2s_stream *stream);

/* What was seen, once S2S_EVENT_CLOSED has been taken, else NULL. Belongs to
 * the stream. */
S2S_API const s2s_result *s2s_stream_result(const s2s_stream *stream);

/* Ends it at once if need be. NULL is allowed. Not in a callback. */
S2S_API void s2s_stream_free(s2s_stream *stream);

/* ---- Resolvers of the caller's ----------------------------------------- */

/*
 * Answer a query: on the thread of its context, once, before `cancel`. NULL: no
 * server answered. The answer is copied, the query gone. Returns 0, S2S_EABI
 * for an answer that cannot be read, which counts as a failure, or
 * S2S_EINVALID_ARGUMENT for no query.
 */
S2S_API int s2s_dns_done(s2s_dns_query *query, const s2s_dns_answer *answer);

/* ---- Odds and ends ---------------------------------------------------- */

/*
 * 1 when the address is global unicast by the IANA special-purpose
 * registries, 0 when it is loopback, private, link-local, multicast,
 * documentation, or an IPv6 form that embeds such an IPv4 address.
 */
S2S_API int s2s_address_public(const struct sockaddr *address, uint32_t length);

S2S_API const char *s2s_strerror(int error);
S2S_API const char *s2s_code_name(int error); /* "tls_not_offered" */
S2S_API const char *s2s_version(void);

#ifdef __cplusplus
}
#endif

#endif
