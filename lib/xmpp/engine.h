/*
 * What a driver sees of a stream engine, whichever side it speaks: it looks
 * at wants() and does the first that is set, in the order of the values,
 * until ENGINE_DONE.
 */
#ifndef XMPP_ENGINE_H
#define XMPP_ENGINE_H

#include <stddef.h>
#include <stdint.h>

#define ENGINE_DONE  1u /* the end */
#define ENGINE_WRITE 2u /* send output(), then sent() */
#define ENGINE_TLS   4u /* start TLS, then tell that it stands */
#define ENGINE_READ  8u /* receive, then input() */
#define ENGINE_LAST                                                            \
    16u /* beside ENGINE_WRITE: a farewell. Try, do not wait                   \
         */

struct engine {
    unsigned (*wants)(const void *self);
    const uint8_t *(*output)(const void *self, size_t *length);
    void (*sent)(void *self, size_t length);
    void (*input)(void *self, const void *bytes, size_t length);
    void (*ended)(void *self); /* the peer has ended the connection */
};

#endif
