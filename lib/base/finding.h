/* What a probe can notice: stable code, severity, whose fault, advice. */
#ifndef BASE_FINDING_H
#define BASE_FINDING_H

#include "base/finding_list.h"

enum finding {
#define FINDING_ID(id, code, severity, fault, advice) FINDING_##id,
    FINDING_LIST(FINDING_ID)
#undef FINDING_ID
        FINDING_COUNT
};

struct finding_info {
    const char *code;
    const char *fault;
    const char *advice;
    int severity; /* S2S_SEVERITY_* */
};

const struct finding_info *finding_info(enum finding id);

#endif
