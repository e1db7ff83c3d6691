/* Lines as they come, numbered from 1, and no more of them than fit. */
#ifndef TOOLS_BATCH_LINES_H
#define TOOLS_BATCH_LINES_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "channel.h"

#define BATCH_LINE_MAX 65536 /* bytes, without its end */

struct batch_line {
    uint64_t number;
    const char *text; /* until the next call; a NUL follows */
    size_t length;
    uint32_t crc;  /* of all before the newline */
    bool too_long; /* there is no `text` */
};

struct batch_lines {
    struct channel from;
    char *bytes;
    size_t start, end, looked; /* in `bytes`; no newline before `looked` */
    uint64_t number;           /* lines given out */
    uint64_t read, size; /* bytes; 0: it is not known how many there are */
    bool skipping;       /* a line that is too long */
    uint32_t crc;        /* of what was skipped */
    bool ended;
    int error; /* that ended it: an errno, or 0 */
};

/* False without memory. `fd` stays the caller's. */
bool batch_lines_init(struct batch_lines *l, int fd);
void batch_lines_free(struct batch_lines *l);

/* Read once; call it when poll(2) says that `from` is ready, and there is no
 * line left. */
void batch_lines_read(struct batch_lines *l);
/* A line that is whole, or whatever is left at the end. */
bool batch_lines_next(struct batch_lines *l, struct batch_line *out);
/* No line can come any more. */
bool batch_lines_done(const struct batch_lines *l);
/* No more is read; what is not a whole line is forgotten. */
void batch_lines_stop(struct batch_lines *l);

#endif
