#include "xmpp/dialback.h"

#include <string.h>

#include "xml/write.h"
#include "xmpp/names.h"

int dialback_write_verify(struct buf *out, const char *from, const char *to,
                          const char *id, const char *key)
{
    int e = buf_add_text(out, "<db:verify");
    if (e == S2S_OK)
        e = write_attribute(out, "from", from);
    if (e == S2S_OK)
        e = write_attribute(out, "to", to);
    if (e == S2S_OK)
        e = write_attribute(out, "id", id);
    if (e == S2S_OK)
        e = buf_add_text(out, ">");
    if (e == S2S_OK)
        e = write_text(out, key);
    if (e == S2S_OK)
        e = buf_add_text(out, "</db:verify>");
    return e;
}

static bool has(const tree_node *n, const char *name, const char *value)
{
    const char *text = tree_attribute(n, name);
    return text != NULL && strcmp(text, value) == 0;
}

static const char *read_condition(const tree_node *element)
{
    const tree_node *error = tree_first(element, NULL, "error");
    const tree_node *n =
        error != NULL ? tree_first(error, NS_STANZA_ERRORS, NULL) : NULL;
    while (n != NULL && strcmp(tree_local(n), "text") == 0)
        n = tree_next(n, NS_STANZA_ERRORS, NULL);
    return n != NULL ? tree_local(n) : NULL;
}

enum dialback_answer dialback_read_verify(const tree_node *element,
                                          const char *from, const char *to,
                                          const char *id,
                                          const char **condition)
{
    *condition = NULL;
    if (!tree_is(element, NS_DIALBACK, "verify") || !has(element, "from", to) ||
        !has(element, "to", from) || !has(element, "id", id))
        return DIALBACK_OTHER;
    if (has(element, "type", "valid"))
        return DIALBACK_VALID;
    if (has(element, "type", "invalid"))
        return DIALBACK_INVALID;
    if (!has(element, "type", "error"))
        return DIALBACK_OTHER;
    *condition = read_condition(element);
    return DIALBACK_ERROR;
}
