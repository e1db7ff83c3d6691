#include "text.h"

#include <string.h>

#include "glyph.h"

/* What is shown in place of a glyph, or NULL: itself. */
static const char *instead(const struct out *o, const struct glyph *g)
{
    if (glyph_is_space(g))
        return " ";
    if (glyph_is_harmful(g))
        return o->utf8 ? "\xef\xbf\xbd" : "?";
    return g->code > 0x7e && !o->utf8 ? "?" : NULL;
}

static size_t columns(const struct out *o, const struct glyph *g)
{
    return instead(o, g) != NULL ? 1 : glyph_columns(g);
}

static void put(struct out *o, const struct glyph *g)
{
    const char *other = instead(o, g);
    if (other != NULL)
        fputs(other, o->to);
    else
        fwrite(g->bytes, 1, g->length, o->to);
    o->column += columns(o, g);
}

void out_text(struct out *o, const char *text)
{
    for (struct glyph g = glyph_at(text); g.length > 0; g = glyph_at(text)) {
        put(o, &g);
        text += g.length;
    }
}

size_t text_width(const struct out *o, const char *text)
{
    size_t width = 0;
    for (struct glyph g = glyph_at(text); g.length > 0; g = glyph_at(text)) {
        width += columns(o, &g);
        text += g.length;
    }
    return width;
}

void out_newline(struct out *o)
{
    fputc('\n', o->to);
    o->column = 0;
}

void out_pad(struct out *o, size_t column)
{
    while (o->column < column) {
        fputc(' ', o->to);
        o->column++;
    }
}

/* Columns up to the next space; its bytes in *length. */
static size_t word(const struct out *o, const char *text, size_t *length)
{
    size_t width = 0;
    *length = 0;
    for (struct glyph g = glyph_at(text); g.length > 0 && !glyph_is_space(&g);
         g = glyph_at(text + *length)) {
        width += columns(o, &g);
        *length += g.length;
    }
    return width;
}

static void fresh_line(struct out *o, size_t indent)
{
    out_newline(o);
    out_pad(o, indent);
}

/* One that is wider than a line is cut where the line ends. */
static void put_word(struct out *o, size_t indent, const char *text,
                     size_t length)
{
    const char *end = text + length;
    while (text < end) {
        struct glyph g = glyph_at(text);
        if (o->column + columns(o, &g) > o->width && o->column > indent)
            fresh_line(o, indent);
        put(o, &g);
        text += g.length;
    }
}

void out_wrapped(struct out *o, size_t indent, const char *text)
{
    bool first = true;
    while (*text != '\0') {
        size_t length;
        size_t width = word(o, text, &length);
        if (length == 0) {
            text++;
            continue;
        }
        size_t gap = first ? 0 : 1;
        if (o->column + gap + width > o->width && o->column > indent)
            fresh_line(o, indent);
        else
            out_pad(o, o->column + gap);
        put_word(o, indent, text, length);
        text += length;
        first = false;
    }
}

void out_cell(struct out *o, const char *text, size_t width, bool right)
{
    size_t end = o->column + width, wide = text_width(o, text);
    if (right && wide < width)
        out_pad(o, end - wide);
    for (struct glyph g = glyph_at(text);
         g.length > 0 && o->column + columns(o, &g) <= end;
         g = glyph_at(text)) {
        put(o, &g);
        text += g.length;
    }
    out_pad(o, end);
}

void out_style(struct out *o, enum style style)
{
    static const char *const codes[] = {
        [STYLE_NONE] = "\033[0m",   [STYLE_HEADING] = "\033[1m",
        [STYLE_GOOD] = "\033[32m",  [STYLE_WARNING] = "\033[33m",
        [STYLE_BAD] = "\033[1;31m", [STYLE_QUIET] = "\033[2m"};
    if (!o->color || style == o->style)
        return;
    if (o->style != STYLE_NONE)
        fputs(codes[STYLE_NONE], o->to);
    if (style != STYLE_NONE)
        fputs(codes[style], o->to);
    o->style = style;
}

static void put_escaped(struct out *o, uint32_t code)
{
    if (code == GLYPH_INVALID)
        code = 0xfffd;
    if (code > 0xffff) {
        code -= 0x10000;
        fprintf(o->to, "\\u%04x\\u%04x", 0xd800u + (code >> 10),
                0xdc00u + (code & 0x3ff));
    } else {
        fprintf(o->to, "\\u%04x", code);
    }
}

void out_json(struct out *o, const char *json, bool terminal)
{
    if (terminal) {
        for (struct glyph g = glyph_at(json); g.length > 0;
             g = glyph_at(json)) {
            if (glyph_is_harmful(&g))
                put_escaped(o, g.code);
            else
                fwrite(g.bytes, 1, g.length, o->to);
            json += g.length;
        }
    } else {
        fputs(json, o->to);
    }
    fputc('\n', o->to);
}

void line_add(struct line *l, const char *text)
{
    size_t room = sizeof(l->text) - 1 - l->length;
    size_t n = strlen(text);
    if (n > room)
        n = room;
    memcpy(l->text + l->length, text, n);
    l->length += n;
    l->text[l->length] = '\0';
}

void line_join(struct line *l, const char *separator, const char *text)
{
    if (text == NULL || text[0] == '\0')
        return;
    if (l->length > 0)
        line_add(l, separator);
    line_add(l, text);
}
