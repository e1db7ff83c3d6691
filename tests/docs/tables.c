/* Print the library's tables of codes, for the script `codes` to compare. */
#include <stdio.h>

#include "base/error.h"
#include "base/finding.h"

int main(void)
{
    for (int e = 0; e >= S2S_CALLBACK_ERROR - 1; e--)
        printf("error\t%d\t%s\t%s\n", e, error_code_name(e), error_text(e));
    for (int id = 0; id < FINDING_COUNT; id++) {
        const struct finding_info *f = finding_info((enum finding)id);
        printf("finding\t%s\t%d\t%s\t%s\n", f->code, f->severity, f->fault,
               f->advice);
    }
    for (int s = 0; s <= S2S_STAGE_DONE; s++)
        printf("stage\t%d\t%s\n", s, error_stage_name(s));
    return 0;
}
