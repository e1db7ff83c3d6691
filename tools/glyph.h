/* Code points of a text that may be anything. */
#ifndef TOOLS_GLYPH_H
#define TOOLS_GLYPH_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

struct glyph {
    const char *bytes;
    size_t length; /* 0 at the end of the text */
    uint32_t code; /* GLYPH_INVALID: one byte that is no UTF-8 */
};

#define GLYPH_INVALID UINT32_MAX

struct glyph glyph_at(const char *text);
bool glyph_is_space(const struct glyph *g);
/* What may do something else to a terminal than to take its columns. */
bool glyph_is_harmful(const struct glyph *g);
size_t glyph_columns(const struct glyph *g);

#endif
