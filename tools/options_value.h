/* The values of options: false when they are wrong. */
#ifndef TOOLS_OPTIONS_VALUE_H
#define TOOLS_OPTIONS_VALUE_H

#include "options.h"

struct options_word {
    const char *word; /* NULL ends */
    uint32_t value;
};

bool options_choose(const struct options_word *words, const char *text,
                    uint32_t *out);
bool options_tls_mode(const char *text, uint32_t *out);
bool options_ping_method(const char *text, uint32_t *out);
bool options_color(const char *text, enum color *out);
bool options_seconds(const char *text, uint32_t *ms);
/* Append to a list that NULL ends. */
bool options_append(const char **list, size_t most, const char *value);

#endif
