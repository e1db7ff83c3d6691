/* Server Dialback (XEP-0220): asking to verify a key. */
#ifndef XMPP_DIALBACK_H
#define XMPP_DIALBACK_H

#include "base/buf.h"
#include "base/result.h"
#include "xml/tree.h"

enum dialback_answer {
    DIALBACK_OTHER, /* not an answer to this request */
    DIALBACK_VALID,
    DIALBACK_INVALID,
    DIALBACK_ERROR
};

/* Append <db:verify/>. 0 or an error of write.h. */
int dialback_write_verify(struct buf *out, const char *from, const char *to,
                          const char *id, const char *key);

/*
 * What an element answers to the request with these values, which must be
 * matched exactly, from and to the other way round (XEP-0220, 2.2.2).
 * *condition is the local name of a dialback error's condition, or NULL.
 */
enum dialback_answer dialback_read_verify(const tree_node *element,
                                          const char *from, const char *to,
                                          const char *id,
                                          const char **condition);

#endif
