#include "xml/markup.h"

#include "base/error.h"
#include "xml/chars.h"
#include "xml/name.h"

/* --- names --- */

/* Take a name. ITEM_GO: it is complete. */
static int take_name(struct item *i)
{
    struct name n = {i->mark, i->at, i->colon};
    int r = name_take(&n, i->bytes.data, i->bytes.length,
                      i->elements.limits.name, &i->fault);
    i->at = n.at;
    i->colon = n.colon;
    return r > 0 ? ITEM_GO : r < 0 ? r : ITEM_MORE;
}

static struct tag_name taken_name(const struct item *i)
{
    return (struct tag_name){
        .at = (uint32_t)i->mark,
        .length = (uint32_t)(i->at - i->mark),
        .prefix = i->colon != 0 ? (uint32_t)(i->colon - i->mark) : 0,
    };
}

int markup_start_name(struct item *i)
{
    int r = take_name(i);
    if (r != ITEM_GO)
        return r;
    tag_begin(&i->elements.tag, taken_name(i));
    return item_enter(i, IN_START_TAG, 0);
}

int markup_name(struct item *i)
{
    int r = take_name(i);
    if (r != ITEM_GO)
        return r;
    if (tag_attribute(&i->elements.tag, taken_name(i)) != S2S_OK)
        return item_fail(i, S2S_ENO_MEMORY, i->mark, "out of memory");
    return item_enter(i, IN_EQUALS, 0);
}

/* --- inside tags --- */

/* Whether a byte follows behind white space. */
static bool skip_space(struct item *i)
{
    item_move_to(i, chars_skip(item_here(i), item_end(i), CHARS_SPACE));
    return !item_at_end(i);
}

/* Behind a complete element or start tag. */
static int after_tag(struct item *i)
{
    if (i->elements.depth == 0)
        return ITEM_ELEMENT;
    return item_enter(i, IN_TEXT, 0);
}

/* The start tag ends with the next `length` bytes, ">" or "/>". */
static int complete_tag(struct item *i, size_t length)
{
    bool header = i->elements.root == NULL;
    i->at += length;
    int e = elements_start(&i->elements, i->bytes.data, i->at, length == 2,
                           &i->fault);
    if (e != S2S_OK)
        return e;
    return header ? ITEM_HEADER : after_tag(i);
}

int markup_start_tag(struct item *i)
{
    if (!skip_space(i))
        return ITEM_MORE;
    if (*item_here(i) == '>')
        return complete_tag(i, 1);
    if (*item_here(i) == '/') {
        int match = chars_match(item_here(i), item_left(i), "/>", false);
        if (match > 0)
            return complete_tag(i, 2);
        return match == 0 ? ITEM_MORE
                          : item_fail(i, S2S_EXML, i->at, "a \"/\" in a tag");
    }
    if (!chars_is(item_here(i)[-1], CHARS_SPACE))
        return item_unexpected(i, "no white space before an attribute");
    if (i->elements.tag.count >= i->elements.limits.attributes)
        return item_fail(i, S2S_ELIMIT, i->at, "too many attributes");
    return item_enter(i, IN_NAME, 0);
}

int markup_equals(struct item *i)
{
    if (!skip_space(i))
        return ITEM_MORE;
    if (*item_here(i) != '=')
        return item_unexpected(i, "an attribute without a value");
    return item_enter(i, IN_QUOTE, 1);
}

int markup_quote(struct item *i)
{
    if (!skip_space(i))
        return ITEM_MORE;
    i->quote = *item_here(i);
    if (i->quote != '"' && i->quote != '\'')
        return item_unexpected(i, "an attribute value without quotes");
    return item_enter(i, IN_VALUE, 1);
}

/* The character that differs from the name, whatever byte of it does. */
static int refuse_end_name(struct item *i, struct tokenizer_span name)
{
    while ((name.text[i->at - i->mark] & 0xc0) == 0x80)
        i->at--;
    return item_unexpected(i, "an end tag that does not match");
}

int markup_end_name(struct item *i)
{
    struct tokenizer_span name = elements_name(&i->elements, i->bytes.data);
    while (i->at - i->mark < name.length) {
        if (item_at_end(i))
            return ITEM_MORE;
        if (*item_here(i) != (uint8_t)name.text[i->at - i->mark])
            return refuse_end_name(i, name);
        i->at++;
    }
    return item_enter(i, IN_END_TAG, 0);
}

int markup_end_tag(struct item *i)
{
    if (!skip_space(i))
        return ITEM_MORE;
    if (*item_here(i) != '>')
        return item_unexpected(i, "an end tag that does not match");
    i->at++;
    if (i->elements.depth == 0)
        return ITEM_FOOTER;
    int e = elements_end(&i->elements, i->at, &i->fault);
    return e != S2S_OK ? e : after_tag(i);
}

/* --- at a '<' --- */

/* A tag begins: report the text before it. */
static int end_text(struct item *i)
{
    if (i->at == i->mark)
        return S2S_OK;
    return elements_text(&i->elements, i->bytes.data, i->mark, i->at - i->mark,
                         i->plain, &i->fault);
}

static int begin_start_tag(struct item *i)
{
    int e = end_text(i);
    if (e == S2S_OK)
        e = elements_open(&i->elements, i->at, &i->fault);
    return e != S2S_OK ? e : item_enter(i, IN_START_NAME, 1);
}

static int begin_end_tag(struct item *i)
{
    int e = end_text(i);
    return e != S2S_OK ? e : item_enter(i, IN_END_NAME, 2);
}

/* At "<!": only CDATA, and only inside an element (RFC 6120, 11.1). */
static int begin_section(struct item *i)
{
    static const char head[] = "<![CDATA[";
    int match = chars_match(item_here(i), item_left(i), head, false);
    if (match == 0)
        return ITEM_MORE;
    if (match < 0)
        return item_fail(i, S2S_EXML_FORBIDDEN, i->at, "a comment or a DTD");
    if (i->elements.depth == 0)
        return item_fail(i, S2S_EXML, i->at, "text between elements");
    i->at += sizeof(head) - 1;
    i->plain = false;
    i->state = IN_SECTION;
    return ITEM_GO;
}

int markup_any(struct item *i)
{
    if (item_left(i) < 2)
        return ITEM_MORE;
    switch (item_here(i)[1]) {
    case '/':
        return begin_end_tag(i);
    case '!':
        return begin_section(i);
    case '?':
        return item_fail(i, S2S_EXML_FORBIDDEN, i->at,
                         "a processing instruction");
    default:
        return begin_start_tag(i);
    }
}
