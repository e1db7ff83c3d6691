/* Standard descriptors read and written without blocking, whoever else has
 * them: their flags, which others share, are left alone. */
#ifndef TOOLS_CHANNEL_H
#define TOOLS_CHANNEL_H

#include <stdbool.h>
#include <stddef.h>
#include <sys/types.h>

enum channel_kind {
    CHANNEL_OWN,    /* opened anew, and does not block */
    CHANNEL_SOCKET, /* does not block when told so in the call */
    CHANNEL_PIPE,   /* of somebody else: a little at a time, when it is ready */
    CHANNEL_FILE    /* is always ready */
};

struct channel {
    int fd;   /* the caller's: wait on this one */
    int used; /* to read and write */
    enum channel_kind kind;
};

/* `flags` is O_RDONLY or O_WRONLY; `fd` stays the caller's. */
void channel_init(struct channel *c, int fd, int flags);
void channel_close(struct channel *c);

/* As read(2) and write(2), without EINTR; call them when poll(2) says that the
 * descriptor is ready. A write may be short. */
ssize_t channel_read(const struct channel *c, void *out, size_t size);
ssize_t channel_write(const struct channel *c, const void *bytes, size_t size);

#endif
