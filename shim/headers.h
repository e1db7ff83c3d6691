/*
 * The header of a request, judged. civetweb takes framing that two parties
 * can read in two ways, and any Host; here it is refused (RFC 9112, 6 and 11).
 */
#ifndef SHIM_HEADERS_H
#define SHIM_HEADERS_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "status.h"

struct header {
    const char *name;
    const char *value;
};

struct headers {
    const struct header *list;
    size_t count;
    size_t max;               /* at this count, some may have been dropped */
    const char *http_version; /* "1.1" */
};

struct framing {
    bool chunked;
    bool has_length;
    uint64_t length;
    bool expect_continue;
};

/* What the body is delimited by; REFUSAL_NONE, or why that is not clear. */
enum refusal headers_framing(const struct headers *h, struct framing *out);

struct headers_hosts {
    const char *const *names; /* NULL ends */
    bool any_ipv4;            /* any IPv4 literal is one of ours */
};

/* Exactly one Host, naming us with any port. Without this check a web page
 * could rebind its own name to this server's address. */
enum refusal headers_host(const struct headers *h,
                          const struct headers_hosts *hosts);

/* No Origin, or the one that our own pages would have. */
enum refusal headers_origin(const struct headers *h);

/* Content-Type is JSON. A form of another site cannot send that. */
enum refusal headers_json(const struct headers *h);

#endif
