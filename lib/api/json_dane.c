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
    struct node list = node_array();
    for (const struct result_tlsa *t = set->records; t != NULL; t = t->next) {
        struct node one = node_object();
        if (t->usage >= 0)
            node_put_number(&one, "usage", t->usage);
        if (t->selector >= 0)
            node_put_number(&one, "selector", t->selector);
        if (t->matching >= 0)
            node_put_number(&one, "matching", t->matching);
        node_put_text(&one, "outcome", outcomes[t->outcome]);
        node_append_node(&list, &one);
    }
    node_put_node(n, "records", &list);
}

void json_dane(struct node *n, const s2s_result *r)
{
    const struct result_tlsa_set *set = &r->tlsa;
    struct node o;
    if (set->verdict == RESULT_DANE_NOT_JUDGED)
        return;
    o = node_object();
    node_put_text(&o, "verdict", result_dane_name(set->verdict));
    node_put_text(&o, "usage", usage_name(set->usage));
    node_put_text(&o, "name", set->name);
    put_records(&o, set);
    if (set->unread > 0)
        node_put_number(&o, "unread", (int64_t)set->unread);
    node_put_node(n, "dane", &o);
}
