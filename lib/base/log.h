/*
 * The caller's log: formatted lines, nothing secret. Whatever goes in, a line
 * is valid UTF-8 without control characters, newlines included: each is a
 * space. A line that is too long is cut at a character.
 */
#ifndef BASE_LOG_H
#define BASE_LOG_H

#include <s2sprobe.h>

struct log {
    s2s_log_fn *function; /* NULL: off */
    void *user;
    int level; /* lines above it are not made */
};

__attribute__((format(printf, 4, 5))) void log_line(const struct log *l,
                                                    int level, const char *area,
                                                    const char *format, ...);

#endif
