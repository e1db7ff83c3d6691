/*
 * Streams that stay open between two contexts: what is sent arrives, in order
 * and once, and every end at every moment is a clean one.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "federation.h"

#define MESSAGE(from, to, inside)                                              \
    "<message from='" from "' to='" to "'>" inside "</message>"

/* ---- Streams and their events ---- */

static s2s_stream *open_stream(struct federation *f, unsigned side,
                               uint32_t flags)
{
    s2s_options o = federation_options();
    s2s_stream *s = NULL;
    o.flags = flags;
    assert_int_equal(s2s_stream_open(f->c[side], side == SIDE_A ? A : B,
                                     side == SIDE_A ? B : A, &o, f, &s),
                     S2S_OK);
    assert_ptr_equal(s2s_stream_user(s), f);
    assert_null(s2s_stream_result(s));
    return s;
}

static bool take(s2s_stream *s, s2s_event *e)
{
    *e = (s2s_event){.size = sizeof(*e)};
    int n = s2s_stream_next(s, e);
    assert_true(n == 0 || n == 1);
    assert_true(n == 0 || e->type != S2S_EVENT_STANZA ||
                strlen(e->stanza) == e->length);
    return n == 1;
}

/* The next event of this type; others are passed over. */
static s2s_event await(struct federation *f, s2s_stream *s, uint32_t type)
{
    s2s_event e;
    for (;;) {
        if (!take(s, &e)) {
            federation_step(f);
            continue;
        }
        if (e.type == type)
            return e;
        if (e.type == S2S_EVENT_CLOSED)
            fail_msg("closed: %s", s2s_result_json(s2s_stream_result(s)));
    }
}

static int put(s2s_stream *s, const char *text)
{
    return s2s_stream_send(s, text, strlen(text));
}

/* ---- One stream ---- */

static const struct {
    uint32_t flags, via;
    const char *method;
    bool acks;
} lives[] = {
    {0, S2S_VIA_STREAM, "external", true},
    {S2S_NO_BIDI, S2S_VIA_INBOUND, "external", true},
    {S2S_NO_ACKS, S2S_VIA_STREAM, "external", false},
    {S2S_NO_EXTERNAL, S2S_VIA_STREAM, "dialback", false},
    {S2S_NO_EXTERNAL | S2S_NO_BIDI, S2S_VIA_INBOUND, "dialback", false},
};

/* A message to nobody is answered by an error. Acknowledgements are offered
 * behind SASL only. */
static void life(void **state)
{
    (void)state;
    for (size_t n = 0; n < COUNT(lives); n++) {
        struct federation f;
        s2s_event e;
        federation_open(&f, NULL);
        s2s_stream *s = open_stream(&f, SIDE_A, lives[n].flags);
        assert_int_equal(put(s, MESSAGE(A, B, "")), S2S_EPOLICY);
        await(&f, s, S2S_EVENT_OPEN);
        assert_int_equal(put(s, MESSAGE(A "/x", "nobody@" B, "")), S2S_OK);
        if (lives[n].acks)
            while (await(&f, s, S2S_EVENT_ACKED).acked < 1)
                continue;
        assert_int_equal(put(s, MESSAGE(A, "nobody@" B, "")), S2S_OK);
        e = await(&f, s, S2S_EVENT_STANZA);
        assert_int_equal(e.via, lives[n].via);
        assert_non_null(strstr(e.stanza, "<service-unavailable "));
        s2s_stream_close(s);
        await(&f, s, S2S_EVENT_CLOSED);
        assert_false(take(s, &e));
        assert_int_equal(put(s, MESSAGE(A, B, "")), S2S_EPOLICY);
        s2s_stream_close(s);
        const s2s_result *r = s2s_stream_result(s);
        federation_path(r, "success", "true");
        federation_path(r, "auth.method", lives[n].method);
        s2s_stream_free(s);
        federation_still_works(&f);
        federation_close(&f);
    }
}

static void what_may_be_sent(void **state)
{
    static const struct {
        const char *text;
        int error;
    } rows[] = {
        {MESSAGE(A, B, "<x xmlns='y'/>"), S2S_OK},
        {"<presence from='" A "' to='" B "'/>", S2S_OK},
        {"<iq from='u@" A "/r' to='v@" B "' id='1' type='get'><q/></iq>",
         S2S_OK},
        {"", S2S_EINVALID_ARGUMENT},
        {" ", S2S_EINVALID_ARGUMENT},
        {"text", S2S_EINVALID_ARGUMENT},
        {MESSAGE(B, A, ""), S2S_EINVALID_ARGUMENT},
        {MESSAGE("c.test", B, ""), S2S_EINVALID_ARGUMENT},
        {MESSAGE(A, "c.test", ""), S2S_EINVALID_ARGUMENT},
        {MESSAGE(A, B, "") MESSAGE(A, B, ""), S2S_EINVALID_ARGUMENT},
        {MESSAGE(A, B, "") "</stream:stream>", S2S_EINVALID_ARGUMENT},
        {"</stream:stream>", S2S_EINVALID_ARGUMENT},
        {MESSAGE(A, B, "<x>"), S2S_EINVALID_ARGUMENT},
        {MESSAGE(A, B, "<!-- -->"), S2S_EINVALID_ARGUMENT},
        {MESSAGE(A, B, "\xff"), S2S_EINVALID_ARGUMENT},
        {"<a xmlns='urn:xmpp:sm:3' h='1'/>", S2S_EINVALID_ARGUMENT},
        {"<db:result from='" A "' to='" B "'>0</db:result>",
         S2S_EINVALID_ARGUMENT},
    };
    struct federation f;
    (void)state;
    federation_open(&f, NULL);
    s2s_stream *s = open_stream(&f, SIDE_A, 0);
    await(&f, s, S2S_EVENT_OPEN);
    for (size_t n = 0; n < COUNT(rows); n++)
        if (put(s, rows[n].text) != rows[n].error)
            fail_msg("%s: not %d", rows[n].text, rows[n].error);
    s2s_stream_close(s);
    await(&f, s, S2S_EVENT_CLOSED);
    federation_path(s2s_stream_result(s), "success", "true");
    s2s_stream_free(s);
    federation_close(&f);
}

/* ---- Two streams, one each way ---- */

enum { MESSAGES = 300 };

static void number(char text[200], bool from_a, unsigned n)
{
    snprintf(text, 200, "<message from='%s' to='%s' id='%u'/>", from_a ? A : B,
             from_a ? B : A, n);
}

/* Take what has come: it is what was sent, in order. */
static void check_off(s2s_stream *s, bool from_a, unsigned *got)
{
    s2s_event e;
    char text[200];
    while (take(s, &e)) {
        assert_int_not_equal(e.type, S2S_EVENT_CLOSED);
        if (e.type != S2S_EVENT_STANZA)
            continue;
        number(text, from_a, (*got)++);
        assert_string_equal(e.stanza, text);
    }
}

static void both_ways(void **state)
{
    static const uint32_t flags[] = {0, S2S_NO_BIDI, S2S_NO_EXTERNAL};
    (void)state;
    for (size_t k = 0; k < COUNT(flags); k++) {
        struct federation f;
        unsigned sent = 0, at_a = 0, at_b = 0;
        char text[200];
        federation_open(&f, NULL);
        s2s_stream *a = open_stream(&f, SIDE_A, flags[k]);
        s2s_stream *b = open_stream(&f, SIDE_B, flags[k]);
        await(&f, a, S2S_EVENT_OPEN);
        await(&f, b, S2S_EVENT_OPEN);
        while (at_a < MESSAGES || at_b < MESSAGES) {
            if (sent < MESSAGES) {
                number(text, true, sent);
                assert_int_equal(put(a, text), S2S_OK);
                number(text, false, sent++);
                assert_int_equal(put(b, text), S2S_OK);
            }
            federation_step(&f);
            check_off(a, false, &at_a);
            check_off(b, true, &at_b);
        }
        s2s_stream_free(a);
        s2s_stream_free(b);
        federation_close(&f);
    }
}

/* ---- Ends at every moment ---- */

enum end { FREE_A, FREE_B, CLOSE_A, STOP_A, GONE_B, ENDS };

static const struct {
    const char *name;
    int errors[2]; /* of A's stream; none: any at all */
} ends[ENDS] = {
    [FREE_A] = {.name = "free"},
    [FREE_B] = {.name = "the other's free"},
    [CLOSE_A] = {"close", {S2S_OK, S2S_ECANCELLED}},
    [STOP_A] = {"stop", {S2S_ECANCELLED, S2S_ECANCELLED}},
    [GONE_B] = {.name = "the peer is gone"},
};

/* Both send; after so many steps it ends. Whether both were still opening. */
static void run(struct federation *f, s2s_stream *a, s2s_stream *b,
                unsigned steps, bool *opening)
{
    bool open[SIDES] = {false, false};
    for (unsigned n = 0; n < steps; n++) {
        s2s_event e;
        if (!federation_poke(f, 0))
            continue;
        while (take(a, &e))
            open[SIDE_A] = open[SIDE_A] || e.type == S2S_EVENT_OPEN;
        while (take(b, &e))
            open[SIDE_B] = open[SIDE_B] || e.type == S2S_EVENT_OPEN;
        if (open[SIDE_A])
            (void)put(a, MESSAGE(A, B, ""));
        if (open[SIDE_B])
            (void)put(b, MESSAGE(B, A, ""));
    }
    *opening = !open[SIDE_A] || !open[SIDE_B];
}

static void do_end(struct federation *f, enum end end, s2s_stream *a,
                   s2s_stream *b)
{
    switch (end) {
    case FREE_A:
        s2s_stream_free(a);
        break;
    case CLOSE_A:
        s2s_stream_close(a);
        break;
    case STOP_A:
        s2s_context_stop(f->c[SIDE_A]);
        break;
    default:
        s2s_stream_free(b);
    }
    if (end == GONE_B) {
        s2s_context_free(f->c[SIDE_B]);
        f->c[SIDE_B] = NULL;
    }
}

static bool end_after(enum end end, unsigned steps)
{
    struct federation f;
    bool opening;
    federation_open(&f, NULL);
    s2s_stream *a = open_stream(&f, SIDE_A, steps % 2 != 0 ? S2S_NO_BIDI : 0);
    s2s_stream *b =
        open_stream(&f, SIDE_B, steps % 3 != 0 ? S2S_NO_EXTERNAL : 0);
    run(&f, a, b, steps, &opening);
    do_end(&f, end, a, b);
    if (end == CLOSE_A || end == STOP_A || end == GONE_B) {
        s2s_event e;
        do
            e = (s2s_event){.type = 0};
        while (!take(a, &e) ? (federation_step(&f), true)
                            : e.type != S2S_EVENT_CLOSED);
        int error = s2s_result_error(s2s_stream_result(a));
        if (end == GONE_B
                ? error == S2S_OK
                : error != ends[end].errors[0] && error != ends[end].errors[1])
            fail_msg("%s after %u steps: %s", ends[end].name, steps,
                     s2s_result_json(s2s_stream_result(a)));
    }
    if (end != FREE_A)
        s2s_stream_free(a);
    if (end == FREE_A || end == CLOSE_A || end == STOP_A)
        s2s_stream_free(b); /* it would take the ping */
    if (end == FREE_A || end == FREE_B || end == CLOSE_A)
        federation_still_works(&f);
    federation_close(&f);
    return opening;
}

static void ends_at_every_moment(void **state)
{
    (void)state;
    for (int end = 0; end < ENDS; end++) {
        unsigned steps = 0;
        while (end_after((enum end)end, steps))
            steps++;
        for (unsigned more = steps + 1; more < steps + 8; more++)
            (void)end_after((enum end)end, more);
        assert_true(steps > 3);
    }
}

/* ---- What nobody takes ---- */

static void events_not_taken(void **state)
{
    enum { BIG = 300000 };
    static char text[BIG + 100];
    struct federation f;
    s2s_event e;
    (void)state;
    size_t n = (size_t)snprintf(text, sizeof(text),
                                "<message from='" B "' to='" A "'>");
    memset(text + n, ' ', BIG);
    strncat(text + n + BIG, "</message>", 11);
    federation_open(&f, NULL);
    s2s_stream *a = open_stream(&f, SIDE_A, 0);
    s2s_stream *b = open_stream(&f, SIDE_B, 0);
    await(&f, a, S2S_EVENT_OPEN);
    await(&f, b, S2S_EVENT_OPEN);
    for (int k = 0; k < 30; k++) {
        while (put(b, text) != S2S_OK) /* too much waits already */
            federation_step(&f);
        federation_step(&f);
    }
    unsigned got = 0;
    do
        if (!take(a, &e))
            federation_step(&f);
        else if (e.type == S2S_EVENT_STANZA)
            got++;
    while (e.type != S2S_EVENT_CLOSED);
    assert_in_range(got, 1, 29);
    assert_int_equal(s2s_result_error(s2s_stream_result(a)), S2S_ELIMIT);
    s2s_stream_free(a);
    s2s_stream_free(b);
    federation_still_works(&f);
    federation_close(&f);
}

/* A stream with events is told once all are taken no longer. */
static void told_by_the_context(void **state)
{
    struct federation f;
    s2s_event e;
    (void)state;
    federation_open(&f, NULL);
    assert_null(s2s_context_stream(f.c[SIDE_A]));
    s2s_stream *a = open_stream(&f, SIDE_A, 0);
    s2s_stream *b = open_stream(&f, SIDE_A, 0);
    while (s2s_context_stream(f.c[SIDE_A]) == NULL)
        federation_step(&f);
    assert_int_equal(s2s_context_run(f.c[SIDE_A], 0), 1);
    for (unsigned taken = 0; taken < 2; federation_step(&f)) {
        s2s_stream *s;
        while ((s = s2s_context_stream(f.c[SIDE_A])) != NULL) {
            assert_true(s == a || s == b);
            assert_true(take(s, &e));
            taken += e.type == S2S_EVENT_OPEN;
        }
        if (taken == 2)
            break;
    }
    s2s_stream_free(a);
    assert_null(s2s_context_stream(f.c[SIDE_A]));
    s2s_stream_free(b);
    s2s_stream_free(NULL);
    federation_close(&f);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(life),
        cmocka_unit_test(what_may_be_sent),
        cmocka_unit_test(both_ways),
        cmocka_unit_test(ends_at_every_moment),
        cmocka_unit_test(events_not_taken),
        cmocka_unit_test(told_by_the_context),
    };
    return cmocka_run_group_tests_name("probe/stream", tests, federation_begin,
                                       federation_end);
}
