/* What reading any structure of a caller takes. */
#ifndef BASE_OPTIONS_LOAD_H
#define BASE_OPTIONS_LOAD_H

#include <stddef.h>

/*
 * Copy a caller's structure into `to`, whose size is `known`. `to` is zeroed
 * first. A shorter one leaves the rest zero; a longer one must have zeros in
 * its tail. S2S_OK, or S2S_EABI (also when the caller's size is 0, less than
 * a size_t, or absurd). NULL `from` is a structure of zeros.
 */
int options_load(void *to, size_t known, const void *from);

/* Say which member is wrong, and how: S2S_EINVALID_ARGUMENT. */
#define OPTIONS_WHAT 160
__attribute__((format(printf, 2, 3))) int options_load_invalid(
    char what[OPTIONS_WHAT], const char *format, ...);

/* Copy a text that may be NULL. S2S_OK or S2S_ENO_MEMORY. */
int options_load_text(const char *from, char **to);

#endif
