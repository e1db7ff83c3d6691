#include "number.h"

#include <string.h>

static bool is_digit(char c)
{
    return c >= '0' && c <= '9';
}

bool number_whole(const char *text, uint32_t min, uint32_t max, uint32_t *out)
{
    uint64_t value = 0;
    if (!is_digit(text[0]))
        return false;
    for (; is_digit(*text) && value <= max; text++)
        value = value * 10 + (uint64_t)(*text - '0');
    if (*text != '\0' || value < min || value > max)
        return false;
    *out = (uint32_t)value;
    return true;
}

bool number_thousandths(const char *text, uint32_t max, uint64_t *out)
{
    uint64_t value = 0, weight = 100;
    if (!is_digit(text[0]) && !(text[0] == '.' && is_digit(text[1])))
        return false;
    for (; is_digit(*text) && value <= max; text++)
        value = value * 10 + (uint64_t)(*text - '0');
    if (value > max)
        return false;
    value *= 1000;
    if (*text == '.')
        text++;
    for (; is_digit(*text); text++) {
        value += (uint64_t)(*text - '0') * weight;
        weight /= 10;
    }
    *out = value;
    return *text == '\0';
}
