/*
 * Moves bytes between a connection and a stream engine, one rung a call,
 * whichever side opened the connection.
 */
#ifndef PROBE_PUMP_H
#define PROBE_PUMP_H

#include <stdbool.h>

#include "probe/link.h"
#include "xmpp/engine.h"

enum pump_step {
    PUMP_ON,   /* something was done */
    PUMP_WAIT, /* nothing can be done until the link's descriptor is ready */
    PUMP_END   /* the stream is at its end */
};

struct pump_hooks { /* all REQUIRED; none may close the link */
    /* Begin TLS on the link. S2S_OK or an error. */
    int (*begin_tls)(void *user);
    /* TLS stands: look at it and tell the engine. */
    void (*secured)(void *user);
    /* TLS failed, or could not begin: end the engine. */
    void (*tls_failed)(void *user, int error);
    /* Reading or writing failed otherwise: end the engine. */
    void (*failed)(void *user, int error);
    /* The peer has ended the connection; the engine is told afterwards. */
    void (*ended)(void *user);
};

struct pump {
    struct link *link;
    const struct engine *engine;
    void *stream; /* the engine's */
    const struct pump_hooks *hooks;
    void *user;     /* the hooks' */
    bool connected; /* a farewell has somewhere to go */
};

enum pump_step pump_once(const struct pump *p);

#endif
