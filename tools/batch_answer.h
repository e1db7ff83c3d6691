/* The text of an answer. */
#ifndef TOOLS_BATCH_ANSWER_H
#define TOOLS_BATCH_ANSWER_H

#include "batch_output.h"

/* One line of JSON, with its newline, to be freed; NULL without memory. For a
 * terminal, what could disturb it is escaped. */
char *batch_answer(const struct batch_job *job, bool terminal);

#endif
