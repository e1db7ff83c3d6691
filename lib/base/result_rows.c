/* The rows of a check. */
#include "base/result.h"

struct result_row *result_add_row(s2s_result *r)
{
    struct result_row *row = result_take(r, sizeof(*row));
    if (row == NULL)
        return NULL;
    *r->last_row = row;
    r->last_row = &row->next;
    r->row_count++;
    return row;
}

/* Of each severity its own list, in the old order; then one behind the other.
 */
void result_sort_findings(s2s_result *r)
{
    enum { SEVERITIES = 3 };
    struct result_finding *lists[SEVERITIES] = {NULL}, **ends[SEVERITIES];
    struct result_finding *next;
    for (int i = 0; i < SEVERITIES; i++)
        ends[i] = &lists[i];
    for (struct result_finding *f = r->findings; f != NULL; f = next) {
        int i = finding_info(f->id)->severity;
        next = f->next;
        f->next = NULL;
        *ends[i] = f;
        ends[i] = &f->next;
    }
    r->last_finding = &r->findings;
    for (int i = SEVERITIES - 1; i >= 0; i--) {
        *r->last_finding = lists[i];
        if (lists[i] != NULL)
            r->last_finding = ends[i];
    }
}
