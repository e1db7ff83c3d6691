/* What all probes of a context share. */
#ifndef PROBE_SHARED_H
#define PROBE_SHARED_H

#include "base/descriptors.h"
#include "base/histogram.h"
#include "base/options.h"
#include "net/certificate.h"
#include "net/courtesy.h"
#include "net/identity_verdicts.h"
#include "net/resolver.h"
#include "net/tcp.h"
#include "net/tls.h"
#include "probe/admission.h"
#include "probe/loop.h"
#include "probe/router.h"

/* An identity that only one probe has. Embedded in its owner. */
struct guest {
    TAILQ_ENTRY(guest) link;
    const struct options_identity *identity;
};

/* Connections of our own on behalf of ones that came in. Set by the context;
 * each is S2S_OK or an error. */
struct errands {
    void *user;
    /* Ask `theirs` about a key; the answer goes to router_answer(). */
    int (*verify)(void *user, const struct domain *ours,
                  const struct domain *theirs, const char *id, const char *key);
    /* Authenticate as `ours`, send a stanza to `theirs`. */
    int (*send)(void *user, const struct domain *ours,
                const struct domain *theirs, const char *stanza);
};

struct probe; /* rooms further up */
struct listener;

struct shared;

/* Probes that are parts of another one. Set by the context. */
struct children {
    void *user;
    /* probe_new(), probe_free() */
    int (*make)(struct shared *shared, struct options_probe *options,
                struct probe **out);
    void (*free)(struct probe *p);
    /* Run it now, whatever else runs; its done() is called at the end. */
    void (*run)(void *user, struct probe *p);
    /* End it without a word, and free it. */
    void (*drop)(void *user, struct probe *p);
};

struct shared {
    struct options_context options;
    struct loop loop;
    struct descriptors descriptors;
    struct certificate_trust *trust;   /* this one and `tls` also another's */
    struct identity_verdicts verdicts; /* of the context's identities */
    struct tls_store *tls;
    struct resolver *resolver; /* made when it is first needed */
    struct loop_watch resolver_watch;
    bool resolver_ready;                 /* the watch has fired */
    struct courtesy *courtesy;           /* made with the resolver */
    struct tcp_settings tcp, tcp_errand; /* of the latter: less at once, and no
                                            courtesy to who made us come */
    struct router router;
    struct errands errands;
    struct children children;
    struct admission admission;
    struct histogram lag;      /* of turns on the loop */
    uint32_t held;             /* probes in S2S_STAGE_QUEUE */
    uint32_t sparing;          /* of the caller's, for the sake of a server */
    struct listener *listener; /* NULL until the first address */
    TAILQ_HEAD(, guest) guests;
    int64_t (*wall_clock)(void); /* seconds since 1970; replaced by tests */
};

/* `other`: whose trust and TLS store to take, or NULL; it may be at work in
 * another thread. S2S_OK, S2S_ENO_MEMORY, S2S_EINTERNAL, or
 * S2S_EINVALID_ARGUMENT with `what` (see options_load_context()). Takes
 * `options` over, on success only. */
int shared_init(struct shared *s, struct options_context *options,
                const struct shared *other, char what[OPTIONS_WHAT]);
void shared_free(struct shared *s); /* no connection may be left */

/* Make the resolver, if there is none yet. S2S_OK, S2S_ENO_MEMORY or
 * S2S_EINTERNAL. */
int shared_open_resolver(struct shared *s);

/* The library's own transport, for which the resolver is made now. `errand`:
 * a stranger makes us connect, and may not make us try everything. */
int shared_transport(struct shared *s, bool errand, s2s_transport *out);

/* The identity that serves a domain, of the context or of a probe; NULL. */
const struct options_identity *shared_serves(const struct shared *s,
                                             const char *domain);

/* The identity for a probe: its own, or the context's for its domain; NULL. */
const struct options_identity *shared_identity(const struct shared *s,
                                               const struct options_probe *o);

/* Work that is due for all: the resolver's. */
void shared_process(struct shared *s);

#endif
