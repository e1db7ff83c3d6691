#include <jansson.h>
#include <pthread.h>
#include <signal.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/resource.h>
#include <unistd.h>

#include <s2sprobe.h>

#include "demo.h"
#include "http.h"
#include "options.h"
#include "policy.h"
#include "reason.h"
#include "worker.h"

enum { EXIT_RUNTIME = 1, EXIT_USAGE = 2, EXIT_SIGNALLED = 130 };

#define SPARE_FILES   128 /* libraries, the listener, the demo */
#define INBOUND_FILES 256 /* connections of servers: the library's limit */

struct app {
    struct options options;
    struct demo *demo;
    struct worker *worker;
    struct http *http;
    bool wrong_option;
};

static bool complain(const char *text)
{
    fprintf(stderr, "s2sprobe-http: %s\n", text);
    return false;
}

/* civetweb's listening thread spins when it cannot accept. */
static bool raise_file_limit(const struct options *o)
{
    struct rlimit limit;
    rlim_t need =
        2 * (rlim_t)o->max_probes * HTTP_THREADS_PER_PROBE + SPARE_FILES;
    if (o->listen_s2s[0] != NULL)
        need += INBOUND_FILES;
    if (getrlimit(RLIMIT_NOFILE, &limit) != 0)
        return complain("cannot read the limit of open files");
    limit.rlim_cur = limit.rlim_max;
    setrlimit(RLIMIT_NOFILE, &limit);
    if (getrlimit(RLIMIT_NOFILE, &limit) == 0 && limit.rlim_cur >= need)
        return true;
    fprintf(stderr,
            "s2sprobe-http: --max-probes %u needs %llu open files, the limit "
            "is %llu\n",
            o->max_probes, (unsigned long long)need,
            (unsigned long long)limit.rlim_cur);
    return false;
}

/* ---- Signals ----------------------------------------------------------- */

static sigset_t end_signals(void)
{
    sigset_t set;
    sigemptyset(&set);
    sigaddset(&set, SIGINT);
    sigaddset(&set, SIGTERM);
    return set;
}

/* Before any thread starts: they inherit it, and only main waits for them. */
static void block_signals(void)
{
    sigset_t set = end_signals();
    pthread_sigmask(SIG_BLOCK, &set, NULL);
}

static void wait_for_signal(void)
{
    sigset_t set = end_signals();
    int signal;
    while (sigwait(&set, &signal) != 0)
        continue;
}

static void leave(int signal)
{
    (void)signal;
    _exit(EXIT_SIGNALLED);
}

/* From here on a signal ends the process at once. */
static void unblock_signals(void)
{
    const struct sigaction action = {.sa_handler = leave};
    sigset_t set = end_signals();
    sigaction(SIGINT, &action, NULL);
    sigaction(SIGTERM, &action, NULL);
    pthread_sigmask(SIG_UNBLOCK, &set, NULL);
}

/* ---- Start and stop ---------------------------------------------------- */

static void log_reason(void *user, int level, const char *area,
                       const char *line)
{
    char text[512];
    (void)level;
    (void)area;
    reason_translate(user, line, text, sizeof(text));
    complain(text);
}

static bool load_identities(struct app *app)
{
    struct options *o = &app->options;
    char error[512];
    for (size_t i = 0; i < o->identity_count; i++) {
        if (identity_load(&o->identities[i], error, sizeof(error)))
            continue;
        app->wrong_option = true;
        return complain(error);
    }
    return true;
}

/* Those of the command line first: the log counts them. */
static void list_identities(const struct app *app,
                            const s2s_identity *list[OPTIONS_LIST + 2])
{
    size_t n = 0;
    for (; n < app->options.identity_count; n++)
        list[n] = &app->options.identities[n].given;
    if (app->demo != NULL)
        list[n++] = demo_asker(app->demo);
    list[n] = NULL;
}

static bool new_context(struct app *app, s2s_context **context)
{
    struct options *o = &app->options;
    const s2s_identity *identities[OPTIONS_LIST + 2];
    const s2s_context_options setup = {
        .size = sizeof(setup),
        .ca_file = app->demo != NULL ? demo_ca_file(app->demo) : o->ca_file,
        .dns_servers = o->dns_servers[0] != NULL ? o->dns_servers : NULL,
        .identities = identities,
        .address_filter = options_exposed(o) ? policy_filter : NULL,
        .address_filter_user = &o->policy,
        .log = log_reason,
        .log_user = o,
        .log_level = S2S_LOG_ERROR,
        .max_running = o->max_probes,
        .dns_trust_ad = o->dns_trust_ad ? 1 : 0,
        .max_handshakes = o->max_handshakes,
        .rate = o->rate,
        .host_running = o->host_running,
        .address_running = o->address_running,
        .host_rate = o->host_rate};
    list_identities(app, identities);
    int e = s2s_context_new(&setup, context);
    app->wrong_option = e == S2S_EINVALID_ARGUMENT;
    return e == S2S_OK;
}

/* Before the demo adds its certificate to the authorities: what is wrong with
 * a file would not be seen any more. */
static bool options_usable(struct app *app)
{
    s2s_context *context;
    if (!new_context(app, &context))
        return false;
    s2s_context_free(context);
    return true;
}

static bool new_demo(struct app *app)
{
    char error[160];
    app->demo = demo_new(app->options.ca_file, error, sizeof(error));
    return app->demo != NULL || complain(error);
}

static bool listen_on(struct app *app, s2s_context *context,
                      const char *address)
{
    uint16_t port;
    int e = s2s_context_listen(context, address, &port);
    if (e == S2S_OK) {
        fprintf(stderr, "s2sprobe-http: servers come in on %.*s:%u\n",
                (int)(strrchr(address, ':') - address), address, port);
        return true;
    }
    app->wrong_option = e == S2S_EINVALID_ARGUMENT;
    fprintf(stderr, "s2sprobe-http: --listen-s2s: %s: %s\n", address,
            e == S2S_EINVALID_ARGUMENT ? "not ADDR:PORT"
            : e == S2S_EPOLICY ? "in use, not of this machine, or not permitted"
                               : s2s_strerror(e));
    return false;
}

static bool listen_for_servers(struct app *app, s2s_context *context)
{
    const char *const *address = app->options.listen_s2s;
    while (*address != NULL && listen_on(app, context, *address))
        address++;
    return *address == NULL;
}

/* After the listener, which may want the same port. */
static bool start_demo(struct app *app)
{
    char error[160];
    if (!demo_start(app->demo, error, sizeof(error)))
        return complain(error);
    app->options.policy.loopback_port = demo_port(app->demo);
    fprintf(stderr, "s2sprobe-http: demo: localhost answers on port %u%s\n",
            demo_port(app->demo),
            demo_port(app->demo) != DEMO_PORT ? ", the default is taken" : "");
    return true;
}

static bool start_worker(struct app *app)
{
    s2s_context *context;
    if (!new_context(app, &context))
        return false;
    if (!listen_for_servers(app, context) ||
        (app->demo != NULL && !start_demo(app))) {
        s2s_context_free(context);
        return false;
    }
    app->worker = worker_new(context, app->options.max_probes);
    if (app->worker == NULL) {
        s2s_context_free(context);
        return complain("cannot start the probing thread");
    }
    return true;
}

static bool start_http(struct app *app)
{
    char error[256] = "";
    app->http = http_start(&app->options, app->worker, error, sizeof(error));
    if (app->http == NULL)
        return complain(error);
    printf("listening on http://%s:%u\n", app->options.listen_address,
           http_port(app->http));
    fflush(stdout);
    return true;
}

static void stop(struct app *app)
{
    http_stop(app->http);
    if (app->worker != NULL)
        worker_stop(app->worker);
    worker_free(app->worker);
    demo_free(app->demo);
    for (size_t i = 0; i < app->options.identity_count; i++)
        identity_forget(&app->options.identities[i]);
}

static int serve(struct app *app)
{
    block_signals();
    json_object_seed(0);
    bool ok = raise_file_limit(&app->options) && load_identities(app) &&
              (!app->options.demo || (options_usable(app) && new_demo(app))) &&
              start_worker(app) && start_http(app);
    if (ok) {
        wait_for_signal();
        unblock_signals();
        http_refuse(app->http);
        worker_stop(app->worker);
        http_drain(app->http);
    }
    stop(app);
    if (app->wrong_option)
        return EXIT_USAGE;
    return ok ? EXIT_SUCCESS : EXIT_RUNTIME;
}

int main(int argc, char **argv)
{
    static struct app app;
    char error[256];
    /* GnuTLS would write the session keys of every probe there. */
    unsetenv("SSLKEYLOGFILE");
    if (!options_parse(argc, argv, &app.options, error, sizeof(error))) {
        fprintf(stderr, "s2sprobe-http: %s\nsee s2sprobe-http(8) or --help\n",
                error);
        return EXIT_USAGE;
    }
    switch (app.options.action) {
    case OPTIONS_HELP:
        fputs(options_usage, stdout);
        return EXIT_SUCCESS;
    case OPTIONS_VERSION:
        printf("s2sprobe-http %s\n", s2s_version());
        return EXIT_SUCCESS;
    default:
        return serve(&app);
    }
}
