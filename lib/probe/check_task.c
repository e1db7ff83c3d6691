/* The parts of a check: probes of their own. */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include "base/error.h"
#include "probe/check_state.h"
#include "probe/stages.h"

#define SKEW 60 /* seconds */

static const char *const kinds[] = {
    [TASK_ENDPOINT] = "endpoint", [TASK_SERVICE] = "service",
    [TASK_VERSION] = NULL,        [TASK_VERIFY] = "verify",
    [TASK_PING] = "ping",         [TASK_TIME] = "time",
};

struct task *check_task_add(struct check *c, enum task_kind kind,
                            struct result_row *row)
{
    if (c->count == CHECK_TASKS)
        return NULL;
    if (row == NULL) {
        row = result_add_row(c->probe->result);
        if (row == NULL)
            return NULL;
        row->kind = kinds[kind];
    }
    struct task *t = &c->tasks[c->count++];
    *t = (struct task){.check = c,
                       .kind = kind,
                       .row = row,
                       .mode = INITIATOR_STARTTLS,
                       .domain = c->probe->options.to};
    return t;
}

/* ---- Ends ------------------------------------------------------------- */

/* Which versions of TLS work. A probe that came to nothing for another reason
 * says nothing about the one that it asked for. */
static void note_version(struct task *t, const s2s_result *r)
{
    const char *spoken = r->tls.established ? r->tls.protocol : NULL;
    if (spoken != NULL && strcmp(spoken, "TLS1.2") == 0)
        t->row->tls12 = true;
    if (spoken != NULL && strcmp(spoken, "TLS1.3") == 0)
        t->row->tls13 = true;
    if (t->version == S2S_TLS_1_2 && r->error == S2S_ETLS_HANDSHAKE)
        t->row->no_tls12 = true;
}

/* "<utc>2026-11-25T13:00:00Z</utc>" (XEP-0202); -1: none. */
static int64_t utc_in(const s2s_result *r)
{
    struct tm tm = {0};
    const char *at = NULL;
    for (const struct result_text *t = r->stanzas.first;
         t != NULL && at == NULL; t = t->next)
        at = strstr(t->text, "<utc>");
    if (at == NULL ||
        strptime(at + strlen("<utc>"), "%Y-%m-%dT%H:%M:%S", &tm) == NULL)
        return -1;
    return (int64_t)timegm(&tm);
}

static void note_time(const struct task *t, const s2s_result *r)
{
    const struct probe *p = t->check->probe;
    char seen[80];
    int64_t theirs = utc_in(r);
    int64_t ahead = theirs - p->shared->wall_clock();
    if (theirs < 0 || (ahead >= -SKEW && ahead <= SKEW))
        return;
    (void)snprintf(seen, sizeof(seen), "theirs is %lld s %s ours",
                   (long long)(ahead < 0 ? -ahead : ahead),
                   ahead < 0 ? "behind" : "ahead of");
    result_find(p->result, FINDING_CLOCK_SKEW, seen);
}

static void take_result(struct task *t, struct probe *child)
{
    note_version(t, child->result);
    if (t->kind == TASK_TIME)
        note_time(t, child->result);
    if (t->kind == TASK_VERSION)
        return;
    t->row->result = child->result;
    child->result = NULL;
    result_collect(t->row->result);
}

static void ended(struct probe *child, void *user)
{
    struct task *t = user;
    struct probe *p = t->check->probe;
    t->child = NULL;
    t->ended = true;
    t->check->running--;
    if (child->result->no_memory)
        p->result->no_memory = true;
    else
        take_result(t, child);
    p->shared->children.free(child);
    p->wake(p, p->wake_user);
}

void check_task_stop(struct check *c)
{
    const struct children *children = &c->probe->shared->children;
    for (size_t i = 0; i < c->count; i++) {
        struct task *t = &c->tasks[i];
        if (t->child != NULL)
            children->drop(children->user, t->child);
        if (!t->ended && t->kind != TASK_VERSION)
            t->row->error = c->probe->result->error == S2S_ECANCELLED
                                ? S2S_ECANCELLED
                                : S2S_ETIMEOUT;
        t->child = NULL;
        t->ended = true;
    }
    c->running = 0;
}

bool check_task_all_ended(const struct check *c)
{
    for (size_t i = 0; i < c->count; i++)
        if (!c->tasks[i].ended)
            return false;
    return true;
}

/* ---- Starts ----------------------------------------------------------- */

static uint16_t tls_mode(enum initiator_tls mode)
{
    return mode == INITIATOR_CLEAR    ? S2S_TLS_NONE
           : mode == INITIATOR_DIRECT ? S2S_TLS_DIRECT
                                      : S2S_TLS_STARTTLS;
}

static int op_of(enum task_kind kind)
{
    switch (kind) {
    case TASK_VERIFY:
    case TASK_PING:
        return S2S_OP_PING;
    case TASK_TIME:
        return S2S_OP_SEND;
    default:
        return S2S_OP_CONNECT;
    }
}

/* What is left until the check's own deadline. */
static uint32_t time_left(const struct probe *p)
{
    int64_t left = stages_left(p) / 1000;
    return left < 1 ? 1 : (uint32_t)left;
}

/* An endpoint that says nothing must leave time for what comes behind it. */
static uint32_t timeout_for(const struct task *t)
{
    uint32_t left = time_left(t->check->probe);
    if (t->kind == TASK_ENDPOINT || t->kind == TASK_SERVICE ||
        t->kind == TASK_PING)
        left = left / 2 + 1;
    return left;
}

static void time_query(const struct task *t, char *out, size_t size)
{
    const struct options_probe *o = &t->check->probe->options;
    (void)snprintf(out, size,
                   "<iq type='get' id='time' from='%s' to='%s'>"
                   "<time xmlns='urn:xmpp:time'/></iq>",
                   o->from->unicode, o->to->unicode);
}

struct way {
    const char *host;
    uint16_t port, tls_mode;
};

/* To the endpoint, or as a server would find it: another domain by DNS, our own
 * one by what the caller says. */
static struct way way_to(const struct task *t)
{
    const struct options_probe *o = &t->check->probe->options;
    struct way way = {.tls_mode = o->tls_mode};
    if (t->host != NULL)
        return (struct way){t->host, t->port, tls_mode(t->mode)};
    if (t->domain == o->to && o->host_given)
        way.host = o->host;
    if (t->domain == o->to && o->port_given)
        way.port = o->port;
    return way;
}

static int load_options(const struct task *t, struct options_probe *out)
{
    const struct options_probe *o = &t->check->probe->options;
    char what[OPTIONS_WHAT];
    char stanza[2 * DOMAIN_UNICODE_MAX + 128];
    const bool home = t->domain == o->to;
    struct way way = way_to(t);
    const s2s_options options = {
        .size = sizeof(options),
        .host = way.host,
        .port = way.port,
        .tls_mode = way.tls_mode,
        .timeout_ms = timeout_for(t),
        .flags = o->flags & ~(S2S_AUTHENTICATE | S2S_PIPELINE),
        .ping_method = t->kind == TASK_VERIFY ? S2S_PING_DIALBACK_VERIFY
                       : t->kind == TASK_PING ? S2S_PING_IQ
                                              : S2S_PING_AUTO,
        .transport = o->has_transport ? &o->transport : NULL,
        .tls = o->has_tls ? &o->tls : NULL,
        .xml_to = home ? o->to->unicode : NULL,
        .stanza = t->kind == TASK_TIME ? stanza : NULL,
    };
    time_query(t, stanza, sizeof(stanza));
    int e = options_load_probe(op_of(t->kind), o->from->unicode,
                               t->domain->ascii, &options, out, what);
    if (e == S2S_OK && o->identity != NULL) {
        out->identity = o->identity;
        out->identity_lent = true;
    }
    return e;
}

static int start(struct task *t)
{
    const struct children *children = &t->check->probe->shared->children;
    struct options_probe options;
    struct probe *child;
    int e = load_options(t, &options);
    if (e == S2S_OK) {
        e = children->make(t->check->probe->shared, &options, &child);
        options_free_probe(&options);
    }
    if (e != S2S_OK)
        return e;
    child->done = ended;
    child->done_user = t;
    child->parent = t->check->probe;
    child->proof = t->proof;
    child->tls_version = t->version;
    t->child = child;
    t->started = true;
    t->check->running++;
    children->run(children->user, child);
    return S2S_OK;
}

/* A server may have but one stream to us (XEP-0288): what it has to answer to
 * the ping goes there, and is lost when that ends before. */
static bool must_wait(const struct task *t)
{
    const struct check *c = t->check;
    for (size_t i = 0; i < c->count; i++)
        if (t->kind == TASK_TIME && c->tasks[i].kind == TASK_PING &&
            !c->tasks[i].ended)
            return true;
    return false;
}

int check_task_start(struct check *c)
{
    for (size_t i = 0; i < c->count && c->running < CHECK_AT_ONCE; i++) {
        if (c->tasks[i].started || c->tasks[i].ended || must_wait(&c->tasks[i]))
            continue;
        int e = start(&c->tasks[i]);
        if (e != S2S_OK)
            return e;
    }
    return S2S_OK;
}
