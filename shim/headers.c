#include "headers.h"

#include <arpa/inet.h>
#include <netinet/in.h>
#include <string.h>
#include <strings.h>
#include <sys/socket.h>

#define BLANK " \t"

struct span {
    const char *text;
    size_t length;
};

static struct span trimmed(const char *text)
{
    struct span s;
    s.text = text + strspn(text, BLANK);
    s.length = strlen(s.text);
    while (s.length > 0 && strchr(BLANK, s.text[s.length - 1]) != NULL)
        s.length--;
    return s;
}

static bool span_is(struct span s, const char *word)
{
    return s.length == strlen(word) && strncasecmp(s.text, word, s.length) == 0;
}

/* How many there are; the first one's value in *first. */
static size_t find(const struct headers *h, const char *name,
                   struct span *first)
{
    size_t n = 0;
    for (size_t i = 0; i < h->count; i++) {
        if (strcasecmp(h->list[i].name, name) != 0)
            continue;
        if (n++ == 0)
            *first = trimmed(h->list[i].value);
    }
    return n;
}

/* ---- Framing ----------------------------------------------------------- */

static bool is_token(const char *name)
{
    static const char characters[] = "!#$%&'*+-.^_`|~0123456789"
                                     "abcdefghijklmnopqrstuvwxyz"
                                     "ABCDEFGHIJKLMNOPQRSTUVWXYZ";
    return name[0] != '\0' && name[strspn(name, characters)] == '\0';
}

static bool is_text(const char *value)
{
    for (; *value != '\0'; value++) {
        unsigned char c = (unsigned char)*value;
        if ((c < ' ' && c != '\t') || c == 0x7f)
            return false;
    }
    return true;
}

static bool well_formed(const struct headers *h)
{
    for (size_t i = 0; i < h->count; i++)
        if (!is_token(h->list[i].name) || !is_text(h->list[i].value))
            return false;
    return true;
}

static bool parse_length(struct span s, uint64_t *out)
{
    uint64_t value = 0;
    if (s.length == 0)
        return false;
    for (size_t i = 0; i < s.length; i++) {
        if (s.text[i] < '0' || s.text[i] > '9' ||
            __builtin_mul_overflow(value, 10u, &value) ||
            __builtin_add_overflow(value, (uint64_t)(s.text[i] - '0'), &value))
            return false;
    }
    *out = value;
    return true;
}

static bool delimited(const struct headers *h, struct framing *out)
{
    struct span coding = {NULL, 0};
    struct span length = {NULL, 0};
    size_t codings = find(h, "Transfer-Encoding", &coding);
    size_t lengths = find(h, "Content-Length", &length);
    if (codings + lengths > 1)
        return false;
    out->chunked = codings == 1;
    out->has_length = lengths == 1;
    if (out->has_length)
        return parse_length(length, &out->length);
    /* HTTP/1.0 has no chunks: RFC 9112, 6.1. */
    return !out->chunked ||
           (span_is(coding, "chunked") && strcmp(h->http_version, "1.0") != 0);
}

enum refusal headers_framing(const struct headers *h, struct framing *out)
{
    struct framing framing = {0};
    struct span expect;
    if (h->count >= h->max)
        return REFUSAL_HEADERS_TOO_LARGE;
    if (!well_formed(h) || !delimited(h, &framing))
        return REFUSAL_BAD_REQUEST;
    framing.expect_continue = strcmp(h->http_version, "1.0") != 0 &&
                              find(h, "Expect", &expect) == 1 &&
                              span_is(expect, "100-continue");
    *out = framing;
    return REFUSAL_NONE;
}

/* ---- Host and Origin --------------------------------------------------- */

/* "name" or "name:port", cut to the name. */
static bool strip_port(struct span *s)
{
    const char *colon = memchr(s->text, ':', s->length);
    if (colon == NULL)
        return true;
    size_t digits = s->length - (size_t)(colon + 1 - s->text);
    s->length = (size_t)(colon - s->text);
    return digits <= 5 && strspn(colon + 1, "0123456789") >= digits;
}

static bool is_ipv4(struct span s)
{
    char text[INET_ADDRSTRLEN];
    struct in_addr address;
    if (s.length >= sizeof(text))
        return false;
    memcpy(text, s.text, s.length);
    text[s.length] = '\0';
    return inet_pton(AF_INET, text, &address) == 1;
}

enum refusal headers_host(const struct headers *h,
                          const struct headers_hosts *hosts)
{
    struct span host;
    if (find(h, "Host", &host) != 1)
        return REFUSAL_BAD_REQUEST;
    if (!strip_port(&host))
        return REFUSAL_BAD_HOST;
    for (const char *const *name = hosts->names; *name != NULL; name++)
        if (span_is(host, *name))
            return REFUSAL_NONE;
    return hosts->any_ipv4 && is_ipv4(host) ? REFUSAL_NONE : REFUSAL_BAD_HOST;
}

static bool skip(struct span *s, const char *prefix)
{
    size_t n = strlen(prefix);
    if (s->length < n || strncasecmp(s->text, prefix, n) != 0)
        return false;
    s->text += n;
    s->length -= n;
    return true;
}

enum refusal headers_origin(const struct headers *h)
{
    struct span origin;
    struct span host = {"", 0};
    size_t n = find(h, "Origin", &origin);
    if (n == 0)
        return REFUSAL_NONE;
    find(h, "Host", &host);
    /* https: there may be a proxy in front that adds it. */
    bool ours = n == 1 &&
                (skip(&origin, "http://") || skip(&origin, "https://")) &&
                origin.length == host.length &&
                strncasecmp(origin.text, host.text, host.length) == 0;
    return ours ? REFUSAL_NONE : REFUSAL_BAD_ORIGIN;
}

/* ---- Content-Type ------------------------------------------------------ */

static void skip_blank(struct span *s)
{
    while (s->length > 0 && strchr(BLANK, s->text[0]) != NULL) {
        s->text++;
        s->length--;
    }
}

enum refusal headers_json(const struct headers *h)
{
    struct span s;
    if (find(h, "Content-Type", &s) != 1 || !skip(&s, "application/json"))
        return REFUSAL_UNSUPPORTED_MEDIA_TYPE;
    skip_blank(&s);
    if (s.length == 0)
        return REFUSAL_NONE;
    if (!skip(&s, ";"))
        return REFUSAL_UNSUPPORTED_MEDIA_TYPE;
    skip_blank(&s);
    return span_is(s, "charset=utf-8") || span_is(s, "charset=\"utf-8\"")
               ? REFUSAL_NONE
               : REFUSAL_UNSUPPORTED_MEDIA_TYPE;
}
