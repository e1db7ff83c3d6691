#include "base/options_load.h"

#include <stdarg.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>

#include "base/error.h"

#define STRUCT_MAX 4096u

int options_load(void *to, size_t known, const void *from)
{
    size_t size = known;
    memset(to, 0, known);
    if (from != NULL) {
        memcpy(&size, from, sizeof(size));
        if (size < sizeof(size) || size > STRUCT_MAX)
            return S2S_EABI;
        memcpy(to, from, size < known ? size : known);
        const uint8_t *tail = from;
        for (size_t i = known; i < size; i++)
            if (tail[i] != 0)
                return S2S_EABI;
    }
    memcpy(to, &known, sizeof(known));
    return S2S_OK;
}

int options_load_invalid(char what[OPTIONS_WHAT], const char *format, ...)
{
    va_list args;
    va_start(args, format);
    vsnprintf(what, OPTIONS_WHAT, format, args);
    va_end(args);
    return S2S_EINVALID_ARGUMENT;
}

int options_load_text(const char *from, char **to)
{
    if (from == NULL)
        return S2S_OK;
    *to = strdup(from);
    return *to != NULL ? S2S_OK : S2S_ENO_MEMORY;
}
