/* What a result says, by path. */
#ifndef TOOLS_VALUE_H
#define TOOLS_VALUE_H

#include <s2sprobe.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

/* "LIST.N.MEMBER"; NULL when there is none. */
const char *value_item(const s2s_result *r, const char *list, size_t n,
                       const char *member);
bool value_is_true(const s2s_result *r, const char *path);
/* A number of days; false when there is none. */
bool value_days(const s2s_result *r, const char *path, long *days);
/* The fewest days that a certificate in the result has left. */
bool value_days_left(const s2s_result *r, long *days);
/* Milliseconds as text, in microseconds; -1 when there are none. */
int64_t value_us(const char *ms);
#define VALUE_MS 40
/* "1.2 ms"; returns `text`. */
const char *value_ms(int64_t us, char text[VALUE_MS]);
/* How many findings are of a severity. */
size_t value_findings(const s2s_result *r, int severity);
/* Whether a finding is an error. */
bool value_has_errors(const s2s_result *r);

/* The phases in their order, NULL ends; *stage gets the number. */
const char *value_phase(size_t n, int *stage);

/* Entries of lists that are gone through. */
#define VALUE_MAX 4096

#endif
