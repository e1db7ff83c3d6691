/* What a probe waits for us is told apart and moves its deadline: time moves
 * only when told to. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>

#include <arpa/inet.h>
#include <cmocka.h>

#include "wire.h"

#define STREAM_HEADER                                                          \
    "<stream:stream xmlns='jabber:server' id='1' version='1.0' "               \
    "xmlns:stream='http://etherx.jabber.org/streams' xml:lang='en' "           \
    "from='them.example' to='us.example'>"

static s2s_context *open_narrow(uint32_t max_handshakes)
{
    const s2s_context_options options = {.size = sizeof(options),
                                         .max_handshakes = max_handshakes};
    return open_context_with(&options);
}

static void pass_ms(s2s_context *c, int64_t ms)
{
    now_us += ms * 1000;
    wake(c);
}

static double get(const s2s_result *r, const char *path)
{
    const char *text = s2s_result_get(r, path);
    return text != NULL ? strtod(text, NULL) : -1;
}

static s2s_result *next(s2s_context *c, int error)
{
    s2s_result *r = NULL;
    assert_int_equal(s2s_context_next(c, &r, NULL, NULL), 1);
    assert_non_null(r);
    assert_int_equal(s2s_result_error(r), error);
    return r;
}

/* Two silent peers, one after the other. */
static void before_connecting(void **state)
{
    struct wire w = {.answers = false};
    s2s_context *c = open_narrow(1);
    (void)state;
    uint64_t first = submit(c, &w);
    (void)submit(c, &w);
    process(c);
    assert_int_equal(w.opened, 1);
    pass_ms(c, TIMEOUT_MS - 1);
    nothing_taken(c);
    pass_ms(c, 1);
    process(c);
    taken(c, first, S2S_ETIMEOUT);
    assert_int_equal(w.opened, 2);
    assert_int_equal(s2s_context_timeout_ms(c), TIMEOUT_MS);
    pass_ms(c, TIMEOUT_MS - 1);
    nothing_taken(c);
    pass_ms(c, 1);
    s2s_result *r = next(c, S2S_ETIMEOUT);
    assert_true(get(r, "timings.queue") == TIMEOUT_MS);
    assert_true(get(r, "timings.stream") == TIMEOUT_MS);
    assert_true(get(r, "timings.total") == TIMEOUT_MS);
    s2s_result_free(r);
    s2s_context_free(c);
}

/* Only handshakes count: a peer that has spoken in the clear has none to make,
 * and is in nobody's way. */
static void after_the_handshake(void **state)
{
    struct wire slow = {.answers = true, .says = STREAM_HEADER};
    struct wire good = {.answers = true};
    s2s_context *c = open_narrow(1);
    (void)state;
    (void)submit(c, &slow); /* features never come */
    process(c);
    assert_int_equal(slow.opened, 1);
    uint64_t second = submit(c, &good);
    process(c);
    process(c);
    taken(c, second, S2S_OK);
    s2s_context_free(c);
}

/* One that waits can be cancelled, and is not connected to. */
static void cancelled(void **state)
{
    struct wire w = {.answers = false};
    s2s_context *c = open_narrow(1);
    (void)state;
    (void)submit(c, &w);
    uint64_t second = submit(c, &w);
    process(c);
    pass_ms(c, 10);
    s2s_context_cancel(c, second);
    process(c);
    taken(c, second, S2S_ECANCELLED);
    assert_int_equal(w.opened, 1);
    s2s_context_free(c);
    assert_int_equal(w.open, 0);
}

static void hold_up(struct wire *w)
{
    now_us += 500000;
    w->on_open = NULL;
}

/* Another one has the thread for half a second. */
static void behind_others(void **state)
{
    struct wire silent = {.answers = false}, slow = {.on_open = hold_up};
    s2s_context *c = open_narrow(S2S_NO_LIMIT);
    (void)state;
    (void)submit(c, &silent);
    process(c);
    now_us += 900000;
    (void)submit_for(c, &slow, NULL, 600000);
    wake(c); /* at 900 ms; when it has its turn it is 1400 */
    wake(c);
    nothing_taken(c);
    assert_int_equal(s2s_context_timeout_ms(c), 100);
    pass_ms(c, 99);
    nothing_taken(c);
    pass_ms(c, 1);
    s2s_result *r = next(c, S2S_ETIMEOUT);
    assert_true(get(r, "timings.lag") == 500);
    assert_true(get(r, "timings.total") == 1500);
    s2s_result_free(r);
    s2s_stats stats = {.size = sizeof(stats)};
    assert_int_equal(s2s_context_stats(c, &stats), S2S_OK);
    assert_int_equal(stats.lag_max_us, 500000);
    s2s_context_free(c);
}

/* The parts of a check wait, and the check with them. */
static void part_of_a_check(void **state)
{
    struct wire silent = {.answers = false}, good = {.answers = true};
    s2s_context *c = open_narrow(1);
    const s2s_transport transport = wire_transport(&good);
    const s2s_options options = {.size = sizeof(options),
                                 .host = "them.example",
                                 .tls_mode = S2S_TLS_NONE,
                                 .timeout_ms = TIMEOUT_MS,
                                 .transport = &transport};
    uint64_t id;
    (void)state;
    (void)submit_for(c, &silent, NULL, 5 * TIMEOUT_MS);
    process(c);
    assert_int_equal(s2s_context_submit(c, S2S_OP_CHECK, "us.example",
                                        "them.example", &options, NULL, &id),
                     S2S_OK);
    process(c);
    pass_ms(c, 5 * TIMEOUT_MS - 1);
    pass_ms(c, 0);
    nothing_taken(c);
    assert_int_equal(good.opened, 0);
    pass_ms(c, 1);
    s2s_result_free(next(c, S2S_ETIMEOUT));
    process(c);
    assert_true(good.opened > 0);
    for (int i = 0; i < TIMEOUT_MS; i++) /* for what is not answered */
        pass_ms(c, 1);
    s2s_result *r = next(c, S2S_OK);
    assert_true(get(r, "timings.queue") >= 5 * TIMEOUT_MS);
    assert_true(get(r, "timings.total") <= TIMEOUT_MS);
    s2s_result_free(r);
    s2s_context_free(c);
}

static void nobody(void *user)
{
    (void)user;
    fail_msg("nothing waits");
}

/* A server has asked for less a moment ago. */
static void offend(s2s_context *c)
{
    struct shared *s = context_shared(c);
    struct courtesy_permit permit = {.party = NULL};
    const struct sockaddr_in address = {
        .sin_family = AF_INET, .sin_addr.s_addr = htonl(INADDR_LOOPBACK)};
    assert_int_equal(shared_open_resolver(s), S2S_OK);
    struct courtesy_party party = {.courtesy = s->tcp.courtesy,
                                   .granted = nobody};
    assert_int_equal(
        courtesy_ask(&party, &permit, NULL, (const struct sockaddr *)&address),
        S2S_OK);
    courtesy_offended(&permit);
    courtesy_give(&permit);
}

/* Where many wait for it that could take for ever. */
static void for_one_that_asks_for_less(void **state)
{
    s2s_context *c = open_narrow(S2S_NO_LIMIT);
    const s2s_options options = {.size = sizeof(options),
                                 .host = "127.0.0.1",
                                 .port = 9,
                                 .timeout_ms = TIMEOUT_MS};
    s2s_stats stats = {.size = sizeof(stats)};
    uint64_t id;
    (void)state;
    offend(c);
    assert_int_equal(s2s_context_submit(c, S2S_OP_CONNECT, "us.example",
                                        "them.example", &options, NULL, &id),
                     S2S_OK);
    process(c);
    assert_int_equal(s2s_context_stats(c, &stats), S2S_OK);
    assert_int_equal(stats.held, 1);
    pass_ms(c, TIMEOUT_MS);
    pass_ms(c, 58000);
    nothing_taken(c);
    pass_ms(c, 1000);
    process(c);
    s2s_result *r = next(c, S2S_EPOLICY);
    assert_string_equal(s2s_result_finding_code(r, 0), "throttled");
    assert_true(get(r, "timings.queue") == 60000);
    assert_true(get(r, "timings.total") == 0);
    s2s_result_free(r);
    s2s_context_free(c);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(before_connecting),
        cmocka_unit_test(after_the_handshake),
        cmocka_unit_test(cancelled),
        cmocka_unit_test(behind_others),
        cmocka_unit_test(part_of_a_check),
        cmocka_unit_test(for_one_that_asks_for_less),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
