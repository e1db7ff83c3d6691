/* Taking connections. */
#ifndef NET_LISTEN_H
#define NET_LISTEN_H

#include <stdint.h>

#include "net/address.h"

/*
 * Listen on "192.0.2.1:5269" or "[2001:db8::1]:5269"; port 0 takes a free one.
 * An IPv6 address takes IPv6 only. *fd gets a descriptor that does not block,
 * *port the port. S2S_OK, S2S_EINVALID_ARGUMENT (not such an address),
 * S2S_EPOLICY (the system does not let us: in use, not ours, not permitted, no
 * such family), S2S_ENO_MEMORY, or S2S_EINTERNAL (no descriptors left).
 */
int listen_open(const char *address, int *fd, uint16_t *port);

/*
 * Take one connection: *conn gets a descriptor that does not block, `address`
 * the peer's, "192.0.2.1:40000" or "[2001:db8::1]:40000". S2S_OK,
 * S2S_WANT_READ when there is none, or S2S_EINTERNAL when there are no
 * descriptors or no memory left.
 *
 * After S2S_EINTERNAL the listener stays readable. The caller must stop
 * watching it, or it spins: until one of its own connections ends, or for some
 * time (a second, say) when it has none.
 */
int listen_accept(int fd, int *conn, char address[ADDRESS_TEXT]);

#endif
