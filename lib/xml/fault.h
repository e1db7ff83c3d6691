/* What is wrong with some bytes, and where in them. */
#ifndef XML_FAULT_H
#define XML_FAULT_H

#include <stddef.h>

struct fault {
    int error;        /* negative enum s2s_error */
    size_t at;        /* offset of the byte that shows it */
    const char *text; /* static */
};

static inline int fault_set(struct fault *f, int error, size_t at,
                            const char *text)
{
    *f = (struct fault){error, at, text};
    return error;
}

#endif
