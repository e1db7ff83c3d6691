#include "api/json_check.h"

#include <s2sprobe.h>
#include <string.h>

#include "base/error.h"

static void put_certificate(struct node *n, const struct result_certificate *c)
{
    if (!c->present)
        return;
    node_put_text(n, "subject", c->subject);
    node_put_text(n, "issuer", c->issuer);
    node_put_text(n, "sha256", c->sha256);
    node_put_number(n, "daysLeft", c->days_left);
    node_put_text(n, "chain", result_verdict_name(c->chain));
    node_put_text(n, "name", result_verdict_name(c->name));
    node_put_text(n, "matched", c->matched);
    node_put_bool(n, "clientUsage", c->usage_client);
}

static void put_tls(struct node *n, const s2s_result *r)
{
    const struct result_tls *t = &r->tls;
    node_put_bool(n, "verified", result_verified(r));
    if (!t->established)
        return;
    node_put_text(n, "protocol", t->protocol);
    node_put_text(n, "cipher", t->cipher);
    node_put_text(n, "alpn", t->alpn);
    node_put_bool(n, "clientCertificateRequested",
                  t->client_certificate_requested);
    put_certificate(n, &t->certificate);
    if (r->tlsa.name != NULL)
        node_put_text(n, "dane", result_dane_name(r->tlsa.verdict));
}

static void put_versions(struct node *n, const struct result_row *row)
{
    struct node list;
    if (!row->tls12 && !row->tls13)
        return;
    list = node_array();
    if (row->tls12)
        node_append(&list, json_string("TLS1.2"));
    if (row->tls13)
        node_append(&list, json_string("TLS1.3"));
    node_put_node(n, "versions", &list);
}

static void put_features(struct node *n, const s2s_result *r)
{
    struct node list = node_array();
    for (size_t i = 0; i < r->union_count; i++)
        node_append(&list, json_string(r->union_labels[i]));
    node_put_node(n, "features", &list);
}

/* What a probe of its own has come to. */
static void put_result(struct node *n, const struct result_row *row)
{
    const s2s_result *r = row->result;
    int64_t us = r->stage_us[result_stage_index(S2S_STAGE_DONE)];
    node_put_text(n, "stage", error_stage_name(r->stage));
    if (us >= 0)
        node_put(n, "ms", json_real((double)us / 1e3));
    put_tls(n, r);
    put_versions(n, row);
    put_features(n, r);
    if (r->op == S2S_OP_PING) {
        node_put_text(n, "pingMethod",
                      r->ping_method != NULL ? r->ping_method : "none");
        node_put_text(n, "pingAnswer", r->ping_answer);
        node_put_text(n, "authMethod", r->auth.method);
    }
}

/* The address of a service, and where it was reached, are what DNS said. */
static const char *address_of(const struct result_row *row)
{
    if (row->address != NULL)
        return row->address;
    return row->result != NULL ? row->result->address : NULL;
}

static const char *mode_of(const struct result_row *row)
{
    if (row->result != NULL && row->result->tls.mode != NULL)
        return row->result->tls.mode;
    return row->port == 0 ? NULL : row->direct ? "direct" : "starttls";
}

static void append_row(struct node *list, const struct result_row *row)
{
    const s2s_result *r = row->result;
    int error = r != NULL ? r->error : row->error;
    uint16_t port = row->port != 0 ? row->port : r != NULL ? r->port : 0;
    struct node o = node_object();
    node_put_text(&o, "kind", row->kind);
    node_put_text(&o, "target", row->target);
    node_put_text(&o, "address", address_of(row));
    if (port != 0)
        node_put_number(&o, "port", port);
    node_put_text(&o, "tls", mode_of(row));
    node_put_bool(&o, "success", error == S2S_OK);
    if (error != S2S_OK) {
        node_put_text(&o, "code", error_code_name(error));
        node_put_text(&o, "error", r != NULL ? r->message : error_text(error));
    }
    if (r != NULL)
        put_result(&o, row);
    node_append_node(list, &o);
}

void json_check(struct node *n, const s2s_result *r)
{
    struct node list;
    if (r->op != S2S_OP_CHECK)
        return;
    list = node_array();
    for (const struct result_row *row = r->rows; row != NULL; row = row->next)
        append_row(&list, row);
    node_put_node(n, "rows", &list);
}
