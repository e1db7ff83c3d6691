/* Every script, played whole: how it ends, and what is said about it. */
#include "scripts.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

static void join_findings(const s2s_result *r, char *out, size_t size)
{
    size_t used = 0;
    out[0] = '\0';
    for (size_t i = 0; i < s2s_result_finding_count(r); i++) {
        int n = snprintf(out + used, size - used, "%s%s", i > 0 ? " " : "",
                         s2s_result_finding_code(r, i));
        assert_true(n > 0 && (size_t)n < size - used);
        used += (size_t)n;
    }
}

static void check_texts(const struct script *s, const struct outcome *o)
{
    const size_t n = sizeof(s->holds) / sizeof(s->holds[0]);
    for (size_t i = 0; i < n && s->holds[i] != NULL; i++)
        if (strstr(o->json, s->holds[i]) == NULL)
            fail_msg("%s is not in %s", s->holds[i], o->json);
}

static void check_farewell(const struct script *s, const struct peer *p)
{
    const char *want = s->farewell != NULL ? s->farewell : "";
    if (p->tail_length != strlen(want) ||
        memcmp(p->tail, want, p->tail_length) != 0)
        fail_msg("the last words are \"%.*s\", not \"%s\"", (int)p->tail_length,
                 p->tail, want);
}

static void plays_whole(void **state)
{
    const struct script *s = *state;
    const struct peer_manner whole = {0};
    struct play p = {0};
    struct outcome o;
    char findings[1024];
    assert_int_equal(play_open(&p, s), S2S_OK);
    assert_int_equal(play_run(&p, &whole, &o), S2S_OK);
    assert_non_null(o.result);
    if (getenv("PEER_SHOW") != NULL)
        print_message("%s\n", o.json);
    join_findings(o.result, findings, sizeof(findings));
    assert_string_equal(s2s_code_name(o.error), s2s_code_name(s->error));
    assert_int_equal(o.error, s->error);
    assert_int_equal(o.stage, s->stage != 0 ? s->stage : S2S_STAGE_DONE);
    assert_string_equal(findings, s->findings != NULL ? s->findings : "");
    assert_int_equal(o.message[0] == '\0', o.error == S2S_OK);
    check_texts(s, &o);
    check_farewell(s, p.peer);
    play_forget(&o);
    play_close(&p);
}

int main(int argc, char **argv)
{
    return scripts_test("peer/outcomes", plays_whole, false,
                        argc > 1 ? argv[1] : NULL);
}
