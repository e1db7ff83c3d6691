/*
 * wall HOST PORT DOMAIN CA-FILE [ROUNDS]: how long a probe takes, by the
 * library's own transport, and by one of the caller's that is the same but
 * for TCP_QUICKACK. Rounds alternate; medians count.
 */
#include <arpa/inet.h>
#include <errno.h>
#include <netinet/in.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/socket.h>
#include <unistd.h>

#include <s2sprobe.h>

#include "bench.h"

#define ROUNDS     31
#define ROUNDS_MAX 1000

/* ---- Plain TCP ---- */

static int plain_open(void *user, const char *host, uint16_t port, void **conn)
{
    struct sockaddr_in a = {.sin_family = AF_INET, .sin_port = htons(port)};
    (void)user;
    if (inet_pton(AF_INET, host, &a.sin_addr) != 1)
        return S2S_EINVALID_ARGUMENT;
    int fd = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0);
    if (fd < 0)
        return S2S_EINTERNAL;
    if (connect(fd, (struct sockaddr *)&a, sizeof(a)) != 0 &&
        errno != EINPROGRESS) {
        close(fd);
        return S2S_ECONNECT;
    }
    *conn = (void *)(intptr_t)fd;
    return S2S_OK;
}

static int plain_fd(void *conn)
{
    return (int)(intptr_t)conn;
}

static ptrdiff_t plain_read(void *conn, void *buffer, size_t length)
{
    ssize_t n = recv(plain_fd(conn), buffer, length, 0);
    if (n >= 0)
        return n;
    return errno == EAGAIN ? S2S_WANT_READ : S2S_ECLOSED;
}

static ptrdiff_t plain_write(void *conn, const void *buffer, size_t length)
{
    ssize_t n = send(plain_fd(conn), buffer, length, MSG_NOSIGNAL);
    if (n >= 0)
        return n;
    return errno == EAGAIN ? S2S_WANT_WRITE : S2S_ECLOSED;
}

static void plain_close(void *conn)
{
    close(plain_fd(conn));
}

static const s2s_transport plain = {
    .size = sizeof(plain),
    .open = plain_open,
    .read = plain_read,
    .write = plain_write,
    .fd = plain_fd,
    .close = plain_close,
};

/* ---- Measuring ---- */

static double probe_ms(const char *domain, const s2s_options *options)
{
    s2s_result *result;
    int64_t begin = bench_now_ns();
    int e = s2s_connect(BENCH_FROM, domain, options, &result);
    int64_t end = bench_now_ns();
    bench_must(e == S2S_OK,
               result != NULL ? s2s_result_json(result) : s2s_strerror(e));
    s2s_result_free(result);
    return (double)(end - begin) / 1e6;
}

static void measure(const char *domain, const s2s_options *own, size_t rounds)
{
    static double with[ROUNDS_MAX], without[ROUNDS_MAX];
    s2s_options other = *own;
    other.transport = &plain;
    (void)probe_ms(domain, own);
    (void)probe_ms(domain, &other);
    for (size_t i = 0; i < rounds; i++) {
        with[i] = probe_ms(domain, own);
        without[i] = probe_ms(domain, &other);
    }
    double a = bench_median(with, rounds);
    double b = bench_median(without, rounds);
    bench_report("wall.prosody-ms", a, 1, "<=15");
    bench_report("wall.prosody-without-quickack-ms", b, 1, "-");
    bench_report("wall.prosody-without-by-with", b / a, 1, ">=3");
}

int main(int argc, char **argv)
{
    bench_must(argc == 5 || argc == 6,
               "usage: wall HOST PORT DOMAIN CA-FILE [ROUNDS]");
    const s2s_context_options setup = {.size = sizeof(setup),
                                       .ca_file = argv[4],
                                       .host_running = S2S_NO_LIMIT,
                                       .address_running = S2S_NO_LIMIT,
                                       .host_rate = S2S_NO_LIMIT};
    size_t rounds = argc == 6 ? (size_t)bench_port(argv[5]) : ROUNDS;
    s2s_context *context;
    int e = s2s_context_new(&setup, &context);
    bench_must(e == S2S_OK, s2s_strerror(e));
    bench_must(rounds <= ROUNDS_MAX, "too many rounds");
    const s2s_options options = {.size = sizeof(options),
                                 .host = argv[1],
                                 .port = (uint16_t)bench_port(argv[2]),
                                 .context = context};
    measure(argv[3], &options, rounds);
    s2s_context_free(context);
    return EXIT_SUCCESS;
}
