/* The wire log: elements as they pass, with keys and secrets left out; so is
 * every run of 64 or more hexadecimal digits, wherever it stands. */
#ifndef XMPP_WIRE_H
#define XMPP_WIRE_H

#include "base/log.h"
#include "xml/tree.h"

/* What we are about to send. `secret` hides everything behind the first '>'. */
void wire_sent(const struct log *log, const char *text, size_t length,
               bool secret);

/* What came. Only elements that cannot hold a key are shown whole. */
void wire_received(const struct log *log, const tree_node *element,
                   struct tokenizer_span verbatim);

#endif
