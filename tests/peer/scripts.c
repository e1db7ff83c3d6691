#include "scripts.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <string.h>

#include <cmocka.h>

#define SCRIPTS_MAX 256

static int set_up(void **state)
{
    (void)state;
    trust_init();
    return 0;
}

static int tear_down(void **state)
{
    (void)state;
    trust_free();
    return 0;
}

struct list {
    struct CMUnitTest tests[SCRIPTS_MAX];
    size_t count;
};

static void add(struct list *l, const struct script *rows, size_t count,
                CMUnitTestFunction test, bool main, const char *only)
{
    for (size_t i = 0; i < count; i++) {
        const struct script *s = &rows[i];
        if ((main && !s->main) ||
            (only != NULL && strncmp(s->name, only, strlen(only)) != 0))
            continue;
        if (l->count == SCRIPTS_MAX)
            return; /* and the count below tells */
        l->tests[l->count++] = (struct CMUnitTest){
            .name = s->name,
            .test_func = test,
            .initial_state = (void *)(uintptr_t)s,
        };
    }
}

int scripts_test(const char *group, void (*test)(void **state), bool main,
                 const char *only)
{
    static struct list l;
    add(&l, scripts_servers, scripts_servers_count, test, main, only);
    add(&l, scripts_streams, scripts_streams_count, test, main, only);
    add(&l, scripts_pipeline, scripts_pipeline_count, test, main, only);
    add(&l, scripts_tls, scripts_tls_count, test, main, only);
    add(&l, scripts_xml, scripts_xml_count, test, main, only);
    if (l.count == 0 || l.count == SCRIPTS_MAX)
        return 1;
    return _cmocka_run_group_tests(group, l.tests, l.count, set_up, tear_down);
}
