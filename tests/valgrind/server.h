/* A server in a thread: one connection on loopback, real TCP and TLS. */
#ifndef TESTS_VALGRIND_SERVER_H
#define TESTS_VALGRIND_SERVER_H

#include <gnutls/gnutls.h>
#include <pthread.h>
#include <stdbool.h>
#include <stdint.h>

#define SERVER_DOMAIN "them.example"
#define SERVER_HEARD  4096u
#define SERVER_PAD    15000u
#define SERVER_WAIT_S 60 /* a test that waits longer has failed */

enum server_manner {
    SERVER_STARTTLS,
    SERVER_DIRECT,
    SERVER_OTHER,   /* the same, and selects another protocol by ALPN */
    SERVER_PADDING, /* STARTTLS, then padding without end */
    SERVER_ERROR,   /* a stream error in the clear */
    SERVER_NO_XMPP, /* something else, and the end */
    SERVER_END,     /* the end behind <proceed/> */
    SERVER_RUBBISH  /* no TLS record behind <proceed/> */
};

struct server {
    enum server_manner manner;
    gnutls_certificate_credentials_t credentials;
    uint16_t port;         /* of 127.0.0.1 */
    bool certificate_seen; /* the client showed one */

    pthread_t thread;
    int listener, fd;
    gnutls_session_t tls; /* NULL in the clear */
    char heard[SERVER_HEARD];
    size_t heard_length;
};

/* `manner` and `credentials` are set; the rest is zero. Aborts when it cannot.
 */
void server_start(struct server *s);
/* Wait for its connection to end. */
void server_join(struct server *s);

#endif
