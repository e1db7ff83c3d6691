#include "api/json_federation.h"

static void put_auth(struct node *n, const s2s_result *r)
{
    const struct result_auth *a = &r->auth;
    struct node o;
    if (a->method == NULL && a->external == NULL && a->dialback == NULL)
        return;
    o = node_object();
    node_put_text(&o, "method", a->method);
    node_put_text(&o, "external", a->external);
    node_put_text(&o, "externalText", a->external_text);
    node_put_text(&o, "dialback", a->dialback);
    node_put_text(&o, "dialbackCondition", a->dialback_condition);
    node_put_bool(&o, "bidi", a->bidi);
    node_put_node(n, "auth", &o);
}

static void put_also(struct node *n, const s2s_result *r)
{
    struct node list;
    if (r->also == NULL)
        return;
    list = node_array();
    for (const struct result_also *a = r->also; a != NULL; a = a->next) {
        struct node o = node_object();
        node_put_text(&o, "domain", a->domain);
        node_put_text(&o, "answer", a->answer);
        node_put_text(&o, "condition", a->condition);
        node_append_node(&list, &o);
    }
    node_put_node(n, "alsoFrom", &list);
}

static void put_acks(struct node *n, const s2s_result *r)
{
    struct node o;
    if (r->acks.version == NULL)
        return;
    o = node_object();
    node_put_text(&o, "version", r->acks.version);
    node_put_bool(&o, "enabled", r->acks.enabled);
    node_put_number(&o, "sent", r->acks.sent);
    node_put_number(&o, "acked", r->acks.acked);
    node_put_node(n, "acks", &o);
}

static void put_ms(struct node *n, const char *key, int64_t us)
{
    if (us >= 0)
        node_put(n, key, json_real((double)us / 1e3));
}

static void put_pings(struct node *n, const s2s_result *r)
{
    struct node list;
    if (r->pings == NULL)
        return;
    list = node_array();
    for (const struct result_ping *p = r->pings; p != NULL; p = p->next) {
        struct node o = node_object();
        node_put_text(&o, "answer", p->answer);
        node_put_text(&o, "condition", p->condition);
        node_put_text(&o, "via", p->via);
        put_ms(&o, "ms", p->us);
        put_ms(&o, "ackMs", p->ack_us);
        node_append_node(&list, &o);
    }
    node_put_node(n, "pings", &list);
}

/* Texts of strangers, of bounded size; not always whole characters. */
static void put_seen(struct node *n, const char *key, const char *text)
{
    if (text[0] == '\0')
        return;
    json_t *value = json_string(text);
    node_put(n, key, value != NULL ? value : json_string("(not UTF-8)"));
}

static void put_connection(struct node *list, const struct inbound *i)
{
    static const char *const methods[] = {
        [INBOUND_NOBODY] = NULL,
        [INBOUND_EXTERNAL] = "external",
        [INBOUND_DIALBACK] = "dialback",
    };
    struct node o = node_object();
    put_seen(&o, "address", i->address);
    put_seen(&o, "from", i->from);
    put_seen(&o, "to", i->to);
    node_put_bool(&o, "directTls", i->direct);
    node_put_bool(&o, "tls", i->tls);
    put_seen(&o, "tlsError", i->tls_error);
    node_put_text(&o, "auth", methods[i->auth]);
    put_seen(&o, "authError", i->auth_error);
    put_ms(&o, "tlsMs", i->at_tls > 0 ? i->at_tls - i->at_accept : -1);
    put_ms(&o, "authMs", i->at_auth > 0 ? i->at_auth - i->at_accept : -1);
    node_put_number(&o, "verifies", i->verifies);
    node_put_number(&o, "stanzas", i->stanzas);
    node_put_number(&o, "refused", i->refused);
    put_seen(&o, "streamError", i->error);
    put_seen(&o, "streamErrorText", i->error_text);
    put_seen(&o, "ourStreamError", i->our_error);
    node_put_bool(&o, "ended", i->ended);
    node_append_node(list, &o);
}

static void put_inbound(struct node *n, const s2s_result *r)
{
    struct node o;
    struct node list;
    if (!r->listening)
        return;
    o = node_object();
    list = node_array();
    for (const struct result_inbound *i = r->inbound; i != NULL; i = i->next)
        put_connection(&list, &i->seen);
    node_put_number(&o, "count", r->inbound_count);
    node_put_node(&o, "connections", &list);
    node_put_node(n, "inbound", &o);
}

void json_federation(struct node *n, const s2s_result *r)
{
    put_auth(n, r);
    put_also(n, r);
    put_acks(n, r);
    put_pings(n, r);
    put_inbound(n, r);
}
