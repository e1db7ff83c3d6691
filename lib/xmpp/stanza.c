#include "xmpp/stanza.h"

#include <string.h>

#include "base/error.h"
#include "xml/write.h"
#include "xmpp/names.h"

#define PART_MAX 1023u /* bytes of a part of a JID: RFC 7622, 3.2 to 3.4 */

/* ---- Kinds and addresses ---- */

enum stanza_kind stanza_kind(const tree_node *n)
{
    static const struct {
        const char *local;
        enum stanza_kind kind;
    } rows[] = {
        {"iq", STANZA_IQ},
        {"message", STANZA_MESSAGE},
        {"presence", STANZA_PRESENCE},
    };
    for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++)
        if (tree_is(n, NS_SERVER, rows[i].local))
            return rows[i].kind;
    return STANZA_NONE;
}

/* RFC 7622, 3.3.1, as far as bytes tell. */
static bool is_local_part(const char *text, size_t length)
{
    if (length == 0 || length > PART_MAX)
        return false;
    for (size_t i = 0; i < length; i++)
        if ((unsigned char)text[i] <= ' ' || strchr("\"&'/:<>@\x7f", text[i]))
            return false;
    return true;
}

/* The domain part of a JID, or false. */
static bool domain_part(const char *jid, char out[DOMAIN_UNICODE_MAX])
{
    size_t length = strcspn(jid, "/");
    if (jid[length] == '/') {
        size_t resource = strlen(jid + length + 1);
        if (resource == 0 || resource > PART_MAX)
            return false;
    }
    const char *at = memchr(jid, '@', length);
    if (at != NULL) {
        size_t local = (size_t)(at - jid);
        if (!is_local_part(jid, local))
            return false;
        jid = at + 1;
        length -= local + 1;
    }
    if (length >= DOMAIN_UNICODE_MAX)
        return false;
    memcpy(out, jid, length);
    out[length] = '\0';
    return true;
}

bool stanza_domain(const char *jid, char out[DOMAIN_UNICODE_MAX])
{
    return jid != NULL && domain_part(jid, out);
}

bool stanza_domain_is(const char *jid, const struct domain *domain)
{
    char text[DOMAIN_UNICODE_MAX];
    return jid != NULL && domain_part(jid, text) && domain_equal(domain, text);
}

bool stanza_is_between(const tree_node *n, const struct domain *from,
                       const struct domain *to)
{
    return stanza_domain_is(tree_attribute(n, "from"), from) &&
           stanza_domain_is(tree_attribute(n, "to"), to);
}

/* ---- Errors ---- */

const char *stanza_error_condition(const tree_node *n)
{
    const tree_node *error = tree_first(n, NULL, "error");
    const tree_node *c =
        error != NULL ? tree_first(error, NS_STANZA_ERRORS, NULL) : NULL;
    while (c != NULL && strcmp(tree_local(c), "text") == 0)
        c = tree_next(c, NS_STANZA_ERRORS, NULL);
    return c != NULL ? tree_local(c) : NULL;
}

/* RFC 6120, 8.3.3, and one of XEP-0220, 2.5. The last stands for the rest. */
static const struct error_row {
    const char *condition, *type;
} errors[] = {
    {"bad-request", "modify"},
    {"conflict", "cancel"},
    {"feature-not-implemented", "cancel"},
    {"forbidden", "auth"},
    {"gone", "cancel"},
    {"internal-server-error", "cancel"},
    {"item-not-found", "cancel"},
    {"jid-malformed", "modify"},
    {"not-acceptable", "modify"},
    {"not-allowed", "cancel"},
    {"not-authorized", "auth"},
    {"policy-violation", "modify"},
    {"recipient-unavailable", "wait"},
    {"redirect", "modify"},
    {"registration-required", "auth"},
    {"remote-connection-failed", "cancel"},
    {"remote-server-not-found", "cancel"},
    {"remote-server-timeout", "wait"},
    {"resource-constraint", "wait"},
    {"service-unavailable", "cancel"},
    {"subscription-required", "auth"},
    {"unexpected-request", "wait"},
    {"undefined-condition", "cancel"},
};

static const struct error_row *find_error(const char *condition)
{
    const size_t last = sizeof(errors) / sizeof(errors[0]) - 1;
    size_t i = 0;
    while (i < last &&
           (condition == NULL || strcmp(errors[i].condition, condition) != 0))
        i++;
    return &errors[i];
}

int stanza_write_error(struct buf *out, const char *condition)
{
    const struct error_row *row = find_error(condition);
    const char *const parts[] = {"<error type='",
                                 row->type,
                                 "'><",
                                 row->condition,
                                 " xmlns='" NS_STANZA_ERRORS "'/></error>",
                                 NULL};
    return buf_add_texts(out, parts);
}

/* ---- Writing ---- */

static int write_start(struct buf *out, const char *name, const char *from,
                       const char *to, const char *id, const char *type)
{
    int e = buf_add_text(out, name);
    if (e == S2S_OK)
        e = write_attribute(out, "from", from);
    if (e == S2S_OK)
        e = write_attribute(out, "to", to);
    if (e == S2S_OK)
        e = write_attribute(out, "id", id);
    if (e == S2S_OK)
        e = write_attribute(out, "type", type);
    return e;
}

int stanza_write_ping(struct buf *out, const char *from, const char *to,
                      const char *id)
{
    size_t start = out->length;
    int e = write_start(out, "<iq", from, to, id, "get");
    if (e == S2S_OK)
        e = buf_add_text(out, "><ping xmlns='" NS_PING "'/></iq>");
    if (e != S2S_OK)
        out->length = start;
    return e;
}

/* ---- Answering ---- */

enum reply { NOTHING, PONG, IQ_ERROR, MESSAGE_ERROR };

/* One child and no more: RFC 6120, 8.2.3. */
static bool is_ping(const tree_node *n)
{
    const tree_node *child = tree_first(n, NULL, NULL);
    return tree_has(n, "type", "get") && child != NULL &&
           tree_is(child, NS_PING, "ping") &&
           tree_next(child, NULL, NULL) == NULL;
}

static enum reply reply_to(const tree_node *n)
{
    if (!tree_attribute(n, "from") || !tree_attribute(n, "to"))
        return NOTHING;
    switch (stanza_kind(n)) {
    case STANZA_IQ:
        if (!tree_attribute(n, "id") ||
            (!tree_has(n, "type", "get") && !tree_has(n, "type", "set")))
            return NOTHING;
        return is_ping(n) ? PONG : IQ_ERROR;
    case STANZA_MESSAGE:
        return tree_has(n, "type", "error") ? NOTHING : MESSAGE_ERROR;
    default:
        return NOTHING;
    }
}

int stanza_write_answer(struct buf *out, const tree_node *request)
{
    static const struct {
        const char *start, *type, *end;
    } rows[] = {
        [PONG] = {"<iq", "result", "/>"},
        [IQ_ERROR] = {"<iq", "error", "</iq>"},
        [MESSAGE_ERROR] = {"<message", "error", "</message>"},
    };
    enum reply r = reply_to(request);
    size_t start = out->length;
    if (r == NOTHING)
        return S2S_OK;
    int e = write_start(out, rows[r].start, tree_attribute(request, "to"),
                        tree_attribute(request, "from"),
                        tree_attribute(request, "id"), rows[r].type);
    if (e == S2S_OK && r != PONG)
        e = buf_add_text(out, ">");
    if (e == S2S_OK && r != PONG)
        e = stanza_write_error(out, "service-unavailable");
    if (e == S2S_OK)
        e = buf_add_text(out, rows[r].end);
    if (e != S2S_OK)
        out->length = start;
    return e;
}

/* ---- Answers ---- */

/* No local part, no resource. */
static bool is_bare(const char *text, const struct domain *domain)
{
    return text != NULL && domain_equal(domain, text);
}

enum stanza_answer stanza_read_answer(const tree_node *n,
                                      const struct domain *from,
                                      const struct domain *to, const char *id,
                                      const char **condition)
{
    *condition = NULL;
    if (stanza_kind(n) != STANZA_IQ || !tree_has(n, "id", id) ||
        !is_bare(tree_attribute(n, "from"), to) ||
        !is_bare(tree_attribute(n, "to"), from))
        return STANZA_NO_ANSWER;
    if (tree_has(n, "type", "result"))
        return STANZA_RESULT;
    if (!tree_has(n, "type", "error"))
        return STANZA_NO_ANSWER;
    const char *c = stanza_error_condition(n);
    *condition = c;
    return c != NULL && (strcmp(c, "service-unavailable") == 0 ||
                         strcmp(c, "feature-not-implemented") == 0)
               ? STANZA_UNSUPPORTED
               : STANZA_ERROR;
}
