/* The command line. */
#ifndef SHIM_OPTIONS_H
#define SHIM_OPTIONS_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "identity.h"
#include "policy.h"

#define OPTIONS_LIST       16 /* entries of a repeatable option */
#define OPTIONS_MAX_PROBES 1024

enum options_action { OPTIONS_SERVE, OPTIONS_HELP, OPTIONS_VERSION };

/* Texts belong to argv, which options_parse() may cut into pieces. */
struct options {
    enum options_action action;
    char listen_address[16];                   /* dotted IPv4 */
    uint16_t listen_port;                      /* 0: any */
    const char *ca_file;                       /* NULL: the system's */
    const char *dns_servers[OPTIONS_LIST + 1]; /* NULL ends */
    const char *allow_hosts[OPTIONS_LIST + 1]; /* NULL ends */
    const char *listen_s2s[OPTIONS_LIST + 1];  /* NULL ends */
    struct identity identities[OPTIONS_LIST];
    size_t identity_count;
    struct policy policy;
    uint32_t max_probes;
    uint32_t max_timeout_ms;
    /* As in s2s_context_options. */
    uint32_t max_handshakes, rate, host_running, address_running, host_rate;
    bool demo;
    bool dns_trust_ad;
    bool access_log;
};

extern const char options_usage[];

/* False with one line in `error` when the command line is wrong. */
bool options_parse(int argc, char **argv, struct options *out, char *error,
                   size_t error_size);

/* Whether somebody on another machine may be the one who asks, directly,
 * through a proxy or as a server; then not every address may be probed. */
bool options_exposed(const struct options *o);

#endif
