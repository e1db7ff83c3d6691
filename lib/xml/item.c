#include "xml/item.h"

#include "base/error.h"
#include "base/utf8.h"

int item_unexpected(struct item *i, const char *text)
{
    uint32_t code;
    int n = utf8_decode(item_here(i), item_left(i), &code);
    if (n == 0)
        return ITEM_MORE;
    if (n < 0)
        return item_fail(i, S2S_EENCODING, i->at, "not UTF-8");
    return item_fail(i, S2S_EXML, i->at, text);
}
