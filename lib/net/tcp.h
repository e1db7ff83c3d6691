/*
 * The library's own transport: resolves, filters, connects to whichever
 * address answers first (attempts start 250 ms apart, RFC 8305, 5; at once
 * after a refusal), then moves bytes. Never blocks.
 *
 * After a short read it says S2S_WANT_READ once without asking the kernel:
 * its descriptor is level-triggered, so nothing is missed and a receive that
 * could only say "nothing" is saved.
 */
#ifndef NET_TCP_H
#define NET_TCP_H

#include <s2sprobe.h>

#include "base/result.h"
#include "net/lookup.h"

struct tcp_settings { /* the transport's `user`; must outlive connections */
    struct resolver *resolver;
    s2s_address_filter *filter; /* NULL: all */
    void *filter_user;
};

/* open, read, write, fd, close; `user` is the settings. */
s2s_transport tcp_transport(struct tcp_settings *settings);

/*
 * Make a connection of the transport from a socket that is connected and does
 * not block, one that was accepted for instance: CONNECTED from the start,
 * with nothing to report. S2S_OK or S2S_ENO_MEMORY; from then on the socket is
 * the connection's, on failure it stays the caller's.
 */
int tcp_adopt(int fd, void **conn);

/*
 * The functions below take a connection that open() or tcp_adopt() gave.
 *
 * read and write fail with S2S_EDNS, S2S_EADDRESS_FORBIDDEN, S2S_ECONNECT,
 * S2S_ECLOSED (reset), S2S_ENO_MEMORY or S2S_EINTERNAL; tcp_error() says it in
 * words. While the name is being resolved, fd() is -1 and `ready` is called
 * (once, from resolver_process()) when that has ended; it may close the
 * connection. An IP literal is never RESOLVING. Before CONNECTED, read and
 * write both say for what to wait on fd(): S2S_WANT_READ when there are several
 * addresses, S2S_WANT_WRITE when there is one left.
 */
void tcp_watch(void *conn, void (*ready)(void *user), void *user);

enum tcp_phase {
    TCP_RESOLVING,
    TCP_UNRESOLVED, /* and failed */
    TCP_CONNECTING,
    TCP_CONNECTED,
    TCP_FAILED
};
enum tcp_phase tcp_phase(const void *conn);

/* Take the connection one step further while it is not connected. */
void tcp_advance(void *conn);

const char *tcp_error(const void *conn); /* "" while there is none */

/* Whether it failed before anything of the host's was reached: no DNS server
 * answered, or no packet could leave this machine. */
bool tcp_never_left(const void *conn);

/* TCP_QUICKACK after each receive from now on: servers that leave Nagle's
 * algorithm on make us wait 40 ms for our own delayed ACK otherwise. */
void tcp_quickack(void *conn);

/* Whether the last end was a reset and no FIN. */
bool tcp_was_reset(const void *conn);

/* Record the addresses tried, what became of each, and the one in use. */
void tcp_report(const void *conn, s2s_result *result);

#endif
