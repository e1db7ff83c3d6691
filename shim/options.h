/* The command line. */
#ifndef SHIM_OPTIONS_H
#define SHIM_OPTIONS_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include <s2sprobe.h>

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
    s2s_identity identities[OPTIONS_LIST];
    const s2s_identity *identity_list[OPTIONS_LIST + 1]; /* NULL ends */
    struct policy policy;
    uint32_t max_probes;
    uint32_t max_timeout_ms;
    bool demo;
    bool access_log;
};

extern const char options_usage[];

/* False with one line in `error` when the command line is wrong. */
bool options_parse(int argc, char **argv, struct options *out, char *error,
                   size_t error_size);

/* Whether only this machine can reach the server. */
bool options_loopback(const struct options *o);

#endif
