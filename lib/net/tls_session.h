/* One TLS session of ours: its making, and what it died of. */
#ifndef NET_TLS_SESSION_H
#define NET_TLS_SESSION_H

#include <s2sprobe.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/domain.h"
#include "net/tls_io.h"
#include "net/tls_store.h"

struct gnutls_session_int;

#define TLS_SESSION_ALPN 33 /* GnuTLS takes no longer names */

struct tls_words { /* of a session that went wrong */
    char error[80];
    char other[TLS_SESSION_ALPN]; /* a server selected this, cut off */
};

struct tls_session {
    struct gnutls_session_int *gnutls;
    struct tls_credentials *credentials;
    struct tls_store *store;
    struct tls_io io;
    /* A server's: see s2s_tls_request. */
    int (*choose)(void *chooser, const char *server_name,
                  const char **certificate, const char **key);
    void *chooser;
    struct domain *asked; /* by the client; NULL: for nothing */
    int refusal;          /* why there is no certificate of ours */
    bool server;
    bool chosen;
    uint8_t last[7];             /* bytes received in the handshake */
    const unsigned char **chain; /* made when asked for, the sizes behind it */
    int failure;                 /* what it died of */
    unsigned nothing;            /* events in a row that brought nothing */
    bool established;
    bool ended; /* the peer will send no more */
    bool truncated;
    char alpn[TLS_SESSION_ALPN]; /* what we offer or take; "": nothing */
    size_t other_length;         /* of words->other */
    struct tls_words *words;     /* NULL: nothing was said */
};

/* S2S_OK, S2S_EINVALID_ARGUMENT, S2S_ENO_MEMORY, S2S_EPOLICY or
 * S2S_EINTERNAL. A request of another size than ours: what is missing in it
 * is zero. */
int tls_session_new(struct tls_store *store, const s2s_tls_request *request,
                    struct tls_session **out);
void tls_session_free(struct tls_session *s);

/* Why the last call failed; a full stop at the end is left out. S2S_OK or
 * S2S_ENO_MEMORY. */
int tls_session_note(struct tls_session *s, const char *text);

/* The session is dead, for this reason. Returns `e`, or S2S_ENO_MEMORY. */
int tls_session_die(struct tls_session *s, int e, const char *text);

/* The same by what GnuTLS said; the lower side's own reason goes first. */
int tls_session_die_of(struct tls_session *s, ptrdiff_t rc);

/* Count an event that brought nothing; false when there were too many. */
bool tls_session_patience(struct tls_session *s);

#endif
