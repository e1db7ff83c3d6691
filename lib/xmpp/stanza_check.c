#include "xmpp/stanza_check.h"

#include <string.h>

#include "base/error.h"
#include "xmpp/names.h"

#define LIMIT (1u << 20)

static const struct tokenizer_limits limits = {
    .header = 1024,
    .element = LIMIT,
    .depth = 64,
    .nodes = 16384,
    .attributes = 64,
    .bindings = 64,
    .name = 1024,
};

/* Feed one item, which has to use up all of the text. */
static int feed(struct tokenizer *t, const char *text, size_t length,
                int expected)
{
    size_t used;
    int event = tokenizer_feed(t, text, length, &used);
    if (event == S2S_ENO_MEMORY)
        return event;
    return event == expected && used == length ? S2S_OK : S2S_EINVALID_ARGUMENT;
}

static bool has_type(const tree_node *n, const char *type)
{
    const char *text = tree_attribute(n, "type");
    return text != NULL && strcmp(text, type) == 0;
}

static void note(const tree_node *n, struct stanza_facts *out)
{
    const char *id = tree_attribute(n, "id");
    out->kind = stanza_kind(n);
    out->request =
        out->kind == STANZA_IQ && (has_type(n, "get") || has_type(n, "set"));
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
    static const char header[] =
        "<stream:stream xmlns='" NS_SERVER "' xmlns:db='" NS_DIALBACK
        "' xmlns:stream='" NS_STREAMS "'>";
    if (length == 0 || text[length - 1] != '>' || !begins_plainly(text, length))
        return S2S_EINVALID_ARGUMENT;
    struct tree *tree = tree_new();
    if (tree == NULL)
        return S2S_ENO_MEMORY;
    struct tokenizer_sink sink = tree_sink(tree);
    struct tokenizer *t = tokenizer_new(&sink, &limits);
    int e = S2S_ENO_MEMORY;
    if (t != NULL)
        e = feed(t, header, sizeof(header) - 1, TOKENIZER_HEADER);
    if (e == S2S_OK)
        e = feed(t, text, length, TOKENIZER_ELEMENT);
    if (e == S2S_OK)
        e = judge(tree_root(tree), from, from_count, to, out);
    tokenizer_free(t);
    tree_free(tree);
    return e;
}
