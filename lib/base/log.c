#include "base/log.h"

#include <stdarg.h>
#include <stdio.h>

#define LINE_MAX_BYTES 2048

void log_line(const struct log *l, int level, const char *area,
              const char *format, ...)
{
    char line[LINE_MAX_BYTES];
    if (l == NULL || l->function == NULL || level > l->level)
        return;
    va_list args;
    va_start(args, format);
    vsnprintf(line, sizeof(line), format, args);
    va_end(args);
    l->function(l->user, level, area, line);
}
