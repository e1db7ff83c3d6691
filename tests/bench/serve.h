/* The small XMPP server on a listening socket: one process, one thread. */
#ifndef BENCH_SERVE_H
#define BENCH_SERVE_H

#include <stdbool.h>
#include <stdint.h>

#include "certs.h"

/* On all addresses, but for loopback's alone unless `anywhere`; port 0 takes a
 * free one, *port gets it. */
int serve_listen(bool anywhere, uint16_t *port);

_Noreturn void serve(int listener, const struct certs *certs);

#endif
