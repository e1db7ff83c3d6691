#include "xml/content.h"

#include "base/error.h"
#include "xml/chars.h"
#include "xml/reference.h"

/* A control character, or characters above U+007F. */
static int take_characters(struct item *i)
{
    int why = S2S_EXML;
    if (*item_here(i) >= 0x80) {
        item_move_to(i, chars_skip_high(item_here(i), item_end(i), &why));
        if (item_at_end(i) || *item_here(i) < 0x80)
            return ITEM_GO;
    }
    if (why == S2S_EENCODING)
        return item_fail(i, why, i->at, "not UTF-8");
    if (why != 0)
        return item_fail(i, why, i->at, "a character that XML does not allow");
    return ITEM_MORE;
}

static int take_reference(struct item *i)
{
    uint32_t code;
    const char *text = NULL;
    int n = reference_read(item_here(i), item_left(i), &code, &text);
    if (n < 0)
        return item_fail(i, n, i->at, text);
    if (n == 0)
        return ITEM_MORE;
    i->at += (size_t)n;
    i->plain = false;
    return ITEM_GO;
}

/* Take a byte that decoding has to look at. */
static int take_special(struct item *i)
{
    i->plain = false;
    i->at++;
    return ITEM_GO;
}

/* Whether the '>' here ends "]]>". The two bytes cannot be from before the
 * text or the section: what is before it ends with '>' or '['. */
static bool ends_section(const struct item *i)
{
    return item_here(i)[-1] == ']' && item_here(i)[-2] == ']';
}

int content_text(struct item *i)
{
    item_move_to(i, chars_skip_text(item_here(i), item_end(i)));
    if (item_at_end(i))
        return ITEM_MORE;
    switch (*item_here(i)) {
    case '<':
        i->state = IN_MARKUP;
        return ITEM_GO;
    case '&':
        return take_reference(i);
    case '\r':
        return take_special(i);
    case '>':
        if (ends_section(i))
            return item_fail(i, S2S_EXML, i->at, "\"]]>\" in text");
        i->at++;
        return ITEM_GO;
    default:
        return take_characters(i);
    }
}

int content_section(struct item *i)
{
    item_move_to(i, chars_skip(item_here(i), item_end(i), CHARS_CDATA));
    if (item_at_end(i))
        return ITEM_MORE;
    if (*item_here(i) != '>')
        return take_characters(i);
    if (ends_section(i))
        i->state = IN_TEXT;
    i->at++;
    return ITEM_GO;
}

int content_value(struct item *i)
{
    item_move_to(i, chars_skip(item_here(i), item_end(i), CHARS_VALUE));
    if (item_at_end(i))
        return ITEM_MORE;
    uint8_t c = *item_here(i);
    if (c == i->quote) {
        tag_value(&i->elements.tag, i->mark, i->at - i->mark, i->plain);
        return item_enter(i, IN_START_TAG, 1);
    }
    if (c == '"' || c == '\'') {
        i->at++;
        return ITEM_GO;
    }
    if (c == '&')
        return take_reference(i);
    if (c == '<')
        return item_fail(i, S2S_EXML, i->at, "\"<\" in an attribute value");
    return chars_is(c, CHARS_SPACE) ? take_special(i) : take_characters(i);
}
