/* Resolvers of the caller's. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include <sys/eventfd.h>
#include <s2sprobe.h>

#include "../failing.h"
#include "net/lookup.h"
#include "net/resolver_hook.h"
#include "loopback.h"

#define ASKED 128

static const uint8_t address[] = {192, 0, 2, 1};
static const uint8_t address6[16] = {0x20, 1, 0xd, 0xb8};

struct fixture {
    struct resolver *resolver;
    /* what start() does */
    const s2s_dns_answer *inside; /* answers with it, or */
    bool nothing_inside;          /* with NULL */
    int result;
    s2s_dns_query *asked[ASKED]; /* NULL: answered, cancelled */
    char names[ASKED][32];
    uint16_t types[ASKED];
    size_t starts, cancels, fds, processes;
    bool answers_cancelled;        /* in cancel(), against the rules */
    int event;                     /* of the resolver */
    const s2s_dns_answer *process; /* answers all, when its event comes */
    size_t done;
    bool in_process; /* a call may be made */
};

/* ---- The hook --------------------------------------------------------- */

static int hook_start(void *user, s2s_dns_query *query, const char *name,
                      uint16_t type)
{
    struct fixture *f = user;
    assert_true(f->starts < ASKED);
    (void)snprintf(f->names[f->starts], sizeof(f->names[0]), "%s", name);
    f->types[f->starts] = type;
    if (f->inside != NULL || f->nothing_inside)
        assert_int_equal(s2s_dns_done(query, f->inside), S2S_OK);
    else
        f->asked[f->starts] = query;
    f->starts++;
    return f->result;
}

static void hook_cancel(void *user, s2s_dns_query *query)
{
    struct fixture *f = user;
    f->cancels++;
    if (f->answers_cancelled)
        assert_int_equal(s2s_dns_done(query, NULL), S2S_EINVALID_ARGUMENT);
    for (size_t i = 0; i < f->starts; i++)
        if (f->asked[i] == query) {
            f->asked[i] = NULL;
            return;
        }
    fail_msg("cancelled, and never asked");
}

static int hook_fd(void *user)
{
    struct fixture *f = user;
    f->fds++;
    return f->event;
}

static int done_with(struct fixture *f, size_t i, const s2s_dns_answer *answer)
{
    s2s_dns_query *query = f->asked[i];
    assert_non_null(query);
    f->asked[i] = NULL;
    return s2s_dns_done(query, answer);
}

static void hook_process(void *user)
{
    struct fixture *f = user;
    uint64_t n;
    f->processes++;
    if (read(f->event, &n, sizeof(n)) != (ssize_t)sizeof(n))
        return;
    for (size_t i = 0; i < f->starts; i++)
        if (f->asked[i] != NULL)
            assert_int_equal(done_with(f, i, f->process), S2S_OK);
}

static void open_hook(struct fixture *f, bool with_fd)
{
    const s2s_resolver hook = {
        .size = sizeof(hook),
        .user = f,
        .start = hook_start,
        .cancel = hook_cancel,
        .fd = with_fd ? hook_fd : NULL,
        .process = with_fd ? hook_process : NULL,
    };
    const struct resolver_settings settings = {.hook = &hook};
    assert_int_equal(resolver_new(&settings, &f->resolver), S2S_OK);
}

static int set_up(void **state)
{
    struct fixture *f = calloc(1, sizeof(*f));
    assert_non_null(f);
    f->event = eventfd(0, EFD_NONBLOCK | EFD_CLOEXEC);
    assert_true(f->event >= 0);
    open_hook(f, false);
    *state = f;
    return 0;
}

static int tear_down(void **state)
{
    struct fixture *f = *state;
    resolver_free(f->resolver);
    close(f->event);
    free(f);
    return 0;
}

/* ---- Questions -------------------------------------------------------- */

struct question {
    struct fixture *f;
    resolver_query *query;
    int calls;
    int error;
    struct dns_answer *answer; /* held */
};

static void note(void *user, struct dns_answer *answer)
{
    struct question *q = user;
    assert_true(q->f->in_process);
    q->calls++;
    q->f->done++;
    q->error = answer->error;
    if (answer->error != S2S_ENO_MEMORY)
        q->answer = dns_answer_hold(answer);
}

static void ask(struct question *q, struct fixture *f, const char *name,
                uint16_t type)
{
    *q = (struct question){.f = f};
    assert_int_equal(
        resolver_ask(f->resolver, name, type, true, note, q, &q->query),
        S2S_OK);
    assert_int_equal(q->calls, 0);
}

static bool readable(const struct resolver *r)
{
    struct pollfd p = {.fd = resolver_fd(r), .events = POLLIN};
    return poll(&p, 1, 0) == 1;
}

static void step(struct fixture *f)
{
    loopback_wait(resolver_fd(f->resolver), POLLIN);
    f->in_process = true;
    resolver_process(f->resolver);
    f->in_process = false;
}

#define ANSWER(...)                                                            \
    ((const s2s_dns_answer){.size = sizeof(s2s_dns_answer), __VA_ARGS__})

static const unsigned char *const one_record[] = {address};
static const size_t one_size[] = {4};
static const unsigned char *const six_record[] = {address6};
static const size_t six_size[] = {16};

#define ONE .records = one_record, .record_sizes = one_size, .record_count = 1

/* What comes of this answer, given later. */
static struct dns_answer *answer_with(struct fixture *f,
                                      const s2s_dns_answer *answer, int result)
{
    struct question q;
    ask(&q, f, "a.example", DNS_A);
    assert_false(readable(f->resolver));
    assert_int_equal(done_with(f, f->starts - 1, answer), result);
    assert_int_equal(q.calls, 0);
    step(f);
    assert_int_equal(q.calls, 1);
    assert_false(readable(f->resolver));
    return q.answer;
}

/* ---- When it answers --------------------------------------------------- */

static void later(void **state)
{
    struct fixture *f = *state;
    struct dns_answer *a = answer_with(
        f, &ANSWER(ONE, .security = S2S_DNS_SECURE, .alias = 1), S2S_OK);
    assert_false(resolver_is_ours(f->resolver));
    assert_string_equal(f->names[0], "a.example");
    assert_int_equal(f->types[0], DNS_A);
    assert_int_equal(a->error, S2S_OK);
    assert_string_equal(a->text, "");
    assert_int_equal(a->security, DNS_SECURE);
    assert_true(a->alias);
    assert_int_equal(a->count, 1);
    assert_memory_equal(a->records[0].data, address, 4);
    assert_ptr_not_equal(a->records[0].data, address);
    dns_answer_release(a);
    assert_int_equal(f->cancels, 0);
}

static void inside(void **state)
{
    struct fixture *f = *state;
    const s2s_dns_answer answer = ANSWER(ONE);
    struct question q;
    for (int nothing = 0; nothing < 2; nothing++) {
        f->inside = nothing ? NULL : &answer;
        f->nothing_inside = nothing;
        ask(&q, f, "a.example", DNS_A);
        assert_true(readable(f->resolver));
        step(f);
        assert_int_equal(q.calls, 1);
        assert_int_equal(q.error, nothing ? S2S_EDNS : S2S_OK);
        assert_int_equal(q.answer->unanswered, nothing);
        dns_answer_release(q.answer);
    }
}

/* More than may be in flight, all answered inside: there is an end to it. */
static void inside_many(void **state)
{
    static struct question q[120];
    struct fixture *f = *state;
    const s2s_dns_answer answer = ANSWER(ONE);
    for (size_t i = 0; i < 110; i++)
        ask(&q[i], f, "a.example", DNS_A);
    assert_int_equal(f->starts, 100);
    f->inside = &answer;
    assert_int_equal(done_with(f, 0, &answer), S2S_OK);
    step(f); /* the first, and those that waited */
    assert_int_equal(f->starts, 110);
    assert_int_equal(f->done, 11);
    for (size_t i = 1; i < 100; i++)
        resolver_cancel(q[i].query);
    assert_int_equal(f->cancels, 99);
    for (size_t i = 0; i < 110; i++)
        dns_answer_release(q[i].answer);
}

/* It never answers: cancelled, as those that wait are, without its knowing. */
static void never(void **state)
{
    static struct question q[101];
    struct fixture *f = *state;
    for (size_t i = 0; i < 101; i++)
        ask(&q[i], f, "a.example", DNS_A);
    assert_false(readable(f->resolver));
    resolver_cancel(q[100].query);
    assert_int_equal(f->cancels, 0);
    for (size_t i = 0; i < 100; i++)
        resolver_cancel(q[i].query);
    assert_int_equal(f->cancels, 100);
    assert_int_equal(f->starts, 100);
    assert_false(readable(f->resolver));
}

/* An answer that was given, and not delivered: the hook hears nothing. */
static void cancelled_ended(void **state)
{
    struct fixture *f = *state;
    struct question q;
    ask(&q, f, "a.example", DNS_A);
    assert_int_equal(done_with(f, 0, &ANSWER(ONE)), S2S_OK);
    resolver_cancel(q.query);
    assert_int_equal(f->cancels, 0);
    assert_false(readable(f->resolver));
}

/* An answer that comes from inside cancel() is none. */
static void cancelled_answered(void **state)
{
    struct fixture *f = *state;
    struct question q;
    f->answers_cancelled = true;
    ask(&q, f, "a.example", DNS_A);
    resolver_cancel(q.query);
    assert_int_equal(f->cancels, 1);
    assert_false(readable(f->resolver));
    assert_int_equal(q.calls, 0);
}

static void fails(void **state)
{
    static const struct {
        int result, error;
    } rows[] = {
        {S2S_EDNS, S2S_EDNS},
        {S2S_CALLBACK_ERROR, S2S_CALLBACK_ERROR},
        {S2S_CALLBACK_ERROR - 7, S2S_CALLBACK_ERROR - 7},
        {S2S_ENO_MEMORY, S2S_ENO_MEMORY},
        {1, S2S_EINTERNAL},
        {S2S_WANT_READ, S2S_EINTERNAL},
        {S2S_ECLOSED, S2S_EINTERNAL},
        {-999, S2S_EINTERNAL},
    };
    struct fixture *f = *state;
    for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
        struct question q;
        f->result = rows[i].result;
        ask(&q, f, "a.example", DNS_A);
        f->asked[i] = NULL;
        step(f);
        assert_int_equal(q.calls, 1);
        assert_int_equal(q.error, rows[i].error);
        if (q.answer != NULL)
            assert_string_equal(q.answer->text, "resolver.start failed");
        dns_answer_release(q.answer);
    }
    assert_int_equal(f->cancels, 0);
}

/* It answers, and says that it cannot; or answers twice: once counts. */
static void both(void **state)
{
    struct fixture *f = *state;
    const s2s_dns_answer answer = ANSWER(ONE);
    struct question q;
    f->inside = &answer;
    f->result = S2S_EDNS;
    ask(&q, f, "a.example", DNS_A);
    assert_int_equal(s2s_dns_done(q.query, &answer), S2S_EINVALID_ARGUMENT);
    step(f);
    assert_int_equal(q.calls, 1);
    assert_int_equal(q.error, S2S_OK);
    dns_answer_release(q.answer);
    assert_int_equal(s2s_dns_done(NULL, &answer), S2S_EINVALID_ARGUMENT);
}

static void by_descriptor(void **state)
{
    struct fixture *f = *state;
    const s2s_dns_answer answer = ANSWER(ONE);
    const uint64_t one = 1;
    struct question q;
    resolver_free(f->resolver);
    open_hook(f, true);
    assert_int_equal(f->fds, 1);
    ask(&q, f, "a.example", DNS_A);
    assert_false(readable(f->resolver));
    f->process = &answer;
    assert_int_equal(write(f->event, &one, sizeof(one)), sizeof(one));
    step(f);
    assert_int_equal(q.calls, 1);
    assert_true(f->processes >= 1);
    assert_int_equal(f->fds, 1);
    assert_false(readable(f->resolver));
    dns_answer_release(q.answer);
}

/* A descriptor that cannot be waited on, and none. */
static void bad_descriptor(void **state)
{
    struct fixture *f = *state;
    const s2s_resolver hook = {.size = sizeof(hook),
                               .user = f,
                               .start = hook_start,
                               .cancel = hook_cancel,
                               .fd = hook_fd,
                               .process = hook_process};
    const struct resolver_settings settings = {.hook = &hook};
    struct loopback_descriptors before;
    struct resolver *other = NULL;
    int event = f->event;
    f->event = open("/", O_RDONLY | O_CLOEXEC); /* epoll refuses it */
    loopback_note(&before);
    assert_int_equal(resolver_new(&settings, &other), S2S_EINTERNAL);
    assert_null(other);
    assert_int_equal(loopback_opened(&before), 0);
    close(f->event);
    f->event = -1;
    assert_int_equal(resolver_new(&settings, &other), S2S_OK);
    resolver_free(other);
    f->event = event;
}

static void kept(void **state)
{
    struct fixture *f = *state;
    struct question q;
    dns_answer_release(answer_with(f, &ANSWER(ONE, .ttl = 60), S2S_OK));
    ask(&q, f, "a.example", DNS_A);
    step(f);
    assert_int_equal(f->starts, 1);
    assert_int_equal(q.answer->count, 1);
    dns_answer_release(q.answer);
}

/* ---- What it answers --------------------------------------------------- */

static void answers(void **state)
{
    const struct {
        s2s_dns_answer answer;
        int error;
        const char *text;
        enum dns_security security;
        size_t count;
        uint32_t ttl;
    } rows[] = {
        {ANSWER(ONE), S2S_OK, "", DNS_INSECURE, 1, 0},
        {ANSWER(ONE, .why = "not heard"), S2S_OK, "", DNS_INSECURE, 1, 0},
        {ANSWER(.ttl = 5), S2S_OK, "no record", DNS_INSECURE, 0, 5},
        {ANSWER(.rcode = 3), S2S_OK, "NXDOMAIN", DNS_INSECURE, 0, 0},
        {ANSWER(.rcode = 3, .security = S2S_DNS_SECURE, .ttl = 7), S2S_OK,
         "NXDOMAIN", DNS_SECURE, 0, 7},
        {ANSWER(.rcode = 3, .why = "not there"), S2S_OK, "not there",
         DNS_INSECURE, 0, 0},
        {ANSWER(ONE, .rcode = 2, .ttl = 60, .security = S2S_DNS_SECURE),
         S2S_EDNS, "SERVFAIL", DNS_INSECURE, 0, 0},
        {ANSWER(.rcode = 5), S2S_EDNS, "REFUSED", DNS_INSECURE, 0, 0},
        {ANSWER(.rcode = 4095), S2S_EDNS, "an error code", DNS_INSECURE, 0, 0},
        {ANSWER(.rcode = 2, .why = "the server is ill"), S2S_EDNS,
         "the server is ill", DNS_INSECURE, 0, 0},
        {ANSWER(.rcode = 2, .why = "a\xff\x1b[m\n"), S2S_EDNS,
         "a\xef\xbf\xbd\xef\xbf\xbd[m\xef\xbf\xbd", DNS_INSECURE, 0, 0},
        {ANSWER(ONE, .security = S2S_DNS_BOGUS, .ttl = 60), S2S_EDNS,
         "DNSSEC validation failed", DNS_BOGUS, 0, 0},
        {ANSWER(ONE, .security = S2S_DNS_BOGUS, .why = "signature expired"),
         S2S_EDNS, "signature expired", DNS_BOGUS, 0, 0},
        {ANSWER(.security = S2S_DNS_BOGUS, .rcode = 2), S2S_EDNS,
         "DNSSEC validation failed", DNS_BOGUS, 0, 0},
    };
    struct fixture *f = *state;
    for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
        if (i > 0) { /* without what was kept */
            resolver_free(f->resolver);
            open_hook(f, false);
        }
        struct dns_answer *a = answer_with(f, &rows[i].answer, S2S_OK);
        if (a->error != rows[i].error || strcmp(a->text, rows[i].text) != 0 ||
            a->security != rows[i].security || a->count != rows[i].count ||
            a->ttl != rows[i].ttl || a->unanswered)
            fail_msg("row %zu: %d %s, security %d, %zu, %u", i, a->error,
                     a->text, (int)a->security, a->count, a->ttl);
        dns_answer_release(a);
    }
}

static void nothing(void **state)
{
    struct fixture *f = *state;
    struct dns_answer *a = answer_with(f, NULL, S2S_OK);
    assert_int_equal(a->error, S2S_EDNS);
    assert_string_equal(a->text, "no answer");
    assert_true(a->unanswered);
    dns_answer_release(a);
}

/* Of another version of the structure: smaller, larger, and wrong. */
static void versions(void **state)
{
    static const struct {
        size_t size;
        unsigned char tail;
        int result;
    } rows[] = {
        {sizeof(s2s_dns_answer), 1, S2S_OK},
        {offsetof(s2s_dns_answer, why), 1, S2S_OK},
        {sizeof(s2s_dns_answer) + 8, 0, S2S_OK},
        {sizeof(s2s_dns_answer) + 8, 1, S2S_EABI},
        {0, 0, S2S_EABI},
        {sizeof(size_t) - 1, 0, S2S_EABI},
        {SIZE_MAX, 0, S2S_EABI},
    };
    struct fixture *f = *state;
    for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
        struct {
            s2s_dns_answer answer;
            unsigned char tail[8];
        } larger = {.answer = ANSWER(ONE, .security = S2S_DNS_SECURE),
                    .tail = {[7] = rows[i].tail}};
        larger.answer.size = rows[i].size;
        struct dns_answer *a = answer_with(f, &larger.answer, rows[i].result);
        if (rows[i].result == S2S_OK) {
            bool all = rows[i].size >= sizeof(s2s_dns_answer);
            assert_int_equal(a->count, 1);
            assert_int_equal(a->security, all ? DNS_SECURE : DNS_INSECURE);
        } else {
            assert_int_equal(a->error, S2S_EINTERNAL);
            assert_string_equal(a->text, "an answer that cannot be read");
            assert_int_equal(a->count, 0);
        }
        dns_answer_release(a);
    }
}

static void senseless(void **state)
{
    static const unsigned char *const no_record[] = {NULL};
    static const size_t large[] = {65536}, absurd[] = {SIZE_MAX};
    const s2s_dns_answer rows[] = {
        ANSWER(.record_count = 1),
        ANSWER(.record_count = SIZE_MAX, .records = one_record),
        ANSWER(.record_count = 1, .record_sizes = one_size),
        ANSWER(.records = no_record, .record_sizes = one_size,
               .record_count = 1),
        ANSWER(.records = one_record, .record_sizes = large, .record_count = 1),
        ANSWER(.records = one_record, .record_sizes = absurd,
               .record_count = 1),
        ANSWER(ONE, .security = S2S_DNS_BOGUS + 1),
    };
    struct fixture *f = *state;
    for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
        struct dns_answer *a = answer_with(f, &rows[i], S2S_EABI);
        assert_int_equal(a->error, S2S_EINTERNAL);
        assert_int_equal(a->count, 0);
        assert_int_equal(a->security, DNS_INSECURE);
        dns_answer_release(a);
    }
}

/* More records, and more bytes, than are kept. */
static void many(void **state)
{
    static const unsigned char data[65535];
    static const unsigned char *list[DNS_RECORDS_MAX + 1];
    static size_t sizes[DNS_RECORDS_MAX + 1];
    struct fixture *f = *state;
    size_t all = sizeof(sizes) / sizeof(sizes[0]);
    for (size_t i = 0; i < all; i++) {
        list[i] = data;
        sizes[i] = 4;
    }
    struct dns_answer *a = answer_with(
        f, &ANSWER(.records = list, .record_sizes = sizes, .record_count = all),
        S2S_OK);
    assert_int_equal(a->count, DNS_RECORDS_MAX);
    assert_int_equal(a->dropped, 1);
    dns_answer_release(a);
    for (size_t i = 0; i < 10; i++)
        sizes[i] = sizeof(data);
    a = answer_with(
        f, &ANSWER(.records = list, .record_sizes = sizes, .record_count = 11),
        S2S_OK);
    assert_int_equal(a->count, 9); /* 8 large ones, and the small one */
    assert_int_equal(a->dropped, 2);
    assert_int_equal(a->records[8].size, 4);
    dns_answer_release(a);
}

static void without_memory(void **state)
{
    struct fixture *f = *state;
    const s2s_dns_answer answer = ANSWER(ONE);
    for (unsigned long nth = 1; nth <= 2; nth++) {
        struct question q;
        ask(&q, f, "a.example", DNS_A);
        failing_arm(nth, false);
        int e = done_with(f, f->starts - 1, &answer);
        failing_off();
        assert_int_equal(e, S2S_OK);
        step(f);
        assert_int_equal(q.error, S2S_ENO_MEMORY);
    }
}

/* ---- Hosts ------------------------------------------------------------ */

struct look {
    struct fixture *f;
    int calls, error;
    size_t count;
    enum dns_security security;
};

static void resolved(void *user, const struct lookup_result *r)
{
    struct look *l = user;
    assert_true(l->f->in_process);
    l->calls++;
    l->error = r->error;
    l->count = r->count;
    l->security = r->security;
}

static void hosts(void **state)
{
    struct fixture *f = *state;
    struct look l = {.f = f};
    struct lookup *lookup;
    assert_int_equal(lookup_start(f->resolver, "a.example", 5269,
                                  LOOKUP_PATIENT, resolved, &l, &lookup),
                     S2S_OK);
    assert_int_equal(f->starts, 2);
    assert_int_equal(f->types[0], DNS_AAAA);
    assert_int_equal(f->types[1], DNS_A);
    assert_int_equal(done_with(f, 1, &ANSWER(ONE, .security = S2S_DNS_SECURE)),
                     S2S_OK);
    step(f);
    assert_int_equal(l.calls, 0);
    assert_int_equal(
        done_with(f, 0,
                  &ANSWER(.records = six_record, .record_sizes = six_size,
                          .record_count = 1, .security = S2S_DNS_SECURE)),
        S2S_OK);
    step(f);
    assert_int_equal(l.calls, 1);
    assert_int_equal(l.count, 2);
    assert_int_equal(l.security, DNS_SECURE);
}

/* No half of what is there, when there is no memory for the other half. */
static void hosts_without_memory(void **state)
{
    const s2s_dns_answer answer = ANSWER(ONE);
    struct fixture *f = *state;
    struct look l = {.f = f};
    struct lookup *lookup;
    assert_int_equal(lookup_start(f->resolver, "a.example", 5269,
                                  LOOKUP_PATIENT, resolved, &l, &lookup),
                     S2S_OK);
    failing_arm(1, false);
    int e = done_with(f, 0, &answer);
    failing_off();
    assert_int_equal(e, S2S_OK);
    assert_int_equal(done_with(f, 1, &answer), S2S_OK);
    step(f);
    assert_int_equal(l.calls, 1);
    assert_int_equal(l.error, S2S_ENO_MEMORY);
    assert_int_equal(l.count, 0);
}

/* Localhost, and literals, are not asked for. */
static void not_asked(void **state)
{
    static const char *const names[] = {"localhost", "a.localhost", "192.0.2.1",
                                        "2001:db8::1"};
    struct fixture *f = *state;
    for (size_t i = 0; i < sizeof(names) / sizeof(names[0]); i++) {
        struct look l = {.f = f};
        struct lookup *lookup;
        assert_int_equal(
            lookup_start(f->resolver, names[i], 5269, 0, resolved, &l, &lookup),
            S2S_OK);
        step(f);
        assert_int_equal(l.calls, 1);
        assert_int_equal(l.error, S2S_OK);
        assert_int_equal(l.count, i < 2 ? 2 : 1);
    }
    assert_int_equal(f->starts, 0);
}

/* ---- In a context ----------------------------------------------------- */

/* The answer comes from outside, and the context's descriptor says so. */
static void from_outside(void **state)
{
    struct fixture *f = *state;
    const s2s_resolver hook = {.size = sizeof(hook),
                               .user = f,
                               .start = hook_start,
                               .cancel = hook_cancel};
    const s2s_context_options setup = {.size = sizeof(setup),
                                       .resolver = &hook};
    s2s_context *context = NULL;
    s2s_result *result = NULL;
    uint64_t id;
    assert_int_equal(s2s_context_new(&setup, &context), S2S_OK);
    assert_int_equal(s2s_context_submit(context, S2S_OP_CONNECT, "a.example",
                                        "b.example", NULL, NULL, &id),
                     S2S_OK);
    size_t answered = 0;
    while (s2s_context_next(context, &result, NULL, NULL) == 0) {
        loopback_wait(s2s_context_fd(context), POLLIN);
        assert_int_equal(s2s_context_process(context), S2S_OK);
        for (; answered < f->starts; answered++)
            assert_int_equal(done_with(f, answered, &ANSWER(.rcode = 3)),
                             S2S_OK);
    }
    assert_int_equal(answered, 4); /* SRV of both services, AAAA and A */
    assert_int_equal(s2s_result_error(result), S2S_EDNS);
    s2s_result_free(result);
    /* One that is given up with the context is cancelled. */
    f->starts = 0;
    assert_int_equal(s2s_context_submit(context, S2S_OP_CONNECT, "a.example",
                                        "c.example", NULL, NULL, &id),
                     S2S_OK);
    while (f->starts == 0) {
        loopback_wait(s2s_context_fd(context), POLLIN);
        assert_int_equal(s2s_context_process(context), S2S_OK);
    }
    s2s_context_free(context);
    assert_int_equal(f->cancels, f->starts);
}

/* What start() returns is what the probe ends with. */
static void fails_a_probe(void **state)
{
    static const int errors[] = {S2S_EDNS, S2S_ENO_MEMORY, S2S_CALLBACK_ERROR,
                                 S2S_CALLBACK_ERROR - 7};
    struct fixture *f = *state;
    const s2s_resolver hook = {.size = sizeof(hook),
                               .user = f,
                               .start = hook_start,
                               .cancel = hook_cancel};
    const s2s_context_options setup = {.size = sizeof(setup),
                                       .resolver = &hook};
    const s2s_options options = {.size = sizeof(options), .setup = &setup};
    for (size_t i = 0; i < sizeof(errors) / sizeof(errors[0]); i++) {
        f->result = errors[i];
        assert_int_equal(s2s_connect("a.example", "b.example", &options, NULL),
                         errors[i]);
    }
    assert_int_equal(f->cancels, 0);
}

#define TEST(name) cmocka_unit_test_setup_teardown(name, set_up, tear_down)

int main(void)
{
    const struct CMUnitTest tests[] = {
        TEST(later),
        TEST(inside),
        TEST(inside_many),
        TEST(never),
        TEST(cancelled_ended),
        TEST(cancelled_answered),
        TEST(fails),
        TEST(both),
        TEST(by_descriptor),
        TEST(bad_descriptor),
        TEST(kept),
        TEST(answers),
        TEST(nothing),
        TEST(versions),
        TEST(senseless),
        TEST(many),
        TEST(without_memory),
        TEST(hosts),
        TEST(hosts_without_memory),
        TEST(not_asked),
        TEST(from_outside),
        TEST(fails_a_probe),
    };
    return cmocka_run_group_tests_name("net/resolver_hook", tests, NULL, NULL);
}
