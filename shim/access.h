/* The access log: one JSON object a line. */
#ifndef SHIM_ACCESS_H
#define SHIM_ACCESS_H

#include <stdint.h>

#include "request.h"

struct access {
    const char *client; /* address */
    const char *method; /* NULL: the request could not be read */
    const char *path;
    int status;
    const char *code;
    const struct request *request; /* NULL: it did not come to that */
    int64_t ms;
};

/* The line, without a newline, to be freed; ASCII only, whatever the client
 * sent. NULL without memory. */
char *access_line(const struct access *a);

#endif
