/* Sockets on loopback for tests: free ports, silent ports, descriptors. */
#ifndef TEST_LOOPBACK_H
#define TEST_LOOPBACK_H

#include <arpa/inet.h>
#include <dirent.h>
#include <fcntl.h>
#include <poll.h>
#include <stdbool.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

#define LOOPBACK_WAIT_MS 30000 /* a test that waits longer has failed */

static inline struct sockaddr_in loopback_address(const char *text,
                                                  uint16_t port)
{
    struct sockaddr_in a = {.sin_family = AF_INET, .sin_port = htons(port)};
    assert_int_equal(inet_pton(AF_INET, text, &a.sin_addr), 1);
    return a;
}

static inline uint16_t loopback_port(int fd)
{
    struct sockaddr_in a;
    socklen_t length = sizeof(a);
    assert_int_equal(getsockname(fd, (struct sockaddr *)&a, &length), 0);
    return ntohs(a.sin_port);
}

/* -1 when the port is taken; port 0 takes a free one. */
static inline int loopback_bind(int type, const char *address, uint16_t port)
{
    struct sockaddr_in a = loopback_address(address, port);
    int on = 1;
    int fd = socket(AF_INET, type | SOCK_NONBLOCK | SOCK_CLOEXEC, 0);
    assert_true(fd >= 0);
    assert_int_equal(setsockopt(fd, SOL_SOCKET, SO_REUSEADDR, &on, sizeof(on)),
                     0);
    if (bind(fd, (struct sockaddr *)&a, sizeof(a)) == 0)
        return fd;
    assert_int_not_equal(port, 0);
    close(fd);
    return -1;
}

static inline int loopback_listen(const char *address, uint16_t port)
{
    int fd = loopback_bind(SOCK_STREAM, address, port);
    if (fd >= 0)
        assert_int_equal(listen(fd, 16), 0);
    return fd;
}

static inline void loopback_wait(int fd, short events)
{
    struct pollfd p = {.fd = fd, .events = events};
    assert_int_equal(poll(&p, 1, LOOPBACK_WAIT_MS), 1);
}

static inline int loopback_accept(int listener)
{
    loopback_wait(listener, POLLIN);
    int fd = accept4(listener, NULL, NULL, SOCK_CLOEXEC);
    assert_true(fd >= 0);
    return fd;
}

/* A listener whose queue is full: connecting to it neither works nor fails.
 * fillers[] ends with -1. */
#define LOOPBACK_FILLERS 8
struct loopback_silent {
    int listener;
    int fillers[LOOPBACK_FILLERS];
    size_t count;
};

static inline void loopback_silence(struct loopback_silent *s,
                                    const char *address, uint16_t port)
{
    struct sockaddr_in a;
    struct pollfd p = {.events = POLLOUT};
    s->count = 0;
    s->listener = loopback_bind(SOCK_STREAM, address, port);
    assert_true(s->listener >= 0);
    assert_int_equal(listen(s->listener, 0), 0);
    a = loopback_address(address, loopback_port(s->listener));
    do {
        assert_true(s->count < LOOPBACK_FILLERS);
        p.fd = socket(AF_INET, SOCK_STREAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0);
        assert_true(p.fd >= 0);
        s->fillers[s->count++] = p.fd;
        (void)connect(p.fd, (struct sockaddr *)&a, sizeof(a));
    } while (poll(&p, 1, 100) == 1);
}

static inline void loopback_unsilence(struct loopback_silent *s)
{
    while (s->count > 0)
        close(s->fillers[--s->count]);
    close(s->listener);
}

/* The process's open descriptors, by number. */
#define LOOPBACK_DESCRIPTORS 1024
struct loopback_descriptors {
    bool open[LOOPBACK_DESCRIPTORS];
    size_t count;
};

static inline void loopback_note(struct loopback_descriptors *s)
{
    DIR *d = opendir("/proc/self/fd");
    assert_non_null(d);
    memset(s, 0, sizeof(*s));
    for (struct dirent *e; (e = readdir(d)) != NULL;) {
        long fd = strtol(e->d_name, NULL, 10);
        if (e->d_name[0] == '.' || fd == dirfd(d))
            continue;
        if (fd >= LOOPBACK_DESCRIPTORS) /* valgrind's own */
            continue;
        s->open[fd] = true;
        s->count++;
    }
    closedir(d);
}

/* How many were opened since, each of which must be CLOEXEC. */
static inline size_t loopback_opened(const struct loopback_descriptors *since)
{
    struct loopback_descriptors now;
    size_t count = 0;
    loopback_note(&now);
    for (int fd = 0; fd < LOOPBACK_DESCRIPTORS; fd++) {
        if (!now.open[fd] || since->open[fd])
            continue;
        count++;
        assert_true((fcntl(fd, F_GETFD) & FD_CLOEXEC) != 0);
    }
    return count;
}

#endif
