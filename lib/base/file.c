#include "base/file.h"

#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/buf.h"
#include "base/error.h"

#define FILE_MAX (1u << 20)
#define PIECE    4096u

/* Room for all of it at once, so that no copy stays behind where a buffer
 * grew: it may be a secret. What is no regular file may have no end. */
static int reserve(int fd, struct buf *b)
{
    struct stat st;
    if (fstat(fd, &st) != 0 || !S_ISREG(st.st_mode) || st.st_size < 0 ||
        st.st_size > FILE_MAX)
        return S2S_EINVALID_ARGUMENT;
    return buf_reserve(b, (size_t)st.st_size + PIECE);
}

static int read_all(int fd, struct buf *b)
{
    int e = reserve(fd, b);
    while (e == S2S_OK) {
        e = buf_reserve(b, PIECE / 2);
        if (e != S2S_OK)
            break;
        ssize_t n = read(fd, b->data + b->length, PIECE / 2);
        if (n < 0)
            return S2S_EINVALID_ARGUMENT;
        if (n == 0)
            return S2S_OK;
        b->length += (size_t)n;
    }
    return e == S2S_ELIMIT ? S2S_EINVALID_ARGUMENT : e;
}

static void wipe(struct buf *b)
{
    if (b->data != NULL)
        explicit_bzero(b->data, b->length);
    buf_free(b);
}

/* The contents and a NUL, which does not count. */
static int read_file(const char *path, struct buf *b)
{
    buf_init(b, FILE_MAX + 2 * PIECE);
    /* A FIFO without a writer would block. */
    int fd = open(path, O_RDONLY | O_CLOEXEC | O_NOCTTY | O_NONBLOCK);
    if (fd < 0)
        return S2S_EINVALID_ARGUMENT;
    int e = read_all(fd, b);
    close(fd);
    if (e == S2S_OK && (b->length > FILE_MAX || b->length == 0))
        e = S2S_EINVALID_ARGUMENT;
    if (e == S2S_OK)
        e = buf_add(b, "", 1);
    if (e == S2S_OK)
        b->length--;
    else
        wipe(b);
    return e;
}

int file_read(const char *path, char **text)
{
    struct buf b;
    int e = read_file(path, &b);
    if (e != S2S_OK)
        return e;
    if (memchr(b.data, '\0', b.length) != NULL) {
        wipe(&b);
        return S2S_EINVALID_ARGUMENT;
    }
    *text = (char *)b.data;
    return S2S_OK;
}

int file_read_bytes(const char *path, void **bytes, size_t *size)
{
    struct buf b;
    int e = read_file(path, &b);
    if (e != S2S_OK)
        return e;
    *bytes = b.data;
    *size = b.length;
    return S2S_OK;
}

bool file_is_special(const char *path)
{
    struct stat st;
    return stat(path, &st) == 0 && !S_ISREG(st.st_mode);
}

bool file_starved(void)
{
    int fd = open("/", O_PATH | O_CLOEXEC);
    if (fd >= 0)
        close(fd);
    return fd < 0 && (errno == EMFILE || errno == ENFILE);
}

void file_forget(char *text)
{
    if (text != NULL)
        file_forget_bytes(text, strlen(text));
}

void file_forget_bytes(void *bytes, size_t size)
{
    if (bytes != NULL)
        explicit_bzero(bytes, size);
    free(bytes);
}
