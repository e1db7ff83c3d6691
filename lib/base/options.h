/* Versioned structures from the caller, checked and copied. */
#ifndef BASE_OPTIONS_H
#define BASE_OPTIONS_H

#include <stdbool.h>
#include <s2sprobe.h>

#include "base/domain.h"
#include "base/log.h"
#include "base/options_identity.h"
#include "base/options_load.h"

/* s2s_context_options, owned. */
struct options_context {
    char *ca_file;
    char *dns_servers; /* "a:53,[b]:53" for c-ares, or NULL */
    bool has_resolver;
    s2s_resolver resolver; /* in place of c-ares */
    bool dns_trust_ad;
    struct options_identity *identities;
    size_t identity_count;
    s2s_address_filter *address_filter;
    void *address_filter_user;
    struct log log;
    s2s_limits limits; /* no member is 0 */
    uint32_t max_running;
    /* S2S_NO_LIMIT: none. */
    uint32_t max_handshakes; /* 0: by the machine */
    uint32_t rate, host_running, address_running, host_rate;
    s2s_context *share; /* lent; NULL: none */
};

/*
 * S2S_OK, S2S_EABI, S2S_ENO_MEMORY, S2S_EINTERNAL (no randomness), or
 * S2S_EINVALID_ARGUMENT with `what` naming the member.
 */
int options_load_context(const s2s_context_options *from,
                         struct options_context *to, char what[OPTIONS_WHAT]);
void options_free_context(struct options_context *o);
/* The identity for a domain, or NULL. */
const struct options_identity *options_identity(const struct options_context *o,
                                                const struct domain *domain);

/* s2s_options with from and to, owned. */
#define OPTIONS_ALSO     8u /* further domains on one stream */
#define OPTIONS_SERVICES 8u
struct options_probe {
    int op;
    struct domain *from, *to;
    char *host; /* A-labels or literal */
    bool host_given;
    uint16_t port;
    bool port_given;
    uint16_t tls_mode;
    uint32_t timeout_ms;
    uint32_t flags;
    uint32_t ping_method;
    bool identity_lent;                /* `identity` is another one's */
    struct options_identity *identity; /* of this probe alone, or NULL */
    struct domain **also_from;         /* at most OPTIONS_ALSO */
    size_t also_count;
    char *stanza; /* as text, not looked at; or NULL */
    uint32_t count;
    uint32_t interval_ms;
    uint32_t keepalive_ms;
    struct domain **services; /* of a check; at most OPTIONS_SERVICES */
    size_t service_count;
    bool has_transport, has_tls;
    s2s_transport transport;
    s2s_tls tls;
};

/* As options_load_context(). `context` and `setup` are not looked at, but that
 * an identity of its own does not listen for a probe on a shared context. */
int options_load_probe(int op, const char *from, const char *to,
                       const s2s_options *options, struct options_probe *probe,
                       char what[OPTIONS_WHAT]);
void options_free_probe(struct options_probe *o);

#endif
