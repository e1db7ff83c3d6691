#include "xmpp/stanza_check.h"

#include <string.h>

#include "base/error.h"
#include "xml/write.h"

#define STANZA_MAX (1u << 20) /* bytes */

static void note(const tree_node *n, struct stanza_facts *out)
{
    const char *id = tree_attribute(n, "id");
    out->kind = stanza_kind(n);
    out->request = out->kind == STANZA_IQ &&
                   (tree_has(n, "type", "get") || tree_has(n, "type", "set"));
    out->id[0] = '\0';
    if (id != NULL && strlen(id) < sizeof(out->id))
        memcpy(out->id, id, strlen(id) + 1);
}

/* No prefix: some servers look at the letters. */
static bool begins_plainly(const char *text, size_t length)
{
    static const char *const starts[] = {"<iq", "<message", "<presence"};
    for (size_t i = 0; i < sizeof(starts) / sizeof(starts[0]); i++) {
        size_t n = strlen(starts[i]);
        if (length > n && memcmp(text, starts[i], n) == 0 &&
            strchr(" \t\r\n/>", text[n]) != NULL)
            return true;
    }
    return false;
}

static int judge(const tree_node *n, const struct domain *const *from,
                 size_t from_count, const struct domain *to,
                 struct stanza_facts *out)
{
    if (stanza_kind(n) == STANZA_NONE)
        return S2S_EINVALID_ARGUMENT;
    for (size_t i = 0; i < from_count; i++) {
        if (stanza_is_between(n, from[i], to)) {
            note(n, out);
            return S2S_OK;
        }
    }
    return S2S_EINVALID_ARGUMENT;
}

int stanza_check(const char *text, size_t length,
                 const struct domain *const *from, size_t from_count,
                 const struct domain *to, struct stanza_facts *out)
{
    if (length == 0 || length > STANZA_MAX || text[length - 1] != '>' ||
        !begins_plainly(text, length))
        return S2S_EINVALID_ARGUMENT;
    struct tree *tree = tree_new();
    if (tree == NULL)
        return S2S_ENO_MEMORY;
    struct tokenizer_sink sink = tree_sink(tree);
    int e = write_check_into(&sink, text, length);
    if (e == S2S_EINTERNAL)
        e = S2S_EINVALID_ARGUMENT;
    if (e == S2S_OK)
        e = judge(tree_root(tree), from, from_count, to, out);
    tree_free(tree);
    return e;
}
