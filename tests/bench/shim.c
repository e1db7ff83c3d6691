/*
 * shim PROGRAM [--smoke]: what the HTTP server adds to a probe, as processor
 * time (user and system) of a whole process: a probe by HTTP request, each on a
 * connection of its own, and a direct call here, of the same peer. Batches
 * alternate; the median of their ratios counts. Neither side has limits, which
 * would hold up one probe after the other.
 */
#include <arpa/inet.h>
#include <netinet/in.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/socket.h>
#include <sys/wait.h>
#include <unistd.h>

#include <s2sprobe.h>

#include "bench.h"
#include "certs.h"
#include "peer.h"

#define BATCHES    15u
#define BATCH_SIZE 20u

struct shim {
    pid_t pid;
    clockid_t clock; /* its processor time */
    int port;
};

/* ---- The program ---- */

_Noreturn static void become(const char *program, const char *ca_file, int out)
{
    const char *arguments[] = {program,       "--listen",
                               "127.0.0.1:0", "--ca-file",
                               ca_file,       "--host-running",
                               "none",        "--address-running",
                               "none",        "--host-rate",
                               "none",        "--max-handshakes",
                               "none",        NULL};
    prctl(PR_SET_PDEATHSIG, SIGKILL);
    dup2(out, STDOUT_FILENO);
    execv(program, (char *const *)(uintptr_t)arguments);
    _exit(127);
}

/* "listening on http://ADDR:PORT" */
static int read_port(int fd)
{
    char line[200] = "";
    FILE *f = fdopen(fd, "r");
    bench_must(f != NULL && fgets(line, sizeof(line), f) != NULL,
               "the HTTP server does not start");
    fclose(f);
    line[strcspn(line, "\n")] = '\0';
    const char *colon = strrchr(line, ':');
    bench_must(colon != NULL, line);
    return bench_port(colon + 1);
}

static int connect_to(const struct shim *s)
{
    struct sockaddr_in a = {.sin_family = AF_INET,
                            .sin_port = htons((uint16_t)s->port),
                            .sin_addr.s_addr = htonl(INADDR_LOOPBACK)};
    int fd = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
    bench_must(fd >= 0 && connect(fd, (struct sockaddr *)&a, sizeof(a)) == 0,
               "cannot connect to the HTTP server");
    return fd;
}

static void start(struct shim *s, const char *program, const char *ca_file)
{
    int out[2];
    bench_must(pipe(out) == 0, "no pipe");
    s->pid = fork();
    bench_must(s->pid >= 0, "cannot fork");
    if (s->pid == 0)
        become(program, ca_file, out[1]);
    close(out[1]);
    s->port = read_port(out[0]);
    bench_must(clock_getcpuclockid(s->pid, &s->clock) == 0, "no clock");
}

static void stop(const struct shim *s)
{
    kill(s->pid, SIGTERM);
    waitpid(s->pid, NULL, 0);
}

/* ---- Probing ---- */

static void send_all(int fd, const char *text)
{
    size_t length = strlen(text);
    bench_must(send(fd, text, length, MSG_NOSIGNAL) == (ssize_t)length,
               "cannot send a request");
}

/* Where the body of a reply ends, or 0 while its head is not whole. */
static size_t reply_size(const char *reply)
{
    const char *body = strstr(reply, "\r\n\r\n");
    const char *length = strcasestr(reply, "\r\nContent-Length:");
    if (body == NULL)
        return 0;
    bench_must(length != NULL && length < body, "a reply without a length");
    return (size_t)(body + 4 - reply) + strtoul(length + 17, NULL, 10);
}

static void receive_reply(int fd)
{
    static char reply[32768];
    size_t have = 0, size = 0;
    reply[0] = '\0';
    while (size == 0 || have < size) {
        ssize_t n = recv(fd, reply + have, sizeof(reply) - 1 - have, 0);
        bench_must(n > 0, "the HTTP server hangs up");
        have += (size_t)n;
        reply[have] = '\0';
        size = reply_size(reply);
    }
    bench_must(strncmp(reply, "HTTP/1.1 200", 12) == 0 &&
                   strstr(reply, "\"success\":true") != NULL,
               reply);
}

static void ask(const struct shim *s, const struct peer *peer)
{
    char body[256], request[512];
    int n = snprintf(body, sizeof(body),
                     "{\"host\":\"127.0.0.1\",\"port\":%u,\"fromDomain\":\"%s\""
                     ",\"toDomain\":\"%s\",\"tls\":\"starttls\"}",
                     peer->port, BENCH_FROM, BENCH_DOMAIN);
    snprintf(request, sizeof(request),
             "POST /api/xmpp-s2s/connect HTTP/1.1\r\nHost: 127.0.0.1\r\n"
             "Connection: close\r\n"
             "Content-Type: application/json\r\nContent-Length: %d\r\n\r\n%s",
             n, body);
    int fd = connect_to(s);
    send_all(fd, request);
    receive_reply(fd);
    close(fd);
}

static void call(const struct peer *peer, s2s_context *context)
{
    s2s_result *result;
    const s2s_options options = {.size = sizeof(options),
                                 .host = "127.0.0.1",
                                 .port = peer->port,
                                 .tls_mode = S2S_TLS_STARTTLS,
                                 .context = context};
    int e = s2s_connect(BENCH_FROM, BENCH_DOMAIN, &options, &result);
    bench_must(e == S2S_OK, s2s_strerror(e));
    s2s_result_free(result);
}

/* ---- Measuring ---- */

/* Microseconds of a probe's processor time; `http` NULL: directly. */
static double batch(const struct shim *http, const struct peer *peer,
                    s2s_context *context)
{
    clockid_t clock = http != NULL ? http->clock : CLOCK_PROCESS_CPUTIME_ID;
    double begin = bench_used_us(clock);
    for (unsigned i = 0; i < BATCH_SIZE; i++)
        if (http != NULL)
            ask(http, peer);
        else
            call(peer, context);
    return (bench_used_us(clock) - begin) / BATCH_SIZE;
}

static void measure(const struct shim *http, const struct peer *peer,
                    s2s_context *context, unsigned batches)
{
    double direct[BATCHES], ratio[BATCHES];
    (void)batch(NULL, peer, context);
    (void)batch(http, peer, context);
    for (unsigned i = 0; i < batches; i++) {
        direct[i] = batch(NULL, peer, context);
        ratio[i] = batch(http, peer, context) / direct[i];
    }
    bench_report("shim.direct-cpu-us", bench_median(direct, batches), 0, "-");
    bench_report("shim.http-by-direct-cpu", bench_median(ratio, batches), 3,
                 "<=1.10");
}

int main(int argc, char **argv)
{
    struct certs certs;
    struct peer peer;
    struct shim http;
    s2s_context *context;
    bench_must(argc == 2 || argc == 3, "usage: shim PROGRAM [--smoke]");
    certs_make(&certs);
    peer_start(&peer, &certs);
    start(&http, argv[1], certs.ca.path);
    const s2s_context_options setup = {.size = sizeof(setup),
                                       .ca_file = certs.ca.path,
                                       .host_running = S2S_NO_LIMIT,
                                       .address_running = S2S_NO_LIMIT,
                                       .host_rate = S2S_NO_LIMIT,
                                       .max_handshakes = S2S_NO_LIMIT};
    bench_must(s2s_context_new(&setup, &context) == S2S_OK, "no context");
    measure(&http, &peer, context, argc == 3 ? 1 : BATCHES);
    s2s_context_free(context);
    stop(&http);
    peer_stop(&peer);
    certs_free(&certs);
    return EXIT_SUCCESS;
}
