#include "file.h"

#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <sys/types.h>
#include <unistd.h>

#include "complain.h"

/* Until the end, or `size` bytes; false: errno says why. */
static bool read_all(int fd, char *out, size_t size, size_t *length)
{
    *length = 0;
    while (*length < size) {
        ssize_t n = read(fd, out + *length, size - *length);
        if (n == 0)
            break;
        if (n > 0)
            *length += (size_t)n;
        else if (errno != EINTR)
            return false;
    }
    return true;
}

bool file_read(const char *path, char *out, size_t size, size_t *length)
{
    int fd = open(path, O_RDONLY | O_CLOEXEC | O_NOCTTY);
    bool ok = fd >= 0 && read_all(fd, out, size, length);
    if (!ok)
        complain(path, strerror(errno));
    if (fd >= 0)
        close(fd);
    return ok;
}

/* False after a complaint. */
static bool is_text(const char *bytes, size_t length, size_t max)
{
    if (length > max)
        return complain("standard input", "more than a stanza may have");
    if (memchr(bytes, '\0', length) != NULL)
        return complain("standard input", "not a text");
    return true;
}

char *file_standard_input(size_t max)
{
    size_t length;
    char *bytes = malloc(max + 2);
    bool ok = false;
    if (bytes == NULL)
        complain("out of memory", NULL);
    else if (!read_all(STDIN_FILENO, bytes, max + 1, &length))
        complain("standard input", strerror(errno));
    else
        ok = is_text(bytes, length, max);
    if (!ok) {
        free(bytes);
        return NULL;
    }
    bytes[length] = '\0';
    return bytes;
}
