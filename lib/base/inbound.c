#include "base/inbound.h"

#include <string.h>

bool inbound_concerns(const struct inbound *i, const char *ours,
                      const char *theirs)
{
    bool to_us = i->to[0] == '\0' || strcmp(i->to, ours) == 0;
    return to_us && (i->from[0] == '\0' || strcmp(i->from, theirs) == 0);
}

int inbound_rank(const struct inbound *i)
{
    int named = i->from[0] != '\0' ? 8 : 0;
    if (i->stanzas > 0)
        return named + 7;
    if (i->verifies > 0)
        return named + 6;
    if (i->auth != INBOUND_NOBODY)
        return named + 5;
    if (i->error[0] != '\0' || i->auth_error[0] != '\0')
        return named + 4;
    if (i->tls)
        return named + 3;
    if (i->turned_away)
        return named + 2;
    return named + (i->heard ? 1 : 0);
}
