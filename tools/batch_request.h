/* What one line asks for. */
#ifndef TOOLS_BATCH_REQUEST_H
#define TOOLS_BATCH_REQUEST_H

#include <stdbool.h>
#include <stdint.h>

#include <s2sprobe.h>

#include "batch_lines.h"
#include "jsontext.h"
#include "options.h"

#define BATCH_HOST_MAX   255
#define BATCH_DOMAIN_MAX 1023
#define BATCH_SERVICE    255 /* bytes of one */

struct batch_request {
    struct jsontext id; /* in the line, as it stands there */
    int op;             /* S2S_OP_* */
    char to[BATCH_DOMAIN_MAX + 1], from[BATCH_DOMAIN_MAX + 1];
    char xml_to[BATCH_DOMAIN_MAX + 1], host[BATCH_HOST_MAX + 1]; /* or "" */
    char services[OPTIONS_SERVICES][BATCH_SERVICE + 1];
    size_t service_count;
    bool discover; /* `host` is not to be used */
    uint32_t port, tls_mode, timeout_ms, flags, ping_method, count, interval_ms;

    const char *code; /* of a line that is no request, or NULL */
    char error[160];
};

/* Blank, or a comment: such a line has no answer. */
bool batch_line_is_empty(const struct batch_line *line);

/* `from` is who asks unless the line says it, or NULL. */
void batch_request_read(const struct options *o, const char *from,
                        const struct batch_line *line,
                        struct batch_request *out);

/* As the library wants it; points into `r`. */
struct batch_options {
    s2s_options given;
    const char *services[OPTIONS_SERVICES + 1];
};

void batch_request_options(const struct batch_request *r,
                           struct batch_options *out);

#endif
