/*
 * The body of a request to the HTTP server: read or refused, never both; and
 * the depth of its brackets, counted again in what the JSON parser makes of
 * it. The first byte of the input chooses the call.
 */
#include <jansson.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include <s2sprobe.h>

#include "base/utf8.h"
#include "request.h"

#define DEPTH_MAX 2048u /* of the JSON parser */

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static void must(bool condition)
{
    if (!condition)
        abort();
}

static void check_text(const char *text, size_t size)
{
    size_t length = strnlen(text, size);
    must(length < size && utf8_valid(text, length));
}

static void check_read(const struct request *r, uint32_t max)
{
    must(r->from[0] != '\0' && r->to[0] != '\0');
    must((r->host[0] == '\0') == r->discover);
    must((r->port == 0) == r->discover);
    must(strpbrk(r->host, " /@?#%\t\r\n\x7f") == NULL);
    must(r->timeout_ms >= 1 && r->timeout_ms <= max);
    must(r->tls_mode <= S2S_TLS_NONE);
    must((r->flags & ~(S2S_ACCEPT_UNTRUSTED | S2S_AUTHENTICATE | S2S_DANE |
                       S2S_PIPELINE)) == 0);
    must((r->flags & S2S_AUTHENTICATE) == 0 || r->op != S2S_OP_PING);
    must(r->ping_method <= S2S_PING_DIALBACK_VERIFY);
    must(r->ping_method == S2S_PING_AUTO || r->op == S2S_OP_PING);
    must(r->service_count == 0 || r->op == S2S_OP_CHECK);
    must(r->service_count <= REQUEST_SERVICES);
    for (size_t i = 0; i < r->service_count; i++) {
        must(r->services[i][0] != '\0');
        check_text(r->services[i], sizeof(r->services[i]));
    }
}

static void check_refused(const struct problem *p)
{
    must(p->refusal == REFUSAL_INVALID_JSON ||
         p->refusal == REFUSAL_MISSING_FIELD ||
         p->refusal == REFUSAL_INVALID_FIELD);
    must(status_refusal(p->refusal)->status == 400);
    must(p->text[0] != '\0');
    for (const char *c = p->text; *c != '\0'; c++)
        must(*c >= ' ' && *c <= '~'); /* nothing of the body's */
}

static void parse(int op, const char *body, size_t length, uint32_t max)
{
    struct request r;
    struct problem p;
    memset(&r, 0xff, sizeof(r));
    memset(&p, 0xff, sizeof(p));
    bool ok = request_parse(op, body, length, max, &r, &p);
    must(r.op == op);
    check_text(r.host, sizeof(r.host));
    check_text(r.from, sizeof(r.from));
    check_text(r.to, sizeof(r.to));
    check_text(r.xml_to, sizeof(r.xml_to));
    check_text(p.text, sizeof(p.text));
    must(ok == (p.refusal == REFUSAL_NONE));
    if (ok)
        check_read(&r, max);
    else
        check_refused(&p);
}

/* ---- Depth ---- */

/* The next child of an array or object; NULL behind the last one. */
struct level {
    json_t *value;
    size_t index;
    void *member;
};

static json_t *next(struct level *l)
{
    if (json_is_array(l->value))
        return json_array_get(l->value, l->index++);
    l->member = l->index++ == 0 ? json_object_iter(l->value)
                                : json_object_iter_next(l->value, l->member);
    return l->member != NULL ? json_object_iter_value(l->member) : NULL;
}

static bool nests(const json_t *value)
{
    return json_is_array(value) || json_is_object(value);
}

static unsigned depth(json_t *json)
{
    static struct level levels[DEPTH_MAX];
    unsigned n = 1, deepest = 1;
    levels[0] = (struct level){.value = json};
    while (n > 0) {
        json_t *child = next(&levels[n - 1]);
        if (child == NULL) {
            n--;
        } else if (nests(child)) {
            must(n < DEPTH_MAX);
            levels[n++] = (struct level){.value = child};
            deepest = n > deepest ? n : deepest;
        }
    }
    return deepest;
}

static void count(const char *body, size_t length)
{
    json_error_t error;
    json_t *json = json_loadb(body, length, JSON_REJECT_DUPLICATES, &error);
    if (json == NULL)
        return;
    unsigned deepest = depth(json);
    for (unsigned max = 0; max <= REQUEST_DEPTH_MAX + 1; max++)
        must(request_depth_ok(body, length, max) == (deepest <= max));
    json_decref(json);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    static const uint32_t times[] = {1, 500, 60000, UINT32_MAX};
    if (size == 0 || size > REQUEST_BODY_MAX)
        return 0;
    const char *body = (const char *)data + 1;
    int op = (data[0] & 1) != 0 ? S2S_OP_PING : S2S_OP_CONNECT;
    if ((data[0] & 8) != 0)
        op = S2S_OP_CHECK;
    parse(op, body, size - 1, times[data[0] / 2 % 4]);
    count(body, size - 1);
    return 0;
}
