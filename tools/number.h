/* Numbers as text. */
#ifndef TOOLS_NUMBER_H
#define TOOLS_NUMBER_H

#include <stdbool.h>
#include <stdint.h>

/* Decimal digits only, min..max. */
bool number_whole(const char *text, uint32_t min, uint32_t max, uint32_t *out);
/* "15", "0.25", ".5": thousandths, further digits cut off; at most `max` before
 * the point. */
bool number_thousandths(const char *text, uint32_t max, uint64_t *out);

#endif
