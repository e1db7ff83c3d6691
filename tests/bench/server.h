/*
 * A small XMPP server without I/O: bytes in, bytes out. It speaks STARTTLS,
 * or TLS at once when the first byte is a TLS record's, and answers a stream
 * header with header and features in one piece, as whatever domain is asked
 * for. <db:verify/> is never answered.
 *
 * The first label of that domain, less digits at its end, says how it behaves:
 *
 *   auth      asks for a certificate; EXTERNAL is accepted, pings are answered
 *   old       TLS 1.2 only
 *   silent    says nothing
 *   header    a header, no features
 *   proceed   does not answer <starttls/>
 *   tls       does not answer the ClientHello
 *   features  does not answer the header inside TLS
 *   close     closes the connection when the header comes
 *   garbage   answers as a web server
 *   noise     answers the ClientHello with what is no TLS
 *   error     refuses the stream inside TLS
 */
#ifndef BENCH_SERVER_H
#define BENCH_SERVER_H

#include <gnutls/gnutls.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "certs.h"

struct bytes {
    size_t start, end;
    uint8_t data[8192];
};

/* As many as there are room or bytes for. */
size_t bytes_put(struct bytes *b, const void *from, size_t length);
size_t bytes_take(struct bytes *b, void *to, size_t length);

struct manner;

struct server {
    const struct certs *certs;
    const struct manner *manner; /* NULL: a good one */
    gnutls_session_t tls;        /* once it has begun */
    bool secure;                 /* its handshake is done */
    bool authenticated;
    bool mute;  /* stalled: what comes in is thrown away */
    bool ended; /* the client's stream is closed, or broken */
    size_t heard_length;
    char to[128], from[128];
    char heard[2048];     /* what is not answered yet */
    struct bytes in, out; /* on the wire */
};

void server_init(struct server *s, const struct certs *certs);
void server_free(struct server *s);

/* Digest what is in `in`, and put the answers to `out`. */
void server_step(struct server *s);

#endif
