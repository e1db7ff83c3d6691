/*
 * Every script with each allocation of the library failing, alone and with all
 * after it: S2S_ENO_MEMORY and no result, or the very same result (only a
 * farewell was missed, or memory not given back early). Sanitizers tell of
 * leaks.
 */
#include "scripts.h"
#include "unit/failing.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

/* Of the last play. */
static unsigned long allocations;

/* How the plays of all scripts ended. */
static struct {
    unsigned long without_result, same;
} met;

static void on_taken(void)
{
    allocations = failing_count();
    failing_off();
}

static void ignore(void *user, int level, const char *area, const char *line)
{
    (void)user;
    (void)level;
    (void)area;
    (void)line;
}

/* In a fresh context, with the nth allocation after its making failing; 0:
 * none. */
static int play(const struct script *s, unsigned long nth, bool sticky,
                struct outcome *o)
{
    const struct peer_manner whole = {0};
    struct play p = {
        .log = ignore, .identities = trust_identities(), .taken = on_taken};
    assert_int_equal(play_open(&p, s), S2S_OK);
    failing_arm(nth, sticky);
    int e = play_run(&p, &whole, o);
    failing_off();
    play_close(&p);
    return e;
}

/* Where two texts begin to differ. */
static size_t agreement(const char *a, const char *b)
{
    size_t n = 0;
    while (a[n] != '\0' && a[n] == b[n])
        n++;
    return n;
}

static void check(const struct script *s, const struct outcome *undisturbed,
                  unsigned long nth, bool sticky)
{
    struct outcome o;
    int e = play(s, nth, sticky, &o);
    if (e != S2S_OK) {
        assert_int_equal(e, S2S_ENO_MEMORY);
        met.without_result++;
    } else if (o.result == NULL) {
        met.without_result++;
    } else {
        size_t at = agreement(o.json, undisturbed->json);
        if (o.json[at] != undisturbed->json[at])
            fail_msg("with allocation %lu failing%s: \"%.60s\", not \"%.60s\"",
                     nth, sticky ? ", and all after" : "", o.json + at,
                     undisturbed->json + at);
        met.same++;
    }
    play_forget(&o);
}

static void runs_out(void **state)
{
    const struct script *s = *state;
    struct outcome undisturbed;
    assert_int_equal(play(s, 0, false, &undisturbed), S2S_OK);
    assert_non_null(undisturbed.result);
    unsigned long count = allocations;
    assert_true(count > 5);
    for (unsigned long nth = 1; nth <= count; nth++) {
        check(s, &undisturbed, nth, false);
        check(s, &undisturbed, nth, true);
    }
    play_forget(&undisturbed);
}

int main(int argc, char **argv)
{
    int failed =
        scripts_test("peer/memory", runs_out, false, argc > 1 ? argv[1] : NULL);
    if (getenv("PEER_SHOW") != NULL)
        print_message("# no result: %lu, the same: %lu\n", met.without_result,
                      met.same);
    if (met.without_result == 0) {
        print_error("nothing failed\n");
        return 1;
    }
    return failed;
}
