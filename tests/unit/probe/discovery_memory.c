/*
 * Probes and checks that ask DNS, while each allocation fails, once and for
 * good: the same result, or none for want of memory.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>

#include <cmocka.h>

#include "../failing.h"
#include "unit/net/loopback.h"
#include "wire_script.h"

static char here[200]; /* STARTTLS records of ports where nobody listens */

/* Secure records, TLSA records, aliases, services; some answers come later. */
static const struct dns_row rows[] = {
    {DIRECT, "LATER "},
    {STARTTLS, here},
    {"1 b.example", "LATER AD ALIAS 127.0.0.1 127.0.0.2"},
    {"1 *.example", "AD 127.0.0.1"},
    {"_xmpp-server._tcp.rooms." THEM, "SRV/1/0/5269/rooms.example"},
    {"_xmpp-server._tcp.else.example", "BOGUS "},
    {"*", "LATER AD TLSA/030101aabb"},
    {NULL, NULL}};

static const char *const services[] = {"rooms.", "else.example", NULL};

struct kind {
    const char *name;
    int op;
    bool own; /* transport: the library's */
    s2s_options options;
};

static const struct kind kinds[] = {
    {"a stream, a caller's transport",
     S2S_OP_CONNECT,
     false,
     {.tls_mode = S2S_TLS_NONE}},
    {"a stream, our transport", S2S_OP_CONNECT, true, {.flags = S2S_DANE}},
    {"a check, a caller's transport",
     S2S_OP_CHECK,
     false,
     {.tls_mode = S2S_TLS_NONE,
      .flags = S2S_NO_DIALBACK | S2S_AUTHENTICATE,
      .services = services}},
    {"a check, our transport", S2S_OP_CHECK, true, {.services = services}},
};

struct outcome {
    int error;
    unsigned long count; /* of allocations */
    char *json;          /* NULL: no result */
};

static void go_on(s2s_context *c)
{
    for (int i = 0; i < 200; i++) {
        struct pollfd p = {.fd = s2s_context_fd(c), .events = POLLIN};
        bool due = s2s_context_timeout_ms(c) == 0 || poll(&p, 1, 5) == 1;
        if (due)
            process(c);
        else if (scripted_answer(&script, NULL) == 0)
            return;
    }
}

/* How long an attempt took is told by the real clock. */
static void blank_times(char *json)
{
    static const char mark[] = "\"ms\":";
    char *to = json;
    for (const char *from = json; *from != '\0';) {
        bool time = strncmp(from, mark, strlen(mark)) == 0;
        size_t length = time ? strlen(mark) : 1;
        memmove(to, from, length);
        to += length;
        from += length;
        if (time)
            from += strspn(from, "0123456789.e-");
    }
    *to = '\0';
}

static bool next(s2s_context *c, struct outcome *out)
{
    s2s_result *r = NULL;
    if (s2s_context_next(c, &r, NULL, NULL) == 0)
        return false;
    *out = (struct outcome){.error = S2S_ENO_MEMORY, .count = failing_count()};
    failing_off();
    if (r != NULL) {
        out->error = s2s_result_error(r);
        out->json = strdup(s2s_result_json(r));
        assert_non_null(out->json);
        blank_times(out->json);
    }
    s2s_result_free(r);
    return true;
}

/* From the first allocation of the probe on, `nth` fails; 0: none. */
static struct outcome attempt(const struct kind *k, unsigned long nth,
                              bool sticky)
{
    struct wire w = {
        .answers = true, .refuses = S2S_ECONNECT, .only = "a.example"};
    const s2s_transport transport = wire_transport(&w);
    s2s_options options = k->options;
    struct outcome out = {.error = S2S_ENO_MEMORY};
    uint64_t id;
    options.size = sizeof(options);
    options.transport = k->own ? NULL : &transport;
    s2s_context *c = open_scripted(rows, 0);
    failing_arm(nth, sticky);
    int e =
        s2s_context_submit(c, k->op, "us.example", THEM, &options, NULL, &id);
    if (e == S2S_OK) {
        go_on(c);
        for (int i = 0; i < 4 && !next(c, &out); i++) {
            now_us += INT64_C(15000000); /* somebody waits for nothing */
            go_on(c);
        }
    } else {
        assert_int_equal(e, S2S_ENO_MEMORY);
    }
    failing_off();
    s2s_context_free(c);
    assert_int_equal(w.open, 0);
    assert_int_equal(script.waiting, 0);
    return out;
}

static void sweep(void **state)
{
    const struct kind *k = *state;
    struct outcome wanted = attempt(k, 0, false);
    unsigned long worked = 0, failed = 0;
    assert_non_null(wanted.json);
    for (int sticky = 0; sticky < 2; sticky++) {
        for (unsigned long nth = 1; nth <= wanted.count; nth++) {
            struct outcome o = attempt(k, nth, sticky);
            if (o.json == NULL) {
                assert_int_equal(o.error, S2S_ENO_MEMORY);
                failed++;
                continue;
            }
            size_t same = 0;
            while (o.json[same] != '\0' && o.json[same] == wanted.json[same])
                same++;
            if (o.json[same] != wanted.json[same])
                fail_msg("%lu%s, at %zu: %.200s, not %.200s", nth,
                         sticky ? " and on" : "", same, o.json + same,
                         wanted.json + same);
            free(o.json);
            worked++;
        }
    }
    print_message("# %lu failed, %lu worked\n", failed, worked);
    assert_true(failed > 100);
    free(wanted.json);
}

int main(void)
{
    static struct CMUnitTest tests[COUNT(kinds)];
    int fds[2];
    for (int i = 0; i < 2; i++)
        fds[i] = loopback_listen("127.0.0.1", 0);
    (void)snprintf(here, sizeof(here),
                   "AD SRV/1/0/%u/a.example SRV/2/0/%u/b.example "
                   "SRV/3/0/25/c.example",
                   loopback_port(fds[0]), loopback_port(fds[1]));
    close(fds[0]);
    close(fds[1]);
    for (size_t i = 0; i < COUNT(kinds); i++)
        tests[i] =
            (struct CMUnitTest){.name = kinds[i].name,
                                .test_func = sweep,
                                .initial_state = (void *)(uintptr_t)&kinds[i]};
    return cmocka_run_group_tests_name("probe/discovery_memory", tests, NULL,
                                       NULL);
}
