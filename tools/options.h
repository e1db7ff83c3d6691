/* The command line. */
#ifndef TOOLS_OPTIONS_H
#define TOOLS_OPTIONS_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#define OPTIONS_LIST     16 /* entries of an option that can be repeated */
#define OPTIONS_SERVICES 8  /* of --service: the library's own limit */
#define OPTIONS_NO_DAYS  UINT32_MAX

#define OPTIONS_TIME_MAX_MS 600000 /* the library's own limit */
#define OPTIONS_COUNT_MAX   1000
#define OPTIONS_CONCURRENCY 1000 /* of batch, unless told otherwise */

enum command {
    COMMAND_NONE,
    COMMAND_CONNECT,
    COMMAND_PING,
    COMMAND_SEND,
    COMMAND_CHECK,
    COMMAND_BATCH
};

enum action { ACTION_PROBE, ACTION_HELP, ACTION_VERSION };

enum color { COLOR_AUTO, COLOR_ALWAYS, COLOR_NEVER };

/* Of a batch. Numbers that are 0 are the library's defaults. */
struct options_batch {
    const char *input; /* a file, or "-" */
    int op;            /* S2S_OP_* */
    uint32_t concurrency, rate, per_host, host_rate, handshakes;
    uint32_t shard, shards; /* this one of so many; 0: all lines are ours */
    bool no_progress, given;
};

/* Texts belong to argv. */
struct options {
    enum action action;
    enum command command;
    const char *domain, *stanza;
    const char *from, *host, *xml_to;
    const char *certificate, *key, *password_file, *secret_file, *ca_file;
    const char *listen[OPTIONS_LIST + 1], *dns_servers[OPTIONS_LIST + 1];
    const char *services[OPTIONS_SERVICES + 1];
    uint32_t port, tls_mode, flags, ping_method;
    uint32_t timeout_ms, count, interval_ms; /* 0: the default */
    uint32_t verbose;
    bool json, nagios, quiet, dns_trust_ad;
    uint32_t warning, critical; /* days */
    enum color color;
    struct options_batch batch;
};

extern const char options_usage[];

/* False, and why in `error`. `nagios` of the options is right even then. */
bool options_parse(int argc, char **argv, struct options *out, char *error,
                   size_t error_size);

/* Whether the probe is to speak as a domain of ours. */
bool options_identity(const struct options *o);
const char *options_command_name(const struct options *o);

#endif
