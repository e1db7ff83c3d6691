/*
 * Stream Management (XEP-0198), acknowledgements only, never resumed. Counts
 * wrap at 2^32.
 */
#ifndef XMPP_SM_H
#define XMPP_SM_H

#include <stdbool.h>
#include <stdint.h>

#include "base/buf.h"
#include "xml/tree.h"

enum sm_version { SM_NONE, SM_2, SM_3 };

struct sm {
    enum sm_version version; /* asked for; SM_NONE: not in use */
    bool on;                 /* <enabled/> was sent or received */
    uint32_t sent;           /* stanzas since <enable/> went out */
    uint32_t acked;
    uint32_t received; /* stanzas since <enabled/> */
};

enum sm_event {
    SM_OTHER, /* no element of ours */
    SM_ENABLED,
    SM_FAILED,
    SM_ASKED,  /* <r/>: to be answered with sm_write_answer() */
    SM_ACKED,  /* <a/>: `acked` has moved, or not */
    SM_BROKEN, /* an <a/> without a number, or for more than was sent */
    SM_ENABLE  /* a request, on the receiving side */
};

/* Append <enable/>, and begin to count. Errors of write.h. */
int sm_write_enable(struct sm *s, struct buf *out, enum sm_version version);
int sm_write_enabled(struct sm *s, struct buf *out, enum sm_version version);
int sm_write_request(const struct sm *s, struct buf *out);
int sm_write_answer(const struct sm *s, struct buf *out);

/* What an element says; what is not of the version in use is SM_OTHER, and
 * SM_ENABLE is any version (sm_requested()). */
enum sm_event sm_read(struct sm *s, const tree_node *n);
enum sm_version sm_requested(const tree_node *n);

/* Stanzas sent and not acknowledged. */
uint32_t sm_pending(const struct sm *s);

#endif
