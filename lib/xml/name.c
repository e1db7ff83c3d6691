#include "xml/name.h"

#include <stdbool.h>

#include "base/error.h"
#include "base/utf8.h"
#include "xml/chars.h"

/* The first character of the prefix, or of the local part. */
static bool at_start(const struct name *n)
{
    return n->at == n->start || n->at == n->colon + 1;
}

static bool may_follow(const struct name *n, uint32_t code)
{
    if (at_start(n))
        return chars_is_name_start(code);
    return code == ':' ? n->colon == 0 : chars_is_name(code);
}

/* The usual characters, to where only take_one() can tell. */
static void take_many(struct name *n, const uint8_t *bytes, size_t length,
                      size_t limit)
{
    size_t end = length - n->start > limit ? n->start + limit : length;
    if (at_start(n) || n->at >= end)
        return;
    const uint8_t *p = chars_skip(bytes + n->at, bytes + end, CHARS_NAME);
    n->at = (size_t)(p - bytes);
}

/* 0: more bytes are needed; 1: taken; 2: not part of the name. */
static int take_one(struct name *n, const uint8_t *bytes, size_t length,
                    size_t limit, struct fault *fault)
{
    uint32_t code;
    int size = utf8_decode(bytes + n->at, length - n->at, &code);
    if (size == 0)
        return 0;
    if (size < 0)
        return fault_set(fault, S2S_EENCODING, n->at, "not UTF-8");
    if (!may_follow(n, code)) {
        if (!at_start(n) && code != ':')
            return 2;
        return fault_set(fault, S2S_EXML, n->at, "a bad name");
    }
    if (n->at - n->start + (size_t)size > limit)
        return fault_set(fault, S2S_ELIMIT, n->at, "a name is too long");
    if (code == ':')
        n->colon = n->at;
    n->at += (size_t)size;
    return 1;
}

int name_take(struct name *n, const uint8_t *bytes, size_t length, size_t limit,
              struct fault *fault)
{
    int r = 1;
    while (r == 1) {
        take_many(n, bytes, length, limit);
        if (n->at == length)
            return 0;
        r = take_one(n, bytes, length, limit, fault);
    }
    return r == 2 ? 1 : r;
}
