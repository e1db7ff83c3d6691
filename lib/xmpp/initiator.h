/*
 * The outgoing stream (RFC 6120, 4 to 5), without I/O, clock or threads: it
 * takes bytes and events, and gives bytes and wishes. What it learns and how
 * it ends goes into the record.
 *
 * The driver looks at initiator_wants() and does the first that is set, in
 * the order of the values below, until INITIATOR_DONE.
 */
#ifndef XMPP_INITIATOR_H
#define XMPP_INITIATOR_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/domain.h"
#include "base/log.h"
#include "base/result.h"

enum initiator_tls {
    INITIATOR_CLEAR,    /* no TLS at all */
    INITIATOR_STARTTLS, /* tried even when it is not offered: RFC 7590, 3.1 */
    INITIATOR_DIRECT    /* XEP-0368 */
};

struct initiator_config { /* must outlive the initiator */
    const struct domain *from, *to;
    enum initiator_tls tls;
    bool verify; /* ask with a db:verify when the stream is usable */
    const char *verify_id, *verify_key;
    const s2s_limits *limits;
    const struct log *log;
};

#define INITIATOR_DONE 1u /* the end */
#define INITIATOR_WRITE                                                        \
    2u                    /* send initiator_output(), then initiator_sent()    \
                           */
#define INITIATOR_TLS  4u /* start TLS, then initiator_secured() */
#define INITIATOR_READ 8u /* receive, then initiator_input() */
/* Beside INITIATOR_WRITE: a farewell. Try once, do not wait. */
#define INITIATOR_LAST 16u

struct initiator;

/* S2S_OK, S2S_ENO_MEMORY or S2S_EINTERNAL. */
int initiator_new(const struct initiator_config *config, s2s_result *result,
                  struct initiator **out);
void initiator_free(struct initiator *i);

unsigned initiator_wants(const struct initiator *i);
/* The enum s2s_stage it is in. */
int initiator_stage(const struct initiator *i);

const uint8_t *initiator_output(const struct initiator *i, size_t *length);
void initiator_sent(struct initiator *i, size_t length);
/* Bytes from the peer. Those that come after the end are ignored. */
void initiator_input(struct initiator *i, const void *bytes, size_t length);
/* The peer has ended the connection. */
void initiator_ended(struct initiator *i);

/*
 * TLS stands. `verdict` is S2S_OK or the S2S_ECERT_* that the certificate
 * gets, `why` a text for it: the features are still read, nothing secret is
 * sent, and then the stream ends with it.
 */
void initiator_secured(struct initiator *i, int verdict, const char *why);

/*
 * Something outside went wrong: a time-out, an I/O error. Recorded unless an
 * earlier cause waits: a header's verdict, a bad certificate.
 */
void initiator_fail(struct initiator *i, int error, const char *text);

/* Whether the peer has sent a stream header on this connection. */
bool initiator_heard(const struct initiator *i);
/* The same of the stream that is on now. */
bool initiator_has_header(const struct initiator *i);

#endif
