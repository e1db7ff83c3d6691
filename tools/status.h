/* How the program ends. */
#ifndef TOOLS_STATUS_H
#define TOOLS_STATUS_H

#include <s2sprobe.h>

#include "options.h"

enum {
    STATUS_OK = 0,
    STATUS_NO = 1,          /* a verdict; a check: errors were found */
    STATUS_USAGE = 2,       /* the command line, or a file that it names */
    STATUS_UNREACHABLE = 3, /* no verdict */
    STATUS_DEADLINE = 4,
    STATUS_OURS = 5,       /* our own configuration */
    STATUS_INTERNAL = 6,   /* no memory, no room for the output, ... */
    STATUS_OUTPUT = 7,     /* batch: no room for the output, or no reader */
    STATUS_INPUT = 8,      /* batch: the input could not be read to its end */
    STATUS_SIGNALLED = 128 /* and the number of the signal */
};

/* `r` may be NULL. */
int status_of(const struct options *o, int error, const s2s_result *r);

#endif
