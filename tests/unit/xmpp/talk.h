/* Talking to a house of clear or direct connections. */
#ifndef TEST_TALK_H
#define TEST_TALK_H

#include "house.h"

static const struct setting clear = {.no_tls = true}, direct = {.direct = true};

/* Say lines up to one without words; forget what is heard. */
static inline void say(struct house *h, const char *const *lines)
{
    for (; *lines != NULL; lines++)
        house_do(h, *lines, 0, SIZE_MAX);
    free(house_heard(h));
}

static inline void hears(struct house *h, const char *line, const char *what)
{
    house_do(h, line, 0, SIZE_MAX);
    char *heard = house_heard(h);
    assert_string_equal(heard, what);
    free(heard);
}

static const char *const known[] = {SECURED, THEIRS, AUTH("="), THEIRS, NULL};
static const char *const opened[] = {THEIRS, NULL};
static const char *const secure[] = {SECURED, THEIRS, NULL};

#endif
