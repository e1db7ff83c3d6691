#include "base/file.h"

#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "base/buf.h"
#include "base/error.h"

#define FILE_MAX (1u << 20)
#define PIECE    4096u

static int read_all(int fd, struct buf *b)
{
    for (;;) {
        int e = buf_reserve(b, PIECE);
        if (e != S2S_OK)
            return e == S2S_ELIMIT ? S2S_EINVALID_ARGUMENT : e;
        ssize_t n = read(fd, b->data + b->length, PIECE);
        if (n < 0)
            return S2S_EINVALID_ARGUMENT;
        if (n == 0)
            return S2S_OK;
        b->length += (size_t)n;
    }
}

int file_read(const char *path, char **text)
{
    struct buf b;
    buf_init(&b, FILE_MAX + PIECE);
    int fd = open(path, O_RDONLY | O_CLOEXEC | O_NOCTTY);
    if (fd < 0)
        return S2S_EINVALID_ARGUMENT;
    int e = read_all(fd, &b);
    close(fd);
    if (e == S2S_OK && (b.length > FILE_MAX || b.length == 0 ||
                        memchr(b.data, '\0', b.length) != NULL))
        e = S2S_EINVALID_ARGUMENT;
    if (e == S2S_OK)
        e = buf_add(&b, "", 1);
    if (e == S2S_OK) {
        *text = (char *)b.data;
        return S2S_OK;
    }
    if (b.data != NULL)
        explicit_bzero(b.data, b.length);
    buf_free(&b);
    return e;
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
        explicit_bzero(text, strlen(text));
    free(text);
}
