/* The main scripts, cut at every byte: by the end, a reset, and silence. */
#include "scripts.h"

#include <setjmp.h>
#include <stdarg.h>

#include <cmocka.h>

static bool allowed(const struct script *s, int error)
{
    if (error == s->error || error == S2S_ECLOSED ||
        error == S2S_ETLS_HANDSHAKE || error == S2S_ETIMEOUT)
        return true;
    for (size_t i = 0; i < sizeof(s->cut) / sizeof(s->cut[0]); i++)
        if (s->cut[i] != 0 && s->cut[i] == error)
            return true;
    return false;
}

static void is_cut(void **state)
{
    static const enum peer_cut cuts[] = {PEER_CUT_END, PEER_CUT_RESET,
                                         PEER_CUT_STALL};
    const struct script *s = *state;
    const struct peer_manner all = {0};
    struct play p = {0};
    struct outcome o;
    assert_int_equal(play_open(&p, s), S2S_OK);
    assert_int_equal(play_run(&p, &all, &o), S2S_OK);
    play_forget(&o);
    size_t length = p.peer->given;
    for (size_t c = 0; c < sizeof(cuts) / sizeof(cuts[0]); c++)
        for (size_t at = 0; at < length; at++) {
            const struct peer_manner cut = {.cut = cuts[c], .cut_at = at};
            assert_int_equal(play_run(&p, &cut, &o), S2S_OK);
            if (o.json == NULL || !allowed(s, o.error))
                fail_msg("cut %d at %zu: %s", (int)cuts[c], at,
                         s2s_code_name(o.error));
            play_forget(&o);
        }
    play_close(&p);
}

int main(int argc, char **argv)
{
    return scripts_test("peer/cuts", is_cut, true, argc > 1 ? argv[1] : NULL);
}
