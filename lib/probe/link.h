/*
 * A connection: a transport, and TLS on top of it when it has begun. Both are
 * callback tables, the caller's or our own. Nothing blocks.
 */
#ifndef PROBE_LINK_H
#define PROBE_LINK_H

#include <stdbool.h>
#include <stdint.h>
#include <s2sprobe.h>

struct link {
    const s2s_transport *transport;
    const s2s_tls *tls;
    void *conn;
    void *session;
    bool open;
    bool tls_begun; /* a session exists */
    bool secure;    /* its handshake is done */
    int want;       /* S2S_WANT_READ or S2S_WANT_WRITE: for what to wait */
    uint64_t most;  /* bytes that the transport may bring; 0: any number */
    uint64_t heard_bytes;
    bool flooded;   /* it would have brought more: S2S_ELIMIT */
    bool moved;     /* a byte has gone through the transport */
    bool heard;     /* a byte has come from the transport */
    uint8_t first;  /* it */
    bool heard_tls; /* a byte has come since TLS began */
    uint8_t first_tls;
    const char *fault;     /* the first callback that failed; or NULL, */
    ptrdiff_t fault_value; /* what it returned, */
    bool fault_tls;        /* and whether it is one of `tls` */
};

#define LINK_FAULT 96
/* What is wrong with that callback, in words; false: with none. */
bool link_fault(const struct link *l, char out[LINK_FAULT]);

/* The tables must outlive the link. */

int link_open(struct link *l, const s2s_transport *transport, const char *host,
              uint16_t port);
/* A connection of this transport that stands already. */
void link_adopt(struct link *l, const s2s_transport *transport, void *conn);
void link_close(struct link *l);

/*
 * Bytes moved (> 0), 0 for an end (read), or a negative value: S2S_WANT_* with
 * l->want set, else an error. What a callback says is checked.
 */
ptrdiff_t link_read(struct link *l, void *buffer, size_t length);
ptrdiff_t link_write(struct link *l, const void *buffer, size_t length);

/* XML has limits of its own, but what is around it inside TLS has none: no more
 * may come than a peer needs that sends `xml` bytes. 0: any number. */
void link_limit(struct link *l, uint64_t xml);

/* `request`'s lower members are filled in here. */
int link_begin_tls(struct link *l, const s2s_tls *tls,
                   s2s_tls_request *request);
/* What the session tells. S2S_OK or an error. */
int link_tls_info(struct link *l, s2s_tls_info *info);
/* 0, S2S_WANT_* with l->want set, or an error. */
int link_handshake(struct link *l);

/* Whether a byte can begin a TLS record. */
bool link_is_tls(uint8_t first);

/* The descriptor to wait on, or -1. */
int link_fd(const struct link *l);

#endif
