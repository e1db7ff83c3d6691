/* SASL EXTERNAL between servers (RFC 6120, 6; XEP-0178), both sides. */
#ifndef XMPP_SASL_H
#define XMPP_SASL_H

#include "base/buf.h"
#include "base/result.h"
#include "xml/tree.h"

#define SASL_AUTHZID 1024 /* bytes of an authorisation id, with its NUL */

/* Append <auth/> with the initial response base64(authzid). Errors of
 * write.h. */
int sasl_write_auth(struct buf *out, const char *authzid);

/* The defined condition (RFC 6120, 6.5) of a <failure/>; "undefined" when it
 * has none. Belongs to the element. *text is its text or NULL, as sent. */
const char *sasl_read_failure(const tree_node *element, const char **text);

/*
 * What a peer asks in <auth/>: NULL and its authzid ("" for "=" or none), or
 * the failure's condition to answer with: "invalid-mechanism" (not EXTERNAL),
 * "incorrect-encoding" (no base64), "malformed-request" (it has elements,
 * holds a NUL, is no UTF-8 or too long). An absent initial response is "".
 */
const char *sasl_read_auth(const tree_node *element,
                           char authzid[SASL_AUTHZID]);

int sasl_write_success(struct buf *out);
int sasl_write_failure(struct buf *out, const char *condition);

#endif
