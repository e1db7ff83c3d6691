/* Who is asked, and who gets what, among the routes of several pairs. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/error.h"
#include "probe/router.h"
#include "unit/xmpp/parse.h"

/* ---- Routes that say what they were asked ---- */

enum { ROUTES = 4 };

static struct owner {
    const char *from, *to; /* ours, theirs */
    const char *also;      /* NULL: none */
    enum route_taken takes;
    int e; /* of ask() and send() */
    struct route route;
} owners[ROUTES];

static char told[256];

static void tell(const struct owner *o, const char *what)
{
    size_t n = strlen(told);
    snprintf(told + n, sizeof(told) - n, "%s%td ", what, o - owners);
}

static bool sent_key(void *user, const char *from, const char *id,
                     const char *key)
{
    const struct owner *o = user;
    tell(o, "key");
    return strcmp(from, o->from) == 0 && strcmp(id, "id") == 0 &&
           strcmp(key, "key") == 0;
}

static enum route_taken take(void *user, const tree_node *stanza,
                             struct tokenizer_span verbatim)
{
    const struct owner *o = user;
    assert_string_equal(tree_local(stanza), "iq");
    assert_int_equal(verbatim.length, 5);
    tell(o, "take");
    return o->takes;
}

static void note(void *user, const struct inbound *seen)
{
    assert_string_equal(seen->from, "them.test");
    tell(user, "note");
}

static int ask(void *user, const char *from, const char *to, const char *id,
               const char *key)
{
    const struct owner *o = user;
    assert_string_equal(from, o->from);
    assert_string_equal(to, o->to);
    assert_string_equal(id, "id");
    assert_string_equal(key, "key");
    tell(o, "ask");
    return o->e;
}

static int send_bytes(void *user, const void *bytes, size_t length)
{
    const struct owner *o = user;
    assert_memory_equal(bytes, "bytes", length);
    tell(o, "send");
    return o->e;
}

/* ---- The world ---- */

static struct domain *ours, *theirs, *more, *others;

static const struct domain *domain(const char *name)
{
    struct domain *const all[] = {ours, theirs, more, others};
    for (size_t k = 0; k < COUNT(all); k++)
        if (strcmp(all[k]->ascii, name) == 0)
            return all[k];
    return NULL;
}

static void add(struct router *r, size_t k, const char *from, const char *to,
                bool also)
{
    struct owner *o = &owners[k];
    static const struct domain *extra[1];
    extra[0] = more;
    *o = (struct owner){.from = from, .to = to};
    o->route = (struct route){
        .from = domain(from),
        .to = domain(to),
        .also = extra,
        .also_count = also,
        .user = o,
        .sent_key = sent_key,
        .take = take,
        .note = note,
        .ask = ask,
        .send = send_bytes,
    };
    router_add(r, &o->route);
}

/* Two of one pair, one of them for another domain of ours too; a third of
 * another peer; a fourth of that domain itself. */
static void open_router(struct router *r)
{
    router_init(r);
    add(r, 0, "us.test", "them.test", false);
    add(r, 1, "us.test", "them.test", true);
    add(r, 2, "us.test", "other.test", false);
    add(r, 3, "more.test", "them.test", false);
    told[0] = '\0';
}

static void expect(const char *wanted)
{
    assert_string_equal(told, wanted);
    told[0] = '\0';
}

/* ---- Keys ---- */

static void keys(void **state)
{
    struct router r;
    struct dialback_request q = {.kind = DIALBACK_VERIFY,
                                 .from = "them.test",
                                 .to = "us.test",
                                 .id = "id",
                                 .key = "key"};
    const char **const members[] = {&q.from, &q.to, &q.id, &q.key};
    (void)state;
    open_router(&r);
    assert_true(router_sent_key(&r, &q));
    expect("key0 ");
    q.to = "more.test";
    assert_true(router_sent_key(&r, &q));
    expect("key0 key1 key3 ");
    q.to = "us.test";
    q.from = "THEM.test"; /* domains are equal without regard to case */
    assert_true(router_sent_key(&r, &q));
    expect("key0 ");
    q.from = "else.test";
    assert_false(router_sent_key(&r, &q));
    expect("");
    q.from = "them.test";
    for (size_t k = 0; k < COUNT(members); k++) {
        const char *kept = *members[k];
        *members[k] = NULL;
        assert_false(router_sent_key(&r, &q));
        expect("");
        *members[k] = kept;
    }
    q.key = "KEY";
    assert_false(router_sent_key(&r, &q));
    expect("key0 key1 key3 ");
}

/* ---- Stanzas ---- */

static bool deliver(struct router *r, const struct route *except,
                    const struct domain *from, const struct domain *to)
{
    struct parse p;
    parse_open(&p);
    (void)parse_feed(&p, PARSE_STREAM, TOKENIZER_HEADER);
    const tree_node *n = parse_feed(&p, "<iq/>", TOKENIZER_ELEMENT);
    bool taken =
        router_deliver(r, except, from, to, n, tokenizer_verbatim(p.tokenizer));
    parse_close(&p);
    return taken;
}

static void deliveries(void **state)
{
    static const struct {
        enum route_taken takes[2];
        bool taken;
        const char *told;
    } rows[] = {
        {{ROUTE_LEFT, ROUTE_LEFT}, false, "take0 take1 "},
        {{ROUTE_LEFT, ROUTE_TAKEN}, true, "take0 take1 "},
        {{ROUTE_TAKEN, ROUTE_LEFT}, true, "take0 "},
        {{ROUTE_SHARED, ROUTE_LEFT}, true, "take0 take1 "},
        {{ROUTE_SHARED, ROUTE_TAKEN}, true, "take0 take1 "},
    };
    struct router r;
    (void)state;
    open_router(&r);
    for (size_t k = 0; k < COUNT(rows); k++) {
        owners[0].takes = rows[k].takes[0];
        owners[1].takes = rows[k].takes[1];
        assert_int_equal(deliver(&r, NULL, theirs, ours), rows[k].taken);
        expect(rows[k].told);
    }
    owners[1].takes = ROUTE_SHARED;
    assert_true(deliver(&r, &owners[0].route, theirs, ours));
    expect("take1 ");
    assert_false(deliver(&r, &owners[1].route, theirs, more));
    expect("take3 ");
    owners[1].takes = ROUTE_LEFT;
    assert_false(deliver(&r, NULL, theirs, more));
    expect("take1 take3 ");
    assert_false(deliver(&r, NULL, others, more)); /* it is a pair */
    expect("");
    assert_false(deliver(&r, NULL, ours, theirs));
    expect("");
}

/* ---- Questions and answers ---- */

/* The first one that can. */
static void on_an_open_stream(void **state)
{
    struct router r;
    (void)state;
    open_router(&r);
    owners[0].e = S2S_EPOLICY;
    assert_int_equal(router_ask(&r, theirs, ours, "id", "key"), S2S_OK);
    expect("ask0 ask1 ");
    assert_int_equal(router_send(&r, ours, theirs, "bytes", 5), S2S_OK);
    expect("send0 send1 ");
    owners[1].e = S2S_ELIMIT;
    assert_int_equal(router_ask(&r, theirs, ours, "id", "key"), S2S_EPOLICY);
    expect("ask0 ask1 ");
    assert_int_equal(router_send(&r, ours, theirs, "bytes", 5), S2S_EPOLICY);
    expect("send0 send1 ");
    assert_int_equal(router_ask(&r, others, more, "id", "key"), S2S_EPOLICY);
    assert_int_equal(router_send(&r, more, others, "bytes", 5), S2S_EPOLICY);
    assert_int_equal(router_send(&r, theirs, ours, "bytes", 5), S2S_EPOLICY);
    expect("");
    router_remove(&r, &owners[0].route);
    router_remove(&r, &owners[1].route);
    assert_int_equal(router_send(&r, ours, theirs, "bytes", 5), S2S_EPOLICY);
    expect("");
}

/* What was seen goes to those it may concern. */
static void told_to_all(void **state)
{
    struct inbound seen = {.from = "them.test"};
    struct router r;
    (void)state;
    open_router(&r);
    router_tell(&r, &seen);
    expect("note0 note1 note3 ");
    snprintf(seen.to, sizeof(seen.to), "more.test");
    router_tell(&r, &seen);
    expect("note3 ");
}

static unsigned answered[2];

static void on_answer(void *user, const struct domain *us,
                      const struct domain *them, const char *id,
                      enum dialback_answer answer, const char *condition)
{
    unsigned *count = user;
    assert_string_equal(us->unicode, "us.test");
    assert_string_equal(them->unicode, "them.test");
    assert_string_equal(id, "id");
    assert_int_equal(answer, DIALBACK_ERROR);
    assert_string_equal(condition, "item-not-found");
    (*count)++;
}

static void answers(void **state)
{
    struct router r;
    struct router_waiter w[2] = {{.user = &answered[0], .answer = on_answer},
                                 {.user = &answered[1], .answer = on_answer}};
    (void)state;
    router_init(&r);
    for (unsigned n = 0; n < 2; n++)
        router_add_waiter(&r, &w[n]);
    for (unsigned n = 0; n < 3; n++) {
        router_answer(&r, "us.test", "them.test", "id", DIALBACK_ERROR,
                      "item-not-found");
        assert_int_equal(answered[0], 1);
        assert_int_equal(answered[1], n < 2 ? n + 1 : 2);
        if (n < 2)
            router_remove_waiter(&r, &w[n]);
    }
}

static int begin(void **state)
{
    (void)state;
    return domain_parse("us.test", &ours) != S2S_OK ||
           domain_parse("them.test", &theirs) != S2S_OK ||
           domain_parse("more.test", &more) != S2S_OK ||
           domain_parse("other.test", &others) != S2S_OK;
}

static int end(void **state)
{
    (void)state;
    free(ours);
    free(theirs);
    free(more);
    free(others);
    return 0;
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(keys),
        cmocka_unit_test(deliveries),
        cmocka_unit_test(on_an_open_stream),
        cmocka_unit_test(told_to_all),
        cmocka_unit_test(answers),
    };
    return cmocka_run_group_tests_name("probe/router", tests, begin, end);
}
