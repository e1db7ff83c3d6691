#include "terminal.h"

#include <stdlib.h>
#include <string.h>
#include <strings.h>
#include <sys/ioctl.h>
#include <unistd.h>

#define WIDTH     80 /* where there is no terminal */
#define WIDTH_MIN 40
#define WIDTH_MAX 1000

static const char *variable(const char *name)
{
    const char *value = getenv(name);
    return value != NULL && value[0] != '\0' ? value : NULL;
}

bool terminal_is_utf8(void)
{
    const char *locale = variable("LC_ALL");
    if (locale == NULL)
        locale = variable("LC_CTYPE");
    if (locale == NULL)
        locale = variable("LANG");
    return locale != NULL && (strcasestr(locale, "utf-8") != NULL ||
                              strcasestr(locale, "utf8") != NULL);
}

size_t terminal_width(int fd)
{
    struct winsize size;
    if (!isatty(fd) || ioctl(fd, TIOCGWINSZ, &size) != 0 || size.ws_col == 0)
        return WIDTH;
    if (size.ws_col < WIDTH_MIN)
        return WIDTH_MIN;
    return size.ws_col < WIDTH_MAX ? size.ws_col : WIDTH_MAX;
}

static bool wants_color(enum color color)
{
    const char *term = getenv("TERM");
    if (color != COLOR_AUTO)
        return color == COLOR_ALWAYS;
    return isatty(STDOUT_FILENO) && variable("NO_COLOR") == NULL &&
           term != NULL && strcmp(term, "dumb") != 0;
}

struct out terminal_out(enum color color)
{
    return (struct out){.to = stdout,
                        .width = terminal_width(STDOUT_FILENO),
                        .utf8 = terminal_is_utf8(),
                        .color = wants_color(color)};
}
