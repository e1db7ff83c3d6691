/* What a record has many of. */
#include <string.h>

#include "base/result.h"

void result_add_text(s2s_result *r, struct result_texts *list,
                     const void *bytes, size_t length)
{
    if (list->count >= RESULT_LIST)
        return;
    struct result_text *t = result_take(r, sizeof(*t));
    const char *copy = result_bytes(r, bytes, length);
    if (t == NULL || copy == NULL)
        return;
    t->text = copy;
    *list->last = t;
    list->last = &t->next;
    list->count++;
}

struct result_feature *result_add_feature(s2s_result *r,
                                          struct result_features *list)
{
    if (list->count >= RESULT_LIST)
        return NULL;
    struct result_feature *f = result_take(r, sizeof(*f));
    if (f == NULL)
        return NULL;
    f->max_bytes = -1;
    f->idle_seconds = -1;
    if (list->last == NULL)
        list->last = &list->first;
    *list->last = f;
    list->last = &f->next;
    list->count++;
    return f;
}

void result_add_srv(s2s_result *r, const struct result_srv *record)
{
    struct result_dns *d = &r->dns;
    struct result_srv *copy =
        d->record_count < RESULT_LIST ? result_take(r, sizeof(*copy)) : NULL;
    if (copy == NULL)
        return;
    *copy = *record;
    copy->next = NULL;
    copy->target = result_text(r, record->target);
    *d->last_record = copy;
    d->last_record = &copy->next;
    d->record_count++;
}

static const char *copy_untrusted(s2s_result *r, const char *text)
{
    return text != NULL ? result_untrusted(r, text, strlen(text)) : NULL;
}

void result_add_attempt(s2s_result *r, const struct result_attempt *attempt)
{
    if (r->attempt_count >= RESULT_LIST)
        return;
    struct result_attempt *a = result_take(r, sizeof(*a));
    if (a == NULL)
        return;
    *a = *attempt;
    a->next = NULL;
    a->address = result_text(r, attempt->address);
    a->host = copy_untrusted(r, attempt->host);
    a->outcome = copy_untrusted(r, attempt->outcome);
    *r->last_attempt = a;
    r->last_attempt = &a->next;
    r->attempt_count++;
}

struct result_ping *result_add_ping(s2s_result *r, int64_t now)
{
    struct result_ping **end = &r->pings;
    if (r->ping_count >= RESULT_PINGS)
        return NULL;
    struct result_ping *p = result_take(r, sizeof(*p));
    if (p == NULL)
        return NULL;
    p->sent_at = now;
    p->us = p->ack_us = -1;
    while (*end != NULL)
        end = &(*end)->next;
    *end = p;
    r->ping_count++;
    return p;
}

struct result_also *result_add_also(s2s_result *r, const char *domain)
{
    struct result_also **end = &r->also;
    struct result_also *a = result_take(r, sizeof(*a));
    if (a == NULL)
        return NULL;
    a->domain = result_text(r, domain);
    while (*end != NULL)
        end = &(*end)->next;
    *end = a;
    return a;
}

void result_add_inbound(s2s_result *r, const struct inbound *seen)
{
    struct result_inbound **end = &r->inbound;
    struct result_inbound *least = NULL;
    size_t kept = 0;
    r->inbound_count++;
    for (; *end != NULL; end = &(*end)->next, kept++)
        if (least == NULL ||
            inbound_rank(&(*end)->seen) < inbound_rank(&least->seen))
            least = *end;
    if (kept == RESULT_INBOUND) {
        if (inbound_rank(seen) > inbound_rank(&least->seen))
            least->seen = *seen;
        return;
    }
    struct result_inbound *i = result_take(r, sizeof(*i));
    if (i == NULL)
        return;
    i->seen = *seen;
    *end = i;
}

void result_add_name(s2s_result *r, const char *type, const char *value,
                     bool matches)
{
    struct result_certificate *c = &r->tls.certificate;
    if (c->name_count >= RESULT_LIST)
        return;
    struct result_name *n = result_take(r, sizeof(*n));
    if (n == NULL)
        return;
    n->type = result_text(r, type);
    n->value = result_text(r, value);
    n->matches = matches;
    *c->last_name = n;
    c->last_name = &n->next;
    c->name_count++;
}

struct result_tlsa *result_add_tlsa(s2s_result *r)
{
    struct result_tlsa *t = result_take(r, sizeof(*t));
    if (t == NULL)
        return NULL;
    *r->tlsa.last = t;
    r->tlsa.last = &t->next;
    return t;
}

struct result_stream *result_add_stream(s2s_result *r, bool secure)
{
    if (r->stream_count < RESULT_STREAMS)
        r->stream_count++;
    struct result_stream *s = &r->streams[r->stream_count - 1];
    *s = (struct result_stream){.secure = secure};
    return s;
}
