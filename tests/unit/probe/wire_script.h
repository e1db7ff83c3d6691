/* The connections in memory of wire.h, to where a resolver that follows a
 * script leads. */
#ifndef TESTS_UNIT_PROBE_WIRE_SCRIPT_H
#define TESTS_UNIT_PROBE_WIRE_SCRIPT_H

#include "unit/net/scripted.h"
#include "wire.h"

#define THEM     "them.example"
#define DIRECT   "_xmpps-server._tcp." THEM
#define STARTTLS "_xmpp-server._tcp." THEM

static struct scripted script;

static inline s2s_context *open_scripted(const struct dns_row *rows,
                                         uint32_t max_running)
{
    const s2s_resolver hook = scripted_open(&script, rows);
    const s2s_identity us = {
        .size = sizeof(us), .domain = "us.example", .dialback_secret = "s"};
    const s2s_identity *const list[] = {&us, NULL};
    const s2s_context_options options = {.size = sizeof(options),
                                         .resolver = &hook,
                                         .identities = list,
                                         .max_running = max_running};
    return open_context_with(&options);
}

static inline uint64_t submit_op(s2s_context *c, struct wire *w, int op,
                                 s2s_options options)
{
    const s2s_transport transport = wire_transport(w);
    uint64_t id = 0;
    options.size = sizeof(options);
    options.transport = &transport;
    if (options.timeout_ms == 0)
        options.timeout_ms = TIMEOUT_MS;
    assert_int_equal(
        s2s_context_submit(c, op, "us.example", THEM, &options, NULL, &id),
        S2S_OK);
    return id;
}

/* All that can be done without time passing. */
static inline void work(s2s_context *c)
{
    for (int i = 0; i < 100 && (readable(c) || s2s_context_timeout_ms(c) == 0);
         i++)
        process(c);
}

static inline s2s_result *take(s2s_context *c, int error)
{
    s2s_result *r = NULL;
    assert_int_equal(s2s_context_next(c, &r, NULL, NULL), 1);
    assert_non_null(r);
    if (s2s_result_error(r) != error)
        fail_msg("%d, not %d: %s", s2s_result_error(r), error,
                 s2s_result_json(r));
    return r;
}

static inline bool found(const s2s_result *r, const char *code)
{
    for (size_t i = 0; i < s2s_result_finding_count(r); i++)
        if (strcmp(s2s_result_finding_code(r, i), code) == 0)
            return true;
    return false;
}

static inline void is(const s2s_result *r, const char *path, const char *value)
{
    const char *now = s2s_result_get(r, path);
    if (now == NULL || strcmp(now, value) != 0)
        fail_msg("%s: %s, not %s", path, now != NULL ? now : "(none)", value);
}

/* One probe from its start to its end. */
static inline s2s_result *run(const struct dns_row *rows, struct wire *w,
                              s2s_options options, int error)
{
    s2s_context *c = open_scripted(rows, 0);
    submit_op(c, w, S2S_OP_CONNECT, options);
    work(c);
    s2s_result *r = take(c, error);
    assert_int_equal(w->open, 0);
    s2s_context_free(c);
    assert_int_equal(script.waiting, 0);
    return r;
}

#endif
