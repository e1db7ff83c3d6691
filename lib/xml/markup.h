/* The states inside tags, and at the '<' of markup (item.h). */
#ifndef XML_MARKUP_H
#define XML_MARKUP_H

#include "xml/item.h"

int markup_any(struct item *i);
int markup_start_name(struct item *i);
int markup_start_tag(struct item *i);
int markup_name(struct item *i);
int markup_equals(struct item *i);
int markup_quote(struct item *i);
int markup_end_name(struct item *i);
int markup_end_tag(struct item *i);

#endif
