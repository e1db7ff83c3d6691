/* The states of an item, put together. */
#ifndef XML_SCAN_H
#define XML_SCAN_H

#include "xml/item.h"

/* A new item, whose first byte will be the next one appended. */
void scan_begin(struct item *i, enum item_state state);

/* Go on with the bytes that are there: an enum item_result but ITEM_GO, or an
 * error. At the end of an item i->at is behind it. */
int scan_run(struct item *i);

#endif
