#include "complain.h"

#include <stdio.h>

#include "terminal.h"
#include "text.h"

bool complain(const char *text, const char *detail)
{
    struct out o = {.to = stderr, .utf8 = terminal_is_utf8()};
    out_text(&o, "s2sprobe: ");
    out_text(&o, text);
    if (detail != NULL) {
        out_text(&o, ": ");
        out_text(&o, detail);
    }
    out_newline(&o);
    return false;
}
