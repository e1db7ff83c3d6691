/* What strangers may cost, and friends may do. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>

#include "talk.h"

/* `count` bytes: white space is the cheapest. */
static void say_bytes(struct house *h, size_t count, size_t piece)
{
    char *text = malloc(count + 1);
    assert_non_null(text);
    memset(text, ' ', count);
    text[count] = '\0';
    house_say(h, text, 0, piece);
    free(text);
}

static void bytes_of_strangers(void **state)
{
    static const struct {
        const struct setting *setting;
        const char *const *lines;
        size_t most;
    } rows[] = {{&clear, opened, 16384}, {&direct, secure, 65536}};
    static const char too_many[] = ERROR_TEXT(
        "policy-violation", SAID("too many bytes before authentication"));
    (void)state;
    for (size_t i = 0; i < COUNT(rows); i++)
        for (size_t piece = 1000; piece < 200000; piece *= 3) {
            struct house h;
            house_open(&h, rows[i].setting);
            say(&h, rows[i].lines);
            say_bytes(&h, rows[i].most - strlen(THEIRS), piece);
            assert_int_equal(house_wants(&h), ENGINE_READ);
            hears(&h, "<", too_many);
            assert_string_equal(h.seen.our_error, "policy-violation");
            assert_int_equal(house_wants(&h), ENGINE_DONE);
            house_close(&h);
        }
}

/* What came in the clear counts afterwards too. */
static void bytes_in_all(void **state)
{
    static const struct setting both = {.require_tls = true};
    struct house h;
    (void)state;
    house_open(&h, &both);
    say(&h, opened);
    say_bytes(&h, 16384 - strlen(THEIRS) - strlen(STARTTLS), 4096);
    hears(&h, STARTTLS, PROCEED);
    say(&h, secure);
    say_bytes(&h, 49152 - strlen(THEIRS), 4096);
    assert_int_equal(house_wants(&h), ENGINE_READ);
    say_bytes(&h, 1, 1);
    assert_int_equal(house_wants(&h), ENGINE_DONE);
    house_close(&h);
}

static void be_friends(const struct setting *setting, const char *const *lines)
{
    static const char head[] = "<message from='peer.test' to='probe.test'>";
    static const char tail[] = "</message>";
    const size_t big = 100000;
    struct house h;
    house_open(&h, setting);
    say(&h, lines);
    char *text = malloc(sizeof(head) + big + sizeof(tail));
    assert_non_null(text);
    (void)snprintf(text, sizeof(head) + big + sizeof(tail), "%s%*s%s", head,
                   (int)big, "x", tail);
    for (unsigned i = 0; i < 300; i++)
        hears(&h, i % 100 == 0 ? text : IQ, "");
    assert_int_equal(h.stanzas, 300);
    for (unsigned i = 0; i < 30; i++)
        hears(&h, VERIFY(PEER_TO_US "id='id7'", "key"),
              ANSWER("verify", PEER, " id='id7'", "valid"));
    assert_int_equal(h.seen.verifies, 30);
    assert_int_equal(house_wants(&h), ENGINE_READ);
    free(text);
    house_close(&h);
}

static void friends_have_no_limit(void **state)
{
    static const char *const by_dialback[] = {
        THEIRS, RESULT(PEER, "probe.test"), VALID, NULL};
    (void)state;
    be_friends(&direct, known);
    be_friends(&clear, by_dialback);
}

static void verifies_of_strangers(void **state)
{
    struct house h;
    (void)state;
    house_open(&h, &clear);
    say(&h, opened);
    for (unsigned i = 0; i < 10; i++)
        hears(&h, VERIFY(PEER_TO_US "id='id7'", "bad"),
              ANSWER("verify", PEER, " id='id7'", "invalid"));
    hears(&h, VERIFY(PEER_TO_US "id='id7'", "key"), ERROR("policy-violation"));
    assert_int_equal(h.verifies, 10);
    assert_int_equal(h.seen.verifies, 10);
    assert_int_equal(h.seen.verifies_valid, 0);
    house_close(&h);
}

static void result_of(struct house *h, unsigned number, char out[256])
{
    char text[256];
    (void)snprintf(text, sizeof(text),
                   "<db:result from='d%u.test' to='probe.test'>k</db:result>",
                   number);
    house_do(h, text, 0, SIZE_MAX);
    char *heard = house_heard(h);
    (void)snprintf(out, 256, "%s", heard);
    free(heard);
}

/* Eight pairs, and no ninth: for that it has another connection. */
static void pairs(void **state)
{
    struct house h;
    char heard[256];
    (void)state;
    house_open(&h, &clear);
    say(&h, opened);
    for (unsigned i = 0; i < RESPONDER_DOMAINS; i++) {
        result_of(&h, i, heard);
        assert_string_equal(heard, "");
        house_do(&h, i == 0 ? FAILED : VALID, 0, 0);
        free(house_heard(&h));
    }
    result_of(&h, 8, heard);
    hears(&h, VALID, ANSWER("result", "d8.test", "", "valid"));
    result_of(&h, 9, heard);
    assert_non_null(strstr(heard, "resource-constraint"));
    assert_int_equal(h.asks, 9);
    hears(&h, "<iq from='d8.test' to='probe.test' type='result' id='1'/>", "");
    hears(&h, "<iq from='d3.test' to='probe.test' type='result' id='1'/>", "");
    assert_int_equal(h.stanzas, 2);
    hears(&h, "<iq from='d0.test' to='probe.test' type='result' id='1'/>",
          ERROR("invalid-from"));
    house_close(&h);
}

static void asks_are_bounded(void **state)
{
    struct house h;
    char heard[256];
    (void)state;
    house_open(&h, &clear);
    say(&h, opened);
    for (unsigned i = 0; i < 40; i++) {
        result_of(&h, i, heard);
        assert_int_equal(strcmp(heard, "") == 0, i < 16);
        house_do(&h, FAILED, 0, 0);
        free(house_heard(&h));
    }
    assert_int_equal(h.asks, 16);
    assert_int_equal(house_wants(&h), ENGINE_READ);
    house_close(&h);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(bytes_of_strangers),
        cmocka_unit_test(bytes_in_all),
        cmocka_unit_test(friends_have_no_limit),
        cmocka_unit_test(verifies_of_strangers),
        cmocka_unit_test(pairs),
        cmocka_unit_test(asks_are_bounded),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
