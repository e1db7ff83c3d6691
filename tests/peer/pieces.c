/* Every script in pieces: the result is the same to the letter. */
#include "scripts.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#define SPLITS_MAX 4000u /* scripts with more bytes are split at every nth */

static void same(struct play *p, const struct outcome *whole,
                 const struct peer_manner *manner)
{
    struct outcome o;
    assert_int_equal(play_run(p, manner, &o), S2S_OK);
    assert_non_null(o.json);
    size_t n = 0;
    while (o.json[n] != '\0' && o.json[n] == whole->json[n])
        n++;
    if (o.json[n] != whole->json[n])
        fail_msg("split %zu: from \"%.60s\", not \"%.60s\"", manner->split,
                 o.json + n, whole->json + n);
    play_forget(&o);
}

/* Time passes while the library writes: pieces change when. */
static bool waits(const struct script *s)
{
    for (const struct peer_step *t = s->steps; t->act != PEER_FINISH; t++) {
        if (t->act == PEER_WAIT)
            return true;
        if (t->act == PEER_END || t->act == PEER_RESET)
            break;
    }
    return false;
}

static void plays_in_pieces(void **state)
{
    if (waits(*state))
        return;
    const struct peer_manner one = {.read_max = 1};
    const struct peer_manner both = {.read_max = 1, .write_max = 1};
    const struct peer_manner hesitant = {.read_max = 7, .hesitant = true};
    const struct peer_manner all = {0};
    struct play p = {0};
    struct outcome whole;
    assert_int_equal(play_open(&p, *state), S2S_OK);
    assert_int_equal(play_run(&p, &all, &whole), S2S_OK);
    assert_non_null(whole.json);
    size_t length = p.peer->given;
    same(&p, &whole, &one);
    same(&p, &whole, &both);
    same(&p, &whole, &hesitant);
    size_t step = 1 + length / SPLITS_MAX;
    for (size_t at = 1; at < length; at += step) {
        const struct peer_manner split = {.split = at};
        same(&p, &whole, &split);
    }
    play_forget(&whole);
    play_close(&p);
}

int main(int argc, char **argv)
{
    return scripts_test("peer/pieces", plays_in_pieces, false,
                        argc > 1 ? argv[1] : NULL);
}
