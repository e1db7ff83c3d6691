/*
 * Checks of a whole domain over connections in memory, with a resolver that
 * follows a script and time that moves only when told to.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>

#include <cmocka.h>

#include "wire_script.h"

static const s2s_options plain = {.tls_mode = S2S_TLS_NONE,
                                  .flags = S2S_NO_DIALBACK};

static const struct dns_row two[] = {
    {STARTTLS, "SRV/1/0/5269/a.example SRV/2/0/5270/b.example"}, {NULL, NULL}};

static s2s_result *check(const struct dns_row *rows, struct wire *w,
                         s2s_options options, int error)
{
    s2s_context *c = open_scripted(rows, 1);
    submit_op(c, w, S2S_OP_CHECK, options);
    work(c);
    s2s_result *r = take(c, error);
    assert_int_equal(w->open, 0);
    assert_int_equal(script.waiting, 0);
    assert_int_equal(s2s_context_timeout_ms(c), -1);
    s2s_context_free(c);
    return r;
}

/* ---- Rows ------------------------------------------------------------- */

static void rows(void **state)
{
    struct wire w = {.answers = true};
    (void)state;
    s2s_result *r = check(two, &w, plain, S2S_OK);
    assert_string_equal(w.hosts, "a.example:5269 b.example:5270 ");
    is(r, "rows.0.kind", "endpoint");
    is(r, "rows.0.target", "a.example");
    is(r, "rows.0.port", "5269");
    is(r, "rows.0.tls", "none");
    is(r, "rows.0.success", "true");
    is(r, "rows.1.target", "b.example");
    is(r, "rows.1.port", "5270");
    assert_null(s2s_result_get(r, "rows.2.kind"));
    assert_null(s2s_result_get(r, "rows.0.address"));
    is(r, "dns.plan", "srv");
    assert_int_equal(s2s_result_stage(r), S2S_STAGE_DONE);
    s2s_result_free(r);
}

/* One that fails, or all. */
static void failures(void **state)
{
    static const struct {
        const char *only;
        int error;
        const char *first, *second;
    } ways[] = {{"a.example", S2S_OK, "false", "true"},
                {"b.example", S2S_OK, "true", "false"},
                {NULL, S2S_ECONNECT, "false", "false"}};
    (void)state;
    for (size_t i = 0; i < COUNT(ways); i++) {
        struct wire w = {
            .answers = true, .refuses = S2S_ECONNECT, .only = ways[i].only};
        s2s_result *r = check(two, &w, plain, ways[i].error);
        is(r, "rows.0.success", ways[i].first);
        is(r, "rows.1.success", ways[i].second);
        assert_int_equal(found(r, "endpoints_differ"), ways[i].only != NULL);
        assert_true(found(r, "connect_failed"));
        s2s_result_free(r);
    }
}

/* A finding of one row names it, one of several does not; errors come first. */
static void merged(void **state)
{
    struct wire w = {
        .answers = true, .refuses = S2S_ECONNECT, .only = "b.example"};
    (void)state;
    s2s_result *r = check(two, &w, plain, S2S_OK);
    assert_string_equal(s2s_result_finding_code(r, 0), "connect_failed");
    is(r, "findings.0.row", "1");
    for (size_t i = 1; i < s2s_result_finding_count(r); i++)
        assert_true(s2s_result_finding_severity(r, i) <=
                    s2s_result_finding_severity(r, i - 1));
    s2s_result_free(r);
    w = (struct wire){.answers = true, .refuses = S2S_ECONNECT};
    r = check(two, &w, plain, S2S_ECONNECT);
    assert_string_equal(s2s_result_finding_code(r, 0), "connect_failed");
    assert_null(s2s_result_get(r, "findings.0.row"));
    s2s_result_free(r);
}

static void no_way(void **state)
{
    static const struct {
        struct dns_row rows[2];
        const char *finding;
    } ways[] = {{{{STARTTLS, "SRV/0/0/0/"}}, "no_service"},
                {{{STARTTLS, "SERVFAIL"}}, "dns_failed"},
                {{{STARTTLS, "BOGUS "}}, "dnssec_bogus"},
                {{{DIRECT, "SRV/1/0/5270/a.example"}}, "no_endpoint"}};
    (void)state;
    for (size_t i = 0; i < COUNT(ways); i++) {
        struct wire w = {.answers = true};
        s2s_result *r = check(ways[i].rows, &w, plain, S2S_EDNS);
        assert_true(found(r, ways[i].finding));
        assert_null(s2s_result_get(r, "rows.0.kind"));
        assert_non_null(strstr(s2s_result_json(r), "\"rows\":[]"));
        s2s_result_free(r);
    }
}

/* Records that may not be followed have a row that says so. */
static void bad_port(void **state)
{
    static const struct dns_row bad[] = {
        {STARTTLS, "SRV/1/0/25/a.example SRV/2/0/5269/b.example"},
        {NULL, NULL}};
    struct wire w = {.answers = true};
    (void)state;
    s2s_result *r = check(bad, &w, plain, S2S_OK);
    is(r, "rows.0.code", "address_forbidden");
    is(r, "rows.0.port", "25");
    is(r, "rows.1.success", "true");
    assert_string_equal(w.hosts, "b.example:5269 ");
    s2s_result_free(r);
}

static void given(void **state)
{
    struct wire w = {.answers = true};
    s2s_options options = plain;
    (void)state;
    options.host = "there.example";
    options.port = 5300;
    s2s_result *r = check(two, &w, options, S2S_OK);
    assert_int_equal(script.count, 0);
    assert_string_equal(w.hosts, "there.example:5300 ");
    assert_false(found(r, "no_direct_tls"));
    assert_null(s2s_result_get(r, "dns.plan"));
    s2s_result_free(r);
}

static void services(void **state)
{
    static const struct dns_row more[] = {
        {STARTTLS, "SRV/1/0/5269/a.example"},
        {"_xmpp-server._tcp.rooms." THEM, "SRV/1/0/5271/rooms.example"},
        {"_xmpp-server._tcp.else.example", "SRV/0/0/0/"},
        {NULL, NULL}};
    static const char *const list[] = {"rooms.", "else.example", NULL};
    struct wire w = {.answers = true};
    s2s_options options = plain;
    (void)state;
    options.services = list;
    s2s_result *r = check(more, &w, options, S2S_OK);
    is(r, "rows.1.kind", "service");
    is(r, "rows.1.target", "rooms." THEM);
    is(r, "rows.1.success", "true");
    is(r, "rows.1.port", "5271");
    is(r, "rows.2.target", "else.example");
    is(r, "rows.2.code", "dns");
    assert_true(found(r, "no_service"));
    assert_string_equal(w.hosts, "a.example:5269 rooms.example:5271 ");
    s2s_result_free(r);
}

/* ---- Limits ----------------------------------------------------------- */

static const struct dns_row ten[] = {
    {STARTTLS, "SRV/1/0/5269/a.example SRV/2/0/5269/b.example "
               "SRV/3/0/5269/c.example SRV/4/0/5269/d.example "
               "SRV/5/0/5269/e.example SRV/6/0/5269/f.example "
               "SRV/7/0/5269/g.example SRV/8/0/5269/h.example "
               "SRV/9/0/5269/i.example SRV/10/0/5269/j.example "
               "SRV/11/0/5269/k.example"},
    {NULL, NULL}};

/* Eight at a time, who have half of the time. */
static void at_once(void **state)
{
    struct wire w = {.answers = false};
    (void)state;
    s2s_context *c = open_scripted(ten, 1);
    submit_op(c, &w, S2S_OP_CHECK, plain);
    work(c);
    assert_int_equal(w.open, 8);
    now_us += (int64_t)TIMEOUT_MS * 1000 / 2 + 1000;
    work(c);
    assert_int_equal(w.opened, 10);
    assert_int_equal(w.open, 2);
    nothing_taken(c);
    now_us += (int64_t)TIMEOUT_MS * 1000 / 4 + 1000;
    work(c);
    s2s_result *r = take(c, S2S_ETIMEOUT);
    is(r, "rows.9.code", "timeout");
    assert_false(found(r, "no_time_left"));
    s2s_result_free(r);
    s2s_context_free(c);
}

/* One that says nothing leaves time for the others. */
static void silent(void **state)
{
    struct wire w = {.answers = true, .mute = "a.example"};
    (void)state;
    s2s_context *c = open_scripted(two, 1);
    submit_op(c, &w, S2S_OP_CHECK, plain);
    work(c);
    nothing_taken(c);
    assert_int_equal(w.open, 1);
    assert_true(s2s_context_timeout_ms(c) <= TIMEOUT_MS / 2 + 1);
    now_us += (int64_t)TIMEOUT_MS * 1000 / 2 + 1000;
    work(c);
    s2s_result *r = take(c, S2S_OK);
    is(r, "rows.0.code", "timeout");
    is(r, "rows.1.success", "true");
    assert_true(found(r, "endpoints_differ"));
    s2s_result_free(r);
    s2s_context_free(c);
}

/* Its own deadline, all at once: what has not ended says so. */
static void deadline(void **state)
{
    struct wire w = {.answers = true, .mute = "a.example"};
    (void)state;
    s2s_context *c = open_scripted(two, 1);
    submit_op(c, &w, S2S_OP_CHECK, plain);
    work(c);
    now_us += (int64_t)TIMEOUT_MS * 1000;
    work(c);
    s2s_result *r = take(c, S2S_OK);
    is(r, "rows.0.code", "timeout");
    is(r, "rows.1.success", "true");
    assert_int_equal(w.open, 0);
    s2s_result_free(r);
    s2s_context_free(c);
}

/* ---- Ends, at every point ---------------------------------------------- */

static const struct dns_row slow[] = {
    {STARTTLS, "LATER SRV/1/0/5269/a.example SRV/2/0/5270/b.example"},
    {"_xmpp-server._tcp.rooms." THEM, "LATER SRV/1/0/5271/rooms.example"},
    {NULL, NULL}};

static s2s_context *begin(struct wire *w, unsigned steps, uint64_t *id)
{
    static const char *const list[] = {"rooms.", NULL};
    s2s_options options = plain;
    options.services = list;
    options.flags = S2S_AUTHENTICATE;
    *w = (struct wire){.answers = true, .mute = "a.example"};
    s2s_context *c = open_scripted(slow, 1);
    *id = submit_op(c, w, S2S_OP_CHECK, options);
    for (unsigned i = 0; i < steps; i++) {
        (void)scripted_answer(&script, NULL);
        process(c);
        if (i % 8 == 7)
            now_us += (int64_t)TIMEOUT_MS * 1000 / 8;
    }
    return c;
}

#define MOST_STEPS 80u

static void cancelled(void **state)
{
    unsigned early = 0;
    (void)state;
    for (unsigned steps = 0; steps < MOST_STEPS; steps++) {
        struct wire w;
        uint64_t id;
        for (int stop = 0; stop < 2; stop++) {
            s2s_result *r = NULL;
            s2s_context *c = begin(&w, steps, &id);
            if (stop)
                s2s_context_stop(c);
            else
                s2s_context_cancel(c, id);
            work(c);
            process(c);
            assert_int_equal(s2s_context_next(c, &r, NULL, NULL), 1);
            int e = s2s_result_error(r);
            assert_true(e == S2S_ECANCELLED || e == S2S_OK);
            early += e == S2S_ECANCELLED;
            assert_int_equal(w.open, 0);
            assert_int_equal(script.waiting, 0);
            nothing_taken(c);
            s2s_result_free(r);
            s2s_context_free(c);
        }
    }
    assert_true(early > 20 && early < 2 * MOST_STEPS);
}

static void freed(void **state)
{
    (void)state;
    for (unsigned steps = 0; steps < MOST_STEPS; steps++) {
        struct wire w;
        uint64_t id;
        s2s_context_free(begin(&w, steps, &id));
        assert_int_equal(w.open, 0);
        assert_int_equal(script.waiting, 0);
    }
}

/* ---- Several at once --------------------------------------------------- */

static void at_the_same_time(void **state)
{
    struct wire w[3] = {{.answers = true},
                        {.answers = true, .mute = "a.example"},
                        {.answers = true}};
    uint64_t ids[3];
    (void)state;
    for (uint32_t running = 1; running < 4; running++) {
        s2s_context *c = open_scripted(two, running);
        for (size_t i = 0; i < 3; i++)
            ids[i] = submit_op(c, &w[i], S2S_OP_CHECK, plain);
        work(c);
        taken(c, ids[0], S2S_OK);
        if (running > 1)
            taken(c, ids[2], S2S_OK);
        nothing_taken(c);
        now_us += (int64_t)TIMEOUT_MS * 1000;
        work(c);
        taken(c, ids[1], S2S_OK);
        if (running == 1)
            taken(c, ids[2], S2S_OK);
        s2s_context_free(c);
    }
}

/* ---- From inside a callback -------------------------------------------- */

static void check_inside(struct wire *w)
{
    const s2s_options options = {.size = sizeof(options),
                                 .context = w->context};
    s2s_result *r = NULL;
    assert_int_equal(s2s_check("us.example", THEM, &options, &r), S2S_EBUSY);
    assert_null(r);
}

static void busy(void **state)
{
    struct wire w = {.answers = true, .on_open = check_inside};
    (void)state;
    w.context = open_scripted(two, 1);
    submit_op(w.context, &w, S2S_OP_CHECK, plain);
    work(w.context);
    s2s_result_free(take(w.context, S2S_OK));
    assert_int_equal(w.opened, 2);
    s2s_context_free(w.context);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(rows),
        cmocka_unit_test(failures),
        cmocka_unit_test(merged),
        cmocka_unit_test(no_way),
        cmocka_unit_test(bad_port),
        cmocka_unit_test(given),
        cmocka_unit_test(services),
        cmocka_unit_test(at_once),
        cmocka_unit_test(silent),
        cmocka_unit_test(deadline),
        cmocka_unit_test(cancelled),
        cmocka_unit_test(freed),
        cmocka_unit_test(at_the_same_time),
        cmocka_unit_test(busy),
    };
    return cmocka_run_group_tests_name("probe/check", tests, NULL, NULL);
}
