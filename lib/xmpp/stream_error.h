/* Stream errors (RFC 6120, 4.9). */
#ifndef XMPP_STREAM_ERROR_H
#define XMPP_STREAM_ERROR_H

#include "base/buf.h"
#include "base/inbound.h"
#include "base/result.h"
#include "xml/tree.h"

/*
 * Record condition, text and finding of an <error/> in the streams namespace.
 * Returns S2S_ESTREAM_ERROR or S2S_EREDIRECT. The condition decides; the text
 * is shown and never interpreted (RFC 6120, 4.9.2).
 */
int stream_error_read(const tree_node *element, s2s_result *result);

/* The same into what is kept of a connection that came in. */
void stream_error_note(const tree_node *element, struct inbound *seen);

/* The condition that answers `error` of ours, or NULL. */
const char *stream_error_condition(int error);

/* Append the stream error that answers `error` of ours, if there is one. */
int stream_error_write(struct buf *out, int error);

/* Append a stream error with this condition; `text` may be NULL. Errors of
 * write.h. */
int stream_error_write_condition(struct buf *out, const char *condition,
                                 const char *text);

#endif
