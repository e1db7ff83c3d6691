/* One probe: what the files that drive it share. */
#ifndef PROBE_STATE_H
#define PROBE_STATE_H

#include <stdbool.h>
#include <sys/queue.h>

#include "base/options.h"
#include "base/result.h"
#include "net/discovery.h"
#include "probe/admission.h"
#include "probe/link.h"
#include "probe/loop.h"
#include "probe/shared.h"
#include "xmpp/initiator.h"

#define PROBE_TOKEN 33 /* 128 bits in hex */

struct talk_observer { /* of a stream that stays open; all REQUIRED */
    void *user;
    void (*open)(void *user);
    void (*stanza)(void *user, struct tokenizer_span verbatim, uint32_t via);
    void (*acked)(void *user, uint32_t acked);
};

#define PROBE_ENDPOINTS  10 /* no more are connected to, */
#define ERRAND_ENDPOINTS 4  /* and by an errand */
#define PROBE_FORBIDDEN  4  /* more are told of, and not connected to */

struct probe_endpoint {
    const char *host; /* of the options, or of the plan */
    uint16_t port;
    uint32_t group; /* those of one priority */
    enum initiator_tls mode;
    bool bad_port; /* not to be connected to */
    bool secure;   /* DNSSEC vouches for the record */
    size_t place;  /* in the plan */
};

/* What DNS vouches for, of the endpoint in use. */
struct probe_proof {
    const struct discovery *discovery; /* NULL: for nothing */
    size_t place;                      /* in its plan */
    bool addresses;                    /* for them too */
};

struct probe {
    TAILQ_ENTRY(probe) link_all;   /* queued, running or finished */
    TAILQ_ENTRY(probe) link_ready; /* when `ready` */
    bool ready;
    uint64_t id;
    void *user;
    void (*wake)(struct probe *p, void *user); /* there is work for it */
    void *wake_user;

    struct shared *shared;
    struct options_probe options;
    s2s_result *result;

    struct discovery *discovery; /* NULL: DNS was not asked for endpoints */
    bool discovering, discovered;
    bool from_srv;
    bool more_endpoints; /* than are followed */
    bool settled;        /* the endpoint in use is, and stays */
    int discovery_error;
    struct probe_endpoint *endpoints; /* owned; of a plan, else &only */
    struct probe_endpoint only;
    size_t endpoint_count;
    size_t endpoint; /* the one in use */
    struct probe_proof proof;
    unsigned tls_version; /* S2S_TLS_* */
    struct check *check;  /* of S2S_OP_CHECK, once the endpoints are known */
    struct probe *parent; /* whose part it is; NULL: nobody's */

    struct link link;
    struct initiator *stream;
    struct initiator_config config;
    char verify_id[PROBE_TOKEN];
    char verify_key[PROBE_TOKEN];
    struct loop_watch watch;
    struct timer deadline;

    int stage;
    int64_t stage_since, submitted, started;
    int64_t due;     /* the deadline, before what is ours is added: */
    int64_t lag_us;  /* waited for its turn on the loop, */
    int64_t held_us; /* and in a queue */
    int64_t held_since;
    unsigned holds; /* it, or so many of its parts, are in one now */
    bool lapsed;    /* the deadline's timer has fired */
    int64_t ready_since, turn_since, last_turn, worked_us;
    struct admission_ticket ticket;
    bool queued;           /* before it connects */
    bool sparing;          /* held by courtesy: see stages_spare() */
    uint32_t spared_parts; /* it, or so many of its parts, are that now */
    bool own_transport, own_tls;
    bool connected;
    bool cancelled, finished;

    const struct talk_observer *observer; /* of a stream that stays open */
    struct talk *talk;                    /* NULL: it does not authenticate */
    /* NULL: the caller takes it from the context when it has finished. */
    void (*done)(struct probe *p, void *user);
    void *done_user;
    bool errand; /* of a connection that came in; not counted as running */
    bool certificate_set;   /* ours, on this connection */
    bool certificate_asked; /* for, in a handshake that failed */
    bool bare; /* again, without our certificate, which was refused */

    bool switched;   /* again, the other way to TLS */
    bool secured;    /* TLS has stood, on any connection */
    int first_error; /* the outcome of the first try */
    int first_stage;
    const char *first_message;
};

TAILQ_HEAD(probe_list, probe);

#endif
