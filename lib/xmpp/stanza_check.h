/* A caller's stanza, before it is sent: judged by our own tokenizer. */
#ifndef XMPP_STANZA_CHECK_H
#define XMPP_STANZA_CHECK_H

#include "base/domain.h"
#include "xmpp/stanza.h"

#define STANZA_ID 256

struct stanza_facts {
    enum stanza_kind kind;
    bool request;       /* an iq of type get or set */
    char id[STANZA_ID]; /* "" when there is none, or a longer one */
};

/*
 * Whether the text is exactly one iq, message or presence below a header of
 * ours, from one of these domains (or an address in it) to that one. S2S_OK,
 * S2S_EINVALID_ARGUMENT or S2S_ENO_MEMORY.
 */
int stanza_check(const char *text, size_t length,
                 const struct domain *const *from, size_t from_count,
                 const struct domain *to, struct stanza_facts *out);

#endif
