#include "api/json_federation.h"

static void put_auth(struct node *n, const s2s_result *r)
{
    const struct result_auth *a = &r->auth;
    if (a->method == NULL && a->external == NULL && a->dialback == NULL)
        return;
    node_open(n, "auth");
    node_put_text(n, "method", a->method);
    node_put_text(n, "external", a->external);
    node_put_text(n, "externalText", a->external_text);
    node_put_text(n, "dialback", a->dialback);
    node_put_text(n, "dialbackCondition", a->dialback_condition);
    node_put_bool(n, "bidi", a->bidi);
    node_close(n);
}

static void put_also(struct node *n, const s2s_result *r)
{
    if (r->also == NULL)
        return;
    node_open_list(n, "alsoFrom");
    for (const struct result_also *a = r->also; a != NULL; a = a->next) {
        node_open(n, NULL);
        node_put_text(n, "domain", a->domain);
        node_put_text(n, "answer", a->answer);
        node_put_text(n, "condition", a->condition);
        node_close(n);
    }
    node_close(n);
}

static void put_acks(struct node *n, const s2s_result *r)
{
    if (r->acks.version == NULL)
        return;
    node_open(n, "acks");
    node_put_text(n, "version", r->acks.version);
    node_put_bool(n, "enabled", r->acks.enabled);
    node_put_number(n, "sent", r->acks.sent);
    node_put_number(n, "acked", r->acks.acked);
    node_close(n);
}

static void put_pings(struct node *n, const s2s_result *r)
{
    if (r->pings == NULL)
        return;
    node_open_list(n, "pings");
    for (const struct result_ping *p = r->pings; p != NULL; p = p->next) {
        node_open(n, NULL);
        node_put_text(n, "answer", p->answer);
        node_put_text(n, "condition", p->condition);
        node_put_text(n, "via", p->via);
        node_put_ms(n, "ms", p->us);
        node_put_ms(n, "ackMs", p->ack_us);
        node_close(n);
    }
    node_close(n);
}

static void put_seen(struct node *n, const char *key, const char *text)
{
    if (text[0] != '\0')
        node_put_text(n, key, text);
}

static void put_connection(struct node *n, const struct inbound *i)
{
    static const char *const methods[] = {
        [INBOUND_NOBODY] = NULL,
        [INBOUND_EXTERNAL] = "external",
        [INBOUND_DIALBACK] = "dialback",
    };
    node_open(n, NULL);
    put_seen(n, "address", i->address);
    put_seen(n, "from", i->from);
    put_seen(n, "to", i->to);
    node_put_bool(n, "directTls", i->direct);
    node_put_bool(n, "tls", i->tls);
    put_seen(n, "tlsError", i->tls_error);
    node_put_text(n, "auth", methods[i->auth]);
    put_seen(n, "authError", i->auth_error);
    node_put_ms(n, "tlsMs", i->at_tls > 0 ? i->at_tls - i->at_accept : -1);
    node_put_ms(n, "authMs", i->at_auth > 0 ? i->at_auth - i->at_accept : -1);
    node_put_number(n, "verifies", i->verifies);
    node_put_number(n, "stanzas", i->stanzas);
    node_put_number(n, "refused", i->refused);
    put_seen(n, "streamError", i->error);
    put_seen(n, "streamErrorText", i->error_text);
    put_seen(n, "ourStreamError", i->our_error);
    node_put_bool(n, "ended", i->ended);
    node_close(n);
}

static void put_inbound(struct node *n, const s2s_result *r)
{
    if (!r->listening)
        return;
    node_open(n, "inbound");
    node_put_number(n, "count", r->inbound_count);
    node_open_list(n, "connections");
    for (const struct result_inbound *i = r->inbound; i != NULL; i = i->next)
        put_connection(n, &i->seen);
    node_close(n);
    node_close(n);
}

void json_federation(struct node *n, const s2s_result *r)
{
    put_auth(n, r);
    put_also(n, r);
    put_acks(n, r);
    put_pings(n, r);
    put_inbound(n, r);
}
