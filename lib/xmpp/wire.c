#include "xmpp/wire.h"

#include <string.h>

#include "xmpp/names.h"

#define SHOWN      1500u
#define NAME_SHOWN 500u

/* As many bytes as fit into `most` and split no character. */
static int shown(const char *text, size_t length, size_t most)
{
    if (length > most)
        for (length = most; length > 0; length--)
            if (((uint8_t)text[length] & 0xc0) != 0x80)
                break;
    return (int)length;
}

void wire_sent(const struct log *log, const char *text, size_t length,
               bool secret)
{
    if (secret) {
        const char *end = memchr(text, '>', length);
        length = end != NULL ? (size_t)(end - text) + 1 : 0;
    }
    log_line(log, S2S_LOG_WIRE, "out", "%.*s%s", shown(text, length, SHOWN),
             text, secret ? "[redacted]" : "");
}

static bool is_harmless(const tree_node *n)
{
    static const struct {
        const char *ns, *local;
    } rows[] = {
        {NS_STREAMS, "stream"}, {NS_STREAMS, "features"}, {NS_STREAMS, "error"},
        {NS_TLS, "proceed"},    {NS_TLS, "failure"},
    };
    for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++)
        if (tree_is(n, rows[i].ns, rows[i].local))
            return true;
    return false;
}

static void redacted(const struct log *log, const char *local, const char *ns)
{
    log_line(log, S2S_LOG_WIRE, "in", "<%.*s xmlns='%.*s'>[redacted]",
             shown(local, strlen(local), NAME_SHOWN), local,
             shown(ns, strlen(ns), NAME_SHOWN), ns);
}

void wire_received(const struct log *log, const tree_node *element,
                   struct tokenizer_span verbatim)
{
    if (is_harmless(element))
        log_line(log, S2S_LOG_WIRE, "in", "%.*s",
                 shown(verbatim.text, verbatim.length, SHOWN), verbatim.text);
    else
        redacted(log, tree_local(element), tree_ns(element));
}
