#include "xmpp/stream_error.h"

#include <stdio.h>
#include <string.h>

#include "base/utf8.h"
#include "xml/write.h"
#include "xmpp/names.h"

#define TEXT_MAX  1024u
#define UNDEFINED "undefined-condition"
#define SPACE     " \t\r\n"

static const struct {
    const char *condition;
    enum finding finding;
} known[] = {
    {"host-unknown", FINDING_HOST_UNKNOWN},
    {"host-gone", FINDING_HOST_GONE},
    {"not-authorized", FINDING_NOT_AUTHORIZED},
    {"policy-violation", FINDING_POLICY_VIOLATION},
    {"improper-addressing", FINDING_IMPROPER_ADDRESSING},
    {"invalid-from", FINDING_INVALID_FROM},
    {"invalid-namespace", FINDING_INVALID_NAMESPACE},
    {"conflict", FINDING_CONFLICT},
    {"connection-timeout", FINDING_CONNECTION_TIMEOUT},
    {"resource-constraint", FINDING_RESOURCE_CONSTRAINT},
    {"system-shutdown", FINDING_SYSTEM_SHUTDOWN},
    {"unsupported-version", FINDING_UNSUPPORTED_VERSION},
    {"see-other-host", FINDING_SEE_OTHER_HOST},
    {UNDEFINED, FINDING_UNDEFINED_CONDITION},
};

static enum finding finding_for(const char *condition)
{
    for (size_t i = 0; i < sizeof(known) / sizeof(known[0]); i++)
        if (strcmp(known[i].condition, condition) == 0)
            return known[i].finding;
    return FINDING_STREAM_ERROR;
}

/* Text without white space around it, and not longer than is worth showing. */
static const char *trimmed(s2s_result *r, const char *text)
{
    if (text == NULL)
        return NULL;
    text += strspn(text, SPACE);
    size_t length = strlen(text);
    while (length > 0 && strchr(SPACE, text[length - 1]) != NULL)
        length--;
    return result_untrusted(r, text, length < TEXT_MAX ? length : TEXT_MAX);
}

static void read_condition(const tree_node *n, s2s_result *r)
{
    struct result_stream_error *e = &r->stream_error;
    if (strcmp(tree_local(n), "text") == 0) {
        e->text = trimmed(r, tree_text(n));
        return;
    }
    if (e->condition != NULL)
        return;
    e->condition = result_text(r, tree_local(n));
    if (strcmp(tree_local(n), "see-other-host") == 0)
        r->redirect = trimmed(r, tree_text(n));
}

static void read_other(const tree_node *n, s2s_result *r)
{
    char name[512];
    if (r->stream_error.other != NULL)
        return;
    snprintf(name, sizeof(name), "{%s}%s", tree_ns(n), tree_local(n));
    r->stream_error.other = result_untrusted(r, name, strlen(name));
}

int stream_error_read(const tree_node *element, s2s_result *result)
{
    for (const tree_node *n = tree_first(element, NULL, NULL); n != NULL;
         n = tree_next(n, NULL, NULL)) {
        if (strcmp(tree_ns(n), NS_STREAM_ERRORS) == 0)
            read_condition(n, result);
        else
            read_other(n, result);
    }
    struct result_stream_error *e = &result->stream_error;
    if (e->condition == NULL)
        e->condition = result_text(result, UNDEFINED);
    if (e->condition == NULL)
        return S2S_ENO_MEMORY;
    char seen[TEXT_MAX + 128];
    snprintf(seen, sizeof(seen), "%s%s%s", e->condition,
             e->text != NULL ? ": " : "", e->text != NULL ? e->text : "");
    const char *clean = result_untrusted(result, seen, strlen(seen));
    result_find(result, finding_for(e->condition), clean);
    return result->redirect != NULL ? S2S_EREDIRECT : S2S_ESTREAM_ERROR;
}

/* As much as fits whole, without control characters. */
static void keep(char *out, size_t size, const char *text)
{
    size_t used = 0;
    text += strspn(text, SPACE);
    for (size_t left = strlen(text); left > 0;) {
        uint32_t code = 0;
        int n = utf8_decode((const uint8_t *)text, left, &code);
        if (n <= 0 || used + (size_t)n >= size)
            break;
        if (code < 0x20 || (code >= 0x7f && code < 0xa0)) {
            out[used++] = ' ';
        } else {
            memcpy(out + used, text, (size_t)n);
            used += (size_t)n;
        }
        text += n;
        left -= (size_t)n;
    }
    out[used] = '\0';
}

void stream_error_note(const tree_node *element, struct inbound *seen)
{
    keep(seen->error, sizeof(seen->error), UNDEFINED);
    seen->error_text[0] = '\0';
    for (const tree_node *n = tree_first(element, NS_STREAM_ERRORS, NULL);
         n != NULL; n = tree_next(n, NS_STREAM_ERRORS, NULL)) {
        const char *text = tree_text(n);
        if (strcmp(tree_local(n), "text") != 0)
            keep(seen->error, sizeof(seen->error), tree_local(n));
        else if (text != NULL)
            keep(seen->error_text, sizeof(seen->error_text), text);
    }
}

const char *stream_error_condition(int error)
{
    static const struct {
        int error;
        const char *condition;
    } ours[] = {
        {S2S_EXML, "not-well-formed"},
        {S2S_EXML_FORBIDDEN, "restricted-xml"},
        {S2S_EENCODING, "unsupported-encoding"},
        {S2S_ENAMESPACE, "invalid-namespace"},
        {S2S_ELIMIT, "policy-violation"},
        {S2S_EPROTOCOL, "unsupported-stanza-type"},
        {S2S_EVERSION, "unsupported-version"},
    };
    for (size_t i = 0; i < sizeof(ours) / sizeof(ours[0]); i++)
        if (ours[i].error == error)
            return ours[i].condition;
    return NULL;
}

int stream_error_write(struct buf *out, int error)
{
    const char *condition = stream_error_condition(error);
    return condition != NULL
               ? stream_error_write_condition(out, condition, NULL)
               : S2S_OK;
}

static int write_error_text(struct buf *out, const char *text)
{
    int e =
        buf_add_text(out, "<text xmlns='" NS_STREAM_ERRORS "' xml:lang='en'>");
    if (e == S2S_OK)
        e = write_text(out, text);
    return e == S2S_OK ? buf_add_text(out, "</text>") : e;
}

int stream_error_write_condition(struct buf *out, const char *condition,
                                 const char *text)
{
    const char *const parts[] = {"<stream:error><", condition,
                                 " xmlns='" NS_STREAM_ERRORS "'/>", NULL};
    size_t start = out->length;
    int e = buf_add_texts(out, parts);
    if (e == S2S_OK && text != NULL)
        e = write_error_text(out, text);
    if (e == S2S_OK)
        e = buf_add_text(out, "</stream:error>");
    if (e != S2S_OK)
        out->length = start;
    return e;
}
