/*
 * syscalls [HOST PORT DOMAIN CA-FILE NAME]: the system calls that one probe
 * makes over TCP, without such an address against a server of our own.
 *
 * Linked with --wrap for each function below, so that what is counted is what
 * the library itself calls. Counted are a few probes after the first one of a
 * context, when what is made once is there, and medians are told: how a peer's
 * bytes come in is a matter of luck. The first count is taken when the library
 * says that it sends its </stream:stream> (all has been seen then), the second
 * at the end.
 */
#include <poll.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/epoll.h>
#include <sys/socket.h>
#include <sys/timerfd.h>
#include <unistd.h>

#include <s2sprobe.h>

#include "bench.h"
#include "certs.h"
#include "peer.h"

enum call { RECEIVE, SEND, WAIT, WATCH, TIMER, EVENT, OPTION, CALLS };

static const char *const names[CALLS] = {
    [RECEIVE] = "recv",      [SEND] = "send",     [WAIT] = "wait",
    [WATCH] = "epoll_ctl",   [TIMER] = "timerfd", [EVENT] = "eventfd",
    [OPTION] = "setsockopt",
};

static struct counts {
    unsigned n[CALLS];
} now, before, at_features, at_end;

#define PROBES 9

/* By call, then by probe. */
static double until_features[CALLS][PROBES], in_all[CALLS][PROBES];

/* ---- Counting ---- */

ssize_t __real_recv(int fd, void *buffer, size_t length, int flags);
ssize_t __wrap_recv(int fd, void *buffer, size_t length, int flags);
ssize_t __real_send(int fd, const void *buffer, size_t length, int flags);
ssize_t __wrap_send(int fd, const void *buffer, size_t length, int flags);
int __real_poll(struct pollfd *fds, nfds_t count, int timeout);
int __wrap_poll(struct pollfd *fds, nfds_t count, int timeout);
int __real_epoll_wait(int fd, struct epoll_event *e, int count, int timeout);
int __wrap_epoll_wait(int fd, struct epoll_event *e, int count, int timeout);
int __real_epoll_ctl(int epoll, int op, int fd, struct epoll_event *event);
int __wrap_epoll_ctl(int epoll, int op, int fd, struct epoll_event *event);
int __real_timerfd_settime(int fd, int flags, const struct itimerspec *value,
                           struct itimerspec *old);
int __wrap_timerfd_settime(int fd, int flags, const struct itimerspec *value,
                           struct itimerspec *old);
ssize_t __real_read(int fd, void *buffer, size_t length);
ssize_t __wrap_read(int fd, void *buffer, size_t length);
ssize_t __real_write(int fd, const void *buffer, size_t length);
ssize_t __wrap_write(int fd, const void *buffer, size_t length);
int __real_setsockopt(int fd, int level, int name, const void *value,
                      socklen_t length);
int __wrap_setsockopt(int fd, int level, int name, const void *value,
                      socklen_t length);

ssize_t __wrap_recv(int fd, void *buffer, size_t length, int flags)
{
    now.n[RECEIVE]++;
    return __real_recv(fd, buffer, length, flags);
}

ssize_t __wrap_send(int fd, const void *buffer, size_t length, int flags)
{
    now.n[SEND]++;
    return __real_send(fd, buffer, length, flags);
}

int __wrap_poll(struct pollfd *fds, nfds_t count, int timeout)
{
    now.n[WAIT]++;
    return __real_poll(fds, count, timeout);
}

int __wrap_epoll_wait(int fd, struct epoll_event *e, int count, int timeout)
{
    now.n[WAIT]++;
    return __real_epoll_wait(fd, e, count, timeout);
}

int __wrap_epoll_ctl(int epoll, int op, int fd, struct epoll_event *event)
{
    now.n[WATCH]++;
    return __real_epoll_ctl(epoll, op, fd, event);
}

int __wrap_timerfd_settime(int fd, int flags, const struct itimerspec *value,
                           struct itimerspec *old)
{
    now.n[TIMER]++;
    return __real_timerfd_settime(fd, flags, value, old);
}

ssize_t __wrap_read(int fd, void *buffer, size_t length)
{
    now.n[EVENT]++;
    return __real_read(fd, buffer, length);
}

ssize_t __wrap_write(int fd, const void *buffer, size_t length)
{
    now.n[EVENT]++;
    return __real_write(fd, buffer, length);
}

int __wrap_setsockopt(int fd, int level, int name, const void *value,
                      socklen_t length)
{
    now.n[OPTION]++;
    return __real_setsockopt(fd, level, name, value, length);
}

/* ---- Probing ---- */

static void log_line(void *user, int level, const char *area, const char *line)
{
    (void)user;
    (void)level;
    if (strcmp(area, "out") == 0 && strstr(line, "</stream:stream>") != NULL)
        at_features = now;
}

static void probe(const char *domain, const s2s_options *options)
{
    s2s_result *result;
    before = now;
    int e = s2s_connect(BENCH_FROM, domain, options, &result);
    at_end = now;
    bench_must(e == S2S_OK,
               result != NULL ? s2s_result_json(result) : s2s_strerror(e));
    s2s_result_free(result);
}

static void note(size_t probe)
{
    for (size_t i = 0; i < CALLS; i++) {
        until_features[i][probe] = at_features.n[i] - before.n[i];
        in_all[i][probe] = at_end.n[i] - before.n[i];
    }
}

static double report(const char *peer, const char *call, double value,
                     const char *goal)
{
    char name[80];
    snprintf(name, sizeof(name), "syscalls.%s.%s", peer, call);
    bench_report(name, value, 0, goal);
    return value;
}

static void report_all(const char *peer)
{
    double sum = 0, until = 0;
    report(peer, "recv-until-features",
           bench_median(until_features[RECEIVE], PROBES), "<=5");
    report(peer, "send-until-features",
           bench_median(until_features[SEND], PROBES), "<=4");
    for (size_t i = 0; i < CALLS; i++)
        until += i == OPTION ? 0 : bench_median(until_features[i], PROBES);
    report(peer, "all-until-features", until, "<=14");
    for (size_t i = 0; i < CALLS; i++)
        sum += report(peer, names[i], bench_median(in_all[i], PROBES), "-");
    report(peer, "all", sum, "-");
}

static void count(const char *host, int port, const char *domain,
                  const char *ca_file, const char *peer)
{
    const s2s_context_options setup = {.size = sizeof(setup),
                                       .ca_file = ca_file,
                                       .host_running = S2S_NO_LIMIT,
                                       .address_running = S2S_NO_LIMIT,
                                       .host_rate = S2S_NO_LIMIT,
                                       .log = log_line,
                                       .log_level = S2S_LOG_WIRE};
    s2s_context *context;
    int e = s2s_context_new(&setup, &context);
    bench_must(e == S2S_OK, s2s_strerror(e));
    const s2s_options options = {.size = sizeof(options),
                                 .host = host,
                                 .port = (uint16_t)port,
                                 .context = context};
    probe(domain, &options);
    for (size_t i = 0; i < PROBES; i++) {
        probe(domain, &options);
        note(i);
    }
    report_all(peer);
    s2s_context_free(context);
}

int main(int argc, char **argv)
{
    struct certs certs;
    struct peer peer;
    if (argc == 6) {
        count(argv[1], bench_port(argv[2]), argv[3], argv[4], argv[5]);
        return EXIT_SUCCESS;
    }
    certs_make(&certs);
    peer_start(&peer, &certs);
    count("127.0.0.1", peer.port, BENCH_DOMAIN, certs.ca.path, "own");
    peer_stop(&peer);
    certs_free(&certs);
    return EXIT_SUCCESS;
}
