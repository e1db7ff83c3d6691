#include "batch_lines.h"

#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "batch_shard.h"

#define AT_ONCE 4096 /* what is read is answered, whatever signals come */
#define ROOM    (BATCH_LINE_MAX + 2 + AT_ONCE)

/* What is left of a regular file. */
static uint64_t size_of(int fd)
{
    struct stat s;
    if (fstat(fd, &s) != 0 || !S_ISREG(s.st_mode))
        return 0;
    off_t at = lseek(fd, 0, SEEK_CUR);
    return at >= 0 && at < s.st_size ? (uint64_t)(s.st_size - at) : 0;
}

bool batch_lines_init(struct batch_lines *l, int fd)
{
    *l = (struct batch_lines){.size = size_of(fd), .bytes = malloc(ROOM + 1)};
    channel_init(&l->from, fd, O_RDONLY);
    return l->bytes != NULL;
}

void batch_lines_free(struct batch_lines *l)
{
    channel_close(&l->from);
    free(l->bytes);
    l->bytes = NULL;
}

/* To the front; there is always room for more behind it. */
static void make_room(struct batch_lines *l)
{
    memmove(l->bytes, l->bytes + l->start, l->end - l->start);
    l->end -= l->start;
    l->looked -= l->start;
    l->start = 0;
}

/* Of a file that a program on another system has made. */
static void skip_mark(struct batch_lines *l)
{
    if (l->number == 0 && l->read == l->end && l->end >= 3 &&
        memcmp(l->bytes, "\xef\xbb\xbf", 3) == 0)
        l->start = l->looked = 3;
}

void batch_lines_read(struct batch_lines *l)
{
    make_room(l);
    size_t room = ROOM - l->end < AT_ONCE ? ROOM - l->end : AT_ONCE;
    ssize_t n = channel_read(&l->from, l->bytes + l->end, room);
    if (n > 0) {
        l->end += (size_t)n;
        l->read += (uint64_t)n;
        skip_mark(l);
    } else if (n == 0) {
        l->ended = true;
    } else if (errno != EAGAIN) {
        l->error = errno;
        batch_lines_stop(l);
    }
}

static void give(struct batch_lines *l, size_t end, struct batch_line *out)
{
    char *text = l->bytes + l->start;
    size_t length = end - l->start;
    *out = (struct batch_line){.number = ++l->number,
                               .crc = batch_crc(l->crc, text, length)};
    if (length > 0 && text[length - 1] == '\r')
        length--;
    out->too_long = l->skipping || length > BATCH_LINE_MAX;
    if (!out->too_long) {
        text[length] = '\0';
        out->text = text;
        out->length = length;
    }
    l->skipping = false;
    l->crc = 0;
    l->start = l->looked = end;
}

/* Nothing but that it is too long will be said of it. */
static void skip(struct batch_lines *l)
{
    l->crc = batch_crc(l->crc, l->bytes + l->start, l->end - l->start);
    l->skipping = true;
    l->start = l->looked = l->end;
}

bool batch_lines_next(struct batch_lines *l, struct batch_line *out)
{
    const char *newline =
        memchr(l->bytes + l->looked, '\n', l->end - l->looked);
    if (newline != NULL) {
        give(l, (size_t)(newline - l->bytes), out);
        l->start = ++l->looked;
        return true;
    }
    l->looked = l->end;
    if (l->ended && (l->start < l->end || l->skipping)) {
        give(l, l->end, out);
        return true;
    }
    if (l->skipping || l->end - l->start > BATCH_LINE_MAX + 1)
        skip(l);
    return false;
}

bool batch_lines_done(const struct batch_lines *l)
{
    return l->ended && l->start == l->end && !l->skipping;
}

void batch_lines_stop(struct batch_lines *l)
{
    const char *last = memrchr(l->bytes + l->start, '\n', l->end - l->start);
    l->ended = true;
    l->end = last != NULL ? (size_t)(last - l->bytes) + 1 : l->start;
    l->looked = l->start;
    l->skipping = l->skipping && last != NULL;
}
