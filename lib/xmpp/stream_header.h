/* Stream headers (RFC 6120, 4.7): ours, and reading the peer's. */
#ifndef XMPP_STREAM_HEADER_H
#define XMPP_STREAM_HEADER_H

#include <stdbool.h>

#include "base/buf.h"
#include "base/domain.h"
#include "base/result.h"
#include "xml/tree.h"

/* Append a header without a newline, prefixes exactly `stream:` and `db:`:
 * some servers look at the letters. Errors of write.h. */
int stream_header_write(struct buf *out, const char *from, const char *to);

/*
 * The same in answer to a peer's header: it has an id, and the version only
 * where the peer sent one (RFC 6120, 4.7.5, rule 4). NULL from or to: left
 * out.
 */
int stream_header_write_response(struct buf *out, const char *from,
                                 const char *to, const char *id, bool version);

/* A peer's header that begins a stream to us. What it points to is the
 * element's. */
struct stream_header_request {
    const char *from, *to; /* NULL: absent or empty */
    bool version;          /* 1.0 or above */
    bool foreign;          /* for other content than jabber:server */
};

void stream_header_read_request(const tree_node *header,
                                struct stream_header_request *out);

struct stream_header_verdict {
    int error; /* S2S_EVERSION, S2S_ENAMESPACE, S2S_ESTREAM_HEADER; 0: none */
    enum finding finding;
    const char *seen; /* with it; NULL: nothing */
    const char *text;
};

/*
 * Record the peer's header in `stream`, and judge it. A bad verdict is to be
 * held back until something other than a stream error follows: headers of
 * set-up errors are often empty (RFC 6120, 4.9.1.2).
 */
struct stream_header_verdict stream_header_judge(const tree_node *header,
                                                 const struct domain *to,
                                                 struct result_stream *stream,
                                                 s2s_result *result);

/* Find what is worth saying about it but spoils nothing, once it is known that
 * no stream error follows: that header is from whoever answers for `to`. */
void stream_header_lint(const struct result_stream *stream, const char *from,
                        const struct domain *to, s2s_result *result);

#endif
