#include "base/log.h"

#include <stdarg.h>
#include <stdio.h>

#define LINE_MAX_BYTES 2048

__attribute__((noinline, format(printf, 4, 0))) static void format_line(
    const struct log *l, int level, const char *area, const char *format,
    va_list args)
{
    char line[LINE_MAX_BYTES];
    vsnprintf(line, sizeof(line), format, args);
    l->function(l->user, level, area, line);
}

void log_line(const struct log *l, int level, const char *area,
              const char *format, ...)
{
    va_list args;
    if (l == NULL || l->function == NULL || level > l->level)
        return;
    va_start(args, format);
    format_line(l, level, area, format, args);
    va_end(args);
}
