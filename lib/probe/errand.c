#include "probe/errand.h"

#include <stdlib.h>
#include <string.h>

#include "base/error.h"

/* At a time. Strangers cause them, so some are kept for those that a probe of
 * ours waits for. */
#define ERRANDS_MAX      32u
#define ERRANDS_RESERVED 12u
#define VERIFY_MS        8000u
#define CARRY_MS         10000u

struct errand {
    struct errand_runner *runner;
    char *id, *key; /* of a verification; behind it in one block */
};

static struct errand *new_errand(struct errand_runner *r, const char *id,
                                 const char *key)
{
    size_t first = strlen(id) + 1;
    size_t second = strlen(key) + 1;
    struct errand *e = malloc(sizeof(*e) + first + second);
    if (e == NULL)
        return NULL;
    e->runner = r;
    e->id = (char *)(e + 1);
    e->key = e->id + first;
    memcpy(e->id, id, first);
    memcpy(e->key, key, second);
    return e;
}

static void free_errand(struct errand *e)
{
    e->runner->count--;
    explicit_bzero(e->key, strlen(e->key));
    free(e);
}

/* Why we could not ask (XEP-0220, 2.5). */
static const char *condition_for(int error)
{
    switch (error) {
    case S2S_EDNS:
        return "remote-server-not-found";
    case S2S_ETIMEOUT:
        return "remote-server-timeout";
    default:
        return "remote-connection-failed";
    }
}

static void verified(struct probe *p, void *user)
{
    struct errand *e = user;
    const s2s_result *r = p->result;
    const char *condition =
        r->ping_answer == NULL ? condition_for(r->error) : r->ping_condition;
    enum dialback_answer answer = r->ping_answer == NULL
                                      ? DIALBACK_ERROR
                                      : dialback_answer_named(r->ping_answer);
    router_answer(&p->shared->router, p->options.from->unicode,
                  p->options.to->unicode, e->id, answer, condition);
    probe_free(p);
    free_errand(e);
}

static void carried(struct probe *p, void *user)
{
    probe_free(p);
    free_errand(user);
}

static int run(struct errand_runner *r, int op, const struct domain *ours,
               const struct domain *theirs, const s2s_options *options,
               struct errand *e)
{
    char what[OPTIONS_WHAT];
    struct options_probe o;
    struct probe *p;
    int error = options_load_probe(op, ours->unicode, theirs->unicode, options,
                                   &o, what);
    if (error == S2S_OK) {
        error = probe_new(r->shared, &o, &p);
        options_free_probe(&o);
    }
    if (error != S2S_OK)
        return error;
    p->done = op == S2S_OP_PING ? verified : carried;
    p->done_user = e;
    p->errand = true;
    if (op == S2S_OP_PING) {
        p->config.verify_id = e->id;
        p->config.verify_key = e->key;
    }
    r->run(r->user, p);
    return S2S_OK;
}

static int start(struct errand_runner *r, int op, const struct domain *ours,
                 const struct domain *theirs, const s2s_options *options,
                 const char *id, const char *key)
{
    bool awaited = router_has(&r->shared->router, ours, theirs);
    if (r->count >= ERRANDS_MAX - (awaited ? 0 : ERRANDS_RESERVED))
        return S2S_ELIMIT;
    struct errand *e = new_errand(r, id, key);
    if (e == NULL)
        return S2S_ENO_MEMORY;
    r->count++;
    int error = run(r, op, ours, theirs, options, e);
    if (error != S2S_OK)
        free_errand(e);
    return error;
}

/* Dialback trusts DNS, not certificates (XEP-0220, 1.2). */
static int verify(void *user, const struct domain *ours,
                  const struct domain *theirs, const char *id, const char *key)
{
    const s2s_options options = {
        .size = sizeof(options),
        .timeout_ms = VERIFY_MS,
        .flags = S2S_ACCEPT_UNTRUSTED,
        .ping_method = S2S_PING_DIALBACK_VERIFY,
    };
    return start(user, S2S_OP_PING, ours, theirs, &options, id, key);
}

static int carry(void *user, const struct domain *ours,
                 const struct domain *theirs, const char *stanza)
{
    const s2s_options options = {
        .size = sizeof(options),
        .timeout_ms = CARRY_MS,
        .stanza = stanza,
    };
    return start(user, S2S_OP_SEND, ours, theirs, &options, "", "");
}

void errand_init(struct errand_runner *r)
{
    r->shared->errands = (struct errands){
        .user = r,
        .verify = verify,
        .send = carry,
    };
}
