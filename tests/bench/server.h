/*
 * A small XMPP server without I/O: bytes in, bytes out. It speaks STARTTLS,
 * or TLS at once when the first byte is a TLS record's, answers the stream
 * header with header and features in one piece, and then says nothing more.
 */
#ifndef BENCH_SERVER_H
#define BENCH_SERVER_H

#include <gnutls/gnutls.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

struct bytes {
    size_t start, end;
    uint8_t data[8192];
};

/* As many as there are room or bytes for. */
size_t bytes_put(struct bytes *b, const void *from, size_t length);
size_t bytes_take(struct bytes *b, void *to, size_t length);

struct server {
    struct bytes in, out; /* on the wire */
    gnutls_certificate_credentials_t credentials;
    gnutls_session_t tls; /* once it has begun */
    bool secure;          /* its handshake is done */
    bool ended;           /* the client's stream is closed, or broken */
    size_t row;           /* of the conversation */
    size_t heard_length;
    char heard[2048]; /* what is not answered yet */
};

void server_init(struct server *s,
                 gnutls_certificate_credentials_t credentials);
void server_free(struct server *s);

/* Digest what is in `in`, and put the answers to `out`. */
void server_step(struct server *s);

#endif
