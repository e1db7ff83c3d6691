/* A check: one probe made of many. What the files that run it share. */
#ifndef PROBE_CHECK_STATE_H
#define PROBE_CHECK_STATE_H

#include "net/address.h"
#include "net/lookup.h"
#include "probe/state.h"

#define CHECK_TASKS     64u
#define CHECK_ENDPOINTS 16u /* rows of the domain itself */
#define CHECK_AT_ONCE   8u
#define CHECK_LOOKS     (PROBE_ENDPOINTS + PROBE_FORBIDDEN)

enum task_kind {
    TASK_ENDPOINT, /* a target's address */
    TASK_SERVICE,  /* another domain, as a server would find it */
    TASK_VERSION,  /* an endpoint once more, with one version of TLS */
    TASK_VERIFY,   /* a dialback verification */
    TASK_PING,     /* an XMPP ping, authenticated */
    TASK_TIME      /* XEP-0202 */
};

struct task {
    struct check *check;
    enum task_kind kind;
    bool started, ended;
    struct probe *child;    /* while it runs */
    struct result_row *row; /* where the outcome goes */
    const char *host;       /* to connect to; NULL: by DNS */
    uint16_t port;
    enum initiator_tls mode;
    unsigned version; /* S2S_TLS_* */
    struct probe_proof proof;
    const struct domain *domain; /* whose server it is */
};

struct check_look { /* for the addresses of one target */
    struct check *check;
    struct lookup *lookup; /* while it runs */
    bool ended;
    struct lookup_result answer;        /* then */
    struct resolver_address *addresses; /* of it; owned */
};

struct check {
    struct probe *probe;
    struct check_look looks[CHECK_LOOKS]; /* by endpoint */
    size_t looking;                       /* those that run */
    bool limited;                         /* there is more than is looked at */
    bool listed; /* the endpoints are known and have tasks */
    bool stopped;
    bool second; /* what builds on the endpoints has begun */
    struct task tasks[CHECK_TASKS];
    size_t count, running;
};

/* One more to do, with a row of its own unless `row` is given; NULL: there is
 * no room or no memory. */
struct task *check_task_add(struct check *c, enum task_kind kind,
                            struct result_row *row);

/* Start what may be started. S2S_OK or S2S_ENO_MEMORY. */
int check_task_start(struct check *c);
bool check_task_all_ended(const struct check *c);
/* End all that run; what has not ended says so. */
void check_task_stop(struct check *c);

/* What the rows say together, and the outcome. */
void check_compare(struct check *c);

#endif
