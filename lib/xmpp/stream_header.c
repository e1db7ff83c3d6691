#include "xmpp/stream_header.h"

#include <string.h>

#include "xml/write.h"
#include "xmpp/names.h"

#define ID_MAX 1024u

static int write_header(struct buf *out, const char *from, const char *to,
                        const char *id, bool version)
{
    size_t start = out->length;
    int e = buf_add_text(
        out, "<?xml version='1.0'?><stream:stream xmlns='" NS_SERVER
             "' xmlns:db='" NS_DIALBACK "' xmlns:stream='" NS_STREAMS "'");
    if (e == S2S_OK)
        e = write_attribute(out, "id", id);
    if (e == S2S_OK)
        e = write_attribute(out, "from", from);
    if (e == S2S_OK)
        e = write_attribute(out, "to", to);
    if (e == S2S_OK && version)
        e = buf_add_text(out, " version='1.0'");
    if (e == S2S_OK)
        e = buf_add_text(out, " xml:lang='en'>");
    if (e != S2S_OK)
        out->length = start;
    return e;
}

int stream_header_write(struct buf *out, const char *from, const char *to)
{
    return write_header(out, from, to, NULL, true);
}

int stream_header_write_response(struct buf *out, const char *from,
                                 const char *to, const char *id, bool version)
{
    return write_header(out, from, to, id, version);
}

/* An attribute's text, or NULL when it is absent or empty. */
static const char *filled(const tree_node *n, const char *name)
{
    const char *text = tree_attribute(n, name);
    return text != NULL && text[0] != '\0' ? text : NULL;
}

/* The major version: -1 when it is absent or no version (RFC 6120, 4.7.5). */
static int major_version(const char *text)
{
    if (text == NULL)
        return -1;
    size_t digits = strspn(text, "0123456789");
    if (digits == 0 || text[digits] != '.')
        return -1;
    int major = 0;
    for (size_t i = 0; i < digits; i++)
        if (major < 10000)
            major = 10 * major + (text[i] - '0');
    return major;
}

static void record(const tree_node *n, struct result_stream *s, s2s_result *r)
{
    s->header_received = true;
    s->id = result_text(r, filled(n, "id"));
    s->from = result_text(r, filled(n, "from"));
    s->to = result_text(r, filled(n, "to"));
    s->version = result_text(r, tree_attribute(n, "version"));
    s->lang = result_text(r, tree_attribute(n, "xml:lang"));
    s->dialback_namespace = tree_declares(n, NS_DIALBACK);
}

/* Only content namespaces matter; the header need not declare any (RFC 6120,
 * 4.8.2). */
static bool foreign_content(const tree_node *n)
{
    static const char component[] = "jabber:component:";
    const char *ns = tree_attribute(n, "xmlns");
    return ns != NULL && (strcmp(ns, NS_CLIENT) == 0 ||
                          strncmp(ns, component, sizeof(component) - 1) == 0);
}

void stream_header_read_request(const tree_node *header,
                                struct stream_header_request *out)
{
    *out = (struct stream_header_request){
        .from = filled(header, "from"),
        .to = filled(header, "to"),
        .version = major_version(tree_attribute(header, "version")) >= 1,
        .foreign = foreign_content(header),
    };
}

struct stream_header_verdict stream_header_judge(const tree_node *header,
                                                 const struct domain *to,
                                                 struct result_stream *stream,
                                                 s2s_result *result)
{
    static const struct stream_header_verdict
        good = {0},
        version = {S2S_EVERSION, FINDING_PRE_XMPP_1, NULL,
                   "the stream header has no version 1.0"},
        content = {S2S_ENAMESPACE, FINDING_CLIENT_PORT, NULL,
                   "the stream header declares another content namespace "
                   "than jabber:server"},
        id = {S2S_ESTREAM_HEADER, FINDING_NO_STREAM_ID, NULL,
              "the stream header has no usable id"};
    record(header, stream, result);
    if (major_version(stream->version) < 1)
        return version;
    if (foreign_content(header))
        return content;
    if (stream->id == NULL || strlen(stream->id) > ID_MAX)
        return id;
    if (stream->secure && stream->from != NULL &&
        !domain_equal(to, stream->from))
        return (struct stream_header_verdict){
            S2S_ESTREAM_HEADER, FINDING_FROM_DIFFERS, stream->from,
            "the stream header inside TLS is from another domain"};
    return good;
}

void stream_header_lint(const struct result_stream *s, const char *from,
                        const struct domain *to, s2s_result *r)
{
    if (s->from == NULL)
        result_find(r, FINDING_FROM_MISSING, NULL);
    else if (!domain_equal(to, s->from))
        result_find(r, FINDING_FROM_DIFFERS, s->from);
    if (s->to != NULL && strcmp(s->to, from) != 0)
        result_find(r, FINDING_TO_DIFFERS, s->to);
    if (s->lang == NULL)
        result_find(r, FINDING_LANG_MISSING, NULL);
    for (size_t i = 0; i < r->stream_count; i++)
        if (&r->streams[i] != s && s->id != NULL && r->streams[i].id != NULL &&
            strcmp(r->streams[i].id, s->id) == 0)
            result_find(r, FINDING_STREAM_ID_REUSED, s->id);
}
