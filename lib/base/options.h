/* Versioned structures from the caller, checked and copied. */
#ifndef BASE_OPTIONS_H
#define BASE_OPTIONS_H

#include <stdbool.h>
#include <s2sprobe.h>

#include "base/domain.h"
#include "base/log.h"

/*
 * Copy a caller's structure into `to`, whose size is `known`. `to` is zeroed
 * first. A shorter one leaves the rest zero; a longer one must have zeros in
 * its tail. S2S_OK, or S2S_EABI (also when the caller's size is 0, less than
 * a size_t, or absurd). NULL `from` is a structure of zeros.
 */
int options_load(void *to, size_t known, const void *from);

/* An identity of ours, with its files read. */
struct options_identity {
    struct domain *domain;
    char *certificate; /* PEM, or NULL */
    char *key;
};

/* s2s_context_options, owned. */
struct options_context {
    char *ca_file;
    char *dns_servers; /* "a:53,[b]:53" for c-ares, or NULL */
    struct options_identity *identities;
    size_t identity_count;
    s2s_address_filter *address_filter;
    void *address_filter_user;
    struct log log;
    s2s_limits limits; /* no member is 0 */
    uint32_t max_running;
};

/*
 * S2S_OK, S2S_EABI, S2S_ENO_MEMORY, or S2S_EINVALID_ARGUMENT with `what`
 * naming the member (static text or a text in `what`'s buffer).
 */
#define OPTIONS_WHAT 160
int options_load_context(const s2s_context_options *from,
                         struct options_context *to, char what[OPTIONS_WHAT]);
void options_free_context(struct options_context *o);
/* The identity for a domain, or NULL. */
const struct options_identity *options_identity(const struct options_context *o,
                                                const struct domain *domain);

/* s2s_options with from and to, owned. */
struct options_probe {
    int op;
    struct domain *from, *to;
    char *host; /* A-labels or literal */
    bool host_given;
    uint16_t port;
    uint16_t tls_mode;
    uint32_t timeout_ms;
    uint32_t flags;
    uint32_t ping_method;
    bool has_transport, has_tls;
    s2s_transport transport;
    s2s_tls tls;
};

/* As options_load_context(). `context` and `setup` are not looked at. */
int options_load_probe(int op, const char *from, const char *to,
                       const s2s_options *options, struct options_probe *probe,
                       char what[OPTIONS_WHAT]);
void options_free_probe(struct options_probe *o);

#endif
