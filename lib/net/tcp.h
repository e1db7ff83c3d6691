/*
 * The library's own transport: resolves, filters, connects to whichever
 * address answers first (net/race.h), then moves bytes. Never blocks.
 *
 * After a short read it says S2S_WANT_READ once without asking the kernel:
 * its descriptor is level-triggered, so nothing is missed and a receive that
 * could only say "nothing" is saved.
 */
#ifndef NET_TCP_H
#define NET_TCP_H

#include <s2sprobe.h>

#include "base/result.h"
#include "net/dns.h"
#include "net/tcp_endpoint.h"

/* open, read, write, fd, close; `user` is the settings. */
s2s_transport tcp_transport(struct tcp_settings *settings);

/*
 * Like open(), for the first of several that can be connected to. The list is
 * copied. S2S_OK, S2S_EINVALID_ARGUMENT (it is empty) or S2S_ENO_MEMORY.
 */
int tcp_open_endpoints(struct tcp_settings *s, const struct tcp_endpoint *list,
                       size_t count, void **conn);

/*
 * Make a connection of the transport from a socket that is connected and does
 * not block, one that was accepted for instance: CONNECTED from the start,
 * with nothing to report. S2S_OK or S2S_ENO_MEMORY; from then on the socket is
 * the connection's, on failure it stays the caller's.
 */
int tcp_adopt(int fd, void **conn);

/*
 * The functions below take a connection that one of these, or open(), gave.
 *
 * read and write fail with S2S_EDNS, S2S_EADDRESS_FORBIDDEN, S2S_ECONNECT,
 * S2S_ECLOSED (reset), S2S_ENO_MEMORY or S2S_EINTERNAL; tcp_error() says it in
 * words. Before CONNECTED, read and write both say for what to wait on fd(),
 * which is -1 while nothing but look-ups and permits are waited for. `ready` is
 * called, from resolver_process(), when a look-up has ended or was waited for
 * long enough, or a permit has come: afterwards fd() may be another one, also
 * where it was not -1. It may close the connection. An IP literal is never
 * RESOLVING; of several endpoints some may still be looked up while CONNECTING.
 */
void tcp_watch(void *conn, void (*ready)(void *user), void *user);

enum tcp_phase {
    TCP_RESOLVING,  /* nothing was tried yet */
    TCP_UNRESOLVED, /* and failed: no host has an address */
    TCP_HELD,       /* by our own courtesy (net/courtesy.h), or for want of
                       descriptors, alone */
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

/* Whether it is HELD because a server asked for less. */
bool tcp_spared(const void *conn);

/*
 * What the peer says to our coming this often: it asks for less, or gives what
 * it has. The latter also with tcp_settled(): the connection stays for long,
 * and does not count as one of ours there any more.
 */
void tcp_offended(void *conn);
void tcp_pleased(void *conn);
void tcp_settled(void *conn);

/* Record what was tried, what became of each, the address in use, and the
 * network's round trip. */
void tcp_report(const void *conn, s2s_result *result);

/* The endpoint that is connected, by its place in the list; or -1. */
int tcp_connected_endpoint(const void *conn);

/* Whether its addresses were secure (DNSSEC); nothing is before they are
 * known. */
enum dns_security tcp_endpoint_security(const void *conn, size_t endpoint);

/* Whether its host is an alias, which the target of an SRV record may not be
 * (RFC 2782). */
bool tcp_endpoint_alias(const void *conn, size_t endpoint);

#endif
