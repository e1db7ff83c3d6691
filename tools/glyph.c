#include "glyph.h"

#define COUNT(table) (sizeof(table) / sizeof((table)[0]))

struct range {
    uint32_t first, last;
};

/* Controls, directions and what hides: C0, DEL, C1, the bidirectional marks,
 * embeddings and isolates, separators of lines, invisible and tag characters.
 */
static const struct range harmful[] = {
    {0x0, 0x1f},      {0x7f, 0x9f},     {0xad, 0xad},      {0x61c, 0x61c},
    {0x180e, 0x180e}, {0x200b, 0x200f}, {0x2028, 0x202e},  {0x2060, 0x206f},
    {0xfeff, 0xfeff}, {0xfff9, 0xfffb}, {0xe0000, 0xe007f}};

static const struct range no_column[] = {
    {0x300, 0x36f},   {0x483, 0x489},   {0x591, 0x5bd},    {0x610, 0x61a},
    {0x64b, 0x65f},   {0x1ab0, 0x1aff}, {0x1dc0, 0x1dff},  {0x20d0, 0x20ff},
    {0xfe00, 0xfe0f}, {0xfe20, 0xfe2f}, {0xe0100, 0xe01ef}};

static const struct range two_columns[] = {
    {0x1100, 0x115f}, {0x2e80, 0xa4cf},   {0xac00, 0xd7a3},
    {0xf900, 0xfaff}, {0xfe30, 0xfe6f},   {0xff00, 0xff60},
    {0xffe0, 0xffe6}, {0x1f300, 0x1faff}, {0x20000, 0x3fffd}};

static bool is_in(uint32_t code, const struct range *ranges, size_t count)
{
    for (size_t i = 0; i < count; i++)
        if (code >= ranges[i].first && code <= ranges[i].last)
            return true;
    return false;
}

/* The bytes that a first byte asks for; 0 when it cannot be first. */
static size_t sequence_length(unsigned char first)
{
    if (first < 0x80)
        return 1;
    if (first >= 0xc2 && first < 0xe0)
        return 2;
    if (first >= 0xe0 && first < 0xf0)
        return 3;
    return first >= 0xf0 && first < 0xf5 ? 4 : 0;
}

static uint32_t decode(const char *text, size_t length)
{
    static const uint32_t least[] = {0, 0, 0x80, 0x800, 0x10000};
    uint32_t code = (unsigned char)text[0];
    if (length > 1)
        code &= 0x7fu >> length;
    for (size_t i = 1; i < length; i++) {
        unsigned char c = (unsigned char)text[i];
        if ((c & 0xc0) != 0x80) /* the end of the text, too */
            return GLYPH_INVALID;
        code = code << 6 | (c & 0x3f);
    }
    if (code < least[length] || code > 0x10ffff ||
        (code >= 0xd800 && code < 0xe000))
        return GLYPH_INVALID;
    return code;
}

struct glyph glyph_at(const char *text)
{
    struct glyph g = {.bytes = text, .length = 0, .code = 0};
    if (text[0] == '\0')
        return g;
    g.length = sequence_length((unsigned char)text[0]);
    g.code = g.length > 0 ? decode(text, g.length) : GLYPH_INVALID;
    if (g.code == GLYPH_INVALID)
        g.length = 1;
    return g;
}

bool glyph_is_space(const struct glyph *g)
{
    return g->code == ' ' || g->code == '\t' || g->code == '\n' ||
           g->code == '\r';
}

bool glyph_is_harmful(const struct glyph *g)
{
    return g->code == GLYPH_INVALID || is_in(g->code, harmful, COUNT(harmful));
}

size_t glyph_columns(const struct glyph *g)
{
    if (is_in(g->code, no_column, COUNT(no_column)))
        return 0;
    return is_in(g->code, two_columns, COUNT(two_columns)) ? 2 : 1;
}
