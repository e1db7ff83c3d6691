/*
 * Whole conversations, as the servers of the field hold them: as they come,
 * in pieces, and cut short.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>

#include "conversations.h"

static void whole(void **state)
{
    const struct conversation *c = *state;
    struct house h;
    house_open(&h, &c->setting);
    for (size_t i = 0; i < LINES && c->lines[i].say != NULL; i++) {
        house_do(&h, c->lines[i].say, 0, SIZE_MAX);
        char *heard = house_heard(&h);
        assert_string_equal(heard, c->lines[i].hear);
        free(heard);
    }
    assert_int_equal(house_wants(&h), ENGINE_DONE);
    assert_string_equal(h.seen.from, c->from);
    assert_string_equal(h.seen.to, "probe.test");
    assert_int_equal(h.seen.auth, c->auth);
    assert_int_equal(responder_authenticated(h.r), c->auth != INBOUND_NOBODY);
    assert_int_equal(h.seen.verifies, c->verifies);
    assert_int_equal(h.seen.verifies_valid, c->verifies);
    assert_int_equal(h.asks, c->asks);
    assert_int_equal(h.stanzas, c->stanzas);
    assert_int_equal(h.seen.stanzas, c->stanzas);
    assert_true(h.seen.heard && h.seen.header && h.seen.ended);
    assert_int_equal(h.seen.direct, c->setting.direct);
    house_close(&h);
}

/* Talk with line `which` cut at `cut`, in pieces of `piece`. */
static char *talk(struct house *h, const struct conversation *c, size_t which,
                  size_t cut, size_t piece)
{
    house_open(h, &c->setting);
    for (size_t i = 0; i < LINES && c->lines[i].say != NULL; i++)
        house_do(h, c->lines[i].say, i == which ? cut : 0, piece);
    return house_heard(h);
}

static void compare(const struct conversation *c, size_t which, size_t cut,
                    size_t piece, const char *heard, const struct house *was)
{
    struct house h;
    char *now = talk(&h, c, which, cut, piece);
    assert_string_equal(now, heard);
    assert_memory_equal(&h.seen, &was->seen, sizeof(h.seen));
    assert_string_equal(h.last, was->last);
    assert_int_equal(h.asks, was->asks);
    assert_int_equal(h.proofs, was->proofs);
    assert_int_equal(house_wants(&h), house_wants(was));
    free(now);
    house_close(&h);
}

static void pieces(void **state)
{
    const struct conversation *c = *state;
    struct house was;
    char *heard = talk(&was, c, 0, 0, SIZE_MAX);
    for (size_t i = 0; i < LINES && c->lines[i].say != NULL; i++)
        for (size_t cut = 1; cut < strlen(c->lines[i].say); cut++)
            compare(c, i, cut, SIZE_MAX, heard, &was);
    for (size_t piece = 1; piece < 8; piece++)
        compare(c, 0, 0, piece, heard, &was);
    free(heard);
    house_close(&was);
}

/* What is said at an end that comes from outside: nothing, where nothing has
 * begun or all is over. */
static bool is_farewell(const char *heard, const char *condition)
{
    static const char nobody[] = OURS_FROM("from='' ");
    if (heard[0] == '\0')
        return true;
    if (condition == NULL)
        return strcmp(heard, END) == 0;
    if (strncmp(heard, nobody, sizeof(nobody) - 1) == 0)
        heard += sizeof(nobody) - 1;
    return strcmp(heard, ERROR("connection-timeout")) == 0;
}

/* Lines before `which` and `cut` bytes of it, and then no more. */
static void cut_at(const struct conversation *c, size_t which, size_t cut,
                   const char *condition, const char *all)
{
    struct house h;
    house_open(&h, &c->setting);
    for (size_t i = 0; i < which; i++)
        house_do(&h, c->lines[i].say, 0, SIZE_MAX);
    char *part = strndup(c->lines[which].say, cut);
    assert_non_null(part);
    if (part[0] != '@')
        house_do(&h, part, 0, SIZE_MAX);
    char *heard = house_heard(&h);
    assert_int_equal(strncmp(heard, all, strlen(heard)), 0);
    if (condition == NULL)
        house_do(&h, CLOSED, 0, 0);
    else
        responder_close(h.r, condition, NULL);
    house_listen(&h);
    char *farewell = house_heard(&h);
    assert_true(is_farewell(farewell, condition));
    assert_int_equal(house_wants(&h), ENGINE_DONE);
    assert_true(h.seen.ended);
    assert_true(h.stanzas <= c->stanzas && h.asks <= c->asks);
    free(farewell);
    free(heard);
    free(part);
    house_close(&h);
}

static void cuts(void **state)
{
    const struct conversation *c = *state;
    struct house was;
    char *all = talk(&was, c, 0, 0, SIZE_MAX);
    for (size_t i = 0; i < LINES && c->lines[i].say != NULL; i++)
        for (size_t cut = 0; cut <= strlen(c->lines[i].say); cut++) {
            cut_at(c, i, cut, NULL, all);
            cut_at(c, i, cut, "connection-timeout", all);
        }
    free(all);
    house_close(&was);
}

/* The rest of what is seen, once. */
static void facts(void **state)
{
    struct house h;
    (void)state;
    house_open(&h, &conversations[10].setting);
    for (size_t i = 0; conversations[10].lines[i].say != NULL; i++)
        house_do(&h, conversations[10].lines[i].say, 0, SIZE_MAX);
    assert_string_equal(h.seen.error, "not-authorized");
    assert_string_equal(h.seen.error_text,
                        "Your server's certificate has expired");
    assert_true(h.seen.tls_tried && h.seen.tls && !h.seen.direct);
    assert_string_equal(h.seen.our_error, "");
    house_close(&h);

    house_open(&h, &conversations[12].setting);
    for (size_t i = 0; conversations[12].lines[i].say != NULL; i++)
        house_do(&h, conversations[12].lines[i].say, 0, SIZE_MAX);
    assert_string_equal(h.seen.auth_error, "SASL EXTERNAL: the certificate is "
                                           "for somebody else");
    assert_true(h.seen.auth_tried);
    assert_string_equal(h.asked.key, "key");
    house_close(&h);
}

int main(void)
{
    static char names[COUNT(conversations)][3][96];
    static struct CMUnitTest tests[3 * COUNT(conversations) + 1];
    static const struct {
        const char *name;
        CMUnitTestFunction run;
    } ways[] = {{"", whole}, {" in pieces", pieces}, {" cut", cuts}};
    size_t n = 0;
    for (size_t i = 0; i < COUNT(conversations); i++)
        for (size_t k = 0; k < COUNT(ways); k++) {
            (void)snprintf(names[i][k], sizeof(names[i][k]), "%s%s",
                           conversations[i].name, ways[k].name);
            tests[n++] = (struct CMUnitTest){
                .name = names[i][k],
                .test_func = ways[k].run,
                .initial_state = (void *)(uintptr_t)&conversations[i]};
        }
    tests[n] = (struct CMUnitTest){.name = "facts", .test_func = facts};
    return cmocka_run_group_tests(tests, NULL, NULL);
}
