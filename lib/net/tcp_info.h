/* What the system knows of a connection. */
#ifndef NET_TCP_INFO_H
#define NET_TCP_INFO_H

#include <stdint.h>

/* Microseconds of the shortest round trip so far, which is the network's alone:
 * neither the peer's program nor ours is in it. -1: not known. */
int64_t tcp_info_rtt_us(int fd);

#endif
