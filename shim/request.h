/* The body of a request, read and checked. */
#ifndef SHIM_REQUEST_H
#define SHIM_REQUEST_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "status.h"

#define REQUEST_BODY_MAX   8192
#define REQUEST_DEPTH_MAX  8
#define REQUEST_HOST_MAX   255
#define REQUEST_DOMAIN_MAX 1023
#define REQUEST_PORT       5269
#define REQUEST_TIMEOUT_MS 15000u
#define REQUEST_CHECK_MS   30000u /* the default of a check */
#define REQUEST_COUNT_MAX  10u
#define REQUEST_SERVICES   8u
#define REQUEST_SERVICE    255 /* bytes of one */

struct request {
    int op;                          /* S2S_OP_* */
    char host[REQUEST_HOST_MAX + 1]; /* "" with `discover` */
    char from[REQUEST_DOMAIN_MAX + 1];
    char to[REQUEST_DOMAIN_MAX + 1];
    char xml_to[REQUEST_DOMAIN_MAX + 1]; /* "": as `to` */
    bool discover;                       /* by the SRV records of `to` */
    uint16_t port;                       /* 0 with `discover` */
    uint16_t tls_mode;                   /* S2S_TLS_* */
    uint32_t timeout_ms;
    uint32_t flags;       /* S2S_ACCEPT_UNTRUSTED, S2S_AUTHENTICATE, S2S_DANE,
                             S2S_PIPELINE */
    uint32_t ping_method; /* S2S_PING_* */
    uint32_t count;       /* pings */
    uint32_t interval_ms;
    char services[REQUEST_SERVICES][REQUEST_SERVICE + 1]; /* of a check */
    size_t service_count;
};

/* Why a request is refused. */
struct problem {
    enum refusal refusal;
    char text[128]; /* "": the refusal's own text */
};

/*
 * Read a JSON body. On failure `problem` says why, and `request` holds what
 * was understood: `host` may be "", `port` 0. The first field that is wrong
 * is the one reported, in the order of the description of the interface.
 */
bool request_parse(int op, const char *body, size_t length,
                   uint32_t max_timeout_ms, struct request *request,
                   struct problem *problem);

/* Whether brackets nest no deeper than `max` outside strings. The JSON parser
 * recurses, and the caller's stack is small. */
bool request_depth_ok(const char *body, size_t length, unsigned max);

#endif
