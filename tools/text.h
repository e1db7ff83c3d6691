/* Text for people: what a peer wrote is made harmless, columns are counted. */
#ifndef TOOLS_TEXT_H
#define TOOLS_TEXT_H

#include <stdbool.h>
#include <stddef.h>
#include <stdio.h>

enum style {
    STYLE_NONE,
    STYLE_HEADING,
    STYLE_GOOD,
    STYLE_WARNING,
    STYLE_BAD,
    STYLE_QUIET
};

struct out {
    FILE *to;
    size_t width; /* of the terminal */
    bool utf8;    /* it shows more than ASCII */
    bool color;
    size_t column;    /* where the next glyph goes, from 0 */
    enum style style; /* that is on */
};

/* No control character, C1 or bidirectional override comes out of these, and
 * what is no UTF-8 is replaced. A newline in a text is a space. */
void out_text(struct out *o, const char *text);
/* Words, from where the line stands; further lines begin at `indent`. */
void out_wrapped(struct out *o, size_t indent, const char *text);
/* Exactly `width` columns: cut, or filled up on one side. */
void out_cell(struct out *o, const char *text, size_t width, bool right);

void out_pad(struct out *o, size_t column);
void out_newline(struct out *o);
void out_style(struct out *o, enum style style);

/* Columns that out_text() takes. */
size_t text_width(const struct out *o, const char *text);

/* JSON, a line, and on a terminal what out_text() would replace escaped. */
void out_json(struct out *o, const char *json, bool terminal);

/* A line that is put together; what does not fit is cut off. */
struct line {
    char text[2048];
    size_t length;
};

void line_add(struct line *l, const char *text);
/* The same behind a separator, unless the line is empty. NULL adds nothing. */
void line_join(struct line *l, const char *separator, const char *text);

#endif
