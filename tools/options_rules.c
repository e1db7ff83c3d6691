#include "options_rules.h"

#include <stdio.h>

#include <s2sprobe.h>

#define DEFAULT_MS       15000
#define DEFAULT_CHECK_MS 30000
#define DEFAULT_INTERVAL 1000
#define DEFAULT_WARNING  14
#define DEFAULT_CRITICAL 7

static bool has_files(const struct options *o)
{
    return o->certificate != NULL || o->key != NULL ||
           o->password_file != NULL || o->secret_file != NULL ||
           o->listen[0] != NULL;
}

bool options_identity(const struct options *o)
{
    return has_files(o) || o->command == COMMAND_SEND ||
           (o->flags & S2S_AUTHENTICATE) != 0 || o->ping_method == S2S_PING_IQ;
}

static bool has_days(const struct options *o)
{
    return o->warning != OPTIONS_NO_DAYS || o->critical != OPTIONS_NO_DAYS;
}

/* A line of a batch may be of any operation but send. */
static bool is_for(const struct options *o, enum command command)
{
    return o->command == command || o->command == COMMAND_BATCH;
}

/* The first rule that is broken, or NULL. */
static const char *broken(const struct options *o)
{
    const struct {
        bool wrong;
        const char *text;
    } rules[] = {
        {(o->certificate == NULL) != (o->key == NULL),
         "--cert and --key belong together"},
        {o->password_file != NULL && o->key == NULL,
         "--password-file is for --key"},
        {options_identity(o) && o->from == NULL,
         "to authenticate takes --from"},
        {(o->flags & S2S_AUTHENTICATE) != 0 && !is_for(o, COMMAND_CONNECT) &&
             !is_for(o, COMMAND_CHECK),
         "--authenticate is for connect and check"},
        {o->services[0] != NULL && !is_for(o, COMMAND_CHECK),
         "--service is for check"},
        {o->count != 0 && !is_for(o, COMMAND_PING), "--count is for ping"},
        {o->interval_ms != 0 && !is_for(o, COMMAND_PING),
         "--interval is for ping"},
        {o->ping_method != S2S_PING_AUTO && !is_for(o, COMMAND_PING),
         "--ping-method is for ping"},
        {(o->batch.given || o->batch.no_progress) &&
             o->command != COMMAND_BATCH,
         "that option is for batch"},
        {o->nagios && o->command == COMMAND_BATCH, "--nagios is not for batch"},
        {o->command != COMMAND_BATCH && (int)o->json + o->nagios + o->quiet > 1,
         "one of --json, --nagios and --quiet"},
        {has_days(o) && !o->nagios,
         "--warning and --critical are for --nagios"},
        {o->critical != OPTIONS_NO_DAYS && o->critical > o->warning,
         "--critical is more than --warning"},
    };
    for (size_t i = 0; i < sizeof(rules) / sizeof(rules[0]); i++)
        if (rules[i].wrong)
            return rules[i].text;
    return NULL;
}

/* The one that is given moves the other. */
static void default_days(struct options *o)
{
    bool given = o->critical != OPTIONS_NO_DAYS;
    if (o->warning == OPTIONS_NO_DAYS)
        o->warning = given && o->critical > DEFAULT_WARNING ? o->critical
                                                            : DEFAULT_WARNING;
    if (!given)
        o->critical =
            o->warning < DEFAULT_CRITICAL ? o->warning : DEFAULT_CRITICAL;
}

/* As long as one ping may take, and the time between them. */
static bool default_timeout(struct options *o)
{
    uint64_t interval = o->interval_ms != 0 ? o->interval_ms : DEFAULT_INTERVAL;
    uint64_t one = o->command == COMMAND_CHECK ? DEFAULT_CHECK_MS : DEFAULT_MS;
    uint64_t more = o->count > 1 ? (o->count - 1) * interval : 0;
    if (o->timeout_ms != 0 || o->command == COMMAND_BATCH)
        return true; /* that of a batch depends on the line */
    o->timeout_ms = (uint32_t)(one + more);
    return one + more <= OPTIONS_TIME_MAX_MS;
}

bool options_complete(struct options *o, char *error, size_t error_size)
{
    const char *rule = broken(o);
    if (rule == NULL && !default_timeout(o))
        rule = "--count and --interval take more than 600 seconds";
    default_days(o);
    if (rule == NULL)
        return true;
    snprintf(error, error_size, "%s", rule);
    return false;
}
