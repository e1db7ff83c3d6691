/* What a member of a request holds. */
#ifndef SHIM_MEMBER_H
#define SHIM_MEMBER_H

#include <jansson.h>
#include <stdbool.h>
#include <stdint.h>

struct member_word {
    const char *word; /* NULL ends */
    uint32_t value;
};

/* Not there (NULL), or an empty string. */
bool member_absent(const json_t *value);

/* Only characters that a host can have. */
bool member_host_ok(const char *text);

/* An address; an IPv6 one may have brackets. */
bool member_is_ip(const char *host);

/* "name:5269", "192.0.2.1:5269" or "[2001:db8::1]:5269". */
bool member_has_port(const char *host);

/* A JSON number without fraction (5269 or 5269.0) within a range. */
bool member_whole_number(const json_t *value, uint32_t min, uint32_t max,
                         uint32_t *out);

bool member_word(const struct member_word *words, const json_t *value,
                 uint32_t *out);

#endif
