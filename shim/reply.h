/* The answer to a request: status, fields and body. */
#ifndef SHIM_REPLY_H
#define SHIM_REPLY_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include <s2sprobe.h>

#include "status.h"

#define REPLY_HEADER_MAX 640

struct reply {
    int status;
    const char *code;   /* "ok", or as in the body */
    const char *type;   /* of the body */
    const char *body;   /* never NULL */
    const char *allow;  /* for a 405, or NULL */
    bool retry;         /* say when to come back */
    char *text;         /* owned, or NULL */
    s2s_result *result; /* owned, or NULL */
};

/*
 * A refusal. `text` "" or NULL takes the refusal's own; `host` "" or NULL and
 * `port` 0 are left out. Without memory the body says only that.
 */
void reply_refuse(struct reply *r, enum refusal refusal, const char *text,
                  const char *host, uint16_t port);

/* What a probe found; takes over `result`, which may be NULL. */
void reply_outcome(struct reply *r, int error, s2s_result *result,
                   const char *host, uint16_t port);

/* A line of plain text that lives for ever. */
void reply_plain(struct reply *r, int status, const char *code,
                 const char *text);

void reply_free(struct reply *r);

/* Status line and fields, with the empty line. Returns the length. */
size_t reply_header(const struct reply *r, char out[REPLY_HEADER_MAX]);

#endif
