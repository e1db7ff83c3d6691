#include "load.h"

#include <stdint.h>
#include <stdio.h>

#include "bench.h"

static void submit(const struct load *l, unsigned number)
{
    struct load_probe p = {.op = S2S_OP_CONNECT, .to = BENCH_DOMAIN};
    uint64_t id;
    p.options.size = sizeof(p.options);
    l->plan(l->user, number, &p);
    if (p.host[0] != '\0')
        p.options.host = p.host;
    int e = s2s_context_submit(l->context, p.op, BENCH_FROM, p.to, &p.options,
                               (void *)(uintptr_t)number, &id);
    bench_must(e == S2S_OK, s2s_strerror(e));
}

static unsigned take(const struct load *l)
{
    unsigned taken = 0;
    s2s_result *result;
    void *number;
    while (s2s_context_next(l->context, &result, NULL, &number) == 1) {
        bench_must(result != NULL, "no memory for a result");
        l->seen(l->user, (unsigned)(uintptr_t)number, result);
        s2s_result_free(result);
        taken++;
    }
    return taken;
}

void load_run(const struct load *l)
{
    unsigned begun = 0, ended = 0;
    while (ended < l->count) {
        while (begun < l->count && begun - ended < l->window)
            submit(l, begun++);
        bench_must(s2s_context_run(l->context, -1) >= 0, "the context stopped");
        ended += take(l);
    }
}

void load_must_succeed(void *user, unsigned number, const s2s_result *result)
{
    (void)user;
    (void)number;
    bench_must(s2s_result_error(result) == S2S_OK, s2s_result_json(result));
}

void load_host(struct load_probe *p, const char *net, unsigned number)
{
    snprintf(p->host, sizeof(p->host), "%s.%u.%u", net, number / 250 % 200,
             number % 250 + 1);
}

s2s_context_options load_context(const char *ca_file, unsigned running)
{
    return (s2s_context_options){
        .size = sizeof(s2s_context_options),
        .ca_file = ca_file,
        .max_running = running,
        .max_handshakes = S2S_NO_LIMIT,
        .host_running = S2S_NO_LIMIT,
        .address_running = S2S_NO_LIMIT,
        .host_rate = S2S_NO_LIMIT,
    };
}
