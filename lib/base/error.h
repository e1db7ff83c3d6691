#ifndef BASE_ERROR_H
#define BASE_ERROR_H

#include <stdbool.h>
#include <s2sprobe.h>

/* "tls_not_offered"; "callback" for S2S_CALLBACK_ERROR and below; "unknown". */
const char *error_code_name(int error);

/* Whether it is an enum s2s_error, or a callback's own. */
bool error_known(int error);

/* One English line without a full stop. */
const char *error_text(int error);

/* The text for S2S_EINTERNAL where descriptors ran out. */
#define ERROR_NO_DESCRIPTORS "the system has no descriptors left"

/* "dns", "tcp", ...; "none" for a value that is no stage. */
const char *error_stage_name(int stage);

#endif
