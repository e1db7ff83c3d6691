/* TLS handshakes over sockets and nothing else, many at once. */
#ifndef BENCH_BARE_LOAD_H
#define BENCH_BARE_LOAD_H

#include "bare.h"
#include "peer.h"

#define BARE_AT_ONCE 50u

void bare_load(const struct bare *bare, const struct peer *peer,
               unsigned count);

#endif
