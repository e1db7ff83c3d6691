#include "exchange.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include "access.h"
#include "reply.h"
#include "request.h"

#define BODY_MS 3000 /* for the whole body */

/* One request and its answer. Too large for a worker's stack (100 KiB in
 * Debian's build, a quarter of it used). */
struct exchange {
    struct site *site;
    struct mg_connection *connection;
    const struct mg_request_info *info;
    const struct route *route;
    int64_t started_ms;
    struct header list[MG_MAX_HEADERS];
    struct headers headers;
    struct framing framing;
    char body[REQUEST_BODY_MAX];
    size_t length;
    struct request request;
    struct problem problem;
    struct reply reply;
};

struct route {
    const char *path;
    const char *method;
    const char *allow;
    bool head; /* HEAD too */
    int op;    /* S2S_OP_*, or 0 */
    void (*answer)(struct exchange *x);
};

static int64_t now_ms(void)
{
    struct timespec t;
    clock_gettime(CLOCK_MONOTONIC, &t);
    return (int64_t)t.tv_sec * 1000 + t.tv_nsec / 1000000;
}

/* ---- Answers ----------------------------------------------------------- */

static void send_reply(struct mg_connection *connection, const struct reply *r,
                       bool head)
{
    char header[REPLY_HEADER_MAX];
    size_t n = reply_header(r, header);
    if (mg_write(connection, header, n) == (int)n && !head)
        mg_write(connection, r->body, strlen(r->body));
}

static void log_access(const struct site *site, const struct access *a)
{
    if (!site->access_log)
        return;
    char *line = access_line(a);
    if (line != NULL)
        fprintf(stderr, "%s\n", line);
    free(line);
}

static void answer_health(struct exchange *x)
{
    if (atomic_load(&x->site->refusing))
        reply_plain(&x->reply, 503, "shutting_down", "draining\n");
    else
        reply_plain(&x->reply, 200, "ok", "ok\n");
}

/* ---- Checks, each a refusal or none ------------------------------------ */

typedef enum refusal check_fn(struct exchange *x);

static enum refusal check_framing(struct exchange *x)
{
    return headers_framing(&x->headers, &x->framing);
}

static enum refusal check_host(struct exchange *x)
{
    return headers_host(&x->headers, &x->site->hosts);
}

static enum refusal check_path(struct exchange *x);

static enum refusal check_method(struct exchange *x)
{
    const char *method = x->info->request_method;
    if (strcmp(method, x->route->method) == 0 ||
        (x->route->head && strcmp(method, "HEAD") == 0))
        return REFUSAL_NONE;
    snprintf(x->problem.text, sizeof(x->problem.text),
             "Method not allowed. Use %s.", x->route->method);
    return REFUSAL_METHOD_NOT_ALLOWED;
}

static enum refusal check_origin(struct exchange *x)
{
    return headers_origin(&x->headers);
}

static enum refusal check_type(struct exchange *x)
{
    return headers_json(&x->headers);
}

static enum refusal check_length(struct exchange *x)
{
    if (!x->framing.chunked && !x->framing.has_length)
        return REFUSAL_LENGTH_REQUIRED;
    return x->framing.length > REQUEST_BODY_MAX ? REFUSAL_TOO_LARGE
                                                : REFUSAL_NONE;
}

static enum refusal check_draining(struct exchange *x)
{
    return atomic_load(&x->site->refusing) ? REFUSAL_SHUTTING_DOWN
                                           : REFUSAL_NONE;
}

/* One byte. mg_read() says 0 at the end of the chunks; 0 after too long a
 * silence where there is a length; negative when the peer has gone. */
static enum refusal read_byte(struct exchange *x, bool *end)
{
    char c;
    int n = mg_read(x->connection, &c, 1);
    *end = n <= 0;
    if (n < 0)
        return REFUSAL_BAD_REQUEST;
    if (n == 0)
        return x->framing.chunked ? REFUSAL_NONE : REFUSAL_REQUEST_TIMEOUT;
    if (x->length == sizeof(x->body))
        return REFUSAL_TOO_LARGE;
    x->body[x->length++] = c;
    return REFUSAL_NONE;
}

/* Byte by byte, because civetweb bounds the time of each read but not of the
 * whole: a longer read could be fed one byte at a time for ever. */
static enum refusal read_body(struct exchange *x)
{
    static const char go_on[] = "HTTP/1.1 100 Continue\r\n\r\n";
    int64_t deadline = now_ms() + BODY_MS;
    bool end = x->framing.has_length && x->framing.length == 0;
    if (!end && x->framing.expect_continue)
        mg_write(x->connection, go_on, sizeof(go_on) - 1);
    while (!end) {
        enum refusal refusal = read_byte(x, &end);
        if (refusal != REFUSAL_NONE)
            return refusal;
        if (x->framing.has_length && x->length == x->framing.length)
            end = true;
        else if (now_ms() > deadline)
            return REFUSAL_REQUEST_TIMEOUT;
    }
    return REFUSAL_NONE;
}

static enum refusal check_fields(struct exchange *x)
{
    if (request_parse(x->route->op, x->body, x->length, x->site->max_timeout_ms,
                      &x->request, &x->problem))
        return REFUSAL_NONE;
    return x->problem.refusal;
}

/* Runs checks up to the first refusal, which becomes the answer. */
static bool passes(struct exchange *x, check_fn *const *checks)
{
    for (; *checks != NULL; checks++) {
        enum refusal refusal = (*checks)(x);
        if (refusal == REFUSAL_NONE)
            continue;
        reply_refuse(&x->reply, refusal, x->problem.text, x->request.host,
                     x->request.port);
        if (refusal == REFUSAL_METHOD_NOT_ALLOWED)
            x->reply.allow = x->route->allow;
        return false;
    }
    return true;
}

/* ---- Routes ------------------------------------------------------------ */

static void answer_probe(struct exchange *x)
{
    static check_fn *const checks[] = {
        check_origin, check_type,   check_length, check_draining,
        read_body,    check_fields, NULL};
    static const char late[] =
        "The probe waited for its turn for too long, try again";
    const struct request *r = &x->request;
    s2s_result *result = NULL;
    int error = S2S_OK;
    if (!passes(x, checks))
        return;
    switch (worker_probe(x->site->worker, r, &result, &error)) {
    case WORKER_DONE:
        reply_outcome(&x->reply, error, result, r->host, r->port);
        break;
    case WORKER_BUSY:
        reply_refuse(&x->reply, REFUSAL_BUSY, NULL, r->host, r->port);
        break;
    case WORKER_LATE:
        reply_refuse(&x->reply, REFUSAL_BUSY, late, r->host, r->port);
        break;
    case WORKER_STOPPED:
        reply_refuse(&x->reply, REFUSAL_SHUTTING_DOWN, NULL, r->host, r->port);
        break;
    }
}

static const struct route routes[] = {
    {"/api/xmpp-s2s/connect", "POST", "POST", false, S2S_OP_CONNECT,
     answer_probe},
    {"/api/xmpp-s2s/ping", "POST", "POST", false, S2S_OP_PING, answer_probe},
    {"/api/xmpp-s2s/check", "POST", "POST", false, S2S_OP_CHECK, answer_probe},
    {"/healthz", "GET", "GET, HEAD", true, 0, answer_health},
};

/* civetweb itself would take anything that begins like a path. */
static enum refusal check_path(struct exchange *x)
{
    const char *path = x->info->local_uri_raw;
    for (size_t i = 0; path != NULL && i < sizeof(routes) / sizeof(routes[0]);
         i++) {
        if (strcmp(routes[i].path, path) == 0) {
            x->route = &routes[i];
            return REFUSAL_NONE;
        }
    }
    return REFUSAL_NOT_FOUND;
}

/* ---- The whole --------------------------------------------------------- */

static void open_exchange(struct exchange *x, struct site *site,
                          struct mg_connection *connection)
{
    x->started_ms = now_ms();
    x->connection = connection;
    x->site = site;
    x->info = mg_get_request_info(connection);
    x->headers.list = x->list;
    x->headers.max = MG_MAX_HEADERS;
    x->headers.http_version = x->info->http_version;
    for (int i = 0; i < x->info->num_headers && i < MG_MAX_HEADERS; i++)
        x->list[x->headers.count++] = (struct header){
            x->info->http_headers[i].name, x->info->http_headers[i].value};
}

static void serve(struct exchange *x)
{
    static check_fn *const checks[] = {check_framing, check_host, check_path,
                                       check_method, NULL};
    if (passes(x, checks))
        x->route->answer(x);
    send_reply(x->connection, &x->reply,
               strcmp(x->info->request_method, "HEAD") == 0);
    log_access(x->site,
               &(struct access){x->info->remote_addr, x->info->request_method,
                                x->info->local_uri_raw, x->reply.status,
                                x->reply.code, &x->request,
                                now_ms() - x->started_ms});
    reply_free(&x->reply);
}

void exchange_refuse(const struct site *site, struct mg_connection *connection,
                     enum refusal refusal)
{
    const struct mg_request_info *info = mg_get_request_info(connection);
    struct access a = {0};
    struct reply reply;
    reply_refuse(&reply, refusal, NULL, NULL, 0);
    send_reply(connection, &reply, false);
    a.status = reply.status;
    a.code = reply.code;
    if (info != NULL) /* its method may be no word at all */
        a.client = info->remote_addr;
    log_access(site, &a);
    reply_free(&reply);
}

void exchange_serve(struct site *site, struct mg_connection *connection)
{
    struct exchange *x = calloc(1, sizeof(*x));
    if (x == NULL) {
        exchange_refuse(site, connection, REFUSAL_INTERNAL);
        return;
    }
    open_exchange(x, site, connection);
    serve(x);
    free(x);
}
