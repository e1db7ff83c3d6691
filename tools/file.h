/* Whole files of known size at most. */
#ifndef TOOLS_FILE_H
#define TOOLS_FILE_H

#include <stdbool.h>
#include <stddef.h>

/* At most `size` bytes; false after a complaint. */
bool file_read(const char *path, char *out, size_t size, size_t *length);
/* The text of the standard input, to be freed; NULL after a complaint. */
char *file_standard_input(size_t max);

#endif
