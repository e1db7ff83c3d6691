/*
 * Authenticated probes against another context of ours: every way to get in,
 * every way back, and what comes of it.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>
#include <pthread.h>

#include "federation.h"

/* ---- Pings ---- */

static const struct mode {
    const char *name;
    uint32_t flags;
    uint16_t tls_mode;
    uint16_t port;
    const char *method, *via;
} modes[] = {
    {"EXTERNAL, bidi", 0, S2S_TLS_STARTTLS, 0, "external", "stream"},
    {"EXTERNAL", S2S_NO_BIDI, S2S_TLS_STARTTLS, 0, "external", "inbound"},
    {"EXTERNAL, no acks", S2S_NO_BIDI | S2S_NO_ACKS, S2S_TLS_STARTTLS, 0,
     "external", "inbound"},
    {"dialback, bidi", S2S_NO_EXTERNAL, S2S_TLS_STARTTLS, 0, "dialback",
     "stream"},
    {"dialback", S2S_NO_EXTERNAL | S2S_NO_BIDI, S2S_TLS_STARTTLS, 0, "dialback",
     "inbound"},
    {"direct, EXTERNAL, bidi", 0, S2S_TLS_DIRECT, 0, "external", "stream"},
    {"direct, EXTERNAL", S2S_NO_BIDI, S2S_TLS_DIRECT, 0, "external", "inbound"},
    {"direct, dialback, bidi", S2S_NO_EXTERNAL, S2S_TLS_DIRECT, 0, "dialback",
     "stream"},
    {"direct, dialback", S2S_NO_EXTERNAL | S2S_NO_BIDI, S2S_TLS_DIRECT, 0,
     "dialback", "inbound"},
};

static void pings(void **state)
{
    (void)state;
    for (size_t n = 0; n < COUNT(modes); n++) {
        struct federation f;
        s2s_options o = federation_options();
        federation_open(&f, NULL);
        print_message("# %s\n", modes[n].name);
        o.flags = modes[n].flags;
        o.tls_mode = modes[n].tls_mode;
        o.count = 3;
        o.interval_ms = 1;
        federation_submit(&f, S2S_OP_PING, &o);
        s2s_result *r = federation_result(&f, SIDE_A);
        federation_path(r, "success", "true");
        federation_path(r, "auth.method", modes[n].method);
        federation_path(r, "pingMethod", "iq");
        federation_path(r, "pings.0.via", modes[n].via);
        federation_path(r, "pings.2.answer", "result");
        federation_path(r, "pings.3.answer", NULL);
        s2s_result_free(r);
        federation_close(&f);
    }
}

/* ---- What does not work ---- */

static const struct failure {
    const char *name;
    struct federation_setting setting;
    int op;
    uint32_t flags, method;
    uint16_t tls_mode;
    const char *from; /* NULL: A */
    int error;
    const char *finding; /* NULL: whatever there is */
    const char *ping;    /* the method, NULL: none */
} failures[] = {
    {.name = "no way back, so another ping",
     .setting = {.deaf = {true, false}},
     .op = S2S_OP_PING,
     .flags = S2S_NO_BIDI,
     .finding = "ping_proves_little",
     .ping = "dialback-verify"},
    {.name = "no way back",
     .setting = {.deaf = {true, false}},
     .op = S2S_OP_PING,
     .flags = S2S_NO_BIDI,
     .method = S2S_PING_IQ,
     .error = S2S_ENO_RETURN_PATH,
     .finding = "return_no_listener"},
    {.name = "nobody to ask about our key",
     .setting = {.deaf = {true, false}},
     .op = S2S_OP_CONNECT,
     .flags = S2S_AUTHENTICATE | S2S_NO_EXTERNAL,
     .error = S2S_EDIALBACK_FAILED,
     .finding = "dialback_error"},
    {.name = "no means left",
     .op = S2S_OP_CONNECT,
     .flags = S2S_AUTHENTICATE | S2S_NO_EXTERNAL | S2S_NO_DIALBACK,
     .error = S2S_EAUTH_FAILED},
    {.name = "EXTERNAL without a certificate",
     .setting = {.bare = {true, false}},
     .op = S2S_OP_CONNECT,
     .flags = S2S_AUTHENTICATE | S2S_NO_DIALBACK,
     .error = S2S_EAUTH_FAILED},
    {.name = "not one of ours",
     .op = S2S_OP_CONNECT,
     .flags = S2S_AUTHENTICATE,
     .from = "c.test",
     .error = S2S_EPOLICY},
    {.name = "a ping as somebody else",
     .op = S2S_OP_PING,
     .method = S2S_PING_IQ,
     .from = "c.test",
     .error = S2S_EPOLICY},
    {.name = "nobody there",
     .setting = {.deaf = {false, true}},
     .op = S2S_OP_PING,
     .error = S2S_ECONNECT},
    {.name = "no TLS, which is required",
     .op = S2S_OP_CONNECT,
     .flags = S2S_AUTHENTICATE | S2S_DIALBACK_UNVERIFIED,
     .tls_mode = S2S_TLS_NONE,
     .error = S2S_EAUTH_FAILED,
     .finding = "tls_required"},
    {.name = "no TLS, and no leave to send a key",
     .setting = {.bare = {true, true}},
     .op = S2S_OP_CONNECT,
     .flags = S2S_AUTHENTICATE,
     .tls_mode = S2S_TLS_NONE,
     .error = S2S_EAUTH_FAILED,
     .finding = "dialback_withheld"},
};

static bool found(const s2s_result *r, const char *code)
{
    for (size_t k = 0; k < s2s_result_finding_count(r); k++)
        if (strcmp(s2s_result_finding_code(r, k), code) == 0)
            return true;
    return false;
}

static void fails(const struct failure *c)
{
    struct federation f;
    s2s_options o = federation_options();
    uint64_t id;
    federation_open(&f, &c->setting);
    o.flags = c->flags;
    o.ping_method = c->method;
    o.tls_mode = c->tls_mode;
    assert_int_equal(s2s_context_submit(f.c[SIDE_A], c->op,
                                        c->from != NULL ? c->from : A, B, &o,
                                        NULL, &id),
                     S2S_OK);
    s2s_result *r = federation_result(&f, SIDE_A);
    if (s2s_result_error(r) != c->error ||
        (c->finding != NULL && !found(r, c->finding)))
        fail_msg("%s: %s", c->name, s2s_result_json(r));
    if (c->op == S2S_OP_PING)
        federation_path(r, "pingMethod", c->ping != NULL ? c->ping : "none");
    s2s_result_free(r);
    federation_close(&f);
}

static void what_fails(void **state)
{
    (void)state;
    for (size_t n = 0; n < COUNT(failures); n++)
        fails(&failures[n]);
}

/* ---- More domains, and stanzas ---- */

static void more_domains(void **state)
{
    static const char *const also[] = {"also.test", NULL};
    const struct federation_setting s = {.also = "also.test"};
    struct federation f;
    s2s_options o = federation_options();
    (void)state;
    federation_open(&f, &s);
    o.also_from = also;
    federation_submit(&f, S2S_OP_PING, &o);
    s2s_result *r = federation_result(&f, SIDE_A);
    federation_path(r, "success", "true");
    federation_path(r, "auth.method", "external");
    federation_path(r, "alsoFrom.0.domain", "also.test");
    federation_path(r, "alsoFrom.0.answer", "valid");
    s2s_result_free(r);
    federation_close(&f);
}

#define STANZA(name, rest) "<" name " from='" A "' to='" B "' " rest

static const struct {
    const char *stanza;
    uint32_t flags;
    const char *answer; /* part of it; NULL: none, until the deadline */
} sent[] = {
    {STANZA("iq", "id='1' type='get'><ping xmlns='urn:xmpp:ping'/></iq>"), 0,
     "type='result'"},
    {STANZA("iq", "id='1' type='get'><ping xmlns='urn:xmpp:ping'/></iq>"),
     S2S_NO_BIDI, "type='result'"},
    {STANZA("iq", "id='2' type='get'><x xmlns='y'/></iq>"), 0,
     "<service-unavailable "},
    {STANZA("presence", "/>"), 0, NULL},
};

static void stanzas(void **state)
{
    (void)state;
    for (size_t n = 0; n < COUNT(sent); n++) {
        struct federation f;
        s2s_options o = federation_options();
        federation_open(&f, NULL);
        o.stanza = sent[n].stanza;
        o.flags = sent[n].flags;
        o.timeout_ms = sent[n].answer != NULL ? TIMEOUT_MS : 300;
        federation_submit(&f, S2S_OP_SEND, &o);
        s2s_result *r = federation_result(&f, SIDE_A);
        federation_path(r, "success", "true");
        assert_int_equal(s2s_result_stanza_count(r), sent[n].answer != NULL);
        if (sent[n].answer != NULL)
            assert_non_null(strstr(s2s_result_stanza(r, 0), sent[n].answer));
        s2s_result_free(r);
        federation_close(&f);
    }
}

/* ---- Many, and ends in between ---- */

/* Each gets its own answers, in whatever number they run. */
static void many(void **state)
{
    static const uint32_t limits[] = {1, 3, 64};
    enum { PINGS = 40 };
    (void)state;
    for (size_t n = 0; n < COUNT(limits); n++) {
        const struct federation_setting s = {
            .max_running = limits[n],
            .limits = {.size = sizeof(s2s_limits), .inbound_address = 100}};
        struct federation f;
        s2s_options o = federation_options();
        federation_open(&f, &s);
        for (int k = 0; k < PINGS; k++) {
            o.flags = modes[(size_t)k % COUNT(modes)].flags;
            o.tls_mode = modes[(size_t)k % COUNT(modes)].tls_mode;
            federation_submit(&f, S2S_OP_PING, &o);
        }
        for (int k = 0; k < PINGS; k++) {
            s2s_result *r = federation_result(&f, SIDE_A);
            federation_path(r, "success", "true");
            s2s_result_free(r);
        }
        federation_close(&f);
    }
}

/* After `steps` steps; whether it was still running. */
static bool cancel_after(const struct mode *m, unsigned steps)
{
    struct federation f;
    s2s_options o = federation_options();
    s2s_result *r = NULL;
    federation_open(&f, NULL);
    o.flags = m->flags;
    o.tls_mode = m->tls_mode;
    uint64_t id = federation_submit(&f, S2S_OP_PING, &o);
    for (unsigned n = 0; n < steps && r == NULL; n++) {
        federation_step(&f);
        (void)s2s_context_next(f.c[SIDE_A], &r, NULL, NULL);
    }
    bool running = r == NULL;
    s2s_context_cancel(f.c[SIDE_A], id);
    if (running)
        r = federation_result(&f, SIDE_A);
    assert_int_equal(s2s_result_error(r), running ? S2S_ECANCELLED : S2S_OK);
    s2s_result_free(r);
    federation_still_works(&f);
    federation_close(&f);
    return running;
}

static void cancelled(void **state)
{
    (void)state;
    for (size_t n = 0; n < 5; n++)
        for (unsigned steps = 0; cancel_after(&modes[n], steps);)
            steps++;
}

/* Contexts are freed after so many steps, in either order, with probes of
 * every kind under way; whether there was one left. */
static bool free_after(unsigned steps, unsigned first)
{
    struct federation f;
    s2s_options o = federation_options();
    size_t done = 0;
    federation_open(&f, NULL);
    for (size_t n = 0; n < 5; n++) {
        o.flags = modes[n].flags;
        o.count = 2;
        o.interval_ms = 1;
        federation_submit(&f, S2S_OP_PING, &o);
    }
    for (unsigned n = 0; n < steps && done < 5; n++) {
        s2s_result *r;
        federation_step(&f);
        while (s2s_context_next(f.c[SIDE_A], &r, NULL, NULL) == 1) {
            s2s_result_free(r);
            done++;
        }
    }
    s2s_context_free(f.c[first]);
    f.c[first] = NULL;
    for (unsigned n = 0; n < 20 && federation_poke(&f, 0); n++)
        continue;
    federation_close(&f);
    return done < 5;
}

static void freed(void **state)
{
    (void)state;
    for (unsigned first = 0; first < SIDES; first++)
        for (unsigned steps = 0; free_after(steps, first);)
            steps += 1 + steps / 16;
}

/* ---- Another thread ---- */

static void *stop_it(void *user)
{
    struct federation *f = user;
    struct pollfd p = {.fd = s2s_context_fd(f->c[SIDE_B]), .events = POLLIN};
    /* B, which nobody drives, has a connection: A waits for its answer. */
    if (poll(&p, 1, LOOPBACK_WAIT_MS) != 1)
        abort();
    s2s_context_wakeup(f->c[SIDE_A]);
    s2s_context_stop(f->c[SIDE_A]);
    return NULL;
}

static void stopped(void **state)
{
    struct federation f;
    pthread_t thread;
    s2s_result *r;
    s2s_options o = federation_options();
    (void)state;
    federation_open(&f, NULL);
    o.host = f.address[SIDE_B];
    o.context = f.c[SIDE_A];
    assert_int_equal(pthread_create(&thread, NULL, stop_it, &f), 0);
    assert_int_equal(s2s_ping(A, B, &o, &r), S2S_ECANCELLED);
    assert_int_equal(pthread_join(thread, NULL), 0);
    assert_int_equal(s2s_result_error(r), S2S_ECANCELLED);
    s2s_result_free(r);
    assert_int_equal(s2s_ping(A, B, &o, &r), S2S_EBUSY);
    assert_null(r);
    assert_int_equal(s2s_context_run(f.c[SIDE_A], -1), S2S_ECANCELLED);
    federation_close(&f);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(pings),        cmocka_unit_test(what_fails),
        cmocka_unit_test(more_domains), cmocka_unit_test(stanzas),
        cmocka_unit_test(many),         cmocka_unit_test(cancelled),
        cmocka_unit_test(freed),        cmocka_unit_test(stopped),
    };
    return cmocka_run_group_tests_name("probe/talk", tests, federation_begin,
                                       federation_end);
}
