/* The HTTP server: civetweb in, probes out. */
#ifndef SHIM_HTTP_H
#define SHIM_HTTP_H

#include <stddef.h>
#include <stdint.h>

#include "options.h"
#include "worker.h"

/* civetweb's threads; each waiting request holds one, and enough are left
 * over to refuse what exceeds max_probes at once. */
#define HTTP_THREADS_PER_PROBE 4
#define HTTP_QUEUE             64

struct http;

/* Serve until http_stop(). Options and worker must outlive it. NULL with one
 * line in `error` on failure. Signals that main waits for must be blocked. */
struct http *http_start(const struct options *options, struct worker *worker,
                        char *error, size_t error_size);

/* The port that is served on. */
uint16_t http_port(const struct http *http);

/* Refuse new probes from here on. */
void http_refuse(struct http *http);

/* Wait, for a limited time, until every request is answered: civetweb drops
 * those that are not when it stops. */
void http_drain(struct http *http);

/* NULL is allowed. */
void http_stop(struct http *http);

#endif
