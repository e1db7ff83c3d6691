/* One probe, from its options to its record. */
#ifndef PROBE_PROBE_H
#define PROBE_PROBE_H

#include <stdbool.h>
#include <sys/queue.h>

#include "base/options.h"
#include "base/result.h"
#include "probe/link.h"
#include "probe/loop.h"
#include "probe/shared.h"
#include "xmpp/initiator.h"

#define PROBE_TOKEN 33 /* 128 bits in hex */

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

    struct link link;
    struct initiator *stream;
    struct initiator_config config;
    char verify_id[PROBE_TOKEN];
    char verify_key[PROBE_TOKEN];
    struct loop_watch watch;
    struct loop_timer deadline;

    int stage;
    int64_t stage_since, submitted, started;
    bool own_transport, own_tls;
    bool connected;
    bool cancelled, expired, finished;

    /* Automatic TLS mode: after the first way failed. */
    bool switched;
    bool secured;    /* TLS has stood, on either connection */
    int first_error; /* the outcome of the first way */
    int first_stage;
    const char *first_message;
};

TAILQ_HEAD(probe_list, probe);

/* A probe that waits to be started. S2S_OK or S2S_ENO_MEMORY. */
int probe_new(struct shared *shared, const struct options_probe *options,
              struct probe **out);
/* One that has already ended, with S2S_EINVALID_ARGUMENT and this text. */
int probe_new_invalid(struct shared *shared, int op, const char *what,
                      struct probe **out);
void probe_free(struct probe *p);

void probe_start(struct probe *p);
/* Do what can be done now, within bounds; p->finished tells the end. */
void probe_step(struct probe *p);
/* The next step ends it as cancelled. */
void probe_cancel(struct probe *p);

/* Whether it waits on a transport that has no descriptor. */
bool probe_waits_blindly(const struct probe *p);

#endif
