#include "http.h"

#include <civetweb.h>
#include <pthread.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include "exchange.h"

#define DRAIN_MS     5000
#define COUNT(table) (sizeof(table) / sizeof((table)[0]))

struct http {
    struct site site;
    const char *host_names[OPTIONS_LIST + 4];
    struct mg_context *server;
    pthread_mutex_t lock;
    pthread_cond_t idle;
    unsigned exchanges; /* under the lock */
    char reason[160];   /* why civetweb does not start; NUL-terminated */
    atomic_bool started;
};

/* ---- civetweb's callbacks ---------------------------------------------- */

static void count_exchange(struct http *http, bool begins)
{
    pthread_mutex_lock(&http->lock);
    if (begins)
        http->exchanges++;
    else if (--http->exchanges == 0)
        pthread_cond_broadcast(&http->idle);
    pthread_mutex_unlock(&http->lock);
}

static struct http *http_of(const struct mg_connection *connection)
{
    return mg_get_user_data(mg_get_context(connection));
}

static int on_request(struct mg_connection *connection)
{
    struct http *http = http_of(connection);
    count_exchange(http, true);
    mg_disable_connection_keep_alive(connection);
    exchange_serve(&http->site, connection);
    count_exchange(http, false);
    return 200; /* "answered": the number is for civetweb's own log */
}

static int on_error(struct mg_connection *connection, int status,
                    const char *text)
{
    (void)text; /* it can quote the request */
    mg_disable_connection_keep_alive(connection);
    exchange_refuse(&http_of(connection)->site, connection,
                    status_civetweb(status));
    return 0;
}

/* The first is the cause: "cannot bind to 127.0.0.1:80: 13 (Permission
 * denied)", of which the words in brackets are for people. */
static void keep_reason(struct http *http, const char *text)
{
    const char *open = strrchr(text, '(');
    if (http->reason[0] != '\0')
        return;
    text = open != NULL ? open + 1 : text;
    snprintf(http->reason, sizeof(http->reason), "%.*s",
             (int)strcspn(text, ")"), text);
}

/* Messages about the server are worth telling; those about a request are a
 * stranger's to cause. While it starts, civetweb has a connection without a
 * request in hand. */
static int on_message(const struct mg_connection *connection, const char *text)
{
    struct http *http = connection != NULL ? http_of(connection) : NULL;
    if (http != NULL && !atomic_load(&http->started))
        keep_reason(http, text);
    else if (connection == NULL || mg_get_request_info(connection) == NULL)
        fprintf(stderr, "s2sprobe-http: %s\n", text);
    return 1;
}

/* ---- Start and stop ---------------------------------------------------- */

static void set_hosts(struct http *http, const struct options *o)
{
    size_t n = 0;
    http->host_names[n++] = "localhost";
    http->host_names[n++] = "127.0.0.1";
    http->host_names[n++] = o->listen_address;
    for (size_t i = 0; o->allow_hosts[i] != NULL; i++)
        http->host_names[n++] = o->allow_hosts[i];
    http->site.hosts.names = http->host_names;
    /* Bound to all addresses, all are ours; and no name can be rebound to
     * what is written as an address. */
    http->site.hosts.any_ipv4 = strcmp(o->listen_address, "0.0.0.0") == 0;
}

/* No files, no scripts, no log of its own, no TLS (Debian's build crashes). */
static const struct {
    const char *name, *value;
} settings[] = {
    {"listen_backlog", "128"},
    {"request_timeout_ms", "2000"},
    {"max_request_size", "8192"},
    {"enable_keep_alive", "no"},
    {"tcp_nodelay", "1"},
    {"decode_url", "no"},
    {"decode_query_string", "no"},
    /* By default it lets every web site in. */
    {"access_control_allow_origin", ""},
    {"access_control_allow_methods", ""},
    {"access_control_allow_headers", ""},
    {"cgi_pattern", ""},
    {"ssi_pattern", ""},
    {"index_files", ""},
    {"enable_directory_listing", "no"},
    {"allow_sendfile_call", "no"},
};

static struct mg_context *start_server(struct http *http,
                                       const struct options *o, char *error,
                                       size_t error_size)
{
    char ports[32];
    char threads[16];
    char queue[16];
    const char *list[2 * (3 + COUNT(settings)) + 1] = {
        "listening_ports",  ports, "num_threads", threads,
        "connection_queue", queue};
    const struct mg_callbacks callbacks = {.begin_request = on_request,
                                           .http_error = on_error,
                                           .log_message = on_message};
    struct mg_init_data init = {&callbacks, http, list};
    struct mg_error_data failure = {NULL, error, error_size};
    snprintf(ports, sizeof(ports), "%s:%u", o->listen_address, o->listen_port);
    snprintf(threads, sizeof(threads), "%u",
             o->max_probes * HTTP_THREADS_PER_PROBE);
    snprintf(queue, sizeof(queue), "%d", HTTP_QUEUE);
    for (size_t i = 0; i < COUNT(settings); i++) {
        list[6 + 2 * i] = settings[i].name;
        list[7 + 2 * i] = settings[i].value;
    }
    return mg_start2(&init, &failure);
}

static bool init_lock(struct http *http)
{
    pthread_condattr_t attr;
    if (pthread_condattr_init(&attr) != 0)
        return false;
    pthread_condattr_setclock(&attr, CLOCK_MONOTONIC);
    bool ok = pthread_cond_init(&http->idle, &attr) == 0;
    pthread_condattr_destroy(&attr);
    return ok && pthread_mutex_init(&http->lock, NULL) == 0;
}

struct http *http_start(const struct options *options, struct worker *worker,
                        char *error, size_t error_size)
{
    struct http *http = calloc(1, sizeof(*http));
    if (http == NULL || !init_lock(http)) {
        free(http);
        snprintf(error, error_size, "out of memory");
        return NULL;
    }
    http->site.worker = worker;
    http->site.max_timeout_ms = options->max_timeout_ms;
    http->site.access_log = options->access_log;
    set_hosts(http, options);
    mg_init_library(0);
    http->server = start_server(http, options, error, error_size);
    if (http->server == NULL) {
        if (http->reason[0] != '\0')
            snprintf(error, error_size, "cannot listen on %s:%u: %s",
                     options->listen_address, options->listen_port,
                     http->reason);
        http_stop(http);
        return NULL;
    }
    atomic_store(&http->started, true);
    return http;
}

uint16_t http_port(const struct http *http)
{
    struct mg_server_port port;
    if (mg_get_server_ports(http->server, 1, &port) != 1)
        return 0;
    return (uint16_t)port.port;
}

void http_refuse(struct http *http)
{
    atomic_store(&http->site.refusing, true);
}

void http_drain(struct http *http)
{
    struct timespec end;
    int e = 0;
    clock_gettime(CLOCK_MONOTONIC, &end);
    end.tv_sec += DRAIN_MS / 1000;
    pthread_mutex_lock(&http->lock);
    while (http->exchanges > 0 && e == 0)
        e = pthread_cond_timedwait(&http->idle, &http->lock, &end);
    pthread_mutex_unlock(&http->lock);
}

void http_stop(struct http *http)
{
    if (http == NULL)
        return;
    if (http->server != NULL)
        mg_stop(http->server);
    mg_exit_library();
    pthread_cond_destroy(&http->idle);
    pthread_mutex_destroy(&http->lock);
    free(http);
}
