/*
 * Both sides with everything logged, in every way to authenticate: no key, no
 * secret, no private key and no initial response is in what a caller gets.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "base/base64.h"
#include "federation.h"
#include "xmpp/dialback.h"

#define LOG_MAX  (1u << 20)
#define SECRET_A "the-secret-of-a"
#define SECRET_B "the-secret-of-b"
#define ALSO     "also.test"

/* All lines of both sides. */
static struct {
    char text[LOG_MAX];
    size_t length;
} all;

static void note(void *user, int level, const char *area, const char *line)
{
    size_t room = sizeof(all.text) - all.length;
    (void)user;
    assert_in_range(level, S2S_LOG_ERROR, S2S_LOG_WIRE);
    int n = snprintf(all.text + all.length, room, "%s %s\n", area, line);
    assert_true(n > 0 && (size_t)n < room);
    all.length += (size_t)n;
}

/* ---- What must not be there ---- */

static void absent(const s2s_result *r, const char *secret, const char *what)
{
    const char *const places[] = {all.text, s2s_result_message(r),
                                  s2s_result_json(r)};
    for (size_t k = 0; k < COUNT(places); k++)
        if (strstr(places[k], secret) != NULL)
            fail_msg("%s, %s, in %s", what, secret, places[k]);
    for (size_t k = 0; k < s2s_result_finding_count(r); k++) {
        assert_null(strstr(s2s_result_finding_seen(r, k), secret));
        assert_null(strstr(s2s_result_finding_advice(r, k), secret));
    }
}

/* Every key that could have been made for this stream. */
static void keys_absent(const s2s_result *r, const char *id)
{
    static const struct {
        const char *secret, *to, *from;
    } rows[] = {{SECRET_A, B, A}, {SECRET_B, A, B}};
    char key[CRYPTO_HEX];
    for (size_t k = 0; k < COUNT(rows); k++) {
        assert_int_equal(
            dialback_key(rows[k].secret, rows[k].to, rows[k].from, id, key),
            S2S_OK);
        absent(r, key, "a key");
    }
}

/* For all streams there were; how many. */
static unsigned all_keys_absent(const s2s_result *r)
{
    static const char mark[] = " id='";
    unsigned count = 0;
    char id[33];
    for (const char *at = all.text; (at = strstr(at, mark)) != NULL; at++) {
        size_t n = strcspn(at + sizeof(mark) - 1, "'");
        if (n != sizeof(id) - 1)
            continue;
        memcpy(id, at + sizeof(mark) - 1, n);
        id[n] = '\0';
        keys_absent(r, id);
        count++;
    }
    return count;
}

static void private_keys_absent(const s2s_result *r)
{
    char line[100];
    for (int k = 0; k < SIDES; k++) {
        unsigned lines = 0;
        FILE *f = fopen(files.key[k], "re");
        assert_non_null(f);
        while (fgets(line, sizeof(line), f) != NULL) {
            line[strcspn(line, "\n")] = '\0';
            if (line[0] == '-' || strlen(line) < 16)
                continue;
            absent(r, line, "a private key");
            lines++;
        }
        fclose(f);
        assert_true(lines > 1);
    }
}

static void responses_absent(const s2s_result *r)
{
    static const char *const domains[] = {A, B};
    struct buf b;
    for (size_t k = 0; k < COUNT(domains); k++) {
        buf_init(&b, 64);
        assert_int_equal(base64_write(&b, domains[k], strlen(domains[k])),
                         S2S_OK);
        assert_int_equal(buf_add(&b, "", 1), S2S_OK);
        absent(r, (const char *)b.data, "an initial response");
        buf_free(&b);
    }
}

/* ---- The ways ---- */

static const struct {
    const char *name;
    uint32_t flags;
    bool also, deaf;
    const char *line; /* that was logged, with its secret gone */
} ways[] = {
    {"EXTERNAL, bidi", 0, false, false, "out <auth "},
    {"EXTERNAL", S2S_NO_BIDI, false, false, "out <auth "},
    {"dialback, bidi", S2S_NO_EXTERNAL, false, false, "out <db:result "},
    {"dialback", S2S_NO_EXTERNAL | S2S_NO_BIDI, false, false,
     "out <db:verify "},
    {"one domain more", 0, true, false, "out <db:result "},
    {"nobody to ask", S2S_NO_EXTERNAL, false, true, "out <db:result "},
};

static void nothing_shows(void **state)
{
    static const char *const also[] = {ALSO, NULL};
    (void)state;
    for (size_t n = 0; n < COUNT(ways); n++) {
        const struct federation_setting s = {
            .log = note,
            .secret = {SECRET_A, SECRET_B},
            .also = ways[n].also ? ALSO : NULL,
            .deaf = {ways[n].deaf, false},
        };
        struct federation f;
        s2s_options o = federation_options();
        all.length = 0;
        all.text[0] = '\0';
        federation_open(&f, &s);
        print_message("# %s\n", ways[n].name);
        o.flags = ways[n].flags;
        o.also_from = ways[n].also ? also : NULL;
        federation_submit(&f, S2S_OP_PING, &o);
        s2s_result *r = federation_result(&f, SIDE_A);
        assert_int_equal(s2s_result_error(r),
                         ways[n].deaf ? S2S_EDIALBACK_FAILED : S2S_OK);
        const char *line = strstr(all.text, ways[n].line);
        assert_non_null(line);
        size_t length = strcspn(line, "\n");
        assert_non_null(memmem(line, length, "[redacted]", 10));
        assert_true(all_keys_absent(r) > 3);
        absent(r, SECRET_A, "a secret");
        absent(r, SECRET_B, "a secret");
        private_keys_absent(r);
        responses_absent(r);
        s2s_result_free(r);
        federation_close(&f);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(nothing_shows),
    };
    return cmocka_run_group_tests_name("probe/secrets", tests, federation_begin,
                                       federation_end);
}
