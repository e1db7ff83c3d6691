#include "base/finding.h"

#include <s2sprobe.h>

static const struct finding_info table[] = {
#define FINDING_ROW(id, code, severity, fault, advice)                         \
    [FINDING_##id] = {code, fault, advice, S2S_SEVERITY_##severity},
    FINDING_LIST(FINDING_ROW)
#undef FINDING_ROW
};

const struct finding_info *finding_info(enum finding id)
{
    return &table[id];
}
