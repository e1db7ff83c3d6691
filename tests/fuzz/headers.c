/*
 * The header of an HTTP request, judged: what is taken has one meaning, and
 * neither the order of the fields nor the case of their names matters. The
 * first byte of the input is the HTTP version, its lines are the fields.
 */
#include <stdint.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>

#include "headers.h"

#define FIELDS_MAX 16

struct verdicts {
    enum refusal framing, host, origin, json;
    struct framing frame;
};

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static const char *const names[] = {"localhost", "192.0.2.7", NULL};

static void must(bool condition)
{
    if (!condition)
        abort();
}

/* ---- What was taken ---- */

static size_t count(const struct headers *h, const char *name,
                    const char **value)
{
    size_t n = 0;
    for (size_t i = 0; i < h->count; i++) {
        if (strcasecmp(h->list[i].name, name) != 0)
            continue;
        *value = h->list[i].value;
        n++;
    }
    return n;
}

/* A text whose ends may be blank: behind `word`, or NULL if it is another. */
static const char *behind(const char *text, const char *word)
{
    text += strspn(text, " \t");
    size_t length = strlen(word);
    return strncasecmp(text, word, length) == 0 ? text + length : NULL;
}

static bool ends(const char *text)
{
    return text != NULL && text[strspn(text, " \t")] == '\0';
}

static void check_framing(const struct headers *h, const struct framing *f)
{
    const char *length = "", *coding = "";
    size_t lengths = count(h, "Content-Length", &length);
    size_t codings = count(h, "Transfer-Encoding", &coding);
    must(lengths + codings <= 1);
    must(f->has_length == (lengths == 1) && f->chunked == (codings == 1));
    must(!f->chunked || ends(behind(coding, "chunked")));
    must(!f->chunked || strcmp(h->http_version, "1.1") == 0);
    must(!f->expect_continue || strcmp(h->http_version, "1.1") == 0);
    if (f->has_length) {
        char *end = NULL;
        length += strspn(length, " \t");
        must(length[0] >= '0' && length[0] <= '9');
        must(strtoull(length, &end, 10) == f->length && ends(end));
    }
    for (size_t i = 0; i < h->count; i++)
        must(strpbrk(h->list[i].name, " \t\r\n:") == NULL &&
             strpbrk(h->list[i].value, "\r\n") == NULL);
}

static bool ends_or_port(const char *text)
{
    if (text == NULL || text[0] != ':')
        return ends(text);
    return ends(text + 1 + strspn(text + 1, "0123456789"));
}

static void check_host(const struct headers *h, bool any_ipv4)
{
    const char *host = "";
    must(count(h, "Host", &host) == 1);
    bool ours = any_ipv4 && host[strspn(host, "0123456789.: \t")] == '\0';
    for (size_t i = 0; names[i] != NULL; i++)
        ours |= ends_or_port(behind(host, names[i]));
    must(ours);
}

static void check_origin(const struct headers *h)
{
    const char *origin = "", *host = "";
    char ours[256];
    if (count(h, "Origin", &origin) == 0)
        return;
    must(count(h, "Origin", &origin) == 1 && count(h, "Host", &host) == 1);
    const char *rest = behind(origin, "http://");
    if (rest == NULL)
        rest = behind(origin, "https://");
    must(rest != NULL);
    host += strspn(host, " \t");
    size_t length = strlen(host);
    while (length > 0 && strchr(" \t", host[length - 1]) != NULL)
        length--;
    must(length < sizeof(ours));
    memcpy(ours, host, length);
    ours[length] = '\0';
    must(strncasecmp(rest, ours, length) == 0 && ends(rest + length));
}

static void check_json(const struct headers *h)
{
    const char *type = "";
    must(count(h, "Content-Type", &type) == 1);
    const char *rest = behind(type, "application/json");
    must(rest != NULL);
    if (ends(rest))
        return;
    rest = behind(rest, ";");
    must(rest != NULL && (ends(behind(rest, "charset=utf-8")) ||
                          ends(behind(rest, "charset=\"utf-8\""))));
}

static bool same(const struct framing *a, const struct framing *b)
{
    return a->chunked == b->chunked && a->has_length == b->has_length &&
           a->length == b->length && a->expect_continue == b->expect_continue;
}

static struct verdicts judge(const struct headers *h, bool any_ipv4)
{
    static const struct framing untouched = {true, true, 7, true};
    const struct headers_hosts hosts = {names, any_ipv4};
    struct verdicts v = {.frame = untouched};
    v.framing = headers_framing(h, &v.frame);
    v.host = headers_host(h, &hosts);
    v.origin = headers_origin(h);
    v.json = headers_json(h);
    if (v.framing == REFUSAL_NONE)
        check_framing(h, &v.frame);
    else
        must(same(&v.frame, &untouched));
    if (v.host == REFUSAL_NONE)
        check_host(h, any_ipv4);
    if (v.host == REFUSAL_NONE && v.origin == REFUSAL_NONE)
        check_origin(h);
    if (v.json == REFUSAL_NONE)
        check_json(h);
    return v;
}

/* ---- The input ---- */

/* Cut the lines of `text` into fields. */
static size_t cut(char *text, struct header *list)
{
    size_t n = 0;
    char *line = NULL;
    while (n < FIELDS_MAX && (line = strsep(&text, "\n")) != NULL) {
        char *value = line;
        char *name = strsep(&value, ":");
        list[n++] = (struct header){name, value != NULL ? value : ""};
    }
    return n;
}

static void turn(struct header *list, size_t n)
{
    for (size_t i = 0; i < n / 2; i++) {
        struct header last = list[n - 1 - i];
        list[n - 1 - i] = list[i];
        list[i] = last;
    }
}

static void change_case(char *name)
{
    for (; *name != '\0'; name++)
        if ((*name | 0x20) >= 'a' && (*name | 0x20) <= 'z')
            *name = (char)(*name ^ 0x20);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    struct header list[FIELDS_MAX];
    if (size == 0 || size > 512)
        return 0;
    char text[512] = {0};
    memcpy(text, data + 1, size - 1);
    struct headers h = {list, cut(text, list), FIELDS_MAX,
                        (data[0] & 1) != 0 ? "1.1" : "1.0"};
    bool any_ipv4 = (data[0] & 2) != 0;
    struct verdicts a = judge(&h, any_ipv4);
    turn(list, h.count);
    for (size_t i = 0; i < h.count; i++)
        change_case(text + (list[i].name - text));
    struct verdicts b = judge(&h, any_ipv4);
    must(a.framing == b.framing && a.host == b.host && a.json == b.json);
    must(same(&a.frame, &b.frame));
    must(a.host != REFUSAL_NONE || a.origin == b.origin);
    return 0;
}
