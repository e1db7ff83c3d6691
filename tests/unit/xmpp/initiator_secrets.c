/*
 * What leaves the initiator, over every setting and every certificate, to a
 * peer that offers all it can and agrees to everything: no key without the
 * right to send it, and nothing that authenticates before TLS.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "auth_world.h"

#define ALL      FEATURES(STARTTLS EXTERNAL DIALBACK BIDI SM_3)
#define SAID_MAX 8192u

struct setting {
    enum initiator_tls tls;
    int verdict;
    bool accept, external, dialback, unverified, also, succeeds;
};

enum { BITS = 7, SETTINGS = 3 << BITS };

static struct setting setting(unsigned n)
{
    static const enum initiator_tls modes[] = {
        INITIATOR_CLEAR, INITIATOR_STARTTLS, INITIATOR_DIRECT};
    return (struct setting){
        .tls = modes[n >> BITS],
        .verdict = (n & 1) != 0 ? S2S_ECERT_UNTRUSTED : S2S_OK,
        .accept = (n & 2) != 0,
        .external = (n & 4) != 0,
        .dialback = (n & 8) != 0,
        .unverified = (n & 16) != 0,
        .also = (n & 32) != 0,
        .succeeds = (n & 64) != 0,
    };
}

/* All that was said on one connection: in the clear, and inside TLS. */
struct said {
    char clear[SAID_MAX], secure[SAID_MAX];
    bool tls;
};

static bool flush(struct auth_world *a, struct said *s)
{
    char text[TOLD_MAX];
    char *all = s->tls ? s->secure : s->clear;
    send_all(&a->w, text, sizeof(text));
    assert_true(strlen(all) + strlen(text) < SAID_MAX);
    memcpy(all + strlen(all), text, strlen(text) + 1);
    return text[0] != '\0';
}

/* The answer to the last thing that was said. */
static void answer(struct auth_world *a, const struct setting *s,
                   const struct said *said)
{
    const char *all = said->tls ? said->secure : said->clear;
    const char *last = strrchr(all, '<');
    while (last > all && (last[1] == '/' || strncmp(last, "<r ", 3) == 0))
        for (last--; last > all && *last != '<';)
            last--;
    if (strncmp(last, "<stream:stream", 14) == 0) {
        char text[512];
        snprintf(text, sizeof(text), HEADER, said->tls ? "secure" : "clear");
        hear(&a->w, text);
        hear(&a->w, ALL);
    } else if (strncmp(last, "<starttls", 9) == 0) {
        hear(&a->w, "<proceed xmlns='" TLS "'/>");
    } else if (strncmp(last, "<auth", 5) == 0) {
        hear(&a->w, s->succeeds ? SUCCESS
                                : "<failure xmlns='" SASL_NS
                                  "'><aborted/></failure>");
    } else {
        hear(&a->w, SM("enabled"));
        hear(&a->w, RESULT(THEIRS, OURS, "type='valid'>"));
        hear(&a->w, RESULT(THEIRS, OTHER, "type='valid'>"));
        hear(&a->w, RESULT(THEIRS, THIRD, "type='valid'>"));
    }
}

static void play(struct auth_world *a, const struct setting *s,
                 struct said *said)
{
    struct initiator_config *c = &a->w.config;
    auth_open(a, s->tls);
    c->external = s->external;
    c->dialback = s->dialback;
    c->unverified = s->unverified;
    c->also_count = s->also ? 2 : 0;
    for (int n = 0; n < 16; n++) {
        if (initiator_engine.wants(a->w.i) == ENGINE_TLS) {
            initiator_secured(a->w.i, s->verdict, "bad", s->accept);
            said->tls = true;
        }
        if (!flush(a, said))
            return;
        answer(a, s, said);
    }
    fail_msg("it has no end");
}

static unsigned count(const char *text, const char *word)
{
    unsigned n = 0;
    for (const char *at = text; (at = strstr(at, word)) != NULL; at++)
        n++;
    return n;
}

/* No key of any domain for any stream. */
static void no_key(const char *text)
{
    static const char *const domains[] = {OURS, OTHER, THIRD};
    static const char *const ids[] = {"clear", "secure"};
    char key[CRYPTO_HEX];
    for (size_t k = 0; k < 2 * COUNT(domains); k++) {
        const char *secret = k < 2 ? SECRET : OTHER_SECRET;
        auth_key(secret, domains[k / 2], ids[k % 2], key);
        assert_null(strstr(text, key));
    }
    assert_int_equal(count(text, "<db:result"), 0);
}

static void check(const struct setting *s, const struct said *said,
                  const struct auth_world *a)
{
    bool secure = s->tls != INITIATOR_CLEAR;
    bool stopped = secure && s->verdict != S2S_OK && !s->accept;
    bool good = secure && s->verdict == S2S_OK;
    bool keys = s->dialback && (good || s->unverified) && !stopped;
    bool external = secure && s->external && !stopped;
    const char *where = secure ? said->secure : said->clear;
    bool in = (external && s->succeeds) || keys;
    if (secure)
        no_key(said->clear);
    if (!keys)
        no_key(said->secure);
    if (!keys)
        no_key(said->clear);
    assert_int_equal(count(said->clear, "<auth"), 0);
    assert_int_equal(count(said->secure, "<auth"), external);
    if (stopped)
        assert_int_equal(count(said->secure, "<bidi"), 0);
    unsigned own = keys && !(external && s->succeeds);
    unsigned more = keys && s->also ? 2 : 0;
    assert_int_equal(count(where, "<db:result"), own + more);
    assert_null(strstr(said->clear, SECRET));
    assert_null(strstr(said->secure, SECRET));
    assert_int_equal(a->w.result->auth.method != NULL, in);
    assert_string_equal(a->told, in ? " ready" : "");
    for (const struct result_also *r = a->w.result->also; r; r = r->next)
        same(r->answer, keys ? "valid" : NULL);
}

static void nothing_leaks(void **state)
{
    static struct said said;
    unsigned keys = 0, nothing = 0;
    (void)state;
    for (unsigned n = 0; n < SETTINGS; n++) {
        struct auth_world a;
        struct setting s = setting(n);
        memset(&said, 0, sizeof(said));
        play(&a, &s, &said);
        check(&s, &said, &a);
        if (count(said.secure, "<db:result") > 0)
            keys++;
        else
            nothing++;
        auth_close(&a);
    }
    assert_true(keys > 20 && nothing > 20);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(nothing_leaks),
    };
    return cmocka_run_group_tests_name("xmpp/initiator_secrets", tests, NULL,
                                       NULL);
}
