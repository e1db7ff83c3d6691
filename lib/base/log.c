#include "base/log.h"

#include <stdarg.h>
#include <stdio.h>
#include <string.h>

#include "base/utf8.h"

#define LINE_MAX_BYTES 2048

/* Control characters, and the other ends of a line (U+2028, U+2029). */
static int is_control(uint32_t c)
{
    return c < 0x20 || (c >= 0x7f && c < 0xa0) || c == 0x2028 || c == 0x2029;
}

/* In place: no byte becomes more. What a cut left of a character goes. */
static void make_plain(char *line)
{
    uint8_t *p = (uint8_t *)line;
    size_t left = strlen(line);
    while (left > 0) {
        uint32_t code = 0;
        int n = utf8_decode(p, left, &code);
        if (n == 0)
            break;
        if (n < 0) {
            n = 1;
            *p = '?';
        } else if (is_control(code)) {
            memset(p, ' ', (size_t)n);
        }
        p += n;
        left -= (size_t)n;
    }
    *p = '\0';
}

__attribute__((noinline, format(printf, 4, 0))) static void format_line(
    const struct log *l, int level, const char *area, const char *format,
    va_list args)
{
    char line[LINE_MAX_BYTES];
    if (vsnprintf(line, sizeof(line), format, args) < 0)
        return;
    make_plain(line);
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
