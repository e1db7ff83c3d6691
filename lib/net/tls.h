/*
 * The library's own TLS provider (GnuTLS), behind the public s2s_tls table.
 * It verifies nothing: see certificate.h. TLS 1.2 and 1.3; X25519 and
 * AES-128 first with two key shares; no renegotiation, no resumption, no
 * early data, no signals; SSLKEYLOGFILE is GnuTLS's own affair. A server
 * offers no static RSA, selects the request's ALPN name when it is offered and
 * goes on without when it is not, and needs no server name. A client fails when
 * another name is selected than the request's.
 *
 * Receives are buffered and sends corked: everything that a handshake step or
 * a write produces goes out in one lower write when the session next needs to
 * read, or at the end of write(). A handshake's last flight is held back
 * until the next write or read, so that it travels with the first data.
 *
 * write() takes what it can hold, even when the lower side takes less: the
 * rest goes out with the next read or write, and read() says S2S_WANT_WRITE
 * until it has. So call read() before waiting.
 */
#ifndef NET_TLS_H
#define NET_TLS_H

#include <s2sprobe.h>

#include "net/tls_store.h"

/* open, handshake, info, read, write, close; `user` is the store. Errors:
 * S2S_ETLS_HANDSHAKE, S2S_ECLOSED, S2S_ENO_MEMORY, S2S_EPOLICY (our own
 * certificate or key cannot be used, or a server has none), or what the lower
 * functions and a server's choose() said. */
s2s_tls tls_provider(struct tls_store *store);

/* For sessions of tls_provider(): why the last call failed, in words, for
 * instance "The TLS connection was non-properly terminated" or the name of the
 * alert. Never holds a byte that the peer chose freely. */
const char *tls_error(const void *session);
/* The name of a protocol that a server selected by ALPN though it was not
 * offered, which is what the handshake died of; NULL: none. The peer's bytes,
 * cut off after some. */
const char *tls_other_protocol(const void *session, size_t *length);
/* The size of the server's group when the key exchange was DHE (TLS 1.2); else
 * 0. After the handshake. */
unsigned tls_dh_bits(const void *session);
/* Whether the peer, a server, has asked for a certificate so far. */
int tls_asked(const void *session);
/* Whether the peer ended without close_notify. */
int tls_truncated(const void *session);

#endif
