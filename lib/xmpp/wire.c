#include "xmpp/wire.h"

#include <ctype.h>
#include <string.h>

#include "xmpp/names.h"

#define SHOWN      1500u
#define NAME_SHOWN 500u
#define KEY_DIGITS 64u /* of a dialback key (XEP-0185) */
#define REDACTED   "[redacted]"
#define ROOM       (SHOWN + sizeof(REDACTED))

static bool is_wanted(const struct log *log)
{
    return log != NULL && log->function != NULL && log->level >= S2S_LOG_WIRE;
}

/* As many bytes as fit into `most` and split no character. */
static size_t shown(const char *text, size_t length, size_t most)
{
    if (length > most)
        for (length = most; length > 0; length--)
            if (((uint8_t)text[length] & 0xc0) != 0x80)
                break;
    return length;
}

static size_t hex_digits(const char *text, size_t length)
{
    size_t n = 0;
    while (n < length && isxdigit((unsigned char)text[n]))
        n++;
    return n;
}

/* Write what is shown of a text, NUL-terminated. A peer may echo a key wherever
 * it likes: nothing that looks like one is shown. */
static void write_shown(const char *text, size_t length, size_t most,
                        char out[ROOM])
{
    size_t end = shown(text, length, most);
    size_t used = 0;
    for (size_t at = 0; at < end;) {
        size_t n = hex_digits(text + at, length - at);
        const char *from = text + at;
        at += n > 0 ? n : 1;
        if (n >= KEY_DIGITS) {
            from = REDACTED;
            n = strlen(REDACTED);
        } else {
            n = (at < end ? at : end) - (size_t)(from - text);
        }
        memcpy(out + used, from, n);
        used += n;
    }
    out[used] = '\0';
}

void wire_sent(const struct log *log, const char *text, size_t length,
               bool secret)
{
    char line[ROOM];
    if (!is_wanted(log))
        return;
    if (secret) {
        const char *end = memchr(text, '>', length);
        length = end != NULL ? (size_t)(end - text) + 1 : 0;
    }
    write_shown(text, length, SHOWN, line);
    log_line(log, S2S_LOG_WIRE, "out", "%s%s", line, secret ? REDACTED : "");
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
    char name[ROOM], uri[ROOM];
    write_shown(local, strlen(local), NAME_SHOWN, name);
    write_shown(ns, strlen(ns), NAME_SHOWN, uri);
    log_line(log, S2S_LOG_WIRE, "in", "<%s xmlns='%s'>" REDACTED, name, uri);
}

void wire_received(const struct log *log, const tree_node *element,
                   struct tokenizer_span verbatim)
{
    char line[ROOM];
    if (!is_wanted(log))
        return;
    if (!is_harmless(element)) {
        redacted(log, tree_local(element), tree_ns(element));
        return;
    }
    write_shown(verbatim.text, verbatim.length, SHOWN, line);
    log_line(log, S2S_LOG_WIRE, "in", "%s", line);
}
