/* Whole small files: certificates and keys. */
#ifndef BASE_FILE_H
#define BASE_FILE_H

#include <stdbool.h>
#include <stddef.h>

/* The contents with a NUL behind, to be freed. S2S_OK, S2S_ENO_MEMORY, or
 * S2S_EINVALID_ARGUMENT when it cannot be read, is no regular file, is empty,
 * is larger than 1 MiB or, as a text, holds a NUL. Never waits for a FIFO. */
int file_read(const char *path, char **text);
int file_read_bytes(const char *path, void **bytes, size_t *size);

/* Whether there is something, and no regular file. */
bool file_is_special(const char *path);

/* Whether no descriptor can be had now: asked after something else failed that
 * does not say why. */
bool file_starved(void);

/* Wipe and free; NULL is allowed. */
void file_forget(char *text);
void file_forget_bytes(void *bytes, size_t size);

#endif
