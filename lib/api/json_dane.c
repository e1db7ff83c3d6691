#include "api/json_dane.h"

static const char *usage_name(int usage)
{
    if (usage < 0)
        return NULL;
    return usage == DANE_USAGE_DANE_EE ? "dane-ee" : "pkix-ee";
}

static void put_records(struct node *n, const struct result_tlsa_set *set)
{
    static const char *const outcomes[] = {
        [RESULT_TLSA_MATCH] = "match",
        [RESULT_TLSA_MISMATCH] = "mismatch",
        [RESULT_TLSA_UNUSABLE] = "unusable",
        [RESULT_TLSA_NOT_USED] = "not-used",
    };
    node_open_list(n, "records");
    for (const struct result_tlsa *t = set->records; t != NULL; t = t->next) {
        node_open(n, NULL);
        if (t->usage >= 0)
            node_put_number(n, "usage", t->usage);
        if (t->selector >= 0)
            node_put_number(n, "selector", t->selector);
        if (t->matching >= 0)
            node_put_number(n, "matching", t->matching);
        node_put_text(n, "outcome", outcomes[t->outcome]);
        node_close(n);
    }
    node_close(n);
}

void json_dane(struct node *n, const s2s_result *r)
{
    const struct result_tlsa_set *set = &r->tlsa;
    if (set->verdict == RESULT_DANE_NOT_JUDGED)
        return;
    node_open(n, "dane");
    node_put_text(n, "verdict", result_dane_name(set->verdict));
    node_put_text(n, "usage", usage_name(set->usage));
    node_put_text(n, "name", set->name);
    put_records(n, set);
    if (set->unread > 0)
        node_put_number(n, "unread", (int64_t)set->unread);
    node_close(n);
}
