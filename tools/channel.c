#include "channel.h"

#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <stdio.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <unistd.h>

static enum channel_kind kind_of(int fd)
{
    struct stat s;
    if (fstat(fd, &s) != 0)
        return CHANNEL_FILE; /* the first call says why */
    if (S_ISSOCK(s.st_mode))
        return CHANNEL_SOCKET;
    return S_ISFIFO(s.st_mode) || isatty(fd) == 1 ? CHANNEL_PIPE : CHANNEL_FILE;
}

/* A description of our own of the same pipe or terminal. Not where it belongs
 * to another user. */
static int open_anew(int fd, int flags)
{
    char path[40];
    snprintf(path, sizeof(path), "/proc/self/fd/%d", fd);
    return open(path, flags | O_NONBLOCK | O_NOCTTY | O_CLOEXEC);
}

void channel_init(struct channel *c, int fd, int flags)
{
    *c = (struct channel){fd, fd, kind_of(fd)};
    int own = c->kind == CHANNEL_PIPE ? open_anew(fd, flags) : -1;
    if (own >= 0)
        *c = (struct channel){fd, own, CHANNEL_OWN};
}

void channel_close(struct channel *c)
{
    if (c->used != c->fd)
        close(c->used);
    c->used = c->fd;
}

ssize_t channel_read(const struct channel *c, void *out, size_t size)
{
    ssize_t n;
    do {
        n = c->kind == CHANNEL_SOCKET ? recv(c->used, out, size, MSG_DONTWAIT)
                                      : read(c->used, out, size);
    } while (n < 0 && errno == EINTR);
    return n;
}

/* A pipe that is ready has room for PIPE_BUF bytes. */
ssize_t channel_write(const struct channel *c, const void *bytes, size_t size)
{
    ssize_t n;
    if (c->kind == CHANNEL_PIPE && size > PIPE_BUF)
        size = PIPE_BUF;
    do {
        n = c->kind == CHANNEL_SOCKET
                ? send(c->used, bytes, size, MSG_DONTWAIT | MSG_NOSIGNAL)
                : write(c->used, bytes, size);
    } while (n < 0 && errno == EINTR);
    return n;
}
