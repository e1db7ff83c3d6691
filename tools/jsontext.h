/* JSON texts read in place (RFC 8259): what a member holds keeps its bytes. No
 * name begins with json_: the program would hide the functions of Jansson from
 * the library. */
#ifndef TOOLS_JSONTEXT_H
#define TOOLS_JSONTEXT_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#define JSONTEXT_DEPTH 32 /* brackets in brackets */

/* A value, from its first byte to its last; NULL: there is none. */
struct jsontext {
    const char *text;
    size_t length;
};

/* Whether all of the text, which is UTF-8, is one value; if not, *wrong is
 * where that shows. Everything below takes only what has passed here. */
bool jsontext_read(const char *text, size_t length, struct jsontext *out,
                   size_t *wrong);

bool jsontext_is_object(const struct jsontext *j);
bool jsontext_is_array(const struct jsontext *j);
bool jsontext_is_string(const struct jsontext *j);
bool jsontext_is_null(const struct jsontext *j);
bool jsontext_is_bool(const struct jsontext *j, bool *value);
/* A number without fraction (5269 or 5269.0) in a range. */
bool jsontext_is_whole(const struct jsontext *j, uint32_t min, uint32_t max,
                       uint32_t *value);

/* The next member of an object, or item of an array; *place is 0 at first. */
bool jsontext_member(const struct jsontext *object, size_t *place,
                     struct jsontext *name, struct jsontext *value);
bool jsontext_item(const struct jsontext *array, size_t *place,
                   struct jsontext *value);

/* What a string says, NUL-terminated; false when it does not fit, has a NUL, or
 * half of a surrogate pair. */
bool jsontext_string(const struct jsontext *j, char *out, size_t size);

#endif
