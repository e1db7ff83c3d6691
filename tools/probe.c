#include "probe.h"

#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "complain.h"
#include "file.h"
#include "identity.h"
#include "reason.h"

#define STANZA_MAX     (1u << 20) /* the library's own limit */
#define NAME_MAX_BYTES 256

/* ---- Signals ------------------------------------------------------------ */

/* A handler has nowhere else to look. */
static s2s_context *volatile running;
static volatile sig_atomic_t came;

static void end(int signal)
{
    came = signal;
    if (running != NULL)
        s2s_context_stop(running);
}

/* A second one ends the program at once. */
static void watch_signals(s2s_context *context)
{
    struct sigaction action = {.sa_handler = end,
                               .sa_flags = (int)SA_RESETHAND};
    running = context;
    sigaction(SIGINT, &action, NULL);
    sigaction(SIGTERM, &action, NULL);
}

static void unwatch_signals(void)
{
    running = NULL;
}

/* ---- The call ----------------------------------------------------------- */

void probe_log(void *user, int level, const char *area, const char *line)
{
    char text[1024];
    (void)user;
    if (level == S2S_LOG_ERROR) {
        reason_translate(line, text, sizeof(text));
        complain(text, NULL);
    } else {
        complain(area, line);
    }
}

static int call(const struct options *o, const char *from, const char *stanza,
                const s2s_options *options, s2s_result **result)
{
    switch (o->command) {
    case COMMAND_PING:
        return s2s_ping(from, o->domain, options, result);
    case COMMAND_SEND:
        return s2s_send(from, o->domain, stanza, options, result);
    case COMMAND_CHECK:
        return s2s_check(from, o->domain, options, result);
    default:
        return s2s_connect(from, o->domain, options, result);
    }
}

void probe_setup(const struct options *o, const s2s_identity *const *identities,
                 s2s_context_options *out)
{
    *out = (s2s_context_options){
        .size = sizeof(*out),
        .ca_file = o->ca_file,
        .dns_servers = o->dns_servers[0] != NULL ? o->dns_servers : NULL,
        .identities = identities[0] != NULL ? identities : NULL,
        .log = probe_log,
        .dns_trust_ad = o->dns_trust_ad ? 1 : 0,
        .log_level = o->verbose < S2S_LOG_WIRE ? o->verbose : S2S_LOG_WIRE};
}

static int new_context(const struct options *o, const s2s_identity *identity,
                       s2s_context **context)
{
    const s2s_identity *const identities[] = {identity, NULL};
    s2s_context_options setup;
    probe_setup(o, identities, &setup);
    return s2s_context_new(&setup, context);
}

static void run(const struct options *o, const char *from, const char *stanza,
                const s2s_identity *identity, struct probe *out)
{
    s2s_context *context;
    out->error = new_context(o, identity, &context);
    if (out->error != S2S_OK) {
        out->usage = out->error == S2S_EINVALID_ARGUMENT;
        return;
    }
    const s2s_options options = {
        .size = sizeof(options),
        .host = o->host,
        .port = (uint16_t)o->port,
        .tls_mode = (uint16_t)o->tls_mode,
        .timeout_ms = o->timeout_ms,
        .flags = o->flags,
        .ping_method = o->ping_method,
        .context = context,
        .count = o->count,
        .interval_ms = o->interval_ms,
        .xml_to = o->xml_to,
        .services = o->services[0] != NULL ? o->services : NULL};
    watch_signals(context);
    out->error = call(o, from, stanza, &options, &out->result);
    unwatch_signals();
    out->signal = came;
    s2s_context_free(context);
    if (out->result == NULL && out->signal == 0)
        complain(o->domain, s2s_strerror(out->error));
}

/* ---- What it takes ------------------------------------------------------ */

static const char *who_asks(const struct options *o, char *name, size_t size)
{
    if (o->from != NULL)
        return o->from;
    if (identity_own_name(name, size))
        return name;
    complain("this machine has no domain name: say who asks with --from", NULL);
    return NULL;
}

static bool take_stanza(const struct options *o, const char **stanza,
                        char **read)
{
    *stanza = o->stanza;
    if (o->stanza == NULL || strcmp(o->stanza, "-") != 0)
        return true;
    *read = file_standard_input(STANZA_MAX);
    *stanza = *read;
    return *read != NULL;
}

void probe_run(const struct options *o, struct probe *out)
{
    struct identity identity = {.password = NULL};
    char name[NAME_MAX_BYTES];
    char *read = NULL;
    const char *stanza;
    *out = (struct probe){.usage = true};
    const char *from = who_asks(o, name, sizeof(name));
    if (from != NULL && identity_load(o, &identity) &&
        take_stanza(o, &stanza, &read)) {
        out->usage = false;
        run(o, from, stanza, options_identity(o) ? &identity.given : NULL, out);
    }
    free(read);
    identity_forget(&identity);
}
