#include "xml/scan.h"

#include <string.h>

#include "base/error.h"
#include "xml/content.h"
#include "xml/markup.h"
#include "xml/prolog.h"

void scan_begin(struct item *i, enum item_state state)
{
    i->bytes.length = 0;
    i->at = 0;
    item_enter(i, state, 0);
}

static int in_prolog(struct item *i)
{
    int r = prolog_look(item_here(i), item_left(i), i->state == IN_FIRST,
                        i->declared, &i->fault);
    if (r == PROLOG_DECLARATION)
        return item_enter(i, IN_DECLARATION, strlen("<?xml"));
    if (r == PROLOG_TAG)
        return item_enter(i, IN_START_NAME, 1);
    return r; /* PROLOG_MORE or an error */
}

/* No '>' may be inside a declaration. */
static int in_declaration(struct item *i)
{
    const uint8_t *end = memchr(item_here(i), '>', item_left(i));
    if (end == NULL) {
        i->at = i->bytes.length;
        return ITEM_MORE;
    }
    item_move_to(i, end + 1);
    int e = prolog_declaration(i->bytes.data, i->at, &i->fault);
    if (e != S2S_OK)
        return e;
    i->declared = true;
    return ITEM_DECLARED;
}

int scan_run(struct item *i)
{
    static int (*const states[])(struct item *) = {
        [IN_FIRST] = in_prolog,
        [IN_ROOT] = in_prolog,
        [IN_DECLARATION] = in_declaration,
        [IN_MARKUP] = markup_any,
        [IN_TEXT] = content_text,
        [IN_SECTION] = content_section,
        [IN_START_NAME] = markup_start_name,
        [IN_START_TAG] = markup_start_tag,
        [IN_NAME] = markup_name,
        [IN_EQUALS] = markup_equals,
        [IN_QUOTE] = markup_quote,
        [IN_VALUE] = content_value,
        [IN_END_NAME] = markup_end_name,
        [IN_END_TAG] = markup_end_tag,
    };
    int r = ITEM_GO;
    while (r == ITEM_GO && !item_at_end(i))
        r = states[i->state](i);
    return r == ITEM_GO ? ITEM_MORE : r;
}
