/* What a stream begins with: an XML declaration or not, then its start tag. */
#ifndef XML_PROLOG_H
#define XML_PROLOG_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "xml/fault.h"

enum prolog {
    PROLOG_MORE, /* it cannot be told yet */
    PROLOG_DECLARATION,
    PROLOG_TAG
};

/*
 * Look at the beginning of an item before the stream's start tag. `first`: it
 * is at offset 0 of the input; `declared`: the XML declaration has come.
 * Returns an enum prolog, or with *fault
 * S2S_ENOT_XMPP: no XML document (HTTP, SMTP, a TLS alert), or one of HTML;
 * S2S_EXML_FORBIDDEN: a comment, processing instruction or another DTD;
 * S2S_EXML: a byte order mark (RFC 6120, 11.6: it is character data), or no
 * start tag although there was an XML declaration.
 */
int prolog_look(const uint8_t *bytes, size_t length, bool first, bool declared,
                struct fault *fault);

/*
 * Check an XML declaration (XML 1.0, 2.8), from "<?xml" to the first '>': any
 * version 1.x; the encoding, if any, is UTF-8 (RFC 6120, 11.6); `standalone`
 * is ignored (11.5). S2S_OK, S2S_EXML or S2S_EENCODING with *fault.
 */
int prolog_declaration(const uint8_t *bytes, size_t length,
                       struct fault *fault);

#endif
