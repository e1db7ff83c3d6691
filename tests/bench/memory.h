/* The client's end of a server in memory, as a transport of the library. */
#ifndef BENCH_MEMORY_H
#define BENCH_MEMORY_H

#include <s2sprobe.h>

#include "server.h"

/* It connects to `server`, which the caller steps. */
s2s_transport memory_transport(struct server *server);

ptrdiff_t memory_read(void *conn, void *buffer, size_t length);
ptrdiff_t memory_write(void *conn, const void *buffer, size_t length);

#endif
