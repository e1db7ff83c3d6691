/* Time that does not jump. */
#ifndef BASE_CLOCK_H
#define BASE_CLOCK_H

#include <stdint.h>

int64_t clock_us(void); /* microseconds since some point, CLOCK_MONOTONIC */

#endif
