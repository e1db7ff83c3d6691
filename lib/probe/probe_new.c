/* How a probe comes to be. */
#include <stdlib.h>

#include "base/error.h"
#include "probe/probe.h"

static int new_probe(struct shared *shared, int op, struct probe **out)
{
    struct probe *p = calloc(1, sizeof(*p));
    if (p == NULL)
        return S2S_ENO_MEMORY;
    p->result = result_new(op);
    if (p->result == NULL) {
        free(p);
        return S2S_ENO_MEMORY;
    }
    p->shared = shared;
    p->submitted = loop_now(&shared->loop);
    *out = p;
    return S2S_OK;
}

int probe_new(struct shared *shared, struct options_probe *options,
              struct probe **out)
{
    struct probe *p;
    int e = new_probe(shared, options->op, &p);
    if (e != S2S_OK)
        return e;
    s2s_result *r = p->result;
    p->options = *options;
    *options = (struct options_probe){.op = p->options.op};
    p->own_transport = !p->options.has_transport;
    p->own_tls = !p->options.has_tls;
    p->config = (struct initiator_config){
        .from = p->options.from,
        .to = p->options.to,
        .pipeline = (p->options.flags & S2S_PIPELINE) != 0,
        .verify = p->options.op == S2S_OP_PING,
        .verify_id = p->verify_id,
        .verify_key = p->verify_key,
        .limits = &shared->options.limits,
        .log = &shared->options.log,
    };
    r->from = result_text(r, p->options.from->unicode);
    r->to = result_text(r, domain_name(p->options.to));
    r->host = result_text(r, p->options.host);
    r->port = p->options.port;
    *out = p;
    return S2S_OK;
}

int probe_new_invalid(struct shared *shared, int op, const char *what,
                      struct probe **out)
{
    struct probe *p;
    int e = new_probe(shared, op, &p);
    if (e != S2S_OK)
        return e;
    result_fail(p->result, S2S_EINVALID_ARGUMENT, "%s", what);
    p->finished = true;
    *out = p;
    return S2S_OK;
}
