#include "probe/check.h"

#include <stdlib.h>
#include <string.h>

#include "base/error.h"
#include "probe/check_state.h"
#include "probe/endpoints.h"

/* ---- Endpoints -------------------------------------------------------- */

/* Of the context's filter, asked before anything is told about an address. */
static bool is_forbidden(const struct probe *p,
                         const struct resolver_address *address)
{
    const struct options_context *o = &p->shared->options;
    return address_refused(o->address_filter, o->address_filter_user,
                           (const struct sockaddr *)&address->address,
                           address->length);
}

/* Of a target that DNSSEC vouches for other TLSA records may count. */
static bool is_same(const struct task *t, const char *address,
                    const struct probe_endpoint *e)
{
    return t->host != NULL && t->port == e->port && t->mode == e->mode &&
           strcmp(t->host, address) == 0 &&
           (!e->secure || t->row->target == NULL ||
            strcmp(t->row->target, e->host) == 0);
}

static bool is_listed(const struct check *c, const char *address,
                      const struct probe_endpoint *e)
{
    for (size_t i = 0; i < c->count; i++)
        if (is_same(&c->tasks[i], address, e))
            return true;
    return false;
}

static struct task *add(struct check *c, const struct probe_endpoint *e)
{
    if (c->count >= CHECK_ENDPOINTS) {
        c->limited = true;
        return NULL;
    }
    struct task *t = check_task_add(c, TASK_ENDPOINT, NULL);
    if (t == NULL)
        return NULL;
    t->row->target = result_text(c->probe->result, e->host);
    t->row->port = e->port;
    t->row->direct = e->mode == INITIATOR_DIRECT;
    t->port = e->port;
    t->mode = e->mode;
    return t;
}

/* One that is not gone to. */
static void add_failed(struct check *c, const struct probe_endpoint *e,
                       int error)
{
    struct task *t = add(c, e);
    if (t == NULL)
        return;
    t->row->error = error;
    t->ended = true;
}

/* Whether it may be told about. */
static bool add_address(struct check *c, const struct probe_endpoint *e,
                        const struct resolver_address *address, bool secure)
{
    char text[ADDRESS_TEXT];
    const struct probe *p = c->probe;
    address_format((const struct sockaddr *)&address->address, address->length,
                   text);
    if (is_forbidden(p, address)) {
        add_failed(c, e, S2S_EADDRESS_FORBIDDEN);
        result_find(p->result, FINDING_ADDRESS_FORBIDDEN, NULL);
        return false;
    }
    struct task *t = is_listed(c, text, e) ? NULL : add(c, e);
    if (t == NULL)
        return true;
    t->row->address = result_text(p->result, text);
    t->host = t->row->address;
    if (p->from_srv && e->secure)
        t->proof = (struct probe_proof){
            .discovery = p->discovery, .place = e->place, .addresses = secure};
    if (p->discovery != NULL &&
        !address_public((const struct sockaddr *)&address->address,
                        address->length))
        result_find_in_row(p->result, FINDING_ADDRESS_PRIVATE, text,
                           p->result->row_count);
    return true;
}

/* ---- Look-ups --------------------------------------------------------- */

static void note_failure(struct check *c, const struct probe_endpoint *e,
                         const struct lookup_result *r)
{
    s2s_result *result = c->probe->result;
    if (r->error == S2S_ENO_MEMORY) {
        result->no_memory = true;
        return;
    }
    add_failed(c, e, r->error);
    if (r->security == DNS_BOGUS)
        result_find_in_row(result, FINDING_DNSSEC_BOGUS, e->host,
                           result->row_count);
    else if (c->probe->from_srv)
        result_find_in_row(result, FINDING_SRV_TARGET, e->host,
                           result->row_count);
    else
        result_find_in_row(result,
                           r->unanswered ? FINDING_DNS_UNAVAILABLE
                                         : FINDING_DNS_FAILED,
                           r->text, result->row_count);
}

/* A caller's transport goes where it likes with the name. */
static void add_name(struct check *c, const struct probe_endpoint *e)
{
    struct task *t = add(c, e);
    if (t != NULL)
        t->host = e->host;
}

static void add_answer(struct check *c, const struct probe_endpoint *e,
                       const struct lookup_result *r)
{
    bool told = r->count == 0;
    if (r->error != S2S_OK)
        note_failure(c, e, r);
    for (size_t i = 0; i < r->count; i++)
        told |= add_address(c, e, &r->addresses[i], r->security == DNS_SECURE);
    if (r->alias && told && c->probe->from_srv)
        result_find(c->probe->result, FINDING_SRV_ALIAS, e->host);
}

static void add_services(struct check *c)
{
    struct options_probe *o = &c->probe->options;
    for (size_t i = 0; i < o->service_count; i++) {
        struct task *t = check_task_add(c, TASK_SERVICE, NULL);
        if (t == NULL)
            return;
        t->domain = o->services[i];
        t->row->target = result_text(c->probe->result, t->domain->unicode);
    }
}

/* All that is to be looked at, in the order in which servers try it. */
static void list(struct check *c)
{
    const struct probe *p = c->probe;
    c->listed = true;
    for (size_t i = 0; i < p->endpoint_count; i++) {
        const struct probe_endpoint *e = &p->endpoints[i];
        if (e->bad_port)
            add_failed(c, e, S2S_EADDRESS_FORBIDDEN);
        else if (!p->own_transport)
            add_name(c, e);
        else if (c->looks[i].ended)
            add_answer(c, e, &c->looks[i].answer);
        else
            add_failed(c, e, S2S_ETIMEOUT);
    }
    add_services(c);
}

static void looked_up(void *user, const struct lookup_result *r)
{
    struct check_look *l = user;
    struct check *c = l->check;
    s2s_result *result = c->probe->result;
    l->lookup = NULL;
    l->ended = true;
    c->looking--;
    l->answer = *r;
    l->answer.text = result_text(result, r->text);
    l->addresses = calloc(r->count + 1, sizeof(*l->addresses));
    if (l->addresses == NULL)
        result->no_memory = true;
    else if (r->count > 0)
        memcpy(l->addresses, r->addresses, r->count * sizeof(*l->addresses));
    l->answer.addresses = l->addresses;
    l->answer.count = l->addresses != NULL ? r->count : 0;
    c->probe->wake(c->probe, c->probe->wake_user);
}

static int look_up(struct check *c, size_t place)
{
    const struct probe *p = c->probe;
    const struct probe_endpoint *e = &p->endpoints[place];
    struct check_look *l = &c->looks[place];
    l->check = c;
    if (e->bad_port || !p->own_transport)
        return S2S_OK;
    c->looking++;
    return lookup_start(p->shared->resolver, e->host, e->port,
                        LOOKUP_PATIENT | (e->secure ? LOOKUP_DNS : 0),
                        looked_up, l, &l->lookup);
}

int check_begin(struct probe *p)
{
    int e = shared_open_resolver(p->shared);
    struct check *c = e == S2S_OK ? calloc(1, sizeof(*c)) : NULL;
    if (c == NULL)
        return e == S2S_OK ? S2S_ENO_MEMORY : e;
    c->probe = p;
    p->check = c;
    for (size_t i = 0; i < p->endpoint_count && e == S2S_OK; i++)
        e = look_up(c, i);
    return e;
}

/* ---- The second part -------------------------------------------------- */

static const struct task *first_good(const struct check *c)
{
    for (size_t i = 0; i < c->count; i++) {
        const struct task *t = &c->tasks[i];
        if (t->kind == TASK_ENDPOINT && t->row->result != NULL &&
            t->row->result->error == S2S_OK)
            return t;
    }
    return NULL;
}

/* The same endpoint once more; its row, or one of its own. */
static void again(struct check *c, const struct task *from, enum task_kind kind,
                  unsigned version)
{
    struct task *t =
        check_task_add(c, kind, kind == TASK_VERSION ? from->row : NULL);
    if (t == NULL)
        return;
    t->host = from->host;
    t->port = from->port;
    t->mode = from->mode;
    t->proof = from->proof;
    t->version = version;
    t->row->target = from->row->target;
    t->row->address = from->row->address;
    t->row->port = from->row->port;
    t->row->direct = from->row->direct;
}

static void add_versions(struct check *c)
{
    size_t count = c->count;
    for (size_t i = 0; i < count; i++) {
        const struct task *t = &c->tasks[i];
        if (t->kind == TASK_ENDPOINT && t->row->tls13)
            again(c, t, TASK_VERSION, S2S_TLS_1_2);
    }
}

static void add_own(struct check *c, enum task_kind kind)
{
    struct task *t = check_task_add(c, kind, NULL);
    if (t != NULL)
        t->row->target =
            result_text(c->probe->result, c->probe->options.to->unicode);
}

static void begin_second(struct check *c)
{
    const struct options_probe *o = &c->probe->options;
    const struct task *good = first_good(c);
    c->second = true;
    add_versions(c);
    if (good == NULL)
        return;
    if ((o->flags & S2S_NO_DIALBACK) == 0)
        again(c, good, TASK_VERIFY, S2S_TLS_ANY);
    if ((o->flags & S2S_AUTHENTICATE) != 0) {
        add_own(c, TASK_PING);
        add_own(c, TASK_TIME);
    }
}

/* ---- Steps ------------------------------------------------------------ */

static bool tlsa_pending(const struct probe *p)
{
    bool pending = false;
    for (size_t i = 0;
         p->discovery != NULL && i < p->endpoint_count && !pending; i++)
        (void)discovery_tlsa(p->discovery, p->endpoints[i].place, &pending);
    return pending;
}

bool check_step(struct check *c)
{
    struct probe *p = c->probe;
    if (c->looking > 0 || tlsa_pending(p))
        return false;
    if (!c->listed)
        list(c);
    if (!c->second && check_task_all_ended(c))
        begin_second(c);
    int e = check_task_start(c);
    if (e == S2S_ENO_MEMORY)
        p->result->no_memory = true;
    else if (e != S2S_OK)
        result_fail(p->result, e, "%s", error_text(e));
    if (e == S2S_OK && !p->result->no_memory &&
        (!c->second || !check_task_all_ended(c)))
        return false;
    check_stop(c);
    return true;
}

static void stop_looking(struct check *c)
{
    for (size_t i = 0; i < CHECK_LOOKS; i++)
        if (c->looks[i].lookup != NULL)
            lookup_cancel(c->looks[i].lookup);
    for (size_t i = 0; i < CHECK_LOOKS; i++)
        c->looks[i].lookup = NULL;
    c->looking = 0;
}

void check_stop(struct check *c)
{
    if (c->stopped)
        return;
    c->stopped = true;
    stop_looking(c);
    if (!c->listed && !c->probe->result->no_memory)
        list(c);
    if (!check_task_all_ended(c) && c->probe->result->error == S2S_OK)
        result_find(c->probe->result, FINDING_NO_TIME_LEFT, NULL);
    check_task_stop(c);
    if (!c->probe->result->no_memory)
        check_compare(c);
}

void check_free(struct check *c)
{
    if (c == NULL)
        return;
    stop_looking(c);
    check_task_stop(c);
    for (size_t i = 0; i < CHECK_LOOKS; i++)
        free(c->looks[i].addresses);
    free(c);
}
