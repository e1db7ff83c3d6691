#include "demo_stream.h"

#include <stdarg.h>
#include <stdio.h>
#include <string.h>

#define VALUE_MAX 256
#define BLANK     " \t\r\n"

#define NS_TLS "urn:ietf:params:xml:ns:xmpp-tls"

struct tag {
    const char *text; /* from '<' */
    size_t length;    /* to '>' */
    bool empty;       /* <a/> */
};

/* All or nothing: a peer that reads nothing misses what does not fit. */
__attribute__((format(printf, 2, 3))) static void put(struct demo_stream *s,
                                                      const char *format, ...)
{
    va_list args;
    size_t room = sizeof(s->out) - s->out_length;
    va_start(args, format);
    int n = vsnprintf(s->out + s->out_length, room, format, args);
    va_end(args);
    if (n > 0 && (size_t)n < room)
        s->out_length += (size_t)n;
}

/* ---- Tags -------------------------------------------------------------- */

/* Index behind the '>' that ends the tag at `text`; 0: not yet. */
static size_t tag_end(const char *text, size_t length)
{
    char quote = '\0';
    for (size_t i = 0; i < length; i++) {
        char c = text[i];
        if (quote != '\0')
            quote = c == quote ? '\0' : quote;
        else if (c == '\'' || c == '"')
            quote = c;
        else if (c == '>')
            return i + 1;
    }
    return 0;
}

static bool tag_is(const struct tag *t, const char *name)
{
    size_t n = strlen(name);
    return t->length > n + 1 && memcmp(t->text + 1, name, n) == 0 &&
           strchr(BLANK "/>", t->text[n + 1]) != NULL;
}

struct attribute {
    const char *name, *value;
    size_t name_length, value_length;
};

/* The attribute at *at, which moves behind it; false at the end of the tag,
 * or when what stands there is none. */
static bool next_attribute(const char **at, struct attribute *a)
{
    a->name = *at + strspn(*at, BLANK);
    a->name_length = strcspn(a->name, BLANK "=/>'\"");
    const char *quote = a->name + a->name_length + 1;
    if (a->name_length == 0 || quote[-1] != '=' ||
        (*quote != '\'' && *quote != '"'))
        return false;
    a->value = quote + 1;
    a->value_length = strcspn(a->value, *quote == '"' ? "\"" : "'");
    *at = a->value + a->value_length + 1;
    return true;
}

/* Its value can be written between single quotes again. */
static bool plain(const struct attribute *a)
{
    return a->value_length < VALUE_MAX &&
           memchr(a->value, '<', a->value_length) == NULL &&
           memchr(a->value, '\'', a->value_length) == NULL;
}

/* False when there is no such attribute, or it is too long or strange. */
static bool tag_value(const struct tag *t, const char *name,
                      char out[VALUE_MAX])
{
    struct attribute a;
    const char *at = t->text + strcspn(t->text, BLANK "/>");
    while (next_attribute(&at, &a)) {
        if (a.name_length != strlen(name) ||
            memcmp(a.name, name, a.name_length) != 0)
            continue;
        if (!plain(&a))
            return false;
        memcpy(out, a.value, a.value_length);
        out[a.value_length] = '\0';
        return true;
    }
    return false;
}

/* ---- What is said ------------------------------------------------------ */

static enum demo_wish stream_error(struct demo_stream *s, const char *condition)
{
    put(s,
        "<stream:error><%s xmlns='urn:ietf:params:xml:ns:xmpp-streams'/>"
        "</stream:error></stream:stream>",
        condition);
    return DEMO_CLOSE;
}

static void put_header(struct demo_stream *s, const char *from)
{
    put(s,
        "<?xml version='1.0'?><stream:stream xmlns='jabber:server' "
        "xmlns:db='jabber:server:dialback' "
        "xmlns:stream='http://etherx.jabber.org/streams' from='localhost' "
        "to='%s' id='%s' version='1.0' xml:lang='en'>",
        from, s->id);
    s->open = true;
}

static void put_features(struct demo_stream *s)
{
    put(s, s->secure ? "<stream:features><dialback "
                       "xmlns='urn:xmpp:features:dialback'><errors/>"
                       "</dialback></stream:features>"
                     : "<stream:features><starttls xmlns='" NS_TLS
                       "'><required/></starttls></stream:features>");
}

static enum demo_wish on_header(struct demo_stream *s, const struct tag *t)
{
    char from[VALUE_MAX];
    char to[VALUE_MAX];
    bool has_from = tag_value(t, "from", from);
    bool known = tag_value(t, "to", to) && strcmp(to, "localhost") == 0;
    put_header(s, has_from ? from : "");
    if (t->empty || !has_from)
        return stream_error(s, "invalid-xml");
    if (!known)
        return stream_error(s, "host-unknown");
    put_features(s);
    return DEMO_READ;
}

static enum demo_wish on_starttls(struct demo_stream *s, const struct tag *t)
{
    char ns[VALUE_MAX];
    if (s->secure || !t->empty || !tag_value(t, "xmlns", ns) ||
        strcmp(ns, NS_TLS) != 0)
        return stream_error(s, "not-authorized");
    put(s, "<proceed xmlns='" NS_TLS "'/>");
    s->open = false;
    return DEMO_TLS;
}

/* XEP-0220, 2.3.2: no key is ours. */
static enum demo_wish on_verify(struct demo_stream *s, const struct tag *t)
{
    char from[VALUE_MAX];
    char to[VALUE_MAX];
    char id[VALUE_MAX];
    if (t->empty || !tag_value(t, "from", from) || !tag_value(t, "to", to) ||
        !tag_value(t, "id", id))
        return stream_error(s, "invalid-xml");
    put(s, "<db:verify from='%s' to='%s' id='%s' type='invalid'/>", to, from,
        id);
    s->inside = true;
    return DEMO_READ;
}

static enum demo_wish on_end(struct demo_stream *s, const struct tag *t)
{
    (void)t;
    put(s, "</stream:stream>");
    return DEMO_CLOSE;
}

/* ---- Dispatch ---------------------------------------------------------- */

static const struct {
    const char *name;
    bool open; /* belongs inside a stream */
    enum demo_wish (*act)(struct demo_stream *s, const struct tag *t);
} tags[] = {
    {"stream:stream", false, on_header},
    {"starttls", true, on_starttls},
    {"db:verify", true, on_verify},
    {"/stream:stream", true, on_end},
};

static enum demo_wish on_tag(struct demo_stream *s, const struct tag *t)
{
    if (s->inside) {
        s->inside = false;
        return t->text[1] == '/' ? DEMO_READ
                                 : stream_error(s, "policy-violation");
    }
    if (tag_is(t, "?xml"))
        return DEMO_READ;
    for (size_t i = 0; i < sizeof(tags) / sizeof(tags[0]); i++)
        if (s->open == tags[i].open && tag_is(t, tags[i].name))
            return tags[i].act(s, t);
    return s->open ? stream_error(s, "not-authorized") : DEMO_CLOSE;
}

/* Bytes before the next '<': between elements only blanks may stand there. */
static bool skip_text(struct demo_stream *s, size_t *skipped)
{
    size_t n = 0;
    while (n < s->in_length && s->in[n] != '<') {
        if (!s->inside && memchr(BLANK, s->in[n], 4) == NULL)
            return false;
        n++;
    }
    *skipped = n;
    return true;
}

static void consume(struct demo_stream *s, size_t n)
{
    s->in_length -= n;
    memmove(s->in, s->in + n, s->in_length);
}

enum demo_wish demo_stream_work(struct demo_stream *s)
{
    enum demo_wish wish = DEMO_READ;
    while (wish == DEMO_READ) {
        size_t n;
        if (!skip_text(s, &n))
            return DEMO_CLOSE;
        consume(s, n);
        n = tag_end(s->in, s->in_length);
        if (n == 0)
            return s->in_length < sizeof(s->in) ? DEMO_READ : DEMO_CLOSE;
        if (memchr(s->in, '\0', n) != NULL)
            return DEMO_CLOSE;
        struct tag tag = {s->in, n, n > 2 && s->in[n - 2] == '/'};
        wish = on_tag(s, &tag);
        consume(s, n);
    }
    /* Whatever follows <starttls/> in the clear was put there by a third. */
    return wish == DEMO_TLS && s->in_length > 0 ? DEMO_CLOSE : wish;
}
