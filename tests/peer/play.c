#include "play.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "probe/context.h"

#define ROUNDS_MAX 100000u
#define IDLE_MAX   3u /* rounds in which nothing happens; one may be a trick */

static int64_t wall_clock(void)
{
    return trust_now();
}

int play_open(struct play *p, const struct script *script)
{
    const s2s_context_options options = {
        .size = sizeof(options),
        .ca_file = trust_ca_file(),
        .identities = p->identities,
        .limits = script->limits,
        .log = p->log,
        .log_user = p->log_user,
        .log_level = p->log != NULL ? S2S_LOG_WIRE : 0,
    };
    static struct peer peer; /* too large for the stack */
    memset(&peer, 0, sizeof(peer));
    p->script = script;
    p->peer = &peer;
    int e = s2s_context_new(&options, &p->context);
    if (e != S2S_OK)
        return e;
    peer.scripts[0] = script->steps;
    peer.scripts[1] = script->again;
    peer.chain = trust_chain(script->chain);
    peer.server_name = TRUST_DOMAIN;
    peer.alpn = script->alpn;
    peer.now = 1000000;
    struct shared *shared = context_shared(p->context);
    shared->loop.clock = peer_clock;
    shared->loop.clock_user = &peer;
    shared->wall_clock = wall_clock;
    return S2S_OK;
}

void play_close(struct play *p)
{
    s2s_context_free(p->context);
    p->context = NULL;
}

/* Replace each `from` by `to`, which is not longer. */
static void replace(char *text, const char *from, const char *to)
{
    size_t length = strlen(from);
    char *at = text;
    while ((at = strstr(at, from)) != NULL) {
        memcpy(at, to, strlen(to));
        memmove(at + strlen(to), at + length, strlen(at + length) + 1);
    }
}

static char *normalised(const struct peer *p, const char *text)
{
    char *copy = strdup(text);
    assert_non_null(copy);
    replace(copy, p->tokens.id, "$ID");
    replace(copy, p->tokens.key, "$KEY");
    return copy;
}

static int submit(struct play *p)
{
    const struct script *s = p->script;
    const s2s_transport transport = peer_transport(p->peer);
    const s2s_tls tls = peer_tls(p->peer);
    const s2s_options options = {
        .size = sizeof(options),
        .host = TRUST_DOMAIN, /* DNS has no say */
        .ping_method = S2S_PING_DIALBACK_VERIFY,
        .port = s->port,
        .tls_mode = s->tls_mode,
        .timeout_ms = PLAY_TIMEOUT_MS,
        .flags = s->flags,
        .transport = &transport,
        .tls = &tls,
    };
    uint64_t id;
    return s2s_context_submit(p->context, s->op != 0 ? s->op : S2S_OP_CONNECT,
                              TRUST_OURS, TRUST_DOMAIN, &options, p, &id);
}

static bool take(struct play *p, s2s_result **result)
{
    void *user = NULL;
    if (s2s_context_next(p->context, result, NULL, &user) == 0)
        return false;
    if (p->taken != NULL)
        p->taken();
    assert_ptr_equal(user, p);
    return true;
}

/* Nothing moves: the probe ends at its deadline, and not before. */
static void stall(struct play *p, int64_t started, s2s_result **result)
{
    int64_t deadline = started + INT64_C(1000) * PLAY_TIMEOUT_MS;
    assert_true(p->peer->now < deadline);
    p->peer->now = deadline - 1;
    s2s_context_wakeup(p->context);
    assert_int_equal(s2s_context_process(p->context), S2S_OK);
    assert_false(take(p, result));
    p->peer->now = deadline;
    assert_int_equal(s2s_context_timeout_ms(p->context), 0);
    assert_int_equal(s2s_context_process(p->context), S2S_OK);
    assert_true(take(p, result));
}

static void drive(struct play *p, s2s_result **result)
{
    int64_t started = p->peer->now;
    unsigned idle = 0;
    for (unsigned n = 0; n < ROUNDS_MAX && idle < IDLE_MAX; n++) {
        uint64_t before = p->peer->moved;
        assert_int_equal(s2s_context_process(p->context), S2S_OK);
        if (take(p, result))
            return;
        idle = p->peer->moved == before ? idle + 1 : 0;
        s2s_context_wakeup(p->context);
    }
    assert_int_equal(idle, IDLE_MAX);
    stall(p, started, result);
}

static void check_callbacks(const struct peer *p)
{
    assert_false(p->misused);
    assert_false(p->open);
    assert_int_equal(p->closed, p->opened);
    assert_int_equal(p->session_closes, p->sessions);
}

int play_run(struct play *p, const struct peer_manner *manner,
             struct outcome *out)
{
    s2s_result *r = NULL;
    *out = (struct outcome){.error = S2S_ENO_MEMORY};
    peer_rewind(p->peer);
    p->peer->manner = *manner;
    int e = submit(p);
    if (e != S2S_OK)
        return e;
    drive(p, &r);
    check_callbacks(p->peer);
    if (r == NULL)
        return S2S_OK;
    out->error = s2s_result_error(r);
    out->stage = s2s_result_stage(r);
    out->json = normalised(p->peer, s2s_result_json(r));
    out->message = normalised(p->peer, s2s_result_message(r));
    out->result = r;
    return S2S_OK;
}

void play_forget(struct outcome *o)
{
    free(o->json);
    free(o->message);
    s2s_result_free(o->result);
    *o = (struct outcome){.error = 0};
}

size_t play_length(struct play *p)
{
    const struct peer_manner whole = {0};
    struct outcome o;
    assert_int_equal(play_run(p, &whole, &o), S2S_OK);
    play_forget(&o);
    return p->peer->given;
}
