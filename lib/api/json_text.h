/* JSON values as text, and the paths of their scalars. */
#ifndef API_JSON_TEXT_H
#define API_JSON_TEXT_H

#include <jansson.h>

#include "base/buf.h"

/* A NUL-terminated text, to be freed. S2S_OK or S2S_ENO_MEMORY. */
int json_text_make(const json_t *value, char **out);

/* Append "path\0value\0" for each scalar: "tls.protocol", "streams.0.id". */
int json_text_paths(struct buf *paths, json_t *value);

#endif
