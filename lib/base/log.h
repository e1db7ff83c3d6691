/* The caller's log: formatted lines, no newline, nothing secret. */
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
