#include "xmpp/sasl.h"

#include <string.h>

#include "base/base64.h"
#include "base/error.h"
#include "base/utf8.h"
#include "xmpp/names.h"

int sasl_write_auth(struct buf *out, const char *authzid)
{
    size_t start = out->length;
    int e =
        buf_add_text(out, "<auth xmlns='" NS_SASL "' mechanism='EXTERNAL'>");
    if (e == S2S_OK && authzid[0] == '\0')
        e = buf_add_text(out, "="); /* empty, and there: RFC 6120, 6.4.2 */
    else if (e == S2S_OK)
        e = base64_write(out, authzid, strlen(authzid));
    if (e == S2S_OK)
        e = buf_add_text(out, "</auth>");
    if (e != S2S_OK)
        out->length = start;
    return e;
}

const char *sasl_read_failure(const tree_node *element, const char **text)
{
    const char *condition = NULL;
    *text = NULL;
    for (const tree_node *n = tree_first(element, NS_SASL, NULL); n != NULL;
         n = tree_next(n, NS_SASL, NULL)) {
        if (tree_is(n, NS_SASL, "text"))
            *text = *text != NULL ? *text : tree_text(n);
        else if (condition == NULL)
            condition = tree_local(n);
    }
    return condition != NULL ? condition : "undefined";
}

/* Base64, or "=" for nothing; into `out`, or the condition that says why not.
 */
static const char *read_response(struct buf *out, const char *text)
{
    if (strcmp(text, "=") == 0)
        return NULL;
    switch (base64_read(out, text)) {
    case S2S_OK:
        break;
    case S2S_EPROTOCOL:
        return "incorrect-encoding";
    default:
        return "malformed-request"; /* too long */
    }
    if (out->length > 0 && (memchr(out->data, '\0', out->length) != NULL ||
                            !utf8_valid(out->data, out->length)))
        return "malformed-request";
    return NULL;
}

const char *sasl_read_auth(const tree_node *element, char authzid[SASL_AUTHZID])
{
    uint8_t room[SASL_AUTHZID - 1];
    /* Has all its room from the start, so it never asks for memory. */
    struct buf id = {
        .data = room, .capacity = sizeof(room), .limit = sizeof(room)};
    const char *mechanism = tree_attribute(element, "mechanism");
    const char *response = tree_text(element);
    if (mechanism == NULL || strcmp(mechanism, "EXTERNAL") != 0)
        return "invalid-mechanism";
    if (response == NULL)
        return "malformed-request";
    const char *condition = read_response(&id, response);
    if (condition != NULL)
        return condition;
    memcpy(authzid, room, id.length);
    authzid[id.length] = '\0';
    return NULL;
}

int sasl_write_success(struct buf *out)
{
    return buf_add_text(out, "<success xmlns='" NS_SASL "'/>");
}

int sasl_write_failure(struct buf *out, const char *condition)
{
    const char *const parts[] = {"<failure xmlns='" NS_SASL "'><", condition,
                                 "/></failure>", NULL};
    return buf_add_texts(out, parts);
}
