/*
 * Memory that runs out when a test wants it. A test that links failing.c and
 * wraps malloc, calloc, realloc, strdup and strndup (tests/meson.build) has
 * its own calls and those of the library counted.
 */
#ifndef TEST_FAILING_H
#define TEST_FAILING_H

#include <stdbool.h>

/* Count from 0 again. The nth call from now on (1: the next) fails, and with
 * `sticky` all after it. */
void failing_arm(unsigned long nth, bool sticky);
/* Count from 0 again; nothing fails. */
void failing_off(void);
/* The calls since. */
unsigned long failing_count(void);

/* Count and fail the calls of a shared library too, for good; `name` is a part
 * of its file name. Returns how many of its functions are now ours. */
unsigned failing_include(const char *name);

#endif
