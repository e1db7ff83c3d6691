/* The states inside text, CDATA sections and attribute values (item.h). */
#ifndef XML_CONTENT_H
#define XML_CONTENT_H

#include "xml/item.h"

int content_text(struct item *i);
int content_section(struct item *i);
int content_value(struct item *i);

#endif
