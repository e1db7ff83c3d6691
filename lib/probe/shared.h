/* What all probes of a context share. */
#ifndef PROBE_SHARED_H
#define PROBE_SHARED_H

#include "base/options.h"
#include "net/certificate.h"
#include "net/resolver.h"
#include "net/tcp.h"
#include "net/tls.h"
#include "probe/loop.h"

struct shared {
    struct options_context options;
    struct loop loop;
    struct certificate_trust *trust;
    struct tls_store *tls;
    struct resolver *resolver; /* made when it is first needed */
    struct loop_watch resolver_watch;
    bool resolver_ready; /* the watch has fired */
    struct tcp_settings tcp;
    int64_t (*wall_clock)(void); /* seconds since 1970; replaced by tests */
};

/* S2S_OK, S2S_ENO_MEMORY, S2S_EINTERNAL, or S2S_EINVALID_ARGUMENT with `what`
 * (see options_load_context()). Takes `options` over, on success only. */
int shared_init(struct shared *s, struct options_context *options,
                char what[OPTIONS_WHAT]);
void shared_free(struct shared *s); /* no connection may be left */

/* The library's own transport, for which the resolver is made now. */
int shared_transport(struct shared *s, s2s_transport *out);

/* Work that is due for all: the resolver's. */
void shared_process(struct shared *s);

#endif
