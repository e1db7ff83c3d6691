#include "xmpp/stream_error.h"

#include <stdio.h>
#include <string.h>

#include "xmpp/names.h"

#define TEXT_MAX  1024u
#define UNDEFINED "undefined-condition"

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
    static const char space[] = " \t\r\n";
    if (text == NULL)
        return NULL;
    text += strspn(text, space);
    size_t length = strlen(text);
    while (length > 0 && strchr(space, text[length - 1]) != NULL)
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

int stream_error_write(struct buf *out, int error)
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
    for (size_t i = 0; i < sizeof(ours) / sizeof(ours[0]); i++) {
        char text[160];
        if (ours[i].error != error)
            continue;
        snprintf(text, sizeof(text),
                 "<stream:error><%s xmlns='" NS_STREAM_ERRORS
                 "'/></stream:error>",
                 ours[i].condition);
        return buf_add_text(out, text);
    }
    return S2S_OK;
}
