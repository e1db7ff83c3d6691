/*
 * Memory that runs out, at every allocation of the library, once and for
 * good: the stream ends or goes on as ever, and nobody gets in by it.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>

#include "../failing.h"
#include "conversations.h"

static unsigned long nth, counted;
static bool sticky;

/* Only the library runs out. What it has counted is kept between two calls. */
static void library(bool on)
{
    if (!on)
        counted += failing_count();
    if (on && (counted < nth || sticky))
        failing_arm(nth > counted ? nth - counted : 1, sticky);
    else
        failing_off();
}

static const struct domain *serves(void *user, const char *to)
{
    library(false);
    const struct domain *d = house_serves(user, to);
    library(true);
    return d;
}

static int ask(void *user, const struct domain *from, const struct domain *to,
               const char *id, const char *key)
{
    library(false);
    int e = house_ask(user, from, to, id, key);
    library(true);
    return e;
}

static void stanza(void *user, const struct domain *from,
                   const struct domain *to, const tree_node *n,
                   struct tokenizer_span verbatim)
{
    library(false);
    house_stanza(user, from, to, n, verbatim);
    library(true);
}

static void tell(struct house *h, const char *line)
{
    library(true);
    if (line[0] == '@')
        house_event(h, line);
    else
        responder_engine.input(h->r, line, strlen(line));
    library(false);
    house_listen(h);
}

/* Whether there was such an allocation. */
static bool play(const struct conversation *c, const char *all)
{
    struct house h;
    counted = 0;
    house_open(&h, &c->setting);
    h.calls.serves = serves;
    h.calls.ask = ask;
    h.calls.stanza = stanza;
    for (size_t i = 0; i < LINES && c->lines[i].say != NULL; i++)
        tell(&h, c->lines[i].say);
    char *heard = house_heard(&h);
    bool failed = strcmp(heard, all) != 0;
    assert_true(h.seen.ended);
    assert_true(h.stanzas <= c->stanzas && h.asks <= c->asks);
    assert_int_equal(responder_authenticated(h.r),
                     h.seen.auth != INBOUND_NOBODY);
    assert_true(h.seen.auth == c->auth ||
                (failed && h.seen.auth == INBOUND_NOBODY));
    /* It says so, or there is no memory to say the last word with. */
    assert_true(!failed || h.seen.our_error[0] != '\0' ||
                strstr(heard, "<resource-constraint ") != NULL ||
                strncmp(all, heard, strlen(heard)) == 0);
    free(heard);
    house_close(&h);
    return counted >= nth;
}

static void conversation(void **state)
{
    const struct conversation *c = *state;
    char *all = NULL;
    struct house h;
    house_open(&h, &c->setting);
    for (size_t i = 0; i < LINES && c->lines[i].say != NULL; i++)
        house_do(&h, c->lines[i].say, 0, SIZE_MAX);
    all = house_heard(&h);
    house_close(&h);
    for (unsigned i = 0; i < 2; i++) {
        sticky = i > 0;
        for (nth = 1; play(c, all);)
            nth++;
        assert_true(nth > 10);
    }
    free(all);
}

/* A beginning that fails leaves nothing. */
static void beginning(void **state)
{
    struct house h;
    (void)state;
    house_open(&h, &conversations[0].setting);
    for (nth = 1;; nth++) {
        struct responder *r = NULL;
        failing_arm(nth, false);
        int e = responder_new(&h.config, &h.seen, &r);
        failing_off();
        responder_free(r);
        if (e == S2S_OK)
            break;
        assert_int_equal(e, S2S_ENO_MEMORY);
        assert_null(r);
    }
    assert_true(nth > 3);
    house_close(&h);
}

int main(void)
{
    static struct CMUnitTest tests[COUNT(conversations) + 1];
    for (size_t i = 0; i < COUNT(conversations); i++)
        tests[i] = (struct CMUnitTest){
            .name = conversations[i].name,
            .test_func = conversation,
            .initial_state = (void *)(uintptr_t)&conversations[i]};
    tests[COUNT(conversations)] =
        (struct CMUnitTest){.name = "beginning", .test_func = beginning};
    return cmocka_run_group_tests(tests, NULL, NULL);
}
