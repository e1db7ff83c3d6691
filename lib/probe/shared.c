#include "probe/shared.h"

#include <stdio.h>
#include <string.h>
#include <sys/epoll.h>
#include <time.h>

#include "base/error.h"
#include "net/identity.h"

#define ERRAND_ATTEMPTS 4
#define ERRAND_LOOKUPS  2 /* strangers must leave room for ours */

static int64_t wall_clock(void)
{
    return (int64_t)time(NULL);
}

static void on_resolver(void *user)
{
    struct shared *s = user;
    s->resolver_ready = true;
}

/* A trust store of the caller's is read at once, so that a wrong name is told
 * at once. The system's takes long, and is read when it is needed. */
static int init_trust(struct shared *s, const struct options_context *o,
                      char *what)
{
    int e = certificate_trust_new(o->ca_file, &s->trust);
    if (e != S2S_OK || o->ca_file == NULL)
        return e;
    e = certificate_trust_load(s->trust);
    if (e != S2S_EINVALID_ARGUMENT && e != S2S_EPOLICY)
        return e;
    snprintf(what, OPTIONS_WHAT, "ca_file: %s %.100s",
             e == S2S_EPOLICY ? "no certificates in" : "cannot read",
             o->ca_file);
    return S2S_EINVALID_ARGUMENT;
}

static bool same_file(const char *one, const char *other)
{
    return one == NULL || other == NULL ? one == other
                                        : strcmp(one, other) == 0;
}

/* What is read of the other one is as it was since it was made. */
static int take_over(struct shared *s, const struct options_context *o,
                     const struct shared *other, char *what)
{
    if (!same_file(o->ca_file, other->options.ca_file)) {
        snprintf(what, OPTIONS_WHAT, "share: another ca_file");
        return S2S_EINVALID_ARGUMENT;
    }
    s->trust = certificate_trust_share(other->trust);
    s->tls = tls_store_share(other->tls);
    return S2S_OK;
}

static int init_security(struct shared *s, const struct options_context *o,
                         const struct shared *other, char *what)
{
    if (other != NULL)
        return take_over(s, o, other, what);
    int e = init_trust(s, o, what);
    return e == S2S_OK ? tls_store_new(&s->tls) : e;
}

static int open_identities(struct options_context *o, char *what)
{
    int e = S2S_OK;
    for (size_t i = 0; i < o->identity_count && e == S2S_OK; i++)
        e = identity_open(&o->identities[i], what);
    return e;
}

int shared_init(struct shared *s, struct options_context *options,
                const struct shared *other, char what[OPTIONS_WHAT])
{
    *s = (struct shared){.wall_clock = wall_clock};
    router_init(&s->router);
    TAILQ_INIT(&s->guests);
    int e = loop_init(&s->loop);
    if (e != S2S_OK)
        return e;
    e = init_security(s, options, other, what);
    if (e == S2S_OK)
        e = open_identities(options, what);
    if (e != S2S_OK) {
        shared_free(s);
        return e;
    }
    descriptors_init(&s->descriptors, s->loop.epoll);
    admission_init(&s->admission, &s->loop, options->max_handshakes,
                   options->rate, &s->descriptors);
    s->options = *options;
    s->options.share = NULL; /* it may be gone before us */
    *options = (struct options_context){.ca_file = NULL};
    return S2S_OK;
}

void shared_free(struct shared *s)
{
    courtesy_free(s->courtesy);
    if (s->resolver != NULL)
        resolver_free(s->resolver);
    tls_store_free(s->tls);
    identity_verdicts_free(&s->verdicts);
    certificate_trust_free(s->trust);
    loop_free(&s->loop);
    options_free_context(&s->options);
}

static int watch_resolver(struct shared *s)
{
    s->resolver_watch.fire = on_resolver;
    s->resolver_watch.user = s;
    return loop_watch(&s->loop, &s->resolver_watch, resolver_fd(s->resolver),
                      EPOLLIN);
}

static int open_courtesy(struct shared *s)
{
    const struct courtesy_limits limits = {
        .host_running = s->options.host_running,
        .address_running = s->options.address_running,
        .rate = s->options.host_rate,
    };
    s->courtesy = courtesy_new(&limits, s->resolver, NULL);
    return s->courtesy != NULL ? S2S_OK : S2S_ENO_MEMORY;
}

int shared_open_resolver(struct shared *s)
{
    const struct resolver_settings settings = {
        .servers = s->options.dns_servers,
        .hook = s->options.has_resolver ? &s->options.resolver : NULL,
        .trust_ad = s->options.dns_trust_ad,
    };
    if (s->resolver != NULL)
        return S2S_OK;
    int e = resolver_new(&settings, &s->resolver);
    if (e != S2S_OK)
        return e == S2S_ENO_MEMORY ? e : S2S_EINTERNAL;
    e = open_courtesy(s);
    if (e == S2S_OK)
        e = watch_resolver(s);
    if (e != S2S_OK) {
        courtesy_free(s->courtesy);
        s->courtesy = NULL;
        resolver_free(s->resolver);
        s->resolver = NULL;
        return e;
    }
    s->tcp.resolver = s->resolver;
    s->tcp.filter = s->options.address_filter;
    s->tcp.filter_user = s->options.address_filter_user;
    s->tcp.descriptors = &s->descriptors;
    s->tcp_errand = s->tcp;
    s->tcp.courtesy = s->courtesy;
    s->tcp_errand.max_attempts = ERRAND_ATTEMPTS;
    s->tcp_errand.max_lookups = ERRAND_LOOKUPS;
    return S2S_OK;
}

int shared_transport(struct shared *s, bool errand, s2s_transport *out)
{
    int e = shared_open_resolver(s);
    if (e == S2S_OK)
        *out = tcp_transport(errand ? &s->tcp_errand : &s->tcp);
    return e;
}

const struct options_identity *shared_serves(const struct shared *s,
                                             const char *domain)
{
    const struct guest *g;
    for (size_t i = 0; i < s->options.identity_count; i++)
        if (domain_equal(s->options.identities[i].domain, domain))
            return &s->options.identities[i];
    TAILQ_FOREACH(g, &s->guests, link)
    {
        if (domain_equal(g->identity->domain, domain))
            return g->identity;
    }
    return NULL;
}

const struct options_identity *shared_identity(const struct shared *s,
                                               const struct options_probe *o)
{
    return o->identity != NULL ? o->identity
                               : options_identity(&s->options, o->from);
}

void shared_process(struct shared *s)
{
    if (!s->resolver_ready)
        return;
    s->resolver_ready = false;
    resolver_process(s->resolver);
}
