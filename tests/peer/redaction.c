/*
 * Every script with everything logged: what is secret, and what a peer sent
 * that is no XMPP, is nowhere in what the caller gets.
 */
#include "scripts.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "base/utf8.h"

#define LOG_MAX (1u << 20)

/* All lines of a play, each behind its area. */
struct lines {
    char text[LOG_MAX];
    size_t length, count;
    const char *wrong; /* with a line; NULL: nothing */
};

/* What was there to be hidden, over all scripts. */
static struct {
    unsigned keys, echoes, markers, private_keys;
} met;

/* ---- The log ---- */

/* Neither a control character (C0, DEL, C1) nor another end of a line. */
static bool may_stand(uint32_t c)
{
    return c >= 0x20 && (c < 0x7f || c >= 0xa0) && c != 0x2028 && c != 0x2029;
}

static const char *line_fault(const char *line)
{
    const uint8_t *p = (const uint8_t *)line;
    size_t left = strlen(line);
    while (left > 0) {
        uint32_t code = 0;
        int n = utf8_decode(p, left, &code);
        if (n <= 0)
            return "not UTF-8";
        if (!may_stand(code))
            return "a control character";
        p += n;
        left -= (size_t)n;
    }
    return NULL;
}

static void note(void *user, int level, const char *area, const char *line)
{
    struct lines *l = user;
    size_t left = sizeof(l->text) - l->length;
    int n = snprintf(l->text + l->length, left, "%s %s\n", area, line);
    if (n < 0 || (size_t)n >= left)
        abort();
    l->length += (size_t)n;
    l->count++;
    if (l->wrong == NULL)
        l->wrong = line_fault(line);
    if (level < S2S_LOG_ERROR || level > S2S_LOG_WIRE)
        l->wrong = "no such level";
}

/* ---- What must not be there ---- */

static unsigned count(const char *text, const char *word)
{
    unsigned n = 0;
    for (const char *at = text; (at = strstr(at, word)) != NULL; at++)
        n++;
    return n;
}

static void absent(const char *text, const char *secret, const char *where)
{
    if (text != NULL && strstr(text, secret) != NULL)
        fail_msg("%s holds %s: %s", where, secret, text);
}

/* Everything but the JSON. */
static void hidden(const struct lines *l, const s2s_result *r,
                   const char *secret)
{
    absent(l->text, secret, "the log");
    absent(s2s_result_message(r), secret, "the message");
    for (size_t i = 0; i < s2s_result_finding_count(r); i++) {
        absent(s2s_result_finding_seen(r, i), secret, "a finding");
        absent(s2s_result_finding_advice(r, i), secret, "advice");
    }
}

/* A peer may answer with the key in it, and answers are shown as they came. */
static void check_key(const struct play *p, const struct lines *l,
                      const s2s_result *r)
{
    const char *key = p->peer->tokens.key;
    unsigned echoes = 0;
    if (key[0] == '\0' || strspn(key, "0") == strlen(key))
        return; /* no db:verify was sent */
    met.keys++;
    for (size_t i = 0; i < s2s_result_stanza_count(r); i++)
        echoes += count(s2s_result_stanza(r, i), key);
    met.echoes += echoes;
    hidden(l, r, key);
    assert_int_equal(count(s2s_result_json(r), key), echoes);
}

static bool has_marker(const struct peer_step *s)
{
    for (; s != NULL && s->act != PEER_FINISH && s->act != PEER_REFUSE; s++)
        if (s->act == PEER_SEND &&
            memmem(s->text, s->length != 0 ? s->length : strlen(s->text),
                   MARKER, sizeof(MARKER) - 1) != NULL)
            return true;
    return false;
}

static void check_marker(const struct script *s, const struct lines *l,
                         const s2s_result *r)
{
    if (!has_marker(s->steps) && !has_marker(s->again))
        return;
    met.markers++;
    hidden(l, r, MARKER);
    absent(s2s_result_json(r), MARKER, "the JSON");
}

/* No line of the file, but those around the key. */
static void check_private_key(const struct play *p, const struct lines *l,
                              const s2s_result *r)
{
    char line[80];
    if (p->peer->sessions == 0 || p->peer->request.key == NULL)
        return;
    /* The library's own form of it, which it hands to a TLS provider. */
    const char *key = p->peer->request.key;
    met.private_keys++;
    assert_non_null(strstr(key, "PRIVATE KEY"));
    for (size_t n; *key != '\0'; key += n + (key[n] == '\n')) {
        n = strcspn(key, "\n");
        if (n < 16 || key[0] == '-')
            continue;
        assert_true(n < sizeof(line));
        memcpy(line, key, n);
        line[n] = '\0';
        hidden(l, r, line);
        absent(s2s_result_json(r), line, "the JSON");
    }
}

static void hides(void **state)
{
    static struct lines l; /* too large for the stack */
    const struct peer_manner whole = {0};
    struct play p = {
        .log = note, .log_user = &l, .identities = trust_identities()};
    struct outcome o;
    l.length = l.count = 0;
    l.text[0] = '\0';
    l.wrong = NULL;
    assert_int_equal(play_open(&p, *state), S2S_OK);
    assert_int_equal(play_run(&p, &whole, &o), S2S_OK);
    assert_non_null(o.result);
    assert_int_equal(count(l.text, "\n"), l.count);
    if (l.wrong != NULL)
        fail_msg("%s in %s", l.wrong, l.text);
    check_key(&p, &l, o.result);
    check_marker(*state, &l, o.result);
    check_private_key(&p, &l, o.result);
    play_forget(&o);
    play_close(&p);
}

int main(int argc, char **argv)
{
    int failed =
        scripts_test("peer/redaction", hides, false, argc > 1 ? argv[1] : NULL);
    if (argc == 1 && (met.keys == 0 || met.echoes == 0 || met.markers == 0 ||
                      met.private_keys == 0)) {
        print_error("nothing was there to be hidden\n");
        return 1;
    }
    return failed;
}
