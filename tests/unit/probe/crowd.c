/* Very many probes of domains that do not exist, on one context. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <malloc.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include <s2sprobe.h>

#include "unit/net/dns.h"

#define MANY  10000
#define FEWER 200   /* where half of all gets lost: each loss takes seconds */
#define SPARE 65536 /* bytes that may be kept */

static const struct dns_row nothing[] = {{NULL, NULL}};

struct crowd {
    struct dns dns;
    s2s_context *context;
    size_t count, ended;
    bool seen[MANY];
};

static void open_crowd(struct crowd *w, size_t count, bool lossy)
{
    s2s_context_options options = {.size = sizeof(options),
                                   .max_running = MANY};
    *w = (struct crowd){.count = count};
    dns_open(&w->dns, nothing);
    w->dns.lossy = lossy;
    const char *const servers[] = {w->dns.server, NULL};
    options.dns_servers = servers;
    assert_int_equal(s2s_context_new(&options, &w->context), S2S_OK);
}

static void submit(struct crowd *w)
{
    s2s_options options = {.size = sizeof(options), .timeout_ms = 60000};
    for (size_t i = 0; i < w->count; i++) {
        char name[32];
        uint64_t id;
        (void)snprintf(name, sizeof(name), "d%zu.example", i);
        assert_int_equal(s2s_context_submit(w->context, S2S_OP_CONNECT,
                                            "us.example", name, &options,
                                            &w->seen[i], &id),
                         S2S_OK);
    }
}

/* Each one ends once, with what DNS says of its own domain. */
static void check(struct crowd *w, const s2s_result *r, bool *seen)
{
    char name[32];
    size_t i = (size_t)(seen - w->seen);
    assert_true(i < w->count);
    assert_false(*seen);
    *seen = true;
    w->ended++;
    assert_non_null(r);
    (void)snprintf(name, sizeof(name), "d%zu.example", i);
    assert_string_equal(s2s_result_get(r, "to"), name);
    if (s2s_result_error(r) != S2S_EDNS ||
        s2s_result_stage(r) != S2S_STAGE_DNS ||
        (!w->dns.lossy && strstr(s2s_result_json(r), "NXDOMAIN") == NULL))
        fail_msg("%s", s2s_result_json(r));
}

static void step(struct crowd *w)
{
    struct pollfd p[] = {
        {.fd = s2s_context_fd(w->context), .events = POLLIN},
        {.fd = w->dns.udp, .events = POLLIN},
    };
    s2s_result *r;
    void *user;
    if (s2s_context_timeout_ms(w->context) != 0)
        assert_true(poll(p, 2, LOOPBACK_WAIT_MS) > 0);
    (void)dns_serve(&w->dns, SIZE_MAX);
    assert_int_equal(s2s_context_process(w->context), S2S_OK);
    while (s2s_context_next(w->context, &r, NULL, &user) == 1) {
        check(w, r, user);
        s2s_result_free(r);
    }
}

static void all_end(size_t count, bool lossy)
{
    static struct crowd w;
    open_crowd(&w, count, lossy);
    submit(&w);
    while (w.ended < w.count)
        step(&w);
    s2s_context_free(w.context);
    dns_close(&w.dns);
}

/* Nothing stays behind. */
static void measured(size_t count, bool lossy)
{
    struct loopback_descriptors before;
    all_end(1, false); /* what is made once, and kept */
    loopback_note(&before);
    size_t bytes = mallinfo2().uordblks;
    all_end(count, lossy);
    assert_int_equal(loopback_opened(&before), 0);
    assert_true(mallinfo2().uordblks <= bytes + SPARE);
}

static void nowhere(void **state)
{
    (void)state;
    measured(MANY, false);
}

static void nowhere_with_losses(void **state)
{
    (void)state;
    measured(FEWER, true);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(nowhere),
        cmocka_unit_test(nowhere_with_losses),
    };
    return cmocka_run_group_tests_name("probe/crowd", tests, NULL, NULL);
}
