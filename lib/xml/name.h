/* Qualified names (Namespaces in XML 1.0, 4), read as their bytes come. */
#ifndef XML_NAME_H
#define XML_NAME_H

#include <stddef.h>
#include <stdint.h>

#include "xml/fault.h"

struct name { /* offsets into the same bytes */
    size_t start;
    size_t at;    /* how far it is read */
    size_t colon; /* 0: none yet; a name never begins at 0 */
};

/*
 * Read on. 1: the name is complete, the byte at n->at is not part of it; 0:
 * more bytes are needed; or S2S_EXML, S2S_EENCODING, or S2S_ELIMIT for a name
 * of more than `limit` bytes, with *fault.
 */
int name_take(struct name *n, const uint8_t *bytes, size_t length, size_t limit,
              struct fault *fault);

#endif
