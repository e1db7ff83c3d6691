#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include <s2sprobe.h>

#include "batch.h"
#include "complain.h"
#include "nagios.h"
#include "options.h"
#include "probe.h"
#include "reason.h"
#include "report.h"
#include "status.h"
#include "terminal.h"

/* A descriptor that is closed would be the next socket's. What is written to
 * the standard output then fails, as it should. */
static bool open_standard(void)
{
    for (int fd = STDIN_FILENO; fd <= STDERR_FILENO; fd++)
        if (fcntl(fd, F_GETFD) < 0 &&
            open("/dev/null", fd == STDERR_FILENO ? O_WRONLY : O_RDONLY) != fd)
            return false;
    return true;
}

/* Everything has been written, or the status of a program that could not. */
static int finish(int status)
{
    errno = 0;
    if (fflush(stdout) == 0 && !ferror(stdout) && close(STDOUT_FILENO) == 0)
        return status;
    complain("standard output", errno != 0 ? strerror(errno) : "failed");
    return STATUS_INTERNAL;
}

static int say(const char *text)
{
    fputs(text, stdout);
    return finish(STATUS_OK);
}

static int wrong_usage(const struct options *options, const char *error)
{
    if (options->nagios) {
        struct out o = terminal_out(COLOR_NEVER);
        return finish(nagios_unknown(&o, error));
    }
    complain(error, NULL);
    fputs("see s2sprobe(1) or --help\n", stderr);
    return STATUS_USAGE;
}

static int without_result(const struct options *options, const struct probe *p)
{
    int status = p->signal != 0 ? STATUS_SIGNALLED + p->signal
                 : p->usage     ? STATUS_USAGE
                                : status_of(options, p->error, NULL);
    if (!options->nagios)
        return status;
    struct out o = terminal_out(COLOR_NEVER);
    return finish(nagios_unknown(&o, p->signal != 0 ? "interrupted"
                                                    : "no probe took place"));
}

/* Nothing was probed, or nothing is to be shown. */
static void say_message(const struct options *options, const s2s_result *r)
{
    char text[1024];
    reason_translate(s2s_result_message(r), text, sizeof(text));
    if (text[0] != '\0')
        complain(options->domain, text);
}

static void show(struct out *o, const struct options *options,
                 const s2s_result *r)
{
    if (options->json)
        out_json(o, s2s_result_json(r), isatty(STDOUT_FILENO) == 1);
    else if (options->quiet || s2s_result_error(r) == S2S_EINVALID_ARGUMENT)
        say_message(options, r);
    else
        report_print(o, options, r);
}

static int with_result(const struct options *options, const struct probe *p)
{
    struct out o = terminal_out(options->color);
    int status = status_of(options, p->error, p->result);
    if (options->nagios)
        return finish(nagios_print(&o, options, status, p->result));
    show(&o, options, p->result);
    if (p->signal != 0) {
        complain("interrupted", NULL);
        status = STATUS_SIGNALLED + p->signal;
    }
    return finish(status);
}

static int probe(const struct options *options)
{
    struct probe p;
    probe_run(options, &p);
    int status = p.result != NULL ? with_result(options, &p)
                                  : without_result(options, &p);
    s2s_result_free(p.result);
    return status;
}

int main(int argc, char **argv)
{
    struct options options;
    char error[256];
    if (!open_standard())
        return STATUS_INTERNAL;
    signal(SIGPIPE, SIG_IGN);
    setvbuf(stderr, NULL, _IOLBF, 0); /* texts are written in small pieces */
    if (!options_parse(argc, argv, &options, error, sizeof(error)))
        return wrong_usage(&options, error);
    switch (options.action) {
    case ACTION_HELP:
        return say(options_usage);
    case ACTION_VERSION:
        fputs("s2sprobe ", stdout);
        fputs(s2s_version(), stdout);
        return say("\n");
    default:
        return options.command == COMMAND_BATCH ? batch_run(&options)
                                                : probe(&options);
    }
}
